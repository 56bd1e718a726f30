"""A repository named by a folder runs nothing on the host: not its hooks, not its config."""

from pathlib import Path

import pytest

from hiringhall.workers.git import command
from hiringhall.workers.git.errors import PushRefused
from hiringhall.workers.workspace import Workspaces
from tests.workspace.support import Origin, fresh_id, git, write_files
from tests.workspace.test_push import worked

pytestmark = pytest.mark.anyio


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    """A program that leaves a trace of having been run."""
    program = tmp_path / "trap"
    program.write_text(f'#!/bin/sh\necho "$0 $*" >>{tmp_path}/trace\n')
    program.chmod(0o755)
    return program


def _set_hooks(origin: Origin, trap: Path) -> None:
    (origin.folder / "hooks").mkdir(exist_ok=True)
    for name in (
        *("pre-receive", "update", "post-receive", "post-update", "proc-receive"),
        *("reference-transaction", "push-to-checkout", "pre-auto-gc"),
    ):
        (origin.folder / "hooks" / name).unlink(missing_ok=True)
        (origin.folder / "hooks" / name).symlink_to(trap)


async def test_its_hooks_are_not_run(workspaces: Workspaces, origin: Origin, trap: Path) -> None:
    _set_hooks(origin, trap)
    git(origin.folder, "config", "core.hooksPath", str(origin.folder / "hooks"))
    workspace, collected = await worked(workspaces, origin, {"new": "x"})
    assert await workspaces.push(workspace, collected)
    assert origin.tip(workspace.branch) == collected.commit
    assert not trap.with_name("trace").exists()


async def test_nothing_its_config_names_is_run(
    workspaces: Workspaces, origin: Origin, trap: Path, tmp_path: Path
) -> None:
    lender = Origin.make(tmp_path / "lender.git")
    (origin.folder / "objects/info/alternates").write_text(f"{lender.folder}/objects\n")
    for key, value in {
        "core.alternateRefsCommand": str(trap),
        "core.fsmonitor": str(trap),
        "core.sshCommand": str(trap),
        "core.askPass": str(trap),
        "core.pager": str(trap),
        "credential.helper": str(trap),
        "gpg.program": str(trap),
        "gc.auto": "1",
        "gc.autoDetach": "false",
        "gc.recentObjectsHook": str(trap),
        "receive.autogc": "true",
        "receive.certNonceSeed": "seed",
        "uploadpack.packObjectsHook": str(trap),
        "hook.trap.command": str(trap),
        "hook.trap.event": "pre-receive",
    }.items():
        git(origin.folder, "config", key, value)
    workspace, collected = await worked(workspaces, origin, {"new": "x"})
    assert await workspaces.push(workspace, collected)
    assert not trap.with_name("trace").exists()


async def test_a_checkout_of_the_branch_is_not_written(
    workspaces: Workspaces, tmp_path: Path, trap: Path
) -> None:
    """Writing it would run the filters that its own attributes and config name."""
    folder = tmp_path / "served/checkout"
    folder.mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    write_files(folder, {"README.md": "A project\n", ".gitattributes": "new* filter=trap\n"})
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "First")
    task = fresh_id()
    workspace, collected = await worked(workspaces, Origin(folder), {"one": "x"}, task_id=task)
    await workspaces.push(workspace, collected)
    git(folder, "checkout", "-q", workspace.branch)
    git(folder, "config", "filter.trap.smudge", str(trap))
    git(folder, "config", "receive.denyCurrentBranch", "updateInstead")
    workspace, collected = await worked(workspaces, Origin(folder), {"new": "y"}, task_id=task)
    with pytest.raises(PushRefused):
        await workspaces.push(workspace, collected)
    assert not trap.with_name("trace").exists()


async def test_a_git_that_cannot_be_kept_from_it_does_not_push(
    workspaces: Workspaces, origin: Origin, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def version(_: command.Git) -> tuple[int, int]:
        return (2, 54)

    workspace, collected = await worked(workspaces, origin, {"new": "x"})
    monkeypatch.setattr(command.Git, "version", version)
    with pytest.raises(PushRefused, match=r"git 2\.54"):
        await workspaces.push(workspace, collected)
    assert origin.branches() == ["main"]
