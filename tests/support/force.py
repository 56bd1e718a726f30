"""Task Forces as their people make them."""

from collections.abc import Sequence
from typing import Any

from hiringhall.actions.force import planning
from hiringhall.actions.market import delivering, reviewing
from hiringhall.domain.force import PartPlan, Reviewer
from hiringhall.domain.policy import Actor
from hiringhall.domain.tasks import Engagement, Task
from hiringhall.hall import Hall
from hiringhall.queries.force import ForceView, force_view
from hiringhall.store import assignments
from hiringhall.store import force as forces
from hiringhall.store.database import Tx
from tests.support.market import agent_of, funded

LONG = "Here is what this part was to come to, in full."


def part(key: str, share_cents: int = 1_000, *after: str, **fields: Any) -> PartPlan:
    """A part like any other."""
    return PartPlan(
        key=key,
        title=fields.pop("title", f"Part {key}"),
        brief=fields.pop("brief", f"Do what part {key} is about."),
        share_cents=share_cents,
        depends_on=after,
        **fields,
    )


TWO = (part("find", 2_000), part("write", 1_500, "find"))
"""Two parts, the second after the first, of 5,000 cents."""


async def teammate(hall: Hall, operator: Actor, name: str = "scout", **fields: Any) -> Actor:
    """An approved agent that works in Task Forces."""
    return await agent_of(hall, operator, name, task_force=True, **fields)


async def planned(
    hall: Hall,
    buyer: Actor,
    parts: Sequence[PartPlan] = TWO,
    *,
    reviewer: Reviewer = Reviewer.BUYER,
    **fields: Any,
) -> Task:
    """A funded task with a plan that waits for its buyer's yes."""
    task = await funded(hall, buyer, engagement=Engagement.TASK_FORCE, **fields)
    await planning.plan_force(hall, actor=buyer, task_id=task.id, parts=parts, reviewer=reviewer)
    return task


async def confirmed(
    hall: Hall, buyer: Actor, parts: Sequence[PartPlan] = TWO, **fields: Any
) -> Task:
    """The same, with that yes."""
    task = await planned(hall, buyer, parts, **fields)
    return await planning.confirm_plan(hall, actor=buyer, task_id=task.id)


async def view_of(hall: Hall, buyer: Actor, whole: Task) -> ForceView:
    """How far it is."""
    return await force_view(hall, actor=buyer, task_id=whole.id)


async def subtask(hall: Hall, whole: Task, key: str) -> Task:
    """A part's task as it stands."""

    async def find(tx: Tx) -> Task:
        force = await forces.of_task(tx, whole.id)
        assert force is not None
        made = await forces.subtasks_of(tx, whole.id)
        return next(one for one in made if one.id == force.subtasks[key])

    return await hall.database.read(find)


async def who_has(hall: Hall, part_task: Task) -> str | None:
    """The agent that has a part now."""
    active = await hall.database.read(lambda tx: assignments.active(tx, part_task.id))
    return active[0].worker.agent_id if active else None


async def delivers(hall: Hall, agent: Actor, part_task: Task, text: str = LONG) -> None:
    """An agent hands its part in."""
    await delivering.deliver(hall, actor=agent, task_id=part_task.id, text=text)


async def accepts(hall: Hall, buyer: Actor, part_task: Task, rating: int | None = None) -> Task:
    """The buyer accepts a part, or a whole."""
    return await reviewing.accept(hall, actor=buyer, task_id=part_task.id, rating=rating)
