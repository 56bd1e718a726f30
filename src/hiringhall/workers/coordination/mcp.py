"""A run's tools by the Model Context Protocol: stateless, one JSON answer a request."""

import json
from collections.abc import Mapping
from typing import Any, cast

import msgspec

from hiringhall.domain.errors import HallError
from hiringhall.workers.coordination.desk import Desk
from hiringhall.workers.coordination.tools import BY_NAME

VERSIONS = ("2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05")


class _Wrong(Exception):
    """A message that cannot be answered; `code` is JSON-RPC's."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


async def answer(desk: Desk, body: bytes) -> tuple[int, bytes]:
    """The HTTP status and body that one message is answered with."""
    message_id: Any = None
    try:
        message = _message(body)
        message_id = message.get("id")
        if message_id is None:
            return 202, b""
        result = await _result(desk, str(message.get("method")), _mapping(message.get("params")))
        said = {"jsonrpc": "2.0", "id": message_id, "result": result}
    except _Wrong as wrong:
        error = {"code": wrong.code, "message": str(wrong)}
        said = {"jsonrpc": "2.0", "id": message_id, "error": error}
    return 200, msgspec.json.encode(said)


def _message(body: bytes) -> dict[str, Any]:
    try:
        message: object = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise _Wrong(-32700, "This is no JSON") from error
    if not isinstance(message, dict) or "method" not in message:
        raise _Wrong(-32600, "One request at a time, as a JSON object")
    return cast("dict[str, Any]", message)


async def _result(desk: Desk, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
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
            return {
                "tools": [
                    {"name": one.name, "description": one.description, "inputSchema": one.schema()}
                    for one in BY_NAME.values()
                ]
            }
        case "tools/call":
            return await _call(desk, params)
        case _:
            raise _Wrong(-32601, f"There is no method {method[:100]!r}")


async def _call(desk: Desk, params: Mapping[str, Any]) -> dict[str, Any]:
    tool = BY_NAME.get(str(params.get("name")))
    if tool is None:
        raise _Wrong(-32602, f"There is no such tool; there are {', '.join(BY_NAME)}")
    try:
        said, refused = await tool.call(desk, _mapping(params.get("arguments"))), False
    except HallError as error:
        said, refused = error.message, True
    if isinstance(said, str):
        return {"content": [{"type": "text", "text": said}], "isError": refused}
    text = json.dumps(said, ensure_ascii=False, indent=1)
    content = [{"type": "text", "text": text}]
    return {"content": content, "structuredContent": said, "isError": False}


def _mapping(value: object) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}
