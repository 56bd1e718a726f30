"""A door of the tests' own, to try the routing kit by itself."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Annotated, Any

import msgspec

from hiringhall.domain.errors import (
    HallError,
    Invalid,
    NotFound,
    TooManyAttempts,
    Unauthorized,
)
from hiringhall.domain.policy import Actor, ActorKind
from hiringhall.doors.kit import (
    Answer,
    Call,
    Door,
    Limits,
    Raw,
    Refusal,
    Route,
    Spelling,
    Stream,
)
from tests.doors.asgi import Heard

Number = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


class Thing(msgspec.Struct):
    name: str
    number: Number = 0
    tags: list[str] | None = None


class Page(msgspec.Struct):
    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] | None = None
    cursor: str | None = None


class Error(msgspec.Struct):
    status: int
    code: str
    message: str
    fields: dict[str, str]
    request_id: str


class Desk:
    """What the handlers are handed: remembers what they saw."""

    def __init__(self) -> None:
        self.seen: list[object] = []
        self.closed = asyncio.Event()
        self.release = asyncio.Event()
        self.release.set()


async def make(desk: Desk, call: Call[Thing, None]) -> Thing:
    desk.seen.append(call.body)
    return call.body


async def show(desk: Desk, call: Call[None, Page]) -> Thing:
    desk.seen.append(call.query)
    return Thing(call.path["name"], call.query.limit or 0)


async def touch(desk: Desk, call: Call[None, None]) -> Answer:
    return Answer(Thing("touched"), 202, ((b"x-of-its-own", b"yes"),))


async def latest(desk: Desk, call: Call[None, None]) -> Raw:
    return Raw(b"plain", 200, b"text/plain")


async def owner(desk: Desk, call: Call[None, None]) -> Thing:
    return Thing(call.actor.name)


async def broken(desk: Desk, call: Call[None, None]) -> Thing:
    raise RuntimeError("the boiler")


async def wrong(desk: Desk, call: Call[None, None]) -> str:
    return "no struct"


async def fails(desk: Desk, call: Call[None, None]) -> Thing:
    errors: dict[str, HallError] = {
        "throttled": TooManyAttempts(17),
        "invalid": Invalid("No such colour", {"colour": "unknown"}),
        "missing": NotFound("thing"),
    }
    raise errors[call.path["how"]]


async def flow(desk: Desk, call: Call[None, None]) -> Stream:
    async def chunks() -> AsyncGenerator[bytes, None]:
        try:
            yield b"one,"
            await desk.release.wait()
            yield b"two"
            if call.path["how"] == "breaks":
                raise RuntimeError("half-way")
        finally:
            desk.closed.set()

    return Stream(chunks(), b"text/plain", endless=call.path["how"] == "endless")


async def who(desk: Desk, call: Call[Any, Any]) -> Actor:
    if call.header(b"authorization") != "Bearer key":
        raise Unauthorized("Invalid or missing API key")
    return Actor(ActorKind.USER, name="Ada")


def _spell(refusal: Refusal) -> Error:
    return Error(
        refusal.status, refusal.code, refusal.message, dict(refusal.fields), refusal.request_id
    )


DOOR: Door[Desk] = Door(
    name="test",
    title="Test door",
    description="A door of the tests' own.",
    routes=(
        Route("POST", "/things", make, {201: Thing}, "Make", body=Thing),
        Route("GET", "/things/{name}", show, {200: Thing}, "Show", query=Page),
        Route("POST", "/things/{name}/touch", touch, {200: Thing, 202: Thing}, "Touch"),
        Route("GET", "/things/latest", latest, {200: None}, "Latest"),
        Route("GET", "/owner", owner, {200: Thing}, "Owner", who=who),
        Route("POST", "/owner", make, {201: Thing}, "Own", body=Thing, who=who),
        Route("GET", "/broken", broken, {200: Thing}, "Broken"),
        Route("GET", "/wrong", wrong, {200: Thing}, "Wrong"),
        Route("GET", "/fails/{how}", fails, {200: Thing}, "Fails"),
        Route("GET", "/flow/{how}", flow, {200: None}, "Flow"),
    ),
    errors={
        Unauthorized: Spelling(401, "UNAUTHORIZED"),
        NotFound: Spelling(404),
        Invalid: Spelling(400),
        TooManyAttempts: Spelling(429),
    },
    envelope=_spell,
    envelopes={0: Error},
    headers=((b"x-door", b"test"),),
    limits=Limits(body_bytes=1000, body_s=0.05),
)


def refused(heard: Heard, status: int) -> dict[str, Any]:
    """The envelope of a refusal, which must be the door's own whatever was wrong."""
    assert heard.status == status, heard.body
    assert heard.complete
    assert heard.headers["content-type"] == "application/json"
    assert heard.headers["x-door"] == "test"
    assert heard.json["request_id"] == heard.headers["x-request-id"]
    assert heard.json["status"] == status
    return heard.json


def with_routes(
    routes: tuple[Route[Desk], ...],
    *,
    errors: dict[type[HallError], Spelling] | None = None,
    limits: Limits | None = None,
) -> Door[Desk]:
    return Door(
        name="test",
        title="",
        description="",
        routes=routes,
        errors=dict(DOOR.errors) if errors is None else errors,
        envelope=_spell,
        envelopes={0: Error},
        headers=DOOR.headers,
        limits=limits or DOOR.limits,
    )
