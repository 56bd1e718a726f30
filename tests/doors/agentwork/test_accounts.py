"""Opening an account and getting keys, as seeds 000 and 001 say."""

import asyncio
import re
from dataclasses import replace
from typing import Any

import httpx
import pytest
from sqlalchemy import bindparam, select

from hiringhall.actions import accounts
from hiringhall.doors.desk import Desk
from hiringhall.hall import Hall, Registration, Rules
from hiringhall.queries.accounts import list_users
from hiringhall.store.database import Tx
from hiringhall.store.statements import Statement
from hiringhall.store.tables import api_keys
from tests.doors.conftest import BASE_URL, OpenFront, Visitor, refused
from tests.support.halls import Clock

pytestmark = pytest.mark.anyio

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
LABEL = Statement(
    select(api_keys.c.label).where(api_keys.c.prefix == bindparam("prefix")), name="test_key_label"
)
ADA = {"email": "ada@example.com", "name": "Ada Lovelace"}


def at(front_of: OpenFront, desk: Desk, **rules: Any) -> httpx.AsyncClient:
    """A client of a hall with other rules."""
    other = replace(desk, hall=replace(desk.hall, rules=Rules(**rules)))
    return httpx.AsyncClient(transport=httpx.ASGITransport(front_of(other).app), base_url=BASE_URL)


class TestRegister:
    @pytest.mark.promise(
        "AW-REG-PATH",
        "AW-REG-ANSWER",
        "AW-REG-UUIDS",
        "AW-REG-SHORT-ID",
        "AW-REG-KEY-PREFIX",
        "AW-AUTH-OPEN",
        "AW-CODE-STANDARD",
    )
    async def test_it_makes_an_account_and_its_key(self, stranger: Visitor) -> None:
        answer = await stranger.post("/api/v1/auth/register", ADA)
        assert answer.status_code == 201
        said = answer.json()
        assert list(said) == [
            "api_key",
            "key_prefix",
            "organization_id",
            "organization_short_id",
            "user_id",
        ]
        assert said["key_prefix"] == said["api_key"][:16]
        assert re.fullmatch(r"[A-Za-z0-9]{5}", said["organization_short_id"])
        assert UUID.fullmatch(said["organization_id"])
        assert UUID.fullmatch(said["user_id"])
        assert answer.headers["cache-control"] == "no-store"

    @pytest.mark.promise("AW-REG-KEY", "AW-AUTH-BEARER", "AW-CREDITS-FREE", "AW-BASE")
    @pytest.mark.parametrize("door", ["", "/agentwork"])
    async def test_its_key_opens_every_task_endpoint_at_once(
        self, stranger: Visitor, door: str
    ) -> None:
        stranger.at = door
        answer = await stranger.post("/api/v1/auth/register", ADA)
        key = answer.json()["api_key"]
        assert key.startswith("aw_live_")
        ada = replace(stranger, key=key)
        task_id = await ada.create()
        for path in ("", f"/{task_id}", f"/{task_id}/result", f"/{task_id}/events"):
            assert (await ada.get(f"/api/v1/tasks{path}")).status_code == 200
        for word, body in (
            ("message", {"message": "x"}),
            ("solution-status", {"status": "CONFIRMED"}),
            ("spec-status", {"status": "CONFIRMED"}),
        ):
            assert (await ada.say(task_id, word, body)).status_code == 400, "not in this state"
        assert (await ada.say(task_id, "cancel")).status_code == 200

    @pytest.mark.promise("AW-REG-EMAIL", "AW-REG-NAME", "AW-CODE-400", "AW-ERROR-4XX")
    async def test_email_and_name_are_required_texts(self, stranger: Visitor) -> None:
        changes: dict[str, list[Any]] = {
            "email": [
                None, 1, ["a@b.example"], "", "  ", "nobody", "a@b@c.example", "a b@c.example",
                "a@b.example\r\nBcc: c@d.example", "@example.com", "a" * 70 + "@example.com",
            ],
            "name": [None, 1, "", " \t ", {}, "x" * 201],
            "organization_name": [5, [], "x" * 201],
        }  # fmt: skip
        for field, values in changes.items():
            for value in values:
                body = {**ADA, field: value}
                refused(await stranger.post("/api/v1/auth/register", body), 400)

    @pytest.mark.promise("AW-REG-EMAIL", "AW-REG-NAME")
    @pytest.mark.parametrize("missing", ["email", "name"])
    async def test_a_missing_field_is_named(self, stranger: Visitor, missing: str) -> None:
        body = {name: value for name, value in ADA.items() if name != missing}
        detail = refused(await stranger.post("/api/v1/auth/register", body), 400)
        assert detail == f"{missing} is required"

    @pytest.mark.promise("AW-REG-ORGANIZATION", "AW-REG-ORGANIZATION-AUTO")
    @pytest.mark.parametrize(
        ("given", "kept"),
        [
            ({"organization_name": "  Engines  Ltd "}, "Engines Ltd"),
            ({}, "Ada Lovelace's organization"),
            ({"organization_name": None}, "Ada Lovelace's organization"),
            ({"organization_name": "  "}, "Ada Lovelace's organization"),
        ],
    )
    async def test_the_organization_is_named(
        self, stranger: Visitor, hall: Hall, given: dict[str, Any], kept: str
    ) -> None:
        answer = await stranger.post("/api/v1/auth/register", {**ADA, **given})
        assert answer.status_code == 201
        [(user, organization)] = await list_users(hall)
        assert (user.email, organization) == ("ada@example.com", kept)

    @pytest.mark.promise("AW-REG-TAKEN", "AW-CODE-409")
    @pytest.mark.parametrize("email", ["ada@example.com", "ADA@Example.COM", " ada@example.com "])
    async def test_a_taken_email_is_409_in_any_letter_case(
        self, stranger: Visitor, hall: Hall, email: str
    ) -> None:
        await stranger.post("/api/v1/auth/register", ADA)
        again = await stranger.post("/api/v1/auth/register", {**ADA, "email": email})
        assert refused(again, 409) == "Email already registered"
        assert len(await list_users(hall)) == 1

    @pytest.mark.promise("AW-REG-TAKEN")
    async def test_of_many_at_once_one_gets_the_email(self, stranger: Visitor) -> None:
        answers = await asyncio.gather(
            *(
                stranger.post("/api/v1/auth/register", {**ADA, "email": email})
                for email in ("ada@example.com", "Ada@example.com", "ADA@EXAMPLE.COM") * 4
            )
        )
        assert sorted(one.status_code for one in answers) == [201, *[409] * 11]

    @pytest.mark.promise("AW-REG-KEY-ONCE")
    async def test_the_key_is_never_said_again(self, ada: Visitor, hall: Hall) -> None:
        task_id = await ada.create()
        assert ada.key is not None
        one = f"/api/v1/tasks/{task_id}"
        for path in ("/api/v1/tasks", "/api/v1/credits", one, f"{one}/events", f"{one}/result"):
            assert ada.key not in (await ada.get(path)).text

    @pytest.mark.parametrize("registration", [Registration.CLOSED, Registration.INVITE])
    async def test_a_closed_hall_takes_no_registration(
        self, desk: Desk, front_of: OpenFront, registration: Registration
    ) -> None:
        async with at(front_of, desk, registration=registration) as http:
            refused(await http.post("/api/v1/auth/register", json=ADA), 403)

    async def test_an_invitation_opens_one_account(
        self, desk: Desk, front_of: OpenFront, hall: Hall
    ) -> None:
        invitation = await accounts.invite(hall)
        async with at(front_of, desk, registration=Registration.INVITE) as http:
            for wrong in ("", "inv_nothing", invitation + "x"):
                body = {**ADA, "invitation": wrong}
                refused(await http.post("/api/v1/auth/register", json=body), 403)
            body = {**ADA, "invitation": invitation}
            assert (await http.post("/api/v1/auth/register", json=body)).status_code == 201
            body["email"] = "bob@example.com"
            refused(await http.post("/api/v1/auth/register", json=body), 403)

    async def test_registrations_are_throttled_by_address(
        self, desk: Desk, front_of: OpenFront, clock: Clock
    ) -> None:
        async with at(front_of, desk, registrations_per_hour=2) as http:
            for number in range(2):
                body = {**ADA, "email": f"ada{number}@example.com"}
                assert (await http.post("/api/v1/auth/register", json=body)).status_code == 201
            body = {**ADA, "email": "ada3@example.com"}
            answer = await http.post("/api/v1/auth/register", json=body)
            refused(answer, 429)
            assert 3590 <= int(answer.headers["retry-after"]) <= 3600
            clock.advance(3601)
            assert (await http.post("/api/v1/auth/register", json=body)).status_code == 201


class TestExchange:
    @pytest.fixture
    async def account(self, hall: Hall) -> dict[str, str]:
        await accounts.create_user(
            hall, email="Ada@example.com", name="Ada", password="correct horse"
        )
        return {"email": "ada@example.com", "password": "correct horse"}

    @pytest.mark.promise("AW-KEY-PATH", "AW-KEY-ANSWER", "AW-AUTH-OPEN")
    async def test_a_password_gives_a_new_working_key(
        self, stranger: Visitor, account: dict[str, str]
    ) -> None:
        answer = await stranger.post("/api/v1/auth/api-key", account)
        assert answer.status_code == 200
        said = answer.json()
        assert list(said) == ["api_key", "key_prefix", "organization_id", "organization_short_id"]
        assert said["key_prefix"] == said["api_key"][:16]
        assert answer.headers["cache-control"] == "no-store"
        again = await stranger.post("/api/v1/auth/api-key", account)
        assert again.json()["api_key"] != said["api_key"]
        for one in (answer, again):
            with_key = replace(stranger, key=one.json()["api_key"])
            assert (await with_key.get("/api/v1/tasks/")).json() == {"tasks": []}

    @pytest.mark.promise("AW-KEY-EMAIL", "AW-KEY-PASSWORD")
    @pytest.mark.parametrize("field", ["email", "password"])
    async def test_email_and_password_are_required_texts(
        self, stranger: Visitor, account: dict[str, str], field: str
    ) -> None:
        for value in (None, 1, [], {}):
            refused(await stranger.post("/api/v1/auth/api-key", {**account, field: value}), 400)
        del account[field]
        detail = refused(await stranger.post("/api/v1/auth/api-key", account), 400)
        assert detail == f"{field} is required"

    @pytest.mark.promise("AW-KEY-NAME", "AW-KEY-NAME-DEFAULT")
    @pytest.mark.parametrize(
        ("given", "label"),
        [
            ({"key_name": " My  key "}, "My key"),
            ({}, "API Key"),
            ({"key_name": None}, "API Key"),
            ({"key_name": " "}, "API Key"),
        ],
    )
    async def test_the_key_is_labelled(
        self,
        stranger: Visitor,
        hall: Hall,
        account: dict[str, str],
        given: dict[str, Any],
        label: str,
    ) -> None:
        answer = await stranger.post("/api/v1/auth/api-key", {**account, **given})
        prefix = answer.json()["key_prefix"]

        async def find(tx: Tx) -> Any:
            return await tx.one(LABEL, prefix=prefix)

        assert (await hall.database.read(find)).label == label

    @pytest.mark.promise("AW-KEY-WRONG")
    async def test_wrong_credentials_are_401_and_alike(
        self, stranger: Visitor, account: dict[str, str]
    ) -> None:
        for change in (
            {"password": "wrong horse"}, {"password": ""}, {"password": "x" * 100_000},
            {"password": "correct horse "}, {"email": "nobody@example.com"}, {"email": "nobody"},
            {"email": ""},
        ):  # fmt: skip
            answer = await stranger.post("/api/v1/auth/api-key", {**account, **change})
            assert refused(answer, 401) == "Invalid credentials", change

    @pytest.mark.promise("AW-KEY-WRONG")
    async def test_an_account_without_a_password_gives_no_key(
        self, stranger: Visitor, ada: Visitor
    ) -> None:
        body = {"email": "ada@example.com", "password": ""}
        refused(await stranger.post("/api/v1/auth/api-key", body), 401)

    @pytest.mark.promise("AW-KEY-NO-ORGANIZATION")
    async def test_a_user_without_an_organization_is_400(
        self, stranger: Visitor, hall: Hall
    ) -> None:
        await accounts.create_user(
            hall,
            email="bare@example.com",
            name="Bare",
            password="correct horse",
            without_organization=True,
        )
        body = {"email": "bare@example.com", "password": "correct horse"}
        refused(await stranger.post("/api/v1/auth/api-key", body), 400)
        body["password"] = "wrong"
        refused(await stranger.post("/api/v1/auth/api-key", body), 401)

    async def test_attempts_are_throttled_by_email(
        self, desk: Desk, front_of: OpenFront, account: dict[str, str]
    ) -> None:
        async with at(front_of, desk, sign_ins_per_email=2) as http:
            for email in ("ada@example.com", "ADA@example.com"):
                body = {"email": email, "password": "wrong"}
                refused(await http.post("/api/v1/auth/api-key", json=body), 401)
            answer = await http.post("/api/v1/auth/api-key", json=account)
            refused(answer, 429)
            assert 1 <= int(answer.headers["retry-after"]) <= 900


class TestBearer:
    @pytest.mark.promise("AW-CODE-401", "AW-AUTH-BEARER")
    async def test_without_a_valid_key_every_task_endpoint_is_401(
        self, stranger: Visitor, ada: Visitor
    ) -> None:
        assert ada.key is not None
        task_id = await ada.create()
        values: tuple[Any, ...] = (
            None, "", "Bearer", "Bearer ", f"Basic {ada.key}", ada.key, "Bearer aw_live_nothing",
            f"Bearer {ada.key}x", f"Bearer {ada.key[:-1]}", f"Bearer x{ada.key}",
            f"Bearer {ada.key} {ada.key}", f"Bearer {'aw_live_' + 'x' * 20_000}",
            "Bearer aw_live_\xfc\xff".encode("latin-1"), f"Bearer {ada.key.upper()}",
        )  # fmt: skip
        one = f"/api/v1/tasks/{task_id}"
        words = ("message", "solution-status", "spec-status", "cancel")
        asked = [("POST", "/api/v1/tasks"), ("GET", "/api/v1/tasks"), ("GET", one)]
        asked += [("GET", f"{one}/result"), ("GET", f"{one}/events")]
        asked += [("POST", f"{one}/{word}") for word in words]
        for method, path in asked:
            for value in values:
                headers: dict[str, Any] = {} if value is None else {"Authorization": value}
                answer = await stranger.http.request(method, path, headers=headers, json={})
                assert refused(answer, 401) == "Invalid or missing API key", value
                assert answer.headers["www-authenticate"] == "Bearer"

    @pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "Bearer "])
    async def test_the_scheme_is_read_in_any_letter_case(self, ada: Visitor, scheme: str) -> None:
        headers = {"Authorization": f"{scheme} {ada.key}"}
        assert (await ada.http.get("/api/v1/tasks", headers=headers)).status_code == 200
