"""A run's tools over plain HTTP, for programs and scripts: JSON or a form in, JSON out."""

from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import parse_qsl

import msgspec

from hiringhall.domain import errors
from hiringhall.domain.errors import HallError
from hiringhall.workers.coordination.desk import Desk
from hiringhall.workers.coordination.tool import Tool
from hiringhall.workers.coordination.tools import BY_NAME

_FORM = b"application/x-www-form-urlencoded"
_MOST_FIELDS = 2_000

_STATUS: Mapping[type[HallError], int] = {
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.NotYours: 404,
    errors.WrongState: 409,
    errors.LostRace: 409,
    errors.Superseded: 409,
    errors.TooManyAttempts: 429,
    errors.Unavailable: 503,
}
"""What else a tool refuses is said with 400: the call itself is wrong."""


def listed() -> bytes:
    """What tools there are."""
    tools = [
        {"name": one.name, "description": one.description, "takes": one.schema()}
        for one in BY_NAME.values()
    ]
    return msgspec.json.encode({"tools": tools})


async def use(desk: Desk, name: str, content_type: bytes, body: bytes) -> tuple[int, bytes]:
    """The HTTP status and body that one use of a tool is answered with."""
    tool = BY_NAME.get(name)
    if tool is None:
        return refusal(404, "not_found", f"There is no such tool; there are {', '.join(BY_NAME)}")
    try:
        arguments, is_form = _arguments(tool, content_type, body)
        said = await tool.call(desk, arguments, lax=is_form)
    except HallError as error:
        return refusal(_STATUS.get(type(error), 400), error.code, error.message)
    return 200, msgspec.json.encode({"text": said} if isinstance(said, str) else said)


def refusal(status: int, code: str, message: str) -> tuple[int, bytes]:
    """How it is said that something was not done."""
    return status, msgspec.json.encode({"error": {"code": code, "message": message}})


def _arguments(tool: Tool, content_type: bytes, body: bytes) -> tuple[Mapping[str, Any], bool]:
    """What a tool is given, and whether as a form, whose numbers are texts.

    A JSON object, whatever it calls itself (curl calls all that it sends a form); a form; or with
    `text/plain` the one text that matters.
    """
    kind = content_type.split(b";")[0].strip().lower()
    try:
        if kind == b"text/plain":
            if not tool.text:
                raise errors.Invalid(f"{tool.name} takes a JSON object, and no plain text")
            return {tool.text: body.decode()}, False
        if kind == _FORM and not body.lstrip().startswith((b"{", b"[")):
            return _form(tool, body), True
        given: object = msgspec.json.decode(body) if body.strip() else {}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise errors.Invalid(f"This is no JSON: {error}") from error
    if not isinstance(given, dict):
        raise errors.Invalid("A tool takes its arguments as a JSON object")
    return cast("Mapping[str, Any]", given), False


def _form(tool: Tool, body: bytes) -> dict[str, Any]:
    """A form's fields; what a tool takes many of is a list, however many are given."""
    try:
        pairs = parse_qsl(
            body.decode(),
            keep_blank_values=True,
            strict_parsing=bool(body),
            max_num_fields=_MOST_FIELDS,
            errors="strict",
        )
    except ValueError as error:
        raise errors.Invalid(f"This is no JSON, and no form either: {error}") from error
    given: dict[str, Any] = {}
    for name, value in pairs:
        if name in tool.many:
            given.setdefault(name, []).append(value)
        elif name in given:
            raise errors.Invalid(f"{tool.name} takes one {name[:100]}")
        else:
            given[name] = value
    return given
