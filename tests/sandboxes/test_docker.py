"""What a Docker Engine is asked for, and what it may answer."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hiringhall.workers.sandboxes.docker import Docker
from hiringhall.workers.sandboxes.port import BadMount, Exit, ExitReason, SandboxError
from hiringhall.workers.sandboxes.pulse import PLACE, Pulse
from tests.sandboxes.inside import LIMITS, Inside, finish
from tests.support.docker_engine import IMAGE, DockerEngine, docker_engine

pytestmark = [pytest.mark.anyio, pytest.mark.sandbox]


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[DockerEngine]:
    async with docker_engine(tmp_path) as engine:
        yield engine


@pytest.fixture
async def docked(engine: DockerEngine, tmp_path: Path) -> AsyncIterator[Inside]:
    provider = Docker(
        socket=str(engine.socket),
        image=IMAGE,
        owner="o",
        pulse=Pulse(tmp_path / "hall/alive", None),
        forbidden=[tmp_path / "hall"],
    )
    yield Inside(provider, tmp_path)
    await provider.close()


async def test_what_a_container_may_do(docked: Inside, engine: DockerEngine) -> None:
    await docked.shell("true", environment={"A": "b"})
    (body,) = engine.created
    host = body["HostConfig"]
    assert host["NetworkMode"] == "none"
    assert host["ReadonlyRootfs"] is True
    assert host["CapDrop"] == ["ALL"]
    assert "CapAdd" not in host
    assert host["SecurityOpt"] == ["no-new-privileges"]
    assert host["Privileged"] is False
    assert host["Memory"] == host["MemorySwap"] == LIMITS.memory_bytes
    assert LIMITS.processes <= host["PidsLimit"] <= LIMITS.processes + 16
    assert f"size={LIMITS.tmp_bytes}" in host["Tmpfs"]["/tmp"]  # noqa: S108  inside
    assert host["LogConfig"] == {"Type": "none"}
    assert body["User"] == f"{os.getuid()}:{os.getgid()}"
    assert body["Labels"]["hiringhall.hall"] == "o"
    assert {mount["Target"] for mount in host["Mounts"]} == {"/workspace", "/session", PLACE}
    assert [mount["ReadOnly"] for mount in host["Mounts"]] == [False, False, True]
    assert not any("docker.sock" in mount["Source"] for mount in host["Mounts"])


async def test_what_a_role_mounts_is_seen_and_cannot_be_changed(
    docked: Inside, tmp_path: Path
) -> None:
    shown = tmp_path / "shown"
    shown.mkdir()
    (shown / "file").write_text("seen\n")
    went = await docked.shell("cat /data/file; echo x > /data/file", read_only=[(shown, "/data")])
    assert went.out == "seen\n"
    assert (shown / "file").read_text() == "seen\n"
    (tmp_path / "hall").mkdir(exist_ok=True)
    for source, place in ((tmp_path / "hall", "/data"), (Path("/etc"), "/x"), (shown, "/usr")):
        with pytest.raises(BadMount):
            docked.provider.check_mounts([(source, place)])
        with pytest.raises(BadMount):
            await docked.shell("true", read_only=[(source, place)])


async def test_sockets_answer_at_ports_inside(docked: Inside, tmp_path: Path) -> None:
    folder = tmp_path / "s"
    folder.mkdir()

    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"from the hall\n")
        writer.close()

    async with await asyncio.start_unix_server(greet, folder / "work.sock"):
        went = await docked.shell(
            "socat -u TCP4:127.0.0.1:7101 STDOUT; rm /run/hall/work.sock",
            sockets=folder,
            relays={"work.sock": 7101},
        )
    assert went.out == "from the hall\n"
    assert (folder / "work.sock").exists()


async def test_memory_that_runs_out_is_said(docked: Inside, engine: DockerEngine) -> None:
    engine.memory_runs_out = True
    went = await docked.shell("kill -9 $$")
    assert went.exit == Exit(137, ExitReason.OUT_OF_MEMORY, 1)


async def test_an_engine_that_is_not_there_or_lacks_the_image(
    docked: Inside, engine: DockerEngine, tmp_path: Path
) -> None:
    engine.images.clear()
    probe = await docked.provider.probe()
    assert not probe.ok
    assert "has no image" in probe.sentence
    with pytest.raises(SandboxError, match="No such image"):
        await docked.shell("true")
    pulse = Pulse(tmp_path / "alive", None)
    nobody = Docker(socket=str(tmp_path / "none.sock"), image=IMAGE, owner="o", pulse=pulse)
    probe = await nobody.probe()
    assert not probe.ok
    assert "does not answer" in probe.sentence
    await nobody.close()


async def test_an_engine_that_goes_away_under_a_run(docked: Inside, engine: DockerEngine) -> None:
    sandbox = await docked.start("sleep", "600")
    (container,) = engine.containers.values()
    engine.containers.clear()
    await container.box.end()
    assert (await finish(sandbox)).exit.reason in (ExitReason.BROKEN, ExitReason.EXITED)
