"""Whether budgets are what their calls add up to: the audit's view of what models cost."""

from typing import Any

from sqlalchemy import BigInteger, Text, case, cast, func, select

from hiringhall.domain.compute import CapScope
from hiringhall.domain.durations import DAY_US
from hiringhall.store.database import Tx
from hiringhall.store.statements import Statement
from hiringhall.store.tables import budgets, model_calls


def _sum(column: Any) -> Any:
    return cast(func.coalesce(func.sum(column), 0), BigInteger)


def _key_of(scope: CapScope) -> Any:
    """Whose budget a call counts in; null where in none of that scope."""
    if scope is not CapScope.OWN:
        return model_calls.c[f"{scope.value}_id"]
    day = cast(model_calls.c.reserved_at_us // DAY_US, Text)
    return case((model_calls.c.run_id.is_(None), day))


def _drift(scope: CapScope) -> Statement:
    """Budgets of one scope beside what their calls add up to."""
    key = _key_of(scope)
    of_calls = (
        select(
            key.label("key"),
            _sum(model_calls.c.cost_micros).label("spent"),
            _sum(model_calls.c.input_tokens + model_calls.c.output_tokens).label("tokens"),
            _sum(
                case(
                    (model_calls.c.settled_at_us.is_(None), model_calls.c.reserved_micros), else_=0
                )
            ).label("reserved"),
        )
        .group_by(key)
        .subquery()
    )
    prefix = f"{scope.value}:"
    return Statement(
        select(budgets.c.id, budgets.c.spent_micros, budgets.c.reserved_micros, budgets.c.tokens)
        .select_from(budgets.outerjoin(of_calls, budgets.c.id == prefix + of_calls.c.key))
        .where(
            budgets.c.scope == scope.value,
            (budgets.c.spent_micros != func.coalesce(of_calls.c.spent, 0))
            | (budgets.c.reserved_micros != func.coalesce(of_calls.c.reserved, 0))
            | (budgets.c.tokens != func.coalesce(of_calls.c.tokens, 0)),
        ),
        name=f"budget_drift_{scope.value}",
    )


_drifts = tuple(_drift(scope) for scope in CapScope)


async def drift(tx: Tx) -> list[str]:
    """Where a budget differs from the sum of its calls: one sentence each, or none."""
    return [
        f"budget {row.id}: {row.spent_micros} spent, {row.reserved_micros} put by and"
        f" {row.tokens} tokens, which is not what its calls add up to"
        for statement in _drifts
        for row in await tx.all(statement)
    ]
