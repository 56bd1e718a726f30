"""Deposits, the accounts that money goes to, and the providers' messages that were heard."""

from typing import Any

from sqlalchemy import bindparam, delete, select, update

from hiringhall.domain.deposits import Deposit, DepositState, Payee
from hiringhall.store.database import Tx
from hiringhall.store.rows import insert_row
from hiringhall.store.statements import Statement
from hiringhall.store.tables import deposits, payees, provider_notices

_insert = Statement(insert_row(deposits), name="insert_deposit")
_by_id = Statement(select(deposits).where(deposits.c.id == bindparam("deposit_id")), name="deposit")
_of_organization = Statement(
    select(deposits)
    .where(deposits.c.organization_id == bindparam("organization"))
    .where(deposits.c.id < bindparam("before"))
    .order_by(deposits.c.id.desc())
    .limit(bindparam("most")),
    name="deposits_of_organization",
)
_opened = Statement(
    update(deposits)
    .where(deposits.c.id == bindparam("deposit_id"), deposits.c.reference.is_(None))
    .values(reference=bindparam("reference"), url=bindparam("url")),
    name="deposit_opened",
)
_settle = Statement(
    update(deposits)
    .where(deposits.c.id == bindparam("deposit_id"))
    .where(deposits.c.state == DepositState.PENDING.value)
    .values(state=bindparam("new_state"), settled_at_us=bindparam("at_us")),
    name="settle_deposit",
)
_add_payee = Statement(
    lambda insert: (
        insert(payees)
        .values({column.name: bindparam(column.name) for column in payees.columns})
        .on_conflict_do_nothing(index_elements=["organization_id", "provider"])
    ),
    name="insert_payee",
)
_payee = Statement(
    select(payees).where(
        payees.c.organization_id == bindparam("organization"),
        payees.c.provider == bindparam("provider"),
    ),
    name="payee",
)
_set_ready = Statement(
    update(payees)
    .where(payees.c.provider == bindparam("provider"))
    .where(payees.c.reference == bindparam("reference"))
    .values(ready=bindparam("ready"), updated_at_us=bindparam("at_us")),
    name="payee_ready",
)
_hear = Statement(
    lambda insert: (
        insert(provider_notices)
        .values({column.name: bindparam(column.name) for column in provider_notices.columns})
        .on_conflict_do_nothing(index_elements=["provider", "notice_id"])
    ),
    name="hear_notice",
)
_forget = Statement(
    delete(provider_notices).where(provider_notices.c.at_us < bindparam("before_us")),
    name="forget_notices",
)


async def add(tx: Tx, deposit: Deposit) -> None:
    """Write down that money is on its way, or has come."""
    await tx.run(
        _insert,
        id=deposit.id,
        organization_id=deposit.organization_id,
        amount_cents=deposit.amount_cents,
        provider=deposit.provider,
        state=deposit.state.value,
        reference=deposit.reference,
        url=deposit.url,
        booked_by=deposit.booked_by,
        created_at_us=deposit.created_at_us,
        settled_at_us=deposit.settled_at_us,
    )


async def by_id(tx: Tx, deposit_id: str) -> Deposit | None:
    """A deposit as it stands."""
    row = await tx.one(_by_id, deposit_id=deposit_id)
    return None if row is None else _to_deposit(row)


async def of_organization(tx: Tx, organization_id: str, *, before: str, most: int) -> list[Deposit]:
    """An organization's deposits, newest first, from behind an id."""
    rows = await tx.all(_of_organization, organization=organization_id, before=before, most=most)
    return [_to_deposit(row) for row in rows]


async def opened(tx: Tx, deposit_id: str, *, reference: str, url: str) -> bool:
    """The provider has a page for it now; False where it had one before."""
    return await tx.run(_opened, deposit_id=deposit_id, reference=reference, url=url) == 1


async def settle(tx: Tx, deposit_id: str, state: DepositState, *, at_us: int) -> bool:
    """Say what became of a deposit; False when that was decided before."""
    return await tx.run(_settle, deposit_id=deposit_id, new_state=state.value, at_us=at_us) == 1


async def add_payee(tx: Tx, payee: Payee, *, at_us: int) -> bool:
    """Write down where an organization's money goes; False where that is known already."""
    added = await tx.run(
        _add_payee,
        organization_id=payee.organization_id,
        provider=payee.provider,
        reference=payee.reference,
        ready=int(payee.ready),
        updated_at_us=at_us,
    )
    return added == 1


async def payee_of(tx: Tx, organization_id: str, *, provider: str) -> Payee | None:
    """Where an organization's money goes, or None."""
    row = await tx.one(_payee, organization=organization_id, provider=provider)
    if row is None:
        return None
    return Payee(row.organization_id, row.provider, row.reference, bool(row.ready))


async def set_ready(tx: Tx, *, provider: str, reference: str, ready: bool, at_us: int) -> bool:
    """Say whether an account can take money; False for one that is nobody's here."""
    changed = await tx.run(
        _set_ready, provider=provider, reference=reference, ready=int(ready), at_us=at_us
    )
    return changed == 1


async def hear(tx: Tx, *, provider: str, notice_id: str, at_us: int) -> bool:
    """Write down that a message was heard; False where it was before."""
    return await tx.run(_hear, provider=provider, notice_id=notice_id, at_us=at_us) == 1


async def forget_notices(tx: Tx, *, before_us: int) -> int:
    """Drop what was heard before a moment; providers stop repeating after days."""
    return await tx.run(_forget, before_us=before_us)


def _to_deposit(row: Any) -> Deposit:
    return Deposit(
        id=row.id,
        organization_id=row.organization_id,
        amount_cents=row.amount_cents,
        provider=row.provider,
        state=DepositState(row.state),
        reference=row.reference,
        url=row.url,
        booked_by=row.booked_by,
        created_at_us=row.created_at_us,
        settled_at_us=row.settled_at_us,
    )
