"""API keys: minted and shown once, listed by their beginnings, revoked at once."""

import re
from dataclasses import replace

import pytest

from tests.doors.agentix.conftest import Customer, told

pytestmark = pytest.mark.anyio

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


@pytest.mark.promise("AX-KEYS-MINT", "AX-KEYS-MINT-ANSWER", "AX-KEYS-ONCE")
async def test_a_key_is_minted_and_shown_once(ceo: Customer) -> None:
    answer = await ceo.ask("POST", "/api-keys", json={"name": " ci-key "})
    minted = told(answer, 201)
    assert minted.keys() == {"id", "name", "apiKey", "keyPrefix", "createdAt"}
    assert answer.headers["cache-control"] == "no-store"
    assert re.fullmatch(r"key_[a-z2-7]{26}", minted["id"])
    assert minted["name"] == "ci-key"
    assert re.fullmatch(r"at_live_[\w-]{43}", minted["apiKey"])
    assert minted["keyPrefix"] == minted["apiKey"][:11]
    assert re.fullmatch(TIME, minted["createdAt"])

    listed = (await replace(ceo, key=minted["apiKey"]).ask("GET", "/api-keys")).text
    assert minted["keyPrefix"] in listed
    assert minted["apiKey"] not in listed


@pytest.mark.promise("AX-KEYS-LIST")
async def test_the_list_has_the_organizations_keys_that_open_something(
    ceo: Customer, rival: Customer
) -> None:
    minted = await ceo.post("/api-keys", {"name": "ci-key"})
    gone = await ceo.post("/api-keys", {"name": "gone"})
    await ceo.delete(f"/api-keys/{gone['id']}")
    first, second = await ceo.get("/api-keys")
    assert second == {
        "id": minted["id"],
        "name": "ci-key",
        "keyPrefix": minted["keyPrefix"],
        "revokedAt": None,
        "createdAt": minted["createdAt"],
    }
    assert first["keyPrefix"].startswith("aw_live_")
    assert len(await rival.get("/api-keys")) == 1


@pytest.mark.promise("AX-KEYS-REVOKE")
async def test_a_revoked_key_opens_nothing_from_then_on(ceo: Customer) -> None:
    minted = await ceo.post("/api-keys", {"name": "ci-key"})
    second = replace(ceo, key=minted["apiKey"])
    revoked = await second.delete(f"/api-keys/{minted['id']}")
    assert revoked.keys() == {"ok", "revokedAt"}
    assert revoked["ok"] is True
    assert re.fullmatch(TIME, revoked["revokedAt"])
    await second.get("/api-keys", 401)
    assert await ceo.delete(f"/api-keys/{minted['id']}") == revoked


@pytest.mark.promise("AX-ERROR-403", "AX-ERROR-404")
async def test_anothers_key_is_403_and_an_unknown_one_404(ceo: Customer, rival: Customer) -> None:
    minted = await ceo.post("/api-keys", {"name": "ci-key"})
    assert "not yours" in await rival.delete(f"/api-keys/{minted['id']}", 403)
    for unknown in (f"key_{'a' * 26}", "key_xxx", minted["id"].replace("key_", "team_"), "%00"):
        assert await ceo.delete(f"/api-keys/{unknown}", 404) == "Api key not found"
    assert len(await ceo.get("/api-keys")) == 2


async def test_a_repeated_request_does_not_get_the_key_again(ceo: Customer) -> None:
    headers = {"Idempotency-Key": "one"}
    await ceo.post("/api-keys", {"name": "ci-key"}, headers=headers)
    assert "shown only once" in await ceo.post(
        "/api-keys", {"name": "ci-key"}, 409, headers=headers
    )
    assert len(await ceo.get("/api-keys")) == 2
