"""Attempts at what is throttled, counted exactly in a sliding window, across processes."""

from sqlalchemy import bindparam, delete, exists, func, select

from hiringhall.store.database import Tx
from hiringhall.store.rows import insert_row
from hiringhall.store.statements import Statement
from hiringhall.store.tables import attempts, buckets

_lock = Statement(
    lambda insert: (
        insert(buckets)
        .values(bucket=bindparam("bucket"), taken=1)
        .on_conflict_do_update(index_elements=["bucket"], set_={"taken": buckets.c.taken + 1})
    ),
    name="lock_bucket",
)
_insert = Statement(insert_row(attempts, without=("id",)), name="insert_attempt")
_window = Statement(
    select(func.count().label("count"), func.min(attempts.c.at_us).label("first_at_us")).where(
        attempts.c.bucket == bindparam("bucket"), attempts.c.at_us > bindparam("since_us")
    ),
    name="attempts_in_window",
)
_forget = Statement(
    delete(attempts).where(attempts.c.bucket == bindparam("bucket")), name="forget_attempts"
)
_forget_old = Statement(
    delete(attempts).where(attempts.c.at_us < bindparam("before_us")), name="forget_old_attempts"
)

_forget_empty = Statement(
    delete(buckets).where(~exists().where(attempts.c.bucket == buckets.c.bucket)),
    name="forget_empty_buckets",
)


async def lock(tx: Tx, bucket: str) -> None:
    """Let nobody else count or add in a bucket until this transaction ends."""
    await tx.run(_lock, bucket=bucket)


async def in_window(tx: Tx, bucket: str, *, since_us: int) -> tuple[int, int | None]:
    """How many attempts there were since a time, and when the first of them was."""
    row = await tx.one(_window, bucket=bucket, since_us=since_us)
    return (0, None) if row is None else (row.count, row.first_at_us)


async def add(tx: Tx, bucket: str, *, at_us: int) -> None:
    """Count one attempt."""
    await tx.run(_insert, bucket=bucket, at_us=at_us)


async def forget(tx: Tx, bucket: str) -> None:
    """Drop what was counted in a bucket."""
    await tx.run(_forget, bucket=bucket)


async def forget_old(tx: Tx, *, before_us: int) -> int:
    """Drop what no window reaches any more, and buckets with nothing in them; how many attempts.

    A bucket is only there to be locked: whoever counts in it next makes it anew.
    """
    forgotten = await tx.run(_forget_old, before_us=before_us)
    await tx.run(_forget_empty)
    return forgotten
