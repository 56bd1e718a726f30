"""Doors on a real socket of the test's own loop, and streams of events as clients read them."""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from typing import Any, Self

import httpx

from hiringhall.doors.front import Front
from hiringhall.doors.server import Server, listen

PATIENCE_S = 60.0


@contextlib.asynccontextmanager
async def on_a_socket(front: Front) -> AsyncGenerator[Server]:
    """Serve doors as the hall does, streams ended first at the stop."""
    async with Server(
        front.app, listen("127.0.0.1", 0), before_stop=front.live.end_all, graceful_s=5
    ) as server:
        yield server


@dataclass
class Piece:
    """One block of a stream, as it stands between two empty lines."""

    fields: dict[str, str]

    @property
    def data(self) -> Any:
        return json.loads(self.fields["data"])

    @property
    def is_event(self) -> bool:
        return "data" in self.fields


class EventStream:
    """A stream that is being read; `last_id` is what a client would come again with."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.last_id: str | None = None
        self._lines: AsyncIterator[str] = response.aiter_lines()

    async def piece(self) -> Piece | None:
        """The next block; None at the end of the stream."""
        fields: dict[str, str] = {}
        async with asyncio.timeout(PATIENCE_S):
            async for line in self._lines:
                if not line:
                    self.last_id = fields.get("id", self.last_id)
                    return Piece(fields)
                name, _, value = line.partition(":")
                said, before = value.removeprefix(" "), fields.get("data")
                if name == "data" and before is not None:
                    said = f"{before}\n{said}"
                fields[name or "comment"] = said
        return None

    async def record(self) -> Piece:
        """The next block that has data."""
        while (piece := await self.piece()) is not None:
            if piece.is_event:
                return piece
        raise AssertionError("the stream ended")

    async def events(self, count: int) -> list[dict[str, Any]]:
        """The next so many events."""
        return [(await self.record()).data for _ in range(count)]


class Streaming:
    """A client that opens streams at `url` with a key."""

    def __init__(self, url: str, key: str) -> None:
        self._client = httpx.AsyncClient(
            base_url=url,
            headers={"Authorization": f"Bearer {key}"},
            timeout=PATIENCE_S,
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *raised: object) -> None:
        await self._client.aclose()

    @contextlib.asynccontextmanager
    async def stream(
        self, *, last_id: str | None = None, **params: Any
    ) -> AsyncGenerator[EventStream]:
        """An open stream."""
        headers = {"Accept": "text/event-stream"}
        if last_id is not None:
            headers["Last-Event-ID"] = last_id
        async with self._client.stream(
            "GET", "/hall/v1/events", headers=headers, params=params
        ) as response:
            yield EventStream(response)

    async def page(self, **params: Any) -> dict[str, Any]:
        """A page of events."""
        answer = await self._client.get("/hall/v1/events", params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()
