"""What a provider says of its own accord: proven, heard once, booked in one transaction."""

from typing import Any

import structlog

from hiringhall.actions.payments.deposits import settle_deposit
from hiringhall.actions.payments.payees import note_ready
from hiringhall.actions.payments.payouts import take_back
from hiringhall.actions.transaction import action
from hiringhall.domain.errors import Invalid
from hiringhall.hall import Hall
from hiringhall.payments import DepositNotice, Notice, PaymentRefused, PayoutNotice
from hiringhall.store import payments
from hiringhall.store.database import Tx

_log: Any = structlog.get_logger("hiringhall.payments")


async def take_notice(hall: Hall, *, body: bytes, signature: str) -> None:
    """Hear a provider's message; a repeated one changes nothing. Raises Invalid for a forged one.

    What does not fit the books is said in the log, for an admin, and is no reason for the provider
    to send it again.
    """
    try:
        notice = hall.payments.read_notice(body, signature)
    except PaymentRefused as error:
        raise Invalid(str(error)) from None
    problem = await _hear(hall, notice=notice)
    if problem:
        _log.error("a payment notice does not fit the books", notice=notice.id, problem=problem)


@action
async def _hear(tx: Tx, hall: Hall, *, notice: Notice) -> str:
    provider = hall.payments.name
    if not await payments.hear(tx, provider=provider, notice_id=notice.id, at_us=hall.clock()):
        return ""
    about = notice.about
    if about is None:
        return ""
    if isinstance(about, DepositNotice):
        return await settle_deposit(tx, hall, about)
    if isinstance(about, PayoutNotice):
        return await take_back(tx, hall, about)
    return await note_ready(tx, hall, about)
