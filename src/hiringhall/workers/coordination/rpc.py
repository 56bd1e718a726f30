"""The Model Context Protocol as this hall speaks it: stateless, one JSON answer a request."""

import json
from collections.abc import Mapping
from typing import Any, Protocol, TypeAlias, cast

import msgspec

VERSIONS = ("2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05")

Result: TypeAlias = dict[str, Any]
"""What a use of a tool is answered with."""


PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
"""What JSON-RPC 2.0 calls what is wrong with a message."""

BAD_VERSION = -32000
"""What servers say of a version of the protocol that they do not speak."""


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


async def answer(tools: Toolbox, body: bytes, *, version: str | None) -> tuple[int, bytes]:
    """The HTTP status and body that one message is answered with.

    `version` is which version its sender says that it speaks (`MCP-Protocol-Version`); where that
    is none of ours the status is 400, by which clients that speak several find another.
    """
    message_id: Any = None
    try:
        message = _message(body)
        message_id = _id_of(message)
        if _is_answer(message):
            return 202, b""
        _check(message)
        if version is not None and version not in VERSIONS and message["method"] != "initialize":
            return 400, _error(message_id, BAD_VERSION, f"Versions here: {', '.join(VERSIONS)}")
        if "id" not in message:
            return 202, b""
        result = await _result(tools, message["method"], message.get("params") or {})
        told = {"jsonrpc": "2.0", "id": message_id, "result": result}
    except _Wrong as wrong:
        # Where nobody waits for an answer by its name, the status says that it was not taken.
        return 400 if message_id is None else 200, _error(message_id, wrong.code, str(wrong))
    return 200, msgspec.json.encode(told)


def _error(message_id: Any, code: int, message: str) -> bytes:
    error = {"code": code, "message": message}
    return msgspec.json.encode({"jsonrpc": "2.0", "id": message_id, "error": error})


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
        raise _Wrong(PARSE_ERROR, "This is no JSON") from error
    if not isinstance(message, dict):
        raise _Wrong(INVALID_REQUEST, "One request at a time, as a JSON object")
    return cast("dict[str, Any]", message)


def _check(message: Mapping[str, Any]) -> None:
    """Refuse what is no request by JSON-RPC 2.0."""
    if message.get("jsonrpc") != "2.0":
        raise _Wrong(INVALID_REQUEST, 'A message says that it is JSON-RPC: "jsonrpc": "2.0"')
    if not isinstance(message.get("method"), str):
        raise _Wrong(INVALID_REQUEST, "A request has a method, which is a string")
    params = message.get("params")
    if params is not None and not isinstance(params, dict):
        raise _Wrong(INVALID_PARAMS, "params is an object here")


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
            raise _Wrong(METHOD_NOT_FOUND, f"There is no method {method[:100]!r}")


async def _use(tools: Toolbox, params: Mapping[str, Any]) -> Result:
    name, arguments = params.get("name"), params.get("arguments")
    if not isinstance(name, str):
        raise _Wrong(INVALID_PARAMS, "name says which tool, and is a string")
    if arguments is not None and not isinstance(arguments, dict):
        raise _Wrong(INVALID_PARAMS, "arguments is an object")
    used = await tools.use(name, cast("Mapping[str, Any]", arguments or {}))
    if used is None:
        names = ", ".join(str(one["name"]) for one in tools.listed())
        raise _Wrong(INVALID_PARAMS, f"There is no such tool; there are {names}")
    return used


def _id_of(message: Mapping[str, Any]) -> str | int | None:
    """What a message is called by its sender, None for what names none; raises _Wrong.

    The protocol has strings and whole numbers, and no null.
    """
    found = message.get("id")
    if "id" in message and (not isinstance(found, str | int) or isinstance(found, bool)):
        raise _Wrong(INVALID_REQUEST, "id is a string or a whole number")
    return found


def _is_answer(message: Mapping[str, Any]) -> bool:
    """Whether it answers something, which nobody here has asked."""
    return "method" not in message and "id" in message and bool({"result", "error"} & set(message))
