"""The one place where a task's state is assigned: a move of the table, its row and its event."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hiringhall.actions import escrow
from hiringhall.domain import ids
from hiringhall.domain.errors import NotFound
from hiringhall.domain.escrow import Share
from hiringhall.domain.events import Happened, WaitingChanged
from hiringhall.domain.lifecycle import Command, Hold, Side, Timer, move_of
from hiringhall.domain.policy import Actor, check_sees
from hiringhall.domain.tasks import FINAL, MARKET, State, Task, Waiting
from hiringhall.hall import Hall
from hiringhall.store import board, events, tasks, timers
from hiringhall.store.database import Tx


async def load_for_change(tx: Tx, *, actor: Actor, task_id: str) -> Task:
    """A task that is about to be changed; raises NotFound and NotYours."""
    task = await tasks.for_change(tx, task_id) if ids.is_uuid(task_id) else None
    check_sees(actor, None if task is None else task.organization_id, "task")
    if task is None:
        raise NotFound("task")
    return task


async def move(
    tx: Tx,
    hall: Hall,
    task: Task,
    command: Command,
    *,
    side: Side,
    actor: Actor,
    event: Happened,
    target: State | None = None,
    due_at_us: dict[Timer, int] | None = None,
    shares: Sequence[Share] = (),
    fee_on_top: bool = False,
    **changes: Any,
) -> Task:
    """Give a task a command: its new row, the event, the money and timers that the table names.

    `changes` are further columns of the row, `due_at_us` when the timers that the move sets
    are due. `shares` say who is paid where the move settles the hold, `fee_on_top` how one is
    taken. Raises WrongState when the table has no such move, LostRace when the row changed,
    NotEnoughFunds when there is nothing to hold.
    """
    row = move_of(task, command, side, target=target)
    moved = replace(
        task,
        state=row.target,
        waiting_for=changes.pop("waiting_for", row.then_waits),
        waiting_reason=changes.pop("waiting_reason", ""),
        waiting_until_us=changes.pop("waiting_until_us", None),
    )
    moved = await record(tx, hall, moved, actor=actor, event=event, was=task, **changes)
    match row.hold:
        case Hold.KEEP:
            assert not shares, "a move that keeps the hold pays nobody"
        case Hold.TAKE:
            await escrow.take(tx, hall, moved, fee_on_top=fee_on_top)
        case Hold.REFUND if task.state is State.DRAFT:
            pass  # its price is taken when it is offered
        case Hold.RELEASE | Hold.REFUND | Hold.SPLIT if task.is_part:
            await escrow.pay_part(tx, hall, moved, shares)
        case Hold.RELEASE | Hold.REFUND | Hold.SPLIT:
            pays = row.hold is not Hold.REFUND and not task.is_whole
            assert bool(shares) == pays, "a refund alone pays nobody, and a whole its parts"
            await escrow.divide(tx, hall, moved, shares)
    stopped = row.clears - row.sets
    if stopped:
        await timers.clear(tx, task_id=task.id, kinds=stopped)
    for timer in row.sets:
        if due_at_us is not None and timer in due_at_us:
            await timers.set_timer(tx, task_id=task.id, kind=timer, due_at_us=due_at_us[timer])
    if MARKET & {task.engagement, moved.engagement}:
        # Last, for many tasks share a count, and whoever has it is waited for.
        await board.follow(tx, was=task, now=moved)
    return moved


async def record(
    tx: Tx, hall: Hall, task: Task, *, actor: Actor, event: Happened, was: Task, **changes: Any
) -> Task:
    """Write an event on a task and the row that it leads to, whatever else stays the same."""
    now_us = max(hall.clock(), was.last_activity_at_us)
    recorded = replace(
        task,
        version=was.version + 1,
        updated_at_us=now_us,
        last_activity_at_us=now_us,
        **changes,
    )
    await tasks.save(tx, was=was, now=recorded)
    await events.append(tx, event, task=recorded, actor=actor.label, at_us=now_us)
    tx.after_commit(lambda: hall.signals.happened(task.id, task.organization_id))
    if recorded.waiting_for in (Waiting.POSTER, Waiting.DEPENDENCY) or recorded.state in FINAL:
        # It may be ready, or others that waited for it, or cannot begin for want of it.
        tx.after_commit(lambda: hall.engine.look_at(task.team_id))
    return recorded


async def wait_for(
    tx: Tx,
    hall: Hall,
    task: Task,
    waiting_for: Waiting,
    *,
    actor: Actor,
    reason: str,
    until_us: int | None = None,
    **changes: Any,
) -> Task:
    """Say what a task waits for now, and why, without a move."""
    waits = replace(task, waiting_for=waiting_for, waiting_reason=reason, waiting_until_us=until_us)
    return await record(
        tx, hall, waits, actor=actor, event=WaitingChanged(reason, until_us), was=task, **changes
    )
