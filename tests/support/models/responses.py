"""OpenAI Responses: `/v1/responses`, with the namespaces in which Codex offers MCP tools."""

import json
from itertools import groupby
from typing import Any

from tests.support.models.script import Answer, Heard, Made, Tool, Usage, pieces

_SAID = frozenset({"function_call", "custom_tool_call", "local_shell_call", "reasoning"})
_RESULTS = frozenset({"function_call_output", "custom_tool_call_output"})


def hear(body: dict[str, Any]) -> Heard:
    """A request for a response."""
    given = body.get("input", [])
    items = [{"role": "user", "content": given}] if isinstance(given, str) else given
    sides = [side for side, _ in groupby(_is_said(item) for item in items)]
    texts: list[str] = []
    results: list[str] = []
    for item in reversed(items):
        if _is_said(item):
            break
        text = _text(item.get("content", item.get("output", "")))
        texts.insert(0, text)
        if item.get("type") in _RESULTS:
            results.insert(0, text)
    offered = list(body.get("tools") or [])
    for item in items:
        if item.get("type") == "additional_tools":
            offered += item.get("tools") or []
    return Heard(
        "responses",
        body.get("model", ""),
        sides.count(True),
        "\n".join(texts),
        tuple(results),
        tuple(_tools(offered)),
        bool(body.get("stream")),
    )


def _is_said(item: dict[str, Any]) -> bool:
    return item.get("role") == "assistant" or item.get("type") in _SAID


def _text(content: Any) -> str:
    if isinstance(content, list):
        return "\n".join(str(part.get("text", "")) for part in content)
    return content if isinstance(content, str) else json.dumps(content)


def _tools(offered: list[dict[str, Any]], namespace: str | None = None) -> list[Tool]:
    tools: list[Tool] = []
    for tool in offered:
        if tool.get("type") == "namespace":
            tools += _tools(tool.get("tools") or [], tool["name"])
        elif "name" in tool:
            tools.append(Tool(tool["name"], namespace, custom=tool.get("type") == "custom"))
    return tools


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "input_tokens": usage.input_tokens,
        "input_tokens_details": {"cached_tokens": usage.cached_tokens},
        "output_tokens": usage.output_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        "total_tokens": usage.input_tokens + usage.output_tokens,
    }


def _items(answer: Answer) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    if answer.text or not answer.calls:
        part = {"type": "output_text", "text": answer.text, "annotations": []}
        items.append(
            {
                "id": f"msg_{answer.id}",
                "type": "message",
                "status": "completed",
                "role": "assistant",
                "content": [part],
            }
        )
    return [*items, *(_call(made) for made in answer.calls)]


def _call(made: Made) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": f"fc_{made.id}",
        "type": "custom_tool_call" if made.tool.custom else "function_call",
        "status": "completed",
        "call_id": made.id,
        "name": made.tool.name,
    }
    if made.tool.namespace is not None:
        item["namespace"] = made.tool.namespace
    arguments = made.arguments
    if made.tool.custom:
        item["input"] = arguments if isinstance(arguments, str) else json.dumps(arguments)
    else:
        item["arguments"] = json.dumps(arguments)
    return item


def whole(answer: Answer) -> dict[str, Any]:
    """The response in one piece."""
    response: dict[str, Any] = {
        "id": f"resp_{answer.id}",
        "object": "response",
        "created_at": 1_772_000_000,
        "status": "completed",
        "error": None,
        "incomplete_details": None,
        "model": answer.model,
        "output": _items(answer),
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
    }
    if answer.usage is not None:
        response["usage"] = _usage(answer.usage)
    return response


def events(answer: Answer) -> list[bytes]:
    """The response as a stream brings it."""
    response = whole(answer)
    begun = {**response, "status": "in_progress", "output": [], "usage": None}
    told: list[tuple[str, dict[str, Any]]] = [
        ("response.created", {"response": begun}),
        ("response.in_progress", {"response": begun}),
    ]
    for index, item in enumerate(response["output"]):
        at = {"output_index": index, "item_id": item["id"]}
        empty = {**item, "status": "in_progress"}
        if item["type"] == "message":
            inside = _message(at, item["content"][0])
            empty["content"] = []
        else:
            field = "input" if item["type"] == "custom_tool_call" else "arguments"
            name = "custom_tool_call_input" if field == "input" else "function_call_arguments"
            inside = [
                *(
                    (f"response.{name}.delta", {**at, "delta": part})
                    for part in pieces(item[field])
                ),
                (f"response.{name}.done", {**at, field: item[field]}),
            ]
            empty[field] = ""
        told.append(("response.output_item.added", {"output_index": index, "item": empty}))
        told += inside
        told.append(("response.output_item.done", {"output_index": index, "item": item}))
    told.append(("response.completed", {"response": response}))
    return [_event(kind, number, data) for number, (kind, data) in enumerate(told)]


def _message(at: dict[str, Any], part: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    here = {**at, "content_index": 0}
    return [
        ("response.content_part.added", {**here, "part": {**part, "text": ""}}),
        *(
            ("response.output_text.delta", {**here, "delta": piece})
            for piece in pieces(part["text"])
        ),
        ("response.output_text.done", {**here, "text": part["text"]}),
        ("response.content_part.done", {**here, "part": part}),
    ]


def _event(kind: str, number: int, data: dict[str, Any]) -> bytes:
    told = {"type": kind, "sequence_number": number, **data}
    return f"event: {kind}\ndata: {json.dumps(told)}\n\n".encode()


def error_event(message: str) -> bytes:
    """A refusal in the middle of a stream."""
    failed = {"status": "failed", "error": {"code": "server_error", "message": message}}
    return _event("response.failed", 99, {"response": failed})
