"""What a team used, added up by day and by role."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, bindparam, case, cast, func, select

from hiringhall.domain.compute import CapScope
from hiringhall.domain.durations import DAY_US
from hiringhall.store.database import Tx
from hiringhall.store.statements import Statement
from hiringhall.store.tables import budgets, model_calls, runs


@dataclass(frozen=True, slots=True)
class Used:
    """What was used on one day (since 1970-01-01 UTC) in one role, or by the hall itself (None).

    A run counts on the day that it was begun, with all that it used of models.
    """

    day: int
    role: str | None
    runs: int
    worked_ms: int
    calls: int
    tokens: int
    cost_micros: int


def _sum(column: Any) -> Any:
    return cast(func.coalesce(func.sum(column), 0), BigInteger)


_now_us = bindparam("now_us", type_=BigInteger())
_ended_us = func.coalesce(
    runs.c.ended_at_us,
    case((_now_us > runs.c.started_at_us, _now_us), else_=runs.c.started_at_us),
)
_begun_day = (runs.c.started_at_us // DAY_US).label("day")
# A budget of a run has what all its calls add up to: they are many more than the runs.
_by_runs = Statement(
    select(
        _begun_day,
        runs.c.role,
        cast(func.count(), BigInteger).label("run_count"),
        _sum((_ended_us - runs.c.started_at_us) // 1_000).label("worked_ms"),
        _sum(budgets.c.calls).label("call_count"),
        _sum(budgets.c.tokens).label("tokens"),
        _sum(budgets.c.spent_micros).label("cost_micros"),
    )
    .select_from(runs.outerjoin(budgets, budgets.c.id == f"{CapScope.RUN.value}:" + runs.c.id))
    .where(
        runs.c.team_id == bindparam("team_id"),
        runs.c.started_at_us >= bindparam("from_us"),
        runs.c.started_at_us < bindparam("until_us"),
    )
    .group_by(_begun_day, runs.c.role),
    name="team_used_by_runs",
)
_asked_day = (model_calls.c.reserved_at_us // DAY_US).label("day")
_by_hall = Statement(
    select(
        _asked_day,
        cast(func.count(), BigInteger).label("call_count"),
        _sum(model_calls.c.input_tokens + model_calls.c.output_tokens).label("tokens"),
        _sum(model_calls.c.cost_micros).label("cost_micros"),
    )
    .where(
        model_calls.c.team_id == bindparam("team_id"),
        model_calls.c.run_id.is_(None),
        model_calls.c.reserved_at_us >= bindparam("from_us"),
        model_calls.c.reserved_at_us < bindparam("until_us"),
    )
    .group_by(_asked_day),
    name="team_used_by_hall",
)


async def used(tx: Tx, team_id: str, *, from_us: int, until_us: int, now_us: int) -> list[Used]:
    """What a team's runs, and the hall itself for it, used in a span of time."""
    span: dict[str, Any] = {"team_id": team_id, "from_us": from_us, "until_us": until_us}
    found = [
        Used(
            row.day,
            row.role,
            row.run_count,
            row.worked_ms,
            row.call_count,
            row.tokens,
            row.cost_micros,
        )
        for row in await tx.all(_by_runs, now_us=now_us, **span)
    ]
    found += [
        Used(row.day, None, 0, 0, row.call_count, row.tokens, row.cost_micros)
        for row in await tx.all(_by_hall, **span)
    ]
    return found
