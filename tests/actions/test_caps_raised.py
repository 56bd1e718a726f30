"""What a raised cap does to the work that it had stopped: a task's goes on, others are told."""

import asyncio

import pytest

from hiringhall.actions.budgets import raise_task_cap, set_owners_cap
from hiringhall.actions.tasks import answer
from hiringhall.domain.compute import CapScope
from hiringhall.domain.errors import HallError
from hiringhall.domain.policy import Actor
from hiringhall.domain.tasks import State, Task, Waiting
from hiringhall.hall import Hall
from hiringhall.queries.audit import audit_all
from hiringhall.queries.seen import task_seen
from hiringhall.queries.stopped import Stop, has_room_now, stopped_in
from hiringhall.queries.tasks import task_log
from hiringhall.store.budgets import ModelCall
from hiringhall.store.database import Database
from tests.actions.test_caps import UNIT, call, hall_of, stopped
from tests.support.halls import Clock, QuietEngine, begin, sign_up

pytestmark = pytest.mark.anyio


@pytest.fixture
def narrow(database: Database, clock: Clock, engine: QuietEngine) -> Hall:
    """A hall that holds a task to 2.00."""
    return hall_of(database, clock, engine, task=2)


async def now(hall: Hall, actor: Actor, task: Task) -> Task:
    return (await task_seen(hall, actor=actor, task_id=task.id)).task


async def test_a_tasks_work_goes_on_when_its_cap_is_raised(narrow: Hall) -> None:
    ada = await sign_up(narrow)
    task = await stopped(narrow, ada, 3 * UNIT)
    await raise_task_cap(narrow, actor=ada, task_id=task.id, cap_micros=4 * UNIT)
    found = await now(narrow, ada, task)
    assert (found.state, found.waiting_for) == (State.IN_PROGRESS, Waiting.NOTHING)
    log = await task_log(narrow, actor=ada, task_id=task.id)
    assert [one.data["text"] for one in log if one.type == "reply_given"] == ["Up to 4.00"]
    # Raised again, nothing begins a second time.
    await raise_task_cap(narrow, actor=ada, task_id=task.id, cap_micros=5 * UNIT)
    assert (await now(narrow, ada, task)).generation == found.generation
    run = await begin(narrow)
    assert run.task_id == task.id
    assert isinstance(await call(narrow, task, run, 3 * UNIT), ModelCall)
    assert (await audit_all(narrow.database)).ok


async def test_it_stays_where_there_is_no_room_for_what_was_stopped(narrow: Hall) -> None:
    ada = await sign_up(narrow)
    task = await stopped(narrow, ada, 3 * UNIT)
    await raise_task_cap(narrow, actor=ada, task_id=task.id, cap_micros=3 * UNIT - 1)
    assert (await now(narrow, ada, task)).waiting_for is Waiting.BUDGET_DECISION
    await raise_task_cap(narrow, actor=ada, task_id=task.id, cap_micros=3 * UNIT)
    assert (await now(narrow, ada, task)).state is State.IN_PROGRESS


async def test_raised_and_answered_at_once_one_run_begins(narrow: Hall) -> None:
    ada = await sign_up(narrow)
    task = await stopped(narrow, ada, 3 * UNIT)
    before = await now(narrow, ada, task)
    done = await asyncio.gather(
        raise_task_cap(narrow, actor=ada, task_id=task.id, cap_micros=9 * UNIT),
        raise_task_cap(narrow, actor=ada, task_id=task.id, cap_micros=8 * UNIT),
        answer.reply(narrow, actor=ada, task_id=task.id, text="Add 7.00"),
        return_exceptions=True,
    )
    assert not [
        one for one in done if isinstance(one, BaseException) and not isinstance(one, HallError)
    ]
    found = await now(narrow, ada, task)
    assert (found.state, found.generation) == (State.IN_PROGRESS, before.generation + 1)
    assert (await audit_all(narrow.database)).ok


async def test_another_caps_question_is_not_answered_by_it(
    database: Database, clock: Clock, engine: QuietEngine
) -> None:
    hall = hall_of(database, clock, engine, task=5, organization=30)
    ada = await sign_up(hall)
    await set_owners_cap(hall, actor=ada, cap_micros=2 * UNIT)
    task = await stopped(hall, ada, 3 * UNIT)
    await raise_task_cap(hall, actor=ada, task_id=task.id, cap_micros=9 * UNIT)
    found = await now(hall, ada, task)
    assert found.waiting_for is Waiting.BUDGET_DECISION
    stop = Stop(task.id, found.title, CapScope.ORGANIZATION, has_room=False)
    assert await stopped_in(hall, actor=ada) == [stop]
    assert not await has_room_now(hall, task=found)
    # What many draw on begins nothing by itself, and is said to have room.
    await set_owners_cap(hall, actor=ada, cap_micros=3 * UNIT)
    found = await now(hall, ada, task)
    assert found.waiting_for is Waiting.BUDGET_DECISION
    stop = Stop(task.id, found.title, CapScope.ORGANIZATION, has_room=True)
    assert await stopped_in(hall, actor=ada) == [stop]
    assert await has_room_now(hall, task=found)
    bob = await sign_up(hall, "bob")
    assert await stopped_in(hall, actor=bob) == []
    await answer.reply(hall, actor=ada, task_id=task.id, text="Go on")
    assert await stopped_in(hall, actor=ada) == []
