"""What follows in a Task Force when one of its parts has moved: others open, or the whole ends."""

from hiringhall.actions.force.giving import give_or_tell
from hiringhall.actions.force.saying import heard, say, tell_buyer
from hiringhall.actions.force.whole import assemble, break_off, run_out
from hiringhall.actions.tasks.moving import move
from hiringhall.domain.errors import NotFound
from hiringhall.domain.events import TaskCancelled, TaskPublished
from hiringhall.domain.force import LOOK_AGAIN_US, SILENCE_US, Force, ForceState, Reviewer
from hiringhall.domain.lifecycle import Command, Side, Timer
from hiringhall.domain.policy import HALL, Actor
from hiringhall.domain.tasks import FINAL, State, Task
from hiringhall.hall import Hall
from hiringhall.store import force as forces
from hiringhall.store import holds, tasks, timers
from hiringhall.store.database import Tx

_GOES_ON = frozenset({State.IN_PROGRESS, State.REVISING})
"""States of a whole in which its parts are at work."""


async def lock_whole(tx: Tx, part: Task) -> tuple[Task, Force]:
    """What a part belongs to, which was locked with it, before it; raises NotFound."""
    whole = None if part.parent_id is None else await tasks.for_change(tx, part.parent_id)
    force = None if whole is None else await forces.of_task(tx, whole.id)
    if whole is None or force is None:
        raise NotFound("task")
    return whole, force


async def part_has_ended(tx: Tx, hall: Hall, part: Task, *, actor: Actor) -> None:
    """A part is done, or was dropped: say so, open what waited for it, or end the whole."""
    whole, force = await lock_whole(tx, part)
    whole = await heard(tx, hall, whole, actor=actor)
    if part.state is State.DONE:
        told = await _told_of_pay(tx, hall, whole, part)
    else:
        told = f"'{part.title}' is dropped; what depends on it goes on without it."
    whole = await say(tx, hall, whole, told)
    await advance(tx, hall, whole, force)


async def _told_of_pay(tx: Tx, hall: Hall, whole: Task, part: Task) -> str:
    """That a part is accepted, with what it got of its share, and what of that is the hall's."""
    for paid in await holds.parts_of(tx, whole.id):
        if paid.subtask_id == part.id:
            sum_of = f"{_money(paid.paid_cents)} {hall.rules.currency.upper()} is paid for it"
            fee = f", after a fee of {_money(paid.fee_cents)}" if paid.fee_cents else ""
            return f"'{part.title}' is accepted; {sum_of}{fee}."
    return f"'{part.title}' is accepted; nothing is paid for it."


def _money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"


async def part_is_free(tx: Tx, hall: Hall, part: Task, why: str) -> None:
    """Nobody has a part any more: another agent gets it, or it ends with the whole."""
    whole, force = await lock_whole(tx, part)
    whole = await say(tx, hall, whole, f"'{part.title}' is to be given anew: {why}")
    if force.state is not ForceState.CLOSING:
        whole, _ = await give_or_tell(tx, hall, whole, force, part)
    await advance(tx, hall, whole, force)


async def part_was_delivered(tx: Tx, hall: Hall, part: Task, *, actor: Actor) -> None:
    """The manager looks at it next, a row of its own; where the buyer reviews it is told."""
    whole, force = await lock_whole(tx, part)
    whole = await heard(tx, hall, whole, actor=actor)
    await timers.set_timer(tx, task_id=part.id, kind=Timer.MANAGER, due_at_us=hall.clock())
    tx.after_commit(hall.engine.wake)
    if force.reviewer is Reviewer.BUYER:
        text = f"'{part.title}' was delivered, and waits for your decision."
        await tell_buyer(tx, hall, whole, text)
    else:
        await say(tx, hall, whole, f"'{part.title}' was delivered; I look at it next.")


async def part_was_sent_back(tx: Tx, hall: Hall, part: Task, reason: str, *, actor: Actor) -> None:
    """Its agent has to do it once more; silence counts anew."""
    due_at_us = hall.clock() + SILENCE_US
    await timers.set_timer(tx, task_id=part.id, kind=Timer.SILENCE, due_at_us=due_at_us)
    whole, _ = await lock_whole(tx, part)
    whole = await heard(tx, hall, whole, actor=actor)
    await say(tx, hall, whole, f"'{part.title}' was sent back: {reason or 'no reason was given'}")


async def advance(tx: Tx, hall: Hall, whole: Task, force: Force) -> Task:
    """Open every part whose others have ended; where all have ended, bring the whole to its end."""
    if whole.state not in _GOES_ON:
        return whole
    parts = {one.id: one for one in await forces.subtasks_of(tx, whole.id)}
    if force.state is ForceState.CLOSING:
        for one in parts.values():
            if one.state in (State.DRAFT, State.OPEN):
                parts[one.id] = await drop(tx, hall, one, "The time of the whole is over")
    else:
        for plan in force.parts:
            part = parts.get(force.subtasks.get(plan.key, ""))
            needed = [parts[force.subtasks[key]].state for key in plan.depends_on]
            if part is None or part.state is not State.DRAFT or not FINAL.issuperset(needed):
                continue
            whole, opened = await _open(tx, hall, whole, force, part)
            parts[part.id] = opened
    if not all(one.state in FINAL for one in parts.values()):
        return whole
    if any(one.state is State.DONE for one in parts.values()):
        return await assemble(tx, hall, whole, force, list(parts.values()))
    if force.state is ForceState.CLOSING:
        return await run_out(tx, hall, whole)
    return await break_off(tx, hall, whole, "Every part of it was dropped")


async def drop(tx: Tx, hall: Hall, part: Task, why: str) -> Task:
    """The manager gives up a part that nobody has; raises WrongState for one that somebody has."""
    return await move(
        tx, hall, part, Command.CANCEL, side=Side.HALL, actor=HALL, event=TaskCancelled(why)
    )


async def _open(tx: Tx, hall: Hall, whole: Task, force: Force, part: Task) -> tuple[Task, Task]:
    opened = await move(
        tx,
        hall,
        part,
        Command.PUBLISH,
        side=Side.HALL,
        actor=HALL,
        event=TaskPublished(),
        due_at_us={Timer.INTAKE: hall.clock() + LOOK_AGAIN_US},
    )
    return await give_or_tell(tx, hall, whole, force, opened)
