"""What was handed in for a task, by the hall's staff or from outside, as an actor may see it."""

from collections.abc import Awaitable, Callable

from hiringhall.domain import ids
from hiringhall.domain.errors import NotFound
from hiringhall.domain.market import Worker
from hiringhall.domain.policy import Actor, may_see, worker_of
from hiringhall.domain.tasks import Task
from hiringhall.hall import Hall
from hiringhall.queries.admins import is_admin
from hiringhall.queries.market import Delivered, works
from hiringhall.queries.seen import task_seen
from hiringhall.store import agents, assignments, checks, deliverables, ratings, tasks
from hiringhall.store.database import Tx
from hiringhall.store.deliverables import Deliverable, FileRow

__all__ = ["Delivered", "FileRow", "deliveries_of", "delivery", "newest_deliveries", "reading"]


async def deliveries_of(hall: Hall, *, actor: Actor, task_id: str) -> list[Delivered]:
    """All that was handed in for its poster, their own for who works on it, oldest first.

    Raises NotFound and NotApproved.
    """
    seen = await task_seen(hall, actor=actor, task_id=task_id)

    async def find(tx: Tx) -> list[Delivered]:
        found = await _whole(tx, seen.task, await deliverables.of_task(tx, seen.task.id))
        if seen.is_poster or await is_admin(tx, actor):
            return found
        return [one for one in found if _made_by(actor, one)]

    return await hall.database.scan(find)


async def newest_deliveries(
    hall: Hall, *, actor: Actor, task_id: str, most: int
) -> tuple[list[Delivered], int]:
    """The newest of them, newest first, and how many came before those.

    Raises NotFound and NotApproved.
    """
    seen = await task_seen(hall, actor=actor, task_id=task_id)

    async def find(tx: Tx) -> tuple[list[Delivered], int]:
        if seen.is_poster or await is_admin(tx, actor):
            known = await deliverables.ids_of_task(tx, seen.task.id)
        else:
            known = await _own(tx, actor, seen.task.id)
        made = await deliverables.by_ids(tx, known[-most:])
        newest = await _whole(tx, seen.task, made)
        return list(reversed(newest)), max(0, len(known) - most)

    return await hall.database.scan(find)


async def _own(tx: Tx, actor: Actor, task_id: str) -> list[str]:
    """What somebody who works handed in for a task, in its order."""
    if not works(actor):
        return []
    me = worker_of(actor)
    mine = {one.id for one in await assignments.of_task(tx, task_id) if one.worker == me}
    handed_in = await assignments.submissions_of(tx, task_id)
    return [one.deliverable_id for one in handed_in if one.assignment_id in mine]


async def delivery(hall: Hall, *, actor: Actor, deliverable_id: str) -> Delivered:
    """One of them; raises NotFound."""

    async def find(tx: Tx) -> Delivered:
        known = ids.is_uuid(deliverable_id)
        made = await deliverables.by_id(tx, deliverable_id) if known else None
        if made is None:
            raise NotFound("deliverable")
        return await _read(tx, actor, made)

    return await hall.database.scan(find)


def reading(actor: Actor) -> Callable[[Tx, Deliverable], Awaitable[Delivered]]:
    """The same of one that was just made or decided, for an answer kept beside the change."""

    async def read(tx: Tx, made: Deliverable) -> Delivered:
        return await _read(tx, actor, made)

    return read


async def _read(tx: Tx, actor: Actor, made: Deliverable) -> Delivered:
    task = await tasks.by_id(tx, made.task_id)
    if task is not None:
        (one,) = await _whole(tx, task, [made])
        own = may_see(actor, task.organization_id) or _made_by(actor, one)
        if own or await is_admin(tx, actor):
            return one
    raise NotFound("deliverable")


async def _whole(tx: Tx, task: Task, made: list[Deliverable]) -> list[Delivered]:
    """Some deliverables of a task with all that belongs to them."""
    attached = await deliverables.files_of_many(tx, [one.id for one in made])
    handed_in = {one.deliverable_id: one for one in await assignments.submissions_of(tx, task.id)}
    workers = {one.id: one.worker for one in await assignments.of_task(tx, task.id)}
    said = {one.deliverable_id: one for one in await ratings.of_task(tx, task.id)}
    checked = await checks.of_deliverables(tx, [one.id for one in made])
    made_by = sorted({one.agent_id for one in workers.values() if one.agent_id is not None})
    named = await agents.by_ids(tx, made_by) if made_by else {}
    found: list[Delivered] = []
    for one in made:
        submission = handed_in.get(one.id)
        worker = None if submission is None else workers[submission.assignment_id]
        files = attached.get(one.id, [])
        looked = checked.get(one.id, [])
        agent = None if worker is None else named.get(worker.agent_id or "")
        name = None if agent is None else agent.name
        found.append(Delivered(one, submission, worker, files, said.get(one.id), looked, name))
    return found


def _made_by(actor: Actor, one: Delivered) -> bool:
    worker: Worker | None = one.worker
    return worker is not None and works(actor) and worker == worker_of(actor)
