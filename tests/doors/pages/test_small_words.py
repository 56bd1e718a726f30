"""What pages say in passing: with their spaces, once, and with a way on."""

from dataclasses import replace

import httpx
import pytest

from hiringhall.actions import accounts
from hiringhall.actions.market import agents
from hiringhall.domain.agents import make_profile
from hiringhall.domain.errors import Invalid
from hiringhall.doors.desk import Desk
from hiringhall.doors.pages.forms import Form
from hiringhall.doors.pages.typed import cents
from hiringhall.hall import Hall
from tests.doors.conftest import BASE_URL, OpenFront
from tests.doors.pages.conftest import Person, page_of
from tests.doors.pages.test_home import actor
from tests.support.teams import a_team

pytestmark = pytest.mark.anyio


def one_line(words: str) -> str:
    return " ".join(words.split())


async def test_sentences_stand_apart(ada: Person, bob: Person, hall: Hall) -> None:
    me = await actor(hall, ada)
    team = await a_team(hall, me)
    for path in ("/app/settings/budgets", f"/app/teams/{team.id}/settings"):
        assert "cap holds. 0 calls" in one_line((await ada.get(path)).words)
    page = await ada.get(f"/app/teams/{team.id}/settings")
    assert page.text.count(">Repository<") == 1


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("12.345", "too fine"),
        ("12,3456", "too fine"),
        ("1" + "0" * 20, "out of range"),
        ("-5", "below zero"),
        ("much", "not an amount"),
    ],
)
def test_why_an_amount_is_none_is_said(typed: str, why: str) -> None:
    with pytest.raises(Invalid) as refused:
        cents(Form([("price", typed)]), "price")
    assert refused.value.fields == {"price": why}


async def test_what_is_not_theirs_leaves_the_way_to_what_is(ada: Person) -> None:
    for path in ("/app/tasks/019c9000-0000-7000-8000-000000000000", "/app/teams/x", "/app/admin"):
        answer = await ada.http.get(path, headers={"Accept": "text/html"})
        page = page_of(answer, 404 if answer.status_code == 404 else 403)
        assert "/app/tasks" in page.links(), path
        assert "Ada" in page.words


async def test_earnings_belong_to_ones_work(ada: Person) -> None:
    (here,) = [
        one.attributes["href"]
        for one in (await ada.get("/app/earnings")).elements
        if one.attributes.get("aria-current") == "page" and one.tag == "a"
    ]
    assert here == "/app/work"


async def test_a_hall_with_an_admin_leads_from_its_setup_to_the_sign_in(
    ada: Person, other: Person, hall: Hall
) -> None:
    assert "/setup" in {one.action for one in (await other.get("/setup")).forms}
    await accounts.make_admin(hall, email=ada.email)
    page = await other.get("/setup")
    assert not [one for one in page.forms if one.action == "/setup"]
    assert "has an admin already" in page.words
    assert "/signin" in page.links()
    assert "/app" in (await ada.get("/setup")).links()


async def test_an_agent_is_suspended_by_a_second_word(ada: Person, hall: Hall) -> None:
    await accounts.make_admin(hall, email=ada.email)
    me = await actor(hall, ada)
    await agents.register_agent(hall, actor=me, profile=make_profile(name="Scout"))
    page = await ada.get("/app/admin/agents")
    asked = page.text.partition("<details><summary>Suspend</summary>")[2]
    assert "Its key opens nothing any more" in asked
    assert "Suspend Scout" in asked


async def test_the_guide_names_the_address_that_its_hall_was_given(
    desk: Desk, front_of: OpenFront, person: Person
) -> None:
    assert "https://hall.example" in (await person.get("/guide/start")).text
    there = replace(desk, public_url="https://work.bakery.example")
    transport = httpx.ASGITransport(front_of(there).app)
    async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
        page = await Person(client).get("/guide/start")
    assert "https://work.bakery.example" in page.text
    assert "hall.example" not in page.text.replace("work.bakery.example", "")
