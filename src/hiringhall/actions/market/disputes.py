"""Disputes: opened by either side, ended by both, by an admin, or by the clock."""

from dataclasses import dataclass, replace

from hiringhall.actions.force.following import part_has_ended, part_is_free
from hiringhall.actions.market.claims import end_proposal
from hiringhall.actions.market.ending import end_all
from hiringhall.actions.tasks.moving import move, record
from hiringhall.actions.transaction import action
from hiringhall.domain import ids
from hiringhall.domain.disputes import REVISIONS_BEFORE, Dispute, DisputeState, Party, Statement
from hiringhall.domain.errors import Conflict, Invalid, NotFound
from hiringhall.domain.escrow import Share
from hiringhall.domain.events import DisputeOpened, DisputeResolved, DisputeStated
from hiringhall.domain.force import LOOK_AGAIN_US
from hiringhall.domain.lifecycle import Command, Guard, Side, Timer, move_of, refusal
from hiringhall.domain.market import (
    MAX_TEXT_LENGTH,
    Assignment,
    AssignmentState,
)
from hiringhall.domain.policy import Actor, ActorKind, may_see
from hiringhall.domain.proposals import ProposalState
from hiringhall.domain.sentences import Cents, sentence
from hiringhall.domain.tasks import State, Task
from hiringhall.hall import Hall
from hiringhall.queries.admins import is_admin, require_admin
from hiringhall.store import assignments, disputes, tasks, timers
from hiringhall.store.database import Tx


@dataclass(frozen=True, slots=True)
class Case:
    """A dispute with its task and the assignment that it is about, and who speaks."""

    task: Task
    dispute: Dispute
    assignment: Assignment
    party: Party


@action
async def open_dispute(tx: Tx, hall: Hall, *, actor: Actor, task_id: str, reason: str) -> Dispute:
    """Disagree: about what was handed in, or after three revisions about what was not.

    Raises NotFound, Invalid, Conflict and WrongState.
    """
    said = _some(reason, "reason")
    task = await tasks.for_change(tx, task_id) if ids.is_uuid(task_id) else None
    if task is None:
        raise NotFound("task")
    on_it = await assignments.active(tx, task.id)
    party = _party(actor, task, on_it)
    if party is None:
        had_it = _party(actor, task, await assignments.of_task(tx, task.id)) is not None
        raise refusal(task, Command.DISPUTE) if had_it else NotFound("task")
    side = Side.POSTER if party is Party.POSTER else Side.WORKER
    row = move_of(task, Command.DISPUTE, side)
    if row.guard is Guard.THREE_REVISIONS and task.revisions < REVISIONS_BEFORE:
        raise Conflict(
            f"Before {REVISIONS_BEFORE} revisions were asked for, a dispute is about something "
            "that was handed in"
        )
    about = await _about(tx, task, on_it)
    if about is None:
        raise refusal(task, Command.DISPUTE)
    await begin(
        tx, hall, task, about, Command.DISPUTE, side=side, party=party, actor=actor, reason=said
    )
    opened = await disputes.open_of_task(tx, task.id)
    assert opened is not None, "it was written down just now"
    return opened


async def begin(
    tx: Tx,
    hall: Hall,
    task: Task,
    about: Assignment,
    command: Command,
    *,
    side: Side,
    party: Party,
    actor: Actor,
    reason: str,
) -> Task:
    """Open a dispute in this transaction, with the clock that ends it."""
    now_us = hall.clock()
    dispute = Dispute(
        id=hall.new_id(),
        task_id=task.id,
        assignment_id=about.id,
        opened_by=party,
        reason=reason,
        state=DisputeState.OPEN,
        poster_spoke=party is Party.POSTER,
        worker_spoke=party is Party.WORKER,
        poster_cents=None,
        worker_cents=None,
        outcome_cents=None,
        opened_at_us=now_us,
        closed_at_us=None,
    )
    await disputes.add(tx, dispute)
    return await move(
        tx,
        hall,
        task,
        command,
        side=side,
        actor=actor,
        event=DisputeOpened(dispute.id, party.value, reason),
        due_at_us={Timer.DISPUTE: now_us + hall.rules.dispute_s * 1_000_000},
    )


@action
async def state_case(tx: Tx, hall: Hall, *, actor: Actor, dispute_id: str, text: str) -> Dispute:
    """Say something in a dispute; when both sides have spoken its clock begins anew, once.

    Raises NotFound, Invalid and Conflict.
    """
    said = _some(text, "text")
    case = await _load(tx, actor=actor, dispute_id=dispute_id)
    await disputes.add_statement(
        tx, Statement(hall.new_id(), case.dispute.id, case.party.value, said, hall.clock())
    )
    return await _speak(tx, hall, case, actor=actor, text=said)


@action
async def agree(tx: Tx, hall: Hall, *, actor: Actor, dispute_id: str, worker_cents: int) -> Dispute:
    """Say what the worker should get of its share; where both sides say the same it is so.

    Raises NotFound, Invalid and Conflict.
    """
    case = await _load(tx, actor=actor, dispute_id=dispute_id)
    _check_cents(worker_cents, case.assignment)
    dispute = case.dispute
    if case.party is Party.POSTER:
        dispute = replace(dispute, poster_cents=worker_cents)
    else:
        dispute = replace(dispute, worker_cents=worker_cents)
    case = replace(case, dispute=dispute)
    if dispute.poster_cents != dispute.worker_cents:
        return await _speak(tx, hall, case, actor=actor, worker_cents=worker_cents)
    side = Side.POSTER if case.party is Party.POSTER else Side.WORKER
    return await settle_case(
        tx,
        hall,
        case,
        side=side,
        actor=actor,
        state=DisputeState.AGREED,
        worker_cents=worker_cents,
        how="Both sides agreed",
    )


@action
async def resolve(
    tx: Tx, hall: Hall, *, actor: Actor, dispute_id: str, worker_cents: int, reason: str = ""
) -> Dispute:
    """Decide a dispute as an admin: what the worker gets of its share; the rest is refunded.

    Raises Forbidden, NotFound, Invalid and Conflict.
    """
    await require_admin(tx, actor)
    case = await _load(tx, actor=actor, dispute_id=dispute_id, as_admin=True)
    _check_cents(worker_cents, case.assignment)
    said = reason.strip()[:MAX_TEXT_LENGTH]
    return await settle_case(
        tx,
        hall,
        case,
        side=Side.ADMIN,
        actor=actor,
        state=DisputeState.RESOLVED,
        worker_cents=worker_cents,
        how=f"An admin decided: {said}" if said else "An admin decided",
    )


async def settle_case(
    tx: Tx,
    hall: Hall,
    case: Case,
    *,
    side: Side,
    actor: Actor,
    state: DisputeState,
    worker_cents: int,
    how: str,
) -> Dispute:
    """End a dispute in this transaction: the worker is paid so much, the rest goes back."""
    task, assignment, now_us = case.task, case.assignment, hall.clock()
    ended = case.dispute.closed(state, at_us=now_us, outcome_cents=worker_cents)
    if not await disputes.save(tx, ended):
        raise Conflict("This dispute is over")
    worker = assignment.worker
    paid = worker_cents > 0
    shares = [Share(worker.organization_id, worker_cents, worker.agent_id, worker.user_id)]
    unpaid = State.OPEN if task.is_part else State.CANCELLED
    resolved = await move(
        tx,
        hall,
        task,
        Command.RESOLVE,
        side=side,
        actor=actor,
        target=State.DONE if paid else unpaid,
        event=DisputeResolved(ended.id, worker_cents, how),
        shares=shares if paid else (),
        due_at_us={Timer.INTAKE: now_us + LOOK_AGAIN_US},
    )
    end = AssignmentState.COMPLETED if paid else AssignmentState.REFUSED
    await assignments.end(tx, assignment.id, end, at_us=now_us)
    end = ProposalState.ACCEPTED if paid else ProposalState.CLOSED
    await end_proposal(tx, assignment, end, at_us=now_us)
    await end_all(tx, hall, task, AssignmentState.CLOSED)
    if task.is_part and paid:
        await part_has_ended(tx, hall, resolved, actor=actor)
    elif task.is_part:
        await part_is_free(tx, hall, resolved, "a dispute about it ended with nothing paid")
    return ended


async def _speak(
    tx: Tx,
    hall: Hall,
    case: Case,
    *,
    actor: Actor,
    text: str = "",
    worker_cents: int | None = None,
) -> Dispute:
    """Remember that a side spoke, and give the other, or an admin, its time."""
    was, party = case.dispute, case.party
    spoken = replace(
        was,
        poster_spoke=was.poster_spoke or party is Party.POSTER,
        worker_spoke=was.worker_spoke or party is Party.WORKER,
    )
    await disputes.save(tx, spoken)
    event = DisputeStated(was.id, party.value, text, worker_cents)
    await record(tx, hall, case.task, actor=actor, event=event, was=case.task)
    both = spoken.poster_spoke and spoken.worker_spoke
    if both and not (was.poster_spoke and was.worker_spoke):
        due_at_us = hall.clock() + hall.rules.dispute_s * 1_000_000
        await timers.set_timer(tx, task_id=case.task.id, kind=Timer.DISPUTE, due_at_us=due_at_us)
    return spoken


async def _load(tx: Tx, *, actor: Actor, dispute_id: str, as_admin: bool = False) -> Case:
    """An open dispute for a side of it, its task locked; raises NotFound and Conflict."""
    found = await disputes.by_id(tx, dispute_id) if ids.is_uuid(dispute_id) else None
    if found is None:
        raise NotFound("dispute")
    task = await tasks.for_change(tx, found.task_id)
    dispute = await disputes.by_id(tx, dispute_id)
    assignment = await assignments.by_id(tx, found.assignment_id)
    if task is None or dispute is None or assignment is None:
        raise NotFound("dispute")
    party = Party.POSTER if as_admin else _party(actor, task, [assignment])
    if party is None:
        if await is_admin(tx, actor):
            raise Conflict("An admin resolves a dispute, and takes no side in it")
        raise NotFound("dispute")
    if dispute.state is not DisputeState.OPEN or task.state is not State.DISPUTED:
        raise Conflict("This dispute is over")
    return Case(task, dispute, assignment, party)


def _party(actor: Actor, task: Task, on_it: list[Assignment]) -> Party | None:
    """On which side an actor is; None for whoever has no part in it."""
    for one in on_it:
        if actor.kind is ActorKind.AGENT and one.worker.agent_id == actor.agent_id:
            return Party.WORKER
    if actor.organization_id is not None and may_see(actor, task.organization_id):
        return Party.POSTER
    for one in on_it:
        if one.worker.user_id is not None and one.worker.user_id == actor.user_id:
            return Party.WORKER
    return None


async def _about(tx: Tx, task: Task, on_it: list[Assignment]) -> Assignment | None:
    """Whose work a dispute is about: whoever handed in last, of those who have the task."""
    if task.deliverable_id is not None:
        handed_in = await assignments.submission(tx, task.deliverable_id)
        for one in on_it:
            if handed_in is not None and one.id == handed_in.assignment_id:
                return one
    return on_it[0] if on_it else None


def _check_cents(worker_cents: int, assignment: Assignment) -> None:
    if not 0 <= worker_cents <= assignment.share_cents:
        raise Invalid(
            sentence(
                "The worker gets from ", Cents(0, unit=False), " to ", Cents(assignment.share_cents)
            ),
            {"worker_cents": "out of range"},
        )


def _some(text: str, field: str) -> str:
    tidy = text.strip()
    if not tidy:
        raise Invalid(f"{field.capitalize()} cannot be empty", {field: "empty"})
    if len(tidy) > MAX_TEXT_LENGTH:
        raise Invalid(
            f"{field.capitalize()} is longer than {MAX_TEXT_LENGTH} characters",
            {field: "too long"},
        )
    return tidy
