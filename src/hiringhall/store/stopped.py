"""What has stopped at a cap, and asks whether to go on: found without the tasks that do not."""

from dataclasses import dataclass

from sqlalchemy import bindparam, literal_column, select

from hiringhall.domain.tasks import Waiting
from hiringhall.store.database import Tx
from hiringhall.store.statements import Statement
from hiringhall.store.tables import budget_questions, tasks
from hiringhall.store.tables.tasks import WAITS_FOR_POSTER


@dataclass(frozen=True, slots=True)
class Stopped:
    """A task that stopped at a cap, which one that is, and what the call needed that it stopped."""

    task_id: str
    title: str
    budget_id: str
    needed_micros: int


_stopped = Statement(
    select(
        tasks.c.id,
        tasks.c.title,
        budget_questions.c.budget_id,
        budget_questions.c.needed_micros,
    )
    .select_from(
        tasks.join(budget_questions, budget_questions.c.question_id == tasks.c.question_id)
    )
    .where(
        tasks.c.organization_id == bindparam("organization_id"),
        literal_column(WAITS_FOR_POSTER),
        tasks.c.waiting_for == Waiting.BUDGET_DECISION.value,
    )
    .order_by(tasks.c.id.desc())
    .limit(bindparam("most")),
    name="stopped_at_caps",
)


async def stopped(tx: Tx, organization_id: str, *, most: int) -> list[Stopped]:
    """What of an organization's has stopped at a cap and asks, newest first."""
    rows = await tx.all(_stopped, organization_id=organization_id, most=most)
    return [Stopped(row.id, row.title, row.budget_id, row.needed_micros) for row in rows]
