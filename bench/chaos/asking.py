"""How a client asks: until it is answered, over as many deaths of the server as it takes."""

import asyncio
import functools
import random
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import httpx

PATIENCE_S = 120.0
_PAUSES_S = (0.08, 0.25)


class Point(StrEnum):
    """A moment in a client's request where a kill can be aimed."""

    HALF_SENT = "in the middle of a request's body"
    SENT = "with a request on its way"
    ANSWERED = "right after an answer was read"


@dataclass
class Moments:
    """Holds a kill until some client comes to the point that it is aimed at."""

    chance: random.Random
    _point: Point | None = None
    _strike: Callable[[str], None] | None = None

    def arm(self, point: Point, strike: Callable[[str], None]) -> None:
        """Have the next client that comes to the point strike; it says what it was asking."""
        self._point, self._strike = point, strike

    def disarm(self) -> None:
        """The moment did not come."""
        self._point = self._strike = None

    def take(self, point: Point) -> Callable[[str], None] | None:
        """The strike that is aimed at this point: the caller's to do, once."""
        if point is not self._point:
            return None
        strike = self._strike
        self.disarm()
        return strike


class Unanswered(Exception):
    """What a client was told cannot be right; the message says what it asked and got."""


@dataclass
class Asking:
    """One client of the hall, with its key."""

    http: httpx.AsyncClient
    moments: Moments
    counts: Counter[str]
    key: str = field(default="", repr=False)

    async def get(self, path: str) -> Any:
        """What a path shows."""
        return self._decoded(await self._ask("GET", path, None, None), 200)

    async def download(self, url: str) -> httpx.Response:
        """A file, by its signed link and without the key."""
        answer = await self.http.get(url)
        if answer.status_code != 200:
            raise Unanswered(f"GET {url}: {answer.status_code} {answer.text}")
        return answer

    async def post(
        self, path: str, body: dict[str, Any] | None, *, once: str | None, status: int
    ) -> Any:
        """Say something that must be acknowledged with a status; `once` is its idempotency key.

        Now and then it is said again although the answer came: that must change nothing.
        """
        answer = await self._ask("POST", path, body, once)
        value = self._decoded(answer, status)
        self.counts["acknowledged"] += 1
        if once is not None and self.moments.chance.random() < 0.1:
            again = await self._ask("POST", path, body, once)
            if (again.status_code, again.content) != (answer.status_code, answer.content):
                raise Unanswered(
                    f"POST {path} with the key {once}: first {answer.status_code} {answer.text}, "
                    f"then {again.status_code} {again.text}"
                )
        return value

    async def refused_or(self, path: str, body: dict[str, Any], status: int) -> Any | None:
        """Say something that has no idempotency key; None when it may have been taken before."""
        answer = await self._ask("POST", path, body, None)
        return None if answer.status_code == 409 else self._decoded(answer, status)

    async def _ask(
        self, method: str, path: str, body: dict[str, Any] | None, once: str | None
    ) -> httpx.Response:
        until_s = time.monotonic() + PATIENCE_S
        while True:
            try:
                answer = await self._attempt(method, path, body, once)
            except httpx.TransportError as error:
                if time.monotonic() > until_s:
                    raise Unanswered(f"{method} {path}: no answer in {PATIENCE_S:g} s") from error
                self.counts["unanswered"] += 1
            else:
                if answer.status_code < 500:
                    return answer
                raise Unanswered(f"{method} {path}: {answer.status_code} {answer.text}")
            await asyncio.sleep(self.moments.chance.uniform(*_PAUSES_S))

    async def _attempt(
        self, method: str, path: str, body: dict[str, Any] | None, once: str | None
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        if once is not None:
            headers["Idempotency-Key"] = once
        request = self.http.build_request(method, path, json=body, headers=headers)
        if method == "GET":
            return await self.http.send(request)
        what = f"{method} {path.rpartition('/')[2] or 'tasks'}"
        if body is not None and (strike := self.moments.take(Point.HALF_SENT)):
            halves = _halves(request.content, functools.partial(strike, what))
            request = self.http.build_request(method, path, content=halves, headers=headers)
        elif strike := self.moments.take(Point.SENT):
            after_s = self.moments.chance.uniform(0, 0.006)
            asyncio.get_running_loop().call_later(after_s, strike, what)
        answer = await self.http.send(request)
        if strike := self.moments.take(Point.ANSWERED):
            strike(what)
        return answer

    def _decoded(self, answer: httpx.Response, status: int) -> Any:
        if answer.status_code != status:
            request = answer.request
            raise Unanswered(
                f"{request.method} {request.url.path}: {answer.status_code} instead of {status}: "
                f"{answer.text}"
            )
        return answer.json()


async def _halves(content: bytes, between: Callable[[], None]) -> AsyncGenerator[bytes]:
    middle = len(content) // 2
    yield content[:middle]
    await asyncio.sleep(0.002)
    between()
    yield content[middle:]
