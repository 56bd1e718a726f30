"""The provider that isolates nothing: it says so, and keeps everything else it promises."""

import os
import shutil
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from hiringhall.workers.sandboxes import cgroups
from hiringhall.workers.sandboxes.bubblewrap import Bubblewrap
from hiringhall.workers.sandboxes.choose import Engines, choose_sandbox
from hiringhall.workers.sandboxes.docker import Docker
from hiringhall.workers.sandboxes.kubernetes import Kubernetes
from hiringhall.workers.sandboxes.port import Exit, ExitReason, SandboxError, SandboxProvider
from hiringhall.workers.sandboxes.process import ProcessUnsafe
from tests.sandboxes.inside import LIMITS, Inside
from tests.sandboxes.processes import is_alive, parent_of, until

pytestmark = pytest.mark.anyio


@pytest.fixture
async def plain(tmp_path: Path) -> AsyncIterator[Inside]:
    provider = ProcessUnsafe()
    yield Inside(provider, tmp_path)
    await provider.close()


def test_only_by_its_name() -> None:
    engines = Engines("node", Path("/data"), "image", "/run/d.sock", "https://k", "hall", None)

    def choose(name: str, engines: Engines = engines) -> SandboxProvider:
        return choose_sandbox(name, forbidden=[], engines=engines)

    assert isinstance(choose("bubblewrap"), Bubblewrap)
    assert isinstance(choose("process-unsafe"), ProcessUnsafe)
    assert isinstance(choose("docker"), Docker)
    assert isinstance(choose("kubernetes", replace(engines, kubernetes_claim="c")), Kubernetes)
    with pytest.raises(SandboxError, match="HIRINGHALL_KUBERNETES_CLAIM"):
        choose("kubernetes")
    with pytest.raises(SandboxError, match="process-unsafe"):
        choose("process")
    with pytest.raises(SandboxError, match="'none'; there are bubblewrap, docker, kubernetes"):
        choose("none")


async def test_it_says_what_it_is(plain: Inside) -> None:
    probe = await plain.provider.probe()
    assert probe.ok
    assert "isolates nothing" in probe.sentence
    assert probe.warnings


async def test_it_runs_in_the_workspace_with_the_given_environment(
    plain: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HALL_TEST_SECRET", "the hall's own")
    went = await plain.shell(
        "pwd; echo $KEY; echo $HALL_TEST_SECRET; cat; exit 4",
        environment={"KEY": "value"},
        stdin=b"brief",
    )
    assert went.out == f"{plain.workspace}\nvalue\n\nbrief"
    assert went.exit == Exit(4, ExitReason.EXITED)
    places = plain.provider.places(workspace=plain.workspace, session=plain.session, sockets=None)
    assert (places.workspace, places.session) == (str(plain.workspace), str(plain.session))


async def test_a_program_of_the_workspace(plain: Inside) -> None:
    program = plain.workspace / "tool"
    program.write_text("#!/bin/sh\necho ran $0\n")
    program.chmod(0o755)
    assert (await plain.run("./tool")).out.startswith("ran ")
    with pytest.raises(SandboxError, match="no program 'tool'"):
        await plain.run("tool")


async def test_daemons_end_with_it(plain: Inside) -> None:
    sandbox = await plain.start(
        "/bin/sh", "-c", "setsid sh -c 'echo $$; exec sleep 600' & read line", interactive=True
    )
    pid = int(await sandbox.stdout.readline())
    assert is_alive(pid)
    assert (await sandbox.kill()).reason is ExitReason.KILLED
    assert not is_alive(pid)


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="setpriv binds it to its keeper")
async def test_a_dead_keeper_takes_it_along(plain: Inside) -> None:
    sandbox = await plain.start("sleep", "600")
    pid = sandbox.pid
    os.kill(parent_of(pid), signal.SIGKILL)
    assert (await sandbox.wait()).reason is ExitReason.BROKEN
    await until(lambda: not is_alive(pid))
    cgroups.sweep(cgroups.find())


async def test_its_clock_runs_too(plain: Inside) -> None:
    went = await plain.shell("sleep 600", limits=replace(LIMITS, wall_s=0.2))
    assert went.exit.reason is ExitReason.TIMED_OUT


async def test_it_has_no_relays(plain: Inside) -> None:
    with pytest.raises(SandboxError, match="no relays"):
        await plain.shell("true", relays={"model.sock": 4100})
