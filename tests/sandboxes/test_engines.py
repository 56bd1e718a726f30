"""Sandboxes of container engines keep what the interface promises, against stand-ins of them."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from hiringhall.workers.builtin.shell import Shell
from hiringhall.workers.sandboxes.docker import Docker
from hiringhall.workers.sandboxes.kubernetes import Kubernetes
from hiringhall.workers.sandboxes.kubernetes.api import Access
from hiringhall.workers.sandboxes.port import (
    MIB,
    Exit,
    ExitReason,
    SandboxError,
    SandboxProvider,
)
from hiringhall.workers.sandboxes.pulse import Pulse
from tests.sandboxes.inside import LIMITS, Inside
from tests.sandboxes.processes import family_of, is_alive, until
from tests.support import kubernetes_cluster
from tests.support.docker_engine import IMAGE, docker_engine
from tests.support.kubernetes_cluster import CLAIM, NAMESPACE, TOKEN, cluster
from tests.support.repository import ROOT

pytestmark = [pytest.mark.anyio, pytest.mark.sandbox]


@dataclass
class Site:
    """An engine that the tests stand in for, how to make a provider of it, and where it is."""

    engine: Any
    provide: Callable[[str], SandboxProvider]
    where: tuple[str, str]


@contextlib.asynccontextmanager
async def _docker(folder: Path) -> AsyncGenerator[Site]:
    async with docker_engine(folder) as engine:
        yield Site(
            engine,
            lambda owner: Docker(
                socket=str(engine.socket),
                image=IMAGE,
                owner=owner,
                pulse=Pulse(folder / owner, None),
                forbidden=[folder / "hall"],
            ),
            ("docker", str(engine.socket)),
        )


@contextlib.asynccontextmanager
async def _kubernetes(folder: Path) -> AsyncGenerator[Site]:
    token = folder / "token"
    token.write_text(TOKEN)
    async with cluster(folder) as engine:
        access = Access(engine.url, NAMESPACE, token, folder / "no-ca")
        yield Site(
            engine,
            lambda owner: Kubernetes(
                access,
                image=kubernetes_cluster.IMAGE,
                owner=owner,
                claim=CLAIM,
                root=folder,
                pulse=Pulse(folder / owner, None),
            ),
            ("kubernetes", engine.url),
        )


SITES = {"docker": _docker, "kubernetes": _kubernetes}


@pytest.fixture(params=sorted(SITES))
async def site(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Site]:
    async with SITES[request.param](tmp_path) as site:
        yield site


@pytest.fixture
async def inside(site: Site, tmp_path: Path) -> AsyncIterator[Inside]:
    provider = site.provide("hall-1")
    yield Inside(provider, tmp_path)
    await provider.close()


async def test_it_runs_in_the_workspace_with_what_it_was_given(
    inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HALL_TEST_SECRET", "the hall's own")
    went = await inside.shell(
        "pwd; echo $KEY; echo $HALL_TEST_SECRET; echo no >&2; cat; echo x > made; exit 4",
        environment={"KEY": "a value"},
        stdin=b"the brief",
    )
    assert went.out == "/workspace\na value\n\nthe brief"
    assert went.err == "no\n"
    assert went.exit == Exit(4, ExitReason.EXITED)
    assert (inside.workspace / "made").read_text() == "x\n"
    places = inside.provider.places(
        workspace=inside.workspace, session=inside.session, sockets=None
    )
    assert (places.workspace, places.session) == ("/workspace", "/session")


async def test_an_exit_code_comes_through(inside: Inside) -> None:
    assert (await inside.shell("exit 3")).exit == Exit(3, ExitReason.EXITED)
    assert (await inside.shell("kill -KILL $$")).exit == Exit(137, ExitReason.EXITED)
    went = await inside.run("no-such-program")
    assert went.exit == Exit(127, ExitReason.EXITED)
    assert "no-such-program" in went.err


async def test_what_it_does_not_see(inside: Inside) -> None:
    went = await inside.shell(
        "cat /etc/shadow; ls /home /root; for f in /usr/x /etc/x /proc/sys/kernel/domainname; do "
        "(: >$f); done; grep CapEff /proc/self/status"
    )
    assert went.out.strip() == "CapEff:\t0000000000000000"
    assert went.err.count("\n") >= 5


async def test_a_workspace_that_is_not_there(inside: Inside, tmp_path: Path) -> None:
    inside.workspace.rename(tmp_path / "elsewhere")
    with pytest.raises(SandboxError, match="does not exist"):
        await inside.shell("true")


async def test_a_conversation(inside: Inside) -> None:
    sandbox = await inside.start("/bin/sh", "-c", "exec cat", interactive=True)
    assert sandbox.stdin is not None
    for line in (b"one\n", b"two\n"):
        sandbox.stdin.write(line)
        assert await sandbox.stdout.readline() == line
    long = b"x" * 3_000_000 + b"\n"
    sandbox.stdin.write(long)
    _, answer = await asyncio.gather(sandbox.stdin.drain(), sandbox.stdout.readline())
    assert answer == long
    sandbox.stdin.close()
    assert await sandbox.wait() == Exit(0, ExitReason.EXITED)


async def test_killed_means_all_of_it(inside: Inside, site: Site) -> None:
    sandbox = await inside.start(
        "/bin/sh", "-c",
        "trap '' TERM; (setsid sleep 600 >/dev/null 2>&1 </dev/null &); touch up; sleep 600",
    )  # fmt: skip
    await until((inside.workspace / "up").exists)
    (pid,) = site.engine.pids
    family = family_of(pid)
    assert len(family) >= 4
    assert sandbox.pid in (pid, 0)
    assert (await sandbox.kill()).reason is ExitReason.KILLED
    assert not any(is_alive(pid) for pid in family)
    assert await sandbox.kill() == await sandbox.wait()


async def test_its_clock_runs(inside: Inside) -> None:
    went = await inside.shell("echo begun; sleep 600", limits=replace(LIMITS, wall_s=1.5))
    assert went.exit.reason is ExitReason.TIMED_OUT
    assert went.out == "begun\n"


async def test_the_disk_is_bounded(inside: Inside) -> None:
    tight = replace(LIMITS, disk_bytes=20 * MIB, file_bytes=200 * MIB)
    went = await inside.shell("head -c 100000000 /dev/zero > big; sync; sleep 600", limits=tight)
    assert went.exit.reason is ExitReason.OUT_OF_DISK


async def test_a_flood_makes_it_wait_and_memory_stays_small(inside: Inside) -> None:
    went = await inside.shell("head -c 100000000 /dev/zero | tr '\\0' x; echo done >&2")
    assert len(went.out) < 2 * MIB
    assert went.err == "done\n"
    assert went.ok


async def test_many_at_once_and_nothing_left(inside: Inside, site: Site) -> None:
    went = await asyncio.gather(*(inside.shell(f"echo {n}; exit {n}") for n in range(12)))
    assert [one.out for one in went] == [f"{n}\n" for n in range(12)]
    assert [one.exit.code for one in went] == list(range(12))
    await until(lambda: not site.engine.containers)


async def test_a_start_that_is_cancelled_leaves_nothing(inside: Inside, site: Site) -> None:
    for pause_s in (0, 0.001, 0.005, 0.02, 0.05):
        starting = asyncio.create_task(inside.start("sleep", "600"))
        await asyncio.sleep(pause_s)
        starting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await (await starting).kill()
    await until(lambda: not site.engine.containers)


async def test_closing_the_provider_ends_everything(site: Site, tmp_path: Path) -> None:
    provider = site.provide("hall-1")
    inside = Inside(provider, tmp_path)
    sandboxes = [await inside.start("sleep", "600") for _ in range(3)]
    await provider.close()
    assert [(await one.wait()).reason for one in sandboxes] == [ExitReason.KILLED] * 3
    assert not site.engine.containers


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
async def test_a_container_ends_by_itself_when_its_hall_does_not_run(
    site: Site, tmp_path: Path, number: signal.Signals
) -> None:
    hall = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.sandboxes.hall_with_engine", *site.where, str(tmp_path),
        stdout=asyncio.subprocess.PIPE, cwd=ROOT,
    )  # fmt: skip
    assert hall.stdout is not None
    try:
        # It outlives the time of silence as long as the hall does run.
        assert await hall.stdout.readline() == b"lives\n"
        (pid,) = site.engine.pids
        family = family_of(pid)
        assert len(family) >= 4
        hall.send_signal(number)
        await until(lambda: not any(is_alive(pid) for pid in family), within_s=60)
        if number is signal.SIGSTOP:
            hall.send_signal(signal.SIGCONT)
            assert await hall.stdout.readline() == b"137 exited\n"
    finally:
        with contextlib.suppress(ProcessLookupError):
            hall.kill()
        await hall.wait()


async def test_what_a_dead_hall_left_is_removed_at_the_next_start_and_no_others(
    site: Site, tmp_path: Path
) -> None:
    dead, neighbour, next_ = (site.provide(name) for name in ("hall-1", "hall-2", "hall-1"))
    left = await Inside(dead, tmp_path).start("sleep", "600")
    other = await Inside(neighbour, tmp_path).start("sleep", "600")
    assert len(site.engine.containers) == 2
    assert (await Inside(next_, tmp_path).shell("echo on")).out == "on\n"
    assert len(site.engine.containers) == 1
    assert (await left.wait()).reason in (ExitReason.EXITED, ExitReason.BROKEN)
    await other.kill()
    for provider in (dead, neighbour, next_):
        await provider.close()


async def test_the_probe_tries_the_walls(inside: Inside) -> None:
    probe = await inside.provider.probe()
    assert probe.ok, probe.sentence
    assert any("stand-in" in warning for warning in probe.warnings)


async def test_the_built_in_agents_shell_works_in_it(inside: Inside) -> None:
    shell = Shell(lambda argv: inside.start(*argv, interactive=True))
    assert (await shell.run("echo hello > a; cat a")).head == b"hello\n"
    ran = await shell.run("kill -9 -1; kill -9 $PPID; sleep 9")
    assert ran.code == 137
    assert (await shell.run("cat a")).head == b"hello\n"
    await shell.close()
