"""Somebody at the native door, by a customer's key or an agent's."""

import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest

from hiringhall.actions import accounts
from hiringhall.domain.policy import Actor
from hiringhall.doors.front import Front
from hiringhall.doors.server import Server
from hiringhall.hall import Hall
from hiringhall.queries.accounts import authenticate
from hiringhall.store.database import open_database
from hiringhall.workers.webhooks.outgoing import Outgoing
from hiringhall.workers.webhooks.sender import Sender
from tests.doors.conftest import Visitor
from tests.support.databases import Cluster
from tests.support.halls import Clock, QuietEngine, make_hall
from tests.support.hooks import HOOKS, NewPost, Post
from tests.support.receiver import Receiver, receiving
from tests.support.streams import Streaming, on_a_socket

PATH = "/hall/v1"
PLAN = "I shall read the brief, do what it says, and hand it in."


@dataclass
class Caller:
    """Speaks to the native door; what it asks for goes well, unless it says otherwise."""

    http: httpx.AsyncClient
    key: str | None = None
    id: str = ""

    async def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {} if self.key is None else {"Authorization": f"Bearer {self.key}"}
        headers |= more.pop("headers", {})
        return await self.http.request(method, f"{PATH}{path}", headers=headers, **more)

    async def get(self, path: str, status: int = 200, **more: Any) -> Any:
        return told(await self.ask("GET", path, **more), status)

    async def post(self, path: str, body: Any = None, status: int = 200, **more: Any) -> Any:
        return told(await self.ask("POST", path, json=body, **more), status)

    async def posts(self, **fields: Any) -> dict[str, Any]:
        """A task on offer: a claim for 50.00 unless said otherwise."""
        usual = {
            "title": "Label these",
            "description": "One word for each text.",
            "engagement": "claim",
            "price_cents": 5_000,
            "publish": True,
        }
        return await self.post("/tasks", usual | fields, 201)

    async def delivers(self, task_id: str, content: str = "positive", **more: Any) -> Any:
        return await self.post(f"/tasks/{task_id}/deliver", {"content": content, **more}, 201)

    async def proposes(self, task_id: str, price_cents: int = 4_000, status: int = 201) -> Any:
        body = {"plan": PLAN, "price_cents": price_cents}
        return await self.post(f"/tasks/{task_id}/proposals", body, status)

    async def with_agent(self, admin: "Caller", name: str = "scout", **fields: Any) -> "Caller":
        """An agent of this caller's, let in by an admin."""
        made = await self.post("/agents", {"name": name, **fields}, 201)
        await admin.post(f"/admin/agents/{made['id']}/approve")
        return replace(self, key=made["api_key"], id=made["id"])


def told(answer: httpx.Response, status: int) -> Any:
    """What an answer says; a refusal is problem details."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    if status >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert {"type", "title", "status", "detail", "code", "request_id"} <= body.keys()
        assert body["status"] == status
    return body


@pytest.fixture
def poster(ada: Visitor) -> Caller:
    """Somebody who posts tasks."""
    return Caller(ada.http, ada.key, ada.organization_id)


@pytest.fixture
def maker(bob: Visitor) -> Caller:
    """Somebody of another organization, who works."""
    return Caller(bob.http, bob.key, bob.organization_id)


@pytest.fixture
async def admin(hall: Hall, http: httpx.AsyncClient) -> Caller:
    """Somebody who runs the hall."""
    from tests.doors.conftest import visitor

    boss = await visitor(http, hall, "boss")
    await accounts.make_admin(hall, email="boss@example.com")
    return Caller(http, boss.key, boss.organization_id)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as one:
        yield one


@pytest.fixture
async def owner(hall: Hall, ada: Visitor) -> Actor:
    return await authenticate(hall, ada.key or "")


@pytest.fixture
def new_post(hall: Hall, ada: Visitor, receiver: Receiver) -> NewPost:
    async def make(**fields: Any) -> Post:
        made = await ada.post(HOOKS, {"url": receiver.url, **fields})
        assert made.status_code == 201, made.text
        outgoing = Outgoing(hall.rules.webhook_networks, attempt_s=1.0)
        return Post(hall, Sender(hall, outgoing), ada, made.json())

    return make


@pytest.fixture
async def server(front: Front) -> AsyncIterator[Server]:
    async with on_a_socket(front) as served:
        yield served


@pytest.fixture
async def own(server: Server, ada: Visitor) -> AsyncIterator[Streaming]:
    """Ada's streams."""
    async with Streaming(server.url, ada.key or "") as client:
        yield client


@pytest.fixture
async def actor(hall: Hall, ada: Visitor) -> Actor:
    return await authenticate(hall, ada.key or "")


@pytest.fixture
def postgres_url(postgres_cluster: Cluster) -> Iterator[str]:
    name = postgres_cluster.create()
    yield postgres_cluster.url(name)
    postgres_cluster.drop(name)


@pytest.fixture
async def two_halls(postgres_url: str) -> AsyncIterator[tuple[Hall, Hall]]:
    """Two servers of one database, who tell one another what happens."""
    async with contextlib.AsyncExitStack() as opened:
        halls: list[Hall] = []
        for _ in range(2):
            database = await open_database(postgres_url)
            opened.push_async_callback(database.close)
            one = make_hall(database, clock=Clock(), engine=QuietEngine())
            messenger = database.messenger(one.signals.hear, one.signals.hear_all)
            assert messenger is not None
            opened.push_async_callback(messenger.close)
            one.signals.outwards = messenger.send
            halls.append(one)
        yield halls[0], halls[1]
