"""Gemini: `/v1beta/models/…:generateContent`, its stream, and `:countTokens`."""

import json
from itertools import groupby
from typing import Any

from tests.support.models.script import Answer, Heard, Tool, Usage, pieces

STATUSES = {400: "INVALID_ARGUMENT", 403: "PERMISSION_DENIED", 429: "RESOURCE_EXHAUSTED"}


def hear(body: dict[str, Any], *, model: str, stream: bool) -> Heard:
    """A request for content."""
    contents = body.get("contents", [])
    sides = [side for side, _ in groupby(one.get("role") == "model" for one in contents)]
    texts: list[str] = []
    results: list[str] = []
    for one in reversed(contents):
        if one.get("role") == "model":
            break
        for part in reversed(one.get("parts") or []):
            texts.insert(0, _text(part))
            if "functionResponse" in part:
                results.insert(0, _text(part))
    tools = [
        Tool(declared["name"])
        for group in body.get("tools") or []
        for declared in group.get("functionDeclarations") or []
    ]
    return Heard(
        "gemini", model, sides.count(True), "\n".join(texts), tuple(results), tuple(tools), stream
    )


def _text(part: dict[str, Any]) -> str:
    if "functionResponse" in part:
        return json.dumps(part["functionResponse"].get("response"))
    return str(part.get("text", ""))


def _usage(usage: Usage) -> dict[str, int]:
    told = {
        "promptTokenCount": usage.input_tokens,
        "candidatesTokenCount": usage.output_tokens - usage.reasoning_tokens,
        "totalTokenCount": usage.input_tokens + usage.output_tokens,
    }
    if usage.cached_tokens:
        told["cachedContentTokenCount"] = usage.cached_tokens
    if usage.reasoning_tokens:
        told["thoughtsTokenCount"] = usage.reasoning_tokens
    return told


def _content(
    answer: Answer, parts: list[dict[str, Any]], *, usage: Usage | None, ends: bool
) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": parts}, "index": 0}
    if ends:
        candidate["finishReason"] = "STOP"
    content: dict[str, Any] = {
        "candidates": [candidate],
        "modelVersion": answer.model,
        "responseId": answer.id,
    }
    if usage is not None:
        content["usageMetadata"] = _usage(usage)
    return content


def _calls(answer: Answer) -> list[dict[str, Any]]:
    return [
        {"functionCall": {"id": made.id, "name": made.tool.name, "args": made.arguments}}
        for made in answer.calls
    ]


def whole(answer: Answer) -> dict[str, Any]:
    """The content in one piece."""
    said: list[dict[str, Any]] = [{"text": answer.text}] if answer.text else []
    return _content(answer, [*said, *_calls(answer)], usage=answer.usage, ends=True)


def events(answer: Answer, *, sse: bool) -> list[bytes]:
    """The content as a stream brings it: server-sent events, or the parts of a JSON array."""
    steps: list[list[dict[str, Any]]] = [[{"text": part}] for part in pieces(answer.text)]
    if answer.calls or not steps:
        steps.append(_calls(answer))
    told: list[bytes] = []
    for number, parts in enumerate(steps, 1):
        ends = number == len(steps)
        chunk = json.dumps(_content(answer, parts, usage=answer.usage, ends=ends))
        if sse:
            told.append(f"data: {chunk}\r\n\r\n".encode())
        else:
            told.append(f"{'[' if number == 1 else ','}{chunk}{']' if ends else ''}".encode())
    return told


def count(heard: Heard) -> dict[str, Any]:
    """How many tokens a request would have."""
    return {"totalTokens": 10 + len(heard.last) // 4}


def error(status: int, message: str) -> dict[str, Any]:
    """A refusal."""
    kind = STATUSES.get(status, "UNAVAILABLE")
    return {"error": {"code": status, "message": message, "status": kind}}


def error_event(message: str) -> bytes:
    """A refusal in the middle of a stream."""
    return f"data: {json.dumps(error(503, message))}\r\n\r\n".encode()
