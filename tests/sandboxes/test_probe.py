"""The probe finds walls that hold, and every wall that is missing."""

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from hiringhall.workers.sandboxes import probe as probing
from hiringhall.workers.sandboxes.bubblewrap import Bubblewrap
from hiringhall.workers.sandboxes.cgroups import Found
from hiringhall.workers.sandboxes.port import ExitReason, SandboxSpec
from hiringhall.workers.sandboxes.warden import Order
from tests.sandboxes.inside import Inside

pytestmark = pytest.mark.anyio


@pytest.mark.sandbox
async def test_walls_that_hold(bubblewrap: Bubblewrap) -> None:
    probe = await bubblewrap.probe()
    assert probe.ok, probe.sentence
    assert probe.sentence.startswith("bubblewrap isolates")


class Weakened(Bubblewrap):
    """Leaves some of bubblewrap's options out, or puts others in."""

    def __init__(self, without: Sequence[str] = (), more: Sequence[str] = ()) -> None:
        super().__init__()
        self._without = [word.encode() for word in without]
        self._more = [word.encode() for word in more]

    def _order(self, spec: SandboxSpec, groups: Found) -> Order:
        order = super()._order(spec, groups)
        words = order.files[0].removesuffix(b"\0").split(b"\0")
        for at in reversed(range(len(words))):
            if self._without and words[at : at + len(self._without)] == self._without:
                del words[at : at + len(self._without)]
        return replace(order, files=[b"\0".join([*words, *self._more]), *order.files[1:]])


@pytest.mark.sandbox
@pytest.mark.parametrize(
    ("without", "more", "found"),
    [
        (["--unshare-net"], [], "services on the host's loopback can be reached"),
        (["--unshare-ipc"], [], "a namespace is shared"),
        (["--unshare-cgroup"], [], "a namespace is shared"),
        (["--disable-userns"], ["--cap-add", "CAP_SYS_ADMIN"], "capabilities are left"),
        (["--remount-ro", "/"], [], "the system's files can be written"),
        ([], ["--ro-bind", "/tmp", "/tmp"], "a file of the host can be read"),  # noqa: S108
        ([], ["--ro-bind", "/etc", "/workspace/etc"], "more of the host is mounted"),
    ],
)
async def test_walls_that_do_not(without: list[str], more: list[str], found: str) -> None:
    provider = Weakened(without, more)
    probe = await provider.probe()
    await provider.close()
    assert not probe.ok
    assert found in probe.sentence


@pytest.mark.sandbox
async def test_no_system_call_filter(
    bubblewrap: Bubblewrap, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bubblewrap, "_seccomp", None)
    probe = await bubblewrap.probe()
    assert not probe.ok
    assert "no system call filter" in probe.sentence


@pytest.mark.sandbox
async def test_walls_that_bubblewrap_cannot_put_up() -> None:
    provider = Weakened([], ["--ro-bind", "/no/such/path", "/x"])
    probe = await provider.probe()
    await provider.close()
    assert not probe.ok
    assert "cannot isolate here" in probe.sentence
    assert "/no/such/path" in probe.sentence


async def test_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    probe = await Bubblewrap().probe()
    assert not probe.ok
    assert "apt-get install bubblewrap socat" in probe.sentence


@pytest.mark.parametrize(
    ("file", "text", "advice"),
    [
        ("/proc/sys/kernel/unprivileged_userns_clone", "0", "unprivileged_userns_clone=1"),
        ("/proc/sys/user/max_user_namespaces", "0", "max_user_namespaces=15000"),
        ("/proc/1/environ", "a=b\0container=docker", "--security-opt seccomp=unconfined"),
    ],
)
def test_what_to_change(monkeypatch: pytest.MonkeyPatch, file: str, text: str, advice: str) -> None:
    monkeypatch.setattr(probing, "_reads", lambda path: text if path == file else "")
    sentence = probing.explain("bwrap: No permissions to create new namespace")
    assert "No permissions to create new namespace" in sentence
    assert advice in sentence


@pytest.mark.sandbox
async def test_what_is_not_bounded_is_said(
    bubblewrap: Bubblewrap, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bubblewrap, "_groups", Found(2, {}, "The hall's group is not its own."))
    probe = await bubblewrap.probe()
    assert probe.ok
    assert "memory is not bounded and a worker's processes are" in probe.sentence
    assert probe.warnings == ("The hall's group is not its own.",)


@pytest.mark.sandbox
async def test_a_probe_leaves_nothing(inside: Inside, tmp_path: Path) -> None:
    began = time.monotonic()
    assert (await inside.provider.probe()).ok
    assert time.monotonic() - began < 20
    went = await inside.shell("exit 0")
    assert went.exit.reason is ExitReason.EXITED
