"""What both databases do with the body of a transaction: end one that waits, follow one up."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn

from hiringhall.store.errors import ForeignAwait, TransactionBroken, TransactionMisused

_log = logging.getLogger(__name__)


def refuse_waiting(coroutine: Coroutine[Any, Any, Any], waits_for: object) -> NoReturn:
    """End a body that awaits something else than its `Tx`, with a `ForeignAwait` where it waits."""
    _let_go(waits_for)
    refusal = ForeignAwait("the body of a transaction awaited something else than its Tx")
    try:
        # Thrown in, so that the traceback ends at the await.
        _let_go(coroutine.throw(refusal))
    except StopIteration:
        raise refusal from None
    # It may await even while it is being closed; it will not be resumed.
    with contextlib.suppress(RuntimeError):
        coroutine.close()
    raise refusal


def _let_go(waits_for: object) -> None:
    # As asyncio does with what a cancelled task waits for: nobody will look at it any more.
    if isinstance(waits_for, asyncio.Future):
        waits_for.cancel()


def refuse_ended(*_args: object) -> NoReturn:
    """Stand in for running a statement once the body has ended."""
    raise TransactionMisused("the body of this transaction has ended")


def refuse_broken(*_args: object) -> NoReturn:
    """Stand in for running a statement once one has failed."""
    raise TransactionBroken("a statement of this transaction failed before")


def follow_up(call: Callable[[], None]) -> None:
    """Call what was to follow a commit; its failure undoes nothing and stops nobody."""
    try:
        call()
    except Exception:  # noqa: BLE001  what was committed is committed
        _log.exception("what was to follow a commit failed")
