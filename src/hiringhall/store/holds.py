"""Holds: the money of each task, taken once and settled once."""

from typing import Any

from sqlalchemy import BigInteger, and_, bindparam, cast, func, not_, or_, select, update

from hiringhall.domain.escrow import Divided, Hold, HoldState, PaidPart, Settlement
from hiringhall.domain.tasks import FINAL, Engagement
from hiringhall.store.database import Tx
from hiringhall.store.rows import insert_row, words_of
from hiringhall.store.statements import Statement
from hiringhall.store.tables import hold_parts, holds, ledger_accounts, tasks

_insert = Statement(insert_row(holds), name="insert_hold")
_by_task = Statement(select(holds).where(holds.c.task_id == bindparam("task")), name="hold_by_task")
_for_change = Statement(
    select(holds).where(holds.c.task_id == bindparam("task")).with_for_update(),
    name="hold_for_change",
)
_insert_part = Statement(insert_row(hold_parts), name="insert_hold_part")
_parts = Statement(
    select(hold_parts)
    .where(hold_parts.c.task_id == bindparam("task"))
    .order_by(hold_parts.c.at_us, hold_parts.c.subtask_id),
    name="parts_of_hold",
)
_settle = Statement(
    update(holds)
    .where(holds.c.task_id == bindparam("task"), holds.c.state == HoldState.HELD.value)
    .values(
        state=bindparam("new_state"),
        paid_cents=bindparam("paid"),
        fee_cents=bindparam("fee"),
        refund_cents=bindparam("refund"),
        settled_at_us=bindparam("at_us"),
    ),
    name="settle_hold",
)
_taken = (
    select(func.coalesce(func.sum(hold_parts.c.paid_cents + hold_parts.c.fee_cents), 0))
    .where(hold_parts.c.task_id == holds.c.task_id)
    .correlate(holds)
    .scalar_subquery()
)
_left = holds.c.amount_cents - _taken
_held = Statement(
    select(cast(func.coalesce(func.sum(_left), 0), BigInteger).label("cents")).where(
        holds.c.organization_id == bindparam("organization"),
        holds.c.state == HoldState.HELD.value,
    ),
    name="held_of_organization",
)
_has_ended = tasks.c.state.in_(words_of(FINAL))
# What was given to the hall's own staff goes on without the money that was held for it.
_is_staff = tasks.c.engagement == Engagement.STAFF.value
_escrow = ledger_accounts.alias("escrow")
_stuck = Statement(
    select(
        holds.c.task_id,
        holds.c.state,
        holds.c.amount_cents,
        _escrow.c.balance_cents.label("kept_cents"),
        tasks.c.state.label("task_state"),
    )
    .select_from(
        holds.join(tasks, tasks.c.id == holds.c.task_id).outerjoin(
            _escrow, _escrow.c.task_id == holds.c.task_id
        )
    )
    .where(
        or_(
            _escrow.c.balance_cents.is_(None),
            and_(holds.c.state == "held", _escrow.c.balance_cents != _left),
            and_(holds.c.state != "held", _escrow.c.balance_cents != 0),
            and_(holds.c.state == "held", or_(_has_ended, _is_staff)),
            and_(holds.c.state != "held", not_(_has_ended), not_(_is_staff)),
        )
    )
    .order_by(holds.c.task_id)
    .limit(100),
    name="stuck_holds",
)


async def add(tx: Tx, hold: Hold, *, at_us: int) -> None:
    """Write down what is held; the database refuses a second one for the same task."""
    await tx.run(
        _insert,
        task_id=hold.task_id,
        organization_id=hold.organization_id,
        price_cents=hold.price_cents,
        amount_cents=hold.amount_cents,
        fee_basis_points=hold.fee_basis_points,
        fee_on_top=int(hold.fee_on_top),
        state=hold.state.value,
        paid_cents=None,
        fee_cents=None,
        refund_cents=None,
        taken_at_us=at_us,
        settled_at_us=None,
    )


async def of_task(tx: Tx, task_id: str) -> Hold | None:
    """What is or was held for a task, or None."""
    row = await tx.one(_by_task, task=task_id)
    return None if row is None else to_hold(row)


def to_hold(row: Any) -> Hold:
    """A hold out of a row that has all columns of the table."""
    is_held = row.settled_at_us is None
    return Hold(
        row.task_id,
        row.organization_id,
        row.price_cents,
        row.fee_basis_points,
        bool(row.fee_on_top),
        HoldState(row.state),
        None if is_held else Divided(row.paid_cents, row.fee_cents, row.refund_cents),
    )


async def held_cents(tx: Tx, organization_id: str) -> int:
    """What is held for all tasks of an organization together."""
    row = await tx.one(_held, organization=organization_id)
    return 0 if row is None else row.cents


async def for_change(tx: Tx, task_id: str) -> Hold | None:
    """The same for whoever pays a part out of it: on PostgreSQL its row is locked."""
    row = await tx.one(_for_change, task=task_id)
    return None if row is None else to_hold(row)


async def add_part(tx: Tx, task_id: str, part: PaidPart, *, at_us: int) -> None:
    """Write down what a part was paid; the database refuses a second time, and a settled hold."""
    await tx.run(
        _insert_part,
        subtask_id=part.subtask_id,
        task_id=task_id,
        share_cents=part.share_cents,
        paid_cents=part.paid_cents,
        fee_cents=part.fee_cents,
        at_us=at_us,
    )


async def parts_of(tx: Tx, task_id: str) -> list[PaidPart]:
    """What was paid out of a hold by parts, in that order."""
    return [
        PaidPart(row.subtask_id, row.share_cents, row.paid_cents, row.fee_cents)
        for row in await tx.all(_parts, task=task_id)
    ]


async def settle(tx: Tx, task_id: str, settlement: Settlement, *, at_us: int) -> bool:
    """Say how a hold was divided; False when it was settled before."""
    changed = await tx.run(
        _settle,
        task=task_id,
        new_state=settlement.state.value,
        paid=settlement.paid_cents,
        fee=settlement.fee_cents,
        refund=settlement.refund_cents,
        at_us=at_us,
    )
    return changed == 1


async def problems(tx: Tx) -> list[str]:
    """Holds that do not agree with their escrow, or with the task that they are for."""
    return [
        f"task {row.task_id}: {row.task_state}, its hold of {row.amount_cents} cents is {row.state}"
        f" and its escrow has {row.kept_cents}"
        for row in await tx.all(_stuck)
    ]
