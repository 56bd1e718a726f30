"""The whole of a Task Force: assembled out of its parts, accepted, turned down, or broken off."""

from collections.abc import Sequence
from dataclasses import replace

from hiringhall.actions.force.saying import say
from hiringhall.actions.market.checking import schedule_checks
from hiringhall.actions.tasks.moving import move
from hiringhall.domain.errors import Conflict
from hiringhall.domain.events import (
    ClaimLapsed,
    DeliverableAccepted,
    DeliverableSubmitted,
    TaskCancelled,
    TaskExpired,
)
from hiringhall.domain.force import LOOK_AGAIN_US, Force, assembled, in_order
from hiringhall.domain.lifecycle import Command, Side, Timer, refusal
from hiringhall.domain.market import AssignmentState
from hiringhall.domain.policy import HALL, Actor
from hiringhall.domain.tasks import FINAL, State, Task
from hiringhall.hall import Hall
from hiringhall.store import assignments, deliverables, ratings
from hiringhall.store import force as forces
from hiringhall.store.database import Tx
from hiringhall.store.deliverables import Deliverable, FileRow
from hiringhall.store.ratings import Rating

HELD_UP = frozenset({State.IN_REVIEW, State.DISPUTED})
"""States of a part in which something is to be decided before anything else."""


async def assemble(tx: Tx, hall: Hall, whole: Task, force: Force, parts: Sequence[Task]) -> Task:
    """Hand in, as the whole's deliverable, what its parts delivered, in the plan's order."""
    done = {one.id: one for one in parts if one.state is State.DONE}
    texts: list[tuple[str, str]] = []
    links: list[str] = []
    files: list[FileRow] = []
    now_us = hall.clock()
    deliverable_id = hall.new_id()
    for plan in in_order(force.parts):
        part = done.get(force.subtasks.get(plan.key, ""))
        if part is None or part.deliverable_id is None:
            continue
        delivered = await deliverables.by_id(tx, part.deliverable_id)
        handed_in = await assignments.submission(tx, part.deliverable_id)
        assert delivered is not None, "what was accepted is there"
        texts.append((part.title, delivered.text))
        links += () if handed_in is None else handed_in.links
        for one in await deliverables.files_of(tx, delivered.id):
            copied = replace(
                one,
                id=hall.new_id(),
                task_id=whole.id,
                deliverable_id=deliverable_id,
                name=f"{plan.key}/{one.name}",
                created_at_us=now_us,
            )
            files.append(copied)
    text = assembled(texts)
    if links:
        text += "\n\n# Links\n\n" + "\n".join(dict.fromkeys(links))
    whole = await say(tx, hall, whole, "Every part has ended: I hand the whole in.")
    number = await deliverables.next_number(tx, whole.id)
    made = Deliverable(deliverable_id, whole.id, None, number, text, None, None, None, None, now_us)
    await deliverables.add(tx, made)
    await deliverables.add_files(tx, files)
    await schedule_checks(tx, hall, made)
    return await move(
        tx,
        hall,
        whole,
        Command.DELIVER,
        side=Side.HALL,
        actor=HALL,
        event=DeliverableSubmitted(
            deliverable_id, number, text, tuple(one.name for one in files), links=tuple(links)
        ),
        deliverable_id=deliverable_id,
        due_at_us={Timer.REVIEW: now_us + hall.rules.review_s * 1_000_000},
    )


async def accept_whole(
    tx: Tx,
    hall: Hall,
    whole: Task,
    *,
    side: Side,
    actor: Actor,
    rating: int | None,
    feedback: str,
) -> Task:
    """The buyer, or its silence, accepts the whole: the rest of the price goes back.

    A rating is for everybody whose part was accepted and has none yet. Raises WrongState.
    """
    deliverable_id = await _decide(tx, hall, whole, Command.ACCEPT, accepted=True, reason=feedback)
    accepted = await move(
        tx,
        hall,
        whole,
        Command.ACCEPT,
        side=side,
        actor=actor,
        event=DeliverableAccepted(deliverable_id, rating, feedback),
    )
    if rating is not None:
        await _rate(tx, hall, whole, rating, feedback)
    return accepted


async def reject_whole(
    tx: Tx, hall: Hall, whole: Task, *, side: Side, actor: Actor, feedback: str
) -> Task:
    """The buyer turns the whole down: its parts stay paid, and the rest goes back at once.

    There is nothing of it that a dispute could divide. Raises WrongState.
    """
    await _decide(tx, hall, whole, Command.REJECT, accepted=False, reason=feedback)
    return await move(
        tx, hall, whole, Command.REJECT, side=side, actor=actor, event=TaskCancelled(feedback)
    )


async def withdraw_whole(
    tx: Tx, hall: Hall, whole: Task, *, side: Side, actor: Actor, reason: str
) -> Task:
    """Withdraw a Task Force; what is accepted stays paid, the rest goes back.

    Raises Conflict while an agent has a part in its time, or delivered one that is undecided.
    """
    now_us = hall.clock()
    parts = await forces.subtasks_of(tx, whole.id)
    for part in parts:
        on_it = await assignments.active(tx, part.id)
        in_time = side is not Side.ADMIN and any(one.due_at_us > now_us for one in on_it)
        if part.state in HELD_UP or in_time:
            raise Conflict(
                f"'{part.title}' is with an agent or waits for a decision; drop the parts that "
                "nobody has, and the rest ends by itself"
            )
    await _end_parts(tx, hall, parts, reason or "The whole was withdrawn")
    return await move(
        tx, hall, whole, Command.CANCEL, side=side, actor=actor, event=TaskCancelled(reason)
    )


async def break_off(tx: Tx, hall: Hall, whole: Task, why: str) -> Task:
    """End a whole of which nothing came: all of it goes back."""
    return await move(
        tx, hall, whole, Command.CANCEL, side=Side.HALL, actor=HALL, event=TaskCancelled(why)
    )


async def run_out(tx: Tx, hall: Hall, whole: Task) -> Task:
    """End a whole whose time is over; what is accepted stays paid, the rest goes back."""
    event = TaskExpired("Its time was over before all of its parts were done")
    return await move(tx, hall, whole, Command.EXPIRE, side=Side.HALL, actor=HALL, event=event)


async def _end_parts(tx: Tx, hall: Hall, parts: Sequence[Task], why: str) -> None:
    """End what has not ended of a whole that ends; nobody has it in time."""
    for part in parts:
        if part.state in FINAL:
            continue
        open_part = part
        for one in await assignments.active(tx, part.id):
            open_part = await take_away(tx, hall, open_part, one.id, why)
        await move(
            tx,
            hall,
            open_part,
            Command.CANCEL,
            side=Side.HALL,
            actor=HALL,
            event=TaskCancelled(why),
        )


async def take_away(tx: Tx, hall: Hall, part: Task, assignment_id: str, why: str) -> Task:
    """A part is taken from whoever let its time pass, or may not work any more."""
    now_us = hall.clock()
    lapsed = await move(
        tx,
        hall,
        part,
        Command.LAPSE,
        side=Side.HALL,
        actor=HALL,
        event=ClaimLapsed(assignment_id, why),
        due_at_us={Timer.INTAKE: now_us + LOOK_AGAIN_US},
    )
    await assignments.end(tx, assignment_id, AssignmentState.LAPSED, at_us=now_us)
    return lapsed


async def _decide(
    tx: Tx, hall: Hall, whole: Task, command: Command, *, accepted: bool, reason: str
) -> str:
    deliverable_id = whole.deliverable_id
    if whole.state is not State.IN_REVIEW or deliverable_id is None:
        raise refusal(whole, command)
    decided = await deliverables.decide(
        tx, deliverable_id, accepted=accepted, reason=reason or None, at_us=hall.clock()
    )
    if not decided:
        raise refusal(whole, command)
    return deliverable_id


async def _rate(tx: Tx, hall: Hall, whole: Task, rating: int, feedback: str) -> None:
    for part in await forces.subtasks_of(tx, whole.id):
        rated = {one.assignment_id for one in await ratings.of_task(tx, part.id)}
        for one in await assignments.of_task(tx, part.id):
            earned = one.state is AssignmentState.COMPLETED and one.id not in rated
            if earned and part.deliverable_id is not None:
                new = Rating(one.id, part.id, part.deliverable_id, rating, feedback, hall.clock())
                await ratings.add(tx, new)
