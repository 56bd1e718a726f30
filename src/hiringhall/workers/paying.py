"""Sends what was earned, one payout after another, for as long as the hall serves."""

import asyncio

import structlog

from hiringhall.actions.payments.payouts import pay_next
from hiringhall.hall import Hall

log = structlog.get_logger()

LOOK_EVERY_S = 15.0
"""A payout may wait that long; a provider takes days to bring it to a bank."""


async def pay_out(hall: Hall, *, look_every_s: float = LOOK_EVERY_S) -> None:
    """Send payouts until cancelled; where the hall has no provider that sends, do nothing."""
    while hall.payments.pays_out:
        try:
            while await pay_next(hall):
                pass
        except Exception:
            # The database may be away for a while: look again later.
            log.exception("payments.fault")
        await asyncio.sleep(look_every_s)
