"""The Model Context Protocol as this hall speaks it: stateless, one JSON answer a request."""

import json
from collections.abc import Mapping
from typing import Any, Protocol, TypeAlias, cast

import msgspec

VERSIONS = ("2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05")

Result: TypeAlias = dict[str, Any]
"""What a use of a tool is answered with."""


class Toolbox(Protocol):
    """The tools that a caller has."""

    def listed(self) -> list[dict[str, Any]]:
        """What there is, as `tools/list` tells it."""
        ...

    async def use(self, name: str, arguments: Mapping[str, Any], /) -> Result | None:
        """Use one; None for a name that none has."""
        ...


class _Wrong(Exception):
    """A message that cannot be answered; `code` is JSON-RPC's."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


async def answer(tools: Toolbox, body: bytes) -> tuple[int, bytes]:
    """The HTTP status and body that one message is answered with."""
    message_id: Any = None
    try:
        message = _message(body)
        message_id = message.get("id")
        if message_id is None:
            return 202, b""
        result = await _result(tools, str(message.get("method")), _mapping(message.get("params")))
        told = {"jsonrpc": "2.0", "id": message_id, "result": result}
    except _Wrong as wrong:
        error = {"code": wrong.code, "message": str(wrong)}
        told = {"jsonrpc": "2.0", "id": message_id, "error": error}
    return 200, msgspec.json.encode(told)


def said(told: str | Mapping[str, Any]) -> Result:
    """A tool's answer: a sentence, or data."""
    if isinstance(told, str):
        return {"content": [{"type": "text", "text": told}], "isError": False}
    text = json.dumps(told, ensure_ascii=False, indent=1)
    content = [{"type": "text", "text": text}]
    return {"content": content, "structuredContent": told, "isError": False}


def refused(because: str) -> Result:
    """What a tool did not do, and why, for whoever used it to read."""
    return {"content": [{"type": "text", "text": because}], "isError": True}


def _message(body: bytes) -> dict[str, Any]:
    try:
        message: object = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise _Wrong(-32700, "This is no JSON") from error
    if not isinstance(message, dict) or "method" not in message:
        raise _Wrong(-32600, "One request at a time, as a JSON object")
    return cast("dict[str, Any]", message)


async def _result(tools: Toolbox, method: str, params: Mapping[str, Any]) -> Result:
    match method:
        case "initialize":
            asked = params.get("protocolVersion")
            return {
                "protocolVersion": asked if asked in VERSIONS else VERSIONS[0],
                "capabilities": {"tools": {}},
                "serverInfo": {"name": "hall", "title": "Hiringhall", "version": "1"},
            }
        case "ping":
            return {}
        case "tools/list":
            return {"tools": tools.listed()}
        case "tools/call":
            return await _use(tools, params)
        case _:
            raise _Wrong(-32601, f"There is no method {method[:100]!r}")


async def _use(tools: Toolbox, params: Mapping[str, Any]) -> Result:
    used = await tools.use(str(params.get("name")), _mapping(params.get("arguments")))
    if used is None:
        names = ", ".join(str(one["name"]) for one in tools.listed())
        raise _Wrong(-32602, f"There is no such tool; there are {names}")
    return used


def _mapping(value: object) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}
