"""What a team is set to at its pages: roles, the playbook, settings with sealed values."""

import json
from typing import Any

import pytest

from hiringhall.actions.roles import set_role
from hiringhall.actions.teams import change_team
from hiringhall.domain.policy import Actor
from hiringhall.domain.teams import SecretName, Team
from hiringhall.hall import Hall
from hiringhall.queries.teams import opened_secret, roles_of, team_view
from tests.doors.pages.conftest import Person, page_of
from tests.doors.pages.reading import Page
from tests.doors.pages.test_teams import actor, at
from tests.support.teams import a_team

pytestmark = pytest.mark.anyio


@pytest.fixture
async def me(ada: Person, hall: Hall) -> Actor:
    """Ada, who acts."""
    return await actor(hall, ada)


@pytest.fixture
async def team(hall: Hall, me: Actor) -> Team:
    """A team of Ada's."""
    return await a_team(hall, me, name="Rockets")


async def test_a_role_is_added_changed_and_deleted(
    ada: Person, hall: Hall, me: Actor, team: Team
) -> None:
    new: dict[str, Any] = {
        "name": "stargazer",
        "systemPrompt": "Look up.\r\nThen write.",
        "runtime": "rehearsal",
        "timeout": "120",
        "models": "one\r\ntwo",
        "memory_mib": "512",
    }
    path = at(team, "/roles/new")
    answer = await ada.sends(path, path, **new)
    role_path = answer.headers["location"].partition("?")[0]
    form = (await ada.get(role_path)).form(f"{role_path}/words")
    assert form.values["systemPrompt"] == "Look up.\nThen write."
    assert form.values["runtime"] == "rehearsal"
    assert form.values["timeout"] == "120"
    assert form.values["models"] == "one\ntwo"
    answer = await ada.send(form, 400, timeout="0", systemPrompt="Kept")
    page = page_of(answer, 400)
    assert page.form(f"{role_path}/words").values["systemPrompt"] == "Kept"
    assert any(one.attributes.get("id") == "timeout-wrong" for one in page.elements)
    await ada.send(form, memory_mib="", models="", runtime="", timeout="60")
    found = await roles_of(hall, actor=me, team_id=team.id)
    (role,) = [one for one in found if one.name == "stargazer"]
    assert (role.runtime, role.timeout_s) == (None, 60)
    assert not {"memory_mib", "models"} & role.config.keys()
    answer = await ada.sends(path, path, 409, **new)
    assert "has a role 'stargazer' already" in page_of(answer, 409).words
    await ada.sends(role_path, f"{role_path}/remove")
    assert "stargazer" not in (await ada.get(at(team, "/roles"))).words


async def test_what_only_the_operator_sets_is_refused_and_said(
    ada: Person, hall: Hall, team: Team
) -> None:
    path = at(team, "/roles/new")
    page = await ada.get(path)
    assert "command" not in {
        one.attributes.get("value") for one in page.elements if one.tag == "option"
    }
    answer = await ada.sends(path, path, 400, name="x", systemPrompt="y", runtime="command")
    assert "set by the hall's operator" in page_of(answer, 400).words
    answer = await ada.sends(path, path, 400, name="x", systemPrompt="y", memory_mib="99999")
    page = page_of(answer, 400)
    assert any(one.attributes.get("id") == "memory_mib-wrong" for one in page.elements)


async def test_a_role_of_the_operators_is_shown_to_be_read_without_its_command(
    ada: Person, hall: Hall, me: Actor
) -> None:
    config = {"argv": ["/opt/secret/run"], "environment": {"A": "unseen-value"}, "memory_mib": 512}
    made = await set_role(hall, email=ada.email, name="format", runtime="command", config=config)
    path = f"/app/teams/{made.team_id}/roles/{made.id}"
    page = await ada.get(path)
    assert "who alone changes it" in page.words
    assert "512" in page.words
    assert not [one for one in page.forms if one.action.startswith(path)]
    assert "secret" not in page.text
    assert "unseen-value" not in page.text


async def test_the_playbook_is_kept_letter_by_letter(
    ada: Person, hall: Hall, me: Actor, team: Team
) -> None:
    path = at(team, "/playbook")
    text = "\n\n# Ours\n\n## Custom Policies\n\nNo work on Fridays.\n"
    await ada.sends(path, path, playbook=text)
    assert (await team_view(hall, actor=me, team_id=team.id)).playbook == text
    assert (await ada.get(path)).form(path).values["playbook"] == text
    page = await ada.get(f"{path}?template=autopilot")
    assert page.form(path).values["playbook"] == text
    assert "No work on Fridays." in page.words.partition("This is the template")[2]
    assert (await team_view(hall, actor=me, team_id=team.id)).playbook == text
    await ada.get(f"{path}?template=nothing", 404)
    answer = await ada.sends(path, path, 400, playbook="x" * 200_001)
    assert "playbook is longer" in answer.text


async def test_a_template_takes_nothing_from_who_types(
    ada: Person, hall: Hall, me: Actor, team: Team
) -> None:
    path = at(team, "/playbook")

    async def step(page: Page, **pressed: str) -> Page:
        return page_of(await ada.send(page.form(path), 200, **pressed))

    empty = await step(await ada.get(path), template="supervised")
    assert "## Mode" in empty.form(path).values["playbook"]
    assert "Nothing is kept until you save it" in empty.words
    typed = "Typed\n\n## Custom Policies\n\nNo work on <b>Fridays</b>."
    offered = await step(await ada.get(path), template="autopilot", playbook=typed)
    assert offered.form(path).values["playbook"] == typed
    assert "Autopilot. The team works by itself" in offered.words
    assert "<b>Fridays" not in offered.text
    left = await step(offered, use="leave")
    assert (left.form(path).values["playbook"], "offered" in left.form(path).values) == (
        typed,
        False,
    )
    put = await step(offered, use="replace")
    now = put.form(path).values["playbook"]
    assert ("Typed" in now, "No work on <b>Fridays</b>." in now) == (False, True)
    undone = await step(put, use="undo", playbook=f"{now} And more")
    assert undone.form(path).values["playbook"] == typed
    again = await step(undone, use="undo")
    assert again.form(path).values["playbook"] == f"{now} And more"
    longer = await step(offered, use="append")
    assert longer.form(path).values["playbook"].startswith(f"{typed}\n\n# Playbook")
    page_of(await ada.send(offered.form(path), 404, use="append", offered="nothing"), 404)
    assert (await team_view(hall, actor=me, team_id=team.id)).playbook is None
    await ada.send(longer.form(path))
    kept = (await team_view(hall, actor=me, team_id=team.id)).playbook
    assert kept == longer.form(path).values["playbook"]


async def test_sealed_values_are_never_shown_again(
    ada: Person, hall: Hall, me: Actor, team: Team
) -> None:
    path = at(team, "/settings")
    secrets: dict[str, Any] = {
        "githubToken": "ghp_secretsecret",
        "anthropicApiKey": "sk-ant-secret",
    }
    await ada.sends(path, path, **secrets)
    page = await ada.get(path)
    assert "secret" not in page.text.replace("secretly", "")
    assert page.words.count("One is kept, sealed") == 2
    await ada.sends(path, path, name="Renamed")
    for name, value in secrets.items():
        assert await opened_secret(hall, team_id=team.id, name=SecretName(name)) == value
    dropped: dict[str, Any] = {"drop-githubToken": "yes"}
    await ada.sends(path, path, **dropped)
    found = await team_view(hall, actor=me, team_id=team.id)
    assert found.name == "Renamed"
    assert found.secrets == {SecretName.ANTHROPIC_API_KEY}


async def test_a_sealed_value_is_kept_on_no_page_over_a_sign_in(ada: Person, team: Team) -> None:
    form = (await ada.get(at(team, "/settings"))).form(at(team, "/settings"))
    await ada.sends("/app", "/signout")
    headers = {"Sec-Fetch-Site": "same-origin"}
    fields = {**form.values, "githubToken": "ghp_secret", "anthropicApiKey": "sk-secret"}
    answer = await ada.http.post(at(team, "/settings"), data=fields, headers=headers)
    assert answer.status_code == 401
    assert "Rockets" in answer.text
    assert "secret" not in answer.text


async def test_settings_are_put_over_and_taken_away(
    ada: Person, hall: Hall, me: Actor, team: Team
) -> None:
    await change_team(hall, actor=me, team_id=team.id, config={"theirs": {"a": [1]}, "gone": 1})
    path = at(team, "/settings")
    form = (await ada.get(path)).form(path)
    assert json.loads(form.values["others"]) == {"theirs": {"a": [1]}, "gone": 1}
    said: dict[str, Any] = {
        "goal": "Far",
        "autonomy": "autonomous",
        "maxWorkers": "3",
        "review": "yes",
        "gitRepoUrl": "https://example.com/a/b",
        "pullRequest": "draft",
        "others": '{"theirs": "ü"}',
    }
    await ada.send(form, **said)
    found = await team_view(hall, actor=me, team_id=team.id)
    assert found.config == {
        "theirs": "ü",
        "gitRepoUrl": "https://example.com/a/b",
        "maxWorkers": 3,
        "review": True,
        "pullRequest": "draft",
    }
    form = (await ada.get(path)).form(path)
    assert {name: form.values[name] for name in said if name != "others"} == {
        name: value for name, value in said.items() if name != "others"
    }
    for wrong in ('["a"]', "{", '{"maxWorkers": 1}', '{"githubToken": "x"}'):
        page = page_of(await ada.send(form, 400, others=wrong, goal="Kept"), 400)
        assert page.form(path).values["others"] == wrong
        assert page.form(path).values["goal"] == "Kept"
    await ada.send(form, 400, maxWorkers="many")
    await ada.send(form, maxWorkers="", gitRepoUrl="", pullRequest="no", others="")
    found = await team_view(hall, actor=me, team_id=team.id)
    assert found.config == {"review": True}
