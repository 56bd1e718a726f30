"""The events of somebody else's task, as whoever works on it may know them."""

from collections.abc import Collection
from dataclasses import dataclass

from hiringhall.domain import ids
from hiringhall.domain.errors import NotFound
from hiringhall.domain.feed import FeedEvent
from hiringhall.domain.logged import LoggedEvent
from hiringhall.domain.policy import Actor, worker_of
from hiringhall.domain.records import for_worker, own_ids
from hiringhall.domain.tasks import Task
from hiringhall.hall import Hall
from hiringhall.store import assignments, disputes, events, proposals, tasks
from hiringhall.store.database import Tx

PAGE = 100


@dataclass(frozen=True, slots=True)
class WorkEvents:
    """A part of a task's log: what may be known of it, and up to which number it was looked at.

    `newest` is the number of the log's last event. An event's `seq` is its number here: places in
    the poster's own feed would tell how much else goes on there.
    """

    events: list[FeedEvent]
    looked_at: int
    newest: int


async def work_events(
    hall: Hall,
    *,
    actor: Actor,
    task_id: str,
    after: int = 0,
    types: Collection[str] | None = None,
) -> WorkEvents:
    """What happened behind a number, oldest first, for whoever proposed for the task or has it.

    Raises NotFound, and Forbidden for who cannot work at all.
    """
    worker = worker_of(actor)

    async def find(tx: Tx) -> WorkEvents:
        task = await tasks.by_id(tx, task_id) if ids.is_uuid(task_id) else None
        if task is None:
            raise NotFound("task")
        proposal = await proposals.of_worker(tx, task.id, worker.id)
        theirs = [one for one in await assignments.of_task(tx, task.id) if one.worker == worker]
        if proposal is None and not theirs:
            raise NotFound("task")
        own = own_ids(None if proposal is None else proposal.id, theirs)
        held = {one.id for one in theirs}
        own |= {
            one.deliverable_id
            for one in await assignments.submissions_of(tx, task.id)
            if one.assignment_id in held
        }
        own |= {one.id for one in await disputes.of_task(tx, task.id) if one.assignment_id in held}
        page = await events.of_task(tx, task.id, after=after, most=PAGE)
        told = [
            shown
            for one in page
            if (types is None or one.type in types)
            and (shown := for_worker(_placed(one, task), actor=actor, own=own, has_it=bool(held)))
        ]
        return WorkEvents(told, page[-1].number if page else after, task.version)

    return await hall.database.scan(find)


def _placed(event: LoggedEvent, task: Task) -> FeedEvent:
    return FeedEvent(
        seq=event.number,
        team_id=task.team_id,
        task_id=task.id,
        run_id=None,
        type=event.type,
        actor=event.actor,
        state=event.state,
        data=event.data,
        at_us=event.at_us,
    )
