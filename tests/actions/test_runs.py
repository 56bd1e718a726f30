"""Runs: one at a time, fenced, replaced when lost, tried again when broken."""

import asyncio
from dataclasses import replace

import pytest

from hiringhall.actions import timers
from hiringhall.actions.runs import outcomes, recovery, working
from hiringhall.actions.tasks import answer
from hiringhall.domain.errors import Superseded
from hiringhall.domain.runs import MAX_ATTEMPTS, MAX_LOSSES, Run
from hiringhall.domain.tasks import State, Waiting
from hiringhall.hall import Hall, Staffing
from hiringhall.queries.tasks import task_log
from tests.support.halls import (
    NOBODY,
    REHEARSING,
    Clock,
    begin,
    post,
    sign_up,
    view,
    with_staffing,
)

pytestmark = pytest.mark.anyio


async def _claim(hall: Hall, node_id: str = "node") -> Run | None:
    return await working.claim_next_run(
        hall, node_id=node_id, lease_s=30, runtimes=hall.staffing.ready
    )


async def test_each_run_is_taken_once_however_many_ask(hall: Hall) -> None:
    ada = await sign_up(hall)
    posted = {(await post(hall, ada)).id for _ in range(5)}
    claims = await asyncio.gather(*(_claim(hall, f"node-{n}") for n in range(12)))
    taken = [run.task_id for run in claims if run is not None]
    # On PostgreSQL a claim may find its choice taken and go away empty: it asks again.
    while (run := await _claim(hall)) is not None:
        taken.append(run.task_id)
    assert sorted(taken) == sorted(posted)


async def test_runs_are_taken_oldest_first(hall: Hall) -> None:
    ada = await sign_up(hall)
    posted = [(await post(hall, ada)).id for _ in range(3)]
    assert [(await begin(hall)).task_id for _ in range(3)] == posted


async def test_a_run_is_taken_only_by_whom_can_do_it(hall: Hall) -> None:
    await post(hall, await sign_up(hall))
    assert await working.claim_next_run(hall, node_id="n", lease_s=30, runtimes=["other"]) is None
    assert await working.claim_next_run(hall, node_id="n", lease_s=30, runtimes=[]) is None
    assert await _claim(hall) is not None


async def test_a_run_proves_itself_by_the_generation_of_its_task(hall: Hall) -> None:
    await post(hall, await sign_up(hall))
    run = await begin(hall)
    for generation in (run.generation - 1, run.generation + 1):
        forged = replace(run.token, generation=generation)
        with pytest.raises(Superseded, match="taken this one's place"):
            await outcomes.deliver(hall, token=forged, text="late")
    await outcomes.deliver(hall, token=run.token, text="in time")


async def test_a_lost_run_is_replaced_on_the_same_turn_and_cannot_write(hall: Hall) -> None:
    ada = await sign_up(hall)
    task = await post(hall, ada)
    lost = await begin(hall)
    await working.report_progress(hall, token=lost.token, text="one")
    assert await recovery.find_lost_runs(hall, node_id="node") == [lost.id]
    await recovery.replace_lost_run(hall, run_id=lost.id)
    await recovery.replace_lost_run(hall, run_id=lost.id)

    for late in (
        working.report_progress(hall, token=lost.token, text="late"),
        outcomes.deliver(hall, token=lost.token, text="late"),
        outcomes.give_up(hall, token=lost.token, reason="late"),
        working.heartbeat(hall, token=lost.token, lease_s=30),
        recovery.run_broke(hall, token=lost.token, reason="late"),
    ):
        with pytest.raises(Superseded):
            await late

    successor = await begin(hall)
    assert successor.previous_run_id == lost.id
    assert (successor.turn, successor.steps_done, successor.losses) == (0, 1, 1)
    assert successor.generation == lost.generation + 1
    await outcomes.deliver(hall, token=successor.token, text="Done")
    assert (await view(hall, ada, task)).task.state is State.IN_REVIEW


async def test_a_run_lost_before_it_began_is_replaced_too(hall: Hall) -> None:
    ada = await sign_up(hall)
    task = await post(hall, ada)
    claimed = await _claim(hall)
    assert claimed is not None
    assert (await view(hall, ada, task)).task.state is State.ASSIGNED
    await recovery.replace_lost_run(hall, run_id=claimed.id)
    await begin(hall)
    assert (await view(hall, ada, task)).task.state is State.IN_PROGRESS


async def test_a_task_that_loses_every_run_ends_at_last(hall: Hall) -> None:
    ada = await sign_up(hall)
    task = await post(hall, ada)
    for _ in range(MAX_LOSSES):
        run = await begin(hall)
        await recovery.replace_lost_run(hall, run_id=run.id)
    assert (await view(hall, ada, task)).task.state is State.FAILED


async def test_leases_run_out_unless_a_heartbeat_extends_them(hall: Hall, clock: Clock) -> None:
    ada = await sign_up(hall)
    await post(hall, ada)
    run = await begin(hall)
    clock.advance(29)
    assert await recovery.find_lost_runs(hall, node_id=None) == []
    await working.heartbeat(hall, token=run.token, lease_s=30)
    clock.advance(29)
    assert await recovery.find_lost_runs(hall, node_id=None) == []
    clock.advance(2)
    assert await recovery.find_lost_runs(hall, node_id=None) == [run.id]


async def test_a_broken_run_is_tried_again_later_and_then_the_task_fails(
    hall: Hall, clock: Clock
) -> None:
    ada = await sign_up(hall)
    task = await post(hall, ada)
    for attempt in range(1, MAX_ATTEMPTS):
        run = await begin(hall)
        assert run.attempts == attempt - 1
        await recovery.run_broke(hall, token=run.token, reason="It fell over")
        row = await view(hall, ada, task)
        assert (row.task.state, row.task.waiting_for) == (State.IN_PROGRESS, Waiting.UNTIL)
        assert await _claim(hall) is None
        assert await timers.fire_due(hall) == row.task.waiting_until_us
        clock.advance(120)
        assert await timers.fire_due(hall) is None
    run = await begin(hall)
    await recovery.run_broke(hall, token=run.token, reason="It fell over")
    assert (await view(hall, ada, task)).task.state is State.FAILED
    log = await task_log(hall, actor=ada, task_id=task.id)
    assert log[-1].data["text"] == "It fell over"


async def test_what_cannot_be_retried_fails_at_once(hall: Hall) -> None:
    ada = await sign_up(hall)
    task = await post(hall, ada)
    run = await begin(hall)
    await recovery.run_broke(hall, token=run.token, reason="No such branch", may_retry=False)
    assert (await view(hall, ada, task)).task.state is State.FAILED


async def test_a_timer_of_a_cancelled_task_does_nothing(hall: Hall, clock: Clock) -> None:
    ada = await sign_up(hall)
    task = await post(hall, ada)
    run = await begin(hall)
    await recovery.run_broke(hall, token=run.token, reason="It fell over")
    await answer.cancel_task(hall, actor=ada, task_id=task.id)
    clock.advance(600)
    assert await timers.fire_due(hall) is None
    assert await _claim(hall) is None


async def test_a_waiting_task_is_engaged_once_somebody_is_there(hall: Hall) -> None:
    ada = await sign_up(hall)
    task = await post(with_staffing(hall, NOBODY), ada)
    assert await recovery.find_idle_tasks(hall, after="") == [task.id]
    assert not await recovery.engage_idle_task(with_staffing(hall, NOBODY), task_id=task.id)
    other = with_staffing(hall, Staffing(None, "Still nobody", {}))
    assert not await recovery.engage_idle_task(other, task_id=task.id)
    assert (await view(hall, ada, task)).task.waiting_reason == "Still nobody"
    assert await recovery.engage_idle_task(with_staffing(hall, REHEARSING), task_id=task.id)
    assert not await recovery.engage_idle_task(hall, task_id=task.id)
    await begin(hall)
    assert (await view(hall, ada, task)).task.state is State.IN_PROGRESS


async def test_a_lost_run_that_nobody_could_succeed_is_gone_on_with_from_the_same_turn(
    hall: Hall,
) -> None:
    ada = await sign_up(hall)
    task = await post(hall, ada)
    lost = await begin(hall)
    await working.report_progress(hall, token=lost.token, text="one")
    await recovery.replace_lost_run(with_staffing(hall, NOBODY), run_id=lost.id)
    assert (await view(hall, ada, task)).task.waiting_for is Waiting.WORKER
    assert [run.id for run in await recovery.find_unfinished_runs(hall)] == [lost.id]
    assert await recovery.engage_idle_task(hall, task_id=task.id)
    successor = await begin(hall)
    assert (successor.turn, successor.steps_done, successor.losses) == (0, 1, 1)
    assert [run.id for run in await recovery.find_unfinished_runs(hall)] == [successor.id]


async def test_a_reply_where_nobody_can_work_is_kept_and_waits(hall: Hall) -> None:
    ada = await sign_up(hall)
    task = await post(hall, ada)
    run = await begin(hall)
    await outcomes.message_customer(hall, token=run.token, text="Shall I?")
    lonely = with_staffing(hall, NOBODY)
    replied = await answer.reply(lonely, actor=ada, task_id=task.id, text="Yes")
    assert (replied.state, replied.waiting_for) == (State.IN_PROGRESS, Waiting.WORKER)
    assert await recovery.engage_idle_task(hall, task_id=task.id)
    successor = await begin(hall)
    assert successor.turn == 1


async def test_only_one_of_two_replies_at_once_is_taken(hall: Hall) -> None:
    ada = await sign_up(hall)
    task = await post(hall, ada)
    run = await begin(hall)
    await outcomes.message_customer(hall, token=run.token, text="Shall I?")
    replies = await asyncio.gather(
        *(answer.reply(hall, actor=ada, task_id=task.id, text=f"Yes {n}") for n in range(6)),
        return_exceptions=True,
    )
    assert sum(not isinstance(one, BaseException) for one in replies) == 1
    log = await task_log(hall, actor=ada, task_id=task.id)
    assert [event.type for event in log].count("reply_given") == 1
    assert await _claim(hall) is not None
    assert await _claim(hall) is None
