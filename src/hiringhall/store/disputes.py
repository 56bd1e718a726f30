"""Disputes, and what each side said in them."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, bindparam, select, update

from hiringhall.domain.disputes import Dispute, DisputeState, Party
from hiringhall.domain.disputes import Statement as Said
from hiringhall.domain.lifecycle import Timer
from hiringhall.store.database import Tx
from hiringhall.store.rows import insert_row
from hiringhall.store.statements import Statement
from hiringhall.store.tables import assignments, disputes, statements, tasks, timers


@dataclass(frozen=True, slots=True)
class OpenDispute:
    """A dispute that waits for a word: about which task, how much, and when the clock decides."""

    dispute: Dispute
    title: str
    share_cents: int
    decided_at_us: int | None


_insert = Statement(insert_row(disputes), name="insert_dispute")
_by_id = Statement(
    select(disputes).where(disputes.c.id == bindparam("dispute")), name="dispute_by_id"
)
_open_of_task = Statement(
    select(disputes).where(disputes.c.task_id == bindparam("task"), disputes.c.state == "open"),
    name="open_dispute",
)
_of_task = Statement(
    select(disputes).where(disputes.c.task_id == bindparam("task")).order_by(disputes.c.id),
    name="disputes_of_task",
)
_all_open = Statement(
    select(
        disputes,
        tasks.c.title,
        assignments.c.share_cents,
        timers.c.due_at_us.label("decided_at_us"),
    )
    .join(tasks, tasks.c.id == disputes.c.task_id)
    .join(assignments, assignments.c.id == disputes.c.assignment_id)
    .outerjoin(
        timers,
        and_(timers.c.task_id == disputes.c.task_id, timers.c.kind == Timer.DISPUTE.value),
    )
    .where(disputes.c.state == "open", disputes.c.task_id > bindparam("after"))
    .order_by(disputes.c.task_id)
    .limit(bindparam("most")),
    name="open_disputes",
)
_save = Statement(
    update(disputes)
    .where(disputes.c.id == bindparam("dispute"), disputes.c.state == "open")
    .values(
        state=bindparam("new_state"),
        poster_spoke=bindparam("poster_has"),
        worker_spoke=bindparam("worker_has"),
        poster_cents=bindparam("poster_says"),
        worker_cents=bindparam("worker_says"),
        outcome_cents=bindparam("outcome"),
        closed_at_us=bindparam("at_us"),
    ),
    name="save_dispute",
)
_insert_statement = Statement(insert_row(statements), name="insert_statement")
_statements = Statement(
    select(statements)
    .where(statements.c.dispute_id == bindparam("dispute"))
    .order_by(statements.c.id),
    name="statements_of_dispute",
)


async def add(tx: Tx, dispute: Dispute) -> None:
    """Write a dispute down; the database refuses a second open one for the same task."""
    await tx.run(
        _insert,
        id=dispute.id,
        task_id=dispute.task_id,
        assignment_id=dispute.assignment_id,
        opened_by=dispute.opened_by.value,
        reason=dispute.reason,
        state=dispute.state.value,
        poster_spoke=int(dispute.poster_spoke),
        worker_spoke=int(dispute.worker_spoke),
        poster_cents=dispute.poster_cents,
        worker_cents=dispute.worker_cents,
        outcome_cents=dispute.outcome_cents,
        opened_at_us=dispute.opened_at_us,
        closed_at_us=dispute.closed_at_us,
    )


async def by_id(tx: Tx, dispute_id: str) -> Dispute | None:
    """A dispute as it stands."""
    row = await tx.one(_by_id, dispute=dispute_id)
    return None if row is None else _to_dispute(row)


async def open_of_task(tx: Tx, task_id: str) -> Dispute | None:
    """The dispute that a task is in."""
    row = await tx.one(_open_of_task, task=task_id)
    return None if row is None else _to_dispute(row)


async def of_task(tx: Tx, task_id: str) -> list[Dispute]:
    """All disputes of a task, oldest first."""
    return [_to_dispute(row) for row in await tx.all(_of_task, task=task_id)]


async def all_open(tx: Tx, *, after: str, most: int) -> list[OpenDispute]:
    """Disputes that wait for a word, by their tasks' age, from behind a task's id."""
    return [
        OpenDispute(_to_dispute(row), row.title, row.share_cents, row.decided_at_us)
        for row in await tx.all(_all_open, after=after, most=most)
    ]


async def save(tx: Tx, dispute: Dispute) -> bool:
    """Keep what became of an open dispute; False when it was over already."""
    return (
        await tx.run(
            _save,
            dispute=dispute.id,
            new_state=dispute.state.value,
            poster_has=int(dispute.poster_spoke),
            worker_has=int(dispute.worker_spoke),
            poster_says=dispute.poster_cents,
            worker_says=dispute.worker_cents,
            outcome=dispute.outcome_cents,
            at_us=dispute.closed_at_us,
        )
        == 1
    )


async def add_statement(tx: Tx, said: Said) -> None:
    """Write down what somebody said."""
    await tx.run(
        _insert_statement,
        id=said.id,
        dispute_id=said.dispute_id,
        said_by=said.said_by,
        text=said.text,
        at_us=said.at_us,
    )


async def statements_of(tx: Tx, dispute_id: str) -> list[Said]:
    """What was said in a dispute, in its order."""
    return [Said(*row) for row in await tx.all(_statements, dispute=dispute_id)]


def _to_dispute(row: Any) -> Dispute:
    return Dispute(
        id=row.id,
        task_id=row.task_id,
        assignment_id=row.assignment_id,
        opened_by=Party(row.opened_by),
        reason=row.reason,
        state=DisputeState(row.state),
        poster_spoke=bool(row.poster_spoke),
        worker_spoke=bool(row.worker_spoke),
        poster_cents=row.poster_cents,
        worker_cents=row.worker_cents,
        outcome_cents=row.outcome_cents,
        opened_at_us=row.opened_at_us,
        closed_at_us=row.closed_at_us,
    )
