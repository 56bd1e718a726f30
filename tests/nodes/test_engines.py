"""What either engine has to keep over several processes: limits, priorities, no run twice."""

import itertools
import json
from pathlib import Path

import pytest
from sqlalchemy import BigInteger, bindparam, text, update

from hiringhall.actions.teams import change_team
from hiringhall.domain.runs import Run, RunState
from hiringhall.queries.runs import runs_of_team
from hiringhall.queries.teams import list_teams
from hiringhall.store.database import Tx
from hiringhall.store.statements import Statement
from hiringhall.store.tables import runs
from tests.nodes.conftest import Halls
from tests.nodes.processes import Machines, Running
from tests.support.halls import post

pytestmark = pytest.mark.anyio


_set_priority = Statement(
    update(runs)
    .where(runs.c.task_id == bindparam("of_task"))
    .values(priority=bindparam("new_priority")),
    name="test_set_priority_of_nodes",
)


_has_tables = Statement(
    text("SELECT count(to_regclass('hiringhall_jobs.made_by')) AS there").columns(there=BigInteger),
    name="test_has_tables_of_the_engine",
)


@pytest.fixture(params=["local", "procrastinate"])
def machines(request: pytest.FixtureRequest, machines: Machines) -> Machines:
    """Machines whose runs are carried by either engine."""
    return machines.with_settings(ENGINE=request.param)


def script(folder: Path, **turn: object) -> str:
    path = folder / "script.json"
    path.write_text(json.dumps({"turns": [{**turn, "solution": "Done"}]}))
    return str(path)


async def team_id(halls: Halls) -> str:
    (team,) = await list_teams(halls.hall, actor=halls.ada)
    return team.id


async def all_runs(halls: Halls) -> list[Run]:
    return await runs_of_team(halls.hall, actor=halls.ada, team_id=await team_id(halls))


async def worker(machines: Machines, name: str, play: str, places: int = 1) -> Running:
    return await machines.work(name, LOCAL_RUNS=str(places), REHEARSAL_SCRIPT=play)


async def test_many_runs_are_done_by_all_nodes_and_none_twice(
    halls: Halls, machines: Machines, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    play = script(tmp_path, sleep=1, progress=["Begun"])
    nodes = {(await worker(machines, name, play, places=2)).node_id for name in ("one", "two")}
    tasks = [await post(halls.hall, halls.ada) for _ in range(12)]
    for task in tasks:
        await halls.until_delivered(task.id)
    found = await all_runs(halls)
    assert len(found) == len(tasks)
    assert {run.node_id for run in found} == nodes
    for task in tasks:
        words = await halls.words(task.id)
        assert sum("'Begun'" in one for one in words) == 1
    # It was the engine that was asked for: the other makes no tables.
    has_tables = await halls.database.read(lambda tx: tx.one(_has_tables))
    assert has_tables is not None
    assert has_tables.there == ("procrastinate" in request.node.callspec.id)


async def test_the_more_urgent_begins_first_however_late_it_came(
    halls: Halls, machines: Machines, tmp_path: Path
) -> None:
    await machines.serve(LOCAL_RUNS="0")
    tasks = [await post(halls.hall, halls.ada) for _ in range(3)]

    async def raise_priorities(tx: Tx) -> None:
        for number, task in enumerate(tasks):
            await tx.run(_set_priority, of_task=task.id, new_priority=number)

    await halls.database.write(raise_priorities)
    await worker(machines, "one", script(tmp_path, sleep=0))
    for task in tasks:
        await halls.until_delivered(task.id)
    found = sorted(await all_runs(halls), key=lambda run: run.started_at_us or 0)
    assert [run.priority for run in found] == [2, 1, 0]


async def test_a_team_has_no_more_at_work_than_it_wants_over_all_nodes(
    halls: Halls, machines: Machines, tmp_path: Path
) -> None:
    await change_team(
        halls.hall, actor=halls.ada, team_id=await team_id(halls), config={"maxWorkers": 1}
    )
    play = script(tmp_path, sleep=1)
    for name in ("one", "two"):
        await worker(machines, name, play, places=2)
    tasks = [await post(halls.hall, halls.ada) for _ in range(4)]
    for task in tasks:
        await halls.until_delivered(task.id)
    found = sorted(await all_runs(halls), key=lambda run: run.started_at_us or 0)
    for before, after in itertools.pairwise(found):
        assert (before.ended_at_us or 0) <= (after.started_at_us or 0)
    assert {run.state for run in found} == {RunState.COMPLETED}
