"""The routing kit by itself, with a door of the tests' own: routes, bodies, envelopes, ids."""

import asyncio
import re
from collections.abc import AsyncGenerator
from typing import Annotated, Any

import msgspec
import pytest
from structlog.testing import capture_logs

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
    DoorApp,
    Limits,
    LiveStreams,
    Raw,
    Refusal,
    Route,
    Spelling,
    Stream,
)
from tests.doors.asgi import Exchange, Heard, ask

pytestmark = pytest.mark.anyio

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


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def live() -> LiveStreams:
    return LiveStreams()


@pytest.fixture
def app(desk: Desk, live: LiveStreams) -> DoorApp[Desk]:
    return DoorApp(DOOR, desk, live=live)


def refused(heard: Heard, status: int) -> dict[str, Any]:
    """The envelope of a refusal, which must be the door's own whatever was wrong."""
    assert heard.status == status, heard.body
    assert heard.complete
    assert heard.headers["content-type"] == "application/json"
    assert heard.headers["x-door"] == "test"
    assert heard.json["request_id"] == heard.headers["x-request-id"]
    assert heard.json["status"] == status
    return heard.json


class TestPaths:
    @pytest.mark.parametrize("path", ["/things", "/things/"])
    async def test_both_slash_forms_are_answered_directly(
        self, app: DoorApp[Desk], path: str
    ) -> None:
        heard = await ask(app, "POST", path, body=b'{"name": "a"}')
        assert (heard.status, heard.json["name"]) == (201, "a")

    @pytest.mark.parametrize("path", ["/things/x", "/things/x/"])
    async def test_a_parameter_is_one_segment(self, app: DoorApp[Desk], path: str) -> None:
        heard = await ask(app, "GET", path)
        assert heard.json["name"] == "x"

    async def test_a_literal_wins_over_a_parameter(self, app: DoorApp[Desk]) -> None:
        assert (await ask(app, "GET", "/things/latest")).body == b"plain"

    @pytest.mark.parametrize(
        "path",
        ["", "/", "//", "*", "things", "/things//", "/things//touch", "/nothing", "/things/a/b",
         "/things/a/touch/b", "/things/\0/touch/x", "/THINGS"],
    )  # fmt: skip
    async def test_an_unknown_path_is_404_in_the_envelope(
        self, app: DoorApp[Desk], path: str
    ) -> None:
        assert refused(await ask(app, "GET", path), 404)["code"] == "unknown_path"

    async def test_a_wrong_method_is_405_and_says_which_are_allowed(
        self, app: DoorApp[Desk]
    ) -> None:
        heard = await ask(app, "DELETE", "/things/x")
        refused(heard, 405)
        assert heard.headers["allow"] == "GET, HEAD"
        assert (await ask(app, "GET", "/things")).headers["allow"] == "POST"

    async def test_head_is_get_without_its_body(self, app: DoorApp[Desk]) -> None:
        got, headed = await ask(app, "GET", "/things/x"), await ask(app, "HEAD", "/things/x")
        assert headed.body == b""
        assert headed.status == got.status
        assert headed.headers["content-length"] == got.headers["content-length"]

    async def test_head_of_a_stream_starts_nothing(self, app: DoorApp[Desk], desk: Desk) -> None:
        heard = await ask(app, "HEAD", "/flow/whole")
        assert (heard.status, heard.body, heard.complete) == (200, b"", True)

    def test_two_names_for_one_parameter_are_a_mistake(self, desk: Desk) -> None:
        routes = (
            Route("GET", "/a/{x}", latest, {200: None}, ""),
            Route("POST", "/a/{y}", latest, {200: None}, ""),
        )
        with pytest.raises(ValueError, match="in two ways"):
            DoorApp(_with(routes), desk)

    def test_one_method_twice_is_a_mistake(self, desk: Desk) -> None:
        route = Route("GET", "/a", latest, {200: None}, "")
        with pytest.raises(ValueError, match="declared twice"):
            DoorApp(_with((route, route)), desk)


class TestAnswers:
    async def test_every_answer_has_a_request_id_of_its_own(self, app: DoorApp[Desk]) -> None:
        ids = {(await ask(app, "GET", p)).headers["x-request-id"] for p in ("/things/x", "/no")}
        assert len(ids) == 2
        assert all(re.fullmatch(r"[0-9a-f]{12}", one) for one in ids)

    async def test_an_answer_can_carry_a_status_and_headers_of_its_own(
        self, app: DoorApp[Desk]
    ) -> None:
        heard = await ask(app, "POST", "/things/x/touch")
        assert (heard.status, heard.headers["x-of-its-own"]) == (202, "yes")

    async def test_the_headers_of_door_and_app_stand_on_every_answer(self, desk: Desk) -> None:
        app = DoorApp(DOOR, desk, headers=((b"vary", b"Authorization"),))
        for path in ("/things/x", "/no", "/broken"):
            with capture_logs():
                heard = await ask(app, "GET", path)
            assert (heard.headers["vary"], heard.headers["x-door"]) == ("Authorization", "test")

    async def test_answers_are_counted_by_route_and_status(self, app: DoorApp[Desk]) -> None:
        for path in ("/things/x", "/things/y", "/fails/missing", "/no"):
            await ask(app, "GET", path)
        assert app.counts == {
            ("GET", "/things/{name}", 200): 2,
            ("GET", "/fails/{how}", 404): 1,
            ("GET", "", 404): 1,
        }


class TestErrors:
    async def test_a_domain_error_is_spelled_by_the_table(self, app: DoorApp[Desk]) -> None:
        invalid = refused(await ask(app, "GET", "/fails/invalid"), 400)
        assert invalid["message"] == "No such colour"
        assert invalid["fields"] == {"colour": "unknown"}
        assert refused(await ask(app, "GET", "/fails/missing"), 404)["code"] == "not_found"

    async def test_a_throttle_says_when_to_come_again(self, app: DoorApp[Desk]) -> None:
        heard = await ask(app, "GET", "/fails/throttled")
        refused(heard, 429)
        assert heard.headers["retry-after"] == "17"

    async def test_a_stranger_is_refused_before_its_input_is_judged(
        self, app: DoorApp[Desk]
    ) -> None:
        heard = await ask(app, "POST", "/owner", body=b"{nonsense")
        assert refused(heard, 401)["code"] == "UNAUTHORIZED"
        assert heard.headers["www-authenticate"] == "Bearer"

    async def test_a_known_caller_is_the_actor(self, app: DoorApp[Desk]) -> None:
        heard = await ask(app, "GET", "/owner", headers=[(b"authorization", b"Bearer key")])
        assert heard.json["name"] == "Ada"

    @pytest.mark.parametrize("path", ["/broken", "/wrong"])
    async def test_our_own_fault_is_500_with_the_id_that_stands_in_the_log(
        self, app: DoorApp[Desk], path: str
    ) -> None:
        headers = [(b"authorization", b"Bearer aw_live_secret")]
        with capture_logs() as logs:
            heard = await ask(app, "GET", path, headers=headers, query=b"q=secret")
        said = refused(heard, 500)
        assert said["code"] == "internal_error"
        [line] = logs
        assert line["request_id"] == said["request_id"]
        assert "Traceback" in line["traceback"]
        assert "boiler" not in said["message"]
        assert "secret" not in repr(line)

    async def test_an_error_the_table_lacks_is_our_fault(self, desk: Desk) -> None:
        app = DoorApp(_with(DOOR.routes, errors={}), desk)
        with capture_logs():
            refused(await ask(app, "GET", "/fails/missing"), 500)


class TestBodies:
    @pytest.mark.parametrize(
        "body",
        [
            b"", b" ", b"{", b"[]", b"null", b"1", b'"x"', b"\xff\xfe", b"\xef\xbb\xbf{}", b"{}",
            b'{"name": NaN}', b'{"name": 1}', b'{"name": null}', b'{"name": ["a"]}',
            b'{"name": "a", "number": NaN}', b'{"name": "a", "number": 1e400}',
            b'{"name": "a", "number": Infinity}', b'{"name": "a", "number": 1.5}',
            b'{"name": "a", "number": 9223372036854775808}',
            b'{"name": "a", "number": -9223372036854775809}',
            b'{"name": "a", "number": ' + b"9" * 900 + b"}",
            b'{"name": "a", "number": "1"}', b'{"name": "a", "number": true}',
            b'{"name": "\\u0000"}', b'{"name": "a", "tags": ["x", "a\\u0000b"]}',
            b'{"name": "\\ud800"}', b'{"name": "\\udc00x"}', b'{"name": "\xed\xa0\x80"}',
            b'{"name": "a\x00"}', b'{"name": "a"} x', b'{"name": "a", "tags": {}}',
            b'{"name": "a", "tags": [1]}', b"[" * 900, b'{"z":' + b"[" * 900,
        ],
    )  # fmt: skip
    async def test_what_cannot_be_meant_is_400(
        self, app: DoorApp[Desk], desk: Desk, body: bytes
    ) -> None:
        said = refused(await ask(app, "POST", "/things", body=body), 400)
        assert said["message"]
        assert "`" not in said["message"], "the decoder's own words"
        assert desk.seen == []

    async def test_a_deeply_nested_body_is_400(self, desk: Desk) -> None:
        app = DoorApp(_with(DOOR.routes, limits=Limits()), desk)
        deep = b'{"name": "a", "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
        refused(await ask(app, "POST", "/things", body=deep), 400)

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            (b"{}", "name"),
            (b'{"name": 1}', "name"),
            (b'{"name": "a", "tags": ["x", 2]}', "tags[1]"),
            (b'{"name": "a", "tags": ["x", "\\u0000"]}', "tags[1]"),
            (b'{"name": "a", "number": "1"}', "number"),
        ],
    )
    async def test_the_field_at_fault_is_named(
        self, app: DoorApp[Desk], body: bytes, field: str
    ) -> None:
        said = refused(await ask(app, "POST", "/things", body=body), 400)
        assert list(said["fields"]) == [field]
        assert said["message"].startswith(field)

    @pytest.mark.parametrize(
        ("body", "name"),
        [
            (b'{"name": "a", "unknown": [1e300, {"\\u0000": 1}]}', "a"),
            (b'{"name": "a", "name": "b"}', "b"),
            (b' {"name": "\\\\u0000", "number": 9223372036854775807} ', "\\u0000"),
            ('{"name": "\\ud83d\\ude00 ü"}'.encode(), "😀 ü"),
        ],
    )
    async def test_what_json_tolerates_is_taken(
        self, app: DoorApp[Desk], body: bytes, name: str
    ) -> None:
        heard = await ask(app, "POST", "/things", body=body)
        assert (heard.status, heard.json["name"]) == (201, name)

    async def test_an_announced_size_above_the_limit_is_refused_unread(
        self, app: DoorApp[Desk]
    ) -> None:
        for size in (b"1001", b"9" * 30):
            exchange = Exchange(
                "POST", "/things", headers=[(b"content-length", size)], pieces=[], hang_up=True
            )
            heard = await exchange.with_app(app)
            refused(heard, 413)
            assert heard.headers["connection"] == "close"
            assert exchange.read == 0

    async def test_a_body_at_the_limit_is_read(self, app: DoorApp[Desk]) -> None:
        body = b'{"name": "' + b"a" * 988 + b'"}'
        assert len(body) == 1000
        assert (await ask(app, "POST", "/things", body=body)).status == 201

    async def test_chunks_are_counted_and_cut(self, app: DoorApp[Desk], desk: Desk) -> None:
        exchange = Exchange("POST", "/things", pieces=[b'{"name": "', *[b"a" * 400] * 5, b'"}'])
        heard = await exchange.with_app(app)
        refused(heard, 413)
        assert desk.seen == []

    async def test_one_chunk_too_large_is_refused(self, app: DoorApp[Desk]) -> None:
        refused(await Exchange("POST", "/things", pieces=[b"a" * 1001]).with_app(app), 413)

    async def test_a_body_in_pieces_is_put_together(self, app: DoorApp[Desk]) -> None:
        heard = await Exchange("POST", "/things", pieces=[b'{"na', b'me": ', b'"x"}']).with_app(app)
        assert heard.json["name"] == "x"

    @pytest.mark.parametrize("pieces", [[], [b'{"name"', b""]])
    async def test_a_body_that_does_not_come_is_408(
        self, app: DoorApp[Desk], pieces: list[bytes]
    ) -> None:
        heard = await Exchange("POST", "/things", pieces=pieces, stalls=True).with_app(app)
        refused(heard, 408)
        assert heard.headers["connection"] == "close"

    async def test_a_client_that_hangs_up_gets_no_answer(
        self, app: DoorApp[Desk], desk: Desk
    ) -> None:
        heard = await Exchange("POST", "/things", pieces=[b"{"], hang_up=True).with_app(app)
        assert heard.status == 0
        assert desk.seen == []

    def test_an_integer_without_bounds_is_refused_at_declaration(self, desk: Desk) -> None:
        class Unbounded(msgspec.Struct):
            inner: list[dict[str, int]]

        route = Route("POST", "/a", make, {200: Thing}, "", body=Unbounded)
        with pytest.raises(TypeError, match="without bounds"):
            DoorApp(_with((route,)), desk)


class TestQueries:
    async def test_known_names_are_typed_and_others_ignored(
        self, app: DoorApp[Desk], desk: Desk
    ) -> None:
        await ask(app, "GET", "/things/x", query=b"limit=7&cursor=a%20b&x=%00&x=1")
        assert desk.seen == [Page(7, "a b")]

    @pytest.mark.parametrize(
        "query",
        [
            b"limit=", b"limit=0", b"limit=101", b"limit=-1", b"limit=1.0", b"limit=1e1",
            b"limit=x", b"limit=+5", b"limit=%205", b"limit=null", b"limit=true", b"limit=1_0",
            b"limit=" + b"9" * 5000, "limit=\N{ARABIC-INDIC DIGIT THREE}".encode(),
            b"limit=1&limit=1", b"cursor=%00", b"cursor=%ff", b"cursor=\xff",
            b"&".join([b"x=1"] * 101),
        ],
    )  # fmt: skip
    async def test_a_bad_value_is_an_error(
        self, app: DoorApp[Desk], desk: Desk, query: bytes
    ) -> None:
        refused(await ask(app, "GET", "/things/x", query=query), 400)
        assert desk.seen == []

    def test_a_query_of_anything_but_texts_and_integers_is_a_mistake(self, desk: Desk) -> None:
        class Odd(msgspec.Struct):
            flags: list[str]

        with pytest.raises(TypeError, match="texts and integers"):
            DoorApp(_with((Route("GET", "/a", show, {200: Thing}, "", query=Odd),)), desk)


class TestStreams:
    async def test_a_stream_is_sent_to_its_end(self, app: DoorApp[Desk], desk: Desk) -> None:
        heard = await ask(app, "GET", "/flow/whole")
        assert (heard.body, heard.complete) == (b"one,two", True)
        assert desk.closed.is_set()

    async def test_a_client_that_hangs_up_ends_it(self, app: DoorApp[Desk], desk: Desk) -> None:
        desk.release.clear()
        exchange = Exchange("GET", "/flow/whole", hang_up=True)
        heard = await asyncio.wait_for(exchange.with_app(app), 30)
        assert not heard.complete
        assert desk.closed.is_set()

    async def test_an_endless_one_ends_when_the_server_stops(
        self, app: DoorApp[Desk], desk: Desk, live: LiveStreams
    ) -> None:
        desk.release.clear()
        running = asyncio.create_task(ask(app, "GET", "/flow/endless"))
        for _ in range(20):
            await asyncio.sleep(0)
        assert not running.done()
        live.end_all()
        heard = await asyncio.wait_for(running, 30)
        assert heard.body == b"one,"
        assert desk.closed.is_set()

    async def test_one_that_breaks_is_logged_and_left_open_ended(
        self, app: DoorApp[Desk], desk: Desk
    ) -> None:
        with capture_logs() as logs:
            heard = await ask(app, "GET", "/flow/breaks")
        assert (heard.status, heard.body, heard.complete) == (200, b"one,two", False)
        assert logs[0]["request_id"] == heard.headers["x-request-id"]
        assert desk.closed.is_set()


def _with(
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
