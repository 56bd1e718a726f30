"""What a task waits for: dependencies within its team, never in a circle."""

from collections.abc import Sequence

from hiringhall.domain import ids
from hiringhall.domain.errors import Invalid
from hiringhall.store import dependencies, teams
from hiringhall.store.database import Tx

MAX_DEPENDENCIES = 100


async def put_dependencies(
    tx: Tx, *, task_id: str, team_id: str, depends_on: Sequence[str]
) -> tuple[str, ...]:
    """Say anew what a task depends on, each once and in this order.

    Other tasks' dependencies in the team stay as they are until this transaction ends, so that
    two changes at once cannot close a circle between them. Raises Invalid for a task that is not
    in the team, for too many, and for a circle.
    """
    wanted = tuple(dict.fromkeys(depends_on))
    if len(wanted) > MAX_DEPENDENCIES:
        raise _refused(f"A task has at most {MAX_DEPENDENCIES} dependencies")
    if wanted:
        await teams.keep_dependencies(tx, team_id)
        known = await dependencies.teams_of(tx, [one for one in wanted if ids.is_uuid(one)])
        if any(known.get(one) != team_id for one in wanted):
            raise _refused("dependencies names a task that is not in this team")
        await _refuse_circle(tx, task_id, wanted)
    await dependencies.put(tx, task_id, wanted)
    return wanted


async def _refuse_circle(tx: Tx, task_id: str, wanted: Sequence[str]) -> None:
    """Follow what is wanted, a level at a time: whatever leads back here is a circle."""
    seen: set[str] = set()
    level = set(wanted)
    while level:
        if task_id in level:
            raise _refused("dependencies would go in a circle")
        seen |= level
        found = await dependencies.of_tasks(tx, sorted(level))
        level = {one for after in found.values() for one in after} - seen


def _refused(message: str) -> Invalid:
    return Invalid(message, {"dependencies": "refused"})
