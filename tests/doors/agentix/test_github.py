"""GitHub activity, against a server on loopback that answers as GitHub does, well or badly."""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from hiringhall.doors.desk import Desk
from hiringhall.doors.server import Server, listen
from hiringhall.github import GitHub, name_of
from hiringhall.hall import Hall
from tests.doors.agentix.conftest import Customer, customer_named
from tests.doors.conftest import BASE_URL, OpenFront

pytestmark = pytest.mark.anyio

TOKEN = "ghp_canary0123456789"
COMMITS = [{"sha": "abc", "commit": {"message": "Why"}}]
PULLS = [{"number": 7, "title": "Add it", "state": "open"}]


class StandIn:
    """GitHub's API for one repository; `answers` are what it says instead, by the path's end."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, list[str]], dict[str, str]]] = []
        self.answers: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.hangs = asyncio.Event()
        self.silent = False
        self.url = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        path: str = scope["path"]
        self.asked.append((path, parse_qs(scope["query_string"].decode()), headers))
        if self.silent:
            await self.hangs.wait()
        noun = path.rpartition("/")[2]
        usual = (200, {}, json.dumps(COMMITS if noun == "commits" else PULLS).encode())
        status, more, body = self.answers.get(noun, usual)
        said = [(name.encode(), value.encode()) for name, value in more.items()]
        await send({"type": "http.response.start", "status": status, "headers": said})
        await send({"type": "http.response.body", "body": body})


@pytest.fixture
async def github() -> AsyncGenerator[StandIn]:
    standin = StandIn()
    with contextlib.closing(listen("127.0.0.1", 0)) as listener:
        async with Server(standin, listener, graceful_s=1, before_stop=standin.hangs.set) as server:
            standin.url = server.url
            yield standin


@pytest.fixture
async def ceo(
    desk: Desk, hall: Hall, front_of: OpenFront, github: StandIn
) -> AsyncGenerator[Customer]:
    """Who runs a team in a hall that asks the stand-in."""
    client = GitHub(github.url, timeout_s=0.5)
    front = front_of(replace(desk, hall=replace(hall, github=client)))
    transport = httpx.ASGITransport(front.app)
    async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as http:
        yield await customer_named(http, hall, "ada")
    await client.close()


async def working_team(ceo: Customer, **config: Any) -> str:
    """The path of a team that has what it takes."""
    usual = {"gitRepoUrl": "https://github.com/org/repo", "githubToken": TOKEN}
    team = await ceo.team(config={**usual, **config})
    return f"/teams/{team['id']}/github-activity"


@pytest.mark.promise("AX-GITHUB", "AX-GITHUB-ANSWER")
async def test_commits_and_open_pull_requests(ceo: Customer, github: StandIn) -> None:
    path = await working_team(ceo)
    assert await ceo.get(path) == {"commits": COMMITS, "prs": PULLS}
    (commits, _, headers), (pulls, query, _) = sorted(github.asked)
    assert (commits, pulls) == ("/repos/org/repo/commits", "/repos/org/repo/pulls")
    assert query == {"state": ["open"], "per_page": ["20"]}
    assert headers["authorization"] == f"Bearer {TOKEN}"
    assert headers["x-github-api-version"] == "2022-11-28"


@pytest.mark.promise("AX-GITHUB-NEEDS")
@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"gitRepoUrl": None}, "Set gitRepoUrl in"),
        ({"githubToken": None}, "Set githubToken in"),
        ({"gitRepoUrl": None, "githubToken": None}, "Set gitRepoUrl and githubToken in"),
        ({"gitRepoUrl": "https://github.com/org"}, "no repository on GitHub"),
    ],
)
async def test_it_needs_a_repository_and_a_token(
    ceo: Customer, github: StandIn, config: dict[str, Any], says: str
) -> None:
    assert says in await ceo.get(await working_team(ceo, **config), 400)
    assert github.asked == []


@pytest.mark.parametrize(
    ("answer", "status", "says"),
    [
        ((401, {}, b'{"message": "Bad credentials"}'), 400, "does not accept the team's githubTok"),
        ((403, {}, b"{}"), 400, "may not read org/repo"),
        ((404, {}, b"{}"), 400, "no org/repo on GitHub"),
        (
            (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1767225600"}, b"{}"),
            502,
            "used up until 2026-01-01 00:00:00 UTC",
        ),
        ((429, {"retry-after": "60"}, b"{}"), 502, "used up"),
        ((500, {}, b"canary"), 502, "status 500"),
        ((200, {}, b"<html>"), 502, "no list"),
        ((200, {}, b'{"message": "x"}'), 502, "no list"),
        ((200, {}, b"[1]"), 502, "no list"),
        ((200, {}, b'["' + b"x" * (9 << 20) + b'"]'), 502, "larger than"),
    ],
)
@pytest.mark.parametrize("noun", ["commits", "pulls"])
async def test_what_github_does_not_give_is_told_plainly(
    ceo: Customer,
    github: StandIn,
    answer: tuple[int, dict[str, str], bytes],
    status: int,
    says: str,
    noun: str,
) -> None:
    github.answers[noun] = answer
    said = await ceo.get(await working_team(ceo), status)
    assert says in said
    assert TOKEN not in said
    assert "canary" not in said


async def test_a_github_that_does_not_answer(ceo: Customer, github: StandIn) -> None:
    path = await working_team(ceo)
    github.silent = True
    assert "within 0.5 seconds" in await ceo.get(path, 502)


async def test_a_github_that_is_not_there(hall: Hall, http: httpx.AsyncClient) -> None:
    """The tests' own hall asks a port that nobody listens on."""
    nobody = await customer_named(http, hall, "ada")
    assert "cannot be reached" in await nobody.get(await working_team(nobody), 502)
    await hall.github.close()


async def test_an_empty_repository_has_no_commits(ceo: Customer, github: StandIn) -> None:
    github.answers["commits"] = (409, {}, b'{"message": "Git Repository is empty."}')
    assert await ceo.get(await working_team(ceo)) == {"commits": [], "prs": PULLS}


async def test_a_repository_that_moved_is_followed_without_the_token(
    ceo: Customer, github: StandIn
) -> None:
    """On the same host with it, for there it is GitHub itself; to another it does not go."""
    path = await working_team(ceo)
    elsewhere = github.url.replace("127.0.0.1", "localhost")
    github.answers["commits"] = (301, {"location": f"{elsewhere}/repositories/1/moved"}, b"")
    assert (await ceo.get(path))["commits"] == PULLS
    (moved,) = [headers for at, _, headers in github.asked if at.endswith("/moved")]
    assert "authorization" not in moved
    github.answers["commits"] = (301, {"location": f"{github.url}/repositories/1/home"}, b"")
    await ceo.get(path)
    (home,) = [headers for at, _, headers in github.asked if at.endswith("/home")]
    assert home["authorization"] == f"Bearer {TOKEN}"


async def test_anothers_team_asks_nobody(ceo: Customer, hall: Hall, github: StandIn) -> None:
    path = await working_team(ceo)
    rival = await customer_named(ceo.http, hall, "bob")
    await rival.get(path, 403)
    await rival.get(f"/teams/team_{'a' * 26}/github-activity", 404)
    assert github.asked == []


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("https://github.com/org/repo", ("github.com", "org/repo")),
        ("https://GitHub.com/Org/Repo.git/", ("github.com", "Org/Repo")),
        ("https://www.github.com/org/re.po", ("github.com", "org/re.po")),
        ("git@github.com:org/repo.git", ("github.com", "org/repo")),
        ("ssh://git@ghe.example:22/org/repo.git", ("ghe.example", "org/repo")),
        ("https://github.com/org/repo/tree/main", None),
        ("https://github.com/org/..", None),
        ("https://github.com/org/a%2fb", None),
        ("https://github.com/org/re po", None),
        ("https://[github.com/org/repo", None),
        ("/srv/org/repo", None),
        ("", None),
    ],
)
def test_a_repositorys_name(address: str, found: tuple[str, str] | None) -> None:
    assert name_of(address) == found


async def test_the_public_github_is_asked_for_its_own_repositories_alone() -> None:
    from hiringhall.domain.errors import Invalid

    with pytest.raises(Invalid, match="no repository on GitHub"):
        await GitHub().activity("https://gitlab.com/org/repo", token=TOKEN)
