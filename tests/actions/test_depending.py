"""Tasks wait for others of their team, and never in a circle, whoever changes what at once."""

import asyncio
import itertools
from collections.abc import Sequence

import pytest

from hiringhall.actions.tasks.depending import MAX_DEPENDENCIES, put_dependencies
from hiringhall.actions.transaction import action
from hiringhall.domain.errors import Invalid
from hiringhall.domain.tasks import Task
from hiringhall.hall import Hall
from hiringhall.store import dependencies
from hiringhall.store.database import Tx
from tests.support.halls import post, sign_up

pytestmark = pytest.mark.anyio


@action
async def depend(tx: Tx, _hall: Hall, task: Task, on: Sequence[str]) -> tuple[str, ...]:
    return await put_dependencies(tx, task_id=task.id, team_id=task.team_id, depends_on=on)


async def kept(hall: Hall, *tasks: Task) -> list[list[str]]:
    async def find(tx: Tx) -> dict[str, list[str]]:
        return await dependencies.of_tasks(tx, [task.id for task in tasks])

    found = await hall.database.read(find)
    return [found.get(task.id, []) for task in tasks]


async def test_they_are_kept_in_their_order_and_each_once(hall: Hall) -> None:
    ada = await sign_up(hall)
    a, b, c = [await post(hall, ada) for _ in range(3)]
    assert await depend(hall, a, [c.id, b.id, c.id]) == (c.id, b.id)
    assert await kept(hall, a, b) == [[c.id, b.id], []]
    await depend(hall, a, [b.id])
    assert await kept(hall, a) == [[b.id]]
    await depend(hall, a, [])
    assert await kept(hall, a) == [[]]


async def test_what_cannot_be_meant_is_refused(hall: Hall) -> None:
    ada, eve = await sign_up(hall), await sign_up(hall, "eve")
    task, foreign = await post(hall, ada), await post(hall, eve)
    for one in (foreign.id, hall.new_id(), "nothing", ""):
        with pytest.raises(Invalid, match="not in this team"):
            await depend(hall, task, [one])
    with pytest.raises(Invalid, match="at most 100"):
        await depend(hall, task, [hall.new_id() for _ in range(MAX_DEPENDENCIES + 1)])
    assert await kept(hall, task) == [[]]


async def test_no_circle_of_any_length(hall: Hall) -> None:
    ada = await sign_up(hall)
    tasks = [await post(hall, ada) for _ in range(5)]
    with pytest.raises(Invalid, match="circle"):
        await depend(hall, tasks[0], [tasks[0].id])
    for task, following in itertools.pairwise(tasks):
        await depend(hall, task, [following.id])
    for end in tasks[1:]:
        with pytest.raises(Invalid, match="circle"):
            await depend(hall, end, [tasks[0].id])
    await depend(hall, tasks[0], [one.id for one in tasks[1:]])


async def test_two_changes_at_once_cannot_close_one_between_them(hall: Hall) -> None:
    ada = await sign_up(hall)
    for _ in range(10):
        a, b = await post(hall, ada), await post(hall, ada)
        ended = await asyncio.gather(
            depend(hall, a, [b.id]), depend(hall, b, [a.id]), return_exceptions=True
        )
        assert {type(one) for one in ended} == {tuple, Invalid}, ended
        assert sorted(await kept(hall, a, b)) in ([[], [a.id]], [[], [b.id]])
