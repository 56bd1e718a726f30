"""The day's credits before anything is begun that would use them."""

from hiringhall.domain.durations import DAY_US
from hiringhall.domain.errors import OutOfCredits
from hiringhall.hall import Hall
from hiringhall.store import usage
from hiringhall.store.database import Tx


def refuse_used_up(hall: Hall, *, used: int) -> None:
    """Raise OutOfCredits where so many were used today already."""
    if used >= hall.rules.credits_per_day:
        now_us = hall.clock()
        midnight_us = (now_us // DAY_US + 1) * DAY_US
        raise OutOfCredits(-(-(midnight_us - now_us) // 1_000_000))


async def refuse_without_credits(tx: Tx, hall: Hall, *, user_id: str | None) -> None:
    """The same for a user, whose credits a task's work is charged to; None: nobody's."""
    if user_id is not None:
        day = hall.clock() // DAY_US
        refuse_used_up(hall, used=await usage.credits_used(tx, user_id=user_id, day=day))
