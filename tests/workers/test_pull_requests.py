"""Pull requests for what was pushed: where the team wants them, one for a task, never a failure."""

from collections.abc import AsyncGenerator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hiringhall.actions.tasks import answer
from hiringhall.app import open_app
from hiringhall.domain.errors import Invalid
from hiringhall.domain.ids import branch_of
from hiringhall.domain.tasks import State, Task
from hiringhall.queries.tasks import task_log, task_result
from tests.support.github_standin import GitHubStandIn
from tests.support.halls import sign_up
from tests.workers.agents_at_work import play
from tests.workers.shop import TOKEN, Shop, carried, configure, ended, settings_for
from tests.workspace.support import GitServer, Origin

pytestmark = [pytest.mark.anyio, pytest.mark.sandbox]

SECRET = "sk-canary-0123456789abcdef0123456789abcdef"


@pytest.fixture
def github() -> Iterator[GitHubStandIn]:
    with GitHubStandIn(TOKEN) as running:
        yield running


@pytest.fixture
async def private(
    tmp_path: Path, database_url: str, origin: Origin, server: GitServer, github: GitHubStandIn
) -> AsyncGenerator[Shop]:
    """A shop whose GitHub is the stand-in."""
    settings = replace(
        settings_for(tmp_path, database_url), github_api_url=github.url, anthropic_api_key=SECRET
    )
    async with open_app(settings) as app, carried(app) as house:
        shop = Shop(app, house, await sign_up(app.hall), origin.folder)
        await shop.role("echo line >>log.txt; echo 'I wrote a line.'")
        url = server.url("org/project.git")
        await configure(shop, gitRepoUrl=url, githubToken=TOKEN, pullRequest=True)
        yield shop


@pytest.fixture
def url(server: GitServer) -> str:
    return server.url("org/project.git")


async def solution(shop: Shop, task: Task) -> str:
    return (await task_result(shop.app.hall, actor=shop.ada, task_id=task.id)).text or ""


async def submitted(shop: Shop, task: Task) -> dict[str, Any]:
    """What the event of the last delivery says."""
    log = await task_log(shop.app.hall, actor=shop.ada, task_id=task.id)
    return dict([one for one in log if one.type == "deliverable_submitted"][-1].data)


async def sent_back(shop: Shop, task: Task) -> None:
    await answer.decide_deliverable(
        shop.app.hall, actor=shop.ada, task_id=task.id, accepted=False, reason="Again"
    )
    await shop.house.until(shop.ada, task.id, State.IN_PROGRESS)
    await shop.house.until(shop.ada, task.id, State.IN_REVIEW)


async def test_one_is_opened_after_the_push_and_kept_for_the_task(
    private: Shop, url: str, github: GitHubStandIn
) -> None:
    task, _ = await ended(private, url, title="Write  a line")
    (pull,) = github.pulls
    assert (pull["title"], pull["base"], pull["draft"]) == ("Write a line", "main", False)
    assert pull["head"] == {"ref": branch_of(task.id)}
    assert pull["body"].startswith("I wrote a line.\n\n1 file changed")
    address = f"{github.url}/org/project/pull/1"
    assert f"Pull request: {address}" in await solution(private, task)
    assert (await submitted(private, task))["links"] == [address]
    assert (await private.words(task)).count(f"Pull request: {address}") == 1
    assert {one.authorization for one in github.asked} == {f"Bearer {TOKEN}"}
    # Somebody gives it a better title; the next delivery has another text.
    pull["title"] = "feat: a line"
    await private.role("echo more >>log.txt; echo 'Now there is more.'")
    await sent_back(private, task)
    (pull,) = github.pulls
    assert pull["title"] == "feat: a line"
    assert pull["body"].startswith("Now there is more.")
    assert (await submitted(private, task))["links"] == [address]
    assert (await private.words(task)).count(f"Pull request: {address}") == 1
    # One that was closed is left alone.
    pull["state"] = "closed"
    await sent_back(private, task)
    assert len(github.pulls) == 2


async def test_an_agent_s_word_is_its_text_and_a_team_may_want_drafts(
    private: Shop, url: str, github: GitHubStandIn
) -> None:
    await configure(private, pullRequest="draft")
    text = "I say it.\n\n" + "long " * 20_000
    await play(private, [{"write": ["/workspace/a", "a"]}, {"call": ["deliver", {"text": text}]}])
    task, _ = await ended(private, url)
    (pull,) = github.pulls
    assert pull["draft"] is True
    assert pull["body"].startswith("I say it.")
    assert len(pull["body"]) == 60_000
    assert pull["body"].endswith(f"Hiringhall for {branch_of(task.id).removeprefix('worker/')}.")


async def test_no_secret_is_told_there(private: Shop, url: str, github: GitHubStandIn) -> None:
    await private.role('echo x >x; echo "with $KEY"', environment={"KEY": SECRET})
    task, _ = await ended(private, url)
    (pull,) = github.pulls
    assert SECRET not in str(pull)
    assert "with [secret]" in await solution(private, task)
    assert pull["body"].startswith("with [secret]")


async def test_none_is_opened_where_none_is_wanted_or_nothing_was_pushed(
    private: Shop, url: str, github: GitHubStandIn, server: GitServer, origin: Origin
) -> None:
    await configure(private, pullRequest=False)
    await ended(private, url)
    await configure(private, pullRequest=True)
    await private.role("echo nothing")
    await ended(private, url)
    hook = origin.folder / "hooks/pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    await private.role("echo x >x")
    await ended(private, url)
    assert github.asked == []
    for odd in ("yes", 1, [], "Draft"):
        with pytest.raises(Invalid, match='pullRequest is true, false or "draft"'):
            await configure(private, pullRequest=odd)


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (403, {}, "the team's githubToken may not read org/project"),
        (404, {}, "There is no org/project on GitHub"),
        (500, {}, "status 500"),
        (200, "nonsense", "try again later"),
    ],
)
async def test_that_there_is_none_fails_nothing_and_is_said(
    private: Shop, url: str, github: GitHubStandIn, status: int, body: object, says: str
) -> None:
    github.answer = (status, body)
    task, _ = await ended(private, url)
    assert task.state is State.IN_REVIEW
    text = await solution(private, task)
    assert "No pull request was opened." in text
    assert says in text
    assert any("No pull request was opened." in one for one in (await private.words(task))[:-1])
    assert (await submitted(private, task))["links"] == []
    # The next run's may be.
    github.answer = None
    await sent_back(private, task)
    assert len(github.pulls) == 1


async def test_what_github_refuses_is_told_in_its_words(
    private: Shop, url: str, github: GitHubStandIn
) -> None:
    complaint = {"message": "Validation\nFailed", "errors": [{"message": "Drafts cost \033 money"}]}
    github.refuse_making = (422, complaint)
    task, _ = await ended(private, url)
    assert "GitHub refuses: Validation Failed Drafts cost  money." in await solution(private, task)


async def test_a_redirection_does_not_carry_the_token(
    private: Shop, url: str, github: GitHubStandIn
) -> None:
    with GitHubStandIn(TOKEN) as elsewhere:
        github.moved_to = elsewhere.url
        task, _ = await ended(private, url)
        assert "No pull request was opened." in await solution(private, task)
        assert [one.authorization for one in elsewhere.asked] == [None]


async def test_another_repository_s_is_not_opened_with_the_team_s_token(
    private: Shop, github: GitHubStandIn, origin: Origin
) -> None:
    with GitServer(origin.folder.parent.parent) as elsewhere:
        task, _ = await ended(private, elsewhere.url("org/project.git"))
    assert task.state is State.IN_REVIEW
    assert "no githubToken for this repository" in await solution(private, task)
    assert github.asked == []
