"""What a team used, added up by day and by role."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, bindparam, case, cast, func, select

from hiringhall.store.database import Tx
from hiringhall.store.statements import Statement
from hiringhall.store.tables import model_calls, runs

DAY_US = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Worked:
    """Runs begun on one day (since 1970-01-01 UTC) in one role, and how long they took."""

    day: int
    role: str | None
    runs: int
    worked_ms: int


@dataclass(frozen=True, slots=True)
class Called:
    """Calls of models of one day and role: tokens, and what they cost in micros."""

    day: int
    role: str | None
    calls: int
    tokens: int
    cost_micros: int


_now_us = bindparam("now_us", type_=BigInteger())
_ended_us = func.coalesce(
    runs.c.ended_at_us,
    case((_now_us > runs.c.started_at_us, _now_us), else_=runs.c.started_at_us),
)
_begun_day = (runs.c.started_at_us // DAY_US).label("day")
_worked = Statement(
    select(
        _begun_day,
        runs.c.role,
        cast(func.count(), BigInteger).label("run_count"),
        cast(func.sum((_ended_us - runs.c.started_at_us) // 1_000), BigInteger).label("worked_ms"),
    )
    .where(
        runs.c.team_id == bindparam("team_id"),
        runs.c.started_at_us >= bindparam("from_us"),
        runs.c.started_at_us < bindparam("until_us"),
    )
    .group_by(_begun_day, runs.c.role),
    name="team_worked_by_day",
)
_called_day = (model_calls.c.reserved_at_us // DAY_US).label("day")
_of_runs = (
    select(
        _called_day,
        model_calls.c.run_id,
        cast(func.count(), BigInteger).label("call_count"),
        cast(func.sum(model_calls.c.input_tokens + model_calls.c.output_tokens), BigInteger).label(
            "tokens"
        ),
        cast(
            func.sum(func.coalesce(model_calls.c.cost_micros, model_calls.c.reserved_micros)),
            BigInteger,
        ).label("cost_micros"),
    )
    .where(
        model_calls.c.team_id == bindparam("team_id"),
        model_calls.c.reserved_at_us >= bindparam("from_us"),
        model_calls.c.reserved_at_us < bindparam("until_us"),
    )
    .group_by(_called_day, model_calls.c.run_id)
    .subquery("of_runs")
)
_called = Statement(
    select(
        _of_runs.c.day,
        runs.c.role,
        cast(func.sum(_of_runs.c.call_count), BigInteger).label("call_count"),
        cast(func.sum(_of_runs.c.tokens), BigInteger).label("tokens"),
        cast(func.sum(_of_runs.c.cost_micros), BigInteger).label("cost_micros"),
    )
    .select_from(_of_runs.outerjoin(runs, runs.c.id == _of_runs.c.run_id))
    .group_by(_of_runs.c.day, runs.c.role),
    name="team_called_by_day",
)


async def worked(tx: Tx, team_id: str, *, from_us: int, until_us: int, now_us: int) -> list[Worked]:
    """What a team's runs took, by the day that they were begun on and by role."""
    span: dict[str, Any] = {"team_id": team_id, "from_us": from_us, "until_us": until_us}
    rows = await tx.all(_worked, now_us=now_us, **span)
    return [Worked(row.day, row.role, row.run_count, row.worked_ms) for row in rows]


async def called(tx: Tx, team_id: str, *, from_us: int, until_us: int) -> list[Called]:
    """What its calls of models came to, by day and by role; one under way at what is put by."""
    rows = await tx.all(_called, team_id=team_id, from_us=from_us, until_us=until_us)
    return [Called(row.day, row.role, row.call_count, row.tokens, row.cost_micros) for row in rows]
