"""Visitors of the Agentix door, with a key, and what they do there again and again."""

import json
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from hiringhall.domain.policy import Actor
from hiringhall.hall import Hall
from hiringhall.queries.accounts import authenticate
from tests.support.halls import open_account


@dataclass
class Customer:
    """Somebody with a key (or none) at the door."""

    http: httpx.AsyncClient
    actor: Actor
    key: str | None = None
    at: str = ""

    async def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {} if self.key is None else {"Authorization": f"Bearer {self.key}"}
        headers |= more.pop("headers", {})
        return await self.http.request(method, f"{self.at}{path}", headers=headers, **more)

    async def get(self, path: str, status: int = 200, **more: Any) -> Any:
        """What the door answers, decoded."""
        return told(await self.ask("GET", path, **more), status)

    async def post(self, path: str, body: Any = None, status: int = 201, **more: Any) -> Any:
        return told(await self.ask("POST", path, json=body, **more), status)

    async def patch(self, path: str, body: Any, status: int = 200) -> Any:
        return told(await self.ask("PATCH", path, json=body), status)

    async def put(self, path: str, body: Any, status: int = 200) -> Any:
        return told(await self.ask("PUT", path, json=body), status)

    async def delete(self, path: str, status: int = 200) -> Any:
        return told(await self.ask("DELETE", path), status)

    async def team(self, **fields: Any) -> dict[str, Any]:
        """A new team."""
        return await self.post("/teams", {"name": "my-project", **fields})


def told(answer: httpx.Response, status: int) -> Any:
    """The body of an answer with that status; of a refusal, in the door's own envelope."""
    assert answer.status_code == status, answer.text
    body = json.loads(answer.content)
    if status >= 400:
        assert body.keys() == {"error"}
        assert isinstance(body["error"], str)
        assert body["error"]
        return body["error"]
    return body


async def customer_named(http: httpx.AsyncClient, hall: Hall, name: str) -> Customer:
    """Somebody with an account."""
    issued = await open_account(hall, name)
    return Customer(http, await authenticate(hall, issued.secret), issued.secret)


@pytest.fixture
async def ceo(http: httpx.AsyncClient, hall: Hall) -> Customer:
    """Who runs the teams in these tests."""
    return await customer_named(http, hall, "ada")


@pytest.fixture
async def rival(http: httpx.AsyncClient, hall: Hall) -> Customer:
    """Somebody of another organization."""
    return await customer_named(http, hall, "bob")
