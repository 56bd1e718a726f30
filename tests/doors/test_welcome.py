"""Who comes to the root, or to a door's own, is told where everything is described."""

import re

import pytest

from hiringhall.doors.desk import Desk
from hiringhall.doors.front import Front
from tests.doors.asgi import Heard, ask
from tests.doors.conftest import OpenFront

pytestmark = pytest.mark.anyio

DOORS = ("agentwork", "club", "nexwork", "agentix")
BROWSER = (b"accept", b"text/html,application/xhtml+xml,*/*;q=0.8")


def page_of(heard: Heard) -> str:
    assert heard.status == 200
    assert heard.headers["content-type"] == "text/html; charset=utf-8"
    policy = heard.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    return heard.body.decode()


async def test_a_browser_gets_links_that_lead_somewhere(front: Front) -> None:
    heard = await ask(front.app, "GET", "/", headers=[BROWSER])
    assert heard.headers["vary"] == "Accept"
    page = page_of(heard)
    links = set(re.findall('<a [^>]*href="([^"#]+)"', page))
    assert "<code>/mcp</code>" in page
    places = (*(f"/{door}" for door in DOORS), "/hall/v1")
    doors = {f"{place}{below}" for place in places for below in ("/docs", "/openapi.json")}
    assert links == {*doors, "/healthz", "/readyz", "/", "/signin", "/signup", "/guide"}
    for link in links:
        assert (await ask(front.app, "GET", link)).status == 200


@pytest.mark.parametrize("accept", [b"*/*", b"application/json", b""])
async def test_a_program_gets_the_same_as_data(front: Front, accept: bytes) -> None:
    heard = await ask(front.app, "GET", "/", headers=[(b"accept", accept)])
    assert (heard.status, heard.headers["vary"]) == (200, "Accept")
    assert heard.json == {
        "name": "Hiringhall",
        "version": "test",
        "doors": {
            door: {"path": path, "docs": f"{path}/docs", "openapi": f"{path}/openapi.json"}
            for door, path in {**{one: f"/{one}" for one in DOORS}, "native": "/hall/v1"}.items()
        },
        "tools": {"path": "/mcp", "protocol": "Model Context Protocol, streamable HTTP"},
        "health": "/healthz",
        "readiness": "/readyz",
    }
    assert (await ask(front.app, "POST", "/")).status == 405


@pytest.mark.parametrize("path", ["/nothing", "/nothing/here", "/favicon.ico"])
async def test_an_address_where_nothing_is_is_a_page_for_browsers_alone(
    front: Front, path: str
) -> None:
    heard = await ask(front.app, "GET", path, headers=[BROWSER])
    assert heard.status == 404
    assert heard.headers["content-type"] == "text/html; charset=utf-8"
    assert heard.headers["vary"] == "Accept, Authorization"
    assert "default-src 'none'" in heard.headers["content-security-policy"]
    heard = await ask(front.app, "GET", path)
    assert heard.status == 404
    assert heard.json["detail"] == "Nothing is here; GET / says where each door is"
    keyed = [BROWSER, (b"authorization", b"Bearer at_live_x")]
    assert (await ask(front.app, "GET", path, headers=keyed)).headers["content-type"] == (
        "application/json"
    )


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("path", ["", "/", "/docs"])
async def test_a_doors_own_root_is_its_description(front: Front, door: str, path: str) -> None:
    page = page_of(await ask(front.app, "GET", f"/{door}{path}"))
    assert "<script" not in page
    assert f"href='/{door}/openapi.json'" in page


async def test_the_roots_documentation_is_the_agentix_doors(front: Front) -> None:
    """So says `doors.md`: its clients look for it there."""
    page = page_of(await ask(front.app, "GET", "/docs"))
    assert "href='/openapi.json'" in page
    assert "/api-keys" in (await ask(front.app, "GET", "/openapi.json")).json["paths"]


async def test_a_door_with_a_host_name_links_to_itself_there(
    desk: Desk, front_of: OpenFront
) -> None:
    front = front_of(desk, door_hosts={"agentwork": "aw.hall.example"})
    host = (b"host", b"aw.hall.example")
    for path in ("/", "/docs"):
        page = page_of(await ask(front.app, "GET", path, headers=[host, BROWSER]))
        assert "href='/openapi.json'" in page
    assert (await ask(front.app, "GET", "/openapi.json", headers=[host])).status == 200
