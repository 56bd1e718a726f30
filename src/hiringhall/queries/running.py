"""What whoever runs the hall looks after: organizations, payouts of all, the books."""

from dataclasses import dataclass

from hiringhall.domain.payouts import Payout, PayoutState
from hiringhall.domain.policy import Actor
from hiringhall.hall import Hall
from hiringhall.queries.admins import require_admin
from hiringhall.queries.audit import LedgerCheck, check_ledger
from hiringhall.store import ledger, organizations, payouts, posted
from hiringhall.store.database import Tx
from hiringhall.store.ledger import Entry
from hiringhall.store.organizations import Listed
from hiringhall.store.tasks import NEWEST

__all__ = [
    "Books",
    "Listed",
    "all_organizations",
    "all_payouts",
    "books",
    "checked_books",
    "require",
]

UNDER_WAY = (PayoutState.PENDING, PayoutState.PROCESSING, PayoutState.FAILED)
"""What has not arrived."""


async def require(hall: Hall, *, actor: Actor) -> None:
    """Raise Forbidden for whoever does not run the hall."""
    await hall.database.read(lambda tx: require_admin(tx, actor))


async def all_organizations(
    hall: Hall, *, actor: Actor, before: str | None = None, limit: int = 100
) -> list[Listed]:
    """Every organization with what it has, newest first, for an admin; raises Forbidden."""

    async def find(tx: Tx) -> list[Listed]:
        await require_admin(tx, actor)
        return await organizations.page(tx, before=before or NEWEST, most=limit)

    return await hall.database.scan(find)


async def all_payouts(
    hall: Hall,
    *,
    actor: Actor,
    states: tuple[PayoutState, ...] = UNDER_WAY,
    after: str | None = None,
    limit: int = 100,
) -> list[Payout]:
    """Everybody's payouts in some states, oldest first, for an admin; raises Forbidden."""

    async def find(tx: Tx) -> list[Payout]:
        await require_admin(tx, actor)
        return await payouts.in_states(tx, states, after=after or "", most=limit)

    return await hall.database.scan(find)


@dataclass(frozen=True, slots=True)
class Books:
    """A part of what ever moved, newest first, and names and titles by the ids that stand in it."""

    entries: list[Entry]
    organizations: dict[str, str]
    titles: dict[str, str]


async def books(hall: Hall, *, actor: Actor, before: str | None = None, limit: int = 100) -> Books:
    """What moved between whom, from behind a transfer's id, for an admin; raises Forbidden."""

    async def find(tx: Tx) -> Books:
        await require_admin(tx, actor)
        entries = await ledger.newest(tx, before=before or NEWEST, most=limit)
        whose = {side.organization_id for one in entries for side in (one.out_of, one.into)}
        of = {one.transfer.task_id for one in entries}
        found = await posted.by_ids(tx, sorted(one for one in of if one is not None))
        return Books(
            entries,
            await organizations.names(tx, (one for one in whose if one is not None)),
            {one.id: one.title for one in found},
        )

    return await hall.database.scan(find)


async def checked_books(hall: Hall, *, actor: Actor) -> LedgerCheck:
    """Whether the books balance, for an admin; raises Forbidden."""
    await require(hall, actor=actor)
    return await check_ledger(hall.database)
