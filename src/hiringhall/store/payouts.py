"""Payouts: what was earned, and how far it is on its way out."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, bindparam, or_, select, update

from hiringhall.domain.errors import LostRace
from hiringhall.domain.payouts import MOVES, Payout, PayoutState
from hiringhall.store.database import Tx
from hiringhall.store.rows import insert_row
from hiringhall.store.statements import Statement, any_of
from hiringhall.store.tables import payees, payouts

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
_of_organization = Statement(
    select(payouts)
    .where(payouts.c.organization_id == bindparam("organization"))
    .where(payouts.c.id < bindparam("before"))
    .order_by(payouts.c.id.desc())
    .limit(bindparam("most")),
    name="payouts_of_organization",
)
_unpaid = Statement(
    select(payouts)
    .where(payouts.c.state.in_(["pending", "processing"]))
    .where(payouts.c.id > bindparam("after"))
    .order_by(payouts.c.id)
    .limit(bindparam("most")),
    name="unpaid_payouts",
)
_some = (
    select(payouts)
    .where(any_of(payouts.c.state, "states"), payouts.c.id > bindparam("after"))
    .order_by(payouts.c.id)
    .limit(bindparam("most"))
)
_in_states = Statement(_some, name="payouts_in_states")
# Said of what is asked for already, so that the index of the few that have not arrived is used.
_not_arrived = Statement(_some.where(payouts.c.state != "paid"), name="payouts_not_arrived")
_next_due = Statement(
    select(*payouts.columns, payees.c.reference.label("payee"))
    .select_from(
        payouts.join(
            payees,
            and_(
                payees.c.organization_id == payouts.c.organization_id,
                payees.c.provider == payouts.c.provider,
            ),
        )
    )
    .where(
        payouts.c.provider == bindparam("provider"),
        payees.c.ready == 1,
        or_(
            and_(payouts.c.state == "pending", payouts.c.updated_at_us <= bindparam("due_us")),
            # Whoever had it in hand was lost, or got no answer.
            and_(payouts.c.state == "processing", payouts.c.updated_at_us < bindparam("lost_us")),
        ),
    )
    .order_by(payouts.c.updated_at_us)
    .limit(1)
    .with_for_update(of=payouts, skip_locked=True),
    name="next_due_payout",
)
_again = Statement(
    update(payouts)
    .where(payouts.c.id == bindparam("payout_id"), payouts.c.state == "processing")
    .where(payouts.c.updated_at_us == bindparam("was_us"))
    .values(updated_at_us=bindparam("at_us")),
    name="payout_again",
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


async def of_organization(tx: Tx, organization_id: str, *, before: str, most: int) -> list[Payout]:
    """What an organization earned, newest first, from behind an id."""
    rows = await tx.all(_of_organization, organization=organization_id, before=before, most=most)
    return [_to_payout(row) for row in rows]


async def unpaid(tx: Tx, *, after: str, most: int) -> list[Payout]:
    """What is still on its way out, of all organizations, oldest first, from behind an id."""
    return [_to_payout(row) for row in await tx.all(_unpaid, after=after, most=most)]


async def in_states(
    tx: Tx, states: Sequence[PayoutState], *, after: str, most: int
) -> list[Payout]:
    """Everybody's payouts in some states, oldest first, from behind an id."""
    words = [one.value for one in states]
    statement = _in_states if PayoutState.PAID in states else _not_arrived
    return [
        _to_payout(row) for row in await tx.all(statement, states=words, after=after, most=most)
    ]


async def next_due(
    tx: Tx, *, provider: str, due_us: int, lost_us: int
) -> tuple[Payout, str] | None:
    """A payout to be sent now, with the account it goes to; on PostgreSQL locked.

    It waits since before `due_us`, or nobody has said a word of it since `lost_us`.
    """
    row = await tx.one(_next_due, provider=provider, due_us=due_us, lost_us=lost_us)
    return None if row is None else (_to_payout(row), row.payee)


async def again(tx: Tx, payout: Payout, *, at_us: int) -> bool:
    """Take one in hand that another had lost; False when somebody else did."""
    changed = await tx.run(_again, payout_id=payout.id, was_us=payout.updated_at_us, at_us=at_us)
    return changed == 1


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
