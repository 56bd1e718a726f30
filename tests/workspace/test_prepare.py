"""Making a run's workspace: where it begins, what it shares (nothing), and doing it again."""

import asyncio
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from hiringhall.domain.ids import branch_of
from hiringhall.workers.git import mirror
from hiringhall.workers.git.checkout import Room
from hiringhall.workers.git.errors import DefaultBranchVanished, RepositoryMissing, TooLarge
from hiringhall.workers.git.skeleton import EMPTY_COMMIT
from hiringhall.workers.sandboxes.port import SandboxProvider
from hiringhall.workers.workspace import Workspace, Workspaces
from tests.workspace.support import Origin, as_worker, fresh_id, git, write_files

pytestmark = pytest.mark.anyio

ORGANIZATION = fresh_id()


async def prepared(
    workspaces: Workspaces,
    repository: str | Origin | None,
    *,
    task_id: str | None = None,
    organization_id: str = ORGANIZATION,
) -> Workspace:
    return await workspaces.prepare(
        run_id=fresh_id(),
        task_id=task_id or fresh_id(),
        organization_id=organization_id,
        repository=str(repository.folder) if isinstance(repository, Origin) else repository,
    )


async def test_a_workspace_is_a_clone_on_the_task_s_branch(
    workspaces: Workspaces, origin: Origin
) -> None:
    origin.commit({"other": "x"}, branch="feature/x")
    git(origin.folder, "tag", "v1", "main")
    workspace = await prepared(workspaces, origin)
    folder = workspace.folder
    assert workspace.began == "default"
    assert workspace.branch == branch_of(workspace.task_id)
    assert workspace.default_branch == "main"
    assert workspace.start == workspace.base == origin.tip("main")
    assert (folder / "src/app.py").read_text() == "print(1)\n"
    assert git(folder, "symbolic-ref", "HEAD") == f"refs/heads/{workspace.branch}"
    assert git(folder, "status", "--porcelain") == ""
    assert git(folder, "rev-parse", "origin/HEAD", "origin/feature/x", "v1").split() == [
        origin.tip("main"),
        origin.tip("feature/x"),
        origin.tip("main"),
    ]
    assert git(folder, "fsck", "--strict") == ""
    as_worker(folder, "echo 2 >src/app.py && git commit -qam 'by the worker'")
    assert git(folder, "log", "--format=%s").split("\n")[0] == "by the worker"


async def test_a_worker_commits_as_nobody_in_particular(
    workspaces: Workspaces, origin: Origin
) -> None:
    workspace = await prepared(workspaces, origin)
    config = git(workspace.folder, "config", "--local", "--list")
    assert "user.name=Hiringhall worker" in config
    assert "user.email=worker@hiringhall.invalid" in config


async def test_nothing_is_shared_with_the_mirror(
    workspaces: Workspaces, origin: Origin, hall: Path
) -> None:
    workspace = await prepared(workspaces, origin)
    assert not (workspace.folder / ".git/objects/info/alternates").exists()
    for path in workspace.folder.rglob("*"):
        assert path.is_dir() or path.stat().st_nlink == 1
    before = {path: path.read_bytes() for path in _packs(hall)}
    assert before
    for path in (workspace.folder / ".git/objects/pack").iterdir():
        path.chmod(0o600)
        path.write_bytes(b"spoiled")
    assert {path: path.read_bytes() for path in _packs(hall)} == before
    again = await prepared(workspaces, origin)
    assert git(again.folder, "fsck", "--strict") == ""


def _packs(hall: Path) -> list[Path]:
    return list((hall / "repositories").glob("*/mirror.git/objects/pack/*.pack"))


async def test_the_mirror_follows_the_repository(workspaces: Workspaces, origin: Origin) -> None:
    await prepared(workspaces, origin)
    origin.commit({"gone": "x"}, branch="a")
    second = await prepared(workspaces, origin)
    assert git(second.folder, "rev-parse", "origin/a") == origin.tip("a")
    git(origin.folder, "branch", "-D", "a")
    origin.commit({"deeper": "x"}, branch="a/b")
    newest = origin.commit({"README.md": "new\n"})
    third = await prepared(workspaces, origin)
    assert third.start == newest
    assert (third.folder / "README.md").read_text() == "new\n"
    assert git(third.folder, "for-each-ref", "--format=%(refname)", "refs/remotes").split() == [
        "refs/remotes/origin/HEAD",
        "refs/remotes/origin/a/b",
        "refs/remotes/origin/main",
    ]


async def test_the_default_branch_is_whatever_the_repository_says(
    workspaces: Workspaces, origin: Origin
) -> None:
    first = await prepared(workspaces, origin)
    assert first.default_branch == "main"
    tip = origin.commit({"x": "y"}, branch="trunk")
    git(origin.folder, "symbolic-ref", "HEAD", "refs/heads/trunk")
    second = await prepared(workspaces, origin)
    assert (second.default_branch, second.start) == ("trunk", tip)
    git(origin.folder, "update-ref", "--no-deref", "HEAD", tip)
    detached = await prepared(workspaces, origin)
    assert (detached.default_branch, detached.start) == (None, tip)


async def test_a_vanished_default_branch_is_said(workspaces: Workspaces, origin: Origin) -> None:
    origin.commit({"x": "y"}, branch="other")
    git(origin.folder, "update-ref", "-d", "refs/heads/main")
    with pytest.raises(DefaultBranchVanished, match="no default branch any more"):
        await prepared(workspaces, origin)


async def test_an_empty_repository_begins_with_an_empty_commit(
    workspaces: Workspaces, tmp_path: Path
) -> None:
    origin = Origin.make(tmp_path / "empty.git", empty=True)
    workspace = await prepared(workspaces, origin)
    assert (workspace.began, workspace.start) == ("nothing", EMPTY_COMMIT)
    assert git(workspace.folder, "status", "--porcelain") == ""
    assert git(workspace.folder, "remote") == "origin"
    write_files(workspace.folder, {"a": "b"})
    collected = await workspaces.collect(workspace, message="Begin")
    assert await workspaces.push(workspace, collected)
    assert origin.files(workspace.branch) == ["a"]
    # Its only branch is now a worker's; there is still no default branch to begin from.
    assert (await prepared(workspaces, origin)).began == "nothing"


async def test_without_a_repository_a_workspace_is_an_empty_one(workspaces: Workspaces) -> None:
    workspace = await prepared(workspaces, None)
    assert workspace.began == "nothing"
    assert [path.name for path in workspace.folder.iterdir()] == [".git"]
    assert git(workspace.folder, "rev-parse", "HEAD") == EMPTY_COMMIT
    assert git(workspace.folder, "symbolic-ref", "--short", "HEAD") == workspace.branch
    assert git(workspace.folder, "fsck", "--strict") == ""
    as_worker(workspace.folder, "echo 1 >a && git add a && git commit -qm one && git gc -q")
    assert git(workspace.folder, "rev-parse", "HEAD^") == EMPTY_COMMIT


async def test_a_missing_folder_is_said(workspaces: Workspaces, tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(RepositoryMissing, match="There is no repository at"):
            await prepared(workspaces, str(path))


async def test_a_repository_that_was_refused_leaves_nothing(
    workspaces: Workspaces, hall: Path, tmp_path: Path
) -> None:
    with pytest.raises(RepositoryMissing):
        await prepared(workspaces, str(tmp_path / "nowhere"))
    await workspaces.discard_except([])
    assert _names_below(hall) == ["bin", "repositories", "runs"]


async def test_preparing_again_finds_what_was_made(workspaces: Workspaces, origin: Origin) -> None:
    run: dict[str, Any] = {
        "run_id": fresh_id(),
        "task_id": fresh_id(),
        "organization_id": ORGANIZATION,
        "repository": str(origin.folder),
    }
    first = await workspaces.prepare(**run)
    write_files(first.folder, {"made": "x"})
    origin.commit({"README.md": "newer\n"})
    assert await workspaces.prepare(**run) == first
    assert (first.folder / "made").exists()
    assert workspaces.left_runs() == [run["run_id"]]


async def test_many_runs_of_one_repository_at_once(workspaces: Workspaces, origin: Origin) -> None:
    made = await asyncio.gather(*(prepared(workspaces, origin) for _ in range(8)))
    assert {workspace.start for workspace in made} == {origin.tip("main")}
    assert len({workspace.folder for workspace in made}) == 8
    assert all((workspace.folder / "README.md").exists() for workspace in made)


async def test_organizations_have_mirrors_of_their_own(
    workspaces: Workspaces, origin: Origin, hall: Path
) -> None:
    await prepared(workspaces, origin, organization_id=fresh_id())
    await prepared(workspaces, origin, organization_id=fresh_id())
    assert len(list((hall / "repositories").glob("*/mirror.git"))) == 2


async def test_small_packs_are_joined(
    workspaces: Workspaces, origin: Origin, hall: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mirror, "MOST_PACKS", 4)
    for number in range(12):
        origin.commit({f"file-{number}": "x"})
        workspace = await prepared(workspaces, origin)
        await workspaces.discard(workspace.run_id)
    assert len(_packs(hall)) <= 5
    assert len(list((await prepared(workspaces, origin)).folder.glob("file-*"))) == 12


async def test_more_files_than_there_is_room_for_are_refused(
    hall: Path, unwalled: SandboxProvider, origin: Origin
) -> None:
    small = Workspaces(hall, allow_local=True, sandbox=unwalled, room=Room(files=10, bytes=1000))
    await prepared(small, origin)
    origin.commit({f"{number}": "x" for number in range(20)})
    with pytest.raises(TooLarge, match="more than 10 files"):
        await prepared(small, origin)


async def test_a_few_objects_that_spell_out_billions_of_files_are_refused(
    workspaces: Workspaces, origin: Origin, hall: Path
) -> None:
    blob = git(origin.folder, "hash-object", "-w", "--stdin", stdin="x")
    lines = "".join(f"100644 blob {blob}\t{number:02}\n" for number in range(20))
    for _ in range(8):
        tree = git(origin.folder, "mktree", stdin=lines)
        lines = "".join(f"040000 tree {tree}\t{number:02}\n" for number in range(20))
    commit = git(
        origin.folder, "commit-tree", "-m", "a bomb", git(origin.folder, "mktree", stdin=lines)
    )
    git(origin.folder, "update-ref", "refs/heads/main", commit)
    with pytest.raises(TooLarge, match="files"):
        await prepared(workspaces, origin)
    assert not list((hall / "runs").iterdir())


async def test_a_killed_fetch_leaves_no_lock_that_lasts(
    workspaces: Workspaces, origin: Origin, hall: Path
) -> None:
    await prepared(workspaces, origin)
    (copy,) = (hall / "repositories").glob("*/mirror.git")
    # As git and the hall leave a mirror when they are killed in the middle.
    (copy / "hall-busy").touch()
    (copy / "packed-refs.lock").touch()
    (copy / "refs/heads").mkdir(exist_ok=True)
    (copy / "refs/heads/main.lock").touch()
    (copy / "objects/pack/tmp_pack_abc").write_bytes(b"half")
    half = copy.parent.with_name(f".new-{copy.parent.name}-0000")
    shutil.copytree(copy, half / "mirror.git")
    newest = origin.commit({"README.md": "newer\n"})
    assert (await prepared(workspaces, origin)).start == newest
    assert not [*copy.rglob("*.lock"), *copy.rglob("tmp_*")]


@pytest.mark.parametrize("name", ["packed-refs", "HEAD", "config", "objects/pack/*.idx"])
async def test_a_spoiled_mirror_is_made_anew(
    workspaces: Workspaces, origin: Origin, hall: Path, name: str
) -> None:
    """As a power cut may leave it; what is the hall's own is kept."""
    task = fresh_id()
    first = await prepared(workspaces, origin, task_id=task)
    write_files(first.folder, {"half": "done"})
    await workspaces.keep_wip(first)
    (copy,) = (hall / "repositories").glob("*/mirror.git")
    git(copy, "pack-refs", "--all")
    for path in copy.glob(name):
        path.chmod(0o600)
        path.write_text("rubbish")
    second = await prepared(workspaces, origin, task_id=task)
    assert (second.began, (second.folder / "half").read_text()) == ("wip", "done")
    assert git(second.folder, "fsck", "--strict") == ""


async def test_a_spoiled_note_of_a_workspace_is_no_workspace(workspaces: Workspaces) -> None:
    workspace = await prepared(workspaces, None)
    (workspace.folder.parent / "workspace.json").write_text("{")
    assert await workspaces.open(workspace.run_id) is None
    again = await workspaces.prepare(
        run_id=workspace.run_id,
        task_id=workspace.task_id,
        organization_id=ORGANIZATION,
        repository=None,
    )
    assert again == workspace


async def test_hostile_names_of_branches_stay_names(workspaces: Workspaces, origin: Origin) -> None:
    names = ["--upload-pack=x", "a b", "x;touch y", "$(id)", "ümlaut", "origin/HEAD", "HEAD"]
    names = [name for name in names if not name.startswith("-") and " " not in name]
    for name in names:
        git(origin.folder, "update-ref", f"refs/heads/{name}", "refs/heads/main")
    git(origin.folder, "update-ref", os.fsdecode(b"refs/heads/\xff\xfe"), "refs/heads/main")
    workspace = await prepared(workspaces, origin)
    listed = git(workspace.folder, "for-each-ref", "--format=%(refname)", "refs/remotes/origin")
    for name in [*names, os.fsdecode(b"\xff\xfe")]:
        assert f"refs/remotes/origin/{name}" in listed.split("\n")


async def test_hooks_and_settings_of_a_local_repository_do_nothing_here(
    workspaces: Workspaces, origin: Origin, tmp_path: Path
) -> None:
    trace = tmp_path / "trace"
    script = f"#!/bin/sh\ntouch {trace}\n"
    for name in ("post-checkout", "reference-transaction", "pre-push", "post-index-change"):
        hook = origin.folder / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(script)
        hook.chmod(0o755)
    git(origin.folder, "config", "uploadpack.packObjectsHook", f"touch {trace};")
    git(origin.folder, "config", "core.fsmonitor", f"touch {trace}")
    git(origin.folder, "config", "filter.evil.smudge", f"touch {trace}")
    origin.commit({".gitattributes": "* filter=evil\n"})
    assert trace.exists()  # by the git of this test, which minds hooks
    trace.unlink()
    await prepared(workspaces, origin)
    assert not trace.exists()


async def test_submodules_are_left_alone(workspaces: Workspaces, origin: Origin) -> None:
    commit = origin.tip("main")
    modules = '[submodule "s"]\n\tpath = s\n\turl = https://example.org/s\n'
    origin.commit({".gitmodules": modules})
    listing = git(origin.folder, "ls-tree", "main") + f"\n160000 commit {commit}\ts\n"
    tree = git(origin.folder, "mktree", "--missing", stdin=listing)
    tip = git(origin.folder, "commit-tree", "-p", "main", "-m", "submodule", tree)
    git(origin.folder, "update-ref", "refs/heads/main", tip)
    workspace = await prepared(workspaces, origin)
    assert list((workspace.folder / "s").iterdir()) == []
    write_files(workspace.folder, {"new": "x"})
    collected = await workspaces.collect(workspace, message="Beside a submodule")
    assert [file.path for file in collected.files] == ["new"]


async def test_other_users_cannot_look_in(workspaces: Workspaces, hall: Path) -> None:
    await prepared(workspaces, None)
    assert _mode(hall) & 0o077 == 0


def _names_below(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.suffix != ".lock")


def _mode(path: Path) -> int:
    return path.stat().st_mode
