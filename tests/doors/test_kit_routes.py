"""The routing kit by itself: paths, answers, errors, streams."""

import asyncio
import re

import pytest
from structlog.testing import capture_logs

from hiringhall.doors.kit import DoorApp, LiveStreams, Route
from tests.doors.asgi import Exchange, ask
from tests.doors.kit_door import DOOR, Desk, latest, refused, with_routes

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
            DoorApp(with_routes(routes), desk)

    def test_one_method_twice_is_a_mistake(self, desk: Desk) -> None:
        route = Route("GET", "/a", latest, {200: None}, "")
        with pytest.raises(ValueError, match="declared twice"):
            DoorApp(with_routes((route, route)), desk)


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
        app = DoorApp(with_routes(DOOR.routes, errors={}), desk)
        with capture_logs():
            refused(await ask(app, "GET", "/fails/missing"), 500)


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
