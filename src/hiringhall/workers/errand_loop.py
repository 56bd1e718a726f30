"""What the hall does in the background, one piece after another, for as long as it serves."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from hiringhall.signals import Signals

log = structlog.get_logger()

LOOK_EVERY_S = 15.0
"""How long something may wait whose notice was lost, or that is to be tried again."""


async def keep_at(
    signals: Signals,
    topic: str,
    do_next: Callable[[], Awaitable[bool]],
    *,
    at_once: int,
    look_every_s: float = LOOK_EVERY_S,
) -> None:
    """Do what there is to do until cancelled, several at once; `do_next` says if there was one."""

    async def keep() -> None:
        with signals.listening(topic) as listener:
            while True:
                try:
                    while await do_next():
                        pass
                except Exception:
                    # The database may be away for a while: look again later.
                    log.exception("errands.fault", topic=topic)
                await listener.wait(look_every_s)

    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(keep())
