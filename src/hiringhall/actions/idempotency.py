"""A repeated request gets its first answer: the key is kept in the action's own transaction."""

from typing import Any

from hiringhall.domain.durations import HOUR_US
from hiringhall.domain.errors import IdempotencyConflict, SecretNotRepeated
from hiringhall.hall import Once, Replayed
from hiringhall.store import idempotency
from hiringhall.store.database import Tx


async def reserve(tx: Tx, once: Once, *, now_us: int, keep_hours: int) -> None:
    """Take the key for this transaction.

    Raises Replayed with the first answer, IdempotencyConflict for another body, and
    SecretNotRepeated where the first answer held a secret.
    """
    names = {"organization_id": once.organization_id, "route": once.route, "key": once.key}
    if await idempotency.reserve(tx, **names, body_sha256=once.body_sha256, at_us=now_us):
        return
    await idempotency.forget_one(tx, **names, before_us=now_us - keep_hours * HOUR_US)
    if await idempotency.reserve(tx, **names, body_sha256=once.body_sha256, at_us=now_us):
        return
    kept = await idempotency.kept_answer(tx, **names)
    if kept is None or kept.body_sha256 != once.body_sha256:
        raise IdempotencyConflict("This Idempotency-Key was used with another request body")
    if kept.status is None or kept.answer is None:
        raise SecretNotRepeated(
            "This request was answered before with a key that is shown only once; "
            "if you did not keep it, revoke it and ask again with another Idempotency-Key"
        )
    raise Replayed(kept.status, kept.answer)


async def keep(tx: Tx, once: Once, value: Any) -> None:
    """Keep the answer that the action's value leads to."""
    if once.holds_secret:
        return
    status, answer = once.render(value if once.read is None else await once.read(tx, value))
    await idempotency.keep_answer(
        tx,
        organization_id=once.organization_id,
        route=once.route,
        key=once.key,
        status=status,
        answer=answer,
    )
