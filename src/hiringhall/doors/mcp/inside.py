"""Asks another door of this process, in the caller's name, as if it had come over the wire."""

from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import urlencode

import msgspec
from starlette.types import ASGIApp, Message

from hiringhall.doors.kit import Call

_PASSED_ON = (b"authorization", b"host")


@dataclass(slots=True)
class Told:
    """What the door answered."""

    status: int = 0
    headers: dict[bytes, bytes] = field(default_factory=dict[bytes, bytes])
    body: bytes = b""

    @property
    def data(self) -> dict[str, Any]:
        """Its JSON."""
        return cast("dict[str, Any]", msgspec.json.decode(self.body or b"{}"))


async def ask(
    app: ASGIApp,
    call: Call[Any, Any],
    method: str,
    path: str,
    *,
    query: dict[str, Any] | None = None,
    body: dict[str, Any] | None = None,
    key: str | None = None,
) -> Told:
    """One request of whoever made the call; `key` is an idempotency key."""
    sent = b"" if body is None else msgspec.json.encode(body)
    headers = [(name, call.headers[name]) for name in _PASSED_ON if name in call.headers]
    if body is not None:
        headers.append((b"content-type", b"application/json"))
        headers.append((b"content-length", b"%d" % len(sent)))
    if key is not None:
        headers.append((b"idempotency-key", key.encode("latin-1", "replace")))
    asked = {name: value for name, value in (query or {}).items() if value is not None}
    scope = {
        **call.scope,
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": urlencode(asked).encode(),
        "headers": headers,
    }
    told = Told()

    async def receive() -> Message:
        return {"type": "http.request", "body": sent, "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            told.status = message["status"]
            told.headers = dict(message["headers"])
        else:
            told.body += message.get("body", b"")

    await app(scope, receive, send)
    return told
