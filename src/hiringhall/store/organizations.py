"""All organizations of the hall with what they have: for whoever runs it."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import BigInteger, bindparam, cast, func, select

from hiringhall.domain.escrow import HoldState
from hiringhall.store.database import Tx
from hiringhall.store.statements import Statement, any_of
from hiringhall.store.tables import holds, ledger_accounts, memberships, organizations


@dataclass(frozen=True, slots=True)
class Listed:
    """An organization with its money in cents, and how many people it has."""

    id: str
    name: str
    short_id: str
    members: int
    available_cents: int
    held_cents: int
    earned_cents: int
    created_at_us: int


_names = Statement(
    select(organizations.c.id, organizations.c.name).where(any_of(organizations.c.id, "ids")),
    name="names_of_organizations",
)
_page = Statement(
    select(
        organizations.c.id,
        organizations.c.name,
        organizations.c.short_id,
        organizations.c.created_at_us,
    )
    .where(organizations.c.id < bindparam("before"))
    .order_by(organizations.c.id.desc())
    .limit(bindparam("most")),
    name="all_organizations",
)
_members = Statement(
    select(memberships.c.organization_id, cast(func.count(), BigInteger).label("people"))
    .where(any_of(memberships.c.organization_id, "organizations"))
    .group_by(memberships.c.organization_id),
    name="count_members_of_organizations",
)
_balances = Statement(
    select(
        ledger_accounts.c.organization_id, ledger_accounts.c.kind, ledger_accounts.c.balance_cents
    ).where(
        any_of(ledger_accounts.c.organization_id, "organizations"),
        ledger_accounts.c.task_id.is_(None),
    ),
    name="balances_of_organizations",
)
_held = Statement(
    select(
        holds.c.organization_id,
        cast(func.sum(holds.c.amount_cents), BigInteger).label("cents"),
    )
    .where(any_of(holds.c.organization_id, "organizations"), holds.c.state == HoldState.HELD.value)
    .group_by(holds.c.organization_id),
    name="held_of_organizations",
)


async def names(tx: Tx, organization_ids: Iterable[str]) -> dict[str, str]:
    """What some organizations are called, by their ids."""
    wanted = sorted(set(organization_ids))
    return {row.id: row.name for row in await tx.all(_names, ids=wanted)} if wanted else {}


async def page(tx: Tx, *, before: str, most: int) -> list[Listed]:
    """Organizations, newest first, from behind an id."""
    rows = await tx.all(_page, before=before, most=most)
    wanted = [row.id for row in rows]
    if not wanted:
        return []
    people = {
        row.organization_id: row.people for row in await tx.all(_members, organizations=wanted)
    }
    kept = {
        (row.organization_id, row.kind): row.balance_cents
        for row in await tx.all(_balances, organizations=wanted)
    }
    held = {row.organization_id: row.cents for row in await tx.all(_held, organizations=wanted)}
    return [
        Listed(
            row.id,
            row.name,
            row.short_id,
            people.get(row.id, 0),
            kept.get((row.id, "available"), 0),
            held.get(row.id, 0),
            kept.get((row.id, "earned"), 0),
            row.created_at_us,
        )
        for row in rows
    ]
