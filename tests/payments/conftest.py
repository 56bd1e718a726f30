"""A hall whose money goes by a Stripe of the tests' own."""

from collections.abc import AsyncGenerator

import pytest

from hiringhall.hall import Hall
from hiringhall.payments.by_stripe import StripePayments
from hiringhall.store.database import Database
from tests.payments.stories import NO_OPENING
from tests.support.halls import Clock, QuietEngine, make_hall
from tests.support.stripe_standin import (
    CONNECT_SECRET,
    KEY,
    WEBHOOK_SECRET,
    StripeStandin,
    stripe_standin,
)


@pytest.fixture
async def stripe() -> AsyncGenerator[StripeStandin]:
    """A Stripe of the test's own."""
    async with stripe_standin() as standin:
        yield standin


@pytest.fixture
async def hall(
    database: Database, clock: Clock, engine: QuietEngine, stripe: StripeStandin
) -> AsyncGenerator[Hall]:
    """A hall whose money goes by Stripe."""
    provider = StripePayments(
        api_key=KEY,
        webhook_secrets=(WEBHOOK_SECRET, CONNECT_SECRET),
        currency="usd",
        base_url=stripe.base_url,
        timeout_s=5,
    )
    yield make_hall(database, clock=clock, engine=engine, rules=NO_OPENING, payments=provider)
    await provider.close()
