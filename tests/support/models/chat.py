"""OpenAI Chat Completions: `/v1/chat/completions`."""

import json
from itertools import groupby
from typing import Any

from tests.support.models.script import Answer, Heard, Tool, Usage, pieces


def hear(body: dict[str, Any]) -> Heard:
    """A request for a completion."""
    messages = body.get("messages", [])
    sides = [side for side, _ in groupby(message["role"] == "assistant" for message in messages)]
    texts: list[str] = []
    results: list[str] = []
    for message in reversed(messages):
        if message["role"] not in ("user", "tool"):
            break
        text = _text(message.get("content"))
        texts.insert(0, text)
        if message["role"] == "tool":
            results.insert(0, text)
    return Heard(
        "chat",
        body.get("model", ""),
        sides.count(True),
        "\n".join(texts),
        tuple(results),
        tuple(Tool(tool["function"]["name"]) for tool in body.get("tools") or []),
        bool(body.get("stream")),
    )


def _text(content: Any) -> str:
    if isinstance(content, list):
        return "\n".join(str(part.get("text", "")) for part in content)
    return content or ""


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
    }


def _calls(answer: Answer) -> list[dict[str, Any]]:
    return [
        {
            "id": made.id,
            "type": "function",
            "function": {"name": made.tool.name, "arguments": json.dumps(made.arguments)},
        }
        for made in answer.calls
    ]


def whole(answer: Answer) -> dict[str, Any]:
    """The completion in one piece."""
    message: dict[str, Any] = {"role": "assistant", "content": answer.text or None}
    if answer.calls:
        message["tool_calls"] = _calls(answer)
    completion: dict[str, Any] = {
        "id": f"chatcmpl-{answer.id}",
        "object": "chat.completion",
        "created": 1_772_000_000,
        "model": answer.model,
        "choices": [{"index": 0, "message": message, "finish_reason": _reason(answer)}],
    }
    if answer.usage is not None:
        completion["usage"] = _usage(answer.usage)
    return completion


def _reason(answer: Answer) -> str:
    return "tool_calls" if answer.calls else "stop"


def events(answer: Answer, *, include_usage: bool) -> list[bytes]:
    """The completion as a stream brings it; figures only to whoever asked for them.

    Whoever asked has the field in every event, and null in it before the last.
    """
    none_yet: dict[str, Any] = {"usage": None} if include_usage else {}
    told = [_chunk(answer, {"role": "assistant", "content": ""}, **none_yet)]
    told += [_chunk(answer, {"content": part}, **none_yet) for part in pieces(answer.text)]
    for index, made in enumerate(_calls(answer)):
        function = made["function"]
        begun = {**made, "index": index, "function": {**function, "arguments": ""}}
        told.append(_chunk(answer, {"tool_calls": [begun]}, **none_yet))
        for part in pieces(function["arguments"]):
            piece = {"index": index, "function": {"arguments": part}}
            told.append(_chunk(answer, {"tool_calls": [piece]}, **none_yet))
    told.append(_chunk(answer, {}, finish_reason=_reason(answer), **none_yet))
    if include_usage and answer.usage is not None:
        told.append(_chunk(answer, None, usage=_usage(answer.usage)))
    return [*told, b"data: [DONE]\n\n"]


def _chunk(
    answer: Answer, delta: dict[str, Any] | None, *, finish_reason: str | None = None, **more: Any
) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    chunk = {
        "id": f"chatcmpl-{answer.id}",
        "object": "chat.completion.chunk",
        "created": 1_772_000_000,
        "model": answer.model,
        "choices": [] if delta is None else [choice],
        **more,
    }
    return f"data: {json.dumps(chunk)}\n\n".encode()


def error(status: int, message: str) -> dict[str, Any]:
    """A refusal."""
    kind = "rate_limit_exceeded" if status == 429 else "server_error"
    return {"error": {"message": message, "type": kind, "param": None, "code": kind}}


def error_event(message: str) -> bytes:
    """A refusal in the middle of a stream."""
    return f"data: {json.dumps(error(500, message))}\n\n".encode()
