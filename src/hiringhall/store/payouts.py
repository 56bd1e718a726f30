"""Payouts: what was earned, and how far it is on its way out."""

from typing import Any

from sqlalchemy import bindparam, select, update

from hiringhall.domain.errors import LostRace
from hiringhall.domain.payouts import MOVES, Payout, PayoutState
from hiringhall.store.database import Tx
from hiringhall.store.rows import insert_row
from hiringhall.store.statements import Statement
from hiringhall.store.tables import payouts

_insert = Statement(insert_row(payouts), name="insert_payout")
_by_id = Statement(select(payouts).where(payouts.c.id == bindparam("payout_id")), name="payout")
_of_task = Statement(
    select(payouts).where(payouts.c.task_id == bindparam("task")).order_by(payouts.c.id),
    name="payouts_of_task",
)
_move = Statement(
    update(payouts)
    .where(payouts.c.id == bindparam("payout_id"), payouts.c.state == bindparam("was_state"))
    .values(
        state=bindparam("new_state"),
        reference=bindparam("reference"),
        attempts=bindparam("attempts"),
        failed_because=bindparam("because"),
        updated_at_us=bindparam("at_us"),
    ),
    name="move_payout",
)


async def add(tx: Tx, payout: Payout) -> None:
    """Write down what is to be paid out."""
    await tx.run(
        _insert,
        id=payout.id,
        organization_id=payout.organization_id,
        agent_id=payout.agent_id,
        user_id=payout.user_id,
        task_id=payout.task_id,
        subtask_id=payout.subtask_id,
        paid_cents=payout.paid_cents,
        fee_cents=payout.fee_cents,
        state=payout.state.value,
        provider=payout.provider,
        reference=payout.reference,
        attempts=payout.attempts,
        failed_because=payout.failed_because,
        created_at_us=payout.created_at_us,
        updated_at_us=payout.updated_at_us,
    )


async def by_id(tx: Tx, payout_id: str) -> Payout | None:
    """A payout as it stands."""
    row = await tx.one(_by_id, payout_id=payout_id)
    return None if row is None else _to_payout(row)


async def of_task(tx: Tx, task_id: str) -> list[Payout]:
    """All that was earned with a task."""
    return [_to_payout(row) for row in await tx.all(_of_task, task=task_id)]


async def move(tx: Tx, *, was: Payout, now: Payout) -> None:
    """Move a payout by compare-and-set; raises LostRace when it is not what was read."""
    if now.state not in MOVES[was.state]:
        raise LostRace(f"A payout that is {was.state.value} cannot become {now.state.value}")
    changed = await tx.run(
        _move,
        payout_id=was.id,
        was_state=was.state.value,
        new_state=now.state.value,
        reference=now.reference,
        attempts=now.attempts,
        because=now.failed_because,
        at_us=now.updated_at_us,
    )
    if changed != 1:
        raise LostRace("The payout changed at the same moment")


def _to_payout(row: Any) -> Payout:
    return Payout(
        id=row.id,
        organization_id=row.organization_id,
        agent_id=row.agent_id,
        user_id=row.user_id,
        task_id=row.task_id,
        subtask_id=row.subtask_id,
        paid_cents=row.paid_cents,
        fee_cents=row.fee_cents,
        state=PayoutState(row.state),
        provider=row.provider,
        reference=row.reference,
        attempts=row.attempts,
        failed_because=row.failed_because,
        created_at_us=row.created_at_us,
        updated_at_us=row.updated_at_us,
    )
