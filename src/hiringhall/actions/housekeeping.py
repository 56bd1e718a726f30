"""What the hall keeps for a time only, and lets go of when that is over."""

from hiringhall.actions.idempotency import HOUR_US
from hiringhall.actions.transaction import action
from hiringhall.hall import Hall
from hiringhall.store import attempts, idempotency
from hiringhall.store.database import Tx

ATTEMPTS_HOURS = 24


@action
async def forget_old(tx: Tx, hall: Hall) -> int:
    """Drop idempotency keys and counted attempts that are too old to matter; how many."""
    now_us = hall.clock()
    keys = await idempotency.forget_old(
        tx, before_us=now_us - hall.rules.idempotency_hours * HOUR_US
    )
    tries = await attempts.forget_old(tx, before_us=now_us - ATTEMPTS_HOURS * HOUR_US)
    return keys + tries
