"""What the hall keeps for a time only, and lets go of when that is over."""

from hiringhall.actions.idempotency import HOUR_US
from hiringhall.actions.transaction import action
from hiringhall.domain.webhooks import KEPT_DAYS
from hiringhall.hall import Hall
from hiringhall.queries.sign_ins import IDLE_US
from hiringhall.store import attempts, deliveries, idempotency, payments, registrations, sign_ins
from hiringhall.store.database import Tx

ATTEMPTS_HOURS = 24
REGISTRATIONS_HOURS = 24
"""How long one that has ended still says so, before it is unknown."""
NOTICES_DAYS = 30
"""How long a payment provider's message counts once; what it is about counts once for ever."""

DELIVERIES_AT_ONCE = 500


@action
async def forget_old(tx: Tx, hall: Hall) -> int:
    """Drop what is too old to matter: idempotency keys, attempts, deliveries; how many rows."""
    now_us = hall.clock()
    keys = await idempotency.forget_old(
        tx, before_us=now_us - hall.rules.idempotency_hours * HOUR_US
    )
    tries = await attempts.forget_old(tx, before_us=now_us - ATTEMPTS_HOURS * HOUR_US)
    ended = await registrations.forget_old(tx, before_us=now_us - REGISTRATIONS_HOURS * HOUR_US)
    heard = await payments.forget_notices(tx, before_us=now_us - NOTICES_DAYS * 24 * HOUR_US)
    sent_us = now_us - KEPT_DAYS * 24 * HOUR_US
    sent = await deliveries.forget(tx, before_us=sent_us, most=DELIVERIES_AT_ONCE)
    left = await sign_ins.forget_old(tx, before_us=now_us - IDLE_US)
    return keys + tries + ended + heard + sent + left
