"""What an organization has on the market, as its list shows it: each task with what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, bindparam, cast, func, or_, select

from hiringhall.domain.escrow import Hold
from hiringhall.domain.market import Terms
from hiringhall.domain.tasks import Engagement, State, Task
from hiringhall.store import deliverables, tasks
from hiringhall.store.database import Tx
from hiringhall.store.deliverables import Deliverable, FileRow
from hiringhall.store.holds import to_hold
from hiringhall.store.ratings import Rating, to_rating
from hiringhall.store.statements import Statement, any_of
from hiringhall.store.tables import holds, ratings
from hiringhall.store.tables import tasks as tasks_table
from hiringhall.store.tables import terms as terms_table
from hiringhall.store.terms import to_terms


@dataclass(frozen=True, slots=True)
class Offering:
    """A task as its poster sees it on the market; all but the task may be missing.

    `deliverable` is the newest, `files` are its files, `rating` is what was said of it.
    """

    task: Task
    terms: Terms | None
    hold: Hold | None
    deliverable: Deliverable | None
    files: list[FileRow]
    rating: Rating | None


_of_organization = (
    tasks_table.c.organization_id == bindparam("organization"),
    tasks_table.c.price_cents.is_not(None),
    # A part of a Task Force is seen with its whole, whose price is its price too.
    or_(tasks_table.c.engagement != Engagement.TASK_FORCE.value, tasks_table.c.parent_id.is_(None)),
    any_of(tasks_table.c.state, "states"),
)
_page = Statement(
    select(tasks_table)
    .where(*_of_organization)
    .order_by(tasks_table.c.id.desc())
    .limit(bindparam("most"))
    .offset(bindparam("skip")),
    name="offered_page",
)
_total = Statement(
    select(cast(func.count(), BigInteger).label("total"))
    .select_from(tasks_table)
    .where(*_of_organization),
    name="offered_total",
)
_terms = Statement(
    select(terms_table).where(any_of(terms_table.c.task_id, "task_ids")), name="terms_of_tasks"
)
_holds = Statement(select(holds).where(any_of(holds.c.task_id, "task_ids")), name="holds_of_tasks")
_ratings = Statement(
    select(ratings).where(any_of(ratings.c.task_id, "task_ids")), name="ratings_of_tasks"
)


async def page(
    tx: Tx, *, organization_id: str, states: Sequence[State], skip: int, most: int
) -> tuple[list[Offering], int]:
    """A part of an organization's tasks with a price, newest first, and how many there are."""
    asked: dict[str, Any] = {
        "organization": organization_id,
        "states": [state.value for state in states],
    }
    rows = await tx.all(_page, **asked, most=most, skip=skip)
    total = await tx.one(_total, **asked)
    found = await of_tasks(tx, [tasks.to_task(row) for row in rows])
    return found, 0 if total is None else total.total


async def of_tasks(tx: Tx, wanted: Sequence[Task]) -> list[Offering]:
    """Some tasks with all that belongs to them: five statements, however many they are."""
    if not wanted:
        return []
    task_ids = [task.id for task in wanted]
    deliverable_ids = [task.deliverable_id for task in wanted if task.deliverable_id is not None]
    agreed = {row.task_id: to_terms(row) for row in await tx.all(_terms, task_ids=task_ids)}
    held = {row.task_id: to_hold(row) for row in await tx.all(_holds, task_ids=task_ids)}
    handed_in = await deliverables.with_files(tx, deliverable_ids)
    said = {row.deliverable_id: to_rating(row) for row in await tx.all(_ratings, task_ids=task_ids)}
    return [
        Offering(
            task,
            agreed.get(task.id),
            held.get(task.id),
            *handed_in.get(task.deliverable_id or "", deliverables.NOTHING),
            said.get(task.deliverable_id or ""),
        )
        for task in wanted
    ]
