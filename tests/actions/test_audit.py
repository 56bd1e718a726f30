"""The audit finds what does not hold, and nothing where all does; the books cannot be bent."""

import pytest
from sqlalchemy import bindparam, delete, update

from hiringhall.actions.accounts import create_user
from hiringhall.actions.runs import outcomes, recovery, working
from hiringhall.actions.tasks import answer
from hiringhall.domain.ledger import Transfer, TransferKind, available_account
from hiringhall.hall import Hall, Rules
from hiringhall.queries.audit import audit_all, check_ledger
from hiringhall.store import ledger
from hiringhall.store.database import Database, Tx
from hiringhall.store.errors import StoreError
from hiringhall.store.ledger import Overdrawn
from hiringhall.store.statements import Statement
from hiringhall.store.tables import (
    credit_days,
    deliverables,
    ledger_accounts,
    ledger_transfers,
    runs,
    tasks,
)
from tests.support.halls import Clock, QuietEngine, begin, make_hall, post, sign_up

pytestmark = pytest.mark.anyio

_BENT = {
    "the row says": Statement(
        update(tasks).where(tasks.c.id == bindparam("task_id")).values(state="open"),
        name="bend_state",
    ),
    "title is not what its log says": Statement(
        update(tasks).where(tasks.c.id == bindparam("task_id")).values(title="Another"),
        name="bend_title",
    ),
    "version": Statement(
        update(tasks).where(tasks.c.id == bindparam("task_id")).values(version=99),
        name="bend_version",
    ),
    "differ in number": Statement(
        delete(deliverables).where(deliverables.c.task_id == bindparam("task_id")),
        name="bend_deliverables",
    ),
    "has gone on without it": Statement(
        update(runs)
        .where(runs.c.task_id == bindparam("task_id"))
        .values(generation=runs.c.generation + 50),
        name="bend_runs",
    ),
}


async def _busy(hall: Hall) -> str:
    """A hall in which all sorts of things have happened; the id of a task in review."""
    ada = await sign_up(hall)
    await post(hall, ada)
    run = await begin(hall)
    await recovery.replace_lost_run(hall, run_id=run.id)
    run = await begin(hall)
    await working.record_usage(hall, token=run.token, input_tokens=1, output_tokens=1, charged=3)
    await outcomes.message_customer(hall, token=run.token, text="Shall I?")
    broken = await post(hall, ada)
    run = await begin(hall)
    await recovery.run_broke(hall, token=run.token, reason="It fell over")
    await answer.cancel_task(hall, actor=ada, task_id=broken.id)
    task = await post(hall, ada)
    run = await begin(hall)
    await outcomes.deliver(hall, token=run.token, text="Done")
    return task.id


async def _run(database: Database, statement: Statement, **params: str | int) -> None:
    async def body(tx: Tx) -> None:
        await tx.run(statement, **params)

    await database.write(body)


async def test_where_all_holds_the_audit_has_nothing_to_say(hall: Hall) -> None:
    await _busy(hall)
    audited = await audit_all(hall.database)
    assert (audited.problems, audited.ledger.problems) == ((), ())
    assert audited.ok
    assert (audited.tasks, audited.runs) == (3, 4)
    assert audited.events > 12


@pytest.mark.parametrize("complaint", _BENT)
async def test_whatever_is_bent_is_found(hall: Hall, complaint: str) -> None:
    task_id = await _busy(hall)
    await _run(hall.database, _BENT[complaint], task_id=task_id)
    audited = await audit_all(hall.database)
    assert not audited.ok
    assert any(complaint in problem for problem in audited.problems), audited.problems


async def test_a_drifted_count_of_credits_is_found(hall: Hall) -> None:
    await _busy(hall)
    bend = Statement(update(credit_days).values(used=77), name="bend_credits")
    await _run(hall.database, bend)
    assert any("77 credits" in one for one in (await audit_all(hall.database)).problems)


async def test_a_task_that_nothing_carries_on_is_found(hall: Hall) -> None:
    ada = await sign_up(hall)
    task = await post(hall, ada)
    forget = Statement(
        delete(runs).where(runs.c.task_id == bindparam("task_id")), name="forget_runs"
    )
    await _run(hall.database, forget, task_id=task.id)
    assert any("nothing carries it on" in one for one in (await audit_all(hall.database)).problems)


async def test_every_organization_starts_with_play_money_and_all_sums_to_zero(hall: Hall) -> None:
    await sign_up(hall)
    await sign_up(hall, "eve")
    checked = await check_ledger(hall.database)
    assert (checked.ok, checked.accounts, checked.transfers) == (True, 7, 2)


async def test_without_an_opening_balance_nothing_moves(
    database: Database, clock: Clock, engine: QuietEngine
) -> None:
    frugal = make_hall(database, clock=clock, engine=engine, rules=Rules(opening_balance_cents=0))
    await create_user(frugal, email="ada@example.com", name="Ada")
    assert (await check_ledger(database)).transfers == 0


async def test_transfers_cannot_be_changed_or_removed(hall: Hall) -> None:
    await sign_up(hall)
    for statement in (
        Statement(update(ledger_transfers).values(amount_cents=1), name="forge"),
        Statement(delete(ledger_transfers), name="burn"),
    ):
        with pytest.raises(StoreError):
            await _run(hall.database, statement)
    assert (await check_ledger(hall.database)).ok


@pytest.mark.parametrize("amount_cents", [0, -5, 100_001])
async def test_nothing_empty_negative_or_overdrawn_moves(hall: Hall, amount_cents: int) -> None:
    ada, eve = await sign_up(hall), await sign_up(hall, "eve")
    transfer = Transfer(
        id=hall.new_id(),
        debit_account_id=available_account(ada.organization_id or ""),
        credit_account_id=available_account(eve.organization_id or ""),
        amount_cents=amount_cents,
        kind=TransferKind.OPENING_BALANCE,
        task_id=None,
        at_us=1,
    )
    with pytest.raises(Overdrawn if amount_cents > 0 else StoreError):
        await hall.database.write(lambda tx: ledger.post(tx, [transfer]))
    assert (await check_ledger(hall.database)).ok


async def test_a_bent_balance_is_found(hall: Hall) -> None:
    await sign_up(hall)
    bend = Statement(
        update(ledger_accounts)
        .where(ledger_accounts.c.kind == "available")
        .values(balance_cents=5),
        name="bend_balance",
    )
    await _run(hall.database, bend)
    assert any("5 cents kept" in one for one in (await check_ledger(hall.database)).problems)
