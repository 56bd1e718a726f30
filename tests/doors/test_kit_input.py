"""The routing kit by itself: bodies and queries from hostile hands."""

import msgspec
import pytest

from hiringhall.doors.kit import Call, DoorApp, Limits, LiveStreams, Raw, Route
from tests.doors.asgi import Exchange, ask
from tests.doors.kit_door import DOOR, Desk, Page, Thing, make, refused, show, with_routes

pytestmark = pytest.mark.anyio


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def live() -> LiveStreams:
    return LiveStreams()


@pytest.fixture
def app(desk: Desk, live: LiveStreams) -> DoorApp[Desk]:
    return DoorApp(DOOR, desk, live=live)


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
        app = DoorApp(with_routes(DOOR.routes, limits=Limits()), desk)
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

    @pytest.mark.parametrize("announced", [True, False])
    async def test_the_head_of_a_larger_body_is_handed_over_where_a_route_takes_it(
        self, desk: Desk, *, announced: bool
    ) -> None:
        seen: list[tuple[bytes, bool, int]] = []
        pieces = [bytes([97 + number]) * 100 for number in range(20)]
        size = [(b"content-length", b"2000")] if announced else []
        exchange = Exchange("POST", "/roomy", headers=size, pieces=pieces)

        async def room(_desk: Desk, _call: Call[None, None]) -> Limits:
            return Limits(body_bytes=1000, head_bytes=250)

        async def look(_desk: Desk, call: Call[None, None]) -> Raw:
            seen.append((call.raw_body, call.is_cut, exchange.read))
            return Raw(b"too much", 413, b"text/plain")

        route = Route("POST", "/roomy", look, {200: None}, "Look", room=room)
        heard = await exchange.with_app(DoorApp(with_routes((route,), limits=Limits()), desk))
        assert (heard.status, heard.body, heard.complete) == (413, b"too much", True)
        assert heard.headers["connection"] == "close"
        assert seen == [(b"".join(pieces)[:250], True, 3 if announced else 11)]
        assert exchange.read == 20, "the rest is thrown away after the answer"
        small = Exchange("POST", "/roomy", pieces=[b"a" * 1000])
        await small.with_app(DoorApp(with_routes((route,), limits=Limits()), desk))
        assert seen[1][:2] == (b"a" * 1000, False)

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
            DoorApp(with_routes((route,)), desk)


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
            DoorApp(with_routes((Route("GET", "/a", show, {200: Thing}, "", query=Odd),)), desk)
