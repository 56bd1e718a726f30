"""Bodies and queries from hostile hands: counted, timed, decoded into structs or refused."""

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import parse_qsl

import msgspec
from starlette.types import Receive

from hiringhall.doors.kit.refusals import (
    ClientGone,
    Refused,
    malformed,
    too_large,
    too_slow,
)

_ESCAPED_NUL = b"\\u0000"
"""The one way a NUL gets into JSON: raw control characters are malformed (RFC 8259, 7)."""

_INTEGER = re.compile(r"-?[0-9]{1,19}", re.ASCII)
_MOST_QUERY_FIELDS = 100

_JSON_WORDS = {
    "`str`": "a string",
    "`int`": "an integer",
    "`float`": "a number",
    "`bool`": "a boolean",
    "`object`": "an object",
    "`array`": "an array",
    "`null`": "null",
}


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a body is taken, and for how long it is waited for.

    Of a larger one the handler gets the first `head_bytes`; where there are none, it is refused.
    """

    body_bytes: int = 1 << 20
    body_s: float = 30.0
    head_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Body:
    """What was read; of a body that `is_cut` more came than is taken."""

    raw: bytes
    is_cut: bool = False


def refuse_announced(headers: Mapping[bytes, bytes], limits: Limits) -> bool:
    """Refuse by `Content-Length` alone, before a byte of the body is read.

    Where the head of a larger one is of use, say that it is larger.
    """
    announced = headers.get(b"content-length")
    if announced is None:
        return False
    if not announced.isdigit():
        raise malformed("Content-Length is not a number")
    is_larger = len(announced) > 18 or int(announced) > limits.body_bytes
    if is_larger and not limits.head_bytes:
        raise too_large(limits.body_bytes)
    return is_larger


async def read_body(receive: Receive, limits: Limits, *, is_larger: bool = False) -> Body:
    """The whole body, or the head of one that is larger; of one that `is_larger` no more is read.

    Raises `Refused` when it is too large or too slow, `ClientGone`.
    """
    most_bytes = limits.head_bytes if is_larger else limits.body_bytes
    try:
        async with asyncio.timeout(limits.body_s):
            message = await receive()
            if message["type"] != "http.request":
                raise ClientGone
            body = cast("bytes", message.get("body", b""))
            if message.get("more_body", False):
                body = await _read_rest(body, receive, most_bytes)
    except TimeoutError:
        raise too_slow(limits.body_s) from None
    if not is_larger and len(body) <= most_bytes:
        return Body(body)
    if not limits.head_bytes:
        raise too_large(limits.body_bytes)
    return Body(body[: limits.head_bytes], is_cut=True)


async def _read_rest(first: bytes, receive: Receive, most_bytes: int) -> bytes:
    """All that comes, or of more than that as much as makes it more."""
    parts = [first]
    size_bytes = len(first)
    while size_bytes <= most_bytes:
        message = await receive()
        if message["type"] != "http.request":
            raise ClientGone
        part = cast("bytes", message.get("body", b""))
        parts.append(part)
        size_bytes += len(part)
        if not message.get("more_body", False):
            break
    return b"".join(parts)


async def drain(receive: Receive, *, most_bytes: int, most_s: float) -> None:
    """Throw away what is still coming, within bounds.

    A socket closed with unread bytes in it is reset, and the client may lose the refusal that was
    sent to it.
    """
    try:
        async with asyncio.timeout(most_s):
            left_bytes = most_bytes
            while left_bytes > 0:
                message = await receive()
                if message["type"] != "http.request":
                    return
                left_bytes -= len(cast("bytes", message.get("body", b"")))
                if not message.get("more_body", False):
                    return
    except TimeoutError:
        return


def body_reader(body: type[msgspec.Struct]) -> Callable[[bytes], msgspec.Struct]:
    """A function from the bytes of a JSON object to a struct; raises `Refused` (400)."""
    _require_bounded_integers(body)
    decoder = msgspec.json.Decoder(body)

    def read(raw: bytes) -> msgspec.Struct:
        try:
            value = decoder.decode(raw)
        except msgspec.ValidationError as error:
            raise _wrong_value(str(error)) from None
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise malformed("The request body is not valid JSON") from None
        except RecursionError:
            raise malformed("The request body is nested too deeply") from None
        if _ESCAPED_NUL in raw:
            _refuse_nul(msgspec.to_builtins(value), "")
        return value

    return read


def query_reader(query: type[msgspec.Struct]) -> Callable[[bytes], msgspec.Struct]:
    """A function from a query string to a struct of texts and integers; raises `Refused` (400).

    Names the struct does not have are ignored; a known one twice is an error, for it says two
    things.
    """
    _require_bounded_integers(query)
    known = {one.encode_name: _takes_integer(one.type) for one in msgspec.structs.fields(query)}

    def read(raw: bytes) -> msgspec.Struct:
        values: dict[str, str | int] = {}
        for name, value in _pairs(raw):
            if name not in known:
                continue
            if name in values:
                raise _wrong_field(name, "is given twice")
            if "\0" in value:
                raise _wrong_field(name, "holds a NUL character")
            values[name] = value
            if known[name]:
                if _INTEGER.fullmatch(value) is None:
                    raise _wrong_field(name, "is not an integer")
                values[name] = int(value)
        try:
            return msgspec.convert(values, query)
        except msgspec.ValidationError as error:
            raise _wrong_value(str(error)) from None

    return read


def _pairs(raw: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            raw.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MOST_QUERY_FIELDS,
        )
    except ValueError:
        raise malformed("The query string is malformed") from None


def _takes_integer(annotation: object) -> bool:
    """Whether a query field is an integer; anything but text and integers is a mistake of ours."""
    info = _unwrap(msgspec.inspect.type_info(annotation))
    members = info.types if isinstance(info, msgspec.inspect.UnionType) else (info,)
    plain = [_unwrap(one) for one in members]
    if any(isinstance(one, msgspec.inspect.IntType) for one in plain):
        return True
    words = (msgspec.inspect.StrType, msgspec.inspect.LiteralType)
    allowed = (*words, msgspec.inspect.NoneType)
    if not all(isinstance(one, allowed) for one in plain):
        raise TypeError(f"a query takes texts and integers, not {annotation}")
    return False


def _unwrap(info: msgspec.inspect.Type) -> msgspec.inspect.Type:
    return info.type if isinstance(info, msgspec.inspect.Metadata) else info


def _require_bounded_integers(struct: type[msgspec.Struct]) -> None:
    """Refuse at declaration an integer without bounds: the databases hold 64 bits."""
    pending: list[object] = [msgspec.inspect.type_info(struct)]
    seen: set[int] = set()
    while pending:
        info = pending.pop()
        if isinstance(info, msgspec.inspect.IntType):
            low = info.ge if info.ge is not None else info.gt
            high = info.le if info.le is not None else info.lt
            if low is None or high is None:
                raise TypeError(f"{struct.__name__} has an integer without bounds")
        if isinstance(info, msgspec.inspect.StructType):
            if id(info.cls) in seen:
                continue
            seen.add(id(info.cls))
            pending.extend(one.type for one in info.fields)
        for name in ("type", "types", "item_type", "value_type"):
            inner = getattr(info, name, None)
            if isinstance(inner, tuple):
                pending.extend(cast("tuple[object, ...]", inner))
            elif isinstance(inner, msgspec.inspect.Type):
                pending.append(inner)


def _wrong_value(said: str) -> Refused:
    """Turn the decoder's sentence into ours, with the field it is about."""
    sentence, _, path = said.partition(" - at `$")
    field = path.rstrip("`").lstrip(".")
    if sentence.startswith("Object missing required field `"):
        missing = sentence.split("`")[1]
        field = f"{field}.{missing}" if field else missing
        return _wrong_field(field, "is required")
    for word, plain in _JSON_WORDS.items():
        sentence = sentence.replace(word, plain)
    # The decoder quotes the value: it may be a key in the wrong place, and answers are logged.
    sentence = re.sub(
        r"[Ii]nvalid enum value .*", "unknown value", _plain_union(sentence), flags=re.DOTALL
    )
    if not field:
        return malformed(f"The request is not valid: {sentence[:1].lower()}{sentence[1:]}")
    return _wrong_field(field, f"is not valid: {sentence[:1].lower()}{sentence[1:]}")


def _plain_union(sentence: str) -> str:
    """`str | null` and the like, which the decoder writes between one pair of backticks."""

    def spell(match: re.Match[str]) -> str:
        words = match.group(1).split(" | ")
        return " or ".join(_JSON_WORDS.get(f"`{word}`", word) for word in words)

    return re.sub(r"`([a-z]+(?: \| [a-z]+)+)`", spell, sentence)


def _wrong_field(field: str, what: str) -> Refused:
    return malformed(f"{field} {what}", {field: what})


def _refuse_nul(value: Any, field: str) -> None:
    if isinstance(value, str):
        if "\0" in value:
            raise _wrong_field(field or "The request", "holds a NUL character")
    elif isinstance(value, list):
        for index, one in enumerate(cast("list[Any]", value)):
            _refuse_nul(one, f"{field}[{index}]")
    elif isinstance(value, dict):
        for name, one in cast("dict[str, Any]", value).items():
            _refuse_nul(name, field)
            _refuse_nul(one, f"{field}.{name}" if field else name)
