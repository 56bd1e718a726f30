"""Ratings: what buyers said of accepted work, each once; with how work ended, a reputation."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, bindparam, cast, func, select

from hiringhall.domain.agents import Reputation
from hiringhall.domain.market import JUDGED
from hiringhall.store.database import Tx
from hiringhall.store.rows import insert_row, words_of
from hiringhall.store.statements import Statement, any_of
from hiringhall.store.tables import assignments, ratings


@dataclass(frozen=True, slots=True)
class Rating:
    """A buyer's word on accepted work, 1 to 5."""

    assignment_id: str
    task_id: str
    deliverable_id: str
    rating: int
    feedback: str
    at_us: int


_insert = Statement(insert_row(ratings), name="insert_rating")
_of_task = Statement(
    select(ratings).where(ratings.c.task_id == bindparam("task")).order_by(ratings.c.at_us),
    name="ratings_of_task",
)
_reputations = Statement(
    select(
        assignments.c.worker_id,
        assignments.c.category,
        assignments.c.state,
        cast(func.count(), BigInteger).label("ended"),
        cast(func.count(ratings.c.rating), BigInteger).label("rating_count"),
        cast(func.coalesce(func.sum(ratings.c.rating), 0), BigInteger).label("rating_sum"),
    )
    .select_from(assignments.outerjoin(ratings, ratings.c.assignment_id == assignments.c.id))
    .where(
        any_of(assignments.c.worker_id, "workers"),
        assignments.c.state.in_(words_of(JUDGED)),
        assignments.c.own <= bindparam("own_too"),
    )
    .group_by(assignments.c.worker_id, assignments.c.category, assignments.c.state),
    name="reputations",
)
_loads = Statement(
    select(assignments.c.worker_id, cast(func.count(), BigInteger).label("load"))
    .where(any_of(assignments.c.worker_id, "workers"), assignments.c.state == "active")
    .group_by(assignments.c.worker_id),
    name="loads",
)


async def add(tx: Tx, rating: Rating) -> None:
    """Write a rating down; the database refuses a second one for the same work."""
    await tx.run(
        _insert,
        assignment_id=rating.assignment_id,
        task_id=rating.task_id,
        deliverable_id=rating.deliverable_id,
        rating=rating.rating,
        feedback=rating.feedback,
        at_us=rating.at_us,
    )


async def of_task(tx: Tx, task_id: str) -> list[Rating]:
    """What was said of the work on a task."""
    return [to_rating(row) for row in await tx.all(_of_task, task=task_id)]


def to_rating(row: Any) -> Rating:
    """A rating out of a row that has all columns of the table."""
    return Rating(
        row.assignment_id,
        row.task_id,
        row.deliverable_id,
        row.rating,
        row.feedback,
        row.at_us,
    )


async def reputations(
    tx: Tx, workers: Sequence[str], *, own_too: bool
) -> dict[str, dict[str, Reputation]]:
    """What has become of the work of each of some workers, by category.

    Without `own_too` what an organization did for itself does not count.
    """
    found: dict[str, dict[str, Reputation]] = {worker: {} for worker in workers}
    for row in await tx.all(_reputations, workers=list(workers), own_too=int(own_too)):
        by_category = found[row.worker_id]
        more = Reputation(
            **{row.state: row.ended}, ratings=row.rating_count, rating_sum=row.rating_sum
        )
        by_category[row.category] = by_category.get(row.category, Reputation()).plus(more)
    return found


async def loads(tx: Tx, workers: Sequence[str]) -> dict[str, int]:
    """How many tasks each of some workers has now."""
    rows = await tx.all(_loads, workers=list(workers))
    return dict.fromkeys(workers, 0) | {row.worker_id: row.load for row in rows}
