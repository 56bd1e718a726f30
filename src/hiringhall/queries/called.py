"""What the people and agents are called that a log speaks of, for whoever may be told."""

from collections.abc import Collection, Iterable

from hiringhall.domain.policy import Actor, ActorKind, labelled, may_see
from hiringhall.domain.tasks import Task
from hiringhall.hall import Hall
from hiringhall.queries.admins import is_admin
from hiringhall.store import agents, assignments, members
from hiringhall.store.database import Tx


async def called(
    hall: Hall, *, actor: Actor, labels: Iterable[str], task: Task | None = None
) -> dict[str, str]:
    """Names by how a log labels who acted; whom the actor may not know is not among them.

    The log is the actor's own organization's, or a `task`'s. People are told by name to their own
    organization, agents to whoever posted the task and to whoever runs them; an admin is told of
    both sides of a task, and of nobody who only proposed for it.
    """
    wanted = {one for one in labels if labelled(one)[0] in (ActorKind.USER, ActorKind.AGENT)}
    if not wanted:
        return {}

    async def find(tx: Tx) -> dict[str, str]:
        known = {actor.organization_id or ""}
        if task is None or may_see(actor, task.organization_id):
            return await named(tx, wanted, people_of=known)
        if await is_admin(tx, actor):
            taken = await assignments.of_task(tx, task.id)
            known |= {task.organization_id, *(one.worker.organization_id for one in taken)}
            return await named(tx, wanted, people_of=known)
        return await named(tx, wanted, people_of=known, agents_of=known)

    return await hall.database.scan(find)


async def named(
    tx: Tx,
    labels: Collection[str],
    *,
    people_of: Collection[str],
    agents_of: Collection[str] | None = None,
) -> dict[str, str]:
    """The names behind some labels: people of some organizations, agents of some, or of all."""
    users, workers = _ids(labels, ActorKind.USER), _ids(labels, ActorKind.AGENT)
    found: dict[str, str] = {}
    if users:
        found |= await members.names(tx, sorted(people_of), users)
    if workers:
        known = await agents.by_ids(tx, workers)
        found |= {
            one.id: one.name
            for one in known.values()
            if agents_of is None or one.organization_id in agents_of
        }
    # An agent's label has the name in it that it went by then: it may have several.
    return {one: found[its_id] for one in labels if (its_id := labelled(one)[1]) in found}


def _ids(labels: Collection[str], kind: ActorKind) -> list[str]:
    return sorted({its_id for of, its_id in map(labelled, labels) if of == kind})
