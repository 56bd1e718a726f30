"""Halls for tests: real ones on the test's own database, with a clock that a test can move."""

import asyncio
import contextlib
import os
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher

from hiringhall.actions import accounts
from hiringhall.actions.accounts import IssuedKey
from hiringhall.actions.runs import working
from hiringhall.actions.tasks.post import create_task
from hiringhall.blobs import LocalBlobs
from hiringhall.domain import ids
from hiringhall.domain.members import MemberRole
from hiringhall.domain.policy import Actor
from hiringhall.domain.runs import Run, RunToken
from hiringhall.domain.tasks import State, Task
from hiringhall.engine.local import LocalEngine
from hiringhall.engine.work import Carrier
from hiringhall.github import GitHub
from hiringhall.hall import Hall, Rules, Staffing
from hiringhall.mail import ConsoleMail
from hiringhall.passwords import Passwords
from hiringhall.payments import InsidePayments, Payments
from hiringhall.queries.accounts import authenticate
from hiringhall.queries.tasks import task_view
from hiringhall.sealing import Sealer
from hiringhall.signals import Signals
from hiringhall.store import accounts as account_rows
from hiringhall.store.database import Database, Tx
from hiringhall.store.tasks import TaskRow
from hiringhall.workers.carrier import HallEngine
from hiringhall.workers.masking import LiveSecrets
from hiringhall.workers.runner import Runner
from hiringhall.workers.runtimes.rehearsal import Rehearsal, Script, Turn

START_US = 1_772_000_000_000_000
"""2026-02-25, a moment like any other."""

PATIENCE_S = 60.0
"""How long a test waits for what should take milliseconds: the machine may be busy."""

REHEARSING = Staffing("rehearsal", "", {"rehearsal": ""})
NOBODY = Staffing(None, "Nobody is set up here", {"rehearsal": ""})

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""Hashes in no time: what protects passwords is not what most tests are about."""


class Clock:
    """A clock that moves by a microsecond whenever it is read, and as far as a test says."""

    def __init__(self, now_us: int = START_US) -> None:
        self.now_us = now_us

    def __call__(self) -> int:
        self.now_us += 1
        return self.now_us

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now_us += int(seconds * 1_000_000)


@dataclass
class QuietEngine:
    """An engine that only remembers what it was told: the test itself does the carrying."""

    wakes: int = 0
    looked_at: list[str] = field(default_factory=list[str])
    stopped: list[RunToken] = field(default_factory=list[RunToken])

    def wake(self) -> None:
        self.wakes += 1

    def queued(self, run: Run) -> None:
        self.wake()

    def look_at(self, team_id: str) -> None:
        self.looked_at.append(team_id)

    def stop_run(self, token: RunToken) -> None:
        self.stopped.append(token)


@pytest.fixture
def clock() -> Clock:
    """The hall's clock, in the test's hand."""
    return Clock()


@pytest.fixture
def engine() -> QuietEngine:
    """The hall's engine, which carries nothing."""
    return QuietEngine()


@pytest.fixture
def hall(database: Database, clock: Clock, engine: QuietEngine) -> Hall:
    """A hall with a rehearsal worker that nobody carries, on the test's own database."""
    return make_hall(database, clock=clock, engine=engine)


def make_hall(
    database: Database,
    *,
    clock: Callable[[], int],
    engine: Any,
    staffing: Staffing = REHEARSING,
    rules: Rules | None = None,
    payments: Payments | None = None,
) -> Hall:
    """A hall out of its parts."""
    return Hall(
        database=database,
        clock=clock,
        new_id=lambda: ids.uuid7(clock(), os.urandom(10)),
        random=os.urandom,
        signals=Signals(),
        engine=engine,
        staffing=staffing,
        rules=rules or Rules(),
        passwords=Passwords(QUICK),
        sealer=Sealer(b"k" * 32),
        github=GitHub("http://127.0.0.1:9"),
        payments=payments or InsidePayments(),
        mail=ConsoleMail(lambda _text: None),
        check_role=lambda _runtime, _config: None,
        check_repository=lambda repository: repository,
        mask=LiveSecrets().text,
    )


async def open_account(hall: Hall, name: str = "ada") -> IssuedKey:
    """A new account with an organization of its own."""
    return await accounts.register(
        hall,
        email=f"{name}@example.com",
        name=name.capitalize(),
        organization_name=f"{name}'s workshop",
        source_address="127.0.0.1",
    )


async def sign_up(hall: Hall, name: str = "ada") -> Actor:
    """A new account, as the actor that its key stands for."""
    return await authenticate(hall, (await open_account(hall, name)).secret)


async def post(hall: Hall, actor: Actor, **fields: Any) -> Task:
    """A task as posters post it."""
    fields = {"title": "Build a page", "description": "With a hero.", **fields}
    return await create_task(hall, actor=actor, **fields)


async def begin(hall: Hall, *, node_id: str = "node") -> Run:
    """Take the next run and start it, as a node does."""
    run = await working.claim_next_run(
        hall, node_id=node_id, lease_s=30, runtimes=hall.staffing.ready
    )
    assert run is not None, "no run is queued"
    await working.start_run(hall, token=run.token)
    return run


async def view(hall: Hall, actor: Actor, task: Task) -> TaskRow:
    """The task as its poster sees it now."""
    return await task_view(hall, actor=actor, task_id=task.id)


@dataclass
class House:
    """A hall whose work is really carried, on the wall clock of the test's own process."""

    hall: Hall
    runner: Runner
    engine: Carrier[Run]

    async def until(self, actor: Actor, task_id: str, *states: State) -> TaskRow:
        """Wait until a task is in one of some states; fails with the state it is stuck in."""
        with self.hall.signals.listening(task_id) as listener:
            while True:
                row = await task_view(self.hall, actor=actor, task_id=task_id)
                if row.task.state in states:
                    return row
                heard = await listener.wait(PATIENCE_S)
                assert heard, f"the task stayed {row.task.state} ({row.task.waiting_for})"

    async def until_idle(self) -> None:
        """Wait until no run is at work."""
        async with asyncio.timeout(PATIENCE_S):
            while self.engine.busy:  # noqa: ASYNC110  nothing tells a test but a look
                await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def carrying(
    database: Database,
    folder: Path,
    *turns: Turn,
    rules: Rules | None = None,
    clock: Callable[[], int] | None = None,
    logs: Path | None = None,
) -> AsyncGenerator[House]:
    """A hall that plays a script for real: engine, runner and rehearsal at work."""
    from hiringhall.app import now_us

    engine = LocalEngine[Run](slots=4)
    carrier = HallEngine(engine)
    hall = make_hall(database, clock=clock or now_us, engine=carrier, rules=rules)
    rehearsal = Rehearsal(Script(list(turns)), logs=logs) if turns else Rehearsal(logs=logs)
    runner = Runner(
        hall,
        blobs=LocalBlobs(folder / "blobs"),
        runtimes={"rehearsal": rehearsal},
        node_id="test-node",
    )
    carrier.runner = runner
    work = asyncio.create_task(engine.carry(runner))
    try:
        yield House(hall, runner, engine)
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


def with_staffing(hall: Hall, staffing: Staffing) -> Hall:
    """The same hall with other workers."""
    return replace(hall, staffing=staffing)


async def member_of(hall: Hall, owner: Actor, name: str = "mate") -> Actor:
    """Somebody who belongs to an owner's organization, and is no owner of it."""
    return await join(hall, await sign_up(hall, name), owner)


async def join(hall: Hall, somebody: Actor, owner: Actor) -> Actor:
    """Let somebody belong to an owner's organization: who they are in it."""
    organization_id, user_id = owner.organization_id, somebody.user_id
    assert organization_id is not None
    assert user_id is not None

    async def enter(tx: Tx) -> None:
        await account_rows.add_membership(
            tx,
            user_id=user_id,
            organization_id=organization_id,
            at_us=hall.clock(),
            role=MemberRole.MEMBER,
        )

    await hall.database.write(enter)
    return replace(somebody, organization_id=organization_id)
