"""What is said of a deliverable by its own name, whether the hall's staff or the market made it."""

from hiringhall.actions.market import reviewing
from hiringhall.actions.market.desk import Posted, load_posted
from hiringhall.actions.market.reviewing import check_rating, tidy_text
from hiringhall.actions.runs.queueing import move_and_queue
from hiringhall.actions.tasks.moving import load_for_change, move
from hiringhall.actions.transaction import action
from hiringhall.domain import ids
from hiringhall.domain.errors import Conflict, Invalid, NotFound
from hiringhall.domain.events import DeliverableAccepted, RevisionRequested
from hiringhall.domain.lifecycle import Command, Side, move_of, refusal
from hiringhall.domain.policy import Actor
from hiringhall.domain.tasks import MARKET, Task
from hiringhall.hall import Hall
from hiringhall.store import deliverables, tasks
from hiringhall.store.database import Tx
from hiringhall.store.deliverables import Deliverable


@action
async def accept_deliverable(
    tx: Tx,
    hall: Hall,
    *,
    actor: Actor,
    deliverable_id: str,
    rating: int | None = None,
    feedback: str = "",
) -> Deliverable:
    """Accept a deliverable, and pay whoever made it where money is held for its task.

    A rating, 1 to 5, is given now or never. Raises NotFound, Invalid, Conflict and WrongState.
    """
    return await accept_made(
        tx, hall, actor=actor, deliverable_id=deliverable_id, rating=rating, feedback=feedback
    )


async def accept_made(
    tx: Tx,
    hall: Hall,
    *,
    actor: Actor,
    deliverable_id: str,
    rating: int | None = None,
    feedback: str = "",
) -> Deliverable:
    """The same, within a transaction."""
    said = tidy_text(feedback, "feedback")
    check_rating(rating)
    made = await _made(tx, deliverable_id)
    if await _is_markets(tx, made):
        posted = await _posted(tx, actor, made)
        await reviewing.accept_in(
            tx,
            hall,
            posted.task,
            side=posted.side,
            actor=actor,
            deliverable_id=made.id,
            rating=rating,
            feedback=said,
        )
    else:
        task = await _staffs(tx, actor, made, Command.ACCEPT)
        await decide_staff(tx, hall, task, actor=actor, accepted=True, said=said, rating=rating)
    return await _made(tx, made.id)


@action
async def send_back(
    tx: Tx, hall: Hall, *, actor: Actor, deliverable_id: str, reason: str = ""
) -> Deliverable:
    """Ask for the newest deliverable to be made better, and say how.

    Raises Invalid without a reason, NotFound, Conflict and WrongState.
    """
    return await send_made_back(tx, hall, actor=actor, deliverable_id=deliverable_id, reason=reason)


async def send_made_back(
    tx: Tx, hall: Hall, *, actor: Actor, deliverable_id: str, reason: str = ""
) -> Deliverable:
    """The same, within a transaction."""
    said = tidy_text(reason, "reason")
    if not said:
        raise Invalid("Say what is to be different", {"reason": "empty"})
    made = await _made(tx, deliverable_id)
    if await _is_markets(tx, made):
        posted = await _posted(tx, actor, made, newest_for=Command.REQUEST_REVISION)
        await reviewing.revise_in(tx, hall, posted.task, posted.terms, posted.side, actor, said)
    else:
        task = await _staffs(tx, actor, made, Command.REQUEST_REVISION)
        await decide_staff(tx, hall, task, actor=actor, accepted=False, said=said)
    return await _made(tx, made.id)


@action
async def reject_deliverable(
    tx: Tx, hall: Hall, *, actor: Actor, deliverable_id: str, reason: str = ""
) -> Deliverable:
    """Say that the newest deliverable is not what was asked for.

    Where money is held a dispute begins, about the reason; the hall's staff begins anew. Raises
    NotFound, Invalid, Conflict and WrongState.
    """
    return await reject_made(tx, hall, actor=actor, deliverable_id=deliverable_id, reason=reason)


async def reject_made(
    tx: Tx, hall: Hall, *, actor: Actor, deliverable_id: str, reason: str = ""
) -> Deliverable:
    """The same, within a transaction."""
    said = tidy_text(reason, "reason")
    made = await _made(tx, deliverable_id)
    if await _is_markets(tx, made):
        posted = await _posted(tx, actor, made, newest_for=Command.REJECT)
        await reviewing.reject_in(
            tx, hall, posted.task, side=posted.side, actor=actor, feedback=said
        )
    else:
        task = await _staffs(tx, actor, made, Command.REJECT)
        await decide_staff(tx, hall, task, actor=actor, accepted=False, said=said)
    return await _made(tx, made.id)


async def decide_staff(
    tx: Tx,
    hall: Hall,
    task: Task,
    *,
    actor: Actor,
    accepted: bool,
    said: str,
    rating: int | None = None,
) -> Task:
    """Decide on what the hall's own worker delivered, in this transaction: done, or once more."""
    command = Command.ACCEPT if accepted else Command.REJECT
    move_of(task, command, Side.POSTER)
    deliverable_id = task.deliverable_id
    if deliverable_id is None or not await deliverables.decide(
        tx, deliverable_id, accepted=accepted, reason=said or None, at_us=hall.clock()
    ):
        raise refusal(task, command)
    if accepted:
        event = DeliverableAccepted(deliverable_id, rating, said if rating is not None else "")
        return await move(tx, hall, task, command, side=Side.POSTER, actor=actor, event=event)
    return await move_and_queue(
        tx,
        hall,
        task,
        command,
        side=Side.POSTER,
        actor=actor,
        event=RevisionRequested(deliverable_id, said),
        revisions=task.revisions + 1,
    )


async def _made(tx: Tx, deliverable_id: str) -> Deliverable:
    found = await deliverables.by_id(tx, deliverable_id) if ids.is_uuid(deliverable_id) else None
    if found is None:
        raise NotFound("deliverable")
    return found


async def _is_markets(tx: Tx, made: Deliverable) -> bool:
    task = await tasks.by_id(tx, made.task_id)
    return task is not None and task.engagement in MARKET


async def _posted(
    tx: Tx, actor: Actor, made: Deliverable, *, newest_for: Command | None = None
) -> Posted:
    try:
        posted = await load_posted(tx, actor=actor, task_id=made.task_id)
    except NotFound:
        raise NotFound("deliverable") from None
    if newest_for is not None:
        _check_newest(posted.task, made, newest_for)
    return posted


async def _staffs(tx: Tx, actor: Actor, made: Deliverable, command: Command) -> Task:
    try:
        task = await load_for_change(tx, actor=actor, task_id=made.task_id)
    except NotFound:
        raise NotFound("deliverable") from None
    _check_newest(task, made, command)
    return task


def _check_newest(task: Task, made: Deliverable, command: Command) -> None:
    """Refuse a word on an older one: what counts now is another."""
    if task.deliverable_id == made.id:
        return
    move_of(task, command, Side.POSTER)
    raise Conflict("A newer deliverable has taken this one's place; decide on that")
