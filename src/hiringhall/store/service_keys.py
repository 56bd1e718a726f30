"""The secrets of runs, by their hashes: one for each run at most, for as long as it is known."""

from dataclasses import dataclass

from sqlalchemy import bindparam, select, update

from hiringhall.domain.policy import Actor, ActorKind
from hiringhall.domain.runs import RunState, RunToken
from hiringhall.domain.tasks import State
from hiringhall.store.database import Tx
from hiringhall.store.statements import Statement
from hiringhall.store.tables import runs, tasks

_give = Statement(
    update(runs)
    .where(
        runs.c.id == bindparam("run_id"),
        runs.c.lease_until_us.is_not(None),
        runs.c.secret_sha256.is_(None),
    )
    .values(secret_sha256=bindparam("digest")),
    name="give_service_key",
)
_by_secret = Statement(
    select(
        runs.c.id,
        runs.c.task_id,
        runs.c.organization_id,
        runs.c.generation,
        runs.c.runtime,
        runs.c.state,
        tasks.c.generation.label("task_generation"),
        tasks.c.state.label("task_state"),
    )
    .select_from(runs.join(tasks, tasks.c.id == runs.c.task_id))
    .where(runs.c.secret_sha256 == bindparam("secret_sha256")),
    name="run_by_secret",
)


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """The run that a secret belongs to, and whether that run may still act."""

    actor: Actor
    state: RunState
    is_newest: bool
    task_state: State


async def give(tx: Tx, run_id: str, secret_sha256: bytes) -> bool:
    """Keep the hash of a run's secret; False when it has one, or is not in anybody's hand."""
    return await tx.run(_give, run_id=run_id, digest=secret_sha256) == 1


async def holder(tx: Tx, secret_sha256: bytes) -> KeyHolder | None:
    """Whose secret it is, also when that run has ended; None where it opens nothing."""
    row = await tx.one(_by_secret, secret_sha256=secret_sha256)
    if row is None:
        return None
    actor = Actor(
        kind=ActorKind.RUN,
        organization_id=row.organization_id,
        run_id=row.id,
        name=row.runtime,
        run=RunToken(row.id, row.task_id, row.generation),
    )
    return KeyHolder(
        actor, RunState(row.state), row.generation == row.task_generation, State(row.task_state)
    )
