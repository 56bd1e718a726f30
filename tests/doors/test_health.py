"""Health, readiness with reasons, and metrics for those who may see them."""

from collections.abc import Mapping

import pytest
from prometheus_client import CollectorRegistry
from starlette.types import Receive, Scope, Send

from hiringhall.doors.desk import Desk
from hiringhall.doors.front import Front, open_front
from hiringhall.doors.health import Health
from tests.doors.asgi import Exchange, Heard, ask

pytestmark = pytest.mark.anyio

UNREADY: dict[str, str] = {}
NOTES: dict[str, str] = {}


@pytest.fixture
def front(desk: Desk) -> Front:
    UNREADY.clear()
    NOTES.clear()

    async def unready() -> Mapping[str, str]:
        return UNREADY

    health = Health(unready, lambda: NOTES, CollectorRegistry(), metrics_token="let-me-see")
    return open_front(desk, health, version="test")


async def scrape(front: Front, client: tuple[str, int] | None, **headers: str) -> Heard:
    async def from_there(scope: Scope, receive: Receive, send: Send) -> None:
        await front.app({**scope, "client": client}, receive, send)

    sent = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return await Exchange("GET", "/metrics", headers=sent).with_app(from_there)


async def test_health_asks_nothing_of_anybody(front: Front) -> None:
    UNREADY["database"] = "gone"
    heard = await ask(front.app, "GET", "/healthz")
    assert (heard.status, heard.json) == (200, {"status": "ok"})


async def test_readiness_gives_its_reasons(front: Front) -> None:
    heard = await ask(front.app, "GET", "/readyz")
    assert (heard.status, heard.json) == (200, {"ready": True, "reasons": {}})
    NOTES["worker"] = "no runtime is set up"
    heard = await ask(front.app, "GET", "/readyz/")
    assert (heard.status, heard.json["ready"]) == (200, True)
    assert heard.json["reasons"] == NOTES
    UNREADY["database"] = "it does not answer"
    heard = await ask(front.app, "GET", "/readyz")
    assert (heard.status, heard.json["ready"]) == (503, False)
    assert heard.json["reasons"] == NOTES | UNREADY


async def test_metrics_count_answers_by_door_route_and_status(front: Front) -> None:
    for path in ("/healthz", "/healthz", "/api/v1/tasks", "/agentwork/api/v1/tasks", "/nothing"):
        await ask(front.app, "GET", path)
    heard = await ask(front.app, "GET", "/metrics")
    assert heard.status == 200
    assert heard.headers["content-type"].startswith("text/plain")
    lines = heard.body.decode().splitlines()
    for labels, count in (
        ('door="health",method="GET",route="/healthz",status="200"', 2),
        ('door="agentwork",method="GET",route="/api/v1/tasks",status="401"', 2),
        ('door="nowhere",method="GET",route="",status="404"', 1),
    ):
        assert f"hiringhall_answers_total{{{labels}}} {count:.1f}" in lines


@pytest.mark.parametrize(
    ("client", "headers", "status"),
    [
        (("127.0.0.1", 1), {}, 200),
        (("::1", 1), {}, 200),
        (("127.0.0.1", 1), {"x_forwarded_for": "198.51.100.1"}, 403),
        (("127.0.0.1", 1), {"forwarded": "for=198.51.100.1"}, 403),
        (("198.51.100.1", 1), {}, 403),
        (("198.51.100.1", 1), {"authorization": "Bearer let-me-see"}, 200),
        (("198.51.100.1", 1), {"authorization": "Bearer let-me-se"}, 403),
        (("198.51.100.1", 1), {"authorization": "Bearer ü"}, 403),
        (None, {}, 403),
        (("testclient", 1), {}, 403),
    ],
)
async def test_metrics_are_for_this_machine_or_the_tokens_bearer(
    front: Front, client: tuple[str, int] | None, headers: dict[str, str], status: int
) -> None:
    assert (await scrape(front, client, **headers)).status == status


async def test_without_a_token_set_no_token_opens(desk: Desk) -> None:
    async def unready() -> Mapping[str, str]:
        return {}

    health = Health(unready, lambda: NOTES, CollectorRegistry(), metrics_token="")
    front = open_front(desk, health, version="test")
    for value in ("Bearer ", "Bearer", "Bearer x", ""):
        assert (await scrape(front, ("198.51.100.1", 1), authorization=value)).status == 403
