"""Giving events their places in the feed: what has none yet, the head, and the rows."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Column,
    ScalarSelect,
    Table,
    bindparam,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)

from hiringhall.domain.feed import Placed, Unplaced
from hiringhall.store.database import Tx
from hiringhall.store.dialects import integer_at, rows_of, text_at
from hiringhall.store.statements import Statement
from hiringhall.store.tables import events, feed, feed_heads, reported_events, tasks


@dataclass(frozen=True, slots=True)
class Head:
    """How far an organization's feed has come; the columns say what each means."""

    organization_id: str
    seq: int
    at_us: int
    settled_id: int
    settled_reported_id: int
    newest_id: int
    newest_reported_id: int
    marked_id: int
    marked_reported_id: int
    marked_at_us: int


_HEAD = tuple(column.name for column in feed_heads.columns if column.name != "organization_id")


def _settled(column: Column[int]) -> ScalarSelect[int]:
    """How far events are settled; from the beginning where nothing has a place yet."""
    of_head = select(column).where(feed_heads.c.organization_id == bindparam("organization_id"))
    return func.coalesce(of_head.scalar_subquery(), 0)  # pyright: ignore[reportReturnType]


def _unplaced(source: Table, settled_id: Any, place: Column[int]) -> Any:
    """What makes an event one of an organization that has no place: behind what is settled."""
    return (
        (source.c.organization_id == bindparam("organization_id"))
        & (source.c.id > settled_id)
        & ~exists(select(feed.c.seq).where(place == source.c.id).correlate(source))
    )


_NEW_EVENT = _unplaced(events, _settled(feed_heads.c.settled_id), feed.c.event_id)
_NEW_REPORT = _unplaced(
    reported_events, _settled(feed_heads.c.settled_reported_id), feed.c.reported_id
)
_CAN_SETTLE = (
    (feed_heads.c.organization_id == bindparam("organization_id"))
    & (feed_heads.c.marked_at_us < bindparam("settled_before_us"))
    & or_(
        feed_heads.c.newest_id > feed_heads.c.settled_id,
        feed_heads.c.newest_reported_id > feed_heads.c.settled_reported_id,
    )
)
_is_behind = Statement(
    select(
        case(
            (
                or_(
                    exists(select(events.c.id).where(_NEW_EVENT)),
                    exists(select(reported_events.c.id).where(_NEW_REPORT)),
                    exists(select(feed_heads.c.seq).where(_CAN_SETTLE)),
                ),
                1,
            ),
            else_=0,
        ).label("is_behind")
    ),
    name="feed_is_behind",
)
_open = Statement(
    lambda insert: (
        insert(feed_heads)
        .values(organization_id=bindparam("organization_id"), **dict.fromkeys(_HEAD, 0))
        .on_conflict_do_nothing(index_elements=["organization_id"])
    ),
    name="open_feed",
)
_lock = Statement(
    select(feed_heads)
    .where(feed_heads.c.organization_id == bindparam("organization_id"))
    .with_for_update(),
    name="lock_feed_head",
)
_new_events = Statement(
    select(
        events.c.id,
        tasks.c.team_id,
        events.c.task_id,
        (events.c.type + "." + events.c.state).label("word"),
        events.c.at_us,
    )
    .select_from(events.join(tasks, tasks.c.id == events.c.task_id))
    .where(_unplaced(events, bindparam("settled_id"), feed.c.event_id))
    .order_by(events.c.id)
    .limit(bindparam("most")),
    name="events_without_place",
)
_new_reports = Statement(
    select(
        reported_events.c.id,
        reported_events.c.team_id,
        reported_events.c.task_id,
        (literal("reported.") + reported_events.c.type).label("word"),
        reported_events.c.at_us,
    )
    .where(_unplaced(reported_events, bindparam("settled_id"), feed.c.reported_id))
    .order_by(reported_events.c.id)
    .limit(bindparam("most")),
    name="reports_without_place",
)
_rows = rows_of("rows").table_valued("value")
_place = Statement(
    lambda insert: insert(feed).from_select(
        [
            *("organization_id", "seq", "event_id", "reported_id"),
            *("team_id", "task_id", "word", "at_us"),
        ],
        select(
            bindparam("organization_id", type_=feed.c.organization_id.type),
            integer_at(_rows, 0),
            integer_at(_rows, 1),
            integer_at(_rows, 2),
            text_at(_rows, 3),
            text_at(_rows, 4),
            text_at(_rows, 5),
            integer_at(_rows, 6),
        ),
    ),
    name="place_in_feed",
)
_advance = Statement(
    update(feed_heads)
    .where(feed_heads.c.organization_id == bindparam("of_organization"))
    .values({name: bindparam(f"new_{name}") for name in _HEAD}),
    name="advance_feed_head",
)


async def is_behind(tx: Tx, organization_id: str, *, settled_before_us: int) -> bool:
    """Whether some event has no place yet, or something can be settled: a look by index."""
    row = await tx.one(
        _is_behind, organization_id=organization_id, settled_before_us=settled_before_us
    )
    return row is not None and row.is_behind == 1


async def lock_head(tx: Tx, organization_id: str) -> Head:
    """The head of a feed, in this transaction's hand alone until its end."""
    row = await tx.one(_lock, organization_id=organization_id)
    if row is None:
        await tx.run(_open, organization_id=organization_id)
        row = await tx.one(_lock, organization_id=organization_id)
        assert row is not None
    return Head(**row._asdict())


async def new_events(tx: Tx, head: Head, *, most: int) -> list[Unplaced]:
    """Lines of the log that have no place yet, by id."""
    rows = await tx.all(
        _new_events,
        organization_id=head.organization_id,
        settled_id=head.settled_id,
        most=most,
    )
    return [Unplaced(row.id, None, row.team_id, row.task_id, row.word, row.at_us) for row in rows]


async def new_reports(tx: Tx, head: Head, *, most: int) -> list[Unplaced]:
    """What was reported and has no place yet, by id."""
    rows = await tx.all(
        _new_reports,
        organization_id=head.organization_id,
        settled_id=head.settled_reported_id,
        most=most,
    )
    return [Unplaced(None, row.id, row.team_id, row.task_id, row.word, row.at_us) for row in rows]


async def place(tx: Tx, organization_id: str, placed: Sequence[Placed]) -> None:
    """Write places down; the database refuses one that is taken, and a second for one event."""
    rows = [
        (
            one.seq,
            one.what.event_id,
            one.what.reported_id,
            one.what.team_id,
            one.what.task_id,
            one.what.word,
            one.at_us,
        )
        for one in placed
    ]
    await tx.run(_place, organization_id=organization_id, rows=json.dumps(rows))


async def advance(tx: Tx, head: Head) -> None:
    """Write down how far the feed has come."""
    await tx.run(
        _advance,
        of_organization=head.organization_id,
        **{f"new_{name}": getattr(head, name) for name in _HEAD},
    )
