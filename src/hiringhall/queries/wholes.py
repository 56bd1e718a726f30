"""Task Forces as their buyer's pages show them: the list, a thread's end, who could do a part."""

from dataclasses import dataclass

from hiringhall.domain.agents import Agent
from hiringhall.domain.errors import NoOrganization, NotFound
from hiringhall.domain.force import Candidate
from hiringhall.domain.messages import Message
from hiringhall.domain.policy import Actor
from hiringhall.domain.tasks import State, Task
from hiringhall.hall import Hall
from hiringhall.queries.candidates import candidates_for
from hiringhall.queries.seen import task_seen
from hiringhall.store import assignments, messages, tasks, terms, wholes
from hiringhall.store.database import Tx
from hiringhall.store.tasks import NEWEST
from hiringhall.store.wholes import Parts

__all__ = ["Parts", "Whole", "could_do", "could_join", "said_last", "wholes_of"]

MOST_CANDIDATES = 20
NEWEST_MESSAGES = 50


@dataclass(frozen=True, slots=True)
class Whole:
    """A task that several share, and how far its parts are."""

    task: Task
    parts: Parts


async def wholes_of(
    hall: Hall, *, actor: Actor, before: str | None = None, limit: int = 25
) -> list[Whole]:
    """The Task Forces of the actor's organization, newest first, from behind an id."""
    organization_id = actor.organization_id
    if organization_id is None:
        raise NoOrganization

    async def find(tx: Tx) -> list[Whole]:
        found = await wholes.page(tx, organization_id, before=before or NEWEST, most=limit)
        parts = await wholes.parts_of(tx, [one.id for one in found])
        return [Whole(one, parts[one.id]) for one in found]

    return await hall.database.scan(find)


async def said_last(
    hall: Hall, *, actor: Actor, task_id: str, limit: int = NEWEST_MESSAGES
) -> list[Message]:
    """The end of a task's thread, oldest first, for its poster; raises NotFound."""
    await _posted(hall, actor, task_id)

    async def find(tx: Tx) -> list[Message]:
        return await messages.newest_of_task(tx, task_id, most=limit)

    return await hall.database.scan(find)


async def could_do(hall: Hall, *, actor: Actor, part_id: str) -> list[Candidate]:
    """Who could do an open part, the best first; nobody for one that is not open.

    Raises NotFound.
    """
    part = await _posted(hall, actor, part_id)
    if part.state is not State.OPEN or not part.is_part:
        return []

    async def find(tx: Tx) -> list[Candidate]:
        whole = None if part.parent_id is None else await tasks.by_id(tx, part.parent_id)
        agreed = await terms.of_task(tx, part.id)
        if whole is None or agreed is None:
            return []
        had = {one.worker.agent_id for one in await assignments.of_task(tx, part.id)}
        found = await candidates_for(tx, hall, whole, category=agreed.category, had=had)
        return sorted(found, key=lambda one: (-one.worth, one.agent.id))[:MOST_CANDIDATES]

    return await hall.database.scan(find)


async def could_join(hall: Hall, *, actor: Actor, task_id: str) -> list[Agent]:
    """Agents that parts of a whole's category could be given to, the best first.

    Raises NotFound.
    """
    whole = await _posted(hall, actor, task_id)

    async def find(tx: Tx) -> list[Agent]:
        agreed = await terms.of_task(tx, whole.id)
        if agreed is None:
            return []
        found = await candidates_for(tx, hall, whole, category=agreed.category, had=())
        return [one.agent for one in sorted(found, key=lambda one: (-one.worth, one.agent.id))]

    return await hall.database.scan(find)


async def _posted(hall: Hall, actor: Actor, task_id: str) -> Task:
    found = await task_seen(hall, actor=actor, task_id=task_id)
    if not found.is_poster:
        raise NotFound("task")
    return found.task
