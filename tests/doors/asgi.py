"""Speaks ASGI to an app by hand, so that a test can send what no HTTP client would."""

import asyncio
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp, Message


@dataclass
class Heard:
    """What an app answered."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    complete: bool = False

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Exchange:
    """One request: `pieces` are the body as it arrives; after them, silence or a hang-up."""

    method: str
    path: str
    query: bytes = b""
    headers: Sequence[tuple[bytes, bytes]] = ()
    pieces: Iterable[bytes] = (b"",)
    stalls: bool = False
    hang_up: bool = False
    read: int = 0
    """How many pieces the app asked for."""

    async def with_app(self, app: ASGIApp) -> Heard:
        heard = Heard()
        answered = asyncio.Event()
        pieces = iter([*self.pieces])
        left = len([*self.pieces])

        async def receive() -> Message:
            nonlocal left
            piece = next(pieces, None)
            if piece is None or (self.stalls and left <= 1):
                if self.hang_up:
                    return {"type": "http.disconnect"}
                await answered.wait()
                return {"type": "http.disconnect"}
            left -= 1
            self.read += 1
            more = left > 0 or self.stalls or self.hang_up
            return {"type": "http.request", "body": piece, "more_body": more}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                assert heard.status == 0, "two answers to one request"
                heard.status = message["status"]
                heard.headers = {
                    name.decode(): value.decode("latin-1") for name, value in message["headers"]
                }
                return
            heard.body += message.get("body", b"")
            if not message.get("more_body", False):
                heard.complete = True
                answered.set()

        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": self.method,
            "scheme": "http",
            "path": self.path,
            "raw_path": self.path.encode(),
            "root_path": "",
            "query_string": self.query,
            "headers": [*self.headers],
            "client": ("127.0.0.1", 50000),
            "server": ("127.0.0.1", 80),
            "state": {},
        }
        await app(scope, receive, send)
        return heard


async def ask(
    app: ASGIApp,
    method: str,
    path: str,
    *,
    body: bytes | None = None,
    query: bytes = b"",
    headers: Sequence[tuple[bytes, bytes]] = (),
) -> Heard:
    """Send one whole request and hear the answer."""
    sized = [*headers]
    if body is not None:
        sized.append((b"content-length", b"%d" % len(body)))
    exchange = Exchange(method, path, query=query, headers=sized, pieces=[body or b""])
    return await exchange.with_app(app)
