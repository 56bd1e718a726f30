"""A task that moves to another node goes on in the same session, with its unfinished work."""

import asyncio
import json
import shutil
import signal
from collections.abc import Sequence
from pathlib import Path

import pytest

from hiringhall.actions.tasks import answer
from hiringhall.domain.ids import branch_of
from hiringhall.domain.runs import RunState
from hiringhall.domain.saved import Part
from hiringhall.domain.tasks import Task
from hiringhall.queries.saved import saved_work, tasks_with_saved_work
from tests.nodes.conftest import Halls
from tests.nodes.processes import Machines, Running
from tests.support.halls import post
from tests.workers.agents_at_work import DONE, QUESTION, Step, play_at
from tests.workspace.support import Origin

pytestmark = [pytest.mark.anyio, pytest.mark.sandbox]

ASKS: list[Step] = [
    {"write": ["/workspace/half.txt", "half\n"]},
    {"call": ["ask", {"questions": [QUESTION]}]},
]
STAYS: list[Step] = [
    {"write": ["/workspace/more.txt", "more\n"]},
    {"say": "So far."},
    {"sleep": 600},
]
ENDS: list[Step] = [{"echo_prompt": "/workspace/told.txt"}, *DONE]


@pytest.fixture
def origin(tmp_path: Path) -> Origin:
    return Origin.make(tmp_path / "origin.git")


async def posted(halls: Halls, origin: Origin, *turns: Sequence[Step]) -> Task:
    """A task on a repository, for an agent that plays these turns."""
    await play_at(halls.hall, *turns)
    return await post(halls.hall, halls.ada, role="worker", repository=str(origin.folder))


async def worker(machines: Machines, name: str, **settings: str) -> Running:
    return await machines.work(name, LOCAL_RUNS="1", ALLOW_LOCAL_REPOSITORIES="1", **settings)


def conversations(node: Running, task: Task) -> dict[str, list[str]]:
    """What the agent was told at a node, by the conversation's own id."""
    folder = Path(node.said["data_dir"]) / "runs/sessions" / task.id / "home/played"
    found = (path for path in folder.iterdir() if len(path.name) == 36)
    return {path.name: json.loads(path.read_text()) for path in found}


async def until_at_work(node: Running, task: Task, name: str) -> None:
    """Wait until the agent has written a file, and the hall has heard of its turn."""
    folder = Path(node.said["data_dir"])
    record = folder / "runs/sessions" / task.id / "session.json"

    def is_there() -> bool:
        written = any(folder.glob(f"work/runs/*/workspace/{name}"))
        return written and record.exists() and bool(json.loads(record.read_text())["seen"])

    async with asyncio.timeout(60):
        while not await asyncio.to_thread(is_there):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def until_saved_at_work(halls: Halls, task: Task) -> None:
    """Wait until unfinished work was saved of a run that goes on."""
    run = await halls.newest_run(task.id)
    async with asyncio.timeout(60):
        while True:
            parts = (await saved_work(halls.hall, token=run.token)).parts
            if Part.SESSION in parts and Part.WIP in parts and parts[Part.RUN].at_work:
                return
            await asyncio.sleep(0.05)


async def asked(halls: Halls, task: Task) -> None:
    await halls.until_said(task.id, "question_asked")


async def test_a_session_goes_on_at_another_node_with_the_work_that_was_unfinished(
    halls: Halls, machines: Machines, origin: Origin
) -> None:
    first = await worker(machines, "first")
    task = await posted(halls, origin, ASKS, ENDS)
    await asked(halls, task)
    ((name, _),) = conversations(first, task).items()
    assert await first.end(signal.SIGTERM) == 0
    second = await worker(machines, "second")
    await answer.reply(halls.hall, actor=halls.ada, task_id=task.id, text="Blue")
    await halls.until_delivered(task.id)
    told = conversations(second, task)
    assert list(told) == [name]
    assert len(told[name]) == 2
    assert told[name][1].startswith("Since you last worked on the task:")
    assert origin.read(branch_of(task.id), "half.txt") == "half"
    words = " ".join(await halls.words(task.id))
    assert words.count("work_brought") == 1
    assert "UTC, when the last run ended." in words


async def test_a_stopped_node_hands_over_at_once_with_all_that_it_has(
    halls: Halls, machines: Machines, origin: Origin
) -> None:
    first = await worker(machines, "first")
    task = await posted(halls, origin, STAYS, ENDS)
    await until_at_work(first, task, "more.txt")
    ((name, _),) = conversations(first, task).items()
    assert await first.end(signal.SIGTERM) == 0
    # Before its lease is over.
    assert (await halls.newest_run(task.id)).generation == 2
    second = await worker(machines, "second")
    await halls.until_delivered(task.id)
    assert list(conversations(second, task)) == [name]
    assert origin.read(branch_of(task.id), "more.txt") == "more"
    assert origin.read(branch_of(task.id), "told.txt").startswith("Your work was interrupted")
    assert "UTC, when the last run ended." in " ".join(await halls.words(task.id))


async def test_of_a_killed_node_the_newest_state_that_was_saved_goes_on(
    halls: Halls, machines: Machines, origin: Origin
) -> None:
    first = await worker(machines, "first")
    task = await posted(halls, origin, ASKS, STAYS, ENDS)
    await asked(halls, task)
    ((name, _),) = conversations(first, task).items()
    await answer.reply(halls.hall, actor=halls.ada, task_id=task.id, text="Blue")
    await until_at_work(first, task, "more.txt")
    second = await worker(machines, "second")
    await first.end(signal.SIGKILL)
    await until_at_work(second, task, "half.txt")
    # It does again what nobody had saved.
    await until_at_work(second, task, "more.txt")
    assert list(conversations(second, task)) == [name]
    words = " ".join(await halls.words(task.id))
    assert "UTC; what was done after that, if anything, could not be had." in words
    # The first comes back, and goes on with what the second saves now.
    assert await second.end(signal.SIGTERM) == 0
    first = await worker(machines, "first")
    await halls.until_delivered(task.id)
    assert list(conversations(first, task)) == [name]
    assert origin.read(branch_of(task.id), "half.txt") == "half"
    assert origin.read(branch_of(task.id), "more.txt") == "more"
    assert await tasks_with_saved_work(halls.hall, after="") == [task.id]


async def test_of_a_node_that_is_killed_at_work_what_it_saved_meanwhile_goes_on(
    halls: Halls, machines: Machines, origin: Origin
) -> None:
    first = await worker(machines, "first", SAVE_EVERY_S="1")
    task = await posted(halls, origin, STAYS, ENDS)
    await until_saved_at_work(halls, task)
    ((name, _),) = conversations(first, task).items()
    assert (await halls.newest_run(task.id)).state is RunState.RUNNING
    await first.end(signal.SIGKILL)
    # For good: not even its disk comes back.
    shutil.rmtree(str(first.said["data_dir"]))
    second = await worker(machines, "second")
    await halls.until_delivered(task.id)
    told = conversations(second, task)
    assert list(told) == [name]
    assert len(told[name]) == 2
    assert origin.read(branch_of(task.id), "more.txt") == "more"
    assert origin.read(branch_of(task.id), "told.txt").startswith("Your work was interrupted")
    words = " ".join(await halls.words(task.id))
    assert words.count("work_brought") == 1
    assert "UTC; what was done after that, if anything, could not be had." in words
    assert (await halls.newest_run(task.id)).generation == 2


async def test_it_says_so_where_nothing_could_be_had(
    halls: Halls, machines: Machines, origin: Origin
) -> None:
    first = await worker(machines, "first")
    task = await posted(halls, origin, STAYS, ENDS)
    await until_at_work(first, task, "more.txt")
    await first.end(signal.SIGKILL)
    second = await worker(machines, "second")
    await until_at_work(second, task, "more.txt")
    assert len(conversations(second, task)) == 1
    assert "a new session begins" in " ".join(await halls.words(task.id))
