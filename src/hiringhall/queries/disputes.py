"""Disputes as their sides and admins see them, with the evidence that the log holds by itself."""

from dataclasses import dataclass

from hiringhall.domain import ids
from hiringhall.domain.disputes import Dispute, DisputeState, Statement
from hiringhall.domain.errors import NotFound
from hiringhall.domain.lifecycle import Timer
from hiringhall.domain.logged import LoggedEvent
from hiringhall.domain.market import Assignment
from hiringhall.domain.policy import Actor, ActorKind, may_see
from hiringhall.domain.tasks import State, Task
from hiringhall.hall import Hall
from hiringhall.queries.admins import is_admin, require_admin
from hiringhall.queries.called import named
from hiringhall.queries.market import market_task
from hiringhall.store import (
    assignments,
    deliverables,
    disputes,
    events,
    tasks,
    timers,
)
from hiringhall.store.database import Tx
from hiringhall.store.deliverables import Deliverable, FileRow
from hiringhall.store.disputes import OpenDispute

PAGE = 100
EVIDENCE = (
    "task_published",
    "task_claimed",
    "proposal_shortlisted",
    "claim_released",
    "claim_lapsed",
    "deliverable_submitted",
    "revision_requested",
    "dispute_opened",
    "dispute_stated",
    "dispute_resolved",
)
"""Events that say who had the task, what was handed in when, and what was said of it."""


@dataclass(frozen=True, slots=True)
class DisputeView:
    """A dispute with all there is to judge it by; `files` go by deliverable.

    `names` are those of who acted in it; `decided_at_us` is when the clock decides it.
    """

    dispute: Dispute
    task: Task
    assignment: Assignment
    statements: list[Statement]
    deliverables: list[Deliverable]
    files: dict[str, list[FileRow]]
    evidence: list[LoggedEvent]
    names: dict[str, str]
    decided_at_us: int | None = None

    @property
    def actors(self) -> set[str]:
        """Who acted in it, as the log names them."""
        return {one.actor for one in self.evidence}


async def dispute_view(hall: Hall, *, actor: Actor, dispute_id: str) -> DisputeView:
    """A dispute for either side of it, or for an admin; raises NotFound.

    What others handed in for the same task is no evidence, and nothing for its worker to read.
    """

    async def find(tx: Tx) -> DisputeView:
        dispute = await disputes.by_id(tx, dispute_id) if ids.is_uuid(dispute_id) else None
        task = None if dispute is None else await tasks.by_id(tx, dispute.task_id)
        if dispute is None or task is None:
            raise NotFound("dispute")
        assignment = await assignments.by_id(tx, dispute.assignment_id)
        if assignment is None or not await _may_read(tx, actor, task, assignment):
            raise NotFound("dispute")
        return await _view(tx, dispute, task, assignment)

    return await hall.database.scan(find)


async def dispute_on(hall: Hall, *, actor: Actor, task_id: str) -> DisputeView | None:
    """The dispute that a task is in, or was in last; None where there is none for the actor.

    While others disagree about it, what was decided before is not what it is in.
    """

    async def find(tx: Tx) -> DisputeView | None:
        task = await tasks.by_id(tx, task_id) if ids.is_uuid(task_id) else None
        if task is None:
            return None
        for one in reversed(await disputes.of_task(tx, task.id)):
            assignment = await assignments.by_id(tx, one.assignment_id)
            if assignment is not None and await _may_read(tx, actor, task, assignment):
                is_over = one.state is not DisputeState.OPEN and task.state is State.DISPUTED
                return None if is_over else await _view(tx, one, task, assignment)
        return None

    return await hall.database.scan(find)


async def _view(tx: Tx, dispute: Dispute, task: Task, assignment: Assignment) -> DisputeView:
    handed_in = [
        one.deliverable_id
        for one in await assignments.submissions_of(tx, task.id)
        if one.assignment_id == assignment.id
    ]
    evidence = [
        one
        for one in await events.of_task_typed(tx, task.id, EVIDENCE)
        if one.data.get("deliverable_id", "") in {"", *handed_in}
    ]
    made = await deliverables.by_ids(tx, handed_in)
    return DisputeView(
        dispute,
        task,
        assignment,
        await disputes.statements_of(tx, dispute.id),
        made,
        {one.id: await deliverables.files_of(tx, one.id) for one in made},
        evidence,
        await named(
            tx,
            {one.actor for one in evidence},
            people_of=(task.organization_id, assignment.worker.organization_id),
        ),
        await timers.due_at(tx, task_id=task.id, kind=Timer.DISPUTE)
        if dispute.state is DisputeState.OPEN
        else None,
    )


async def disputes_of(hall: Hall, *, actor: Actor, task_id: str) -> list[Dispute]:
    """The disputes of a task that the actor may read, oldest first; raises NotFound."""
    await market_task(hall, actor=actor, task_id=task_id)

    async def find(tx: Tx) -> list[Dispute]:
        task = await tasks.by_id(tx, task_id) if ids.is_uuid(task_id) else None
        if task is None:
            raise NotFound("task")
        found: list[Dispute] = []
        for one in await disputes.of_task(tx, task.id):
            assignment = await assignments.by_id(tx, one.assignment_id)
            if assignment is not None and await _may_read(tx, actor, task, assignment):
                found.append(one)
        return found

    return await hall.database.scan(find)


async def open_disputes(
    hall: Hall, *, actor: Actor, after: str = "", limit: int = PAGE
) -> list[OpenDispute]:
    """All that wait for a word, for an admin, from behind a task's id; raises Forbidden."""

    async def find(tx: Tx) -> list[OpenDispute]:
        await require_admin(tx, actor)
        return await disputes.all_open(tx, after=after, most=limit)

    return await hall.database.scan(find)


async def _may_read(tx: Tx, actor: Actor, task: Task, assignment: Assignment) -> bool:
    worker = assignment.worker
    if actor.kind is ActorKind.AGENT:
        return worker.agent_id == actor.agent_id
    if may_see(actor, task.organization_id) or actor.organization_id == worker.organization_id:
        return True
    return await is_admin(tx, actor)
