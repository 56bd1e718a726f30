"""What a worker has found of each accept criterion, in each round of a task."""

from sqlalchemy import bindparam, select

from hiringhall.domain.criteria import Check
from hiringhall.store.database import Tx
from hiringhall.store.statements import Statement
from hiringhall.store.tables import criteria_checks

_put = Statement(
    lambda insert: (
        insert(criteria_checks)
        .values({column.name: bindparam(column.name) for column in criteria_checks.columns})
        .on_conflict_do_update(
            index_elements=["task_id", "round", "number"],
            set_={name: bindparam(name) for name in ("met", "evidence", "checked_at_us")},
        )
    ),
    name="put_criterion_check",
)
_of_round = Statement(
    select(criteria_checks)
    .where(
        criteria_checks.c.task_id == bindparam("task_id"),
        criteria_checks.c.round == bindparam("of_round"),
    )
    .order_by(criteria_checks.c.number),
    name="criteria_checks_of_round",
)


async def put(tx: Tx, check: Check, *, task_id: str, round_: int, at_us: int) -> None:
    """Write down what was found, in the place of what was found before."""
    await tx.run(
        _put,
        task_id=task_id,
        round=round_,
        number=check.number,
        met=int(check.met),
        evidence=check.evidence,
        checked_at_us=at_us,
    )


async def of_round(tx: Tx, task_id: str, *, round_: int) -> dict[int, Check]:
    """What was found in a round, by the criterion's number."""
    rows = await tx.all(_of_round, task_id=task_id, of_round=round_)
    return {row.number: Check(row.number, bool(row.met), row.evidence) for row in rows}
