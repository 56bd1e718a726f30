"""What a poster says of work that was handed in: accepted and paid, sent back, or rejected."""

from dataclasses import dataclass

from hiringhall.actions.force.following import part_has_ended, part_was_sent_back
from hiringhall.actions.force.whole import accept_whole, reject_whole
from hiringhall.actions.market.claims import end_proposal
from hiringhall.actions.market.desk import load_posted
from hiringhall.actions.market.disputes import begin
from hiringhall.actions.market.ending import end_all
from hiringhall.actions.market.gone import look_for_gone
from hiringhall.actions.tasks.moving import move
from hiringhall.actions.transaction import action
from hiringhall.domain.disputes import Party
from hiringhall.domain.durations import MINUTE_US
from hiringhall.domain.errors import Conflict, Invalid, NotFound
from hiringhall.domain.escrow import Share
from hiringhall.domain.events import DeliverableAccepted, RevisionRequested
from hiringhall.domain.lifecycle import Command, Side, Timer, move_of, refusal
from hiringhall.domain.market import MAX_TEXT_LENGTH, Assignment, AssignmentState, Terms
from hiringhall.domain.policy import Actor
from hiringhall.domain.proposals import ProposalState
from hiringhall.domain.tasks import Task
from hiringhall.hall import Hall
from hiringhall.store import assignments, deliverables, ratings
from hiringhall.store.database import Tx
from hiringhall.store.deliverables import Deliverable
from hiringhall.store.ratings import Rating


@dataclass(frozen=True, slots=True)
class HandedIn:
    """A deliverable that is to be decided, and who handed it in."""

    deliverable: Deliverable
    assignment: Assignment


@action
async def accept(
    tx: Tx,
    hall: Hall,
    *,
    actor: Actor,
    task_id: str,
    deliverable_id: str | None = None,
    rating: int | None = None,
    feedback: str = "",
) -> Task:
    """Accept the newest deliverable, or one of several that is named, and pay whoever made it.

    A rating, 1 to 5, is given now or never. Raises NotFound, Invalid, Conflict and WrongState.
    """
    said = tidy_text(feedback, "feedback")
    check_rating(rating)
    posted = await load_posted(tx, actor=actor, task_id=task_id)
    return await accept_in(
        tx,
        hall,
        posted.task,
        side=posted.side,
        actor=actor,
        deliverable_id=deliverable_id,
        rating=rating,
        feedback=said,
    )


async def accept_in(
    tx: Tx,
    hall: Hall,
    task: Task,
    *,
    side: Side,
    actor: Actor,
    deliverable_id: str | None = None,
    rating: int | None = None,
    feedback: str = "",
) -> Task:
    """The same in this transaction, for a task that the actor may change."""
    move_of(task, Command.ACCEPT, side)
    if task.is_whole:
        return await accept_whole(
            tx, hall, task, side=side, actor=actor, rating=rating, feedback=feedback
        )
    now_us = hall.clock()
    handed_in = await to_decide(tx, task, deliverable_id, Command.ACCEPT)
    deliverable, assignment = handed_in.deliverable, handed_in.assignment
    await _decide(tx, hall, task, deliverable, accepted=True, reason=feedback)
    accepted = await move(
        tx,
        hall,
        task,
        Command.ACCEPT,
        side=side,
        actor=actor,
        event=DeliverableAccepted(deliverable.id, rating, feedback),
        shares=[share_of(assignment, assignment.share_cents)],
        deliverable_id=deliverable.id,
    )
    await assignments.end(tx, assignment.id, AssignmentState.COMPLETED, at_us=now_us)
    await end_proposal(tx, assignment, ProposalState.ACCEPTED, at_us=now_us)
    await end_all(tx, hall, task, AssignmentState.CLOSED)
    if rating is not None:
        await ratings.add(
            tx, Rating(assignment.id, task.id, deliverable.id, rating, feedback, now_us)
        )
    if task.is_part:
        await part_has_ended(tx, hall, accepted, actor=actor)
    return accepted


def share_of(assignment: Assignment, cents: int) -> Share:
    """What whoever has a task is owed of it."""
    worker = assignment.worker
    return Share(worker.organization_id, cents, worker.agent_id, worker.user_id)


@action
async def request_revision(
    tx: Tx, hall: Hall, *, actor: Actor, task_id: str, reason: str = ""
) -> Task:
    """Send the newest deliverable back with a reason; its maker has the task's time once more.

    Raises NotFound, Invalid, Conflict and WrongState.
    """
    said = tidy_text(reason, "reason")
    posted = await load_posted(tx, actor=actor, task_id=task_id)
    return await revise_in(tx, hall, posted.task, posted.terms, posted.side, actor, said)


async def revise_in(
    tx: Tx, hall: Hall, task: Task, terms: Terms, side: Side, actor: Actor, reason: str
) -> Task:
    """The same in this transaction, for a task that the actor may change."""
    move_of(task, Command.REQUEST_REVISION, side)
    if task.is_whole:
        raise Conflict(
            "The parts of this task were accepted one by one: add a part for what is missing"
        )
    handed_in = await to_decide(tx, task, None, Command.REQUEST_REVISION)
    await _decide(tx, hall, task, handed_in.deliverable, accepted=False, reason=reason)
    now_us = hall.clock()
    due_at_us = now_us + max(terms.time_limit_min * MINUTE_US, hall.rules.grace_s * 1_000_000)
    for one in await assignments.active(tx, task.id):
        await assignments.extend(tx, one.id, due_at_us=max(due_at_us, one.due_at_us))
        due_at_us = max(due_at_us, one.due_at_us)
    revising = await move(
        tx,
        hall,
        task,
        Command.REQUEST_REVISION,
        side=side,
        actor=actor,
        event=RevisionRequested(handed_in.deliverable.id, reason),
        revisions=task.revisions + 1,
        due_at_us={Timer.GRACE: due_at_us},
    )
    await look_for_gone(tx, hall, revising)
    if task.is_part:
        await part_was_sent_back(tx, hall, revising, reason, actor=actor)
    return revising


@action
async def reject(tx: Tx, hall: Hall, *, actor: Actor, task_id: str, reason: str) -> Task:
    """Say that the newest deliverable is not what was asked for; a dispute decides on the money.

    Raises NotFound, Invalid, Conflict and WrongState.
    """
    said = tidy_text(reason, "reason")
    posted = await load_posted(tx, actor=actor, task_id=task_id)
    return await reject_in(tx, hall, posted.task, side=posted.side, actor=actor, feedback=said)


async def reject_in(
    tx: Tx, hall: Hall, task: Task, *, side: Side, actor: Actor, feedback: str
) -> Task:
    """The same in this transaction, for a task that the actor may change.

    It is what its poster has to say in the dispute, so it has to say something.
    """
    move_of(task, Command.REJECT, side)
    if not feedback:
        raise Invalid("Say what is wrong with it: the dispute is about that", {"reason": "empty"})
    if task.is_whole:
        return await reject_whole(tx, hall, task, side=side, actor=actor, feedback=feedback)
    handed_in = await to_decide(tx, task, None, Command.REJECT)
    await _decide(tx, hall, task, handed_in.deliverable, accepted=False, reason=feedback)
    return await begin(
        tx,
        hall,
        task,
        handed_in.assignment,
        Command.REJECT,
        side=side,
        party=Party.POSTER,
        actor=actor,
        reason=feedback,
    )


async def to_decide(tx: Tx, task: Task, deliverable_id: str | None, command: Command) -> HandedIn:
    """What is to be decided: the newest deliverable, or another that still waits for it.

    Raises NotFound, and WrongState where nothing waits, or its maker has the task no more.
    """
    wanted = deliverable_id or task.deliverable_id
    found = None if wanted is None else await deliverables.by_id(tx, wanted)
    if found is None or found.task_id != task.id:
        if deliverable_id is not None:
            raise NotFound("deliverable")
        raise refusal(task, command)
    if found.accepted is not None:
        raise Conflict("This deliverable was decided already")
    handed_in = await assignments.submission(tx, found.id)
    assignment = None
    if handed_in is not None:
        assignment = await assignments.by_id(tx, handed_in.assignment_id)
    if assignment is None or assignment.state is not AssignmentState.ACTIVE:
        raise Conflict("Whoever handed this in does not have the task any more")
    return HandedIn(found, assignment)


async def _decide(
    tx: Tx, hall: Hall, task: Task, deliverable: Deliverable, *, accepted: bool, reason: str
) -> None:
    decided = await deliverables.decide(
        tx, deliverable.id, accepted=accepted, reason=reason or None, at_us=hall.clock()
    )
    if not decided:
        raise refusal(task, Command.ACCEPT if accepted else Command.REJECT)


def check_rating(rating: int | None) -> None:
    """Raise Invalid for a rating that is not from 1 to 5."""
    if rating is not None and not 1 <= rating <= 5:
        raise Invalid("A rating is from 1 to 5", {"rating": "out of range"})


def tidy_text(text: str, field: str) -> str:
    """A text that somebody says beside a decision; raises Invalid."""
    tidy = text.strip()
    if len(tidy) > MAX_TEXT_LENGTH:
        raise Invalid(
            f"{field.capitalize()} is longer than {MAX_TEXT_LENGTH} characters",
            {field: "too long"},
        )
    return tidy
