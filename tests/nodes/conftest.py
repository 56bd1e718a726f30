"""A hall of several processes, and the test's own way into its database."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Integer, text

from hiringhall.actions.accounts import tidy_email
from hiringhall.actions.roles import set_role
from hiringhall.app import now_us
from hiringhall.domain.policy import Actor
from hiringhall.domain.runs import Run, RunState
from hiringhall.engine.local import LocalEngine
from hiringhall.hall import Hall, Staffing
from hiringhall.queries.tasks import task_log
from hiringhall.store import runs
from hiringhall.store.database import Database, Tx, open_database
from hiringhall.store.statements import Statement
from hiringhall.workers.carrier import HallEngine
from tests.nodes.processes import Machines, Running
from tests.support.databases import Cluster
from tests.support.halls import PATIENCE_S, make_hall, sign_up

STAFFED = Staffing("rehearsal", "", {"rehearsal": "", "command": "", "acp:generic": ""})


_in_transaction = Statement(
    text(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() "
        "AND pid <> pg_backend_pid() AND xact_start IS NOT NULL AND backend_type = 'client backend'"
    ).columns(pid=Integer),
    name="test_in_transaction",
)


@dataclass
class Halls:
    """The hall as this process sees it: it posts and looks, and carries nothing."""

    hall: Hall
    database: Database
    ada: Actor

    async def role(self, script: str) -> None:
        """Have the role `worker` run a shell script."""
        email = tidy_email("ada@example.com")
        config = {"argv": ["/bin/sh", "-c", script]}
        await set_role(self.hall, email=email, name="worker", runtime="command", config=config)

    async def newest_run(self, task_id: str) -> Run:
        """The run with the highest generation of a task."""

        async def body(tx: Tx) -> Run | None:
            return await runs.newest_of_task(tx, task_id)

        found = await self.database.read(body)
        assert found is not None
        return found

    async def words(self, task_id: str) -> list[str]:
        """What the task's log says, event by event."""
        log = await task_log(self.hall, actor=self.ada, task_id=task_id)
        return [f"{event.type} {event.data}" for event in log]

    async def until(self, task_id: str, holds: Callable[[Run], bool]) -> Run:
        """Wait until a task's newest run is as it should be."""
        with self.hall.signals.listening(task_id) as listener:
            while True:
                run = await self.newest_run(task_id)
                if holds(run):
                    return run
                assert await listener.wait(PATIENCE_S), f"it stayed {run}"

    async def until_running(self, task_id: str, *, generation: int = 1) -> Run:
        return await self.until(
            task_id, lambda run: run.generation >= generation and run.state is RunState.RUNNING
        )

    async def until_said(self, task_id: str, part: str) -> None:
        """Wait until a task's log has something in it."""
        with self.hall.signals.listening(task_id) as listener:
            while part not in " ".join(await self.words(task_id)):
                assert await listener.wait(PATIENCE_S), await self.words(task_id)

    async def pause(self, node: Running) -> None:
        """Stop a process between two transactions: in one it would hold its locks."""
        while True:
            node.send(signal.SIGSTOP)
            for _ in range(40):
                if not await self.database.read(lambda tx: tx.all(_in_transaction)):
                    return
                await asyncio.sleep(0.05)
            node.send(signal.SIGCONT)

    async def until_delivered(self, task_id: str) -> None:
        await self.until_said(task_id, "deliverable_submitted")


@pytest.fixture
def postgres_url(postgres_cluster: Cluster) -> Iterator[str]:
    """A migrated database on PostgreSQL, which several processes can share."""
    name = postgres_cluster.create()
    yield postgres_cluster.url(name)
    postgres_cluster.drop(name)


@pytest.fixture
async def halls(postgres_url: str) -> AsyncIterator[Halls]:
    """The hall from outside of its processes."""
    database = await open_database(postgres_url)
    hall = make_hall(database, clock=now_us, engine=None, staffing=STAFFED)
    engine = HallEngine(LocalEngine[Run](slots=0), hall.signals)
    object.__setattr__(hall, "engine", engine)
    messenger = database.messenger(hall.signals.hear, hall.signals.hear_all)
    assert messenger is not None
    hall.signals.outwards = messenger.send
    yield Halls(hall, database, await sign_up(hall))
    await messenger.close()
    await database.close()


@pytest.fixture
async def machines(postgres_url: str, tmp_path: Path) -> AsyncIterator[Machines]:
    """Machines that share the test's database; whatever runs there ends with the test."""
    machines = Machines(tmp_path, postgres_url)
    yield machines
    await machines.end_all()
