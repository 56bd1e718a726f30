"""Whatever a repository does, the poster is told what it was and what to do; work is not lost."""

import asyncio
import os
from dataclasses import replace
from pathlib import Path

import pytest

from hiringhall.actions.runs import recovery
from hiringhall.actions.tasks import answer
from hiringhall.app import open_app
from hiringhall.domain.ids import branch_of
from hiringhall.domain.runs import Run
from hiringhall.domain.tasks import State, Task
from hiringhall.queries.tasks import task_result
from hiringhall.store import runs
from hiringhall.store.database import Tx
from hiringhall.workers import place
from tests.support.halls import post, sign_up
from tests.workers.agents_at_work import play
from tests.workers.shop import TOKEN, Shop, carried, configure, ended, settings_for
from tests.workspace.support import GitServer, Origin, git

pytestmark = [pytest.mark.anyio, pytest.mark.sandbox]


@pytest.fixture
async def url(private: Shop, server: GitServer, monkeypatch: pytest.MonkeyPatch) -> str:
    """The repository's address, which the team has the token for."""
    monkeypatch.setattr(place, "PUSH_AGAIN_S", (0.0, 0.0))
    await private.role("echo line >>log.txt; echo done")
    await configure(private, gitRepoUrl=server.url("org/project.git"), githubToken=TOKEN)
    return server.url("org/project.git")


def hook(origin: Origin, name: str, script: str) -> None:
    path = origin.folder / "hooks" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


async def solution(shop: Shop, task: Task) -> str:
    return (await task_result(shop.app.hall, actor=shop.ada, task_id=task.id)).text or ""


async def sent_back(shop: Shop, task: Task) -> None:
    """Have the task worked on once more."""
    await answer.decide_deliverable(
        shop.app.hall, actor=shop.ada, task_id=task.id, accepted=False, reason="Again"
    )
    await shop.house.until(shop.ada, task.id, State.IN_PROGRESS)
    await shop.house.until(shop.ada, task.id, State.IN_REVIEW, State.FAILED)
    await shop.house.until_idle()


async def lose_the_run(shop: Shop) -> None:
    """Have the run that is at work followed by another, as if its lease was over."""

    async def body(tx: Tx) -> list[Run]:
        return await runs.live(tx)

    (run,) = await shop.app.hall.database.read(body)
    await recovery.replace_lost_run(shop.app.hall, run_id=run.id)


async def test_nothing_changed_is_a_solution_without_a_branch(
    private: Shop, url: str, origin: Origin
) -> None:
    await private.role("echo 'All is well.'")
    task, _ = await ended(private, url)
    assert task.state is State.IN_REVIEW
    assert (await solution(private, task)) == "All is well.\n\nNothing was changed."
    await play(private, [{"call": ["deliver", {"text": "All is well."}]}])
    task, _ = await ended(private, url)
    assert (await solution(private, task)) == "All is well.\n\nNo file was changed."
    assert origin.branches() == ["main"]


async def test_a_repository_that_is_not_there_is_said(private: Shop, url: str) -> None:
    task, said = await ended(private, url.replace("project", "nowhere"))
    assert task.state is State.FAILED
    assert said.startswith("There is no repository at http://")
    assert "may not see it" in said


async def test_a_default_branch_that_is_gone_is_said(
    private: Shop, url: str, origin: Origin
) -> None:
    origin.commit({"x": "y"}, branch="other")
    git(origin.folder, "update-ref", "-d", "refs/heads/main")
    task, said = await ended(private, url)
    assert task.state is State.FAILED
    assert "has no default branch any more: set one there" in said


@pytest.mark.parametrize("name", ["pre-receive", "update"])
async def test_a_push_that_is_refused_fails_nothing(
    private: Shop, url: str, origin: Origin, name: str
) -> None:
    hook(origin, name, "echo 'worker/* is protected here'; exit 1")
    task, _ = await ended(private, url)
    assert task.state is State.IN_REVIEW
    text = await solution(private, task)
    assert "The branch was not pushed." in text
    assert "worker/* is protected here" in text
    assert "the task's next run pushes it" in text
    assert origin.branches() == ["main"]
    (origin.folder / "hooks" / name).unlink()
    await sent_back(private, task)
    assert origin.read(branch_of(task.id), "log.txt") == "line\nline"


async def test_a_token_that_may_only_read_hands_in_unpushed(
    private: Shop, url: str, origin: Origin
) -> None:
    git(origin.folder, "config", "http.receivepack", "false")
    task, _ = await ended(private, url)
    assert task.state is State.IN_REVIEW
    text = await solution(private, task)
    assert "The branch was not pushed. No access to the repository" in text
    assert "may read and write" in text


async def test_a_branch_that_was_deleted_between_runs_is_made_anew(
    private: Shop, url: str, origin: Origin
) -> None:
    task, _ = await ended(private, url)
    git(origin.folder, "update-ref", "-d", f"refs/heads/{branch_of(task.id)}")
    await sent_back(private, task)
    assert origin.read(branch_of(task.id), "log.txt") == "line\nline"


async def test_a_branch_that_was_moved_between_runs_is_gone_on_from(
    private: Shop, url: str, origin: Origin
) -> None:
    task, _ = await ended(private, url)
    branch = branch_of(task.id)
    git(origin.folder, "update-ref", f"refs/heads/{branch}", origin.tip("main") or "")
    origin.commit({"log.txt": "by hand\n"}, branch=branch)
    await sent_back(private, task)
    assert origin.read(branch, "log.txt") == "by hand\nline"


async def test_a_branch_that_is_moved_during_the_run_is_not_overwritten(
    private: Shop, url: str, origin: Origin
) -> None:
    hook(origin, "update", 'git update-ref "$1" "$(git rev-parse main)"')
    task, _ = await ended(private, url)
    assert task.state is State.IN_REVIEW
    assert "Somebody else moved the branch" in await solution(private, task)
    assert origin.tip(branch_of(task.id)) == origin.tip("main")


async def test_a_server_that_goes_away_before_the_push_costs_no_second_run(
    private: Shop, url: str, server: GitServer, origin: Origin
) -> None:
    hook(origin, "pre-receive", "exit 1")  # would be another reason
    server.refuse_after("git-upload-pack", 503)
    task, _ = await ended(private, url)
    assert task.state is State.IN_REVIEW
    assert "The branch was not pushed. The repository" in await solution(private, task)
    assert (await private.words(task)).count(
        "Running /bin/sh -c 'echo line >>log.txt; echo done'"
    ) == 1
    assert sum("service=git-receive-pack" in path for path in server.seen.paths) == 3


async def test_a_server_that_is_away_is_tried_again_and_said(
    private: Shop, url: str, server: GitServer
) -> None:
    server.status = 503
    task = await post(private.app.hall, private.ada, role="worker", repository=url)
    await private.until_words(task, "could not be reached")
    server.status = None
    await private.house.until(private.ada, task.id, State.IN_REVIEW)


async def test_a_repository_that_is_too_large_names_the_setting(
    tmp_path: Path, database_url: str, origin: Origin, server: GitServer
) -> None:
    settings = replace(settings_for(tmp_path, database_url), repository_mib=1)
    async with open_app(settings) as app, carried(app) as house:
        shop = Shop(app, house, await sign_up(app.hall), origin.folder)
        await shop.role("echo done")
        await configure(shop, gitRepoUrl=server.url("org/project.git"), githubToken=TOKEN)
        # Its history is small, but not its files.
        origin.commit({"zeros": b"0" * (2 << 20)})
        task, said = await ended(shop, server.url("org/project.git"))
        assert task.state is State.FAILED
        assert "or 1 MiB (HIRINGHALL_REPOSITORY_MIB) at the commit" in said
        origin.commit({"random": os.urandom(3 << 20)})
        task, said = await ended(shop, server.url("org/project.git"))
        assert task.state is State.FAILED
        assert "is larger than this hall takes (HIRINGHALL_REPOSITORY_MIB)" in said


async def test_work_that_is_too_large_names_the_setting(
    tmp_path: Path, database_url: str, repository: Path
) -> None:
    settings = replace(settings_for(tmp_path, database_url), work_mib=1)
    async with open_app(settings) as app, carried(app) as house:
        shop = Shop(app, house, await sign_up(app.hall), repository)
        for count in (2, 6):
            await shop.role(f"for i in $(seq {count}); do head -c 900K /dev/urandom >f$i; done")
            task, said = await ended(shop, str(repository))
            assert task.state is State.FAILED
            assert "1 MiB, packed, that this hall takes of one run (HIRINGHALL_WORK_MIB)" in said


async def test_a_checkout_does_not_count_against_what_a_run_may_write(
    tmp_path: Path, database_url: str, origin: Origin, server: GitServer
) -> None:
    settings = replace(settings_for(tmp_path, database_url), run_disk_mib=8)
    async with open_app(settings) as app, carried(app) as house:
        shop = Shop(app, house, await sign_up(app.hall), origin.folder)
        await configure(shop, gitRepoUrl=server.url("org/project.git"), githubToken=TOKEN)
        origin.commit({"large": os.urandom(20 << 20)})
        # Long enough to be looked at: a run that ends at once never is.
        await shop.role("sleep 1.5; echo x >x")
        task, _ = await ended(shop, server.url("org/project.git"))
        assert task.state is State.IN_REVIEW
        await shop.role(
            "i=0; while :; do i=$((i + 1)); head -c 1M /dev/zero >f$i; sleep 0.05; done"
        )
        task, said = await ended(shop, server.url("org/project.git"))
        assert task.state is State.FAILED
        assert "HIRINGHALL_RUN_DISK_MIB" in said


async def test_a_run_that_was_followed_meanwhile_does_not_try_to_push_again(
    private: Shop, url: str, server: GitServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Long before a heartbeat would tell it."""
    loop, noted, pushes = asyncio.get_running_loop(), server.note, list[str]()

    def note(path: str, authorization: str | None) -> None:
        noted(path, authorization)
        server.status = None
        if "service=git-receive-pack" not in path:
            return
        pushes.append(path)
        if len(pushes) == 1:
            asyncio.run_coroutine_threadsafe(lose_the_run(private), loop).result(30)
            server.status = 503

    monkeypatch.setattr(server, "note", note)
    task, _ = await ended(private, url)
    assert task.state is State.IN_REVIEW
    # The second is its successor's.
    assert len(pushes) == 2
