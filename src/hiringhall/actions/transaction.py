"""The one way to change anything: a decorated function is one durable transaction."""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from hiringhall.actions import idempotency
from hiringhall.hall import Hall
from hiringhall.store.database import Tx

P = ParamSpec("P")
R = TypeVar("R")


def action(
    body: Callable[Concatenate[Tx, Hall, P], Coroutine[Any, Any, R]],
) -> Callable[Concatenate[Hall, P], Coroutine[Any, Any, R]]:
    """Turn `body(tx, hall, …)` into `verb(hall, …)`, which commits when it returns.

    The body awaits nothing but its `tx` and may be run again, so it has no effect but on the
    database; what others should hear it says with `tx.after_commit`. A request's idempotency
    key (`hall.once`) is honoured in the same transaction.
    """

    @wraps(body)
    async def verb(hall: Hall, *args: P.args, **kwargs: P.kwargs) -> R:
        once = hall.once

        async def transaction(tx: Tx) -> R:
            if once is None:
                return await body(tx, hall, *args, **kwargs)
            await idempotency.reserve(
                tx, once, now_us=hall.clock(), keep_hours=hall.rules.idempotency_hours
            )
            value = await body(tx, hall, *args, **kwargs)
            await idempotency.keep(tx, once, value)
            return value

        return await hall.database.write(transaction)

    return verb
