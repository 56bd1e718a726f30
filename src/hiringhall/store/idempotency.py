"""Idempotency keys: reserved, and their answers kept, in the action's own transaction."""

from dataclasses import dataclass

from sqlalchemy import bindparam, delete, select, update

from hiringhall.store.database import Tx
from hiringhall.store.statements import Statement
from hiringhall.store.tables import idempotency_keys as keys


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What the first request with a key got; `status` is None where it held a secret."""

    body_sha256: bytes
    status: int | None
    answer: bytes | None
    created_at_us: int


_this = (
    (keys.c.organization_id == bindparam("organization"))
    & (keys.c.route == bindparam("for_route"))
    & (keys.c.key == bindparam("the_key"))
)
_reserve = Statement(
    lambda insert: (
        insert(keys)
        .values(
            organization_id=bindparam("organization"),
            route=bindparam("for_route"),
            key=bindparam("the_key"),
            body_sha256=bindparam("body_sha256"),
            status=None,
            answer=None,
            created_at_us=bindparam("at_us"),
        )
        .on_conflict_do_nothing(index_elements=["organization_id", "route", "key"])
    ),
    name="reserve_idempotency_key",
)
_kept = Statement(
    select(keys.c.body_sha256, keys.c.status, keys.c.answer, keys.c.created_at_us).where(_this),
    name="kept_answer",
)
_keep = Statement(
    update(keys).where(_this).values(status=bindparam("code"), answer=bindparam("bytes")),
    name="keep_answer",
)
_forget = Statement(
    delete(keys).where(_this, keys.c.created_at_us < bindparam("before_us")),
    name="forget_old_key",
)
_forget_old = Statement(
    delete(keys).where(keys.c.created_at_us < bindparam("before_us")),
    name="forget_old_keys",
)


async def reserve(
    tx: Tx, *, organization_id: str, route: str, key: str, body_sha256: bytes, at_us: int
) -> bool:
    """Take a key for this transaction; False when it is taken.

    On PostgreSQL the insert waits for a transaction that is about to take the same key.
    """
    return (
        await tx.run(
            _reserve,
            organization=organization_id,
            for_route=route,
            the_key=key,
            body_sha256=body_sha256,
            at_us=at_us,
        )
        == 1
    )


async def kept_answer(tx: Tx, *, organization_id: str, route: str, key: str) -> KeptAnswer | None:
    """What a taken key stands for."""
    row = await tx.one(_kept, organization=organization_id, for_route=route, the_key=key)
    if row is None:
        return None
    answer = None if row.answer is None else bytes(row.answer)
    return KeptAnswer(bytes(row.body_sha256), row.status, answer, row.created_at_us)


async def keep_answer(
    tx: Tx, *, organization_id: str, route: str, key: str, status: int, answer: bytes
) -> None:
    """Keep an answer for repetitions."""
    await tx.run(
        _keep,
        organization=organization_id,
        for_route=route,
        the_key=key,
        code=status,
        bytes=answer,
    )


async def forget_one(tx: Tx, *, organization_id: str, route: str, key: str, before_us: int) -> bool:
    """Drop a key that is older than a time, so that it may be used anew."""
    return (
        await tx.run(
            _forget, organization=organization_id, for_route=route, the_key=key, before_us=before_us
        )
        == 1
    )


async def forget_old(tx: Tx, *, before_us: int) -> int:
    """Drop all keys older than a time; how many there were."""
    return await tx.run(_forget_old, before_us=before_us)
