"""What a buyer does beside its word: gives a part to an agent of its choice, adds further parts."""

from collections.abc import Sequence

from hiringhall.actions.force.following import advance, lock_whole
from hiringhall.actions.force.giving import hand_to, wanted
from hiringhall.actions.force.planning import add_subtasks, ends_at_us, whole_of
from hiringhall.actions.force.saying import heard, say
from hiringhall.actions.market.desk import load_posted
from hiringhall.actions.tasks.moving import move
from hiringhall.actions.transaction import action
from hiringhall.domain.errors import Conflict
from hiringhall.domain.events import RevisionRequested
from hiringhall.domain.force import Force, ForceState, PartPlan, make_plan
from hiringhall.domain.lifecycle import Command, Side, Timer, refusal
from hiringhall.domain.policy import Actor
from hiringhall.domain.tasks import State, Task
from hiringhall.hall import Hall
from hiringhall.store import deliverables
from hiringhall.store import force as forces
from hiringhall.store.database import Tx


@action
async def choose_agent(tx: Tx, hall: Hall, *, actor: Actor, subtask_id: str, agent_id: str) -> Task:
    """Give an open part to an agent of the buyer's choice, also to one that had it before.

    Raises NotFound, Invalid, Conflict and WrongState.
    """
    posted = await load_posted(tx, actor=actor, task_id=subtask_id)
    part = posted.task
    if not part.is_part:
        raise Conflict("This task is no part of a Task Force")
    if part.state is not State.OPEN:
        raise refusal(part, Command.SHORTLIST)
    whole, _ = await lock_whole(tx, part)
    agent = await wanted(tx, hall, whole, agent_id)
    given = await hand_to(tx, hall, whole, part, agent, side=posted.side, actor=actor)
    await heard(tx, hall, whole, actor=actor)
    return given


@action
async def add_parts(
    tx: Tx,
    hall: Hall,
    *,
    actor: Actor,
    task_id: str,
    parts: Sequence[PartPlan],
    reason: str = "",
) -> Force:
    """Add parts to a Task Force out of what its price has left; also to a whole in review.

    That sends the whole back until they are done. Raises NotFound, Invalid, Conflict and
    WrongState.
    """
    posted = await load_posted(tx, actor=actor, task_id=task_id)
    whole = whole_of(posted)
    force = await forces.of_task(tx, whole.id)
    if force is None or whole.state not in (
        State.IN_PROGRESS,
        State.REVISING,
        State.IN_REVIEW,
    ):
        raise refusal(whole, Command.REQUEST_REVISION)
    if force.state is ForceState.CLOSING:
        raise Conflict("The time of this Task Force is over; nothing more is begun")
    assert whole.price_cents is not None, "it has a price"
    free_cents = whole.price_cents - await _bound_cents(tx, whole)
    made = make_plan(
        parts,
        price_cents=whole.price_cents,
        after=[one.key for one in force.parts],
        free_cents=free_cents,
    )
    for one in made:
        if one.agent_id is not None:
            await wanted(tx, hall, whole, one.agent_id)
    due_at_us = ends_at_us(hall, posted.terms, made)
    if whole.state is State.IN_REVIEW:
        whole = await _send_back(
            tx, hall, whole, reason.strip(), side=posted.side, actor=actor, due_at_us=due_at_us
        )
    await forces.add_parts(tx, whole.id, made, behind=len(force.parts))
    await add_subtasks(tx, hall, whole, posted.terms, made, force.subtasks, actor=actor)
    whole = await heard(tx, hall, whole, actor=actor)
    whole = await say(tx, hall, whole, f"{len(made)} further parts are added to the plan.")
    grown = await forces.of_task(tx, whole.id)
    assert grown is not None, "it was there just now"
    await advance(tx, hall, whole, grown)
    return grown


async def _bound_cents(tx: Tx, whole: Task) -> int:
    """What is paid to parts or promised to them; what was dropped is free again."""
    return sum(
        one.price_cents or 0
        for one in await forces.subtasks_of(tx, whole.id)
        if one.state is not State.CANCELLED
    )


async def _send_back(
    tx: Tx,
    hall: Hall,
    whole: Task,
    reason: str,
    *,
    side: Side,
    actor: Actor,
    due_at_us: int,
) -> Task:
    deliverable_id = whole.deliverable_id
    if deliverable_id is None or not await deliverables.decide(
        tx, deliverable_id, accepted=False, reason=reason or None, at_us=hall.clock()
    ):
        raise refusal(whole, Command.REQUEST_REVISION)
    return await move(
        tx,
        hall,
        whole,
        Command.REQUEST_REVISION,
        side=side,
        actor=actor,
        event=RevisionRequested(deliverable_id, reason),
        revisions=whole.revisions + 1,
        due_at_us={Timer.GRACE: due_at_us},
    )
