"""Stripe by the native door: paid in on its page, heard of by a signed message, paid out."""

from collections.abc import AsyncGenerator
from pathlib import Path

import httpx
import pytest
from prometheus_client import CollectorRegistry

from hiringhall.actions.payments.payouts import pay_next
from hiringhall.blobs import FileLinks, LocalBlobs
from hiringhall.doors.desk import Desk
from hiringhall.doors.front import open_front
from hiringhall.doors.health import Health
from hiringhall.hall import Hall
from tests.support.halls import open_account
from tests.support.stripe_standin import StripeStandin, signature

pytestmark = [
    pytest.mark.anyio,
    # Stripe's own library hands httpx its bodies in the older way.
    pytest.mark.filterwarnings("ignore:Use 'content=<...>':DeprecationWarning"),
]


@pytest.fixture
async def http(hall: Hall, tmp_path: Path) -> AsyncGenerator[httpx.AsyncClient]:
    """The doors of a hall whose money goes by Stripe."""

    async def unready() -> dict[str, str]:
        return {}

    desk = Desk(hall, LocalBlobs(tmp_path / "blobs"), FileLinks(b"k" * 32))
    health = Health(unready, dict[str, str], CollectorRegistry())
    front = open_front(desk, health, version="test")
    transport = httpx.ASGITransport(front.app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://hall.test/hall/v1"
    ) as client:
        yield client


async def key_of(hall: Hall, name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {(await open_account(hall, name)).secret}"}


async def tell(http: httpx.AsyncClient, body: bytes, signed: str) -> int:
    """Bring a message of Stripe's."""
    headers = {"Stripe-Signature": signed, "Content-Type": "application/json"}
    answer = await http.post("/payments/stripe", content=body, headers=headers)
    return answer.status_code


@pytest.mark.promise("NA-PAY-IN")
async def test_money_comes_in_once_however_often_stripe_says_so(
    hall: Hall, stripe: StripeStandin, http: httpx.AsyncClient
) -> None:
    ada = await key_of(hall, "ada")
    answer = await http.post(
        "/deposits", json={"amount_cents": 2_500, "return_url": "https://example.com"}, headers=ada
    )
    assert answer.status_code == 201, answer.text
    deposit = answer.json()
    assert (deposit["state"], deposit["provider"]) == ("pending", "stripe")
    assert deposit["url"] == "https://checkout.stripe.test/cs_test_1"
    body = stripe.paid("cs_test_1")
    assert await tell(http, body, "t=1,v1=00") == 400
    assert await tell(http, body, "") == 400
    assert [await tell(http, body, signature(body)) for _ in range(3)] == [200] * 3
    account = (await http.get("/account", headers=ada)).json()
    assert (account["available_cents"], account["payee_ready"]) == (2_500, None)
    assert (await http.get(f"/deposits/{deposit['id']}", headers=ada)).json()["state"] == "paid"


async def test_what_is_earned_is_sent_to_whom_stripe_knows(
    hall: Hall, stripe: StripeStandin, http: httpx.AsyncClient
) -> None:
    ada, bob = await key_of(hall, "ada"), await key_of(hall, "bob")
    await http.post("/deposits", json={"amount_cents": 2_500}, headers=ada)
    body = stripe.paid("cs_test_1")
    await tell(http, body, signature(body))
    page = (await http.post("/payouts/payee", headers=bob)).json()
    assert page["url"].startswith("https://")
    known = stripe.can_be_paid("acct_1")
    assert await tell(http, known, signature(known)) == 200
    offered = {
        "title": "x", "description": "x", "engagement": "claim", "price_cents": 1_000,
        "publish": True,
    }  # fmt: skip
    task = (await http.post("/tasks", json=offered, headers=ada)).json()
    own = await http.post(f"/tasks/{task['id']}/claim", headers=ada)
    assert (own.status_code, own.json()["code"]) == (409, "conflict")
    await http.post(f"/tasks/{task['id']}/claim", headers=bob)
    made = await http.post(f"/tasks/{task['id']}/deliver", json={"content": "x"}, headers=bob)
    await http.post(f"/deliverables/{made.json()['id']}/accept", headers=ada)
    assert await pay_next(hall)
    (payout,) = (await http.get("/payouts", headers=bob)).json()["items"]
    assert (payout["state"], payout["reference"], payout["paid_cents"]) == ("paid", "tr_1", 900)
