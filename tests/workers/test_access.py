"""Which token a run is given for which repository, and what becomes a live secret by it."""

from dataclasses import replace
from typing import Any

import pytest

from hiringhall.actions.teams import change_team
from hiringhall.domain.errors import Invalid
from hiringhall.domain.ids import uuid7
from hiringhall.domain.policy import Actor
from hiringhall.domain.teams import Team, origin_of
from hiringhall.github import PUBLIC, web_origin
from hiringhall.hall import Hall
from hiringhall.queries.teams import list_teams
from hiringhall.sealing import Sealer
from hiringhall.workers.access import Keys, TeamAccess
from hiringhall.workers.git.errors import NoAccess
from hiringhall.workers.masking import LiveSecrets
from tests.support.halls import post, sign_up

pytestmark = pytest.mark.anyio

TOKEN = "ghp_canary0123456789abcdefghij"
KEY = "sk-ant-canary0123456789"


async def team_with(hall: Hall, actor: Actor, config: dict[str, Any], **fields: Any) -> Team:
    (team,) = await list_teams(hall, actor=actor)
    return await change_team(hall, actor=actor, team_id=team.id, config=config, **fields)


async def keys_of(hall: Hall, task_id: str, secrets: LiveSecrets | None = None) -> Keys:
    access = TeamAccess(secrets or LiveSecrets(), lease_s=30)
    access.hall = hall
    return await access.keys(task_id)


async def test_a_team_without_secrets_has_no_keys(hall: Hall) -> None:
    task = await post(hall, await sign_up(hall))
    keys = await keys_of(hall, task.id)
    assert (keys.token, list(keys.live)) == (None, [])
    assert await keys_of(hall, uuid7(1, bytes(10))) == Keys()


async def test_what_is_opened_is_looked_for_from_then_on(hall: Hall) -> None:
    ada, bob = await sign_up(hall), await sign_up(hall, "bob")
    await team_with(hall, ada, {"githubToken": TOKEN}, anthropic_api_key=KEY)
    secrets = LiveSecrets()
    secrets.hold("the-hall's-own")
    keys = await keys_of(hall, (await post(hall, ada)).id, secrets)
    assert set(keys.live) == {TOKEN, KEY, "the-hall's-own"}
    assert TOKEN not in repr(keys)
    assert secrets.masker(ada.organization_id or "").text(f"<{TOKEN}>") == "<[secret]>"
    theirs = await keys_of(hall, (await post(hall, bob)).id, secrets)
    assert (theirs.token, list(theirs.live)) == (None, ["the-hall's-own"])


@pytest.mark.parametrize(
    ("repository", "asked", "given"),
    [
        ("https://github.com/o/r", "https://github.com/o/other", True),
        ("https://github.com/o/r", "https://github.com:8443/o/r", False),
        ("https://github.com/o/r", "http://github.com/o/r", False),
        ("https://github.com/o/r", "https://github.com.evil.example/o/r", False),
        ("https://github.com/o/r", "https://evil.example/github.com/o/r", False),
        ("https://git.example:8443/o/r", "https://git.example:8443/o/r", True),
        ("https://git.example:8443/o/r", "https://git.example/o/r", False),
        ("https://git.example/o/r", "https://github.com/o/r", False),
        ("ssh://git@git.example/o/r", "https://git.example/o/r", True),
        ("/srv/git/r", "/srv/git/r", False),
        ("/srv/git/r", "https://github.com/o/r", False),
        (None, "https://github.com/o/r", True),
        (None, "https://git.example/o/r", False),
        (None, "/srv/git/r", False),
    ],
)
async def test_the_token_is_for_the_origin_of_the_team_s_repository(
    hall: Hall, repository: str | None, asked: str, given: bool
) -> None:
    ada = await sign_up(hall)
    hall.github.origin = web_origin(PUBLIC)
    config = {"gitRepoUrl": repository, "githubToken": TOKEN}
    await team_with(hall, ada, config)
    keys = await keys_of(hall, (await post(hall, ada)).id)
    assert keys.token_for(asked) == (TOKEN if given else None)
    assert keys.token_for(None) is None


@pytest.mark.parametrize("moved", ["https://evil.example/o/r", "/srv/git/r"])
async def test_a_repository_does_not_move_away_with_its_token(hall: Hall, moved: str) -> None:
    """Whoever may change the team could else have the token sent to them."""
    ada = await sign_up(hall)
    team = await team_with(hall, ada, {"gitRepoUrl": "https://git.example/o/r"})
    team = await team_with(hall, ada, {"githubToken": TOKEN})
    with pytest.raises(Invalid, match="another host") as refused:
        await team_with(hall, ada, {"gitRepoUrl": moved})
    assert "githubToken" in refused.value.fields
    with pytest.raises(Invalid, match="another host"):
        await team_with(hall, ada, {"gitRepoUrl": moved, "githubToken": "********"})
    await team_with(hall, ada, {"gitRepoUrl": "https://git.example/another"})
    await team_with(hall, ada, {"gitRepoUrl": moved, "githubToken": "ghp_for_there"})
    await team_with(hall, ada, {"gitRepoUrl": "https://third.example/r", "githubToken": None})
    assert team.secrets


async def test_a_repository_that_is_taken_away_takes_its_token_along(hall: Hall) -> None:
    ada = await sign_up(hall)
    fields = {"gitRepoUrl": "https://git.example/o/r", "githubToken": TOKEN}
    assert (await team_with(hall, ada, fields)).secrets
    assert not (await team_with(hall, ada, {"gitRepoUrl": None})).secrets


async def test_what_was_sealed_by_another_hall_is_said(hall: Hall) -> None:
    ada = await sign_up(hall)
    await team_with(hall, ada, {"githubToken": TOKEN})
    task = await post(hall, ada)
    with pytest.raises(NoAccess, match="give its githubToken and anthropicApiKey anew"):
        await keys_of(replace(hall, sealer=Sealer(b"other" * 8)), task.id)


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://github.com/o/r", "https://github.com"),
        ("https://[2001:db8::1]:444/r", "https://[2001:db8::1]:444"),
        ("ssh://git@h.example:2222/r", "https://h.example"),
        ("ftp://h.example/r", ""),
        ("file:///r", ""),
        ("/srv/r", ""),
    ],
)
def test_an_address_has_an_origin(address: str, origin: str) -> None:
    assert origin_of(address) == origin


@pytest.mark.parametrize(
    ("api", "origin"),
    [
        (PUBLIC, "https://github.com"),
        ("https://ghe.example/api/v3", "https://ghe.example"),
        ("https://api.octo.ghe.com", "https://octo.ghe.com"),
        ("https://api.evil.example", "https://api.evil.example"),
        ("http://127.0.0.1:9", "http://127.0.0.1:9"),
    ],
)
def test_an_api_has_its_repositories_at_an_origin(api: str, origin: str) -> None:
    assert web_origin(api) == origin
