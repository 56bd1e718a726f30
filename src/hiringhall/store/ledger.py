"""The ledger: immutable transfers, and a kept balance for each account of an organization."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, bindparam, cast, func, select, union_all

from hiringhall.domain.ledger import (
    HALL_ACCOUNTS,
    AccountKind,
    Transfer,
    TransferKind,
    available_account,
    earned_account,
    escrow_account,
)
from hiringhall.store.database import Tx
from hiringhall.store.dialects import integer_at, rows_of, text_at
from hiringhall.store.errors import ConstraintViolated
from hiringhall.store.statements import Statement, any_of
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


@dataclass(frozen=True, slots=True)
class Side:
    """What an account of a transfer stands for; the hall's own are no organization's."""

    kind: AccountKind
    organization_id: str | None


@dataclass(frozen=True, slots=True)
class Entry:
    """A transfer with both of its sides."""

    transfer: Transfer
    out_of: Side
    into: Side


class Overdrawn(Exception):
    """An account has less than it is to give; amounts in cents."""

    def __init__(self, needed_cents: int) -> None:
        super().__init__(f"{needed_cents} cents are not there")
        self.needed_cents = needed_cents


_NO_OVERDRAFT = "ck_ledger_accounts_no_overdraft"
_COLUMNS = tuple(column.name for column in transfers.columns)
_INTEGERS = frozenset({"amount_cents", "at_us"})

_insert_account = Statement(
    lambda insert: (
        insert(accounts)
        .values({column.name: bindparam(column.name) for column in accounts.columns})
        .on_conflict_do_nothing(index_elements=["id"])
    ),
    name="insert_ledger_account",
)
_given = rows_of("transfers").table_valued("value")
_locked = (
    select(accounts.c.id)
    .where(any_of(accounts.c.id, "account_ids"))
    .order_by(accounts.c.id)
    .with_for_update(key_share=True)
    .cte("locked")
)
_post = Statement(
    transfers.insert()
    .inline()
    .from_select(
        _COLUMNS,
        select(
            *(
                (integer_at if column in _INTEGERS else text_at)(_given, index)
                for index, column in enumerate(_COLUMNS)
            )
        )
        # The accounts are locked before the first row is written.
        .where(select(func.count()).select_from(_locked).scalar_subquery() >= 0),
    ),
    name="post_transfers",
)
_balance = Statement(
    select(accounts.c.balance_cents).where(accounts.c.id == bindparam("account_id")),
    name="balance",
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
_side = union_all(
    *(
        select(transfers)
        .where(any_of(account, "account_ids"))
        .where(transfers.c.id < bindparam("before"))
        for account in (transfers.c.debit_account_id, transfers.c.credit_account_id)
    )
).subquery()
_lines = Statement(
    # One between two accounts of the same owner is found on both sides.
    select(_side).distinct().order_by(_side.c.id.desc()).limit(bindparam("most")),
    name="transfers_of_accounts",
)
_out_of, _into = accounts.alias("out_of"), accounts.alias("into_it")
_newest = Statement(
    select(
        transfers,
        _out_of.c.kind.label("out_of"),
        _out_of.c.organization_id.label("out_of_whom"),
        _into.c.kind.label("into_it"),
        _into.c.organization_id.label("into_whose"),
    )
    .join(_out_of, _out_of.c.id == transfers.c.debit_account_id)
    .join(_into, _into.c.id == transfers.c.credit_account_id)
    .where(transfers.c.id < bindparam("before"))
    .order_by(transfers.c.id.desc())
    .limit(bindparam("most")),
    name="newest_transfers",
)
_count = Statement(select(func.count().label("count")).select_from(transfers), name="transfers")


async def open_accounts(tx: Tx, organization_id: str) -> None:
    """Open an organization's books, and the hall's where they are not open yet."""
    for account_id, kind in HALL_ACCOUNTS.items():
        await _open(tx, account_id, kind, balance_cents=None)
    for account_id, kind in (
        (available_account(organization_id), AccountKind.AVAILABLE),
        (earned_account(organization_id), AccountKind.EARNED),
    ):
        await _open(tx, account_id, kind, organization_id=organization_id, balance_cents=0)


async def open_escrow(tx: Tx, *, task_id: str, organization_id: str) -> None:
    """Open the account of what is held for a task."""
    await _open(
        tx,
        escrow_account(task_id),
        AccountKind.ESCROW,
        organization_id=organization_id,
        task_id=task_id,
        balance_cents=0,
    )


async def _open(
    tx: Tx,
    account_id: str,
    kind: AccountKind,
    *,
    organization_id: str | None = None,
    task_id: str | None = None,
    balance_cents: int | None,
) -> None:
    await tx.run(
        _insert_account,
        id=account_id,
        organization_id=organization_id,
        task_id=task_id,
        kind=kind.value,
        balance_cents=balance_cents,
    )


async def post(tx: Tx, transfers: Sequence[Transfer]) -> None:
    """Move money, all of it or none; the database keeps the balances, and refuses any change.

    Raises Overdrawn where an account has less than it is to give.
    """
    touched = {one.debit_account_id for one in transfers}
    touched |= {one.credit_account_id for one in transfers}
    rows = [[getattr(one, column) for column in _COLUMNS] for one in transfers]
    try:
        # In one order for all, or two that move between the same accounts wait for each other.
        await tx.run(
            _post,
            transfers=json.dumps(rows),
            account_ids=sorted(touched - HALL_ACCOUNTS.keys()),
        )
    except ConstraintViolated as error:
        if error.constraint == _NO_OVERDRAFT:
            raise Overdrawn(sum(one.amount_cents for one in transfers)) from None
        raise


async def balance_cents(tx: Tx, account_id: str) -> int | None:
    """What an account holds now; None for an account that is not there, and for the hall's own."""
    row = await tx.one(_balance, account_id=account_id)
    return None if row is None else row.balance_cents


async def lines(tx: Tx, account_ids: Sequence[str], *, before: str, most: int) -> list[Transfer]:
    """The transfers into and out of some accounts, newest first, from behind an id."""
    rows = await tx.all(_lines, account_ids=list(account_ids), before=before, most=most)
    return [_to_transfer(row) for row in rows]


async def newest(tx: Tx, *, before: str, most: int) -> list[Entry]:
    """All transfers with what their accounts stand for, newest first, from behind an id."""
    return [
        Entry(
            _to_transfer(row),
            Side(AccountKind(row.out_of), row.out_of_whom),
            Side(AccountKind(row.into_it), row.into_whose),
        )
        for row in await tx.all(_newest, before=before, most=most)
    ]


async def check_accounts(tx: Tx) -> list[AccountCheck]:
    """Every account with its kept balance and the sum of its transfers."""
    return [AccountCheck(row.id, row.kept_cents, row.summed_cents) for row in await tx.all(_check)]


async def count_transfers(tx: Tx) -> int:
    """How many transfers there are."""
    row = await tx.one(_count)
    return 0 if row is None else row.count


def _to_transfer(row: Any) -> Transfer:
    return Transfer(
        row.id,
        row.debit_account_id,
        row.credit_account_id,
        row.amount_cents,
        TransferKind(row.kind),
        row.task_id,
        row.at_us,
    )
