"""The hall itself at its pages: whom an admin lets in, what they decide; others may nothing."""

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from hiringhall.actions import accounts
from hiringhall.actions.market import reviewing
from hiringhall.actions.market.agents import register_agent
from hiringhall.domain.agents import make_profile
from hiringhall.doors.pages.office import ROUTES
from hiringhall.doors.pages.paging import PART
from hiringhall.doors.pages.routes_admin import AT
from hiringhall.hall import Hall
from tests.doors.native.conftest import Caller
from tests.doors.pages.conftest import PASSWORD, Person, page_of
from tests.doors.pages.test_delivering import hands_in
from tests.doors.pages.test_home import actor
from tests.support.market import agent_of, claimed, current

pytestmark = pytest.mark.anyio

UNKNOWN = "019c9000-0000-7000-8000-000000000000"
PAGES = [one.path for one in ROUTES if one.path.startswith(AT) and one.method == "GET"]


@pytest.fixture
async def boss(person: Person, hall: Hall) -> Person:
    """Whoever runs the hall, at a browser."""
    await person.signs_up("boss")
    await accounts.make_admin(hall, email=person.email)
    return person


@pytest.fixture
async def caller(http: httpx.AsyncClient, hall: Hall) -> Callable[..., Any]:
    async def named(name: str) -> Caller:
        issued = await accounts.create_user(hall, email=f"{name}@example.net", name=name)
        assert issued is not None
        return Caller(http, issued.secret, issued.organization_id)

    return named


async def test_an_agent_is_let_in_and_suspended(
    boss: Person, caller: Callable[..., Any], http: httpx.AsyncClient
) -> None:
    owner = await caller("owner")
    made = await owner.post("/agents", {"name": "Newcomer <b>", "description": "I label."}, 201)
    agent = Caller(http, made["api_key"])
    await agent.get("/me", 403)
    page = await boss.get(f"{AT}/agents")
    assert "Newcomer <b>" in page.words
    assert "until you let it in its key opens nothing" in page.words
    await boss.send(page.form(f"{AT}/agents/{made['id']}/approve"))
    assert (await agent.get("/me"))["kind"] == "agent"
    page = await boss.get(f"{AT}/agents")
    assert f"{AT}/agents/{made['id']}/approve" not in [one.action for one in page.forms]
    await boss.send(page.form(f"{AT}/agents/{made['id']}/suspend"))
    await agent.get("/me", 403)


async def test_a_dispute_is_decided_on_its_evidence(
    boss: Person, caller: Callable[..., Any]
) -> None:
    owner, worker = await caller("owner"), await caller("worker")
    task = await owner.posts(title="Disputed", price_cents=1_000)
    await worker.post(f"/tasks/{task['id']}/claim")
    made = await worker.delivers(task["id"], "What I *made*")
    await owner.post(f"/deliverables/{made['id']}/reject", {"reason": "It is not what I asked"})
    page = await boss.get(f"{AT}/disputes")
    for words in ("Disputed", "10.00 USD at stake", "By itself it is decided"):
        assert words in page.words
    (path,) = {one for one in page.links() if one.startswith(f"{AT}/disputes/")}
    page = await boss.get(path)
    for words in ("It is not what I asked", "What I made", "10.00", "Delivered", "The poster"):
        assert words in page.words
    # Whoever acted is told by name; the home of whoever decides tells of what waits.
    assert "worker" in page.words
    assert "user:" not in page.words
    assert f"{AT}/disputes" in (await boss.get("/app")).links()
    form = page.form(f"{path}/resolve")
    wrong = page_of(await boss.send(form, 400, worker_cents="much", reason="Half"), 400)
    assert 'id="worker_cents-wrong"' in wrong.text
    assert wrong.form(f"{path}/resolve").values["reason"] == "Half"
    page_of(await boss.send(form, 400, worker_cents="10.01"), 400)
    await boss.send(form, worker_cents="4.00", reason="Half of it was there")
    page = await boss.get(path)
    assert "decided" in page.words
    assert "4.00 (3.60 after the hall's fee of 0.40)" in page.words
    assert f"{path}/resolve" not in [one.action for one in page.forms]
    account = await owner.get("/account")
    assert account["held_cents"] == 0
    assert "Nobody disagrees" in (await boss.get(f"{AT}/disputes")).words


async def test_an_admin_sees_a_disputes_files_which_no_browser_shows(
    boss: Person, bob: Person, third: Person, hall: Hall
) -> None:
    carl = await third.signs_up("carl")
    task = await claimed(hall, await actor(hall, bob), await actor(hall, carl))
    handed = {"page.html": b"<script>alert(1)</script>", "a.md": b"# Half of *it*"}
    await hands_in(carl, task, handed, content="Here")
    made = await current(hall, task)
    assert made.deliverable_id is not None
    await reviewing.reject(
        hall, actor=await actor(hall, bob), task_id=task.id, reason="It is not what I asked for"
    )
    (path,) = {
        one
        for one in (await boss.get(f"{AT}/disputes")).links()
        if one.startswith(f"{AT}/disputes/")
    }
    page = await boss.get(path)
    assert "Bob" in page.words
    assert "Carl" in page.words
    # The task is a step away, and each file is looked at before it is kept.
    at = f"/app/tasks/{task.id}"
    assert at in page.links()
    assert "It is not what I asked for" in (await boss.get(at)).words
    previews = sorted(one for one in page.links() if f"{made.deliverable_id}/files/" in one)
    shown = [await boss.get(one) for one in previews]
    assert any("<em>it</em>" in one.text for one in shown), "Markdown as it reads"
    assert any("&lt;script&gt;alert(1)" in one.text for one in shown), "markup as it is written"
    for one in shown:
        one.runs_nothing()
    for one in previews:
        await third.get(one)
    (file,) = [
        one.attributes["href"]
        for one in page.elements
        if "download" in one.attributes and "page.html" in one.attributes["aria-label"]
    ]
    for browser in (boss, carl):
        kept = await browser.http.get(file, headers={"Accept": "text/html"})
        assert kept.content == b"<script>alert(1)</script>"
        assert kept.headers["content-disposition"].startswith("attachment;")
        assert kept.headers["x-content-type-options"] == "nosniff"
        assert kept.headers["content-type"] == "application/octet-stream"
        assert kept.headers["content-security-policy"].startswith("sandbox;")
    at = f"/app/tasks/{task.id}/deliverables/{made.deliverable_id}/text.md"
    kept = await bob.http.get(at)
    assert kept.headers["content-disposition"].startswith("attachment;")
    assert kept.headers["x-content-type-options"] == "nosniff"


async def test_money_is_booked_once(boss: Person, caller: Callable[..., Any]) -> None:
    owner = await caller("owner")
    before = (await owner.get("/account"))["available_cents"]
    at = f"{AT}/organizations"
    form = (await boss.get(at)).form(f"{at}/book")
    fields: dict[str, Any] = {"organization_id": owner.id, "amount_cents": "12.50"}
    first = await boss.send(form, **fields)
    again = await boss.send(form, **fields)
    assert first.headers["location"] == again.headers["location"] == f"{at}?booked=1"
    assert (await owner.get("/account"))["available_cents"] == before + 1_250
    other = page_of(await boss.send(form, 409, **fields | {"amount_cents": "13"}), 409)
    assert "sent before with other words" in other.words
    assert (await owner.get("/account"))["available_cents"] == before + 1_250
    form = (await boss.get(at)).form(f"{at}/book")
    answer = await boss.send(form, 400, organization_id=owner.id, amount_cents="0.50")
    assert 'id="amount_cents-wrong"' in page_of(answer, 400).text


async def test_an_invitation_is_shown_once_and_can_be_taken_back(boss: Person, hall: Hall) -> None:
    at = f"{AT}/invitations"
    made = page_of(await boss.sends(at, at, 200, valid_days="3"))
    (address,) = {word for word in made.words.split() if "/signup?invitation=inv_" in word}
    page = await boss.get(at)
    assert address.partition("=")[2] not in page.text
    asked = page.form(at)
    page_of(await boss.send(asked, 200, valid_days="2"))
    again = page_of(await boss.send(asked, 409, valid_days="2"), 409)
    assert "shown then, once" in again.words
    assert "Idempotency-Key" not in again.words
    page = await boss.get(at)
    (form, other) = [one for one in page.forms if one.action.endswith("/withdraw")]
    await boss.send(form)
    await boss.send(other)
    assert [one for one in (await boss.get(at)).forms if one.action.endswith("/withdraw")] == []
    page_of(await boss.send(form, 404), 404)
    page_of(await boss.sends(at, at, 400, valid_days="1000"), 400)


async def test_the_books_are_added_up_when_that_is_asked_for(boss: Person) -> None:
    at = f"{AT}/ledger"
    assert "The books balance" not in (await boss.get(at)).words
    assert "The books balance" in (await boss.get(f"{at}?check=1")).words


async def test_the_books_are_read_newest_first(boss: Person, caller: Callable[..., Any]) -> None:
    owner, worker = await caller("owner"), await caller("worker")
    title = "Something <b>made</b>"
    task = await owner.posts(title=title, price_cents=1_000)
    await worker.post(f"/tasks/{task['id']}/claim")
    made = await worker.delivers(task["id"], "Done.")
    await owner.post(f"/deliverables/{made['id']}/accept", {"rating": 5})
    page = await boss.get(f"{AT}/ledger")
    rows = [row for row in page.rows if row[1].endswith(title)]
    assert {(row[1].removesuffix(title), *row[2:]) for row in rows} >= {
        (
            "Held",
            "owner's organization to spend",
            "owner's organization held for the task",
            "10.00",
        ),
        ("Fee", "owner's organization held for the task", "The hall's fees", "1.00"),
        (
            "Paid for work",
            "owner's organization held for the task",
            "worker's organization earned",
            "9.00",
        ),
        (
            "Earned, free to spend",
            "worker's organization earned",
            "worker's organization to spend",
            "9.00",
        ),
    }
    for _ in range(PART):
        await owner.posts(title="More", price_cents=1)
    first = await boss.get(f"{AT}/ledger")
    (more,) = [one for one in first.links() if "before=" in one]
    assert len(first.rows) == PART
    assert title in (await boss.get(more)).words


async def test_money_is_booked_for_whom_it_was_said(boss: Person) -> None:
    at = f"{AT}/organizations"
    page = page_of(await boss.sends(at, f"{at}/book", 400, amount_cents="5.00"), 400)
    assert 'id="organization_id-wrong"' in page.text


async def test_how_it_fares_says_that_no_mail_is_set_up(boss: Person) -> None:
    assert "No mail is set up" in (await boss.get(AT)).words


async def test_how_it_fares_names_who_waits(boss: Person, caller: Callable[..., Any]) -> None:
    await (await caller("owner")).post("/agents", {"name": "Newcomer"}, 201)
    page = await boss.get(AT)
    assert "Agents to let in" in page.words
    assert "Timers are on time" in page.words
    assert AT in (await boss.get("/app")).links()


async def test_whoever_waits_longest_to_be_let_in_is_counted_too(
    boss: Person, bob: Person, hall: Hall
) -> None:
    operator = await actor(hall, bob)
    first, _ = await register_agent(hall, actor=operator, profile=make_profile(name="first"))
    for number in range(21):
        await agent_of(hall, operator, f"later {number}")
    for path in ("/app", AT):
        assert re.search(r"Agents to let in\s*1\b", (await boss.get(path)).words)
    form = (await boss.get(f"{AT}/agents")).form(f"{AT}/agents/{first.id}/approve")
    await boss.send(form)
    assert "Agents to let in" not in (await boss.get("/app")).words
    assert re.search(r"Agents to let in\s*0\b", (await boss.get(AT)).words)


@pytest.mark.parametrize("path", PAGES)
async def test_others_see_nothing_of_it(bob: Person, path: str) -> None:
    answer = await bob.http.get(path.replace("{dispute_id}", UNKNOWN))
    assert answer.status_code in (403, 404)
    page_of(answer, answer.status_code)
    assert AT not in (await bob.get("/app")).links()


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        (one.path, {"worker_cents": "1", "amount_cents": "5", "reference": "x"})
        for one in ROUTES
        if one.path.startswith(AT) and one.method == "POST"
    ],
)
async def test_others_do_nothing_of_it(bob: Person, path: str, fields: dict[str, str]) -> None:
    token = (await bob.get("/app")).form("/signout").values["csrf"]
    for name in ("agent_id", "dispute_id", "invitation_id", "payout_id"):
        path = path.replace(f"{{{name}}}", UNKNOWN)
    answer = await bob.http.post(path, data={**fields, "csrf": token, "organization_id": UNKNOWN})
    assert answer.status_code in (403, 404)
    assert PASSWORD not in answer.text
