"""Agents at their pages: registered with a key that is shown once, changed, and whose they are."""

import re

import pytest

from hiringhall.actions.market import agents, delivering, reviewing
from hiringhall.actions.market import claims as claiming
from hiringhall.domain.policy import HALL, Actor
from hiringhall.hall import Hall
from hiringhall.queries.agents import authenticate_agent
from hiringhall.queries.operated import operated_agent
from hiringhall.queries.sign_ins import actor_of, signed_in
from tests.doors.pages.conftest import Person, page_of
from tests.doors.pages.test_home import PAYLOADS
from tests.support.market import agent_of, funded

pytestmark = pytest.mark.anyio

KEY = re.compile(r"nxw_[A-Za-z0-9_-]{20,}")


async def actor(hall: Hall, person: Person) -> Actor:
    return actor_of(await signed_in(hall, secret=person.http.cookies["hall"]))


async def registers(person: Person, **typed: str) -> tuple[str, str]:
    """Register an agent; its page and its key."""
    fields = {"name": "Scout", "categories": "writing, Data-Labeling", **typed}
    answer = await person.sends("/app/agents/new", "/app/agents/new", 200, **fields)
    page = page_of(answer)
    (path,) = [one for one in page.links() if re.fullmatch(r"/app/agents/[0-9a-f-]{36}", one)]
    (key,) = set(KEY.findall(page.text))
    return path, key


async def test_a_key_is_shown_once_and_opens_once_it_is_approved(ada: Person, hall: Hall) -> None:
    assert "None yet" in (await ada.get("/app/agents")).words
    path, key = await registers(ada, task_force="yes")
    page = await ada.get(path)
    assert key not in page.text
    assert key[:12] in page.text
    assert "has to approve it" in page.words
    await agents.approve_agent(hall, actor=HALL, agent_id=path.rpartition("/")[2])
    known = await authenticate_agent(hall, key)
    assert known.agent_id == path.rpartition("/")[2]
    page = await ada.get("/app/agents")
    for word in ("Scout", "Approved", "writing, data_labeling", "Task Forces"):
        assert word in page.words


async def test_the_same_form_sent_twice_makes_one_agent(ada: Person, hall: Hall) -> None:
    form = (await ada.get("/app/agents/new")).form("/app/agents/new")
    await ada.send(form, 200, name="Scout")
    answer = await ada.send(form, 409, name="Scout")
    assert not KEY.search(answer.text)
    page = await ada.get("/app/agents")
    assert (
        len([one for one in page.elements if one.attributes.get("href", "").count("-") == 4]) == 1
    )


async def test_what_is_refused_is_said_beside_its_field(ada: Person) -> None:
    answer = await ada.sends(
        "/app/agents/new",
        "/app/agents/new",
        400,
        name="Scout",
        description="Reads",
        categories="§",
        task_force="yes",
    )
    page = page_of(answer, 400)
    values = page.form("/app/agents/new").values
    assert (values["name"], values["description"], values["categories"]) == ("Scout", "Reads", "§")
    assert values["task_force"] == "yes"
    assert any(one.attributes.get("id") == "categories-wrong" for one in page.elements)


async def test_its_profile_is_changed_and_task_forces_are_a_real_yes(
    ada: Person, hall: Hall
) -> None:
    path, _ = await registers(ada, task_force="yes")
    form = (await ada.get(path)).form(f"{path}/profile")
    assert form.values["task_force"] == "yes"
    form.fields = [one for one in form.fields if one[0] != "task_force"]
    await ada.send(form, name="Scribe", categories="")
    found = await operated_agent(
        hall, actor=await actor(hall, ada), agent_id=path.rpartition("/")[2]
    )
    assert (found.agent.name, found.agent.task_force) == ("Scribe", False)
    assert found.agent.categories == ()
    answer = await ada.sends(path, f"{path}/profile", 400, name=" ", description="Kept")
    page = page_of(answer, 400)
    assert page.form(f"{path}/profile").values["description"] == "Kept"


async def test_another_key_closes_the_one_before(ada: Person, hall: Hall) -> None:
    path, key = await registers(ada)
    await agents.approve_agent(hall, actor=HALL, agent_id=path.rpartition("/")[2])
    form = (await ada.get(path)).form(f"{path}/key")
    page = page_of(await ada.send(form, 200))
    (other,) = set(KEY.findall(page.text))
    assert other != key
    assert (await authenticate_agent(hall, other)).agent_id == path.rpartition("/")[2]
    assert not KEY.search((await ada.send(form, 409)).text)


async def test_its_work_and_earnings_stand_on_its_page(
    ada: Person, bob: Person, hall: Hall
) -> None:
    seller, buyer = await actor(hall, ada), await actor(hall, bob)
    agent = await agent_of(hall, seller)
    path = f"/app/agents/{agent.agent_id}"
    task = await funded(hall, buyer, title="Label them all")
    await claiming.claim(hall, actor=agent, task_id=task.id)
    page = await ada.get(path)
    assert "Tasks at hand: 1." in page.words
    assert "Label them all" in page.words
    await delivering.deliver(hall, actor=agent, task_id=task.id, text="All of them are labelled.")
    await reviewing.accept(hall, actor=buyer, task_id=task.id, rating=4, feedback="Neat work")
    page = await ada.get(path)
    for word in ("100 %", "4.0 / 5 (1)", "Neat work", "45.00", "5.00"):
        assert word in page.words


async def test_agents_are_their_organizations_alone(ada: Person, bob: Person) -> None:
    path, _ = await registers(ada, name="Ada's own")
    await bob.get(path, 404)
    assert "Ada's own" not in (await bob.get("/app/agents")).words
    mine, _ = await registers(bob)
    form = (await bob.get(mine)).form(f"{mine}/profile")
    await bob.send(form, 404, to=f"{path}/profile")
    await bob.send(form, 404, to=f"{path}/key")
    assert "Ada's own" in (await ada.get(path)).words


@pytest.mark.parametrize("payload", PAYLOADS)
async def test_names_and_words_run_nowhere(
    ada: Person, bob: Person, hall: Hall, payload: str
) -> None:
    seller, buyer = await actor(hall, ada), await actor(hall, bob)
    agent = await agent_of(hall, seller, payload, description=payload)
    task = await funded(hall, buyer, title=payload)
    await claiming.claim(hall, actor=agent, task_id=task.id)
    await delivering.deliver(hall, actor=agent, task_id=task.id, text="It is done, all of it.")
    await reviewing.accept(hall, actor=buyer, task_id=task.id, rating=1, feedback=payload)
    for path, times in (("/app/agents", 1), (f"/app/agents/{agent.agent_id}", 4)):
        page = await ada.get(path)
        assert page.words.count(payload) >= times
        page.runs_nothing()


async def test_a_long_list_goes_on_at_another_page(ada: Person, hall: Hall) -> None:
    me = await actor(hall, ada)
    for number in range(52):
        await agent_of(hall, me, f"agent {number:02d}")
    page = await ada.get("/app/agents")
    assert "agent 51" in page.words
    assert "agent 01" not in page.words
    (more,) = [one for one in page.links() if "before=" in one]
    page = await ada.get(more)
    assert "agent 01" in page.words
    assert "agent 51" not in page.words
