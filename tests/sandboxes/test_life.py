"""How sandboxes begin and end: on time, wholly, and together with the hall."""

import asyncio
import contextlib
import gc
import os
import random
import signal
import subprocess
import sys
import uuid
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import pytest
import uvloop

from hiringhall.workers.sandboxes import cgroups
from hiringhall.workers.sandboxes.bubblewrap import Bubblewrap
from hiringhall.workers.sandboxes.port import Exit, ExitReason, SandboxError
from tests.sandboxes.inside import LIMITS, Inside, finish
from tests.sandboxes.processes import (
    children_of,
    descriptors_of,
    family_of,
    groups_of,
    is_alive,
    marked,
    own_descriptors,
    parent_of,
    until,
)
from tests.support.repository import ROOT

pytestmark = [pytest.mark.anyio, pytest.mark.sandbox]

_DAEMON = "(setsid sleep 600 >/dev/null 2>&1 </dev/null &);"


async def test_an_exit_code_comes_through(inside: Inside) -> None:
    assert (await inside.shell("exit 3")).exit == Exit(3, ExitReason.EXITED)
    assert (await inside.shell("kill -TERM $$")).exit == Exit(143, ExitReason.EXITED)
    assert (await inside.shell("kill -KILL $$")).exit == Exit(137, ExitReason.EXITED)


async def test_a_missing_program_says_so(inside: Inside) -> None:
    went = await inside.run("no-such-program")
    assert went.exit == Exit(127, ExitReason.EXITED)
    assert "no-such-program" in went.err


async def test_a_wall_that_cannot_be_put_up_is_no_exit_of_the_worker(inside: Inside) -> None:
    inside.workspace.rmdir()
    inside.workspace.write_text("not a folder")
    with pytest.raises(SandboxError, match="is not a folder"):
        await inside.shell("true")
    inside.workspace.unlink()
    with pytest.raises(SandboxError, match="does not exist"):
        await inside.shell("true")


async def test_killed_means_all_of_it(inside: Inside) -> None:
    sandbox = await inside.start("/bin/sh", "-c", f"trap '' TERM; {_DAEMON} echo up; sleep 600")
    assert await sandbox.stdout.readline() == b"up\n"
    family = family_of(sandbox.pid)
    assert len(family) >= 4
    assert (await sandbox.kill()).reason is ExitReason.KILLED
    assert not any(is_alive(pid) for pid in family)
    assert await sandbox.kill() == await sandbox.wait()


async def test_the_end_of_the_worker_is_the_end_of_its_daemons(inside: Inside) -> None:
    sandbox = await inside.start("/bin/sh", "-c", f"{_DAEMON} echo up; read line", interactive=True)
    assert await sandbox.stdout.readline() == b"up\n"
    family = family_of(sandbox.pid)
    assert sandbox.stdin is not None
    sandbox.stdin.write(b"\n")
    assert await sandbox.wait() == Exit(0, ExitReason.EXITED)
    assert not any(is_alive(pid) for pid in family)


async def test_a_conversation(inside: Inside) -> None:
    sandbox = await inside.start("/bin/sh", "-c", "exec cat", interactive=True)
    assert sandbox.stdin is not None
    for line in (b"one\n", b"two\n"):
        sandbox.stdin.write(line)
        assert await sandbox.stdout.readline() == line
    long = b"x" * 5_000_000 + b"\n"
    sandbox.stdin.write(long)
    # Both ways at once, much more than pipes hold.
    _, answer = await asyncio.gather(sandbox.stdin.drain(), sandbox.stdout.readline())
    assert answer == long
    sandbox.stdin.close()
    assert await sandbox.wait() == Exit(0, ExitReason.EXITED)


async def test_writing_to_one_that_ended_is_harmless(inside: Inside) -> None:
    sandbox = await inside.start(
        "/bin/sh", "-c", "exec <&-; echo closed; sleep 600", interactive=True
    )
    assert await sandbox.stdout.readline() == b"closed\n"
    assert sandbox.stdin is not None
    sandbox.stdin.write(b"x" * 1_000_000)
    draining = asyncio.create_task(sandbox.stdin.drain())
    await asyncio.sleep(0)
    await sandbox.kill()
    await draining
    with pytest.raises(ConnectionResetError):
        await sandbox.stdin.drain()
    sandbox.stdin.write(b"more")
    sandbox.stdin.close()


async def test_many_at_once_and_nothing_left(inside: Inside) -> None:
    await inside.shell("true")
    gc.collect()
    before = own_descriptors()
    warden = _warden_of(inside.provider)
    warden_before = descriptors_of(warden)
    went = await asyncio.gather(*(inside.shell(f"echo {n}; exit {n}") for n in range(30)))
    assert [w.out for w in went] == [f"{n}\n" for n in range(30)]
    assert [w.exit.code for w in went] == list(range(30))
    assert own_descriptors() == before
    assert descriptors_of(warden) == warden_before
    await until(lambda: len(children_of(warden)) == 2)
    keepers = children_of(warden)
    assert len(groups_of(keepers)) == len(keepers) * len(set(cgroups.find().folders.values()))


async def test_a_start_that_is_cancelled_leaves_nothing(inside: Inside) -> None:
    await inside.shell("true")
    warden = _warden_of(inside.provider)
    before = own_descriptors()
    for pause_s in (0, 0.001, 0.003, 0.01, 0.02):
        starting = asyncio.create_task(inside.start("/bin/sh", "-c", "sleep 600"))
        await asyncio.sleep(pause_s)
        starting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await (await starting).kill()
    await until(lambda: len(family_of(warden)) == 1 + 2)
    assert own_descriptors() == before


async def test_closing_the_provider_ends_everything(tmp_path: Path) -> None:
    provider = Bubblewrap()
    inside = Inside(provider, tmp_path)
    sandboxes = [await inside.start("sleep", "600") for _ in range(3)]
    warden = _warden_of(provider)
    family = family_of(warden)
    await provider.close()
    assert [(await s.wait()).reason for s in sandboxes] == [ExitReason.KILLED] * 3
    # Keepers that had no sandbox see by themselves that their warden is gone.
    await until(lambda: not any(is_alive(pid) for pid in family))
    # It may be used again, by a new warden.
    assert (await inside.shell("echo again")).out == "again\n"
    await provider.close()


async def test_a_dead_warden_is_replaced_and_the_living_go_on(inside: Inside) -> None:
    sandbox = await inside.start("/bin/sh", "-c", "exec cat", interactive=True)
    warden = _warden_of(inside.provider)
    waiting = [pid for pid in children_of(warden) if not children_of(pid)]
    os.kill(warden, signal.SIGKILL)
    assert (await inside.shell("echo by one in waiting")).out == "by one in waiting\n"
    for pid in waiting:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    await until(lambda: not any(is_alive(pid) for pid in waiting))
    cgroups.sweep(cgroups.find())
    assert groups_of(waiting) == []
    assert (await inside.shell("echo again")).out == "again\n"
    assert _warden_of(inside.provider) != warden
    assert sandbox.stdin is not None
    sandbox.stdin.write(b"still here\n")
    assert await sandbox.stdout.readline() == b"still here\n"
    assert (await sandbox.kill()).reason is ExitReason.KILLED


async def test_a_dead_keeper_takes_its_sandbox_along(inside: Inside) -> None:
    sandbox = await inside.start("/bin/sh", "-c", f"{_DAEMON} echo up; sleep 600")
    await sandbox.stdout.readline()
    family = family_of(sandbox.pid)
    keeper = parent_of(sandbox.pid)
    os.kill(keeper, signal.SIGKILL)
    assert (await sandbox.wait()).reason is ExitReason.BROKEN
    await until(lambda: not any(is_alive(pid) for pid in family))
    # Its control groups stay behind until the next hall looks.
    cgroups.sweep(cgroups.find())
    assert groups_of([keeper]) == []


@pytest.mark.parametrize("name", ["bubblewrap", "process-unsafe"])
async def test_nothing_outlives_a_hall_that_is_killed(tmp_path: Path, name: str) -> None:
    mark = f"mark-{uuid.uuid4().hex}"
    async with _hall(name, tmp_path, mark) as hall:
        assert len(_ours(mark)) >= 2
        warden = children_of(hall.pid)[0]
        keepers = children_of(warden)
        assert len(keepers) >= 3
        hall.kill()
        hall.wait()
        await until(lambda: _ours(mark) == [])
        await until(lambda: not is_alive(warden))
        await until(lambda: groups_of(keepers) == [])


async def test_nothing_outlives_a_hall_killed_at_any_moment(tmp_path: Path) -> None:
    moments = random.Random(4)
    for _ in range(12):
        mark = f"mark-{uuid.uuid4().hex}"
        async with _hall("bubblewrap", tmp_path, mark, "forever") as hall:
            await asyncio.sleep(moments.uniform(0, 0.05))
            keepers = children_of(children_of(hall.pid)[0])
            hall.kill()
            hall.wait()
            await until(lambda mark=mark: _ours(mark) == [])
        await until(lambda keepers=keepers: groups_of(keepers) == [])


def test_all_of_this_on_uvloop(tmp_path: Path) -> None:
    async def story() -> None:
        provider = Bubblewrap()
        inside = Inside(provider, tmp_path)
        await inside.shell("true")
        before = own_descriptors()
        for _ in range(5):
            went = await asyncio.gather(*(inside.shell(f"echo {n}") for n in range(6)))
            assert [w.out for w in went] == [f"{n}\n" for n in range(6)]
            sandbox = await inside.start("cat", interactive=True)
            assert sandbox.stdin is not None
            sandbox.stdin.write(b"x" * 300_000 + b"\n")
            _, line = await asyncio.gather(sandbox.stdin.drain(), sandbox.stdout.readline())
            assert len(line) == 300_001
            await sandbox.kill()
        late = await inside.start("sleep", "600", limits=replace(LIMITS, wall_s=0.1))
        assert (await finish(late)).exit.reason is ExitReason.TIMED_OUT
        assert own_descriptors() == before
        await provider.close()

    uvloop.run(story())


@pytest.mark.parametrize("provider", ["bubblewrap", "process-unsafe"])
async def test_a_hall_that_does_not_run_loses_its_sandboxes(tmp_path: Path, provider: str) -> None:
    """It is stopped, not killed: they end while it cannot know, and before it goes on."""
    mark = uuid.uuid4().hex
    async with _hall(provider, tmp_path, mark, "silence") as hall:
        assert hall.stdout is not None
        assert await asyncio.to_thread(hall.stdout.readline) == b"lives\n"
        assert _ours(mark)
        hall.send_signal(signal.SIGSTOP)
        await until(lambda: not _ours(mark))
        hall.send_signal(signal.SIGCONT)
        assert await asyncio.to_thread(hall.stdout.readline) == b"killed\n"


@contextlib.asynccontextmanager
async def _hall(*arguments: object) -> AsyncGenerator[subprocess.Popen[bytes]]:
    with _start_hall(*map(str, arguments)) as hall:
        try:
            assert hall.stdout is not None
            assert await asyncio.to_thread(hall.stdout.readline) == b"ready\n"
            yield hall
        finally:
            hall.kill()


def _start_hall(*arguments: str) -> subprocess.Popen[bytes]:
    argv = [sys.executable, "-m", "tests.sandboxes.hall_to_kill", *arguments]
    return subprocess.Popen(argv, stdout=subprocess.PIPE, cwd=ROOT)


def _ours(mark: str) -> list[int]:
    return marked(mark, but="hall_to_kill")


def _warden_of(provider: object) -> int:
    process = provider._warden._process  # pyright: ignore[reportAttributeAccessIssue]
    assert process is not None
    return process.pid
