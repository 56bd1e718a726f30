"""What whoever runs the hall looks after: organizations, payouts of all, the books."""

from hiringhall.domain.payouts import Payout, PayoutState
from hiringhall.domain.policy import Actor
from hiringhall.hall import Hall
from hiringhall.queries.admins import require_admin
from hiringhall.queries.audit import LedgerCheck, check_ledger
from hiringhall.store import organizations, payouts
from hiringhall.store.database import Tx
from hiringhall.store.organizations import Listed
from hiringhall.store.tasks import NEWEST

__all__ = ["Listed", "all_organizations", "all_payouts", "checked_books", "require"]

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


async def checked_books(hall: Hall, *, actor: Actor) -> LedgerCheck:
    """Whether the books balance, for an admin; raises Forbidden."""
    await require(hall, actor=actor)
    return await check_ledger(hall.database)
