"""What runs leave behind is removed, whatever it is; what a kill leaves harms nothing."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hiringhall.workers.git.command import Git
from hiringhall.workers.git.errors import Busy, RepositoryMissing
from hiringhall.workers.git.folders import Bin, copy_file
from hiringhall.workers.git.mirror import Mirror
from hiringhall.workers.sandboxes.port import SandboxProvider
from hiringhall.workers.workspace import Workspace, Workspaces
from tests.workspace.support import GitServer, Origin, fresh_id, git, write_files

pytestmark = pytest.mark.anyio

ORGANIZATION = fresh_id()


async def prepared(workspaces: Workspaces, origin: Origin | None) -> Workspace:
    return await workspaces.prepare(
        run_id=fresh_id(),
        task_id=fresh_id(),
        organization_id=ORGANIZATION,
        repository=None if origin is None else str(origin.folder),
    )


def fill_badly(folder: Path) -> None:
    """All that a worker may leave to make a folder hard to remove."""
    names = [b"\n", b"\xff\xfe", b"-rf", b" ", b"*", b"n" * 255, "ü".encode()]
    for name in names:
        (folder / os.fsdecode(name)).write_text("x")
    deep = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    for _ in range(1100):
        os.mkdir("d" * 50, dir_fd=deep)
        inner = os.open("d" * 50, os.O_RDONLY | os.O_DIRECTORY, dir_fd=deep)
        os.close(deep)
        deep = inner
    os.close(deep)
    (folder / "wide").mkdir()
    for number in range(1500):
        (folder / "wide" / str(number)).touch()
    os.mkfifo(folder / "pipe")
    (folder / "up").symlink_to("../../..")
    (folder / "dangling").symlink_to("/nowhere")
    (folder / "shut/within").mkdir(parents=True)
    (folder / "shut/within/file").touch(0)
    (folder / "shut/within").chmod(0)
    (folder / "shut").chmod(0)


async def test_a_run_is_discarded_whatever_it_left(
    workspaces: Workspaces, hall: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("x")
    workspace = await prepared(workspaces, None)
    await asyncio.to_thread(fill_badly, workspace.folder)
    (workspace.folder / "to").symlink_to(outside)
    await workspaces.discard(workspace.run_id)
    await workspaces.discard(workspace.run_id)
    assert list((hall / "runs").iterdir()) == []
    assert list((hall / "bin").iterdir()) == []
    assert (outside / "kept").exists()


UNPRIVILEGED = """
import asyncio, concurrent.futures.thread, os, sys, tempfile
from pathlib import Path
from hiringhall.workers.git.folders import Bin
from tests.workspace.test_leftovers import fill_badly
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
with tempfile.TemporaryDirectory() as made:
    folder = Path(made)
    (folder / "run").mkdir()
    fill_badly(folder / "run")
    rubbish = Bin(folder / "bin")
    asyncio.run(rubbish.remove(folder / "run"))
    assert [os.listdir(folder), os.listdir(folder / "bin")] == [["bin"], []]
"""


def test_modes_stop_nothing_for_a_user_whom_they_could_stop() -> None:
    """As root they never would; so this is tried as nobody where the tests are run by root."""
    ended = subprocess.run(
        [sys.executable, "-c", UNPRIVILEGED],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert ended.returncode == 0, ended.stderr


async def test_two_that_empty_the_bin_at_once_do_not_trip(tmp_path: Path) -> None:
    rubbish = Bin(tmp_path / "bin")
    for number in range(20):
        write_files(tmp_path / str(number), {f"{one}/{one}/x": "x" for one in range(20)})
        rubbish.put_aside(tmp_path / str(number))
    await asyncio.gather(*(rubbish.empty() for _ in range(8)))
    assert list((tmp_path / "bin").iterdir()) == []


async def test_what_was_broken_off_goes_with_its_run(
    workspaces: Workspaces, origin: Origin, hall: Path
) -> None:
    run_id = fresh_id()
    with pytest.raises(RepositoryMissing):
        await workspaces.prepare(
            run_id=run_id,
            task_id=fresh_id(),
            organization_id=ORGANIZATION,
            repository=str(origin.folder / "nowhere"),
        )
    await workspaces.discard(run_id)
    assert [list((hall / name).iterdir()) for name in ("runs", "bin")] == [[], []]


async def test_at_boot_only_live_runs_are_kept(workspaces: Workspaces, hall: Path) -> None:
    live, *dead = [await prepared(workspaces, None) for _ in range(3)]
    (hall / "runs/.new-half").mkdir()
    (hall / "repositories").mkdir(exist_ok=True)
    (hall / "repositories/.new-half").mkdir()
    assert workspaces.left_runs() == sorted(run.run_id for run in [live, *dead])
    removed = await workspaces.discard_except([live.run_id])
    assert removed == sorted(run.run_id for run in dead)
    assert workspaces.left_runs() == [live.run_id]
    assert [path.name for path in (hall / "runs").iterdir()] == [live.run_id]
    assert not list((hall / "repositories").glob(".new-*"))


@pytest.mark.parametrize("run_id", ["", "..", "../../etc", "x", "A" * 36, "a/b"])
async def test_only_a_run_s_own_folder_is_ever_removed(workspaces: Workspaces, run_id: str) -> None:
    with pytest.raises(ValueError, match="UUID"):
        await workspaces.discard(run_id)
    with pytest.raises(ValueError, match="UUID"):
        await workspaces.open(run_id)


KILLED = """
import asyncio, sys, uuid
from pathlib import Path
from hiringhall.workers.sandboxes.choose import choose_sandbox
from hiringhall.workers.workspace import Workspaces

async def main():
    root, url, task, organization = sys.argv[1:]
    sandbox = choose_sandbox("process-unsafe", forbidden=[])
    workspaces = Workspaces(Path(root), allow_local=True, sandbox=sandbox)
    print("ready", flush=True)
    while True:
        workspace = await workspaces.prepare(
            run_id=str(uuid.uuid4()), task_id=task, organization_id=organization, repository=url
        )
        print(f"prepared {workspace.run_id}", flush=True)
        (workspace.folder / workspace.run_id).write_text("x")
        collected = await workspaces.collect(workspace, message="x")
        print(f"collected {workspace.run_id}", flush=True)
        await workspaces.push(workspace, collected)
        print(f"pushed {workspace.run_id}", flush=True)
        await workspaces.discard(workspace.run_id)

asyncio.run(main())
"""


async def test_a_hall_that_is_killed_anywhere_goes_on(
    workspaces: Workspaces, origin: Origin, hall: Path
) -> None:
    """Killed at moments spread over whole rounds; what was collected is never lost."""
    task = fresh_id()
    promised: set[str] = set()
    for kill in range(8):
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", KILLED, str(hall), str(origin.folder), task, ORGANIZATION,
            stdout=subprocess.PIPE,
        )  # fmt: skip
        assert child.stdout is not None
        lines = [await child.stdout.readline() for _ in range(1 + kill % 4)]
        await asyncio.sleep(kill * 0.03)
        child.send_signal(signal.SIGKILL)
        lines += (await child.stdout.read()).splitlines()
        await child.wait()
        said = [line.decode().split() for line in lines]
        promised |= {words[1] for words in said if words[0] in {"collected", "pushed"}}
        # As a hall does when it begins: what was left over is kept, and its folders removed.
        for run_id in workspaces.left_runs():
            left = await workspaces.open(run_id)
            assert left is not None
            await workspaces.keep_wip(left)
        await workspaces.discard_except([])
    last = await workspaces.prepare(
        run_id=fresh_id(),
        task_id=task,
        organization_id=ORGANIZATION,
        repository=str(origin.folder),
    )
    assert len(promised) > 2
    assert promised <= {path.name for path in last.folder.iterdir()}
    assert git(last.folder, "fsck", "--strict", "--connectivity-only") == ""
    collected = await workspaces.collect(last, message="x")
    await workspaces.push(last, collected)
    assert promised <= set(origin.files(last.branch))


async def test_a_git_that_outlives_its_hall_keeps_the_next_one_out(
    origin: Origin, hall: Path, unwalled: SandboxProvider
) -> None:
    with GitServer(origin.folder.parent, stalls=True) as stalling:
        url = stalling.url("project.git")
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", KILLED, str(hall), url, fresh_id(), ORGANIZATION,
            stdout=subprocess.PIPE,
        )  # fmt: skip
        await asyncio.to_thread(stalling.stalled.wait, 60)
        child.send_signal(signal.SIGKILL)
        assert child.stdout is not None
        await child.stdout.read()
        await child.wait()
        (lock,) = (hall / "repositories").glob("*.lock")
        mirror = Mirror(lock.with_suffix(""), Git(), lock_time_s=0.3)
        with pytest.raises(Busy) as busy:
            async with mirror.held():
                pass
        assert busy.value.retryable
        stalling.release.set()
        mirror.lock_time_s = 60
        began = time.monotonic()
        async with mirror.held():
            assert time.monotonic() - began < 60


async def test_runs_of_one_hall_wait_for_each_other(tmp_path: Path) -> None:
    mirror = Mirror(tmp_path / "r" / "m", Git(), lock_time_s=0.2)
    async with mirror.held():
        with pytest.raises(Busy):
            async with mirror.held():
                pass
    async with mirror.held():
        pass


def test_a_copy_is_a_copy(tmp_path: Path) -> None:
    content = os.urandom(3_000_001)
    (tmp_path / "a").write_bytes(content)
    copy_file(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == content
    assert (tmp_path / "b").stat().st_nlink == 1
    with pytest.raises(FileExistsError):
        copy_file(tmp_path / "a", tmp_path / "b")
