"""A hall behind its doors, on the test's own database, with visitors who speak HTTP to it."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client import CollectorRegistry

from hiringhall.actions.runs import outcomes, recovery, working
from hiringhall.actions.runs.outcomes import NewFile
from hiringhall.blobs import Blobs, FileLinks, LocalBlobs
from hiringhall.domain.questions import make_question
from hiringhall.domain.runs import Run
from hiringhall.doors.desk import Desk
from hiringhall.doors.front import Front, open_front
from hiringhall.doors.health import Health
from hiringhall.hall import Hall
from tests.support.halls import begin, open_account

BASE_URL = "http://hall.test"


@dataclass
class Visitor:
    """Somebody with a key (or none) at the Agentwork door; `at` is where the door is reached."""

    http: httpx.AsyncClient
    key: str | None = None
    at: str = ""
    organization_id: str = ""
    user_id: str = ""

    @property
    def headers(self) -> dict[str, str]:
        return {} if self.key is None else {"Authorization": f"Bearer {self.key}"}

    async def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {**self.headers, **more.pop("headers", {})}
        return await self.http.request(method, f"{self.at}{path}", headers=headers, **more)

    async def get(self, path: str, **more: Any) -> httpx.Response:
        return await self.ask("GET", path, **more)

    async def post(self, path: str, body: Any = None, **more: Any) -> httpx.Response:
        return await self.ask("POST", path, json=body, **more)

    async def create(self, **fields: Any) -> str:
        """A new task's id."""
        body = {"title": "Build a page", "description": "With a hero.", **fields}
        answer = await self.post("/api/v1/tasks/", body)
        assert answer.status_code == 201, answer.text
        return answer.json()["task_id"]

    async def task(self, task_id: str) -> dict[str, Any]:
        answer = await self.get(f"/api/v1/tasks/{task_id}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def result(self, task_id: str) -> dict[str, Any]:
        answer = await self.get(f"/api/v1/tasks/{task_id}/result")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def events(self, task_id: str) -> list[dict[str, Any]]:
        answer = await self.get(f"/api/v1/tasks/{task_id}/events")
        assert answer.status_code == 200, answer.text
        return answer.json()["events"]

    async def say(self, task_id: str, word: str, body: Any = None, **more: Any) -> httpx.Response:
        """One of `message`, `solution-status`, `spec-status`, `cancel`."""
        return await self.post(f"/api/v1/tasks/{task_id}/{word}", body, **more)


@dataclass
class Worker:
    """Plays the hall's own worker, run by run; each word takes the next queued run."""

    hall: Hall
    blobs: Blobs

    async def begins(self) -> Run:
        return await begin(self.hall)

    async def asks(self, *questions: Mapping[str, Any]) -> None:
        run = await self.begins()
        asked = [make_question(q["type"], q["question"], q.get("options")) for q in questions]
        await outcomes.ask(self.hall, token=run.token, asked=asked)

    async def messages(self, text: str) -> None:
        run = await self.begins()
        await outcomes.message_customer(self.hall, token=run.token, text=text)

    async def plans(self, text: str) -> None:
        run = await self.begins()
        await outcomes.propose_plan(self.hall, token=run.token, text=text)

    async def reports(self, run: Run, text: str) -> None:
        await working.report_progress(self.hall, token=run.token, text=text)

    async def solves(self, text: str, files: Mapping[str, bytes] | None = None) -> None:
        run = await self.begins()
        made: list[NewFile] = []
        for name, content in (files or {}).items():
            key = self.hall.new_id()
            stored = await self.blobs.put(key, content)
            made.append(NewFile(name, stored.size_bytes, stored.sha256, key))
        await outcomes.deliver(self.hall, token=run.token, text=text, files=made)

    async def gives_up(self, reason: str) -> None:
        run = await self.begins()
        await outcomes.give_up(self.hall, token=run.token, reason=reason)

    async def breaks(self, reason: str) -> None:
        run = await self.begins()
        await recovery.run_broke(self.hall, token=run.token, reason=reason)


@pytest.fixture
def blobs(tmp_path: Path) -> LocalBlobs:
    return LocalBlobs(tmp_path / "blobs")


@pytest.fixture
def links() -> FileLinks:
    return FileLinks(b"k" * 32)


@pytest.fixture
def desk(hall: Hall, blobs: LocalBlobs, links: FileLinks) -> Desk:
    return Desk(hall, blobs, links)


@pytest.fixture
def worker(hall: Hall, blobs: LocalBlobs) -> Worker:
    return Worker(hall, blobs)


OpenFront = Callable[..., Front]


@pytest.fixture
def front_of() -> OpenFront:
    """Puts up the doors before a desk."""

    def put_up(desk: Desk, **more: Any) -> Front:
        async def unready() -> dict[str, str]:
            return {}

        health = Health(unready, dict[str, str], CollectorRegistry())
        return open_front(desk, health, version="test", **more)

    return put_up


@pytest.fixture
def front(desk: Desk, front_of: OpenFront) -> Front:
    return front_of(desk)


@pytest.fixture
async def http(front: Front) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(front.app)
    async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
        yield client


@pytest.fixture
def stranger(http: httpx.AsyncClient) -> Visitor:
    """Somebody without a key."""
    return Visitor(http)


async def visitor(http: httpx.AsyncClient, hall: Hall, name: str) -> Visitor:
    """Somebody with an account."""
    issued = await open_account(hall, name)
    return Visitor(http, issued.secret, "", issued.organization_id, issued.user_id)


@pytest.fixture
async def ada(http: httpx.AsyncClient, hall: Hall) -> Visitor:
    """Somebody with an account."""
    return await visitor(http, hall, "ada")


@pytest.fixture
async def bob(http: httpx.AsyncClient, hall: Hall) -> Visitor:
    """Somebody with an account in another organization."""
    return await visitor(http, hall, "bob")


def refused(answer: httpx.Response, status: int) -> str:
    """What a refusal in the Agentwork door's envelope says (seed 000, "Error responses")."""
    assert answer.status_code == status, answer.text
    body = json.loads(answer.content)
    assert body.keys() == {"status_code", "detail"}
    assert body["status_code"] == status
    assert isinstance(body["detail"], str)
    assert body["detail"]
    assert answer.headers["content-type"] == "application/json"
    return body["detail"]
