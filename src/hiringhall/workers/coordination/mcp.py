"""Serves a run's tools by the Model Context Protocol: stateless, one JSON answer a request.

The run's own socket says whose desk it is, so nobody has to prove anything here.
"""

from collections.abc import Mapping
from typing import Any, cast

import msgspec
from starlette.types import ASGIApp, Receive, Scope, Send

from hiringhall.domain.errors import HallError
from hiringhall.workers.coordination.desk import Desk
from hiringhall.workers.coordination.tools import TOOLS, Tool

VERSIONS = ("2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05")
MOST_BODY_BYTES = 4 * 1024 * 1024

_BY_NAME: Mapping[str, Tool] = {tool.name: tool for tool in TOOLS}
_JSON = (b"content-type", b"application/json")


class _Wrong(Exception):
    """A message that cannot be answered; `code` is JSON-RPC's."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


def work_app(desk: Desk) -> ASGIApp:
    """The app for one run's `work.sock`; MCP is at `/mcp`."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if scope["path"].rstrip("/") != "/mcp":
            await _answer(send, 404)
        elif scope["method"] != "POST":
            # Streams of the server's own are not offered; clients ask, and go on without.
            await _answer(send, 405, more=[(b"allow", b"POST")])
        else:
            body = await _read(receive)
            if body is not None:
                await _post(desk, body, send)

    return app


async def _post(desk: Desk, body: bytes, send: Send) -> None:
    if len(body) > MOST_BODY_BYTES:
        await _answer(send, 413)
        return
    message_id: Any = None
    try:
        message = _message(body)
        message_id = message.get("id")
        if message_id is None:
            await _answer(send, 202)
            return
        result = await _result(desk, str(message.get("method")), _mapping(message.get("params")))
        answer = {"jsonrpc": "2.0", "id": message_id, "result": result}
    except _Wrong as wrong:
        error = {"code": wrong.code, "message": str(wrong)}
        answer = {"jsonrpc": "2.0", "id": message_id, "error": error}
    await _answer(send, 200, msgspec.json.encode(answer))


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
                    for one in TOOLS
                ]
            }
        case "tools/call":
            return await _call(desk, params)
        case _:
            raise _Wrong(-32601, f"There is no method {method[:100]!r}")


async def _call(desk: Desk, params: Mapping[str, Any]) -> dict[str, Any]:
    tool = _BY_NAME.get(str(params.get("name")))
    if tool is None:
        raise _Wrong(-32602, f"There is no such tool; there are {', '.join(_BY_NAME)}")
    try:
        text, refused = await tool.call(desk, _mapping(params.get("arguments"))), False
    except HallError as error:
        text, refused = error.message, True
    return {"content": [{"type": "text", "text": text}], "isError": refused}


def _mapping(value: object) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}


async def _read(receive: Receive) -> bytes | None:
    """A request's body, a little more of it than is taken; None where the client went away."""
    body = bytearray()
    while len(body) <= MOST_BODY_BYTES:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    return bytes(body)


async def _answer(
    send: Send, status: int, body: bytes = b"", *, more: list[tuple[bytes, bytes]] | None = None
) -> None:
    headers = [(b"content-length", str(len(body)).encode()), *(more or [])]
    if body:
        headers.append(_JSON)
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
