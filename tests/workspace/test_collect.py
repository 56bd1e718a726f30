"""Taking in what an honest worker made, however it left it."""

import asyncio
import os
from pathlib import Path

import pytest

from hiringhall.workers.git.errors import TooLarge, WorkUnreadable
from hiringhall.workers.git.intake import Allowance
from hiringhall.workers.git.skeleton import EMPTY_COMMIT
from hiringhall.workers.sandboxes.port import SandboxProvider
from hiringhall.workers.workspace import Collected, Workspace, Workspaces
from tests.workspace.support import (
    Origin,
    as_worker,
    fresh_id,
    git,
    write_files,
)

pytestmark = pytest.mark.anyio

ORGANIZATION = fresh_id()


async def prepared(
    workspaces: Workspaces, origin: Origin | None, task_id: str | None = None
) -> Workspace:
    return await workspaces.prepare(
        run_id=fresh_id(),
        task_id=task_id or fresh_id(),
        organization_id=ORGANIZATION,
        repository=None if origin is None else str(origin.folder),
    )


def told(collected: Collected) -> dict[str, str]:
    return {file.path: file.status for file in collected.files}


async def test_commits_and_what_was_left_over_are_taken(
    workspaces: Workspaces, origin: Origin, hall: Path
) -> None:
    workspace = await prepared(workspaces, origin)
    as_worker(
        workspace.folder,
        "echo one >one && git add one && git commit -qm 'First step'",
        "echo 2 >src/app.py && git rm -q README.md && mkdir deep && echo x >deep/er",
    )
    collected = await workspaces.collect(workspace, message="What was left\n\nover")
    assert collected.commit is not None
    assert collected.is_new
    assert told(collected) == {
        "README.md": "deleted",
        "deep/er": "added",
        "one": "added",
        "src/app.py": "modified",
    }
    (work,) = (hall / "repositories").glob("*/work.git")
    log = git(work, "log", "--format=%s|%an|%cn|%ce", f"{workspace.start}..{collected.commit}")
    assert log.split("\n") == [
        "What was left|Hiringhall worker|Hiringhall worker|worker@hiringhall.invalid",
        "First step|Ada|Ada|ada@example.org",
    ]
    assert "4 files changed" in collected.changes.summary
    assert "+print" not in collected.changes.patch
    assert "-print(1)\n+2\n" in collected.changes.patch
    assert not collected.changes.patch_cut
    assert await workspaces.read_file(workspace, collected.commit, "one") == b"one\n"
    with pytest.raises(WorkUnreadable, match="no file"):
        await workspaces.read_file(workspace, collected.commit, "README.md")


async def test_an_untouched_workspace_has_no_commit(workspaces: Workspaces, origin: Origin) -> None:
    for source in (origin, None):
        workspace = await prepared(workspaces, source)
        collected = await workspaces.collect(workspace, message="Nothing")
        assert (collected.commit, collected.files, collected.is_new) == (None, (), False)
        assert collected.notes == ()


async def test_without_a_repository_all_files_are_what_was_made(workspaces: Workspaces) -> None:
    workspace = await prepared(workspaces, None)
    write_files(workspace.folder, {"src/App.tsx": "export const a = 1;\n", "empty": ""})
    collected = await workspaces.collect(workspace, message="Made")
    assert [(file.path, file.size_bytes, file.status) for file in collected.files] == [
        ("empty", 0, "added"),
        ("src/App.tsx", 20, "added"),
    ]
    assert not await workspaces.push(workspace, collected)
    async with workspaces.written_out(workspace, collected.files) as paths:
        assert [path.read_bytes() for path in paths] == [b"", b"export const a = 1;\n"]
    assert not any(path.exists() for path in paths)


async def test_without_a_repository_the_next_run_goes_on(workspaces: Workspaces) -> None:
    task = fresh_id()
    first = await prepared(workspaces, None, task)
    write_files(first.folder, {"one": "1"})
    made = await workspaces.collect(first, message="One")
    await workspaces.discard(first.run_id)
    second = await prepared(workspaces, None, task)
    assert (second.began, second.start, second.base) == ("tip", made.commit, EMPTY_COMMIT)
    assert (second.folder / "one").read_text() == "1"
    write_files(second.folder, {"two": "2"})
    assert told(await workspaces.collect(second, message="Two")) == {"one": "added", "two": "added"}


async def test_work_of_a_killed_run_goes_on(workspaces: Workspaces, origin: Origin) -> None:
    for source in (origin, None):
        task = fresh_id()
        first = await prepared(workspaces, source, task)
        write_files(first.folder, {"half": "done"})
        found = await workspaces.open(first.run_id)  # as after a restart
        assert found is not None
        kept = await workspaces.keep_wip(found)
        await workspaces.discard_except([])
        # The repository went on in the meantime.
        origin.commit({"README.md": f"newer {task}\n"})
        second = await prepared(workspaces, source, task)
        assert (second.began, second.start) == ("wip", kept)
        assert (second.folder / "half").read_text() == "done"
        collected = await workspaces.collect(second, message="Nothing added")
        assert collected.is_new
        assert told(collected) == {"half": "added"}
        # What was delivered is no work in progress any more.
        third = await prepared(workspaces, source, task)
        assert third.began == "tip"
        assert await workspaces.keep_wip(third) is None


async def test_another_task_sees_nothing_of_it(workspaces: Workspaces, origin: Origin) -> None:
    first = await prepared(workspaces, origin)
    write_files(first.folder, {"half": "a text of the first task"})
    await workspaces.keep_wip(first)
    second = await prepared(workspaces, origin)
    objects = git(second.folder, "cat-file", "--batch-check", "--batch-all-objects")
    blob = git(first.folder, "hash-object", "half")
    assert blob not in objects
    assert blob in git(first.folder, "hash-object", "half")


async def test_a_change_within_the_same_second_is_seen(
    workspaces: Workspaces, origin: Origin
) -> None:
    """Git trusts times and sizes; a copy of its index must not be younger than the files."""
    workspace = await prepared(workspaces, origin)
    as_worker(workspace.folder, "git status")
    path = workspace.folder / "src/app.py"
    stamp = path.stat()
    path.write_text("print(2)\n")
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert told(await workspaces.collect(workspace, message="x")) == {"src/app.py": "modified"}


@pytest.mark.parametrize(
    "commands",
    [
        pytest.param(["git checkout -q --detach", "echo x >new"], id="detached"),
        pytest.param(["git checkout -q -b topic", "echo x >new"], id="another branch"),
        pytest.param(["echo x >new", "git add new", "rm new", "echo x >new"], id="staged"),
        pytest.param(
            ["echo x >new && git add new && git commit -qm x", "git checkout -q origin/main"],
            id="looks at an older commit",
        ),
        pytest.param(
            [
                "git checkout -q --orphan fresh && git rm -rfq .",
                "git commit -q --allow-empty -m 0",
                "git checkout -q --detach && git show origin/main:README.md >README.md",
                "mkdir src && git show origin/main:src/app.py >src/app.py && echo x >new",
            ],
            id="an orphan history",
        ),
        pytest.param(["touch .git/index.lock .git/HEAD.lock", "echo x >new"], id="locks left"),
        pytest.param(["rm .git/index", "echo x >new"], id="no index"),
        pytest.param(["echo rubbish >.git/index", "echo x >new"], id="a spoiled index"),
        pytest.param(["git update-index --split-index", "echo x >new"], id="a split index"),
        pytest.param(["git gc -q", "git pack-refs --all", "echo x >new"], id="packed"),
        pytest.param(
            ["echo x >new && git add new && git commit -qm x && git commit -q --amend -m y"],
            id="amended",
        ),
        pytest.param(
            ["git update-ref -d refs/heads/$(git branch --show-current)", "echo x >new"],
            id="an unborn branch",
        ),
    ],
)
async def test_however_the_worker_left_its_repository(
    workspaces: Workspaces, origin: Origin, commands: list[str]
) -> None:
    workspace = await prepared(workspaces, origin)
    as_worker(workspace.folder, *commands)
    collected = await workspaces.collect(workspace, message="Taken")
    assert told(collected) == {"new": "added"}


async def test_conflicts_are_taken_as_they_stand(workspaces: Workspaces, origin: Origin) -> None:
    workspace = await prepared(workspaces, origin)
    as_worker(
        workspace.folder,
        "git checkout -q -b one && echo 1 >README.md && git commit -qam 1",
        "git checkout -q -b two origin/main && echo 2 >README.md && git commit -qam 2",
        "git merge -q one || true",
    )
    collected = await workspaces.collect(workspace, message="In the middle of a merge")
    assert "<<<<<<<" in collected.changes.patch


async def test_a_worker_may_take_everything_back(workspaces: Workspaces, origin: Origin) -> None:
    task = fresh_id()
    first = await prepared(workspaces, origin, task)
    write_files(first.folder, {"new": "x"})
    await workspaces.collect(first, message="x")
    second = await prepared(workspaces, origin, task)
    as_worker(second.folder, "git reset -q --hard origin/main")
    collected = await workspaces.collect(second, message="Taken back")
    assert (collected.commit, collected.files) == (None, ())
    assert (await prepared(workspaces, origin, task)).began == "default"


async def test_files_that_are_ignored_are_left(workspaces: Workspaces, origin: Origin) -> None:
    origin.commit({".gitignore": "build/\n", "build/kept": "tracked all the same"})
    workspace = await prepared(workspaces, origin)
    write_files(workspace.folder, {"build/out": "x", "notes": "x", "build/kept": "changed"})
    (workspace.folder / ".git/info/exclude").write_text("/notes\n")
    assert told(await workspaces.collect(workspace, message="x")) == {"build/kept": "modified"}


async def test_files_of_a_repository_within_are_taken(
    workspaces: Workspaces, origin: Origin
) -> None:
    """As a generator of projects makes one by its own `git init`."""
    workspace = await prepared(workspaces, origin)
    as_worker(
        workspace.folder,
        "mkdir -p app/src && echo x >app/src/main.c && echo out >app/.gitignore && touch app/out",
        "cd app && git init -q && git add . && git commit -qm inner",
    )
    assert told(await workspaces.collect(workspace, message="x")) == {
        "app/.gitignore": "added",
        "app/src/main.c": "added",
    }


async def test_a_file_that_is_too_large_is_left_out_and_named(
    hall: Path, unwalled: SandboxProvider, origin: Origin
) -> None:
    origin.commit({"grows": "small"})
    small = Workspaces(
        hall, allow_local=True, sandbox=unwalled, allowance=Allowance(object_bytes=10_000)
    )
    workspace = await prepared(small, origin)
    write_files(
        workspace.folder,
        {"core dump": "x" * 20_000, "grows": "y" * 20_000, "new": "x", "dir/*": "z" * 20_000},
    )
    collected = await small.collect(workspace, message="x")
    assert told(collected) == {"new": "added"}
    assert sorted(collected.left_out) == ["core dump", "dir/*", "grows"]
    assert collected.notes == ("3 files were too large to be taken.",)


async def test_a_commit_with_too_large_a_file_is_refused(
    hall: Path, unwalled: SandboxProvider, origin: Origin
) -> None:
    small = Workspaces(
        hall, allow_local=True, sandbox=unwalled, allowance=Allowance(object_bytes=1_000_000)
    )
    workspace = await prepared(small, origin)
    as_worker(
        workspace.folder,
        "head -c 2000000 /dev/zero >large && git add large && git commit -qm large",
        "git rm -q large && git commit -qm 'gone again'",
    )
    with pytest.raises(TooLarge, match="A file in the work's commits has 1 MiB"):
        await small.collect(workspace, message="x")


async def test_odd_names_are_told_and_read(workspaces: Workspaces) -> None:
    workspace = await prepared(workspaces, None)
    names = [
        b"a\nb",
        b"-rf",
        b" lead",
        b"\xff\xfe",
        "größe".encode(),
        b'"quoted"',
        b":(top)x",
        b"*",
    ]
    for name in names:
        (workspace.folder / os.fsdecode(name)).write_bytes(name)
    collected = await workspaces.collect(workspace, message="x")
    shown = [name.decode("utf-8", "backslashreplace") for name in names]
    assert sorted(file.path for file in collected.files) == sorted(shown)
    assert "\\xff\\xfe" in shown
    async with workspaces.written_out(workspace, collected.files) as paths:
        contents = [path.read_bytes() for path in paths]
    assert sorted(contents) == sorted(names)
    assert collected.commit is not None
    for name in ("a\nb", "-rf", ":(top)x", "*", "größe"):
        read = await workspaces.read_file(workspace, collected.commit, name)
        assert read == name.encode()


async def test_links_and_modes_are_told_and_never_followed(
    workspaces: Workspaces, origin: Origin
) -> None:
    workspace = await prepared(workspaces, origin)
    (workspace.folder / "passwd").symlink_to("/etc/passwd")
    (workspace.folder / "up").symlink_to("../../../..")
    (workspace.folder / "tool").write_text("#!/bin/sh\n")
    (workspace.folder / "tool").chmod(0o755)
    os.mkfifo(workspace.folder / "pipe")
    collected = await workspaces.collect(workspace, message="x")
    kinds = {file.path: (file.kind, file.readable) for file in collected.files}
    assert kinds == {
        "passwd": ("symlink", False),
        "tool": ("executable", True),
        "up": ("symlink", False),
    }
    assert collected.commit is not None
    for path in ("passwd", "up", "up/etc/passwd", "../x", "/etc/passwd", ".git/config", "a\0b"):
        with pytest.raises(WorkUnreadable):
            await workspaces.read_file(workspace, collected.commit, path)
    with pytest.raises(WorkUnreadable):
        async with workspaces.written_out(workspace, collected.files):
            pass


async def test_a_file_is_read_up_to_a_bound(workspaces: Workspaces) -> None:
    workspace = await prepared(workspaces, None)
    write_files(workspace.folder, {"a": "x" * 1000})
    collected = await workspaces.collect(workspace, message="x")
    assert collected.commit is not None
    assert (
        len(await workspaces.read_file(workspace, collected.commit, "a", limit_bytes=1000)) == 1000
    )
    with pytest.raises(TooLarge):
        await workspaces.read_file(workspace, collected.commit, "a", limit_bytes=999)


async def test_a_long_patch_is_cut(hall: Path, unwalled: SandboxProvider) -> None:
    small = Workspaces(
        hall, allow_local=True, sandbox=unwalled, allowance=Allowance(patch_bytes=5000)
    )
    workspace = await prepared(small, None)
    write_files(workspace.folder, {"a": "line\n" * 10_000})
    collected = await small.collect(workspace, message="x")
    assert collected.changes.patch_cut
    assert len(collected.changes.patch) <= 5000
    assert "1 file changed, 10000 insertions" in collected.changes.summary


async def test_collecting_again_after_a_crash(workspaces: Workspaces, origin: Origin) -> None:
    workspace = await prepared(workspaces, origin)
    write_files(workspace.folder, {"new": "x"})
    half = workspace.folder.parent / "collect/own/session"
    half.mkdir(parents=True)
    (half / "out.bundle").write_bytes(b"half")
    collecting = asyncio.create_task(workspaces.collect(workspace, message="x"))
    await asyncio.sleep(0)
    collecting.cancel()
    await asyncio.gather(collecting, return_exceptions=True)
    first = await workspaces.collect(workspace, message="x")
    again = await workspaces.collect(workspace, message="x")
    assert told(first) == told(again) == {"new": "added"}
    assert sorted(path.name for path in workspace.folder.parent.iterdir()) == [
        "known",
        "workspace",
        "workspace.json",
    ]
