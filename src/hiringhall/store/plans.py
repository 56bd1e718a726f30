"""Plans that workers proposed, and the poster's decisions on them."""

from dataclasses import dataclass

from sqlalchemy import bindparam, select, update

from hiringhall.store.database import Tx
from hiringhall.store.rows import insert_row
from hiringhall.store.statements import Statement
from hiringhall.store.tables import plans


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan; `accepted` is None until it is decided."""

    id: str
    text: str
    accepted: bool | None
    reason: str | None


_insert = Statement(insert_row(plans), name="insert_plan")
_decide = Statement(
    update(plans)
    .where(plans.c.id == bindparam("plan_id"), plans.c.accepted.is_(None))
    .values(
        accepted=bindparam("was_accepted"),
        reason=bindparam("reason"),
        decided_at_us=bindparam("decided_at_us"),
    ),
    name="decide_plan",
)
_of_task = Statement(
    select(plans.c.id, plans.c.text, plans.c.accepted, plans.c.reason)
    .where(plans.c.task_id == bindparam("task_id"))
    .order_by(plans.c.proposed_at_us, plans.c.id),
    name="plans_of_task",
)


async def add(
    tx: Tx, *, plan_id: str, task_id: str, run_id: str | None, text: str, at_us: int
) -> None:
    """Write a proposed plan down."""
    await tx.run(
        _insert,
        id=plan_id,
        task_id=task_id,
        run_id=run_id,
        text=text,
        proposed_at_us=at_us,
        accepted=None,
        reason=None,
        decided_at_us=None,
    )


async def decide(tx: Tx, plan_id: str, *, accepted: bool, reason: str | None, at_us: int) -> bool:
    """Keep the decision; False when there was one already."""
    return (
        await tx.run(
            _decide, plan_id=plan_id, was_accepted=int(accepted), reason=reason, decided_at_us=at_us
        )
        == 1
    )


async def of_task(tx: Tx, task_id: str) -> list[Plan]:
    """All plans of a task, oldest first."""
    return [
        Plan(row.id, row.text, None if row.accepted is None else bool(row.accepted), row.reason)
        for row in await tx.all(_of_task, task_id=task_id)
    ]
