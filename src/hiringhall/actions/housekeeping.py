"""What the hall keeps for a time only, and lets go of when that is over."""

from hiringhall.actions.idempotency import HOUR_US
from hiringhall.actions.transaction import action
from hiringhall.hall import Hall
from hiringhall.store import attempts, idempotency, payments, registrations
from hiringhall.store.database import Tx

ATTEMPTS_HOURS = 24
REGISTRATIONS_HOURS = 24
"""How long one that has ended still says so, before it is unknown."""
NOTICES_DAYS = 30
"""How long a payment provider's message counts once; what it is about counts once for ever."""


@action
async def forget_old(tx: Tx, hall: Hall) -> int:
    """Drop idempotency keys, attempts and registrations that are too old to matter; how many."""
    now_us = hall.clock()
    keys = await idempotency.forget_old(
        tx, before_us=now_us - hall.rules.idempotency_hours * HOUR_US
    )
    tries = await attempts.forget_old(tx, before_us=now_us - ATTEMPTS_HOURS * HOUR_US)
    ended = await registrations.forget_old(tx, before_us=now_us - REGISTRATIONS_HOURS * HOUR_US)
    heard = await payments.forget_notices(tx, before_us=now_us - NOTICES_DAYS * 24 * HOUR_US)
    return keys + tries + ended + heard
