"""A hostile worker's checkout, collected behind a real wall: nothing of it runs on the host."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from hiringhall.workers.git.errors import WorkspaceError
from hiringhall.workers.sandboxes.port import SandboxProvider
from hiringhall.workers.workspace import Collected, Workspace, Workspaces
from tests.workspace.support import Origin, as_worker, everything_below, fresh_id, git, write_files

pytestmark = [pytest.mark.anyio, pytest.mark.sandbox]


@pytest.fixture
def workspaces(hall: Path, walled: SandboxProvider) -> Workspaces:
    return Workspaces(hall, allow_local=True, sandbox=walled)


async def prepared(workspaces: Workspaces, origin: Origin | None) -> Workspace:
    return await workspaces.prepare(
        run_id=fresh_id(),
        task_id=fresh_id(),
        organization_id=fresh_id(),
        repository=None if origin is None else str(origin.folder),
    )


def told(collected: Collected) -> dict[str, str]:
    return {file.path: file.status for file in collected.files}


async def test_an_honest_worker_behind_the_wall(workspaces: Workspaces, origin: Origin) -> None:
    workspace = await prepared(workspaces, origin)
    as_worker(workspace.folder, "echo x >one && git add one && git commit -qm one && echo y >two")
    collected = await workspaces.collect(workspace, message="Left over")
    assert told(collected) == {"one": "added", "two": "added"}
    assert collected.notes == ()
    assert await workspaces.push(workspace, collected)
    assert git(origin.folder, "log", "--format=%s", f"main..{workspace.branch}").split("\n") == [
        "Left over",
        "one",
    ]


async def test_no_setting_of_a_worker_runs_on_the_host(
    workspaces: Workspaces, origin: Origin, tmp_path: Path
) -> None:
    workspace = await prepared(workspaces, origin)
    trace = tmp_path / "trace"
    evil = tmp_path / "evil.sh"
    evil.write_text(f"#!/bin/sh\necho $0 $@ >>{trace}\n")
    evil.chmod(0o755)
    inside = workspace.folder / ".git"
    (inside / "hooks").mkdir(exist_ok=True)
    for name in (
        "applypatch-msg", "commit-msg", "fsmonitor-watchman", "post-checkout", "post-commit",
        "post-index-change", "pre-commit", "pre-push", "prepare-commit-msg",
        "reference-transaction", "update", "post-rewrite", "pre-auto-gc",
    ):  # fmt: skip
        shutil.copy(evil, inside / "hooks" / name)
    included = workspace.folder / "included.cfg"
    included.write_text(f"[core]\n\tfsmonitor = {evil}\n\thooksPath = {tmp_path}\n")
    for key, value in {
        "core.fsmonitor": str(evil),
        "core.hooksPath": str(inside / "hooks"),
        "core.editor": str(evil),
        "core.pager": str(evil),
        "core.sshCommand": str(evil),
        "core.askPass": str(evil),
        "core.gitProxy": str(evil),
        "core.alternateRefsCommand": str(evil),
        "credential.helper": f"!{evil}",
        "diff.external": str(evil),
        "diff.evil.command": str(evil),
        "diff.evil.textconv": str(evil),
        "filter.evil.clean": str(evil),
        "filter.evil.smudge": str(evil),
        "filter.evil.process": str(evil),
        "filter.evil.required": "true",
        "gpg.program": str(evil),
        "commit.gpgsign": "true",
        "uploadpack.packObjectsHook": str(evil),
        "include.path": str(included),
        "gc.recentObjectsHook": str(evil),
        "remote.origin.uploadpack": str(evil),
        "url.ext::sh -c x.insteadOf": "https://",
        "protocol.ext.allow": "always",
    }.items():
        git(workspace.folder, "-c", "core.fsmonitor=false", "config", "--local", key, value)
    write_files(
        workspace.folder,
        {".gitattributes": "* filter=evil diff=evil\n", "new": "x", "src/app.py": "changed\n"},
    )
    trace.unlink(missing_ok=True)
    collected = await workspaces.collect(workspace, message="x")
    assert told(collected) == {
        ".gitattributes": "added",
        "included.cfg": "added",
        "new": "added",
        "src/app.py": "modified",
    }
    assert await workspaces.push(workspace, collected)
    assert not trace.exists()


def away(path: Path) -> None:
    shutil.rmtree(path, ignore_errors=True)


def link_to(target: str) -> Callable[[Path], None]:
    def change(inside: Path) -> None:
        away(inside)
        inside.symlink_to(target)

    return change


def file_with(text: str) -> Callable[[Path], None]:
    def change(inside: Path) -> None:
        away(inside)
        inside.write_text(text)

    return change


def piped(name: str) -> Callable[[Path], None]:
    def change(inside: Path) -> None:
        (inside / name).unlink()
        os.mkfifo(inside / name)

    return change


def written(name: str, text: str) -> Callable[[Path], None]:
    def change(inside: Path) -> None:
        (inside / name).write_text(text)

    return change


def elsewhere(name: str, target: str) -> Callable[[Path], None]:
    def change(inside: Path) -> None:
        path = inside / name
        if path.is_dir():
            away(path)
        else:
            path.unlink()
        path.symlink_to(target)

    return change


BREAKS: dict[str, Callable[[Path], object]] = {
    "gone": away,
    "a link": link_to("/etc"),
    "a link to itself": link_to(".git"),
    "a file": file_with("rubbish"),
    "a pointer elsewhere": file_with("gitdir: /etc\n"),
    "a pointer into the session": file_with("gitdir: /session/git\n"),
    "objects gone": lambda inside: away(inside / "objects"),
    "objects elsewhere": elsewhere("objects", "/usr/share"),
    "HEAD elsewhere": elsewhere("HEAD", "/etc/passwd"),
    "HEAD climbs": written("HEAD", "ref: ../../../etc/passwd\n"),
    "HEAD unborn": written("HEAD", "ref: refs/heads/none\n"),
    "HEAD of a pipe": piped("HEAD"),
    "a strange format": written(
        "config", "[core]\n\trepositoryformatversion = 99\n[extensions]\n\tevil = 1\n"
    ),
    "settings of rubbish": written("config", "[core\n"),
    "a shut folder": lambda inside: inside.chmod(0),
}


@pytest.mark.parametrize("name", sorted(BREAKS))
async def test_where_the_repository_is_no_use_the_files_are_taken(
    workspaces: Workspaces, origin: Origin, name: str
) -> None:
    workspace = await prepared(workspaces, origin)
    write_files(workspace.folder, {"new": "x"})
    (workspace.folder / "README.md").unlink()
    BREAKS[name](workspace.folder / ".git")
    collected = await workspaces.collect(workspace, message="Saved")
    assert told(collected) == {"README.md": "deleted", "new": "added"}
    assert collected.commit is not None
    assert collected.notes[0].startswith("Only the files were taken, as one commit.")
    assert await workspaces.push(workspace, collected)


ODDITIES: dict[str, Callable[[Path], object]] = {
    "a work tree elsewhere": lambda inside: git(inside.parent, "config", "core.worktree", "/usr"),
    "bare": lambda inside: git(inside.parent, "config", "core.bare", "true"),
    "an index of a pipe": piped("index"),
    "an index elsewhere": elsewhere("index", "/etc/passwd"),
    "excludes elsewhere": lambda inside: (inside / "info/exclude").symlink_to("/etc/passwd"),
    "locks": lambda inside: [
        (inside / name).write_text("") for name in ("index.lock", "HEAD.lock", "config.lock")
    ],
    "grafts": lambda inside: (inside / "info/grafts").write_text(git(inside, "rev-parse", "HEAD")),
    "replacements": lambda inside: git(
        inside.parent,
        "replace",
        git(inside, "rev-parse", "HEAD^{tree}"),
        "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
        "-f",
    ),
    "alternates": lambda inside: (inside / "objects/info/alternates").write_text("/etc\n../..\n"),
    "odd refs": lambda inside: [
        git(inside.parent, "update-ref", f"refs/{name}", "HEAD")
        for name in ("heads/main;x", "wip/task_x", "tips/x", "heads/worker/task_aaaa", "bundle/x")
    ],
    "a rubbish ref": written("refs/heads/broken", "rubbish\n"),
}


@pytest.mark.parametrize("name", sorted(ODDITIES))
async def test_however_odd_the_repository_the_work_is_taken(
    workspaces: Workspaces, origin: Origin, hall: Path, name: str
) -> None:
    workspace = await prepared(workspaces, origin)
    write_files(workspace.folder, {"new": "x"})
    ODDITIES[name](workspace.folder / ".git")
    collected = await workspaces.collect(workspace, message="Taken")
    assert told(collected) == {"new": "added"}
    assert await workspaces.push(workspace, collected)
    assert sorted(origin.branches()) == ["main", workspace.branch]
    (work,) = (hall / "repositories").glob("*/work.git")
    refs = git(work, "for-each-ref", "--format=%(refname)").split()
    assert refs == [f"refs/tips/{workspace.branch.removeprefix('worker/')}"]


async def test_links_out_of_the_workspace_lead_nowhere(
    workspaces: Workspaces, origin: Origin, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("a secret of the host")
    workspace = await prepared(workspaces, origin)
    shutil.rmtree(workspace.folder / "src")
    (workspace.folder / "src").symlink_to(tmp_path)
    (workspace.folder / "secret").symlink_to(secret)
    (workspace.folder / "README.md").unlink()
    (workspace.folder / "README.md").symlink_to("/etc/hostname")
    collected = await workspaces.collect(workspace, message="x")
    kinds = {file.path: (file.status, file.kind) for file in collected.files}
    assert kinds == {
        "README.md": ("modified", "symlink"),
        "secret": ("added", "symlink"),
        "src": ("added", "symlink"),
        "src/app.py": ("deleted", "file"),
    }
    assert b"a secret of the host" not in everything_below(tmp_path / "hall")


async def test_commits_that_git_does_not_take_cost_the_history_not_the_files(
    workspaces: Workspaces, origin: Origin
) -> None:
    workspace = await prepared(workspaces, origin)
    folder = workspace.folder
    blob = git(folder, "hash-object", "-w", "--stdin", stdin="x")
    trap = b"100644 x\0" + bytes.fromhex(blob)
    tree = git(folder, "hash-object", "-t", "tree", "-w", "--stdin", "--literally", stdin=trap)
    root = b"40000 .git\0" + bytes.fromhex(tree)
    tree = git(folder, "hash-object", "-t", "tree", "-w", "--stdin", "--literally", stdin=root)
    trapped = git(folder, "commit-tree", "-p", "HEAD", "-m", "a trap", tree)
    back = git(folder, "commit-tree", "-p", trapped, "-m", "and back", "HEAD^{tree}")
    git(folder, "update-ref", "HEAD", back)
    write_files(folder, {"new": "x"})
    collected = await workspaces.collect(workspace, message="Saved")
    assert told(collected) == {"new": "added"}
    assert "git does not take the commits" in collected.notes[0]
    assert await workspaces.push(workspace, collected)
    assert git(origin.folder, "rev-list", "--count", f"main..{workspace.branch}") == "1"


async def test_folders_nobody_may_read_do_not_stop_the_rest(
    workspaces: Workspaces, origin: Origin
) -> None:
    workspace = await prepared(workspaces, origin)
    write_files(workspace.folder, {"new": "x", "shut/in": "y", "shut/deep/er": "z", "file": "w"})
    (workspace.folder / "file").chmod(0)
    (workspace.folder / "shut/deep").chmod(0)
    (workspace.folder / "shut").chmod(0)
    collected = await workspaces.collect(workspace, message="x")
    assert told(collected) == dict.fromkeys(["file", "new", "shut/deep/er", "shut/in"], "added")


async def test_without_a_repository_a_worker_may_have_made_its_own(workspaces: Workspaces) -> None:
    workspace = await prepared(workspaces, None)
    away(workspace.folder / ".git")
    as_worker(workspace.folder, "git init -q && echo x >a && git add a && git commit -qm mine")
    write_files(workspace.folder, {"b": "x"})
    collected = await workspaces.collect(workspace, message="Saved")
    assert told(collected) == {"a": "added", "b": "added"}


async def test_a_workspace_that_fills_the_disk_is_not_taken(
    workspaces: Workspaces, origin: Origin
) -> None:
    workspace = await prepared(workspaces, origin)
    with (workspace.folder / "sparse").open("wb") as file:
        file.truncate(1 << 40)
    write_files(workspace.folder, {"new": "x"})
    collected = await workspaces.collect(workspace, message="x")
    assert told(collected) == {"new": "added"}
    assert collected.left_out == ("sparse",)


async def test_a_live_secret_is_not_saved_by_breaking_the_repository(
    workspaces: Workspaces, origin: Origin
) -> None:
    workspace = await prepared(workspaces, origin)
    write_files(workspace.folder, {"new": "a-live-secret"})
    away(workspace.folder / ".git")
    with pytest.raises(WorkspaceError, match="secret that is in use"):
        await workspaces.collect(workspace, message="x", secrets=["a-live-secret"])
