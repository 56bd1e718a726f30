"""Two members at the same form: nobody's words are overwritten unseen, and none are lost."""

from typing import Any

import pytest

from hiringhall.actions import teams
from hiringhall.domain.policy import Actor
from hiringhall.domain.teams import Team
from hiringhall.hall import Hall
from hiringhall.queries.teams import roles_of, team_view
from tests.doors.pages.conftest import Person, page_of
from tests.doors.pages.reading import PageForm
from tests.doors.pages.test_home import actor
from tests.doors.pages.test_teams import at
from tests.support.teams import a_team, put_up

pytestmark = pytest.mark.anyio


@pytest.fixture
async def me(hall: Hall, ada: Person) -> Actor:
    return await actor(hall, ada)


@pytest.fixture
async def team(hall: Hall, me: Actor) -> Team:
    return await a_team(hall, me)


async def opened(person: Person, path: str, to: str) -> PageForm:
    return (await person.get(path)).form(to)


async def send(person: Person, form: PageForm, status: int = 303, **typed: Any) -> Any:
    return await person.send(form, status, **typed)


async def test_a_sheet_keeps_what_both_have_changed_of_it(
    ada: Person, hall: Hall, me: Actor, team: Team
) -> None:
    task = await put_up(hall, me, team, title="Count stars", description="All of them")
    path = at(team, f"/tasks/{task.id}")
    first = await opened(ada, path, f"{path}/words")
    second = await opened(ada, path, f"{path}/words")
    await send(ada, first, title="Count planets")
    await send(ada, second, description="Those that are seen")
    form = await opened(ada, path, f"{path}/words")
    assert (form.values["title"], form.values["description"]) == (
        "Count planets",
        "Those that are seen",
    )
    page = page_of(await send(ada, second, 409, title="Count moons", priority="4"), 409)
    assert "Somebody else changed this" in page.words
    assert "Count planets" in page.words
    again = page.form(f"{path}/words")
    assert (again.values["title"], again.values["priority"]) == ("Count moons", "4")
    await send(ada, again)
    form = await opened(ada, path, f"{path}/words")
    assert (form.values["title"], form.values["priority"]) == ("Count moons", "4")


async def test_the_same_word_of_both_is_no_conflict(
    ada: Person, hall: Hall, me: Actor, team: Team
) -> None:
    task = await put_up(hall, me, team, title="Count stars")
    path = at(team, f"/tasks/{task.id}")
    first = await opened(ada, path, f"{path}/words")
    await send(ada, first, title="Count planets")
    await send(ada, first, title="Count planets", description="As well")
    await send(ada, first, 400, title="", description="Lost?")


async def test_a_playbook_is_not_overwritten_unseen(
    ada: Person, hall: Hall, me: Actor, team: Team
) -> None:
    path = at(team, "/playbook")
    first, second = await opened(ada, path, path), await opened(ada, path, path)
    await send(ada, first, playbook="Hers")
    page = page_of(await send(ada, second, 409, playbook="His"), 409)
    assert "Hers" in page.words
    assert page.form(path).values["playbook"] == "His"
    assert (await team_view(hall, actor=me, team_id=team.id)).playbook == "Hers"
    await send(ada, page.form(path))
    assert (await team_view(hall, actor=me, team_id=team.id)).playbook == "His"


async def test_a_role_keeps_what_both_have_changed_of_it(
    ada: Person, hall: Hall, me: Actor, team: Team
) -> None:
    role = (await roles_of(hall, actor=me, team_id=team.id))[0]
    path = at(team, f"/roles/{role.id}")
    first = await opened(ada, path, f"{path}/words")
    second = await opened(ada, path, f"{path}/words")
    await send(ada, first, systemPrompt="Be brief", processes="40")
    await send(ada, second, timeout="77", memory_mib="300")
    role = next(one for one in await roles_of(hall, actor=me, team_id=team.id) if one.id == role.id)
    assert role.config == {
        "system_prompt": "Be brief",
        "processes": 40,
        "timeout_s": 77,
        "memory_mib": 300,
    }
    page = page_of(await send(ada, second, 409, processes="50"), 409)
    assert page.form(f"{path}/words").values["processes"] == "50"


async def test_team_settings_keep_what_both_have_changed_of_them(
    ada: Person, hall: Hall, me: Actor, team: Team
) -> None:
    path = at(team, "/settings")
    first, second = await opened(ada, path, path), await opened(ada, path, path)
    await send(ada, first, goal="Stars", others='{"colour": "blue"}', maxWorkers="3")
    await send(ada, second, name="Sky", others='{"size": "small"}')
    kept = await team_view(hall, actor=me, team_id=team.id)
    assert (kept.name, kept.goal) == ("Sky", "Stars")
    assert kept.config == {"colour": "blue", "size": "small", "maxWorkers": 3}
    page = page_of(await send(ada, second, 409, goal="Moons", others='{"colour": "red"}'), 409)
    assert "Stars" in page.words
    form = page.form(path)
    assert (form.values["goal"], form.values["others"]) == ("Moons", '{"colour": "red"}')
    await send(ada, form)
    kept = await team_view(hall, actor=me, team_id=team.id)
    assert (kept.goal, (kept.config or {})["colour"]) == ("Moons", "red")


async def test_marks_that_are_none_hinder_nothing(
    ada: Person, hall: Hall, me: Actor, team: Team
) -> None:
    path = at(team, "/playbook")
    form = await opened(ada, path, path)
    await teams.set_playbook(hall, actor=me, team_id=team.id, playbook="Hers")
    for seen in ("", "[]", "{", '{"playbook": 4}'):
        await send(ada, form, seen=seen, playbook=f"His {seen}")
