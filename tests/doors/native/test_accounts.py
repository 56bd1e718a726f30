"""Who calls, keys, members, teams and roles at the native door."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest

from hiringhall.doors.desk import Desk
from hiringhall.mail import ConsoleMail
from tests.doors.conftest import BASE_URL, OpenFront
from tests.doors.native.conftest import Caller
from tests.support.halls import Clock

pytestmark = pytest.mark.anyio


@pytest.fixture
def letters() -> list[str]:
    """What was mailed."""
    return []


@pytest.fixture
async def by_mail(
    desk: Desk, front_of: OpenFront, letters: list[str]
) -> AsyncIterator[httpx.AsyncClient]:
    """The same hall, whose letters the test can read."""
    hall = replace(desk.hall, mail=ConsoleMail(letters.append))
    transport = httpx.ASGITransport(front_of(replace(desk, hall=hall)).app)
    async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
        yield client


def secret_of(letter: str) -> str:
    found = re.search(r"join_[\w-]+", letter)
    assert found is not None
    return found.group()


async def joined(owner: Caller, letters: list[str], email: str, role: str = "member") -> Caller:
    """Somebody who was asked by mail, and joined."""
    await owner.post("/invitations", {"email": email, "role": role}, 201)
    body = {"token": secret_of(letters[-1]), "name": "New"}
    made = await Caller(owner.http).post("/invitations/accept", body, 201)
    return Caller(owner.http, made["api_key"], made["member"]["user_id"])


@pytest.mark.promise("NA-ME")
async def test_a_key_says_whom_it_stands_for(poster: Caller, maker: Caller, admin: Caller) -> None:
    me = await poster.get("/me")
    assert (me["kind"], me["user"]["email"], me["user"]["role"]) == (
        "user", "ada@example.com", "owner",
    )  # fmt: skip
    assert (me["organization"]["id"], me["user"]["is_admin"]) == (poster.id, False)
    assert (await admin.get("/me"))["user"]["is_admin"]
    agent = await maker.with_agent(admin)
    me = await agent.get("/me")
    assert (me["kind"], me["agent"]["id"], me["user"]) == ("agent", agent.id, None)
    for key in (None, "", "aw_live_x", "nxw_x", "hall_run_x"):
        assert (await Caller(poster.http, key).get("/me", 401))["code"] == "unauthorized"


async def test_when_a_key_was_used_is_noted_now_and_then(poster: Caller, clock: Clock) -> None:
    noted: list[str] = []
    for later_s in (0, 300, 301):
        clock.advance(later_s)
        noted.append((await poster.get("/keys"))["items"][0]["used_at"])
    assert noted[0] == noted[1] < noted[2]


@pytest.mark.promise("NA-KEYS", "NA-SECRET")
async def test_keys_are_made_listed_and_revoked(poster: Caller, maker: Caller) -> None:
    keyed = {"headers": {"Idempotency-Key": "a"}}
    made = await poster.post("/keys", {"name": "ci"}, 201, **keyed)
    again = await poster.post("/keys", {"name": "ci"}, 409, **keyed)
    assert again["code"] == "secret_not_repeated"
    second = replace(poster, key=made["api_key"])
    assert (await second.get("/me"))["organization"]["id"] == poster.id
    listed = (await poster.get("/keys"))["items"]
    assert [one["name"] for one in listed] == ["API Key", "ci"]
    assert made["used_at"] is None
    assert all(one["used_at"] >= one["created_at"] for one in listed)
    assert "api_key" not in listed[1]
    await maker.ask("DELETE", f"/keys/{made['id']}")
    await second.get("/me")
    assert (await poster.ask("DELETE", f"/keys/{made['id']}")).status_code == 200
    await second.get("/me", 401)
    assert (await maker.ask("DELETE", f"/keys/{made['id']}")).status_code == 404


@pytest.mark.promise("NA-MEMBERS")
async def test_somebody_joins_by_a_letter_and_leaves(
    poster: Caller, letters: list[str], by_mail: httpx.AsyncClient
) -> None:
    owner = replace(poster, http=by_mail)
    keyed = {"headers": {"Idempotency-Key": "one"}}
    answer = await owner.post("/invitations", {"email": "eve@example.com"}, 201, **keyed)
    assert await owner.post("/invitations", {"email": "eve@example.com"}, 201, **keyed) == answer
    secret = secret_of(letters[-1])
    assert len(letters) == 1
    assert "eve@example.com" in letters[-1]
    assert secret not in str(answer)
    assert [one["email"] for one in (await owner.get("/invitations"))["items"]] == [
        "eve@example.com"
    ]
    stranger = Caller(by_mail)
    body = {"token": secret, "name": "Eve"}
    made = await stranger.post("/invitations/accept", body, 201)
    assert (made["member"]["name"], made["member"]["role"]) == ("Eve", "member")
    assert (await stranger.post("/invitations/accept", body, 410))["code"] == "gone"
    eve = Caller(by_mail, made["api_key"])
    assert (await eve.get("/me"))["organization"]["id"] == owner.id
    assert len((await eve.get("/members"))["items"]) == 2
    assert (await owner.get("/invitations"))["items"] == []
    await eve.post("/invitations", {"email": "x@example.com"}, 403)
    path = f"/members/{made['member']['user_id']}"
    assert (await owner.ask("DELETE", path)).status_code == 200
    await eve.get("/me", 401)
    assert (await owner.ask("DELETE", path)).status_code == 404
    assert len((await owner.get("/members"))["items"]) == 1


async def test_whoever_has_an_account_joins_with_it_and_keeps_their_own(
    poster: Caller, maker: Caller, letters: list[str], by_mail: httpx.AsyncClient
) -> None:
    owner = replace(poster, http=by_mail)
    bob = await joined(owner, letters, "BOB@example.com")
    mine, theirs = await replace(maker, http=by_mail).get("/me"), await bob.get("/me")
    assert mine["user"]["id"] == theirs["user"]["id"]
    assert mine["user"]["name"] == "Bob"
    assert (mine["organization"]["id"], theirs["organization"]["id"]) == (maker.id, owner.id)
    await replace(maker, http=by_mail).get("/tasks")


async def test_an_organization_keeps_an_owner(
    poster: Caller, letters: list[str], by_mail: httpx.AsyncClient
) -> None:
    owner = replace(poster, http=by_mail)
    me = (await owner.get("/me"))["user"]["id"]
    assert (await owner.ask("DELETE", f"/members/{me}")).status_code == 409
    down = await owner.ask("PATCH", f"/members/{me}", json={"role": "member"})
    assert down.status_code == 409
    eve = await joined(owner, letters, "eve@example.com", "owner")
    down = await eve.ask("PATCH", f"/members/{me}", json={"role": "member"})
    assert down.json()["role"] == "member"
    assert (await owner.ask("PATCH", f"/members/{me}", json={"role": "owner"})).status_code == 403
    assert (await eve.ask("DELETE", f"/members/{eve.id}")).status_code == 409
    assert (await owner.ask("DELETE", f"/members/{me}")).status_code == 200
    assert (await eve.ask("PATCH", f"/members/{me}", json={"role": "x"})).status_code == 400


async def test_an_invitation_is_taken_back_and_grows_old(
    poster: Caller, maker: Caller, letters: list[str], by_mail: httpx.AsyncClient, clock: Clock
) -> None:
    owner = replace(poster, http=by_mail)
    made = await owner.post("/invitations", {"email": "eve@example.com"}, 201)
    path = f"/invitations/{made['id']}"
    assert (await maker.ask("DELETE", path)).status_code == 404
    assert (await owner.ask("DELETE", path)).status_code == 200
    body = {"token": secret_of(letters[-1]), "name": "Eve"}
    await Caller(by_mail).post("/invitations/accept", body, 410)
    await owner.post("/invitations", {"email": "eve@example.com"}, 201)
    clock.advance(8 * 86_400)
    body = {"token": secret_of(letters[-1]), "name": "Eve"}
    await Caller(by_mail).post("/invitations/accept", body, 410)
    await owner.post("/invitations", {"email": "not one"}, 400)


@pytest.mark.promise("NA-TEAMS")
async def test_teams_and_roles(poster: Caller, maker: Caller) -> None:
    team = await poster.post(
        "/teams", {"name": "Web", "config": {"githubToken": "ghp_secret", "review": True}}, 201
    )
    assert team["config"] == {"githubToken": "********", "review": True}
    path = f"/teams/{team['id']}"
    changed = await poster.ask("PATCH", path, json={"goal": "Ship", "config": {"review": None}})
    assert (changed.json()["goal"], changed.json()["config"]) == (
        "Ship", {"githubToken": "********"},
    )  # fmt: skip
    assert [one["name"] for one in (await poster.get("/teams"))["items"]] == ["Default", "Web"]
    await poster.ask("PUT", f"{path}/playbook", json={"playbook": "## Mode"})
    assert (await poster.get(f"{path}/playbook"))["playbook"] == "## Mode"
    body = {"name": "tester", "system_prompt": "Test", "timeout_s": 60, "memory_mib": 512}
    role = await poster.post(f"{path}/roles", body, 201)
    assert (role["timeout_s"], role["settings"]) == (60, {"memory_mib": 512})
    assert (await poster.post(f"{path}/roles", body, 409))["code"] == "name_taken"
    there = f"/roles/{role['id']}"
    changed = await poster.ask("PATCH", there, json={"memory_mib": None, "timeout_s": 90})
    assert (changed.json()["settings"], changed.json()["timeout_s"]) == ({}, 90)
    assert "tester" in [one["name"] for one in (await poster.get(f"{path}/roles"))["items"]]
    for foreign in (path, f"{path}/playbook", f"{path}/roles", there):
        await maker.get(foreign, 404)
    assert (await maker.ask("DELETE", there)).status_code == 404
    assert (await poster.ask("DELETE", there)).status_code == 200
    await poster.get(there, 404)
