"""Budgets at the pages: what models have cost, drawn, and the caps that owners set there."""

import pytest

from hiringhall.actions.budgets import set_cap
from hiringhall.actions.own_account import switch_organization
from hiringhall.actions.runs import pausing, spending
from hiringhall.domain.compute import CapReached, CapScope, Spender
from hiringhall.domain.policy import Actor
from hiringhall.hall import Hall
from hiringhall.queries.budgets import spending_of_organization, spending_of_team
from hiringhall.store.budgets import ModelCall
from tests.doors.pages.conftest import Person, page_of
from tests.doors.pages.test_home import actor
from tests.support.halls import begin, join, post
from tests.support.teams import a_team

pytestmark = pytest.mark.anyio

AT = "/app/settings/budgets"
NEW = "/app/tasks/new"


@pytest.fixture
async def me(ada: Person, hall: Hall) -> Actor:
    """Ada, whom the hall holds to 20.00."""
    found = await actor(hall, ada)
    await set_cap(hall, email=ada.email, scope=CapScope.ORGANIZATION, cap_micros=20_000_000)
    return found


async def test_an_owner_caps_what_models_may_cost(ada: Person, hall: Hall, me: Actor) -> None:
    page = await ada.get(AT)
    assert "20.0000 USD is the cap that holds" in page.words
    form = page.form(f"{AT}/cap")
    assert form.values["cap"] == ""
    for wrong, why in (("much", "no amount"), ("20.01", "holds the organization to 20.00")):
        page = page_of(await ada.send(form, 400, cap=wrong), 400)
        assert page.form(f"{AT}/cap").values["cap"] == wrong
        (said,) = [one for one in page.elements if one.attributes.get("id") == "cap-wrong"]
        assert said.tag == "p"
        assert why in page.words
    await ada.send(form, cap="12.5")
    assert (await spending_of_organization(hall, actor=me)).owners_cap_micros == 12_500_000
    page = await ada.get(AT)
    assert "12.5000 USD is the cap that holds" in page.words
    assert page.form(f"{AT}/cap").values["cap"] == "12.50"
    # Sent a second time, as by a reload, it changes nothing that was said since.
    await ada.send(page.form(f"{AT}/cap"), cap="3")
    await ada.send(form, cap="12.5")
    assert (await spending_of_organization(hall, actor=me)).owners_cap_micros == 3_000_000
    await ada.send((await ada.get(AT)).form(f"{AT}/cap"), cap="")
    page = await ada.get(AT)
    assert (await spending_of_organization(hall, actor=me)).owners_cap_micros is None
    assert page.words.count("Whoever runs this hall ·") == 1
    assert page.words.count("Ada ·") == 3


async def test_an_owner_caps_a_team_beside_its_settings(ada: Person, hall: Hall, me: Actor) -> None:
    team = await a_team(hall, me, name="Rockets")
    at = f"/app/teams/{team.id}/settings"
    assert f"{at}#budget" in (await ada.get(AT)).links()
    await ada.sends(at, f"{at}/cap", cap="7")
    assert (await spending_of_team(hall, actor=me, team_id=team.id)).cap_micros == 7_000_000
    page = page_of(await ada.sends(at, f"{at}/cap", 400, cap="-1"), 400)
    assert page.form(f"{at}/cap").values["cap"] == "-1"
    # The page's other form stands as it was.
    assert page.form(at).values["name"] == "Rockets"
    page = page_of(await ada.sends(at, at, 400, name=""), 400)
    assert page.form(f"{at}/cap").values["cap"] == "7.00"


async def test_what_is_spent_and_put_by_is_drawn(ada: Person, hall: Hall, me: Actor) -> None:
    await ada.sends(AT, f"{AT}/cap", cap="10")
    task = await post(hall, me)
    errand = Spender(None, task.id, task.team_id, task.organization_id, None)
    for micros in (4_000_000, 1_000_000):
        call = await spending.reserve_errand(
            hall, spender=errand, provider="p", model="m", amount_micros=micros
        )
        assert isinstance(call, ModelCall)
        if micros == 4_000_000:
            await spending.settle_broken_call(hall, call=call, runtime="")
    page = await ada.get(AT)
    assert "4.0000 spent, 1.0000 put by" in page.words
    (gauge,) = [one for one in page.elements if one.attributes.get("class") == "gauge"]
    said = gauge.attributes["aria-label"]
    assert said == "The whole organization: 4.0000 spent and 1.0000 put by of 10.0000"
    drawn = {
        one.attributes["class"]: (one.attributes.get("x"), one.attributes["width"])
        for one in reversed(page.elements)
        if one.tag == "rect"
    }
    assert drawn["spent"] == (None, "40.0")
    assert drawn["put-by"] == ("40.0", "10.0")


async def test_what_has_stopped_is_listed_and_said_to_have_room(
    ada: Person, hall: Hall, me: Actor
) -> None:
    assert "Stopped at a cap" not in (await ada.get(AT)).words
    await ada.sends(AT, f"{AT}/cap", cap="2")
    task = await post(hall, me, title="Count the stars")
    run = await begin(hall)
    reached = await spending.reserve_call(
        hall,
        token=run.token,
        spender=Spender(run.id, task.id, task.team_id, task.organization_id, None),
        provider="p",
        model="m",
        amount_micros=3_000_000,
    )
    assert isinstance(reached, CapReached)
    await pausing.pause_for_budget(hall, token=run.token, reached=reached)
    own = f"/app/tasks/{task.id}"
    page = await ada.get(AT)
    assert f"{own}#budget" in page.links()
    assert "No room for it yet" in page.words
    assert "there is room for it now" not in (await ada.get(own)).words
    led = await ada.sends(AT, f"{AT}/cap", cap="3")
    page = await ada.get(led.headers["location"])
    assert "There is room for it now" in page.words
    assert "goes on once that is answered" in page.words
    form = (await ada.get(own)).form(f"{own}/reply")
    assert "there is room for it now" in (await ada.get(own)).words
    await ada.send(form, 303, **{"answer-0": "1"})
    assert "Stopped at a cap" not in (await ada.get(AT)).words


async def test_a_tasks_raised_cap_lets_its_work_go_on(ada: Person, hall: Hall, me: Actor) -> None:
    posted = await ada.sends(NEW, NEW, title="T", description="D", cap_micros="2")
    own = posted.headers["location"]
    run = await begin(hall)
    reached = await spending.reserve_call(
        hall,
        token=run.token,
        spender=Spender(run.id, run.task_id, run.team_id, run.organization_id, None),
        provider="p",
        model="m",
        amount_micros=3_000_000,
    )
    assert isinstance(reached, CapReached)
    await pausing.pause_for_budget(hall, token=run.token, reached=reached)
    assert f"{own}/reply" in [one.action for one in (await ada.get(own)).forms]
    await ada.sends(own, f"{own}/cap", cap="4")
    page = await ada.get(own)
    assert f"{own}/reply" not in [one.action for one in page.forms]
    assert "Up to 4.00" in page.words


async def test_a_member_sees_budgets_and_sets_none(
    ada: Person, bob: Person, hall: Hall, me: Actor
) -> None:
    form = (await ada.get(AT)).form(f"{AT}/cap")
    theirs = await actor(hall, bob)
    mate = await join(hall, theirs, me)
    await switch_organization(hall, actor=theirs, organization_id=mate.organization_id or "")
    page = await bob.get(AT)
    assert f"{AT}/cap" not in [one.action for one in page.forms]
    assert "An owner of your organization sets its cap" in page.words
    csrf = page.form("/signout").values["csrf"]
    answer = await bob.send(form, 403, csrf=csrf, cap="5")
    assert "Only an owner" in page_of(answer, 403).words
    assert (await spending_of_organization(hall, actor=me)).owners_cap_micros is None
