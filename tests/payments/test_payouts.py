"""Money out: sent once, whatever the provider loses, refuses or takes back."""

import asyncio

import pytest

from hiringhall.actions import accounts
from hiringhall.actions.payments.deposits import begin_deposit, book_deposit
from hiringhall.actions.payments.payees import open_payee
from hiringhall.actions.payments.payouts import (
    LOST_AFTER_US,
    book_payout,
    pay_next,
    retry_payout,
)
from hiringhall.domain.errors import Forbidden, Invalid, NotFound, NotYours, WrongState
from hiringhall.domain.escrow import Share
from hiringhall.domain.payouts import Payout, PayoutState
from hiringhall.domain.policy import HALL, Actor
from hiringhall.hall import Hall
from hiringhall.payments import InsidePayments
from hiringhall.queries import money
from hiringhall.store import tasks
from hiringhall.store.database import Database, Tx
from tests.actions.test_escrow import settle
from tests.payments.stories import (
    NO_OPENING,
    PAGE,
    books_hold,
    earn,
    earned,
    hear,
    organization_of,
    payout_now,
    payouts_of_task,
)
from tests.support.halls import Clock, QuietEngine, make_hall, sign_up
from tests.support.market import funded
from tests.support.stripe_standin import (
    CONNECT_SECRET,
    Fault,
    StripeStandin,
)

pytestmark = [
    pytest.mark.anyio,
    # Stripe's own library hands httpx its bodies in the older way.
    pytest.mark.filterwarnings("ignore:Use 'content=<...>':DeprecationWarning"),
]


async def test_what_was_earned_is_sent_once(hall: Hall, stripe: StripeStandin) -> None:
    bob, payout = await earn(hall, stripe)
    assert await earned(hall, bob) == 900
    assert await pay_next(hall)
    assert not await pay_next(hall)
    sent = await payout_now(hall, payout)
    assert (sent.state, sent.reference, sent.attempts) == (PayoutState.PAID, "tr_1", 1)
    assert [one["amount"] for one in stripe.transfers.values()] == [900]
    assert await earned(hall, bob) == 0
    await books_hold(hall)


async def test_nothing_is_sent_to_whom_stripe_does_not_know_yet(
    hall: Hall, stripe: StripeStandin
) -> None:
    bob, payout = await earn(hall, stripe, ready=False)
    assert not await pay_next(hall)
    page = await open_payee(hall, actor=bob, return_url=PAGE)
    assert page == "https://connect.stripe.test/acct_1"
    assert not await pay_next(hall)
    await hear(hall, stripe.can_be_paid("acct_1"), secret=CONNECT_SECRET)
    assert await pay_next(hall)
    assert (await payout_now(hall, payout)).state is PayoutState.PAID
    assert await open_payee(hall, actor=bob, return_url=PAGE) == page
    assert list(stripe.accounts) == ["acct_1"]


@pytest.mark.parametrize("forgotten", [False, True], ids=["key kept", "key forgotten"])
async def test_a_payout_whose_answer_is_lost_is_not_sent_twice(
    hall: Hall, stripe: StripeStandin, clock: Clock, forgotten: bool
) -> None:
    bob, payout = await earn(hall, stripe)
    stripe.faults = [Fault(lost=True)] * 3
    assert await pay_next(hall)
    assert (await payout_now(hall, payout)).state is PayoutState.PROCESSING
    assert not await pay_next(hall), "it is in hand, for a while"
    if forgotten:
        stripe.forget_keys()
    clock.advance(LOST_AFTER_US / 1_000_000 + 1)
    assert await pay_next(hall)
    assert (await payout_now(hall, payout)).state is PayoutState.PAID
    assert len(stripe.transfers) == 1
    assert await earned(hall, bob) == 0


async def test_a_payout_that_never_reached_stripe_is_sent_after_all(
    hall: Hall, stripe: StripeStandin, clock: Clock
) -> None:
    _, payout = await earn(hall, stripe)
    stripe.faults = [Fault(dropped=True)] * 3
    await pay_next(hall)
    clock.advance(LOST_AFTER_US / 1_000_000 + 1)
    await pay_next(hall)
    assert (await payout_now(hall, payout)).state is PayoutState.PAID
    assert len(stripe.transfers) == 1


async def test_a_refused_payout_says_why_and_can_be_tried_again(
    hall: Hall, stripe: StripeStandin
) -> None:
    bob, payout = await earn(hall, stripe)
    stripe.faults = [Fault(status=400, kind="invalid_request_error", code="balance_insufficient")]
    await pay_next(hall)
    refused = await payout_now(hall, payout)
    assert refused.state is PayoutState.FAILED
    assert "balance_insufficient" in (refused.failed_because or "")
    assert await earned(hall, bob) == 900
    eve = await sign_up(hall, "eve")
    with pytest.raises(NotYours):
        await retry_payout(hall, actor=eve, payout_id=payout.id)
    await retry_payout(hall, actor=bob, payout_id=payout.id)
    with pytest.raises(WrongState):
        await retry_payout(hall, actor=bob, payout_id=payout.id)
    await pay_next(hall)
    sent = await payout_now(hall, payout)
    assert (sent.state, sent.attempts) == (PayoutState.PAID, 2)


async def test_what_stripe_sends_is_nobodys_to_book_by_hand(
    hall: Hall, stripe: StripeStandin
) -> None:
    _, payout = await earn(hall, stripe)
    with pytest.raises(WrongState):
        await book_payout(hall, actor=HALL, payout_id=payout.id, reference="bank 17")
    await pay_next(hall)
    sent = await payout_now(hall, payout)
    assert (sent.state, sent.reference) == (PayoutState.PAID, "tr_1")


async def test_many_processes_send_a_payout_once(hall: Hall, stripe: StripeStandin) -> None:
    await earn(hall, stripe)
    went = await asyncio.gather(*(pay_next(hall) for _ in range(8)), return_exceptions=True)
    assert sum(one is True for one in went) == 1
    assert len(stripe.transfers) == 1


async def test_a_payout_that_is_taken_back_is_owed_again(hall: Hall, stripe: StripeStandin) -> None:
    bob, payout = await earn(hall, stripe)
    await pay_next(hall)
    stripe.transfers["tr_1"]["reversed"] = True
    taken = stripe.event("transfer.reversed", stripe.transfers["tr_1"], event_id="evt_back")
    await hear(hall, taken)
    await hear(hall, taken)
    assert (await payout_now(hall, payout)).state is PayoutState.FAILED
    assert await earned(hall, bob) == 900
    await retry_payout(hall, actor=bob, payout_id=payout.id)
    await pay_next(hall)
    assert await earned(hall, bob) == 0
    assert len(stripe.transfers) == 2
    await books_hold(hall)


async def test_a_part_that_is_taken_back_is_an_admins_to_see_to(
    hall: Hall, stripe: StripeStandin
) -> None:
    bob, payout = await earn(hall, stripe)
    await pay_next(hall)
    part = {**stripe.transfers["tr_1"], "amount_reversed": 100, "reversed": False}
    await hear(hall, stripe.event("transfer.reversed", part, event_id="evt_part"))
    assert (await payout_now(hall, payout)).state is PayoutState.PAID
    assert await earned(hall, bob) == 0
    await books_hold(hall)


async def test_a_fault_of_stripes_that_its_key_stands_for_is_waited_out(
    hall: Hall, stripe: StripeStandin, clock: Clock
) -> None:
    bob, payout = await earn(hall, stripe)
    stripe.faults = [Fault(status=500)]
    await pay_next(hall)
    clock.advance(LOST_AFTER_US / 1_000_000 + 1)
    await pay_next(hall)
    assert (await payout_now(hall, payout)).state is PayoutState.PROCESSING
    assert await earned(hall, bob) == 900
    stripe.forget_keys()
    clock.advance(LOST_AFTER_US / 1_000_000 + 1)
    await pay_next(hall)
    assert (await payout_now(hall, payout)).state is PayoutState.PAID
    assert len(stripe.transfers) == 1


async def test_an_admin_books_what_comes_and_goes_by_hand(
    database: Database, clock: Clock, engine: QuietEngine
) -> None:
    hall = make_hall(
        database,
        clock=clock,
        engine=engine,
        rules=NO_OPENING,
        payments=InsidePayments("manual"),
    )
    ada, bob = await sign_up(hall), await sign_up(hall, "bob")
    with pytest.raises(Forbidden):
        await book_deposit(
            hall, actor=ada, organization_id=organization_of(ada), amount_cents=1_000
        )
    with pytest.raises(Invalid, match="ask its admin"):
        await begin_deposit(hall, actor=ada, amount_cents=1_000, return_url=PAGE)
    await accounts.make_admin(hall, email="bob@example.com")
    await book_deposit(hall, actor=bob, organization_id=organization_of(ada), amount_cents=1_000)
    task = await funded(hall, ada, price_cents=1_000)
    await settle(hall, task=task, shares=[Share(organization_of(bob), 1_000)])
    assert not await pay_next(hall)
    (payout,) = await payouts_of_task(hall, task)
    with pytest.raises(Forbidden):
        await book_payout(hall, actor=ada, payout_id=payout.id, reference="bank 17")
    await book_payout(hall, actor=HALL, payout_id=payout.id, reference="bank 17")
    assert (await payout_now(hall, payout)).reference == "bank 17"
    assert await earned(hall, bob) == 0
    with pytest.raises(WrongState):
        await book_payout(hall, actor=HALL, payout_id=payout.id, reference="bank 18")
    await books_hold(hall)


async def test_an_account_and_its_statement_show_where_the_money_is(
    hall: Hall, stripe: StripeStandin
) -> None:
    bob, payout = await earn(hall, stripe)
    ada = Actor(kind=bob.kind, organization_id=await _poster_of(hall, payout))
    account = await money.account_view(hall, actor=bob)
    assert (account.available_cents, account.held_cents, account.earned_cents) == (0, 0, 900)
    assert (account.currency, account.provider) == ("usd", "stripe")
    assert account.payee is not None
    assert account.payee.ready
    await pay_next(hall)
    lines = await money.statement(hall, actor=bob)
    assert [(one.transfer.kind.value, one.amount_cents) for one in lines] == [
        ("payout", -900),
        ("release", 900),
    ]
    lines = await money.statement(hall, actor=ada)
    assert [(one.transfer.kind.value, one.amount_cents) for one in lines] == [
        ("hold", -1_000),
        ("deposit", 1_000),
    ]
    older = await money.statement(hall, actor=ada, before=lines[0].transfer.id)
    assert older == lines[1:]
    (deposit,) = await money.deposits_of(hall, actor=ada)
    assert await money.deposit_view(hall, actor=ada, deposit_id=deposit.id) == deposit
    with pytest.raises(NotFound):
        await money.deposit_view(hall, actor=bob, deposit_id=deposit.id)
    assert [one.id for one in await money.payouts_of(hall, actor=bob)] == [payout.id]
    assert await money.unpaid_payouts(hall) == []


async def _poster_of(hall: Hall, payout: Payout) -> str:
    async def find(tx: Tx) -> str:
        task = await tasks.by_id(tx, payout.task_id)
        assert task is not None
        return task.organization_id

    return await hall.database.read(find)
