"""Deliveries of webhooks: made once for each event and endpoint, tried, and let go of in time."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Select, bindparam, delete, func, literal, select, update

from hiringhall.domain.webhooks import Answered, Delivery, DeliveryState
from hiringhall.store.database import Tx
from hiringhall.store.dialects import any_of, integer_at, rows_of, text_at
from hiringhall.store.rows import insert_row
from hiringhall.store.statements import Statement
from hiringhall.store.tables import feed, webhook_attempts, webhook_deliveries, webhook_endpoints

_insert = Statement(insert_row(webhook_deliveries), name="insert_delivery")
_rows = rows_of("rows").table_valued("value")
_insert_all = Statement(
    lambda insert: insert(webhook_deliveries).from_select(
        [
            *("id", "endpoint_id", "seq", "type", "state", "tries"),
            *("attempts", "due_at_us", "created_at_us"),
        ],
        select(
            text_at(_rows, 0),
            bindparam("endpoint", type_=webhook_deliveries.c.endpoint_id.type),
            integer_at(_rows, 1),
            text_at(_rows, 2),
            literal("pending"),
            literal(0),
            literal(0),
            bindparam("now_us", type_=webhook_deliveries.c.due_at_us.type),
            bindparam("now_us", type_=webhook_deliveries.c.due_at_us.type),
        ),
    ),
    name="insert_deliveries",
)
_save = Statement(
    update(webhook_deliveries)
    .where(webhook_deliveries.c.id == bindparam("delivery"))
    .values(
        state=bindparam("new_state"),
        tries=bindparam("new_tries"),
        attempts=bindparam("new_attempts"),
        due_at_us=bindparam("new_due_at_us"),
        ended_at_us=bindparam("new_ended_at_us"),
    ),
    name="save_delivery",
)
_by_id = Statement(
    select(webhook_deliveries).where(webhook_deliveries.c.id == bindparam("delivery")),
    name="delivery_by_id",
)
_of_endpoint = Statement(
    select(webhook_deliveries)
    .where(webhook_deliveries.c.endpoint_id == bindparam("endpoint"))
    .where(webhook_deliveries.c.id < bindparam("before"))
    .where(any_of(webhook_deliveries.c.state, "states"))
    .order_by(webhook_deliveries.c.id.desc())
    .limit(bindparam("most")),
    name="deliveries_of_webhook",
)
_of_endpoint_due = (
    select(webhook_deliveries)
    .where(webhook_deliveries.c.endpoint_id == bindparam("endpoint"))
    .where(webhook_deliveries.c.state == "pending")
)
_next = Statement(
    _of_endpoint_due.where(webhook_deliveries.c.due_at_us <= bindparam("now_us"))
    .order_by(webhook_deliveries.c.due_at_us, webhook_deliveries.c.seq)
    .limit(1),
    name="next_delivery",
)
_next_due = Statement(
    select(func.min(webhook_deliveries.c.due_at_us).label("due_us"))
    .where(webhook_deliveries.c.endpoint_id == bindparam("endpoint"))
    .where(webhook_deliveries.c.state == "pending"),
    name="next_due_delivery",
)
_insert_attempt = Statement(insert_row(webhook_attempts), name="insert_delivery_attempt")
_attempts = Statement(
    select(webhook_attempts)
    .where(webhook_attempts.c.delivery_id == bindparam("delivery"))
    .order_by(webhook_attempts.c.number.desc())
    .limit(bindparam("most")),
    name="attempts_of_delivery",
)
# What has ended long ago; all of an endpoint that was removed.
_old = Statement(
    select(webhook_deliveries.c.id)
    .where(webhook_deliveries.c.ended_at_us < bindparam("before_us"))
    .limit(bindparam("most")),
    name="old_deliveries",
)
_of_removed = Statement(
    select(webhook_deliveries.c.id)
    .select_from(
        webhook_deliveries.join(
            webhook_endpoints, webhook_endpoints.c.id == webhook_deliveries.c.endpoint_id
        )
    )
    .where(webhook_endpoints.c.state == "deleted")
    .limit(bindparam("most")),
    name="deliveries_of_removed_webhooks",
)
_forget_attempts = Statement(
    delete(webhook_attempts).where(any_of(webhook_attempts.c.delivery_id, "deliveries")),
    name="forget_delivery_attempts",
)
_forget = Statement(
    delete(webhook_deliveries).where(any_of(webhook_deliveries.c.id, "deliveries")),
    name="forget_deliveries",
)


def _places(*, of: Literal["organization_id", "team_id"], filtered: bool) -> Statement:
    wanted: Select[Any] = select(feed.c.seq, feed.c.word).where(
        feed.c[of] == bindparam("whose"),
        feed.c.seq > bindparam("after"),
        feed.c.seq <= bindparam("newest"),
    )
    if filtered:
        wanted = wanted.where(any_of(feed.c.word, "words"))
    name = f"places_of_{of}{'_filtered' if filtered else ''}"
    return Statement(wanted.order_by(feed.c.seq).limit(bindparam("most")), name=name)


_PLACES = {
    (of, filtered): _places(of=of, filtered=filtered)
    for of in ("organization_id", "team_id")
    for filtered in (False, True)
}


@dataclass(frozen=True, slots=True)
class Place:
    """An event's place in the feed, and what it is filtered by."""

    seq: int
    word: str


async def places(
    tx: Tx,
    *,
    organization_id: str,
    team_id: str | None,
    words: Sequence[str] | None,
    after: int,
    newest: int,
    most: int,
) -> list[Place]:
    """What a feed, or a team's part of it, has between two places, in its order."""
    statement = _PLACES["organization_id" if team_id is None else "team_id", words is not None]
    params: dict[str, Any] = {} if words is None else {"words": list(words)}
    rows = await tx.all(
        statement,
        whose=organization_id if team_id is None else team_id,
        after=after,
        newest=newest,
        most=most,
        **params,
    )
    return [Place(row.seq, row.word) for row in rows]


async def add(tx: Tx, delivery: Delivery) -> None:
    """Write one down."""
    await tx.run(
        _insert,
        id=delivery.id,
        endpoint_id=delivery.endpoint_id,
        seq=delivery.seq,
        type=delivery.type,
        state=delivery.state.value,
        tries=delivery.tries,
        attempts=delivery.attempts,
        due_at_us=delivery.due_at_us,
        created_at_us=delivery.created_at_us,
        ended_at_us=delivery.ended_at_us,
    )


async def add_all(
    tx: Tx, endpoint_id: str, rows: Sequence[tuple[str, int, str]], *, now_us: int
) -> None:
    """Write many down, each with its id, its event's place and type; they are due now."""
    await tx.run(_insert_all, endpoint=endpoint_id, rows=json.dumps(rows), now_us=now_us)


async def save(tx: Tx, delivery: Delivery) -> None:
    """Write one as it is now; whoever calls has its endpoint locked."""
    await tx.run(
        _save,
        delivery=delivery.id,
        new_state=delivery.state.value,
        new_tries=delivery.tries,
        new_attempts=delivery.attempts,
        new_due_at_us=delivery.due_at_us,
        new_ended_at_us=delivery.ended_at_us,
    )


async def by_id(tx: Tx, delivery_id: str) -> Delivery | None:
    """One as it stands."""
    row = await tx.one(_by_id, delivery=delivery_id)
    return None if row is None else _to_delivery(row)


async def of_endpoint(
    tx: Tx, endpoint_id: str, *, states: Sequence[str], before: str, most: int
) -> list[Delivery]:
    """An endpoint's in some states, newest first, from behind an id."""
    rows = await tx.all(
        _of_endpoint, endpoint=endpoint_id, states=list(states), before=before, most=most
    )
    return [_to_delivery(row) for row in rows]


async def next_of(tx: Tx, endpoint_id: str, *, now_us: int) -> Delivery | None:
    """What is to be sent to an endpoint first, of what is due: the oldest, in the feed's order."""
    row = await tx.one(_next, endpoint=endpoint_id, now_us=now_us)
    return None if row is None else _to_delivery(row)


async def next_due_us(tx: Tx, endpoint_id: str) -> int | None:
    """When something is to be sent to an endpoint next; None where nothing waits."""
    row = await tx.one(_next_due, endpoint=endpoint_id)
    return None if row is None else row.due_us


async def add_attempt(tx: Tx, delivery_id: str, number: int, answered: Answered) -> None:
    """Write down what came of an attempt."""
    await tx.run(
        _insert_attempt,
        delivery_id=delivery_id,
        number=number,
        at_us=answered.at_us,
        took_ms=answered.took_ms,
        status=answered.status,
        error=answered.error,
        answer=answered.answer,
    )


async def attempts_of(tx: Tx, delivery_id: str, *, most: int) -> list[tuple[int, Answered]]:
    """The attempts at a delivery, newest first, each with its number."""
    return [
        (row.number, Answered(row.at_us, row.took_ms, row.status, row.error, row.answer))
        for row in await tx.all(_attempts, delivery=delivery_id, most=most)
    ]


async def forget(tx: Tx, *, before_us: int, most: int) -> int:
    """Remove some of what ended before a time, and of what belongs to no endpoint; how many."""
    found = [row.id for row in await tx.all(_old, before_us=before_us, most=most)]
    found += [row.id for row in await tx.all(_of_removed, most=most)]
    if not found:
        return 0
    await tx.run(_forget_attempts, deliveries=found)
    return await tx.run(_forget, deliveries=found)


def _to_delivery(row: Any) -> Delivery:
    values: dict[str, Any] = row._asdict()
    values["state"] = DeliveryState(values["state"])
    return Delivery(**values)
