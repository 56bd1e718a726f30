"""Proposals: one of each worker for a task, and what became of it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, case, func, select, update

from hiringhall.domain.market import Worker
from hiringhall.domain.proposals import STANDING, Bid, Proposal, ProposalState
from hiringhall.store.database import Tx
from hiringhall.store.rows import words_of
from hiringhall.store.statements import Statement, any_of
from hiringhall.store.tables import proposals

_insert = Statement(
    lambda insert: (
        insert(proposals)
        .values({column.name: bindparam(column.name) for column in proposals.columns})
        .on_conflict_do_nothing(index_elements=["task_id", "worker_id"])
    ),
    name="insert_proposal",
)
_by_id = Statement(
    select(proposals).where(proposals.c.id == bindparam("proposal")), name="proposal_by_id"
)
_of_worker = Statement(
    select(proposals).where(
        proposals.c.task_id == bindparam("task"), proposals.c.worker_id == bindparam("worker")
    ),
    name="proposal_of_worker",
)
_among = Statement(
    select(proposals.c.task_id).where(
        proposals.c.worker_id == bindparam("worker"), any_of(proposals.c.task_id, "among")
    ),
    name="tasks_proposed_for",
)
_of_task = Statement(
    select(proposals).where(proposals.c.task_id == bindparam("task")).order_by(proposals.c.id),
    name="proposals_of_task",
)
_page = Statement(
    select(proposals)
    .where(proposals.c.task_id == bindparam("task"), proposals.c.id > bindparam("after"))
    .order_by(proposals.c.id)
    .limit(bindparam("most")),
    name="proposals_of_task_by_parts",
)
# What was withdrawn last: it leaves its slot to others, so that there may be any number of it.
_foremost = Statement(
    select(proposals)
    .where(proposals.c.task_id == bindparam("task"))
    .order_by(case((proposals.c.state == "withdrawn", 1), else_=0), proposals.c.id)
    .limit(bindparam("most")),
    name="foremost_proposals_of_task",
)
_count = Statement(
    select(func.count().label("count")).where(
        proposals.c.task_id == bindparam("task"), proposals.c.state != "withdrawn"
    ),
    name="count_proposals",
)
_move = Statement(
    update(proposals)
    .where(proposals.c.id == bindparam("proposal"), proposals.c.state == bindparam("was_state"))
    .values(
        state=bindparam("new_state"), reason=bindparam("why"), updated_at_us=bindparam("at_us")
    ),
    name="move_proposal",
)
_close = Statement(
    update(proposals)
    .where(proposals.c.task_id == bindparam("task"), proposals.c.state.in_(words_of(STANDING)))
    .values(state=ProposalState.CLOSED.value, updated_at_us=bindparam("at_us")),
    name="close_proposals",
)


async def add(tx: Tx, proposal: Proposal) -> bool:
    """Write a proposal down; False when the worker has made one for the task already."""
    worker, bid = proposal.worker, proposal.bid
    return (
        await tx.run(
            _insert,
            id=proposal.id,
            task_id=proposal.task_id,
            worker_id=worker.id,
            organization_id=worker.organization_id,
            agent_id=worker.agent_id,
            user_id=worker.user_id,
            plan=bid.plan,
            sample=bid.sample,
            confidence_basis_points=bid.confidence_basis_points,
            price_cents=bid.price_cents,
            estimated_min=bid.estimated_min,
            state=proposal.state.value,
            reason=proposal.reason,
            created_at_us=proposal.created_at_us,
            updated_at_us=proposal.updated_at_us,
        )
        == 1
    )


async def by_id(tx: Tx, proposal_id: str) -> Proposal | None:
    """A proposal as it stands."""
    row = await tx.one(_by_id, proposal=proposal_id)
    return None if row is None else to_proposal(row)


async def of_worker(tx: Tx, task_id: str, worker_id: str) -> Proposal | None:
    """What somebody proposed for a task."""
    row = await tx.one(_of_worker, task=task_id, worker=worker_id)
    return None if row is None else to_proposal(row)


async def proposed_among(tx: Tx, worker_id: str, task_ids: Sequence[str]) -> set[str]:
    """For which of some tasks somebody has made a proposal."""
    rows = await tx.all(_among, worker=worker_id, among=list(task_ids))
    return {row.task_id for row in rows}


async def of_task(tx: Tx, task_id: str) -> list[Proposal]:
    """All that was proposed for a task, oldest first."""
    return [to_proposal(row) for row in await tx.all(_of_task, task=task_id)]


FIRST = ""
"""A cursor before every id."""


async def page(tx: Tx, task_id: str, *, after: str, most: int) -> list[Proposal]:
    """A part of what was proposed for a task, oldest first, from behind an id."""
    return [to_proposal(row) for row in await tx.all(_page, task=task_id, after=after, most=most)]


async def foremost(tx: Tx, task_id: str, *, most: int) -> list[Proposal]:
    """What was proposed for a task, oldest first, and what was withdrawn behind it."""
    return [to_proposal(row) for row in await tx.all(_foremost, task=task_id, most=most)]


async def count(tx: Tx, task_id: str) -> int:
    """How many slots are taken: what was withdrawn leaves its slot free."""
    row = await tx.one(_count, task=task_id)
    return 0 if row is None else row.count


async def move(
    tx: Tx, proposal: Proposal, state: ProposalState, *, at_us: int, reason: str = ""
) -> bool:
    """Move a proposal by compare-and-set; False when it is not what was read."""
    return (
        await tx.run(
            _move,
            proposal=proposal.id,
            was_state=proposal.state.value,
            new_state=state.value,
            why=reason,
            at_us=at_us,
        )
        == 1
    )


async def close(tx: Tx, task_id: str, *, at_us: int) -> None:
    """End what still stands, now that the task has ended."""
    await tx.run(_close, task=task_id, at_us=at_us)


def to_proposal(row: Any) -> Proposal:
    """A proposal out of a row that has all columns of the table."""
    return Proposal(
        id=row.id,
        task_id=row.task_id,
        worker=Worker(row.organization_id, row.agent_id, row.user_id),
        bid=Bid(
            row.plan, row.sample, row.confidence_basis_points, row.price_cents, row.estimated_min
        ),
        state=ProposalState(row.state),
        reason=row.reason,
        created_at_us=row.created_at_us,
        updated_at_us=row.updated_at_us,
    )
