"""A task's money: held when it is offered, and settled exactly once, whoever comes when."""

import asyncio
from collections.abc import Sequence

import pytest
from sqlalchemy import bindparam, delete, update

from hiringhall.actions import escrow
from hiringhall.actions.tasks.moving import load_for_change, move
from hiringhall.actions.transaction import action
from hiringhall.domain.errors import LostRace, NotEnoughFunds, WrongState
from hiringhall.domain.escrow import HoldState, Settlement, Share
from hiringhall.domain.events import TaskCancelled
from hiringhall.domain.ledger import available_account, earned_account, escrow_account
from hiringhall.domain.lifecycle import Command, Side
from hiringhall.domain.payouts import PayoutState
from hiringhall.domain.policy import Actor
from hiringhall.domain.tasks import State, Task
from hiringhall.hall import Hall
from hiringhall.payments import InsidePayments
from hiringhall.queries.audit import check_ledger
from hiringhall.store import holds, payouts
from hiringhall.store.database import Database, Tx
from hiringhall.store.errors import StoreError
from hiringhall.store.statements import Statement
from hiringhall.store.tables import holds as holds_table
from hiringhall.store.tables import tasks as tasks_table
from tests.support.halls import Clock, QuietEngine, make_hall, sign_up
from tests.support.market import balance, draft, funded, publish

pytestmark = pytest.mark.anyio

OPENING = 100_000


@action
async def settle(tx: Tx, hall: Hall, *, task: Task, shares: Sequence[Share]) -> Settlement:
    """Divide a hold, whatever becomes of the task."""
    return await escrow.divide(tx, hall, task, shares)


@action
async def cancel(tx: Tx, hall: Hall, *, actor: Actor, task: Task) -> Task:
    """Withdraw a task, which refunds it."""
    current = await load_for_change(tx, actor=actor, task_id=task.id)
    return await move(
        tx,
        hall,
        current,
        Command.CANCEL,
        side=Side.POSTER,
        actor=actor,
        event=TaskCancelled(),
    )


def _of(actor: Actor) -> str:
    assert actor.organization_id is not None
    return actor.organization_id


async def _state(hall: Hall, task: Task) -> HoldState:
    async def find(tx: Tx) -> HoldState:
        hold = await holds.of_task(tx, task.id)
        assert hold is not None
        return hold.state

    return await hall.database.read(find)


async def test_offering_a_task_takes_its_price_and_the_fee_on_top(hall: Hall) -> None:
    ada = await sign_up(hall)
    plain = await funded(hall, ada, price_cents=5_000)
    topped = await funded(hall, ada, price_cents=500, fee_on_top=True)
    assert await balance(hall, escrow_account(plain.id)) == 5_000
    assert await balance(hall, escrow_account(topped.id)) == 550
    assert await balance(hall, available_account(_of(ada))) == OPENING - 5_550
    assert (await check_ledger(hall.database)).ok


async def test_without_funds_nothing_is_offered_and_nothing_taken(hall: Hall) -> None:
    ada = await sign_up(hall)
    task = await draft(hall, ada, price_cents=OPENING + 1)
    with pytest.raises(NotEnoughFunds) as refused:
        await publish(hall, actor=ada, draft=task)
    assert refused.value.needed_cents == OPENING + 1
    assert await balance(hall, available_account(_of(ada))) == OPENING
    assert await balance(hall, escrow_account(task.id)) is None
    assert (await check_ledger(hall.database)).ok


async def test_withdrawing_gives_all_of_it_back_once(hall: Hall) -> None:
    ada = await sign_up(hall)
    task = await funded(hall, ada, price_cents=500, fee_on_top=True)
    assert (await cancel(hall, actor=ada, task=task)).state is State.CANCELLED
    with pytest.raises(WrongState):
        await cancel(hall, actor=ada, task=task)
    assert await balance(hall, available_account(_of(ada))) == OPENING
    assert await _state(hall, task) is HoldState.REFUNDED
    assert (await check_ledger(hall.database)).ok


async def test_play_money_that_was_earned_may_be_spent_at_once(hall: Hall) -> None:
    ada, bob = await sign_up(hall), await sign_up(hall, "bob")
    task = await funded(hall, ada, price_cents=5_000)
    settled = await settle(hall, task=task, shares=[Share(_of(bob), 4_000, user_id=bob.user_id)])
    assert settled.state is HoldState.SPLIT
    assert await balance(hall, available_account(_of(bob))) == OPENING + 3_600
    assert await balance(hall, available_account(_of(ada))) == OPENING - 4_000
    assert await balance(hall, escrow_account(task.id)) == 0
    assert await balance(hall, earned_account(_of(bob))) == 0


async def test_other_money_waits_as_earned_until_it_is_paid_out(
    database: Database, clock: Clock, engine: QuietEngine
) -> None:
    hall = make_hall(database, clock=clock, engine=engine, payments=InsidePayments("manual"))
    ada, bob = await sign_up(hall), await sign_up(hall, "bob")
    task = await funded(hall, ada, price_cents=1_000)
    await settle(hall, task=task, shares=[Share(_of(bob), 1_000)])
    assert await balance(hall, earned_account(_of(bob))) == 900

    async def find(tx: Tx) -> list[tuple[PayoutState, int, int]]:
        return [
            (one.state, one.paid_cents, one.fee_cents) for one in await payouts.of_task(tx, task.id)
        ]

    assert await database.read(find) == [(PayoutState.PENDING, 900, 100)]


async def test_several_share_one_hold(hall: Hall) -> None:
    ada = await sign_up(hall)
    workers = [await sign_up(hall, name) for name in ("bob", "cid", "dee")]
    task = await funded(hall, ada, price_cents=9_000)
    await settle(hall, task=task, shares=[Share(_of(one), 2_000) for one in workers])
    for one in workers:
        assert await balance(hall, available_account(_of(one))) == OPENING + 1_800
    assert await balance(hall, available_account(_of(ada))) == OPENING - 6_000


async def test_many_at_once_settle_a_hold_once(hall: Hall) -> None:
    ada, bob = await sign_up(hall), await sign_up(hall, "bob")
    task = await funded(hall, ada, price_cents=5_000)
    ways = [[Share(_of(bob), 5_000)], [], [Share(_of(bob), 1)]] * 8
    went = await asyncio.gather(
        *(settle(hall, task=task, shares=way) for way in ways), return_exceptions=True
    )
    assert sum(isinstance(one, Settlement) for one in went) == 1
    assert all(isinstance(one, Settlement | LostRace) for one in went), went
    assert await balance(hall, escrow_account(task.id)) == 0


async def test_money_crosses_between_two_without_a_deadlock(hall: Hall) -> None:
    ada, bob = await sign_up(hall), await sign_up(hall, "bob")
    pairs = [(ada, bob), (bob, ada)] * 8
    offered = [await funded(hall, poster, price_cents=100) for poster, _ in pairs]
    await asyncio.gather(
        *(
            settle(hall, task=task, shares=[Share(_of(worker), 60)])
            for task, (_, worker) in zip(offered, pairs, strict=True)
        )
    )
    assert await balance(hall, available_account(_of(ada))) == OPENING - 8 * 60 + 8 * 54
    assert await balance(hall, available_account(_of(bob))) == OPENING - 8 * 60 + 8 * 54


@pytest.mark.parametrize(
    "statement",
    [
        update(holds_table).values(state="held", settled_at_us=None),
        update(holds_table).values(refund_cents=0, paid_cents=holds_table.c.amount_cents),
        delete(holds_table),
    ],
    ids=["reopened", "divided anew", "removed"],
)
async def test_the_database_itself_lets_nobody_touch_a_settled_hold(
    hall: Hall, statement: object
) -> None:
    ada = await sign_up(hall)
    task = await funded(hall, ada)
    await settle(hall, task=task, shares=[])
    forged = Statement(statement, name="forge_hold")  # type: ignore[arg-type]
    with pytest.raises(StoreError):
        await hall.database.write(lambda tx: tx.run(forged))
    assert await _state(hall, task) is HoldState.REFUNDED


async def test_a_division_that_does_not_add_up_is_refused_by_the_database(hall: Hall) -> None:
    ada = await sign_up(hall)
    task = await funded(hall, ada)
    forged = Statement(
        update(holds_table)
        .where(holds_table.c.task_id == bindparam("task"))
        .values(state="refunded", paid_cents=0, fee_cents=0, refund_cents=1, settled_at_us=1),
        name="forge_division",
    )
    with pytest.raises(StoreError):
        await hall.database.write(lambda tx: tx.run(forged, task=task.id))


async def test_a_draft_is_withdrawn_without_a_hold_and_nothing_else_is_settled_without(
    hall: Hall,
) -> None:
    ada, bob = await sign_up(hall), await sign_up(hall, "bob")
    task = await draft(hall, ada, price_cents=500)
    with pytest.raises(LostRace, match="Nothing is held"):
        await settle(hall, task=task, shares=[Share(_of(bob), 500)])
    assert (await cancel(hall, actor=ada, task=task)).state is State.CANCELLED
    assert await balance(hall, available_account(_of(ada))) == OPENING
    assert await balance(hall, available_account(_of(bob))) == OPENING


async def test_money_held_behind_a_final_state_is_found(hall: Hall) -> None:
    ada = await sign_up(hall)
    task = await funded(hall, ada)
    assert (await check_ledger(hall.database)).ok
    end = Statement(
        update(tasks_table).where(tasks_table.c.id == bindparam("task_id")).values(state="done"),
        name="end_without_settling",
    )
    await hall.database.write(lambda tx: tx.run(end, task_id=task.id))
    problems = (await check_ledger(hall.database)).problems
    assert any(task.id in one and "done" in one and "held" in one for one in problems)


async def test_a_hold_that_was_settled_under_an_open_task_is_found(hall: Hall) -> None:
    ada = await sign_up(hall)
    task = await funded(hall, ada)
    await settle(hall, task=task, shares=[])
    problems = (await check_ledger(hall.database)).problems
    assert any(task.id in one and "open" in one for one in problems)
