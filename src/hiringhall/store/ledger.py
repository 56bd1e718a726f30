"""The ledger: immutable transfers, and a kept balance for each account of an organization."""

from dataclasses import dataclass

from sqlalchemy import BigInteger, bindparam, cast, func, select, update

from hiringhall.domain.ledger import HALL_PLAY_MONEY, AccountKind, Transfer, available_account
from hiringhall.store.database import Tx
from hiringhall.store.rows import insert_row
from hiringhall.store.statements import Statement
from hiringhall.store.tables import ledger_accounts as accounts
from hiringhall.store.tables import ledger_transfers as transfers


@dataclass(frozen=True, slots=True)
class AccountCheck:
    """An account's kept balance beside what its transfers add up to, in cents.

    `kept_cents` is None for the hall's own accounts: a row that all share would be a queue.
    """

    id: str
    kept_cents: int | None
    summed_cents: int


_insert_account = Statement(
    lambda insert: (
        insert(accounts)
        .values({column.name: bindparam(column.name) for column in accounts.columns})
        .on_conflict_do_nothing(index_elements=["id"])
    ),
    name="insert_ledger_account",
)
_insert_transfer = Statement(insert_row(transfers), name="insert_ledger_transfer")
_add_to_balance = Statement(
    update(accounts)
    .where(accounts.c.id == bindparam("account_id"), accounts.c.balance_cents.is_not(None))
    .values(balance_cents=accounts.c.balance_cents + bindparam("change_cents")),
    name="add_to_balance",
)
_moved = (
    select(transfers.c.debit_account_id.label("id"), (-transfers.c.amount_cents).label("cents"))
    .union_all(select(transfers.c.credit_account_id, transfers.c.amount_cents))
    .subquery()
)
_check = Statement(
    select(
        accounts.c.id,
        accounts.c.balance_cents.label("kept_cents"),
        cast(func.coalesce(func.sum(_moved.c.cents), 0), BigInteger).label("summed_cents"),
    )
    .select_from(accounts.outerjoin(_moved, _moved.c.id == accounts.c.id))
    .group_by(accounts.c.id, accounts.c.balance_cents)
    .order_by(accounts.c.id),
    name="check_accounts",
)
_count = Statement(select(func.count().label("count")).select_from(transfers), name="transfers")


async def open_accounts(tx: Tx, organization_id: str) -> None:
    """Open an organization's books, and the hall's where they are not open yet."""
    await tx.run(
        _insert_account,
        id=HALL_PLAY_MONEY,
        organization_id=None,
        kind=AccountKind.PLAY_MONEY.value,
        balance_cents=None,
    )
    await tx.run(
        _insert_account,
        id=available_account(organization_id),
        organization_id=organization_id,
        kind=AccountKind.AVAILABLE.value,
        balance_cents=0,
    )


async def add(tx: Tx, transfer: Transfer) -> None:
    """Move money; the database refuses an overdraft, an unknown account, and any later change."""
    await tx.run(
        _insert_transfer,
        id=transfer.id,
        debit_account_id=transfer.debit_account_id,
        credit_account_id=transfer.credit_account_id,
        amount_cents=transfer.amount_cents,
        kind=transfer.kind.value,
        task_id=transfer.task_id,
        at_us=transfer.at_us,
    )
    for account_id, change_cents in (
        (transfer.debit_account_id, -transfer.amount_cents),
        (transfer.credit_account_id, transfer.amount_cents),
    ):
        await tx.run(_add_to_balance, account_id=account_id, change_cents=change_cents)


async def check_accounts(tx: Tx) -> list[AccountCheck]:
    """Every account with its kept balance and the sum of its transfers."""
    return [AccountCheck(row.id, row.kept_cents, row.summed_cents) for row in await tx.all(_check)]


async def count_transfers(tx: Tx) -> int:
    """How many transfers there are."""
    row = await tx.one(_count)
    return 0 if row is None else row.count
