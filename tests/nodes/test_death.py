"""A node that dies or stops: its runs go on elsewhere, and nobody works beside a live one."""

import asyncio
import json
import signal
import uuid
from pathlib import Path

import pytest

from hiringhall.app import now_us
from hiringhall.domain.runs import RunState
from tests.nodes.conftest import Halls
from tests.nodes.processes import Machines
from tests.sandboxes.processes import marked, until
from tests.support.halls import post

pytestmark = pytest.mark.anyio

LEASE_S = 12
"""Long enough for its parts to be told apart on a machine that has other work."""


@pytest.fixture(params=["local", "procrastinate"])
def machines(request: pytest.FixtureRequest, machines: Machines) -> Machines:
    """Machines whose runs are carried by either engine."""
    return machines.with_settings(ENGINE=request.param, LEASE_S=str(LEASE_S))


def script(folder: Path, name: str, *turns: dict[str, object]) -> str:
    path = folder / f"{name}.json"
    path.write_text(json.dumps({"turns": list(turns)}))
    return str(path)


@pytest.mark.parametrize("dies", ["worker", "server"])
async def test_a_killed_nodes_runs_go_on_elsewhere_within_twice_the_lease(
    halls: Halls, machines: Machines, tmp_path: Path, dies: str
) -> None:
    # Whoever has the run first is at it for as long as this test takes.
    long = script(tmp_path, "long", {"progress": ["Begun"], "sleep": 3600, "solution": "Late"})
    short = script(tmp_path, "short", {"progress": ["Begun"], "solution": "Done"})
    server_runs = "1" if dies == "server" else "0"
    server = await machines.serve(LOCAL_RUNS=server_runs, REHEARSAL_SCRIPT=long)
    first = server
    if dies == "worker":
        first = await machines.work("first", REHEARSAL_SCRIPT=long)
    task = await post(halls.hall, halls.ada)
    assert (await halls.until_running(task.id)).node_id == first.node_id
    second = await machines.work("second", REHEARSAL_SCRIPT=short)
    await first.end(signal.SIGKILL)
    killed_us = now_us()
    run = await halls.until(task.id, lambda run: run.generation == 2 and bool(run.started_at_us))
    assert run.started_at_us is not None
    assert run.started_at_us - killed_us < 2 * LEASE_S * 1_000_000
    assert run.node_id == second.node_id
    assert (run.turn, run.losses, run.attempts) == (0, 1, 0)
    await halls.until_delivered(task.id)
    said = await halls.words(task.id)
    assert sum("'Begun'" in words for words in said) == 1


@pytest.mark.sandbox
async def test_a_paused_node_has_no_agent_left_when_another_begins(
    halls: Halls, machines: Machines
) -> None:
    mark = uuid.uuid4().hex
    await halls.role(f"echo begun; sleep 600; echo {mark}")
    first = await machines.work("first", LOCAL_RUNS="1")
    task = await post(halls.hall, halls.ada, role="worker")
    await halls.until_running(task.id)
    await until(lambda: bool(marked(mark, but="hiringhall.cli")))
    theirs = set(marked(mark, but="hiringhall.cli"))
    second = await machines.work("second", LOCAL_RUNS="1")
    await halls.pause(first)
    run = await halls.until(task.id, lambda run: run.generation == 2)
    # Nobody of the first is left at the moment when the second may begin.
    assert not theirs & set(marked(mark, but="hiringhall.cli"))
    run = await halls.until_running(task.id, generation=2)
    assert run.node_id == second.node_id
    first.send(signal.SIGCONT)
    # It has let go of its run when its only place takes another.
    other = await post(halls.hall, halls.ada)
    assert (await halls.until(other.id, lambda run: run.node_id is not None)).node_id == (
        first.node_id
    )
    newest = await halls.newest_run(task.id)
    assert (newest.id, newest.state) == (run.id, RunState.RUNNING)
    assert "run_ended" not in (await halls.words(task.id))[-1]


async def test_a_cancelled_run_ends_at_once_on_whichever_node_it_is(
    halls: Halls, machines: Machines, tmp_path: Path
) -> None:
    from hiringhall.actions.tasks.answer import cancel_task

    play = script(tmp_path, "play", {"progress": ["Begun"], "sleep": 600, "solution": "Done"})
    worker = await machines.work("worker", LOCAL_RUNS="1", REHEARSAL_SCRIPT=play, LEASE_S="600")
    task = await post(halls.hall, halls.ada)
    await halls.until_running(task.id)
    waits = await post(halls.hall, halls.ada)
    await cancel_task(halls.hall, actor=halls.ada, task_id=task.id)
    # Its only place is free again, long before a heartbeat would have told it.
    async with asyncio.timeout(60):
        await halls.until_running(waits.id)
    assert await worker.end(signal.SIGTERM) == 0


async def test_nodes_that_cannot_be_of_one_hall_are_refused(
    machines: Machines, tmp_path: Path
) -> None:
    await machines.serve(LOCAL_RUNS="0")
    other = await machines.work("other", SECRET_KEY_FILE=str(tmp_path / "another.key"))
    assert await other.process.wait() == 2
    assert "HIRINGHALL_SECRET_KEY_FILE" in other.log.read_text()
    other = await machines.work("third", BLOBS="")
    assert await other.process.wait() == 2
    assert "HIRINGHALL_BLOBS" in other.log.read_text()
