"""Teams: founded, read, changed key by key; what is secret stays sealed; playbooks."""

import re
from dataclasses import replace

import pytest

from hiringhall.domain.teams import MASK, SecretName
from hiringhall.doors.agentix.words import id_of
from hiringhall.hall import Hall
from hiringhall.queries.teams import opened_secret
from hiringhall.sealing import CannotOpen, Sealer
from hiringhall.store import teams
from hiringhall.store.database import Tx
from tests.doors.agentix.conftest import Customer
from tests.support.halls import post

pytestmark = pytest.mark.anyio

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
TOKEN = "ghp_canary0123456789"
REPOSITORY = "https://github.com/org/repo"


@pytest.mark.promise("AX-TEAMS-CREATE", "AX-TEAMS-CREATE-ANSWER")
async def test_a_team_is_founded(ceo: Customer) -> None:
    team = await ceo.post(
        "/teams", {"name": "my-project", "goal": "Ship the MVP", "autonomy": "supervised"}
    )
    assert re.fullmatch(r"team_[a-z2-7]{26}", team.pop("id"))
    assert re.fullmatch(TIME, team.pop("createdAt"))
    assert team == {
        "name": "my-project",
        "goal": "Ship the MVP",
        "autonomy": "supervised",
        "config": None,
    }


@pytest.mark.promise("AX-TEAMS-CREATE-FIELDS", "AX-TEAMS-AUTONOMY")
async def test_a_name_is_all_it_needs(ceo: Customer) -> None:
    team = await ceo.post("/teams", {"name": " my  project "})
    assert (team["name"], team["goal"], team["autonomy"]) == ("my project", None, "supervised")
    team = await ceo.team(autonomy="autonomous")
    assert team["autonomy"] == "autonomous"
    assert "name is required" in await ceo.post("/teams", {"goal": "x"}, 400)
    assert "empty" in await ceo.post("/teams", {"name": " "}, 400)
    assert "'autonomous'" in await ceo.post("/teams", {"name": "x", "autonomy": "wild"}, 400)


@pytest.mark.promise("AX-TEAMS-DEFAULT-ROLES", "AX-TEAMS-GET")
async def test_it_begins_with_three_roles(ceo: Customer) -> None:
    team = await ceo.team(goal="Ship the MVP")
    found = await ceo.get(f"/teams/{team['id']}")
    assert {key: found[key] for key in team} == team
    roles = found["roles"]
    assert [one["name"] for one in roles] == [
        "backend-engineer",
        "code-reviewer",
        "frontend-engineer",
    ]
    assert roles == await ceo.get(f"/roles?teamId={team['id']}")
    assert all(len(one["systemPrompt"]) > 1_000 for one in roles)


async def test_the_customers_teams_are_listed(ceo: Customer, rival: Customer) -> None:
    first, second = await ceo.team(name="first"), await ceo.team(name="second")
    default, *founded = await ceo.get("/teams")
    assert founded == [first, second]
    assert default["name"] == "Default"
    assert len(await rival.get("/teams")) == 1


@pytest.mark.promise("AX-TEAMS-PATCH", "AX-TEAMS-PATCH-MERGE")
async def test_a_change_is_put_over_what_is_there(ceo: Customer) -> None:
    team = await ceo.team(goal="Ship")
    path = f"/teams/{team['id']}"
    changed = await ceo.patch(path, {"name": "new-name", "goal": "Updated goal"})
    assert changed == {**team, "name": "new-name", "goal": "Updated goal"}
    changed = await ceo.patch(path, {"config": {"gitRepoUrl": REPOSITORY, "other": [1, {"a": 2}]}})
    assert changed["config"] == {"gitRepoUrl": REPOSITORY, "other": [1, {"a": 2}]}
    changed = await ceo.patch(path, {"config": {"review": True, "other": "x"}})
    assert changed["config"] == {"gitRepoUrl": REPOSITORY, "other": "x", "review": True}
    changed = await ceo.patch(path, {"autonomy": "autonomous", "goal": None})
    assert (changed["autonomy"], changed["goal"], changed["name"]) == (
        "autonomous",
        None,
        "new-name",
    )
    assert changed["config"]["review"] is True
    changed = await ceo.patch(path, {"config": {"gitRepoUrl": None, "other": None, "review": None}})
    assert changed["config"] is None
    assert await ceo.patch(path, {}) == changed
    details = await ceo.get(path)
    assert changed == {name: details[name] for name in changed}


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"gitRepoUrl": 1}, "gitRepoUrl"),
        ({"gitRepoUrl": " "}, "gitRepoUrl"),
        ({"review": "yes"}, "review is true or false"),
        ({"githubToken": 1}, "githubToken is a text"),
        ({"githubToken": "a\nb"}, "plain letters"),
        ({"githubToken": "x" * 1001}, "up to 1000"),
        ({"notes": "x" * 70_000}, "larger than 65536"),
    ],
)
async def test_a_config_that_cannot_be_meant_changes_nothing(
    ceo: Customer, config: dict[str, object], says: str
) -> None:
    team = await ceo.team(config={"kept": 1})
    assert says in await ceo.patch(f"/teams/{team['id']}", {"config": config, "name": "x"}, 400)
    assert says in await ceo.post("/teams", {"name": "x", "config": config}, 400)
    found = await ceo.get(f"/teams/{team['id']}")
    assert (found["name"], found["config"]) == ("my-project", {"kept": 1})


@pytest.mark.promise("AX-TEAMS-PATCH-SECRETS")
async def test_secrets_are_sealed_and_come_back_masked(ceo: Customer, hall: Hall) -> None:
    team = await ceo.team()
    path, team_id = f"/teams/{team['id']}", id_of("team", team["id"])
    body = {"config": {"gitRepoUrl": REPOSITORY, "githubToken": TOKEN}, "anthropicApiKey": "sk-ant"}
    changed = await ceo.patch(path, body)
    assert changed["config"] == {"gitRepoUrl": REPOSITORY, "githubToken": MASK}
    assert changed["anthropicApiKey"] == MASK
    found = await ceo.ask("GET", path)
    assert found.json()["config"] == changed["config"]
    assert TOKEN not in found.text
    assert "sk-ant" not in found.text

    async def opened(name: SecretName) -> str | None:
        return await opened_secret(hall, team_id=team_id, name=name)

    assert await opened(SecretName.GITHUB_TOKEN) == TOKEN
    assert await opened(SecretName.ANTHROPIC_API_KEY) == "sk-ant"

    # What a client read and sends back is the secret that is there.
    await ceo.patch(path, {"config": changed["config"], "anthropicApiKey": MASK})
    assert await opened(SecretName.GITHUB_TOKEN) == TOKEN
    assert await opened(SecretName.ANTHROPIC_API_KEY) == "sk-ant"
    await ceo.patch(path, {"config": {"anthropicApiKey": "sk-other"}})
    assert await opened(SecretName.ANTHROPIC_API_KEY) == "sk-other"
    changed = await ceo.patch(path, {"config": {"githubToken": None}, "anthropicApiKey": None})
    assert changed["config"] == {"gitRepoUrl": REPOSITORY}
    assert "anthropicApiKey" not in changed
    assert await opened(SecretName.GITHUB_TOKEN) is None
    assert await opened(SecretName.ANTHROPIC_API_KEY) is None


async def test_a_sealed_secret_opens_nowhere_else(ceo: Customer, hall: Hall) -> None:
    mine = await ceo.team(config={"githubToken": TOKEN})
    other = await ceo.team()
    name = SecretName.GITHUB_TOKEN

    async def copy(tx: Tx) -> bytes | None:
        sealed = await teams.sealed_secret(tx, team_id=id_of("team", mine["id"]), name=name)
        await teams.keep_secret(
            tx, team_id=id_of("team", other["id"]), name=name, sealed=sealed, at_us=1
        )
        return sealed

    sealed = await hall.database.write(copy)
    assert sealed is not None
    assert TOKEN.encode() not in sealed
    with pytest.raises(CannotOpen):
        await opened_secret(hall, team_id=id_of("team", other["id"]), name=name)
    with pytest.raises(CannotOpen):
        Sealer(b"another key of thirty-two bytes!").open(sealed, place="x")
    with pytest.raises(CannotOpen):
        await opened_secret(
            replace(hall, sealer=Sealer(b"another key of thirty-two bytes!")),
            team_id=id_of("team", mine["id"]),
            name=name,
        )


async def test_a_tasks_repository_is_the_teams_where_it_names_none(
    ceo: Customer, hall: Hall
) -> None:
    default, *_ = await ceo.get("/teams")
    assert (await post(hall, ceo.actor)).repository is None
    await ceo.patch(f"/teams/{default['id']}", {"config": {"gitRepoUrl": REPOSITORY}})
    assert (await post(hall, ceo.actor)).repository == REPOSITORY
    own = "https://github.com/org/own"
    assert (await post(hall, ceo.actor, repository=own)).repository == own


@pytest.mark.promise("AX-PLAYBOOK-GET", "AX-PLAYBOOK-PUT")
async def test_a_playbook_is_kept_letter_by_letter(ceo: Customer) -> None:
    team = await ceo.team()
    path = f"/teams/{team['id']}/playbook"
    assert await ceo.get(path) == {"teamId": team["id"], "playbook": None}
    text = "1. Always write tests.\r\n2. Run npm test before pushing. ü\n\n"
    assert await ceo.put(path, {"playbook": text}) == {"ok": True}
    assert await ceo.get(path) == {"teamId": team["id"], "playbook": text}
    assert await ceo.put(path, {"playbook": ""}) == {"ok": True}
    assert (await ceo.get(path))["playbook"] == ""
    assert "required" in await ceo.put(path, {}, 400)
    assert "longer than" in await ceo.put(path, {"playbook": "x" * 200_001}, 400)


@pytest.mark.promise("AX-TENANTS")
async def test_anothers_team_is_403_and_an_unknown_one_404(ceo: Customer, rival: Customer) -> None:
    team = await ceo.team()
    for given, status in (
        (team["id"], 403),
        (f"team_{'a' * 26}", 404),
        ("team_xxx", 404),
        (team["id"].replace("team_", "role_"), 404),
    ):
        path = f"/teams/{given}"
        await rival.get(path, status)
        await rival.patch(path, {"name": "mine"}, status)
        await rival.get(f"{path}/playbook", status)
        await rival.put(f"{path}/playbook", {"playbook": "mine"}, status)
        await rival.get(f"/roles?teamId={given}", status)
        await rival.get(f"/playbook-templates/supervised?teamId={given}", status)
        body = {"teamId": given, "name": "x", "systemPrompt": "x"}
        await rival.post("/roles", body, status)
    assert (await ceo.get(f"/teams/{team['id']}"))["name"] == "my-project"


async def test_a_repeated_request_founds_no_second_team(ceo: Customer) -> None:
    headers = {"Idempotency-Key": "one"}
    first = await ceo.post("/teams", {"name": "x"}, headers=headers)
    assert await ceo.post("/teams", {"name": "x"}, headers=headers) == first
    await ceo.post("/teams", {"name": "y"}, 409, headers=headers)
    assert len(await ceo.get("/teams")) == 2
