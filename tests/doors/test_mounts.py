"""Which door answers: host names, prefixes, paths, and the beginning of a key."""

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hiringhall.doors.desk import Desk
from hiringhall.doors.front import Front
from hiringhall.doors.mounts import Mount, Mounts
from tests.doors.asgi import ask
from tests.doors.conftest import OpenFront

pytestmark = pytest.mark.anyio


def app(name: str) -> ASGIApp:
    """An app that says its name and the path it sees."""

    async def named(scope: Scope, receive: Receive, send: Send) -> None:
        body = f"{name} {scope['root_path']}|{scope['path']}".encode()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})

    return named


MOUNTS = Mounts(
    (
        Mount("/agentwork", app("agentwork"), strip=True),
        Mount("/api/v1", app("root")),
        Mount("/api/v1/tasks", app("shared"), by_key={b"nxw_": app("nexwork")}),
        Mount("/api/v1/agents", app("nexwork")),
        Mount("/files", app("files")),
    ),
    otherwise=app("nobody"),
    hosts={"AW.hall.example": app("own")},
    shared=("/files", "/healthz"),
)


async def answer(path: str, *headers: tuple[bytes, bytes]) -> str:
    return (await ask(MOUNTS, "GET", path, headers=headers)).body.decode()


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/agentwork/api/v1/tasks", "agentwork /agentwork|/api/v1/tasks"),
        ("/agentwork", "agentwork /agentwork|/"),
        ("/agentwork/", "agentwork /agentwork|/"),
        ("/agentworker", "nobody |/agentworker"),
        ("/api/v1/auth/register", "root |/api/v1/auth/register"),
        ("/api/v1", "root |/api/v1"),
        ("/api/v10", "nobody |/api/v10"),
        ("/api/v1/tasks", "shared |/api/v1/tasks"),
        ("/api/v1/tasks/", "shared |/api/v1/tasks/"),
        ("/api/v1/tasksx", "root |/api/v1/tasksx"),
        ("/api/v1/agents/me", "nexwork |/api/v1/agents/me"),
        ("/files/x", "files |/files/x"),
        ("/", "nobody |/"),
        ("", "nobody |"),
        ("*", "nobody |*"),
        ("//api/v1", "nobody |//api/v1"),
    ],
)
async def test_the_longest_path_that_fits_answers(path: str, said: str) -> None:
    assert await answer(path) == said


@pytest.mark.parametrize(
    ("value", "door"),
    [
        (b"Bearer nxw_abc", "nexwork"),
        (b"bearer  nxw_", "nexwork"),
        (b"Bearer aw_live_abc", "shared"),
        (b"Bearer xnxw_", "shared"),
        (b"nxw_abc", "shared"),
        (b"", "shared"),
    ],
)
async def test_where_two_doors_share_a_path_the_keys_beginning_chooses(
    value: bytes, door: str
) -> None:
    assert (await answer("/api/v1/tasks/x", (b"authorization", value))).split()[0] == door
    assert (await answer("/api/v1/auth/x", (b"authorization", value))).split()[0] == "root"


@pytest.mark.parametrize(
    ("host", "own"),
    [
        (b"aw.hall.example", True),
        (b"AW.HALL.example:8443", True),
        (b"hall.example", False),
        (b"[::1]", False),
        (b"[::1]:80", False),
        (b"", False),
    ],
)
async def test_a_host_name_of_its_own_decides_first(host: bytes, own: bool) -> None:
    said = await answer("/api/v1/tasks", (b"host", host), (b"authorization", b"Bearer nxw_a"))
    assert said.split()[0] == ("own" if own else "nexwork")
    assert (await answer("/files/x", (b"host", host))).split()[0] == "files"


async def test_nothing_but_http_gets_an_answer() -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    def receive_of(*types: str) -> Receive:
        messages = iter(types)

        async def receive() -> Message:
            return {"type": next(messages)}

        return receive

    await MOUNTS({"type": "websocket"}, receive_of("websocket.connect"), send)
    lifespan = receive_of("lifespan.startup", "lifespan.shutdown")
    await MOUNTS({"type": "lifespan"}, lifespan, send)
    assert [one["type"] for one in sent] == [
        "websocket.close", "lifespan.startup.complete", "lifespan.shutdown.complete",
    ]  # fmt: skip


async def test_a_door_gets_its_host_by_name(desk: Desk, front_of: OpenFront) -> None:
    front = front_of(desk, door_hosts={"agentwork": "aw.hall.example"})
    host = (b"host", b"aw.hall.example")
    assert (await ask(front.app, "GET", "/openapi.json", headers=[host])).status == 200
    there = await ask(front.app, "GET", "/openapi.json", headers=[host])
    elsewhere = await ask(front.app, "GET", "/openapi.json")
    assert there.json["info"]["title"] != elsewhere.json["info"]["title"]
    with pytest.raises(ValueError, match="no door 'market'"):
        front_of(desk, door_hosts={"market": "m.hall.example"})


@pytest.mark.parametrize("path", ["/nothing", "/playbook", "/healthz/x", "/tasks-of-mine", "//x"])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_strange_path_at_the_root_is_refused_as_its_caller_reads(
    front: Front, path: str, method: str
) -> None:
    """Several doors are at the root: the key says whose client has gone astray."""
    nobody = {"status_code": 404, "detail": "Nothing is here; GET / says where each door is"}
    for key, says in (
        (None, nobody),
        ("aw_live_x", nobody),
        ("at_live_x", {"error": "Not Found"}),
        ("hall_run_x", {"error": "Not Found"}),
    ):
        headers = [] if key is None else [(b"authorization", f"Bearer {key}".encode())]
        heard = await ask(front.app, method, path, headers=headers)
        assert (heard.status, heard.json) == (404, says)
        varies = "Accept, Authorization" if says == nobody else "Authorization"
        assert heard.headers["vary"] == varies


@pytest.mark.parametrize("path", ["/healthz", "/healthz/", "/readyz", "/metrics", "/"])
async def test_the_halls_own_paths_are_its_own_for_every_key(front: Front, path: str) -> None:
    headers = [(b"authorization", b"Bearer at_live_x")]
    assert (await ask(front.app, "GET", path, headers=headers)).status != 404
