"""Pushing the branch: only that one, only while nobody else moved it, again without harm."""

import asyncio
import dataclasses
from typing import TypedDict

import pytest

from hiringhall.workers.git.errors import (
    LeaseLost,
    NoAccess,
    PushRefused,
    RepositoryMissing,
    WorkUnreadable,
)
from hiringhall.workers.workspace import Collected, Workspace, Workspaces
from tests.workspace.support import GitServer, Origin, fresh_id, git, write_files

pytestmark = pytest.mark.anyio

ORGANIZATION = fresh_id()


class Served(TypedDict):
    """Where a server serves a repository, which minds its hooks; and by which token."""

    url: str
    token: str | None


async def worked(
    workspaces: Workspaces,
    origin: Origin,
    files: dict[str, str],
    *,
    task_id: str | None = None,
    url: str | None = None,
    token: str | None = None,
) -> tuple[Workspace, Collected]:
    workspace = await workspaces.prepare(
        run_id=fresh_id(),
        task_id=task_id or fresh_id(),
        organization_id=ORGANIZATION,
        repository=url or str(origin.folder),
        token=token,
    )
    write_files(workspace.folder, files)
    return workspace, await workspaces.collect(workspace, message="Made by a worker")


async def test_only_the_task_s_branch_is_pushed(workspaces: Workspaces, origin: Origin) -> None:
    main = origin.tip("main")
    workspace, collected = await worked(workspaces, origin, {"new": "x"})
    assert await workspaces.push(workspace, collected)
    assert sorted(origin.branches()) == ["main", workspace.branch]
    assert origin.tip("main") == main
    for branch in ("main", "worker/task_other", "../main", "--all"):
        with pytest.raises(WorkUnreadable, match="own branch"):
            await workspaces.push(workspace, dataclasses.replace(collected, branch=branch))
    assert sorted(origin.branches()) == ["main", workspace.branch]


async def test_pushing_again_does_no_harm(workspaces: Workspaces, origin: Origin) -> None:
    workspace, collected = await worked(workspaces, origin, {"new": "x"})
    for _ in range(3):
        assert await workspaces.push(workspace, collected)
    # As if the hall had been killed between the push and its note of it.
    (workspace.folder.parent / "pushed").unlink()
    assert await workspaces.push(workspace, collected)
    assert origin.tip(workspace.branch) == collected.commit


async def test_a_push_beside_one_that_outlived_its_hall_succeeds(
    workspaces: Workspaces, origin: Origin, server: GitServer
) -> None:
    """A killed hall's git got there first, in the middle of this push, with the same commit."""
    git(origin.folder, "config", "http.receivepack", "true")
    served: Served = {"url": server.url("project.git"), "token": server.token}
    workspace, collected = await worked(workspaces, origin, {"new": "x"}, **served)
    hook = origin.folder / "hooks/update"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text('#!/bin/sh\ngit update-ref "$1" "$3"\n')
    hook.chmod(0o755)
    assert await workspaces.push(workspace, collected)
    assert origin.tip(workspace.branch) == collected.commit
    # Where it was somebody else with something else, it stays as it is.
    other, made = await worked(workspaces, origin, {"new": "y"}, **served)
    hook.write_text(f'#!/bin/sh\ngit update-ref "$1" {origin.tip("main")}\n')
    with pytest.raises(LeaseLost):
        await workspaces.push(other, made)
    assert origin.tip(other.branch) == origin.tip("main")


async def test_nothing_to_push_is_no_error(workspaces: Workspaces, origin: Origin) -> None:
    workspace, collected = await worked(workspaces, origin, {})
    assert collected.commit is None
    assert not collected.is_new
    assert collected.files == ()
    assert not await workspaces.push(workspace, collected)
    assert origin.branches() == ["main"]


async def test_the_next_run_goes_on_from_the_branch(workspaces: Workspaces, origin: Origin) -> None:
    task = fresh_id()
    first, made = await worked(workspaces, origin, {"one": "1"}, task_id=task)
    await workspaces.push(first, made)
    second, more = await worked(workspaces, origin, {"two": "2"}, task_id=task)
    assert (second.began, second.start) == ("tip", made.commit)
    assert [file.path for file in more.files] == ["one", "two"]
    await workspaces.push(second, more)
    assert origin.files(second.branch) == ["README.md", "one", "src/app.py", "two"]
    assert git(origin.folder, "rev-list", "--count", f"main..{second.branch}") == "2"


async def test_a_branch_that_somebody_moved_is_not_overwritten(
    workspaces: Workspaces, origin: Origin
) -> None:
    task = fresh_id()
    first, made = await worked(workspaces, origin, {"one": "1"}, task_id=task)
    await workspaces.push(first, made)
    second, more = await worked(workspaces, origin, {"two": "2"}, task_id=task)
    theirs = origin.commit({"README.md": "by hand\n"}, branch=second.branch)
    with pytest.raises(LeaseLost, match="Somebody else moved the branch") as lost:
        await workspaces.push(second, more)
    assert not lost.value.retryable
    assert origin.tip(second.branch) == theirs
    # What somebody else made goes before what was not pushed.
    third, _ = await worked(workspaces, origin, {}, task_id=task)
    assert third.start == theirs


async def test_a_branch_that_somebody_made_first_is_not_overwritten(
    workspaces: Workspaces, origin: Origin
) -> None:
    workspace, collected = await worked(workspaces, origin, {"one": "1"})
    theirs = origin.commit({"README.md": "by hand\n"}, branch=workspace.branch)
    with pytest.raises(LeaseLost):
        await workspaces.push(workspace, collected)
    assert origin.tip(workspace.branch) == theirs


async def test_of_two_that_race_one_wins(workspaces: Workspaces, origin: Origin) -> None:
    task = fresh_id()
    racers = [
        await worked(workspaces, origin, {f"file-{number}": "x"}, task_id=task)
        for number in range(2)
    ]
    assert [racer[0].remote_tip for racer in racers] == [None, None]
    ended = await asyncio.gather(
        *(workspaces.push(*racer) for racer in racers), return_exceptions=True
    )
    assert sorted(str(one) for one in ended if one is True) == ["True"]
    (lost,) = (one for one in ended if one is not True)
    assert isinstance(lost, LeaseLost)
    assert origin.tip(racers[0][0].branch) in {racer[1].commit for racer in racers}


async def test_a_run_may_push_what_it_added_to_its_own_push(
    workspaces: Workspaces, origin: Origin
) -> None:
    workspace, collected = await worked(workspaces, origin, {"one": "1"})
    await workspaces.push(workspace, collected)
    write_files(workspace.folder, {"two": "2"})
    more = await workspaces.collect(workspace, message="More")
    assert await workspaces.push(workspace, more)
    assert origin.tip(workspace.branch) == more.commit


async def test_a_refusal_carries_the_repository_s_words(
    workspaces: Workspaces, origin: Origin, server: GitServer
) -> None:
    git(origin.folder, "config", "http.receivepack", "true")
    hook = origin.folder / "hooks/pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'branches must be named \033[31mproperly'\nexit 1\n")
    hook.chmod(0o755)
    workspace, collected = await worked(
        workspaces, origin, {"one": "1"}, url=server.url("project.git"), token=server.token
    )
    with pytest.raises(PushRefused, match=r"pre-receive hook declined.*properly") as refused:
        await workspaces.push(workspace, collected)
    assert not isinstance(refused.value, LeaseLost)
    assert "\033" not in refused.value.reason
    # The work is not lost: it is pushed when the repository takes it.
    hook.unlink()
    assert await workspaces.push(workspace, collected)


async def test_a_token_that_may_only_read_is_said(
    workspaces: Workspaces, origin: Origin, server: GitServer
) -> None:
    git(origin.folder, "config", "http.receivepack", "false")
    workspace, collected = await worked(
        workspaces, origin, {"a": "b"}, url=server.url("project.git"), token=server.token
    )
    with pytest.raises(NoAccess):
        await workspaces.push(workspace, collected)
    assert origin.branches() == ["main"]


async def test_a_repository_that_went_away_is_said(workspaces: Workspaces, origin: Origin) -> None:
    workspace, collected = await worked(workspaces, origin, {"a": "b"})
    origin.folder.rename(origin.folder.with_name("moved.git"))
    with pytest.raises(RepositoryMissing):
        await workspaces.push(workspace, collected)


async def test_a_token_is_needed_again_after_a_restart(
    workspaces: Workspaces, origin: Origin, server: GitServer
) -> None:
    git(origin.folder, "config", "http.receivepack", "true")
    workspace, collected = await worked(
        workspaces, origin, {"a": "b"}, url=server.url("project.git"), token=server.token
    )
    found = await workspaces.open(workspace.run_id)
    assert found is not None
    assert found == dataclasses.replace(workspace, token=None)
    with pytest.raises(NoAccess):
        await workspaces.push(found, collected)
    found = await workspaces.open(workspace.run_id, token=server.token)
    assert found is not None
    assert await workspaces.push(found, collected)
    assert await workspaces.open(fresh_id()) is None
