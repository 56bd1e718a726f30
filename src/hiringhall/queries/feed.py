"""The feed as an actor may see it: newest first from a place or a time, or onwards from a place.

Whoever reads it has its new events given their places first (`actions.feed.sequence`).
"""

from collections.abc import Sequence
from dataclasses import replace

from hiringhall.domain import ids
from hiringhall.domain.errors import Invalid, NoOrganization, NotFound
from hiringhall.domain.feed import FeedEvent
from hiringhall.domain.policy import Actor, check_sees
from hiringhall.hall import Hall
from hiringhall.queries.teams import team_view
from hiringhall.store import feed, tasks
from hiringhall.store.database import Tx
from hiringhall.store.feed import NEWEST, Part

MOST = 200
USUAL = 50
RECENT = 20
"""How many events a task or a run is shown with."""


async def newest(
    hall: Hall,
    *,
    actor: Actor,
    team_id: str | None = None,
    task_id: str | None = None,
    words: Sequence[str] | None = None,
    before: int | None = None,
    before_us: int | None = None,
    limit: int = USUAL,
) -> list[FeedEvent]:
    """One page of the organization's feed, or of a part of it, newest first.

    It begins before a place (`before`) or a time (`before_us`), or at the end. `words` are those
    of `domain.feed.word_of` and `reported_word`. Raises NotFound and NotYours for a team or task,
    Invalid for a limit that is not 1 to 200.
    """
    part = await part_of(hall, actor, team_id=team_id, task_id=task_id, words=words)
    _check_limit(limit)

    async def find(tx: Tx) -> list[FeedEvent]:
        place = NEWEST if before is None else before
        if before_us is not None:
            place = min(place, await feed.place_at(tx, part.organization_id, before_us))
        return await feed.newest(tx, part, before=place, most=limit)

    return await hall.database.scan(find)


async def onwards(
    hall: Hall,
    *,
    actor: Actor,
    after: int = 0,
    team_id: str | None = None,
    task_id: str | None = None,
    words: Sequence[str] | None = None,
    limit: int = USUAL,
) -> list[FeedEvent]:
    """What comes behind a place in the feed, in its order; the last one's `seq` leads on.

    Raises what `newest` does.
    """
    part = await part_of(hall, actor, team_id=team_id, task_id=task_id, words=words)
    _check_limit(limit)

    async def find(tx: Tx) -> list[FeedEvent]:
        return await feed.onwards(tx, part, after=after, most=limit)

    return await hall.database.scan(find)


async def page_of(hall: Hall, part: Part, *, after: int, limit: int) -> list[FeedEvent]:
    """What comes behind a place in a part that is known to be the reader's."""

    async def find(tx: Tx) -> list[FeedEvent]:
        return await feed.onwards(tx, part, after=after, most=limit)

    return await hall.database.scan(find)


async def newest_place(hall: Hall, *, organization_id: str) -> int:
    """The newest place that was given in a feed; 0 in an empty one."""

    async def find(tx: Tx) -> int:
        return await feed.newest_place(tx, organization_id)

    return await hall.database.read(find)


async def recent_of_tasks(
    hall: Hall, *, task_ids: Sequence[str], most: int = RECENT
) -> dict[str, list[FeedEvent]]:
    """The newest events of tasks that the caller may see, by task, newest first."""

    async def find(tx: Tx) -> dict[str, list[FeedEvent]]:
        return await feed.recent_of_tasks(tx, task_ids, most=most)

    return await hall.database.scan(find) if task_ids else {}


async def recent_of_run(
    hall: Hall, *, actor: Actor, task_id: str, run_id: str, most: int = RECENT
) -> list[FeedEvent]:
    """The newest events of a run, newest first, out of the newest of its task."""
    found = await newest(hall, actor=actor, task_id=task_id, limit=MOST)
    return [event for event in found if event.run_id == run_id][:most]


async def part_of(
    hall: Hall,
    actor: Actor,
    *,
    team_id: str | None = None,
    task_id: str | None = None,
    words: Sequence[str] | None = None,
) -> Part:
    """The part that is meant, once it is known to be the actor's.

    Raises NoOrganization, and NotFound and NotYours for a team or task.
    """
    if actor.organization_id is None:
        raise NoOrganization
    part = Part(actor.organization_id, words=None if words is None else tuple(words))
    if team_id is not None:
        part = replace(part, team_id=(await team_view(hall, actor=actor, team_id=team_id)).id)
    if task_id is None:
        return part
    if not ids.is_uuid(task_id):
        raise NotFound("task")

    async def owner(tx: Tx) -> str | None:
        row = await tasks.view(tx, task_id)
        return None if row is None else row.task.organization_id

    check_sees(actor, await hall.database.read(owner), "task")
    return replace(part, task_id=task_id)


def _check_limit(limit: int) -> None:
    if not 1 <= limit <= MOST:
        raise Invalid(f"limit is 1 to {MOST}", {"limit": "range"})
