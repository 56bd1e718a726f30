"""Making a proposal for a task, and taking it back: the side of whoever would work."""

from dataclasses import dataclass

from hiringhall.actions.market.choosing import leave_selection
from hiringhall.actions.market.claims import take
from hiringhall.actions.market.desk import Offered, load_offered
from hiringhall.actions.tasks.moving import move, record
from hiringhall.actions.transaction import action
from hiringhall.domain import ids
from hiringhall.domain.errors import Conflict, NotFound
from hiringhall.domain.events import IntakeClosed, ProposalSubmitted, ProposalWithdrawn
from hiringhall.domain.lifecycle import Command, Side, Timer
from hiringhall.domain.market import MAX_TEXT_LENGTH, AssignmentState
from hiringhall.domain.policy import HALL, Actor, worker_of
from hiringhall.domain.proposals import Bid, Proposal, ProposalState, make_bid
from hiringhall.domain.tasks import FINAL, Engagement, State, Task
from hiringhall.hall import Hall
from hiringhall.store import assignments, proposals
from hiringhall.store.database import Tx


@dataclass(frozen=True, slots=True)
class Proposed:
    """A proposal just made, and what it did to the task."""

    proposal: Proposal
    task: Task
    proposals: int
    max_proposals: int
    auto_closed: bool


@action
async def propose(
    tx: Tx,
    hall: Hall,
    *,
    actor: Actor,
    task_id: str,
    plan: str,
    price_cents: int,
    sample: str | None = None,
    confidence: float | None = None,
    estimated_hours: float | None = None,
) -> Proposed:
    """Offer to do a task, once; the last slot closes its intake.

    Where the task is claimed, the first proposal that holds has it. Raises NotFound, NotApproved,
    Forbidden, Invalid, and Conflict for a second one, a full or closed intake, and a time over.
    """
    offered = await load_offered(tx, hall, actor=actor, task_id=task_id, taken_too=True)
    task, terms = offered.task, offered.terms
    assert task.price_cents is not None
    bid = make_bid(
        plan=plan,
        price_cents=price_cents,
        budget_cents=task.price_cents,
        sample=sample,
        confidence=confidence,
        estimated_hours=estimated_hours,
    )
    if await proposals.of_worker(tx, task.id, offered.worker.id) is not None:
        raise Conflict("You have proposed for this task already")
    if task.state is not State.OPEN:
        raise Conflict("This task takes no proposals any more")
    if terms.closes_at_us is None or terms.closes_at_us <= hall.clock():
        raise Conflict("The time in which this task took proposals is over")
    if task.engagement is Engagement.TASK_FORCE:
        raise Conflict("The parts of this task are given to agents: it takes no proposals")
    if task.engagement is Engagement.CLAIM:
        return await _take_it(tx, hall, offered, bid, actor=actor)
    return await _enter(tx, hall, offered, bid, actor=actor)


async def _enter(tx: Tx, hall: Hall, offered: Offered, bid: Bid, *, actor: Actor) -> Proposed:
    terms = offered.terms
    proposal = await _write(tx, hall, offered, bid, ProposalState.SUBMITTED)
    event = ProposalSubmitted(proposal.id, bid.price_cents)
    task = await record(tx, hall, offered.task, actor=actor, event=event, was=offered.task)
    taken = await proposals.count(tx, task.id)
    if taken > terms.max_proposals:
        raise Conflict("Every slot for proposals is taken")
    full = taken == terms.max_proposals
    if full:
        task = await move(
            tx,
            hall,
            task,
            Command.CLOSE_INTAKE,
            side=Side.HALL,
            actor=HALL,
            event=IntakeClosed("Every slot is taken"),
            due_at_us={Timer.GRACE: hall.clock() + hall.rules.selection_s * 1_000_000},
        )
    return Proposed(proposal, task, taken, terms.max_proposals, auto_closed=full)


async def _take_it(tx: Tx, hall: Hall, offered: Offered, bid: Bid, *, actor: Actor) -> Proposed:
    proposal = await _write(tx, hall, offered, bid, ProposalState.SHORTLISTED)
    task = await take(
        tx, hall, offered, actor=actor, share_cents=bid.price_cents, proposal=proposal
    )
    taken = await proposals.count(tx, task.id)
    return Proposed(proposal, task, taken, offered.terms.max_proposals, auto_closed=True)


async def _write(tx: Tx, hall: Hall, offered: Offered, bid: Bid, state: ProposalState) -> Proposal:
    now_us = hall.clock()
    proposal = Proposal(
        id=hall.new_id(),
        task_id=offered.task.id,
        worker=offered.worker,
        bid=bid,
        state=state,
        reason="",
        created_at_us=now_us,
        updated_at_us=now_us,
    )
    if not await proposals.add(tx, proposal):
        raise Conflict("You have proposed for this task already")
    return proposal


@action
async def withdraw_proposal(
    tx: Tx, hall: Hall, *, actor: Actor, proposal_id: str, reason: str = ""
) -> Proposal:
    """Take a proposal back, also when it was chosen; not while what it led to is to be decided.

    Raises NotFound, Forbidden, Conflict and WrongState.
    """
    worker = worker_of(actor)
    found = await proposals.by_id(tx, proposal_id) if ids.is_uuid(proposal_id) else None
    if found is None or found.worker != worker:
        raise NotFound("proposal")
    offered = await load_offered(tx, hall, actor=actor, task_id=found.task_id)
    proposal = await proposals.of_worker(tx, found.task_id, worker.id) or found
    task, mine, now_us = offered.task, offered.mine, hall.clock()
    event = ProposalWithdrawn(proposal.id, reason.strip()[:MAX_TEXT_LENGTH])
    if proposal.state is ProposalState.SUBMITTED and task.state not in FINAL:
        await record(tx, hall, task, actor=actor, event=event, was=task)
    elif proposal.state is ProposalState.SHORTLISTED and mine is not None:
        if task.engagement is Engagement.CLAIM:
            raise Conflict("You have claimed this task: give it back")
        await assignments.end(tx, mine.id, AssignmentState.RELEASED, at_us=now_us)
        await leave_selection(tx, hall, task, mine, side=Side.WORKER, actor=actor, event=event)
    else:
        raise Conflict(f"This proposal is {proposal.state.value} already")
    await proposals.move(tx, proposal, ProposalState.WITHDRAWN, at_us=now_us, reason=event.text)
    return await proposals.by_id(tx, proposal.id) or proposal
