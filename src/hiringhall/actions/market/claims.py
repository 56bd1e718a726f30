"""Claims: who comes first has the task, for a time."""

from hiringhall.actions.force.following import part_is_free
from hiringhall.actions.market.desk import Offered, load_offered
from hiringhall.actions.tasks.moving import move
from hiringhall.actions.transaction import action
from hiringhall.domain.durations import MINUTE_US
from hiringhall.domain.errors import Conflict
from hiringhall.domain.events import ClaimReleased, TaskClaimed
from hiringhall.domain.force import LOOK_AGAIN_US
from hiringhall.domain.lifecycle import Command, Side, Timer, move_of, refusal
from hiringhall.domain.market import MAX_TEXT_LENGTH, Assignment, AssignmentState
from hiringhall.domain.policy import Actor
from hiringhall.domain.proposals import Proposal, ProposalState
from hiringhall.domain.tasks import Engagement, State, Task
from hiringhall.hall import Hall
from hiringhall.store import assignments, proposals
from hiringhall.store.database import Tx


@action
async def claim(tx: Tx, hall: Hall, *, actor: Actor, task_id: str) -> Task:
    """Take a task that is on offer to whoever comes first, for as long as its poster allows.

    Whoever could have had it and comes later hears Conflict, its own organization WrongState.
    Raises NotFound, NotApproved and Forbidden.
    """
    offered = await load_offered(tx, hall, actor=actor, task_id=task_id, taken_too=True)
    if offered.task.state is not State.OPEN and not (offered.own or offered.had):
        # What became of it is no business of theirs.
        raise Conflict("Somebody else has this task, or it is on offer no longer")
    assert offered.task.price_cents is not None
    return await take(tx, hall, offered, actor=actor, share_cents=offered.task.price_cents)


async def take(
    tx: Tx,
    hall: Hall,
    offered: Offered,
    *,
    actor: Actor,
    share_cents: int,
    proposal: Proposal | None = None,
) -> Task:
    """Give a task to whoever claims it, in this transaction, for a share of its price."""
    task, terms, now_us = offered.task, offered.terms, hall.clock()
    if task.engagement is not Engagement.CLAIM:
        raise Conflict("This task is not claimed: make a proposal for it")
    move_of(task, Command.CLAIM, Side.WORKER)
    if terms.closes_at_us is None or terms.closes_at_us <= now_us:
        raise Conflict("The time in which this task could be taken is over")
    due_at_us = now_us + terms.time_limit_min * MINUTE_US
    taken = Assignment(
        id=hall.new_id(),
        task_id=task.id,
        worker=offered.worker,
        proposal_id=None if proposal is None else proposal.id,
        share_cents=share_cents,
        alone=True,
        state=AssignmentState.ACTIVE,
        taken_at_us=now_us,
        due_at_us=due_at_us,
    )
    await assignments.add(tx, taken, category=terms.category, own=offered.own)
    return await move(
        tx,
        hall,
        task,
        Command.CLAIM,
        side=Side.WORKER,
        actor=actor,
        event=TaskClaimed(assignment_id=taken.id),
        due_at_us={Timer.CLAIM_LIMIT: due_at_us},
    )


@action
async def release_claim(
    tx: Tx, hall: Hall, *, actor: Actor, task_id: str, reason: str = ""
) -> Task:
    """Give a claimed task back; it is on offer again until its time is over.

    Raises NotFound, Conflict, and WrongState while something handed in is to be decided.
    """
    offered = await load_offered(tx, hall, actor=actor, task_id=task_id)
    task, terms, mine, now_us = offered.task, offered.terms, offered.mine, hall.clock()
    if mine is None:
        if offered.had:
            raise refusal(task, Command.RELEASE_CLAIM)
        raise Conflict("You do not have this task")
    if task.engagement is not Engagement.CLAIM and not task.is_part:
        raise Conflict("You have this task by a proposal: withdraw that")
    again_at_us = terms.closes_at_us or now_us
    if task.is_part:
        again_at_us = now_us + LOOK_AGAIN_US
    released = await move(
        tx,
        hall,
        task,
        Command.RELEASE_CLAIM,
        side=Side.WORKER,
        actor=actor,
        event=ClaimReleased(mine.id, reason.strip()[:MAX_TEXT_LENGTH]),
        due_at_us={Timer.INTAKE: again_at_us},
    )
    await assignments.end(tx, mine.id, AssignmentState.RELEASED, at_us=now_us)
    await end_proposal(tx, mine, ProposalState.WITHDRAWN, at_us=now_us)
    if task.is_part:
        await part_is_free(tx, hall, released, reason.strip() or "its agent gave it back")
    return released


async def end_proposal(tx: Tx, assignment: Assignment, state: ProposalState, *, at_us: int) -> None:
    """Say what became of the proposal by which somebody has a task, where there is one."""
    if assignment.proposal_id is None:
        return
    proposal = await proposals.by_id(tx, assignment.proposal_id)
    if proposal is not None:
        await proposals.move(tx, proposal, state, at_us=at_us)
