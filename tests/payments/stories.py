"""How the tests of payments pay in, earn and are paid."""

from hiringhall.actions.payments.deposits import begin_deposit
from hiringhall.actions.payments.notices import take_notice
from hiringhall.actions.payments.payees import open_payee
from hiringhall.domain.deposits import Deposit
from hiringhall.domain.escrow import Share
from hiringhall.domain.ledger import available_account, earned_account
from hiringhall.domain.payouts import Payout
from hiringhall.domain.policy import Actor
from hiringhall.domain.tasks import Task
from hiringhall.hall import Hall, Rules
from hiringhall.queries.audit import check_ledger
from hiringhall.store import payments as payments_store
from hiringhall.store import payouts
from hiringhall.store.database import Tx
from tests.actions.test_escrow import settle
from tests.support.halls import sign_up
from tests.support.market import balance, funded
from tests.support.stripe_standin import (
    CONNECT_SECRET,
    WEBHOOK_SECRET,
    StripeStandin,
    signature,
)

PAGE = "https://hall.example/account"
NO_OPENING = Rules(opening_balance_cents=0)


def organization_of(actor: Actor) -> str:
    """Whose the actor's work and money are."""
    assert actor.organization_id is not None
    return actor.organization_id


async def available(hall: Hall, actor: Actor) -> int | None:
    """What it may spend, in cents."""
    return await balance(hall, available_account(organization_of(actor)))


async def earned(hall: Hall, actor: Actor) -> int | None:
    """What it has earned and not been paid, in cents."""
    return await balance(hall, earned_account(organization_of(actor)))


async def deposit_now(hall: Hall, deposit_id: str) -> Deposit:
    """A deposit as it stands."""

    async def find(tx: Tx) -> Deposit:
        found = await payments_store.by_id(tx, deposit_id)
        assert found is not None
        return found

    return await hall.database.read(find)


async def payouts_of_task(hall: Hall, task: Task) -> list[Payout]:
    """What was earned with a task."""

    async def find(tx: Tx) -> list[Payout]:
        return await payouts.of_task(tx, task.id)

    return await hall.database.read(find)


async def books_hold(hall: Hall) -> None:
    """Every account is its transfers; these stories settle a hold and leave its task open."""
    found = await check_ledger(hall.database)
    assert not [one for one in found.problems if ": open, its hold" not in one]


async def hear(hall: Hall, body: bytes, *, secret: str = WEBHOOK_SECRET) -> None:
    """A message of Stripe's, rightly signed, arrives."""
    await take_notice(hall, body=body, signature=signature(body, secret=secret))


async def fund(hall: Hall, stripe: StripeStandin, actor: Actor, cents: int) -> Deposit:
    """Somebody pays an amount in."""
    deposit = await begin_deposit(hall, actor=actor, amount_cents=cents, return_url=PAGE)
    assert deposit.reference is not None
    await hear(hall, stripe.paid(deposit.reference, event_id=f"evt_{deposit.id}"))
    return deposit


async def earn(hall: Hall, stripe: StripeStandin, *, ready: bool = True) -> tuple[Actor, Payout]:
    """Somebody who has earned 900 cents, known to Stripe or not yet."""
    ada, bob = await sign_up(hall), await sign_up(hall, "bob")
    await fund(hall, stripe, ada, 1_000)
    task = await funded(hall, ada, price_cents=1_000)
    await settle(hall, task=task, shares=[Share(organization_of(bob), 1_000, user_id=bob.user_id)])
    if ready:
        await open_payee(hall, actor=bob, return_url=PAGE)
        await hear(hall, stripe.can_be_paid("acct_1"), secret=CONNECT_SECRET)
    (payout,) = await payouts_of_task(hall, task)
    return bob, payout


async def payout_now(hall: Hall, payout: Payout) -> Payout:
    """A payout as it stands."""

    async def find(tx: Tx) -> Payout:
        found = await payouts.by_id(tx, payout.id)
        assert found is not None
        return found

    return await hall.database.read(find)
