"""A stream of events at any door: until its client leaves, the server stops, or its right ends."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable

from hiringhall.actions.channel import Heard
from hiringhall.actions.following import Reader
from hiringhall.domain.errors import HallError, Unavailable
from hiringhall.domain.policy import Actor

EVENT_STREAM = b"text/event-stream"
HEARTBEAT_S = 15.0
CHECK_S = 60.0
"""How often it is asked who a stream's caller is, where no word of it comes."""
RETRY_MS = 2_000
"""After how long a client should come again."""
FIRST = b"retry: %d\n\n" % RETRY_MS
AT_ONCE = ((b"x-accel-buffering", b"no"),)


async def heard_by(
    reader: Reader, actor: Actor, ask_again: Callable[[], Awaitable[Actor]]
) -> AsyncGenerator[Heard]:
    """What a reader hears, as long as `ask_again` says that it is the same actor still.

    It is asked at the beginning (the right may have ended while the reader was made), at word that
    something of the actor's was closed, and now and then; nothing is told in between.
    """
    now_s = asyncio.get_running_loop().time
    heard, check_at_s = None, now_s()
    while True:
        if reader.in_doubt() or now_s() >= check_at_s:
            if not await _is_still(actor, ask_again):
                return
            check_at_s = now_s() + CHECK_S
        if heard is not None:
            yield heard
        heard = await reader.next(HEARTBEAT_S)


async def _is_still(actor: Actor, ask_again: Callable[[], Awaitable[Actor]]) -> bool:
    """A sign-in may be led to another organization, and a key lead to somebody else no more."""
    try:
        return await ask_again() == actor
    except Unavailable:
        return True
    except HallError:
        return False
