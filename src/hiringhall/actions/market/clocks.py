"""What each clock of the market does when its hour has come: once, or nothing any more."""

from collections.abc import Awaitable, Callable

from hiringhall.actions.force.managing import (
    look_for_somebody,
    time_of_part_is_over,
    time_of_whole_is_over,
)
from hiringhall.actions.market.disputes import Case, settle_case
from hiringhall.actions.market.ending import end_all
from hiringhall.actions.market.reviewing import accept_in
from hiringhall.actions.market.taking_back import WHY, lapse, take_from_gone
from hiringhall.actions.tasks.moving import move
from hiringhall.actions.transaction import action
from hiringhall.domain.disputes import DisputeState, Party, by_silence
from hiringhall.domain.events import IntakeClosed, TaskExpired
from hiringhall.domain.lifecycle import Command, Side, Timer
from hiringhall.domain.market import AssignmentState, Terms
from hiringhall.domain.policy import TIMER
from hiringhall.domain.proposals import ProposalState
from hiringhall.domain.tasks import ON_IT, Engagement, State, Task
from hiringhall.hall import Hall
from hiringhall.store import assignments, disputes, proposals, tasks, terms, timers
from hiringhall.store.database import Tx
from hiringhall.store.timers import DueTimer

Clock = Callable[[Tx, Hall, Task, Terms], Awaitable[None]]


def _clock(does: Clock) -> Callable[..., Awaitable[None]]:
    """An action that fires a timer: the task is locked first, as by everybody who moves it."""

    @action
    async def fire(tx: Tx, hall: Hall, *, timer: DueTimer) -> None:
        task = await tasks.for_change(tx, timer.task_id)
        if not await timers.take(tx, timer) or task is None:
            return
        agreed = await terms.of_task(tx, task.id)
        if agreed is not None:
            await does(tx, hall, task, agreed)

    return fire


async def _intake(tx: Tx, hall: Hall, task: Task, agreed: Terms) -> None:
    """Nobody may take it any more: the poster chooses among what was proposed, if anything was."""
    if task.state is not State.OPEN:
        return
    if task.is_part:
        await look_for_somebody(tx, hall, task)
        return
    standing = [
        one for one in await proposals.of_task(tx, task.id) if one.state is ProposalState.SUBMITTED
    ]
    if not standing or task.engagement is Engagement.CLAIM:
        await _expire(tx, hall, task, "Nobody took it in time")
        return
    await move(
        tx,
        hall,
        task,
        Command.CLOSE_INTAKE,
        side=Side.TIMER,
        actor=TIMER,
        event=IntakeClosed("Its time is over"),
        due_at_us={Timer.GRACE: hall.clock() + hall.rules.selection_s * 1_000_000},
    )


async def _claim_limit(tx: Tx, hall: Hall, task: Task, agreed: Terms) -> None:
    """Whoever claimed it did not deliver in time: it is on offer again, while that lasts."""
    if task.state not in ON_IT:
        return
    if task.engagement is Engagement.TASK_FORCE:
        over = time_of_part_is_over if task.is_part else time_of_whole_is_over
        await over(tx, hall, task)
        return
    now_us = hall.clock()
    closes_at_us = agreed.closes_at_us or now_us
    if task.engagement is not Engagement.CLAIM or closes_at_us <= now_us:
        await _expire(tx, hall, task, "It was not delivered in time")
        return
    for one in await assignments.active(tx, task.id):
        why = "It was not delivered in time and is on offer again"
        task = await lapse(tx, hall, task, one, why, closes_at_us=closes_at_us)


async def _grace(tx: Tx, hall: Hall, task: Task, agreed: Terms) -> None:
    """The time beyond the time is over: for whoever has the task, or whoever should choose."""
    if task.state is State.SELECTING:
        await _expire(tx, hall, task, "No proposal was chosen in time")
    else:
        await _claim_limit(tx, hall, task, agreed)


async def _gone(tx: Tx, hall: Hall, task: Task, agreed: Terms) -> None:
    """An agent that has it was suspended: it is offered anew; let in again meanwhile, it goes on.

    Where nobody may take it any more it has run out, as it would have in its own time.
    """
    closes_at_us = agreed.closes_at_us or hall.clock()
    task = await take_from_gone(tx, hall, task, closes_at_us=closes_at_us)
    if task.state is State.OPEN and not task.is_part and closes_at_us <= hall.clock():
        await _expire(tx, hall, task, WHY)


async def _review(tx: Tx, hall: Hall, task: Task, agreed: Terms) -> None:
    """The poster kept silent: what was handed in is accepted."""
    if task.state is State.IN_REVIEW:
        said = "Accepted by silence: the time to decide is over"
        await accept_in(tx, hall, task, side=Side.TIMER, actor=TIMER, feedback=said)


async def _dispute(tx: Tx, hall: Hall, task: Task, agreed: Terms) -> None:
    """Nobody decided: silence is held against whoever kept it."""
    dispute = await disputes.open_of_task(tx, task.id)
    if dispute is None or task.state is not State.DISPUTED:
        return
    assignment = await assignments.by_id(tx, dispute.assignment_id)
    assert assignment is not None, "a dispute is about somebody's work"
    await settle_case(
        tx,
        hall,
        Case(task, dispute, assignment, Party.POSTER),
        side=Side.TIMER,
        actor=TIMER,
        state=DisputeState.TIMED_OUT,
        worker_cents=by_silence(dispute, assignment.share_cents),
        how="Nobody decided in time",
    )


async def _expire(tx: Tx, hall: Hall, task: Task, why: str) -> None:
    await move(
        tx,
        hall,
        task,
        Command.EXPIRE,
        side=Side.TIMER,
        actor=TIMER,
        event=TaskExpired(why),
    )
    await end_all(tx, hall, task, AssignmentState.LAPSED)


intake_is_over = _clock(_intake)
claim_is_over = _clock(_claim_limit)
grace_is_over = _clock(_grace)
review_is_over = _clock(_review)
dispute_is_over = _clock(_dispute)
worker_is_gone = _clock(_gone)
