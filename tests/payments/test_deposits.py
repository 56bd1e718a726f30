"""Money in: booked once, when the provider says that it is there."""

import asyncio

import pytest

from hiringhall.actions.payments.deposits import begin_deposit, book_deposit
from hiringhall.actions.payments.notices import take_notice
from hiringhall.domain.deposits import DepositState
from hiringhall.domain.errors import Invalid, Unreachable
from hiringhall.domain.policy import HALL
from hiringhall.hall import Hall
from hiringhall.store.database import Database
from tests.payments.stories import (
    NO_OPENING,
    PAGE,
    available,
    books_hold,
    deposit_now,
    hear,
    organization_of,
)
from tests.support.halls import Clock, QuietEngine, make_hall, sign_up
from tests.support.stripe_standin import (
    CONNECT_SECRET,
    Fault,
    StripeStandin,
    signature,
)

pytestmark = [
    pytest.mark.anyio,
    # Stripe's own library hands httpx its bodies in the older way.
    pytest.mark.filterwarnings("ignore:Use 'content=<...>':DeprecationWarning"),
]


async def test_a_deposit_is_booked_when_stripe_says_that_it_was_paid(
    hall: Hall, stripe: StripeStandin
) -> None:
    ada = await sign_up(hall)
    deposit = await begin_deposit(hall, actor=ada, amount_cents=2_500, return_url=PAGE)
    assert deposit.url == "https://checkout.stripe.test/cs_test_1"
    assert await available(hall, ada) == 0
    await hear(hall, stripe.paid("cs_test_1"))
    assert await available(hall, ada) == 2_500
    assert (await deposit_now(hall, deposit.id)).state is DepositState.PAID
    await books_hold(hall)


async def test_what_stripe_repeats_is_booked_once(hall: Hall, stripe: StripeStandin) -> None:
    ada = await sign_up(hall)
    await begin_deposit(hall, actor=ada, amount_cents=2_500, return_url=PAGE)
    bodies = [stripe.paid("cs_test_1", event_id=name) for name in ("evt_1", "evt_1", "evt_2")]
    await asyncio.gather(*(hear(hall, body) for body in bodies * 4))
    assert await available(hall, ada) == 2_500


@pytest.mark.parametrize(
    "forged",
    [
        pytest.param(lambda body: signature(body, secret="whsec_guessed"), id="another secret"),
        pytest.param(lambda body: signature(body + b" "), id="another body"),
        pytest.param(lambda body: signature(body, at_s=1_772_000_000), id="old"),
        pytest.param(lambda body: "", id="none"),
        pytest.param(lambda body: "t=now,v1=", id="nonsense"),
    ],
)
async def test_a_forged_or_replayed_notice_is_refused(
    hall: Hall, stripe: StripeStandin, forged: object
) -> None:
    ada = await sign_up(hall)
    await begin_deposit(hall, actor=ada, amount_cents=2_500, return_url=PAGE)
    body = stripe.paid("cs_test_1")
    with pytest.raises(Invalid):
        await take_notice(hall, body=body, signature=forged(body))  # type: ignore[operator]
    assert await available(hall, ada) == 0


@pytest.mark.parametrize("body", [b"", b"{}", b"\xff\xfe", b"[" * 50_000, b'{"id": 1}'])
async def test_a_signed_body_that_is_no_event_is_refused(hall: Hall, body: bytes) -> None:
    with pytest.raises(Invalid):
        await hear(hall, body)


async def test_what_a_connected_account_is_paid_is_no_deposit(
    hall: Hall, stripe: StripeStandin
) -> None:
    ada = await sign_up(hall)
    deposit = await begin_deposit(hall, actor=ada, amount_cents=2_500, return_url=PAGE)
    theirs = {**stripe.sessions["cs_test_1"], "id": "cs_of_theirs", "payment_status": "paid"}
    body = stripe.event(
        "checkout.session.completed", theirs, event_id="evt_theirs", account="acct_of_ada"
    )
    await hear(hall, body, secret=CONNECT_SECRET)
    assert await available(hall, ada) == 0
    assert (await deposit_now(hall, deposit.id)).state is DepositState.PENDING


async def test_another_amount_than_asked_for_is_not_booked(
    hall: Hall, stripe: StripeStandin
) -> None:
    ada = await sign_up(hall)
    deposit = await begin_deposit(hall, actor=ada, amount_cents=2_500, return_url=PAGE)
    stripe.sessions["cs_test_1"]["amount_total"] = 2_400
    await hear(hall, stripe.paid("cs_test_1"))
    assert await available(hall, ada) == 0
    assert (await deposit_now(hall, deposit.id)).state is DepositState.PENDING


async def test_a_checkout_that_runs_out_leaves_nothing(hall: Hall, stripe: StripeStandin) -> None:
    ada = await sign_up(hall)
    deposit = await begin_deposit(hall, actor=ada, amount_cents=2_500, return_url=PAGE)
    session = stripe.sessions["cs_test_1"]
    await hear(hall, stripe.event("checkout.session.expired", session, event_id="evt_9"))
    assert (await deposit_now(hall, deposit.id)).state is DepositState.FAILED
    # Somebody else's use of the same account is none of the hall's business.
    strange = stripe.event("charge.refunded", {"id": "ch_1"}, event_id="evt_10")
    await hear(hall, strange)


async def test_an_answer_that_is_lost_opens_one_page_only(
    hall: Hall, stripe: StripeStandin
) -> None:
    ada = await sign_up(hall)
    stripe.faults = [Fault(lost=True), Fault(dropped=True)]
    deposit = await begin_deposit(hall, actor=ada, amount_cents=2_500, return_url=PAGE)
    assert deposit.reference == "cs_test_1"
    assert list(stripe.sessions) == ["cs_test_1"]
    assert len(stripe.calls) == 3


async def test_a_stripe_that_is_away_is_said_to_be(hall: Hall, stripe: StripeStandin) -> None:
    ada = await sign_up(hall)
    stripe.faults = [Fault(dropped=True)] * 3
    with pytest.raises(Unreachable, match="nothing was charged"):
        await begin_deposit(hall, actor=ada, amount_cents=2_500, return_url=PAGE)
    stripe.faults = [Fault(status=401, kind="invalid_request_error")]
    with pytest.raises(Unreachable, match="does not accept the hall's key"):
        await begin_deposit(hall, actor=ada, amount_cents=2_500, return_url=PAGE)
    assert await available(hall, ada) == 0


@pytest.mark.parametrize("cents", [0, -5, 99, 100_000_001])
async def test_absurd_amounts_are_refused(hall: Hall, cents: int) -> None:
    ada = await sign_up(hall)
    with pytest.raises(Invalid):
        await begin_deposit(hall, actor=ada, amount_cents=cents, return_url=PAGE)


async def test_more_play_money_is_an_admins_to_give(
    database: Database, clock: Clock, engine: QuietEngine
) -> None:
    play = make_hall(database, clock=clock, engine=engine, rules=NO_OPENING)
    ada = await sign_up(play)
    await book_deposit(play, actor=HALL, organization_id=organization_of(ada), amount_cents=5_000)
    assert await available(play, ada) == 5_000
    await books_hold(play)
