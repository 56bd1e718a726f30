"""Money at the native door: accounts, statements, deposits, payouts, the books."""

from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest

from hiringhall.doors.desk import Desk
from hiringhall.hall import Hall
from hiringhall.payments import InsidePayments
from tests.doors.conftest import BASE_URL, OpenFront
from tests.doors.native.conftest import Caller
from tests.support.market import is_sound

pytestmark = pytest.mark.anyio

OPENING = 100_000


@pytest.fixture
async def by_hand(desk: Desk, front_of: OpenFront) -> AsyncIterator[httpx.AsyncClient]:
    """The same hall where money is booked by hand."""
    hall = replace(desk.hall, payments=InsidePayments("manual"))
    transport = httpx.ASGITransport(front_of(replace(desk, hall=hall)).app)
    async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
        yield client


@pytest.mark.promise("NA-STATEMENT")
async def test_a_statement_says_what_moved(poster: Caller, maker: Caller) -> None:
    task = await poster.posts()
    await maker.post(f"/tasks/{task['id']}/claim")
    made = await maker.delivers(task["id"])
    await poster.post(f"/deliverables/{made['id']}/accept")
    lines = (await poster.get("/statement"))["items"]
    assert [(one["kind"], one["amount_cents"]) for one in lines] == [
        ("hold", -5_000), ("opening_balance", OPENING),
    ]  # fmt: skip
    assert lines[0]["task_id"] == task["id"]
    theirs = (await maker.get("/statement"))["items"]
    assert sum(one["amount_cents"] for one in theirs) == OPENING + 4_500


@pytest.mark.promise("NA-DEPOSITS", "NA-LEDGER")
async def test_an_admin_books_deposits_and_checks_the_books(
    poster: Caller, admin: Caller, hall: Hall
) -> None:
    body = {"organization_id": poster.id, "amount_cents": 2_500}
    assert (await poster.post("/admin/deposits", body, 403))["code"] == "forbidden"
    keyed = {"headers": {"Idempotency-Key": "once"}}
    first = await admin.post("/admin/deposits", body, 201, **keyed)
    assert (first["state"], first["provider"], first["url"]) == ("paid", "play", None)
    assert await admin.post("/admin/deposits", body, 201, **keyed) == first
    other = await admin.post("/admin/deposits", body | {"amount_cents": 1_000}, 409, **keyed)
    assert other["code"] == "idempotency_conflict"
    assert (await poster.get("/account"))["available_cents"] == OPENING + 2_500
    assert [one["id"] for one in (await poster.get("/deposits"))["items"]] == [first["id"]]
    assert await poster.get(f"/deposits/{first['id']}") == first
    await admin.get(f"/deposits/{first['id']}", 404)
    for wrong in ("x", admin.id[:-1] + "x", "019c9000-0000-7000-8000-000000000000"):
        await admin.post("/admin/deposits", body | {"organization_id": wrong}, 404)
    await admin.post("/admin/deposits", body | {"amount_cents": 1}, 400)
    for nobody in ("", " "):
        refused = await admin.post("/admin/deposits", body | {"organization_id": nobody}, 400)
        assert (refused["detail"], refused["fields"]) == (
            "Say whose it is",
            {"organization_id": "empty"},
        )
    checked = await admin.get("/ledger/check")
    assert (checked["ok"], checked["problems"], checked["transfers"]) == (True, [], 3)
    await poster.get("/ledger/check", 403)
    assert await is_sound(hall)


@pytest.mark.promise("NA-ADMIN-LISTS")
async def test_organizations_are_listed_with_what_they_have(
    poster: Caller, maker: Caller, admin: Caller
) -> None:
    await poster.posts()
    await poster.get("/admin/organizations", 403)
    found = {one["id"]: one for one in (await admin.get("/admin/organizations"))["items"]}
    assert found.keys() == {poster.id, maker.id, admin.id}
    mine = found[poster.id]
    assert (mine["available_cents"], mine["held_cents"], mine["members"]) == (95_000, 5_000, 1)
    first = await admin.get("/admin/organizations?limit=2")
    rest = await admin.get(f"/admin/organizations?limit=2&cursor={first['next_cursor']}")
    assert [len(one["items"]) for one in (first, rest)] == [2, 1]
    assert rest["next_cursor"] is None


async def test_nobody_pays_in_by_themselves_where_there_is_no_provider(poster: Caller) -> None:
    refused = await poster.post("/deposits", {"amount_cents": 500}, 400)
    assert "ask its admin" in refused["detail"]
    refused = await poster.post("/payouts/payee", status=400)
    assert "by hand" in refused["detail"]


@pytest.mark.promise("NA-PAY-OUT")
async def test_what_was_earned_is_paid_by_hand(
    poster: Caller, maker: Caller, admin: Caller, by_hand: httpx.AsyncClient
) -> None:
    poster, maker, admin = (replace(one, http=by_hand) for one in (poster, maker, admin))
    task = await poster.posts()
    await maker.post(f"/tasks/{task['id']}/claim")
    made = await maker.delivers(task["id"])
    await poster.post(f"/deliverables/{made['id']}/accept")
    account = await maker.get("/account")
    assert (account["provider"], account["earned_cents"]) == ("manual", 4_500)
    (payout,) = (await maker.get("/payouts"))["items"]
    assert (payout["state"], payout["paid_cents"]) == ("pending", 4_500)
    assert [one["id"] for one in (await admin.get("/admin/payouts"))["items"]] == [payout["id"]]
    paid = f"/admin/payouts/{payout['id']}/paid"
    await maker.post(paid, {"reference": "mine"}, 403)
    await admin.post(paid, {"reference": " "}, 400)
    booked = await admin.post(paid, {"reference": "bank 7"})
    assert (booked["state"], booked["reference"]) == ("paid", "bank 7")
    again = await admin.post(paid, {"reference": "bank 8"}, 409)
    assert (again["state"], again["command"]) == ("paid", "book_payout")
    assert (await admin.get("/admin/payouts"))["items"] == []
    assert len((await admin.get("/admin/payouts?state=paid"))["items"]) == 1
    assert (await maker.get("/account"))["earned_cents"] == 0
    await poster.post(f"/payouts/{payout['id']}/retry", status=404)
    assert (await maker.post(f"/payouts/{payout['id']}/retry", status=409))["state"] == "paid"
    assert (await admin.get("/ledger/check"))["ok"]
