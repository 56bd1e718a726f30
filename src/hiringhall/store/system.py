"""How the hall itself fares: what waits and runs, what is late, and what did not arrive."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Column, ColumnElement, bindparam, cast, func, select

from hiringhall.store.database import Tx
from hiringhall.store.statements import Statement
from hiringhall.store.tables import (
    agents,
    disputes,
    payouts,
    runs,
    timers,
    webhook_deliveries,
    webhook_endpoints,
)

LOOKED_AT = 1_000
"""Of what grows with the hall so much is looked at, and no more."""


@dataclass(frozen=True, slots=True)
class Queued:
    """What waits for one runtime: how many runs, and since when the first of them (µs UTC)."""

    runtime: str
    runs: int
    since_us: int


@dataclass(frozen=True, slots=True)
class Waits:
    """How much waits for an admin's word, of each up to a thousand."""

    pending_agents: int
    disputes: int
    failed_payouts: int

    @property
    def are_any(self) -> bool:
        """Whether anything does."""
        return bool(self.pending_agents or self.disputes or self.failed_payouts)


@dataclass(frozen=True, slots=True)
class Failing:
    """An endpoint at which nothing arrives."""

    organization_id: str
    url: str
    since_us: int


@dataclass(frozen=True, slots=True)
class Dead:
    """A delivery that was given up."""

    endpoint_id: str
    type: str
    attempts: int
    ended_at_us: int


_queued = Statement(
    select(
        runs.c.runtime,
        cast(func.count(), BigInteger).label("runs"),
        func.min(runs.c.queued_at_us).label("since_us"),
    )
    .where(runs.c.state == "queued")
    .group_by(runs.c.runtime)
    .order_by(runs.c.runtime),
    name="queued_by_runtime",
)
_at_work = Statement(
    select(cast(func.count(), BigInteger).label("runs")).where(
        runs.c.lease_until_us.is_not(None), runs.c.lease_until_us > bindparam("after_us")
    ),
    name="runs_in_hand",
)
_late = (
    select(timers.c.task_id)
    .where(timers.c.due_at_us < bindparam("before_us"))
    .limit(LOOKED_AT)
    .subquery("late")
)
_late_timers = Statement(
    select(cast(func.count(), BigInteger).label("timers")).select_from(_late), name="late_timers"
)


def _how_many(key: Column[Any], *which: ColumnElement[bool], label: str) -> Any:
    # In the order of the index's own column, which is what has SQLite take it.
    some = select(key).where(*which).order_by(key).limit(LOOKED_AT).subquery(f"few_{label}")
    count = select(cast(func.count(), BigInteger)).select_from(some)
    return count.scalar_subquery().label(label)


# Each by a partial index of what waits, so that what has been decided costs nothing.
_waits = Statement(
    select(
        _how_many(agents.c.id, agents.c.state == "pending", label="pending_agents"),
        _how_many(disputes.c.task_id, disputes.c.state == "open", label="disputes"),
        _how_many(
            payouts.c.id,
            payouts.c.state == "failed",
            payouts.c.state != "paid",
            label="failed_payouts",
        ),
    ),
    name="what_waits_for_admins",
)
_failing = Statement(
    select(
        webhook_endpoints.c.organization_id,
        webhook_endpoints.c.url,
        webhook_endpoints.c.failing_since_us,
    )
    .where(
        webhook_endpoints.c.state == "enabled",
        # All that fail have something to send: the index holds those.
        webhook_endpoints.c.next_due_us > 0,
        webhook_endpoints.c.failing_since_us.is_not(None),
    )
    .limit(bindparam("most")),
    name="failing_endpoints",
)
_ended = (
    select(webhook_deliveries)
    .where(webhook_deliveries.c.ended_at_us > 0)
    .order_by(webhook_deliveries.c.ended_at_us.desc())
    .limit(LOOKED_AT)
    .subquery("ended")
)
_dead = Statement(
    select(_ended.c.endpoint_id, _ended.c.type, _ended.c.attempts, _ended.c.ended_at_us)
    .where(_ended.c.state == "dead")
    .order_by(_ended.c.ended_at_us.desc())
    .limit(bindparam("most")),
    name="dead_deliveries",
)


async def queued(tx: Tx) -> list[Queued]:
    """What waits, by runtime."""
    return [Queued(row.runtime, row.runs, row.since_us) for row in await tx.all(_queued)]


async def at_work(tx: Tx) -> int:
    """How many runs nodes have in hand."""
    row = await tx.one(_at_work, after_us=0)
    return 0 if row is None else row.runs


async def late_timers(tx: Tx, *, before_us: int) -> int:
    """How many timers were due before a time and have not gone off; of the first thousand."""
    row = await tx.one(_late_timers, before_us=before_us)
    return 0 if row is None else row.timers


async def waits(tx: Tx) -> Waits:
    """How much waits for an admin's word."""
    row = await tx.one(_waits)
    assert row is not None, "counts are always one row"
    return Waits(row.pending_agents, row.disputes, row.failed_payouts)


async def failing(tx: Tx, *, most: int) -> list[Failing]:
    """Endpoints at which nothing arrives."""
    rows = await tx.all(_failing, most=most)
    return [Failing(row.organization_id, row.url, row.failing_since_us) for row in rows]


async def dead(tx: Tx, *, most: int) -> list[Dead]:
    """Deliveries that were given up, of the last thousand that ended, newest first."""
    rows = await tx.all(_dead, most=most)
    return [Dead(row.endpoint_id, row.type, row.attempts, row.ended_at_us) for row in rows]
