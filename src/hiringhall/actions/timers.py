"""Firing timers: each hour that has come becomes a move of the table, once."""

from collections.abc import Awaitable, Callable

from hiringhall.actions.force import managing
from hiringhall.actions.market import clocks
from hiringhall.actions.runs import external, recovery
from hiringhall.domain.lifecycle import Timer
from hiringhall.hall import Hall
from hiringhall.store import timers
from hiringhall.store.database import Tx
from hiringhall.store.timers import DueTimer

PAGE = 100

_FIRES: dict[Timer, Callable[[Hall, DueTimer], Awaitable[None]]] = {
    Timer.RETRY: lambda hall, timer: recovery.try_again(hall, timer=timer),
    Timer.INTAKE: lambda hall, timer: clocks.intake_is_over(hall, timer=timer),
    Timer.CLAIM_LIMIT: lambda hall, timer: clocks.claim_is_over(hall, timer=timer),
    Timer.GRACE: lambda hall, timer: clocks.grace_is_over(hall, timer=timer),
    Timer.REVIEW: lambda hall, timer: clocks.review_is_over(hall, timer=timer),
    Timer.DISPUTE: lambda hall, timer: clocks.dispute_is_over(hall, timer=timer),
    Timer.MANAGER: lambda hall, timer: managing.manager_looks(hall, timer=timer),
    Timer.ROLE_LIMIT: lambda hall, timer: external.role_time_is_over(hall, timer=timer),
    Timer.GONE: lambda hall, timer: clocks.worker_is_gone(hall, timer=timer),
    Timer.SILENCE: lambda hall, timer: managing.silence_is_over(hall, timer=timer),
}
"""What each timer does."""


async def fire_due(hall: Hall) -> int | None:
    """Fire every timer whose hour has come; when the next is due (µs UTC), or None."""

    async def look(tx: Tx) -> tuple[list[DueTimer], int | None]:
        due_at_us = await timers.next_due_at_us(tx)
        now_us = hall.clock()
        if due_at_us is None or due_at_us > now_us:
            return [], due_at_us
        return await timers.due(tx, now_us=now_us, most=PAGE), due_at_us

    while True:
        due, next_due_at_us = await hall.database.read(look)
        if not due:
            return next_due_at_us
        for timer in due:
            await _FIRES[timer.kind](hall, timer)
