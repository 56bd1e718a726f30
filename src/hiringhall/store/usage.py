"""Usage: what compute was used by which run, and what it took of the day's credits."""

from dataclasses import dataclass

from sqlalchemy import BigInteger, bindparam, cast, func, select

from hiringhall.store.database import Tx
from hiringhall.store.rows import insert_row
from hiringhall.store.statements import Statement
from hiringhall.store.tables import credit_days, usage_records


@dataclass(frozen=True, slots=True)
class UsageRecord:
    """One metered use; `day` counts from 1970-01-01 UTC."""

    id: str
    organization_id: str
    user_id: str | None
    task_id: str
    run_id: str
    runtime: str
    input_tokens: int
    output_tokens: int
    credits: int
    day: int
    at_us: int


_insert = Statement(insert_row(usage_records), name="insert_usage")
_charge = Statement(
    lambda insert: (
        insert(credit_days)
        .values(user_id=bindparam("user_id"), day=bindparam("day"), used=bindparam("credits"))
        .on_conflict_do_update(
            index_elements=["user_id", "day"],
            set_={"used": credit_days.c.used + bindparam("credits")},
        )
    ),
    name="charge_credits",
)
_used = Statement(
    select(credit_days.c.used).where(
        credit_days.c.user_id == bindparam("user_id"), credit_days.c.day == bindparam("day")
    ),
    name="credits_used",
)
_drift = Statement(
    select(
        usage_records.c.user_id,
        usage_records.c.day,
        cast(func.sum(usage_records.c.credits), BigInteger).label("recorded"),
        cast(func.coalesce(func.max(credit_days.c.used), 0), BigInteger).label("charged"),
    )
    .select_from(
        usage_records.outerjoin(
            credit_days,
            (credit_days.c.user_id == usage_records.c.user_id)
            & (credit_days.c.day == usage_records.c.day),
        )
    )
    .where(usage_records.c.user_id.is_not(None))
    .group_by(usage_records.c.user_id, usage_records.c.day)
    .having(func.sum(usage_records.c.credits) != func.coalesce(func.max(credit_days.c.used), 0)),
    name="credit_drift",
)


async def add(tx: Tx, record: UsageRecord) -> None:
    """Write a use down and charge its credits to the user's day."""
    await tx.run(
        _insert,
        id=record.id,
        organization_id=record.organization_id,
        user_id=record.user_id,
        task_id=record.task_id,
        run_id=record.run_id,
        runtime=record.runtime,
        input_tokens=record.input_tokens,
        output_tokens=record.output_tokens,
        credits=record.credits,
        day=record.day,
        at_us=record.at_us,
    )
    if record.user_id is not None and record.credits:
        await tx.run(_charge, user_id=record.user_id, day=record.day, credits=record.credits)


async def credits_used(tx: Tx, *, user_id: str, day: int) -> int:
    """How many credits a user has used on a day."""
    row = await tx.one(_used, user_id=user_id, day=day)
    return 0 if row is None else row.used


async def credit_drift(tx: Tx) -> list[str]:
    """Where a day's count differs from the sum of its records: one sentence each, or none."""
    return [
        f"user {row.user_id}, day {row.day}: {row.charged} credits charged, {row.recorded} recorded"
        for row in await tx.all(_drift)
    ]
