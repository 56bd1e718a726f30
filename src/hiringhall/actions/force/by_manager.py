"""The manager's plans: taken in hand by whoever asks a model, judged, and kept or given up."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hiringhall.actions.force.planning import keep_plan
from hiringhall.actions.force.saying import say, tell_buyer
from hiringhall.actions.market.desk import Posted
from hiringhall.actions.transaction import action
from hiringhall.domain.compute import Spender
from hiringhall.domain.force import ForceState, PartPlan
from hiringhall.domain.force_planning import (
    MOST_FAULT_LENGTH,
    Planning,
    ToPlan,
    categories_of,
    kept_answer,
)
from hiringhall.domain.lifecycle import Side
from hiringhall.domain.market import GENERAL
from hiringhall.domain.policy import HALL
from hiringhall.domain.tasks import State, Task
from hiringhall.hall import Hall
from hiringhall.store import agents, plannings, tasks, terms
from hiringhall.store import force as forces
from hiringhall.store.database import Tx

LOST_AFTER_US = 300_000_000
"""How long a planning may be in somebody's hand before it is taken for lost."""
AGAIN_AFTER_US = 20_000_000
"""How long until a model that did not answer is asked anew; each time as much longer."""
MOST_AGENTS = 500
"""How many agents are asked for their categories."""


@dataclass(frozen=True, slots=True)
class PlanToMake:
    """A planning that was taken, what a model is to be shown, and who pays."""

    planning: Planning
    seen: ToPlan
    spender: Spender


@dataclass(frozen=True, slots=True)
class Dropped:
    """Something was taken whose task wants no plan any more."""


async def take_planning(hall: Hall) -> PlanToMake | Dropped | None:
    """Take the planning that has waited longest, for a while; None where none is due."""

    async def look(tx: Tx) -> bool:
        return await plannings.is_due(tx, now_us=hall.clock())

    # Whoever has nothing to do asks without a word to the writer.
    return await _take(hall) if await hall.database.read(look) else None


@action
async def _take(tx: Tx, hall: Hall) -> PlanToMake | Dropped | None:
    now_us = hall.clock()
    due = await plannings.next_due(tx, now_us=now_us)
    if due is None:
        return None
    task = await tasks.by_id(tx, due.task_id)
    agreed = await terms.of_task(tx, due.task_id)
    if task is None or agreed is None or not await _is_wanted(tx, task):
        await plannings.finish(tx, due)
        return Dropped()
    taken = replace(due, attempts=due.attempts + 1, due_at_us=now_us + LOST_AFTER_US)
    if not await plannings.put_off(tx, due, taken):
        return Dropped()
    listed = await agents.task_force_categories(tx, most=MOST_AGENTS)
    said = (task.description, agreed.instructions)
    seen = ToPlan(
        title=task.title,
        brief="\n\n".join(one for one in said if one),
        expected_output=agreed.expected_output,
        price_cents=task.price_cents or 0,
        category=agreed.category,
        categories=categories_of(agreed.category, [GENERAL, *listed]),
    )
    spender = Spender(None, task.id, task.team_id, task.organization_id, None)
    return PlanToMake(taken, seen, spender)


@action
async def plan_again(tx: Tx, hall: Hall, *, planning: Planning) -> None:
    """No model answered: it is due again in a while, later each time."""
    until_us = hall.clock() + AGAIN_AFTER_US * planning.attempts
    await plannings.put_off(tx, planning, replace(planning, due_at_us=until_us))


@action
async def mend_plan(tx: Tx, hall: Hall, *, planning: Planning, answer: str, fault: str) -> None:
    """A model's plan was none: it is asked once more, and told why."""
    mended = replace(
        planning,
        due_at_us=hall.clock(),
        answer=kept_answer(answer),
        fault=fault[:MOST_FAULT_LENGTH],
    )
    await plannings.put_off(tx, planning, mended)


@action
async def finish_planning(
    tx: Tx, hall: Hall, *, planning: Planning, parts: Sequence[PartPlan], model: str
) -> bool:
    """Keep the manager's plan, which waits for the buyer's yes; False where nobody wants it."""
    task = await tasks.for_change(tx, planning.task_id)
    if not await plannings.finish(tx, planning) or task is None or not await _is_wanted(tx, task):
        return False
    agreed = await terms.of_task(tx, task.id)
    assert agreed is not None, "it was funded"
    text = f"I would split it into {len(parts)} parts, planned by {model}: say yes, or plan anew."
    task = await say(tx, hall, task, text)
    await keep_plan(
        tx,
        hall,
        Posted(task, agreed, Side.HALL),
        parts,
        actor=HALL,
        reviewer=planning.reviewer,
        planned_by="manager",
    )
    return True


@action
async def give_up_planning(tx: Tx, hall: Hall, *, planning: Planning, why: str) -> bool:
    """The manager cannot plan it: the buyer is told why, and asked for an outline."""
    task = await tasks.for_change(tx, planning.task_id)
    if not await plannings.finish(tx, planning) or task is None or not await _is_wanted(tx, task):
        return False
    await forces.forget(tx, task.id)
    said = why[:MOST_FAULT_LENGTH].rstrip(".")
    text = f"I could not plan this: {said}. Say yourself into which parts it is to be split."
    await tell_buyer(tx, hall, task, text)
    return True


async def _is_wanted(tx: Tx, task: Task) -> bool:
    """Whether a task still waits for the manager's plan."""
    if not task.is_whole or task.state is not State.OPEN:
        return False
    force = await forces.of_task(tx, task.id)
    return force is not None and force.state is ForceState.PLANNING
