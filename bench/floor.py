"""The floor: the two measured requests by hand, with nothing between Starlette and the driver.

`python -m bench.floor DATABASE_URL` serves them under the same uvicorn, uvloop and httptools as
the hall, on a copy of the same database, with the same key check (SHA-256, by its index), the same
reads and the same rows written. It has no rules, no permissions beyond the organization, no error
table, no idempotency, no events to anybody: what the hall costs beyond it is the price of those.

What was chosen so that the comparison is fair, which here means hard on the hall:

* JSON by msgspec into and out of structs, the fastest there is; plain tuples instead of objects;
  SQL as literal text; two events in one statement.
* SQLite: reads on the event loop, since a thread costs more than the read. WAL, `synchronous=FULL`
  and foreign keys, as the hall has them. Writes share commits: what has gathered while the last
  COMMIT was made on a thread is written in one transaction. A commit for each request would be the
  more usual code, but costs 1.85 times the CPU; against that the hall would win by its group commit
  and the rest of it would go unmeasured. There are no savepoints here: one failure fails all.
* PostgreSQL: asyncpg with its own pool, one connection for all that a request asks, a transaction
  for the POST alone.
"""

import asyncio
import contextlib
import hashlib
import json
import os
import sqlite3
import sys
import time
import uuid
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from typing import Any, Protocol

import asyncpg
import msgspec
import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench.floor_sql import POSTGRES, SQLITE

DAY_US = 86_400_000_000
CREDITS_PER_DAY = 100
JSON = "application/json"

STATUS = {
    "awaiting_reply": "awaiting_reply",
    "in_review": "awaiting_solution_approval",
    "disputed": "awaiting_solution_approval",
    "done": "completed",
    "failed": "cancelled",
    "cancelled": "cancelled",
    "expired": "cancelled",
}

encode = msgspec.json.Encoder().encode


class Message(msgspec.Struct):
    """A solution."""

    message_id: str
    content: str


class Question(msgspec.Struct):
    """A question."""

    message_id: str
    content: str
    type: str


class Task(msgspec.Struct):
    """The answer to GET."""

    task_id: str
    title: str
    status: str
    last_activity_at: str
    question: Question | None
    solution: Message | None


class NewTask(msgspec.Struct):
    """The body of POST."""

    title: str
    description: str


class TaskCreated(msgspec.Struct):
    """What the first event says."""

    title: str
    description: str
    engagement: str = "staff"
    acceptance: str = "poster"
    repository: str | None = None
    role: str | None = None
    spec_approval: bool = False
    price_cents: int | None = None
    team_id: str | None = None
    parent_id: str | None = None
    accept_criteria: str | None = None
    priority: int = 0
    dependencies: tuple[str, ...] = ()
    created_label: str | None = None


class Created(msgspec.Struct):
    """The answer to POST."""

    task_id: str
    status: str


class Store(Protocol):
    """What the two handlers ask of a database."""

    async def task(self, secret_sha256: bytes, task_id: str) -> tuple[Any, Any]:
        """The key's row, and the task's joined with what it waits on."""
        ...

    async def post(self, secret_sha256: bytes, new: NewTask) -> str | None:
        """Write a task, its events and its run; the task's id, or None for an unknown key."""
        ...


class Written:
    """The rows of one POST, in the order of the statements' parameters."""

    __slots__ = ("events", "run", "task", "task_id")

    def __init__(self, key: Any, desk: Any, new: NewTask, now_us: int) -> None:
        _, organization_id, user_id, _ = key
        team_id, spec_approval, _, used = desk
        if used >= CREDITS_PER_DAY:
            raise PermissionError
        title, description = new.title.strip()[:70], new.description.strip()
        actor = f"user:{user_id}"
        created = TaskCreated(
            title, description, spec_approval=bool(spec_approval), team_id=team_id
        )
        told = encode(created).decode()
        self.task_id = task_id = new_id(now_us)
        self.task = (
            *(task_id, organization_id, team_id, user_id, title, description, "staff", "poster"),
            *("open", "nothing", "", None, 2, 1, 0, 0, None, None, spec_approval, 0, None),
            *(None, None, None, now_us, now_us, now_us),
        )
        self.events = (
            *(organization_id, task_id, 1, "task_created", actor, "draft", "nothing", told, now_us),
            *(organization_id, task_id, 2, "task_published", actor, "open", "nothing", "{}"),
            now_us,
        )
        self.run = (
            *(new_id(now_us), task_id, organization_id, team_id, 1, 0, 0, "queued", "rehearsal"),
            *(None, 0, 0, 0, None, None, None, now_us, None, None, None),
        )


def new_id(now_us: int) -> str:
    """A UUIDv7 of the moment."""
    milliseconds, rest_us = divmod(now_us, 1000)
    value = milliseconds << 80 | 0x7 << 76 | (rest_us * 4096 // 1000) << 64 | 0b10 << 62
    return str(uuid.UUID(int=value | int.from_bytes(os.urandom(8), "big") >> 2))


class SqliteStore:
    """Two connections to one file: one reads on the loop, one writes for all who wait."""

    def __init__(self, path: str) -> None:
        self._reading, self._writing = _connect(path), _connect(path)
        self._loop = asyncio.get_running_loop()
        self._waiting: list[tuple[Any, NewTask, asyncio.Future[str]]] = []
        self._busy = False

    async def task(self, secret_sha256: bytes, task_id: str) -> tuple[Any, Any]:
        key = self._reading.execute(SQLITE.key, (secret_sha256,)).fetchone()
        if key is None:
            return None, None
        return key, self._reading.execute(SQLITE.task, (task_id,)).fetchone()

    async def post(self, secret_sha256: bytes, new: NewTask) -> str | None:
        key = self._reading.execute(SQLITE.key, (secret_sha256,)).fetchone()
        if key is None:
            return None
        future: asyncio.Future[str] = self._loop.create_future()
        self._waiting.append((key, new, future))
        if not self._busy:
            self._busy = True
            self._loop.call_soon(self._write)
        return await future

    def _write(self) -> None:
        batch, self._waiting = self._waiting, []
        execute = self._writing.execute
        execute("BEGIN IMMEDIATE")
        answers: list[tuple[asyncio.Future[str], str]] = []
        for key, new, future in batch:
            now_us = time.time_ns() // 1000
            desk = execute(SQLITE.desk, ("", key[2], now_us // DAY_US, key[1])).fetchone()
            written = Written(key, desk, new, now_us)
            execute(SQLITE.insert_task, written.task)
            execute(SQLITE.insert_events, written.events)
            execute(SQLITE.insert_run, written.run)
            answers.append((future, written.task_id))
        commit = self._loop.run_in_executor(None, self._writing.commit)
        commit.add_done_callback(lambda done: self._written(done, answers))

    def _written(
        self, done: asyncio.Future[None], answers: list[tuple[asyncio.Future[str], str]]
    ) -> None:
        done.result()
        for future, task_id in answers:
            future.set_result(task_id)
        if self._waiting:
            self._loop.call_soon(self._write)
        else:
            self._busy = False


def _connect(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("PRAGMA cache_size = -65536")  # as much as the hall has
    return connection


class PostgresStore:
    """asyncpg's pool, of the hall's size."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool

    async def task(self, secret_sha256: bytes, task_id: str) -> tuple[Any, Any]:
        async with self._pool.acquire() as connection:
            key = await connection.fetchrow(POSTGRES.key, secret_sha256)
            if key is None:
                return None, None
            return key, await connection.fetchrow(POSTGRES.task, task_id)

    async def post(self, secret_sha256: bytes, new: NewTask) -> str | None:
        async with self._pool.acquire() as connection:
            key = await connection.fetchrow(POSTGRES.key, secret_sha256)
            if key is None:
                return None
            now_us = time.time_ns() // 1000
            async with connection.transaction():
                desk = await connection.fetchrow(
                    POSTGRES.desk, "", key[2], now_us // DAY_US, key[1]
                )
                written = Written(key, desk, new, now_us)
                await connection.execute(POSTGRES.insert_task, *written.task)
                await connection.execute(POSTGRES.insert_events, *written.events)
                await connection.execute(POSTGRES.insert_run, *written.run)
        return written.task_id


def _app(store: Store) -> Starlette:
    decode = msgspec.json.Decoder(NewTask).decode

    async def get_task(request: Request) -> Response:
        key, row = await store.task(_digest(request), request.path_params["task_id"])
        if key is None:
            return Response(status_code=401)
        if row is None or row[1] != key[1]:
            return Response(status_code=404)
        return Response(encode(_task(row)), media_type=JSON)

    async def post_task(request: Request) -> Response:
        task_id = await store.post(_digest(request), decode(await request.body()))
        if task_id is None:
            return Response(status_code=401)
        return Response(encode(Created(task_id, "processing")), 201, media_type=JSON)

    return Starlette(
        routes=[
            Route("/api/v1/tasks/{task_id}", get_task),
            Route("/api/v1/tasks/", post_task, methods=["POST"]),
        ]
    )


def _digest(request: Request) -> bytes:
    return hashlib.sha256(request.headers["authorization"][7:].encode()).digest()


def _task(row: Any) -> Task:
    task_id, _, title, state, last_us, *ids_and_texts = row
    question_id, kind, question, questions, deliverable_id, solution = ids_and_texts
    moment = datetime.fromtimestamp(last_us // 1_000_000, UTC).replace(tzinfo=None).isoformat()
    status = STATUS.get(state, "processing")
    answer = Task(task_id, title, status, moment, None, None)
    if status == "awaiting_reply" and kind == "clarifying":
        content = f'{{"type": "clarifying_questions", "questions": {questions}}}'
        answer.question = Question(question_id, content, "CLARIFYING_QUESTIONS")
    elif status == "awaiting_reply" and kind is not None:
        answer.question = Question(question_id, question, "TO_CUSTOMER")
    elif status == "awaiting_solution_approval" and deliverable_id is not None:
        answer.solution = Message(deliverable_id, solution)
    return answer


@contextlib.asynccontextmanager
async def _open(url: str) -> AsyncGenerator[Store]:
    if url.startswith("sqlite://"):
        yield SqliteStore(url.removeprefix("sqlite://"))
        return
    pool = await asyncpg.create_pool(url, min_size=1, max_size=10)
    async with pool:
        yield PostgresStore(pool)


class _Uvicorn(uvicorn.Server):
    """Says where it serves."""

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        host, port = self.servers[0].sockets[0].getsockname()
        print(json.dumps({"url": f"http://{host}:{port}"}), flush=True)


async def _serve(url: str) -> None:
    async with _open(url) as store:
        # As the hall configures it, but for its protocol with deadlines.
        config = uvicorn.Config(
            _app(store),
            host="127.0.0.1",
            port=0,
            http="httptools",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=5,
        )
        await _Uvicorn(config).serve()


if __name__ == "__main__":
    uvloop.run(_serve(sys.argv[1]))
