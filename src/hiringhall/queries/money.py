"""An organization's money: what it has, what moved, what comes in and what goes out."""

from collections.abc import Sequence
from dataclasses import dataclass

from hiringhall.domain import ids
from hiringhall.domain.deposits import Deposit, Payee
from hiringhall.domain.errors import NoOrganization, NotFound
from hiringhall.domain.ledger import Transfer, available_account, earned_account
from hiringhall.domain.payouts import Payout
from hiringhall.domain.policy import Actor, check_sees
from hiringhall.hall import Hall
from hiringhall.store import assignments, holds, ledger, payments, payouts, posted
from hiringhall.store.database import Tx
from hiringhall.store.tasks import NEWEST

PAGE = 100


@dataclass(frozen=True, slots=True)
class Account:
    """What an organization has, in cents: to spend, held for tasks, and earned but not paid out.

    `payee` is where earnings are sent, where the provider sends them.
    """

    organization_id: str
    available_cents: int
    held_cents: int
    earned_cents: int
    currency: str
    provider: str
    payee: Payee | None


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One transfer as its owner sees it: `amount_cents` is below zero for what went out.

    Between what was earned and what is available it is both, and changes nothing in all.
    """

    transfer: Transfer
    amount_cents: int


@dataclass(frozen=True, slots=True)
class PaidFor:
    """A task that money moved for: `is_seen` says whether its page is there for whoever asks.

    What others of the organization, or its agents, earned is told by its title alone.
    """

    id: str
    title: str
    is_seen: bool


async def account_view(hall: Hall, *, actor: Actor) -> Account:
    """What the actor's organization has; raises NoOrganization."""
    organization_id = _organization(actor)

    async def find(tx: Tx) -> Account:
        return Account(
            organization_id,
            await ledger.balance_cents(tx, available_account(organization_id)) or 0,
            await holds.held_cents(tx, organization_id),
            await ledger.balance_cents(tx, earned_account(organization_id)) or 0,
            hall.rules.currency,
            hall.payments.name,
            await payments.payee_of(tx, organization_id, provider=hall.payments.name),
        )

    return await hall.database.read(find)


async def statement(
    hall: Hall, *, actor: Actor, before: str | None = None, limit: int = PAGE
) -> list[StatementLine]:
    """What moved in the organization's accounts, newest first, from behind a transfer's id."""
    organization_id = _organization(actor)
    own = (available_account(organization_id), earned_account(organization_id))

    async def find(tx: Tx) -> list[Transfer]:
        return await ledger.lines(tx, own, before=before or NEWEST, most=limit)

    return [
        StatementLine(
            one,
            one.amount_cents * ((one.credit_account_id in own) - (one.debit_account_id in own)),
        )
        for one in await hall.database.scan(find)
    ]


async def tasks_paid_for(
    hall: Hall, *, actor: Actor, task_ids: Sequence[str]
) -> dict[str, PaidFor]:
    """The tasks that an organization's transfers and payouts speak of, by their ids."""
    organization_id = _organization(actor)

    async def find(tx: Tx) -> dict[str, PaidFor]:
        found = await posted.by_ids(tx, sorted(set(task_ids)))
        others = [one.id for one in found if one.organization_id != organization_id]
        had = await assignments.of_tasks(tx, others) if others else {}
        own = {
            task_id
            for task_id, all_of_it in had.items()
            if any(one.worker.user_id == actor.user_id for one in all_of_it if one.worker.user_id)
        }
        return {
            one.id: PaidFor(one.id, one.title, one.id in own or one.id not in others)
            for one in found
        }

    return await hall.database.scan(find)


async def deposits_of(
    hall: Hall, *, actor: Actor, before: str | None = None, limit: int = PAGE
) -> list[Deposit]:
    """The organization's deposits, newest first, from behind an id."""
    organization_id = _organization(actor)

    async def find(tx: Tx) -> list[Deposit]:
        return await payments.of_organization(
            tx, organization_id, before=before or NEWEST, most=limit
        )

    return await hall.database.scan(find)


async def deposit_view(hall: Hall, *, actor: Actor, deposit_id: str) -> Deposit:
    """A deposit as it stands; raises NotFound."""

    async def find(tx: Tx) -> Deposit | None:
        return await payments.by_id(tx, deposit_id)

    found = await hall.database.read(find) if ids.is_uuid(deposit_id) else None
    if found is None:
        raise NotFound("deposit")
    check_sees(actor, found.organization_id, "deposit")
    return found


async def payouts_of(
    hall: Hall, *, actor: Actor, before: str | None = None, limit: int = PAGE
) -> list[Payout]:
    """What the organization earned, and how far it is on its way, newest first."""
    organization_id = _organization(actor)

    async def find(tx: Tx) -> list[Payout]:
        return await payouts.of_organization(
            tx, organization_id, before=before or NEWEST, most=limit
        )

    return await hall.database.scan(find)


async def unpaid_payouts(
    hall: Hall, *, after: str | None = None, limit: int = PAGE
) -> list[Payout]:
    """What is on its way out of the hall, oldest first: for whoever runs it."""

    async def find(tx: Tx) -> list[Payout]:
        return await payouts.unpaid(tx, after=after or "", most=limit)

    return await hall.database.scan(find)


def _organization(actor: Actor) -> str:
    if actor.organization_id is None:
        raise NoOrganization
    return actor.organization_id
