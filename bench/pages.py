"""The pages in a large hall: how long the server takes for each, and how many bytes it sends."""

import asyncio
import random
import sqlite3
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
import httpx
from prometheus_client import CollectorRegistry

from bench.board import _execute
from bench.figures import Line, p50_p99, percentile
from bench.fill import multiply
from bench.lives import LIVES, _live, somebody
from bench.places import Place
from bench.processes import BenchError
from bench.scale import Plan
from hiringhall.actions import accounts, signing_in
from hiringhall.actions.feed import sequence
from hiringhall.app import now_us
from hiringhall.blobs import FileLinks, LocalBlobs
from hiringhall.doors.desk import Desk
from hiringhall.doors.front import open_front
from hiringhall.doors.health import Health
from hiringhall.doors.pages.door import DOOR
from hiringhall.hall import Hall
from hiringhall.store.database import open_database
from tests.doors.conftest import Worker
from tests.doors.native.conftest import Caller
from tests.doors.sweep.browsers import UNKNOWN, Visited, address_of
from tests.doors.sweep.world import make_world
from tests.support.halls import QuietEngine, make_hall

WITHIN_MS = 100.0
WITHIN_BYTES = 150_000
AN_HOUR_US = 3_600_000_000
PASSWORD = "correct horse battery"  # noqa: S105  of nobody's
BASE_URL = "http://hall.bench"
OWN = frozenset({"task_id", "team_id", "run_id", "column", "name"})
"""Pages about these alone are those of whoever has all the tasks; the others of somebody else."""


class _Clock:
    """The time, and how much later it is made."""

    ahead_us = 0

    def __call__(self) -> int:
        """Microseconds UTC."""
        return now_us() + self.ahead_us


@dataclass(frozen=True, slots=True)
class Looked:
    """A page: its milliseconds, and the most bytes that it sent."""

    path: str
    took_ms: list[float]
    size_bytes: int

    @property
    def p95_ms(self) -> float:
        """Its 95th percentile."""
        return percentile(self.took_ms, 0.95)


def measure(plan: Plan, place: Place) -> Iterator[Line]:
    """Each page of a hall where one organization has most of the tasks."""
    tasks = plan.scale.thousand * 10
    plan.say(f"{place.name}: the pages of {tasks:,} tasks")
    url = place.make("pages", 0).url
    looked, events = asyncio.run(_look_at_all(plan, url, tasks))
    slowest = max(looked, key=lambda one: one.p95_ms)
    largest = max(looked, key=lambda one: one.size_bytes)
    yield Line(
        f"{place.name}: the slowest page, {tasks:,} tasks, p95",
        slowest.p95_ms,
        "ms",
        WITHIN_MS,
        cells={"hall_ms": p50_p99(slowest.took_ms)},
        details={
            "page": slowest.path,
            "events": events,
            "looked_at": len(looked),
            "pages": {
                one.path: {
                    "p50_ms": percentile(one.took_ms, 0.5),
                    "p95_ms": one.p95_ms,
                    "bytes": one.size_bytes,
                }
                for one in sorted(looked, key=lambda one: -one.p95_ms)
            },
        },
    )
    yield Line(
        f"{place.name}: the largest page, {tasks:,} tasks",
        largest.size_bytes / 1000,
        "kB",
        WITHIN_BYTES / 1000,
        details={"page": largest.path},
    )


async def _look_at_all(plan: Plan, url: str, tasks: int) -> tuple[list[Looked], int]:
    database = await open_database(url)
    clock = _Clock()
    hall = make_hall(database, clock=clock, engine=QuietEngine())
    busy = await somebody(hall, "busy")
    draw = random.Random(21)
    for life in LIVES:
        await _live(hall, busy, life, draw)
    # The prototypes that are there already are multiplied along: half of all are the busy one's.
    await _execute(url, multiply(tasks, database.dialect))
    await _execute(url, iter(["ANALYZE"]))
    blobs = LocalBlobs(plan.work / f"pages-{database.dialect}")
    desk = Desk(hall, blobs, FileLinks(b"k" * 32))
    app = open_front(desk, _health(), version="bench").app
    transport = httpx.ASGITransport(app)
    async with (
        httpx.AsyncClient(transport=transport, base_url=BASE_URL) as http,
        httpx.AsyncClient(transport=transport, base_url=BASE_URL) as all_the_tasks,
        httpx.AsyncClient(transport=transport, base_url=BASE_URL) as all_the_rest,
    ):
        admin = await accounts.create_user(hall, email="boss@example.com", name="boss")
        if admin is None:
            raise BenchError("there is no account for whoever runs the hall")
        await accounts.make_admin(hall, email="boss@example.com")
        world = await make_world(hall, http, Worker(hall, blobs), Caller(http, admin.secret))
        for email, browser in (
            ("busy@example.org", all_the_tasks),
            ("owner@example.com", all_the_rest),
        ):
            await _sign_in(hall, email, browser)
        await _settle(hall, busy.organization_id or "", clock)
        await _execute(url, iter(["ANALYZE"]))
        own = await _newest(url, busy.organization_id or "")
        theirs = {kind: listed[-1] for kind, listed in world.ids.items()} | {"unknown": UNKNOWN}
        looked: list[Looked] = []
        for visited in _pages():
            is_own = set(visited.route.parameters) <= OWN and "forces" not in visited.route.path
            browser, given = (all_the_tasks, own) if is_own else (all_the_rest, theirs)
            path = address_of(visited, given)
            looked.append(await _look(browser, visited.route.path, path, plan.scale.board_pages))
    events = await _count(url, "events")
    await database.close()
    return looked, events


async def _settle(hall: Hall, organization_id: str, clock: _Clock) -> None:
    """Let what was just written be as old as most of a hall's events are: in order, and settled."""
    for _ in range(2):
        await sequence(hall, organization_id=organization_id)
        clock.ahead_us += AN_HOUR_US


def _pages() -> Iterator[Visited]:
    for route in DOOR.routes:
        if route.method == "GET" and not route.path.endswith("/events"):
            yield Visited(route)  # pyright: ignore[reportArgumentType]


async def _look(browser: httpx.AsyncClient, name: str, path: str, times: int) -> Looked:
    took_ms: list[float] = []
    most = 0
    for number in range(times + 2):
        begun_s = time.perf_counter()
        answer = await browser.get(path, headers={"Accept": "text/html"})
        if number > 1:
            took_ms.append((time.perf_counter() - begun_s) * 1000)
        if answer.status_code >= 500:
            raise BenchError(f"{path} answered {answer.status_code}")
        most = max(most, len(answer.content))
    return Looked(name, took_ms, most)


async def _sign_in(hall: Hall, email: str, browser: httpx.AsyncClient) -> None:
    await accounts.set_password(hall, email=email, password=PASSWORD)
    await accounts.make_admin(hall, email=email)
    secret = await signing_in.sign_in(
        hall, email=email, password=PASSWORD, source_address="127.0.0.1"
    )
    browser.cookies.set("hall", secret)


async def _newest(url: str, organization_id: str) -> dict[str, str]:
    """The newest task of an organization that was delivered, with its team and its run."""
    (row,) = await _rows(
        url,
        "SELECT t.id, t.team_id, r.id FROM tasks t JOIN runs r ON r.task_id = t.id"  # noqa: S608
        f" WHERE t.organization_id = '{organization_id}' AND t.state = 'in_review'"
        " ORDER BY t.id DESC LIMIT 1",
    )
    return {"task": row[0], "team": row[1], "run": row[2], "unknown": UNKNOWN}


async def _count(url: str, table: str) -> int:
    ((count,),) = await _rows(url, f"SELECT count(*) FROM {table}")  # noqa: S608
    return int(count)


async def _rows(url: str, statement: str) -> Sequence[Any]:
    if url.startswith("sqlite://"):
        connection = sqlite3.connect(url.removeprefix("sqlite://"))
        try:
            return connection.execute(statement).fetchall()
        finally:
            connection.close()
    server = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await server.fetch(statement)]
    finally:
        await server.close()


def _health() -> Health:
    async def unready() -> dict[str, str]:
        return {}

    return Health(unready, dict[str, str], CollectorRegistry())
