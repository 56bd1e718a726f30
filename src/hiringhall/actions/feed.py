"""Putting the feed in order: whoever is about to read one first gives new events their places.

Writers take no part in it, so they pay nothing for it and never wait for one another.
"""

from dataclasses import replace

from hiringhall.actions.transaction import action
from hiringhall.domain.feed import Placed, merge, place
from hiringhall.hall import Hall
from hiringhall.store import sequencing
from hiringhall.store.database import Tx
from hiringhall.store.sequencing import Head

PAGE = 500
"""How many events are placed in one transaction."""

LONGEST_TRANSACTION_US = 600_000_000
"""No transaction that writes events is under way for longer: after that no id turns up late."""


async def sequence(hall: Hall, *, organization_id: str) -> None:
    """Give every event of an organization that can be seen now its place in the feed.

    Where all have one, it is a single look by index and nothing is written.
    """

    async def look(tx: Tx) -> bool:
        return await sequencing.is_behind(
            tx, organization_id, settled_before_us=_settled_before_us(hall)
        )

    while await hall.database.read(look):
        if not await _sequence_page(replace(hall, once=None), organization_id=organization_id):
            return


@action
async def _sequence_page(tx: Tx, hall: Hall, *, organization_id: str) -> bool:
    return await _place_page(tx, hall, organization_id)


async def place_all(tx: Tx, hall: Hall, *, organization_id: str) -> None:
    """The same within a transaction, for an answer that says which place its own event has."""
    while await _place_page(tx, hall, organization_id):
        pass


async def _place_page(tx: Tx, hall: Hall, organization_id: str) -> bool:
    """Place one page of what has no place; whether there may be more."""
    head = await sequencing.lock_head(tx, organization_id)
    # Read behind the lock: whoever had it before has placed what the look saw.
    logged = await sequencing.new_events(tx, head, most=PAGE)
    reported = await sequencing.new_reports(tx, head, most=PAGE)
    placed = place(merge(logged, reported, page=PAGE), seq=head.seq, at_us=head.at_us)
    if placed:
        await sequencing.place(tx, organization_id, placed)
    more = len(placed) == PAGE
    advanced = _settle(hall, _advanced(head, placed), more=more)
    if advanced != head:
        await sequencing.advance(tx, advanced)
    return more


def _advanced(head: Head, placed: list[Placed]) -> Head:
    if not placed:
        return head
    event_ids = [one.what.event_id or 0 for one in placed]
    reported_ids = [one.what.reported_id or 0 for one in placed]
    return replace(
        head,
        seq=placed[-1].seq,
        at_us=placed[-1].at_us,
        newest_id=max(head.newest_id, *event_ids),
        newest_reported_id=max(head.newest_reported_id, *reported_ids),
    )


def _settle(hall: Hall, head: Head, *, more: bool) -> Head:
    """Say up to where no event can turn up any more.

    SQLite's one writer makes ids visible in their order. On PostgreSQL a lower id may be in a
    transaction that is still under way; it began before this moment, so once the longest
    transaction is over, what has a place now is settled.
    """
    if hall.database.dialect == "sqlite":
        return replace(head, settled_id=head.newest_id, settled_reported_id=head.newest_reported_id)
    if more or head.marked_at_us >= _settled_before_us(hall):
        return head
    return replace(
        head,
        settled_id=head.marked_id,
        settled_reported_id=head.marked_reported_id,
        marked_id=head.newest_id,
        marked_reported_id=head.newest_reported_id,
        marked_at_us=hall.clock(),
    )


def _settled_before_us(hall: Hall) -> int:
    return hall.clock() - LONGEST_TRANSACTION_US
