"""Runs as an actor may see them: of a team, of tasks, each alone; and what they used."""

from collections.abc import Sequence
from dataclasses import dataclass

from hiringhall.domain import ids
from hiringhall.domain.errors import Invalid, NoOrganization, NotFound
from hiringhall.domain.policy import Actor, check_sees
from hiringhall.domain.runs import LIVE, Run, RunState
from hiringhall.hall import Hall
from hiringhall.queries.teams import team_view
from hiringhall.store import workers
from hiringhall.store.database import Tx
from hiringhall.store.workers import EVER, NEWEST, RunView, Span, Sums, WorkedTask

__all__ = ["MOST", "RunView", "Sums", "Usage", "WorkedTask"]

MOST = 1_000


@dataclass(frozen=True, slots=True)
class Usage:
    """What runs used: the sums over all, and the newest of them; `now_us` is when it was asked."""

    sums: Sums
    runs: list[Run]
    now_us: int


async def runs_of_team(
    hall: Hall,
    *,
    actor: Actor,
    team_id: str,
    states: Sequence[RunState] | None = None,
    before: str | None = None,
    limit: int = MOST,
) -> list[Run]:
    """A team's runs, newest first, before the run of an id; raises NotFound, NotYours, Invalid."""
    team = await team_view(hall, actor=actor, team_id=team_id)
    if not 1 <= limit <= MOST:
        raise Invalid(f"limit is 1 to {MOST}", {"limit": "range"})

    async def find(tx: Tx) -> list[Run]:
        if states is not None and LIVE.issuperset(states):
            found = await workers.live_of_team(tx, team.id, states)
            return [run for run in found if run.id < (before or NEWEST)][:limit]
        return await workers.of_team(
            tx, team.id, states=states, before=before or NEWEST, most=limit
        )

    return await hall.database.scan(find)


async def run_view(hall: Hall, *, actor: Actor, run_id: str) -> RunView:
    """A run with its task; raises NotFound and NotYours."""
    if not ids.is_uuid(run_id):
        raise NotFound("worker")

    async def find(tx: Tx) -> RunView | None:
        return await workers.view(tx, run_id)

    found = await hall.database.read(find)
    check_sees(actor, None if found is None else found.run.organization_id, "worker")
    if found is None:
        raise NotFound("worker")
    return found


async def runs_of_tasks(hall: Hall, *, task_ids: Sequence[str]) -> dict[str, list[Run]]:
    """The runs of tasks that the caller may see, by task, newest first."""

    async def find(tx: Tx) -> dict[str, list[Run]]:
        return await workers.of_tasks(tx, task_ids)

    return await hall.database.scan(find) if task_ids else {}


async def usage(
    hall: Hall,
    *,
    actor: Actor,
    team_id: str | None = None,
    from_us: int | None = None,
    until_us: int | None = None,
    limit: int = MOST,
) -> Usage:
    """What the runs of the organization or a team used that were begun in a span of time.

    From `from_us` on and before `until_us`, where these are given. Raises NotFound, NotYours and
    Invalid.
    """
    if actor.organization_id is None:
        raise NoOrganization
    if team_id is not None:
        await team_view(hall, actor=actor, team_id=team_id)
    if not 0 <= limit <= MOST:
        raise Invalid(f"limit is 0 to {MOST}", {"limit": "range"})
    span = Span(
        actor.organization_id,
        team_id,
        EVER[0] if from_us is None else max(EVER[0], from_us),
        EVER[1] if until_us is None else max(EVER[0], until_us),
    )
    now_us = hall.clock()

    async def find(tx: Tx) -> Usage:
        counted = await workers.sums(tx, span, now_us=now_us)
        listed = await workers.begun(tx, span, most=limit) if limit else []
        return Usage(counted, listed, now_us)

    return await hall.database.scan(find)
