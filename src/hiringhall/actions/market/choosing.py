"""Choosing among proposals: the side of whoever posted the task."""

from hiringhall.actions.market.desk import Posted, load_posted
from hiringhall.actions.tasks.moving import move, record
from hiringhall.actions.transaction import action
from hiringhall.domain import ids
from hiringhall.domain.agents import AgentState
from hiringhall.domain.durations import MINUTE_US
from hiringhall.domain.errors import Conflict, NotFound
from hiringhall.domain.events import (
    Happened,
    IntakeClosed,
    ProposalDeclined,
    ProposalShortlisted,
)
from hiringhall.domain.lifecycle import Command, Side, Timer, move_of, refusal
from hiringhall.domain.market import MAX_TEXT_LENGTH, Assignment, AssignmentState
from hiringhall.domain.policy import Actor
from hiringhall.domain.proposals import Proposal, ProposalState
from hiringhall.domain.tasks import ON_IT, State, Task
from hiringhall.hall import Hall
from hiringhall.store import agents, assignments, disputes, proposals
from hiringhall.store.database import Tx


@action
async def shortlist(tx: Tx, hall: Hall, *, actor: Actor, proposal_id: str) -> Proposal:
    """Choose a proposal: its maker may deliver. Several may be chosen, and one is paid.

    Raises NotFound, Conflict and WrongState.
    """
    posted, proposal = await _load(tx, actor=actor, proposal_id=proposal_id)
    task, terms, now_us = posted.task, posted.terms, hall.clock()
    move_of(task, Command.SHORTLIST, posted.side)
    if proposal.state is not ProposalState.SUBMITTED:
        raise Conflict(f"This proposal is {proposal.state.value} already")
    await _check_may_work(tx, proposal)
    needed_min = proposal.bid.estimated_min or terms.time_limit_min
    due_at_us = now_us + needed_min * MINUTE_US
    chosen = Assignment(
        id=hall.new_id(),
        task_id=task.id,
        worker=proposal.worker,
        proposal_id=proposal.id,
        share_cents=proposal.bid.price_cents,
        alone=False,
        state=AssignmentState.ACTIVE,
        taken_at_us=now_us,
        due_at_us=due_at_us,
    )
    own = proposal.worker.organization_id == task.organization_id
    await assignments.add(tx, chosen, category=terms.category, own=own)
    await proposals.move(tx, proposal, ProposalState.SHORTLISTED, at_us=now_us)
    latest_us = max(one.due_at_us for one in await assignments.active(tx, task.id))
    ends_us = max(latest_us, terms.deadline_us or 0) + hall.rules.grace_s * 1_000_000
    await move(
        tx,
        hall,
        task,
        Command.SHORTLIST,
        side=posted.side,
        actor=actor,
        event=ProposalShortlisted(proposal.id, chosen.id),
        due_at_us={Timer.GRACE: ends_us},
    )
    return await _read(tx, proposal)


@action
async def decline(
    tx: Tx, hall: Hall, *, actor: Actor, proposal_id: str, reason: str = ""
) -> Proposal:
    """Say no to a proposal; to one that was chosen only when its maker's own time is over.

    Raises NotFound, Conflict and WrongState.
    """
    posted, proposal = await _load(tx, actor=actor, proposal_id=proposal_id)
    task, now_us = posted.task, hall.clock()
    event = ProposalDeclined(proposal.id, reason.strip()[:MAX_TEXT_LENGTH])
    if proposal.state is ProposalState.SUBMITTED:
        await record(tx, hall, task, actor=actor, event=event, was=task)
    elif proposal.state is ProposalState.SHORTLISTED:
        theirs = await _assignment_of(tx, proposal)
        if theirs is None:
            raise refusal(task, Command.DECLINE)
        if theirs.due_at_us > now_us and posted.side is not Side.ADMIN:
            raise Conflict(
                "Its maker is working on the task; it can be declined when their time is over"
            )
        await assignments.end(tx, theirs.id, AssignmentState.LAPSED, at_us=now_us)
        await leave_selection(tx, hall, task, theirs, side=posted.side, actor=actor, event=event)
    else:
        raise Conflict(f"This proposal is {proposal.state.value} already")
    await proposals.move(tx, proposal, ProposalState.DECLINED, at_us=now_us, reason=event.text)
    return await _read(tx, proposal)


@action
async def close_intake(tx: Tx, hall: Hall, *, actor: Actor, task_id: str) -> Task:
    """Take no more proposals; raises NotFound, Conflict and WrongState."""
    posted = await load_posted(tx, actor=actor, task_id=task_id)
    return await move(
        tx,
        hall,
        posted.task,
        Command.CLOSE_INTAKE,
        side=posted.side,
        actor=actor,
        event=IntakeClosed("The poster closed it"),
        due_at_us={Timer.GRACE: hall.clock() + hall.rules.selection_s * 1_000_000},
    )


async def leave_selection(
    tx: Tx,
    hall: Hall,
    task: Task,
    theirs: Assignment,
    *,
    side: Side,
    actor: Actor,
    event: Happened,
) -> Task:
    """One who was chosen goes: where nobody is left the task is to be given anew.

    Raises WrongState where what they handed in is to be decided.
    """
    if await in_question(tx, task) in (theirs.id, UNKNOWN):
        raise refusal(task, Command.DECLINE)
    if await assignments.active(tx, task.id):
        return await record(tx, hall, task, actor=actor, event=event, was=task)
    return await move(
        tx,
        hall,
        task,
        Command.DECLINE,
        side=side,
        actor=actor,
        event=event,
        due_at_us={Timer.GRACE: hall.clock() + hall.rules.selection_s * 1_000_000},
    )


async def _check_may_work(tx: Tx, proposal: Proposal) -> None:
    agent_id = proposal.worker.agent_id
    agent = None if agent_id is None else await agents.at_work(tx, agent_id)
    if agent_id is not None and (agent is None or agent.state is not AgentState.APPROVED):
        raise Conflict("The agent that made this proposal may not work any more: choose another")


UNKNOWN = "unknown"
"""Somebody's work is to be decided, and whose it is is not to be found."""


async def in_question(tx: Tx, task: Task) -> str | None:
    """Whose work is to be decided now, as their assignment's id; None where nobody's is."""
    if task.state in ON_IT:
        return None
    if task.state is State.DISPUTED:
        dispute = await disputes.open_of_task(tx, task.id)
        return UNKNOWN if dispute is None else dispute.assignment_id
    if task.deliverable_id is None:
        return UNKNOWN
    handed_in = await assignments.submission(tx, task.deliverable_id)
    return UNKNOWN if handed_in is None else handed_in.assignment_id


async def _load(tx: Tx, *, actor: Actor, proposal_id: str) -> tuple[Posted, Proposal]:
    """A proposal for the poster of its task, which is locked; raises NotFound."""
    found = await proposals.by_id(tx, proposal_id) if ids.is_uuid(proposal_id) else None
    if found is None:
        raise NotFound("proposal")
    try:
        posted = await load_posted(tx, actor=actor, task_id=found.task_id)
    except NotFound:
        raise NotFound("proposal") from None
    return posted, await _read(tx, found)


async def _read(tx: Tx, proposal: Proposal) -> Proposal:
    return await proposals.by_id(tx, proposal.id) or proposal


async def _assignment_of(tx: Tx, proposal: Proposal) -> Assignment | None:
    for one in await assignments.active(tx, proposal.task_id):
        if one.proposal_id == proposal.id:
            return one
    return None
