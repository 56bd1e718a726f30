"""Work as it is while its worker goes on: taken for another node, and nothing here is touched."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from hiringhall.workers.git.carried import Brought, Kept
from hiringhall.workers.git.errors import LiveSecret, TooLarge
from hiringhall.workers.git.intake import Allowance
from hiringhall.workers.sandboxes.port import SandboxProvider
from hiringhall.workers.workspace import Workspace, Workspaces
from tests.workspace.support import Origin, as_worker, fresh_id, git, write_files

pytestmark = pytest.mark.anyio

ORGANIZATION = fresh_id()
NOTHING = Brought({}, {})


@pytest.fixture
def elsewhere(tmp_path: Path, unwalled: SandboxProvider) -> Workspaces:
    """Another node's."""
    return Workspaces(tmp_path / "elsewhere", allow_local=True, sandbox=unwalled)


async def prepared(
    workspaces: Workspaces,
    origin: Origin | None,
    task_id: str | None = None,
    brought: Brought | None = None,
) -> Workspace:
    return await workspaces.prepare(
        run_id=fresh_id(),
        task_id=task_id or fresh_id(),
        organization_id=ORGANIZATION,
        repository=None if origin is None else str(origin.folder),
        brought=brought,
    )


async def saved(
    workspaces: Workspaces,
    workspace: Workspace,
    folder: Path,
    *,
    but: Mapping[Kept, str] | None = None,
    secrets: tuple[str, ...] = (),
) -> Brought:
    os.mkdir(folder)  # noqa: PTH102
    return await workspaces.bundle_at_work(
        workspace, NOTHING, folder=folder, but=but or {}, at_s=1_700_000_000, secrets=secrets
    )


def seen(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Everything below a folder, with what changes when somebody writes.

    Of objects that it meets again git renews the age, wherever they are.
    """
    found = dict[str, tuple[int, int, int]]()
    for path in [folder, *folder.rglob("*")]:
        if ".git/objects/" in os.fsdecode(path):
            continue
        stat = path.lstat()
        found[os.fsdecode(path)] = (stat.st_mode, stat.st_mtime_ns, stat.st_ctime_ns)
    return found


@pytest.mark.parametrize("with_repository", [True, False])
async def test_another_node_begins_from_work_that_nobody_had_finished(
    workspaces: Workspaces,
    elsewhere: Workspaces,
    origin: Origin,
    tmp_path: Path,
    with_repository: bool,
) -> None:
    source = origin if with_repository else None
    workspace = await prepared(workspaces, source)
    as_worker(
        workspace.folder,
        "echo one >one && git add one && git commit -qm 'First step'",
        "echo half >half && mkdir locked && echo x >locked/file && git init -q nested",
        "echo y >nested/y && chmod 0500 locked",
    )
    before = seen(workspace.folder)
    brought = await saved(workspaces, workspace, tmp_path / "coming")
    assert seen(workspace.folder) == before
    again = await prepared(elsewhere, source, workspace.task_id, brought)
    assert brought.refused == []
    assert (again.began, again.start) == ("wip", brought.commits["wip"])
    names = {path.name for path in again.folder.iterdir()} - {".git"}
    # What lies in a repository of its own waits until the work has ended.
    assert {"one", "half", "locked"} <= names
    assert "nested" not in names
    assert (again.folder / "half").read_text() == "half\n"
    assert git(again.folder, "log", "--format=%s", "-2").split("\n") == [
        "Work in progress",
        "First step",
    ]


async def test_nothing_is_kept_here_and_the_same_work_is_saved_once(
    workspaces: Workspaces, origin: Origin, hall: Path, tmp_path: Path
) -> None:
    workspace = await prepared(workspaces, origin)
    assert await saved(workspaces, workspace, tmp_path / "0") == NOTHING
    write_files(workspace.folder, {"half": "half\n"})
    (work,) = (hall / "repositories").glob("*/work.git")
    before = sorted(work.rglob("*"))
    first = await saved(workspaces, workspace, tmp_path / "1")
    assert list(first.bundles) == ["wip"]
    second = await saved(workspaces, workspace, tmp_path / "2", but=first.commits)
    assert (second.commits, second.bundles) == (first.commits, {})
    assert sorted(work.rglob("*")) == before
    assert not list((hall / "runs" / workspace.run_id).glob("at-work*"))
    # Taken back by the worker, it is not offered to anybody.
    (workspace.folder / "half").unlink()
    assert await saved(workspaces, workspace, tmp_path / "3", but=first.commits) == NOTHING


async def test_work_is_judged_while_it_is_done(
    workspaces: Workspaces, origin: Origin, tmp_path: Path, unwalled: SandboxProvider
) -> None:
    workspace = await prepared(workspaces, origin)
    write_files(workspace.folder, {"half": "the token is ghp_canary0123456789abcdefghij\n"})
    with pytest.raises(LiveSecret):
        await saved(
            workspaces, workspace, tmp_path / "1", secrets=("ghp_canary0123456789abcdefghij",)
        )
    small = Workspaces(
        tmp_path / "small", allow_local=True, sandbox=unwalled, allowance=Allowance(objects=3)
    )
    workspace = await prepared(small, origin)
    write_files(workspace.folder, {f"file-{number}": str(number) for number in range(5)})
    with pytest.raises(TooLarge):
        await saved(small, workspace, tmp_path / "2")


async def test_the_work_is_collected_after_as_if_nothing_had_been_saved(
    workspaces: Workspaces, origin: Origin, tmp_path: Path
) -> None:
    workspace = await prepared(workspaces, origin)
    write_files(workspace.folder, {"half": "half\n"})
    await saved(workspaces, workspace, tmp_path / "1")
    write_files(workspace.folder, {"half": "whole\n"})
    collected = await workspaces.collect(workspace, message="Done")
    assert collected.commit is not None
    assert [file.path for file in collected.files] == ["half"]
    again = await prepared(workspaces, origin, workspace.task_id)
    assert (again.began, again.start) == ("tip", collected.commit)
