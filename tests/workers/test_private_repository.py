"""A team's private repository, for real: its token opens it, goes nowhere else, and is not told."""

from collections.abc import AsyncGenerator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hiringhall.actions.teams import change_team
from hiringhall.app import open_app
from hiringhall.domain.ids import branch_of
from hiringhall.domain.tasks import State, Task
from hiringhall.queries.tasks import task_log, task_result
from hiringhall.queries.teams import list_teams
from tests.support.halls import post, sign_up
from tests.workers.shop import Shop, carried, settings_for
from tests.workspace.support import GitServer, Origin, everything_below, git

pytestmark = [pytest.mark.anyio, pytest.mark.sandbox]

TOKEN = "ghp_canary0123456789abcdefghij"


@pytest.fixture
def origin(tmp_path: Path) -> Origin:
    made = Origin.make(tmp_path / "served" / "project.git")
    git(made.folder, "config", "http.receivepack", "true")
    return made


@pytest.fixture
def server(origin: Origin) -> Iterator[GitServer]:
    with GitServer(origin.folder.parent, token=TOKEN) as running:
        yield running


@pytest.fixture
async def shop(tmp_path: Path, database_url: str, origin: Origin) -> AsyncGenerator[Shop]:
    async with open_app(settings_for(tmp_path, database_url)) as app, carried(app) as house:
        yield Shop(app, house, await sign_up(app.hall), origin.folder)


async def configure(shop: Shop, **config: Any) -> None:
    (team,) = await list_teams(shop.app.hall, actor=shop.ada)
    await change_team(shop.app.hall, actor=shop.ada, team_id=team.id, config=config)


async def ended(shop: Shop, url: str) -> tuple[Task, str]:
    """A task on a repository, when it is over, and the last that was said of it."""
    task = await post(shop.app.hall, shop.ada, role="worker", repository=url)
    row = await shop.house.until(shop.ada, task.id, State.IN_REVIEW, State.FAILED)
    await shop.house.until_idle()
    return replace(task, state=row.task.state), (await shop.words(task))[-1]


async def test_the_team_s_token_opens_it_and_stands_nowhere(
    shop: Shop, server: GitServer, origin: Origin, tmp_path: Path
) -> None:
    url = server.url("project.git")
    await configure(shop, gitRepoUrl=url, githubToken=TOKEN)
    await shop.role(
        "env; cat .git/config; find / -name '*.git*' -path '*hall*' 2>/dev/null; echo x >x"
    )
    task, _ = await ended(shop, url)
    assert task.state is State.IN_REVIEW
    assert origin.read(branch_of(task.id), "x") == "x"
    assert None not in server.seen.authorizations
    result = await task_result(shop.app.hall, actor=shop.ada, task_id=task.id)
    log = await task_log(shop.app.hall, actor=shop.ada, task_id=task.id)
    for told in (repr(result), repr(log), everything_below(tmp_path / "data").decode("latin-1")):
        assert TOKEN not in told
        assert "eC1hY2Nlc3M" not in told  # "x-access" in base 64, as a header has it
        assert "[secret]" not in told  # nothing had to be masked


async def test_without_the_right_token_it_is_said_and_asked_anew(
    shop: Shop, server: GitServer, origin: Origin
) -> None:
    url = server.url("project.git")
    await shop.role("echo x >x")
    await configure(shop, gitRepoUrl=url)
    task, said = await ended(shop, url)
    assert task.state is State.FAILED
    assert said.startswith(f"No access to the repository {url}: it needs a token and has none: set")
    await configure(shop, githubToken="ghp_another_that_is_wrong")
    task, said = await ended(shop, url)
    assert task.state is State.FAILED
    assert "the token given was not accepted" in said
    assert "ghp_another" not in said
    await configure(shop, githubToken=TOKEN)
    task, _ = await ended(shop, url)
    assert task.state is State.IN_REVIEW
    # What one run was let in by does not let the next one in.
    await configure(shop, githubToken=None)
    task, said = await ended(shop, url)
    assert "it needs a token and has none" in said
    assert len([one for one in origin.branches() if one.startswith("worker/")]) == 1


async def test_the_token_goes_to_no_other_host(
    shop: Shop, server: GitServer, origin: Origin
) -> None:
    await shop.role("echo x >x")
    await configure(shop, gitRepoUrl=server.url("project.git"), githubToken=TOKEN)
    with GitServer(origin.folder.parent) as elsewhere:
        task, _ = await ended(shop, elsewhere.url("project.git"))
        assert task.state is State.IN_REVIEW
        assert set(elsewhere.seen.authorizations) == {None}
        elsewhere.status = 401
        _, said = await ended(shop, elsewhere.url("project.git"))
        assert "it needs a token and has none" in said
        # Nor does a redirection of the right one take it there.
        server.redirect_to = elsewhere.url("")[:-1]
        _, said = await ended(shop, server.url("project.git"))
        assert "answers with a redirection" in said
        assert set(elsewhere.seen.authorizations) == {None}


@pytest.mark.parametrize(
    "script",
    [
        'echo "$KEY" >kept.txt',
        'printf %s "$KEY" | base64 >coded.txt',
        'echo "$KEY" >a && git add a && git commit -qm one && git rm -qf a && git commit -qm two',
        'echo x >x && git add x && git commit -qm "with $KEY"',
    ],
)
async def test_work_that_holds_the_token_is_not_taken(
    shop: Shop, server: GitServer, origin: Origin, script: str
) -> None:
    await configure(shop, gitRepoUrl=server.url("project.git"), githubToken=TOKEN)
    await shop.role(script, environment={"KEY": TOKEN})
    task, said = await ended(shop, server.url("project.git"))
    assert task.state is State.FAILED
    assert "contains a secret that is in use" in said
    assert TOKEN not in repr(await shop.words(task))
    assert origin.branches() == ["main"]
