"""Planning a Task Force: an outline becomes a plan, and with the buyer's yes tasks of its own."""

from collections.abc import Mapping, Sequence

from hiringhall.actions.force.following import advance
from hiringhall.actions.force.giving import wanted
from hiringhall.actions.force.saying import say
from hiringhall.actions.market.desk import Posted, load_posted, terms_of
from hiringhall.actions.tasks.creating import created
from hiringhall.actions.tasks.moving import move, wait_for
from hiringhall.actions.transaction import action
from hiringhall.domain.errors import Conflict, Invalid, LostRace, NotFound
from hiringhall.domain.events import PlanDecided, PlanProposed
from hiringhall.domain.force import (
    Force,
    ForceState,
    PartPlan,
    Reviewer,
    in_order,
    longest_us,
    make_plan,
    plan_text,
)
from hiringhall.domain.force_planning import Planning
from hiringhall.domain.lifecycle import Command, Side, Timer, move_of, refusal
from hiringhall.domain.market import Terms
from hiringhall.domain.policy import Actor
from hiringhall.domain.tasks import Acceptance, Engagement, State, Task, Waiting, fresh_task
from hiringhall.hall import Hall
from hiringhall.signals import PLANNINGS
from hiringhall.store import dependencies, events, plannings, plans, tasks, terms
from hiringhall.store import force as forces
from hiringhall.store.database import Tx

ANEW = "It was planned anew"
"""Why a plan has its no that another takes the place of."""


async def make_and_keep_plan(
    hall: Hall,
    *,
    actor: Actor,
    task_id: str,
    parts: Sequence[PartPlan] = (),
    reviewer: Reviewer | None = None,
) -> Force:
    """Plan a funded Task Force by its buyer's outline, or without one have the manager plan it.

    Raises NotFound, Invalid where no model is there for that, Conflict and WrongState.
    """
    accepts = reviewer or Reviewer.BUYER
    if parts:
        return await plan_force(hall, actor=actor, task_id=task_id, parts=parts, reviewer=accepts)
    if not hall.rules.manager_has_model:
        raise Invalid(
            "Say into which parts it is to be split: no model is set up here that plans",
            {"subtasks": "is required"},
        )
    return await ask_manager(hall, actor=actor, task_id=task_id, reviewer=accepts)


@action
async def ask_manager(
    tx: Tx, hall: Hall, *, actor: Actor, task_id: str, reviewer: Reviewer = Reviewer.BUYER
) -> Force:
    """Have the manager say how a funded Task Force is split, by a model, in the background.

    A plan that waits for the buyer's yes has its no with that. Raises NotFound, Conflict and
    WrongState.
    """
    posted = await load_posted(tx, actor=actor, task_id=task_id)
    whole = whole_of(posted)
    move_of(whole, Command.PROPOSE_PLAN, posted.side)
    if whole.state is State.AWAITING_REPLY:
        whole = await decide_in(tx, hall, posted, actor=actor, accepted=False, reason=ANEW)
    now_us = hall.clock()
    force = Force(whole.id, ForceState.PLANNING, reviewer, "manager", ())
    await plannings.forget(tx, whole.id)
    await forces.put(tx, force)
    await plannings.add(tx, Planning(whole.id, reviewer, 0, now_us, now_us))
    tx.after_commit(lambda: hall.signals.notify(PLANNINGS))
    await wait_for(
        tx, hall, whole, Waiting.NOTHING, actor=actor, reason="The manager plans how it is split"
    )
    return force


@action
async def plan_force(
    tx: Tx,
    hall: Hall,
    *,
    actor: Actor,
    task_id: str,
    parts: Sequence[PartPlan],
    reviewer: Reviewer = Reviewer.BUYER,
) -> Force:
    """Say how a funded Task Force is split; it waits for the buyer's yes, and may be said anew.

    `reviewer` accepts the parts. Raises NotFound, Invalid, Conflict and WrongState.
    """
    posted = await load_posted(tx, actor=actor, task_id=task_id)
    return await keep_plan(
        tx, hall, posted, parts, actor=actor, reviewer=reviewer, planned_by="poster"
    )


async def keep_plan(
    tx: Tx,
    hall: Hall,
    posted: Posted,
    parts: Sequence[PartPlan],
    *,
    actor: Actor,
    reviewer: Reviewer,
    planned_by: str,
) -> Force:
    """The same in this transaction, whoever made the plan."""
    task = whole_of(posted)
    assert task.price_cents is not None, "a task of the market has a price"
    move_of(task, Command.PROPOSE_PLAN, posted.side)
    made = make_plan(parts, price_cents=task.price_cents)
    for one in made:
        if one.agent_id is not None:
            await wanted(tx, hall, task, one.agent_id)
    now_us = hall.clock()
    if task.plan_id is not None:
        await plans.decide(tx, task.plan_id, accepted=False, reason=ANEW, at_us=now_us)
    plan_id, text = hall.new_id(), plan_text(made, price_cents=task.price_cents)
    await plans.add(tx, plan_id=plan_id, task_id=task.id, run_id=None, text=text, at_us=now_us)
    force = Force(task.id, ForceState.PLANNED, reviewer, planned_by, made)
    await plannings.forget(tx, task.id)
    await forces.put(tx, force)
    closes_at_us = posted.terms.closes_at_us or now_us
    await move(
        tx,
        hall,
        task,
        Command.PROPOSE_PLAN,
        side=posted.side,
        actor=actor,
        event=PlanProposed(plan_id, text),
        plan_id=plan_id,
        due_at_us={Timer.GRACE: max(closes_at_us, now_us + hall.rules.selection_s * 1_000_000)},
    )
    return force


@action
async def confirm_plan(
    tx: Tx,
    hall: Hall,
    *,
    actor: Actor,
    task_id: str,
    accepted: bool = True,
    reason: str = "",
    plan_id: str | None = None,
) -> Task:
    """Say yes to the plan and its split: its parts become tasks and are given to agents.

    With a no the task is to be planned anew. `plan_id` is the one that is meant, where known.
    Raises NotFound, Conflict, WrongState, and LostRace where another plan waits by now.
    """
    posted = await load_posted(tx, actor=actor, task_id=task_id)
    if plan_id not in (None, posted.task.plan_id):
        raise LostRace("This plan was made anew; look at the one that waits now")
    return await decide_in(tx, hall, posted, actor=actor, accepted=accepted, reason=reason)


async def decide_force(
    tx: Tx, hall: Hall, task: Task, *, actor: Actor, accepted: bool, reason: str
) -> Task:
    """The same in this transaction, for the task's poster, who came by another way."""
    posted = Posted(task, await terms_of(tx, task), Side.POSTER)
    return await decide_in(tx, hall, posted, actor=actor, accepted=accepted, reason=reason)


async def decide_in(
    tx: Tx, hall: Hall, posted: Posted, *, actor: Actor, accepted: bool, reason: str
) -> Task:
    """The same in this transaction."""
    task, now_us = whole_of(posted), hall.clock()
    target = State.IN_PROGRESS if accepted else State.OPEN
    move_of(task, Command.DECIDE_PLAN, posted.side, target=target)
    force = await forces.of_task(tx, task.id)
    plan_id = task.plan_id
    if force is None or plan_id is None:
        raise refusal(task, Command.DECIDE_PLAN)
    said = reason.strip()
    if not await plans.decide(tx, plan_id, accepted=accepted, reason=said or None, at_us=now_us):
        raise refusal(task, Command.DECIDE_PLAN)
    decided = PlanDecided(plan_id, accepted, said)
    if not accepted:
        return await move(
            tx,
            hall,
            task,
            Command.DECIDE_PLAN,
            side=posted.side,
            actor=actor,
            event=decided,
            target=State.OPEN,
            waiting_reason="It is to be planned anew",
            due_at_us={Timer.INTAKE: posted.terms.closes_at_us or now_us},
        )
    whole = await move(
        tx,
        hall,
        task,
        Command.DECIDE_PLAN,
        side=posted.side,
        actor=actor,
        event=decided,
        target=State.IN_PROGRESS,
        plan_approved=True,
        due_at_us={Timer.GRACE: ends_at_us(hall, posted.terms, force.parts)},
    )
    await forces.set_state(tx, task.id, ForceState.WORKING)
    whole = await say(tx, hall, whole, f"The plan stands: {len(force.parts)} parts.")
    await add_subtasks(tx, hall, whole, posted.terms, force.parts, {}, actor=actor)
    working = await forces.of_task(tx, task.id)
    assert working is not None, "it was there just now"
    return await advance(tx, hall, whole, working)


def ends_at_us(hall: Hall, agreed: Terms, parts: Sequence[PartPlan]) -> int:
    """Until when the whole may take: its deadline, or what its longest chain needs."""
    beside_us = (hall.rules.grace_s + hall.rules.review_s) * 1_000_000
    now_us = hall.clock()
    needed_us = longest_us(parts, usual_min=agreed.time_limit_min, beside_us=beside_us)
    return max(agreed.closes_at_us or now_us, now_us + needed_us)


async def add_subtasks(
    tx: Tx,
    hall: Hall,
    whole: Task,
    agreed: Terms,
    parts: Sequence[PartPlan],
    there: Mapping[str, str],
    *,
    actor: Actor,
) -> None:
    """Make a task of each part: a draft, until all that it depends on has ended."""
    made = dict(there)
    for plan in in_order(parts):
        part = _draft(plan, whole, task_id=hall.new_id(), now_us=hall.clock())
        needed = [made[key] for key in plan.depends_on]
        await tasks.add(tx, part)
        await terms.add(tx, _terms_of(plan, part.id, agreed))
        await dependencies.put(tx, part.id, needed)
        await forces.became(tx, whole.id, plan.key, subtask_id=part.id)
        event = created(part, dependencies=tuple(needed))
        await events.append(tx, event, task=part, actor=actor.label, at_us=part.created_at_us)
        made[plan.key] = part.id


def whole_of(posted: Posted) -> Task:
    """The task as one that several share; raises Conflict for any other."""
    if posted.task.is_part:
        raise NotFound("task")
    if not posted.task.is_whole:
        raise Conflict("This task is not for a Task Force: its engagement is another")
    return posted.task


def _draft(plan: PartPlan, whole: Task, *, task_id: str, now_us: int) -> Task:
    return fresh_task(
        task_id=task_id,
        organization_id=whole.organization_id,
        team_id=whole.team_id,
        created_by=whole.created_by,
        title=plan.title,
        description=plan.brief,
        engagement=Engagement.TASK_FORCE,
        acceptance=Acceptance.POSTER,
        repository=whole.repository,
        price_cents=plan.share_cents,
        parent_id=whole.id,
        now_us=now_us,
    )


def _terms_of(plan: PartPlan, task_id: str, agreed: Terms) -> Terms:
    return Terms(
        task_id=task_id,
        category=plan.category or agreed.category,
        instructions="",
        expected_output="",
        inputs=(),
        assets=(),
        tags=(),
        deadline_us=None,
        expires_in_us=agreed.expires_in_us,
        time_limit_min=plan.time_limit_min or agreed.time_limit_min,
        max_proposals=1,
        fee_on_top=agreed.fee_on_top,
        searched="",
    )
