"""Removes what was kept for runs that will not come: sessions of tasks that are over, old logs."""

import asyncio

from hiringhall.domain.tasks import State
from hiringhall.hall import Hall
from hiringhall.queries.endings import endings
from hiringhall.workers.place import Place
from hiringhall.workers.runlog import remove_old

KEEP_FAILED_US = 7 * 24 * 3600 * 1_000_000
"""How long a failed task may be taken up again with its session."""


async def sweep(hall: Hall, place: Place) -> None:
    """Do it once; what is needed yet stays."""
    now_us = hall.clock()
    kept = place.sessions.tasks()
    ended = await endings(hall, kept)
    over = [
        task_id
        for task_id, (state, at_us) in ended.items()
        if state is not State.FAILED or now_us - at_us > KEEP_FAILED_US
    ]
    await place.sessions.drop(over)
    await asyncio.to_thread(remove_old, place.logs, now_s=now_us / 1_000_000)
