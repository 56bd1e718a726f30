"""Assignments: who has a task of the market now, and who had it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select, update

from hiringhall.domain.market import Assignment, AssignmentState, Worker
from hiringhall.store.database import Tx
from hiringhall.store.rows import insert_row
from hiringhall.store.statements import Statement, any_of
from hiringhall.store.tables import assignments, submissions


@dataclass(frozen=True, slots=True)
class Submission:
    """Who handed a deliverable in, and the addresses that it names."""

    deliverable_id: str
    assignment_id: str
    links: tuple[str, ...]


_insert = Statement(insert_row(assignments), name="insert_assignment")
_by_id = Statement(
    select(assignments).where(assignments.c.id == bindparam("assignment")), name="assignment_by_id"
)
_of_task = Statement(
    select(assignments)
    .where(assignments.c.task_id == bindparam("task"))
    .order_by(assignments.c.id),
    name="assignments_of_task",
)
_of_tasks = Statement(
    select(assignments).where(any_of(assignments.c.task_id, "task_ids")).order_by(assignments.c.id),
    name="assignments_of_tasks",
)
_active = Statement(
    select(assignments)
    .where(assignments.c.task_id == bindparam("task"), assignments.c.state == "active")
    .order_by(assignments.c.id),
    name="active_assignments",
)
_end = Statement(
    update(assignments)
    .where(assignments.c.id == bindparam("assignment"), assignments.c.state == "active")
    .values(state=bindparam("new_state"), ended_at_us=bindparam("at_us")),
    name="end_assignment",
)
_extend = Statement(
    update(assignments)
    .where(assignments.c.id == bindparam("assignment"), assignments.c.state == "active")
    .values(due_at_us=bindparam("due_at_us")),
    name="extend_assignment",
)
_insert_submission = Statement(insert_row(submissions), name="insert_submission")
_submission = Statement(
    select(submissions).where(submissions.c.deliverable_id == bindparam("deliverable")),
    name="submission",
)
_submissions = Statement(
    select(submissions.c.deliverable_id, submissions.c.assignment_id, submissions.c.links)
    .select_from(submissions.join(assignments, assignments.c.id == submissions.c.assignment_id))
    .where(assignments.c.task_id == bindparam("task"))
    .order_by(submissions.c.deliverable_id),
    name="submissions_of_task",
)


async def add(tx: Tx, assignment: Assignment, *, category: str, own: bool) -> None:
    """Give somebody a task; the database refuses a second claim beside a live one."""
    worker = assignment.worker
    await tx.run(
        _insert,
        id=assignment.id,
        task_id=assignment.task_id,
        worker_id=worker.id,
        organization_id=worker.organization_id,
        agent_id=worker.agent_id,
        user_id=worker.user_id,
        proposal_id=assignment.proposal_id,
        category=category,
        share_cents=assignment.share_cents,
        alone=int(assignment.alone),
        own=int(own),
        state=assignment.state.value,
        taken_at_us=assignment.taken_at_us,
        due_at_us=assignment.due_at_us,
        ended_at_us=None,
    )


async def by_id(tx: Tx, assignment_id: str) -> Assignment | None:
    """An assignment as it stands."""
    row = await tx.one(_by_id, assignment=assignment_id)
    return None if row is None else _to_assignment(row)


async def of_task(tx: Tx, task_id: str) -> list[Assignment]:
    """Everybody who had a task, or has it, in the order of taking."""
    return [_to_assignment(row) for row in await tx.all(_of_task, task=task_id)]


async def of_tasks(tx: Tx, task_ids: Sequence[str]) -> dict[str, list[Assignment]]:
    """The same of some tasks, by task; those that nobody has had are left out."""
    found: dict[str, list[Assignment]] = {}
    for row in await tx.all(_of_tasks, task_ids=list(task_ids)):
        found.setdefault(row.task_id, []).append(_to_assignment(row))
    return found


async def active(tx: Tx, task_id: str) -> list[Assignment]:
    """Who has a task now; several where proposals were shortlisted."""
    return [_to_assignment(row) for row in await tx.all(_active, task=task_id)]


async def end(tx: Tx, assignment_id: str, state: AssignmentState, *, at_us: int) -> bool:
    """Say how somebody's time with a task ended; False when it had ended before."""
    changed = await tx.run(_end, assignment=assignment_id, new_state=state.value, at_us=at_us)
    return changed == 1


async def extend(tx: Tx, assignment_id: str, *, due_at_us: int) -> None:
    """Give somebody more time with a task."""
    await tx.run(_extend, assignment=assignment_id, due_at_us=due_at_us)


async def add_submission(
    tx: Tx, *, deliverable_id: str, assignment_id: str, links: Sequence[str]
) -> None:
    """Write down who handed a deliverable in."""
    await tx.run(
        _insert_submission,
        deliverable_id=deliverable_id,
        assignment_id=assignment_id,
        links=json.dumps(list(links)),
    )


async def submission(tx: Tx, deliverable_id: str) -> Submission | None:
    """Who handed a deliverable in; None where it was one of the hall's own runs."""
    row = await tx.one(_submission, deliverable=deliverable_id)
    return None if row is None else _to_submission(row)


async def submissions_of(tx: Tx, task_id: str) -> list[Submission]:
    """Who handed in what for a task, oldest first."""
    return [_to_submission(row) for row in await tx.all(_submissions, task=task_id)]


def _to_submission(row: Any) -> Submission:
    return Submission(row.deliverable_id, row.assignment_id, tuple(json.loads(row.links)))


def _to_assignment(row: Any) -> Assignment:
    return Assignment(
        id=row.id,
        task_id=row.task_id,
        worker=Worker(row.organization_id, row.agent_id, row.user_id),
        proposal_id=row.proposal_id,
        share_cents=row.share_cents,
        alone=bool(row.alone),
        state=AssignmentState(row.state),
        taken_at_us=row.taken_at_us,
        due_at_us=row.due_at_us,
    )
