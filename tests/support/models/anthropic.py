"""Anthropic Messages: `/v1/messages` and `/v1/messages/count_tokens`."""

import json
from itertools import groupby
from typing import Any

from tests.support.models.script import Answer, Heard, Tool, Usage, pieces

ERRORS = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
    529: "overloaded_error",
}


def hear(body: dict[str, Any]) -> Heard:
    """A request for a message."""
    messages = body.get("messages", [])
    sides = [side for side, _ in groupby(message["role"] for message in messages)]
    texts: list[str] = []
    results: list[str] = []
    for message in reversed(messages):
        if message["role"] != "user":
            break
        for block in reversed(_blocks(message["content"])):
            text = _text(block)
            texts.insert(0, text)
            if block.get("type") == "tool_result":
                results.insert(0, text)
    return Heard(
        "anthropic",
        body.get("model", ""),
        sides.count("assistant"),
        "\n".join(texts),
        tuple(results),
        tuple(Tool(tool["name"]) for tool in body.get("tools") or []),
        bool(body.get("stream")),
    )


def _blocks(content: Any) -> list[dict[str, Any]]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content)


def _text(block: dict[str, Any]) -> str:
    if block.get("type") == "tool_result":
        return "\n".join(_text(inner) for inner in _blocks(block.get("content", "")))
    return str(block.get("text", ""))


def _usage(usage: Usage) -> dict[str, int]:
    return {
        "input_tokens": usage.input_tokens - usage.cached_tokens - usage.cache_written_tokens,
        "cache_creation_input_tokens": usage.cache_written_tokens,
        "cache_read_input_tokens": usage.cached_tokens,
        "output_tokens": usage.output_tokens,
    }


def whole(answer: Answer) -> dict[str, Any]:
    """The message in one piece."""
    content: list[dict[str, Any]] = []
    if answer.text or not answer.calls:
        content.append({"type": "text", "text": answer.text})
    content += [
        {"type": "tool_use", "id": made.id, "name": made.tool.name, "input": made.arguments}
        for made in answer.calls
    ]
    message: dict[str, Any] = {
        "id": f"msg_{answer.id}",
        "type": "message",
        "role": "assistant",
        "model": answer.model,
        "content": content,
        "stop_reason": "tool_use" if answer.calls else "end_turn",
        "stop_sequence": None,
    }
    if answer.usage is not None:
        message["usage"] = _usage(answer.usage)
    return message


def events(answer: Answer) -> list[bytes]:
    """The message as a stream brings it."""
    message = whole(answer)
    content, reason = message["content"], message["stop_reason"]
    start = {**message, "content": [], "stop_reason": None}
    if answer.usage is not None:
        start["usage"] = {**_usage(answer.usage), "output_tokens": 1}
    told = [_event("message_start", message=start), _event("ping")]
    for index, block in enumerate(content):
        told += _block(index, block)
    end: dict[str, Any] = {"delta": {"stop_reason": reason, "stop_sequence": None}}
    if answer.usage is not None:
        end["usage"] = {"output_tokens": answer.usage.output_tokens}
    return [*told, _event("message_delta", **end), _event("message_stop")]


def _block(index: int, block: dict[str, Any]) -> list[bytes]:
    if block["type"] == "text":
        begun = {"type": "text", "text": ""}
        deltas = [{"type": "text_delta", "text": part} for part in pieces(block["text"])]
    else:
        begun = {**block, "input": {}}
        parts = pieces(json.dumps(block["input"]))
        deltas = [{"type": "input_json_delta", "partial_json": part} for part in parts]
    return [
        _event("content_block_start", index=index, content_block=begun),
        *(_event("content_block_delta", index=index, delta=delta) for delta in deltas),
        _event("content_block_stop", index=index),
    ]


def _event(kind: str, **data: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **data})}\n\n".encode()


def count(heard: Heard) -> dict[str, Any]:
    """How many tokens a request would have."""
    return {"input_tokens": 10 + len(heard.last) // 4}


def error(status: int, message: str) -> dict[str, Any]:
    """A refusal."""
    kind = ERRORS.get(status, "api_error")
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}


def error_event(message: str) -> bytes:
    """A refusal in the middle of a stream."""
    return _event("error", error={"type": "overloaded_error", "message": message})
