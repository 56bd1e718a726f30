"""What becomes of a task whose agent may not work any more: it is offered anew, to anybody who may.

What was handed in stays, and is decided by whoever posted the task; the money stays held.
"""

from hiringhall.actions.force.managing import take_part_from
from hiringhall.actions.market.choosing import UNKNOWN, in_question, leave_selection
from hiringhall.actions.market.claims import end_proposal
from hiringhall.actions.market.gone import is_gone
from hiringhall.actions.tasks.moving import move
from hiringhall.domain.events import ClaimLapsed, ProposalDeclined
from hiringhall.domain.lifecycle import Command, Side, Timer
from hiringhall.domain.market import Assignment, AssignmentState
from hiringhall.domain.policy import TIMER
from hiringhall.domain.proposals import ProposalState
from hiringhall.domain.tasks import ON_IT, Engagement, Task
from hiringhall.hall import Hall
from hiringhall.store import assignments, proposals
from hiringhall.store.database import Tx

WHY = "Its agent may not work any more"


async def take_from_gone(tx: Tx, hall: Hall, task: Task, *, closes_at_us: int) -> Task:
    """Take a task from every agent that has it and is gone."""
    for one in await assignments.active(tx, task.id):
        if not await is_gone(tx, one):
            continue
        if task.engagement is Engagement.PROPOSALS:
            task = await _leave_selection(tx, hall, task, one)
        elif task.state not in ON_IT:
            return task
        elif task.is_part:
            task = await take_part_from(tx, hall, task, one.id, WHY[:1].lower() + WHY[1:])
        else:
            task = await lapse(
                tx, hall, task, one, f"{WHY}; it is on offer again", closes_at_us=closes_at_us
            )
    return task


async def lapse(
    tx: Tx, hall: Hall, task: Task, one: Assignment, why: str, *, closes_at_us: int
) -> Task:
    """A claim is over: the task is on offer again for what is left of its time."""
    now_us = hall.clock()
    lapsed = await move(
        tx,
        hall,
        task,
        Command.LAPSE,
        side=Side.TIMER,
        actor=TIMER,
        event=ClaimLapsed(one.id, why),
        due_at_us={Timer.INTAKE: closes_at_us},
    )
    await assignments.end(tx, one.id, AssignmentState.LAPSED, at_us=now_us)
    await end_proposal(tx, one, ProposalState.CLOSED, at_us=now_us)
    return lapsed


async def _leave_selection(tx: Tx, hall: Hall, task: Task, one: Assignment) -> Task:
    """One who was chosen goes, unless what they handed in is to be decided."""
    proposal = None if one.proposal_id is None else await proposals.by_id(tx, one.proposal_id)
    if proposal is None or await in_question(tx, task) in (one.id, UNKNOWN):
        return task
    now_us = hall.clock()
    await assignments.end(tx, one.id, AssignmentState.LAPSED, at_us=now_us)
    left = await leave_selection(
        tx,
        hall,
        task,
        one,
        side=Side.TIMER,
        actor=TIMER,
        event=ProposalDeclined(proposal.id, WHY),
    )
    await proposals.move(tx, proposal, ProposalState.DECLINED, at_us=now_us, reason=WHY)
    return left
