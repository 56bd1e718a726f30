"""The shell in the sandbox: bounded in time and size, and back again when it was ended."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from hiringhall.workers.builtin.shell import Shell, ShellGone
from hiringhall.workers.sandboxes.bubblewrap import Bubblewrap
from hiringhall.workers.sandboxes.port import MIB
from tests.sandboxes.inside import LIMITS, Inside

pytestmark = [pytest.mark.anyio, pytest.mark.sandbox]


@pytest.fixture
async def inside(tmp_path: Path) -> AsyncIterator[Inside]:
    provider = Bubblewrap()
    yield Inside(provider, tmp_path)
    await provider.close()


@pytest.fixture
async def shell(inside: Inside) -> AsyncIterator[Shell]:
    shell = Shell(lambda argv: inside.start(*argv, interactive=True))
    yield shell
    await shell.close()


async def test_scripts_run_one_after_another_in_the_workspace(shell: Shell, inside: Inside) -> None:
    ran = await shell.run("pwd; echo to stderr >&2; echo $((6 * 7)) > answer; exit 3")
    assert (ran.code, ran.head) == (3, b"/workspace\nto stderr\n")
    assert (inside.workspace / "answer").read_text() == "42\n"
    several = await asyncio.gather(*(shell.run(f"echo {n}") for n in range(5)))
    assert [ran.head for ran in several] == [b"%d\n" % n for n in range(5)]
    assert inside._count == 1


async def test_bytes_come_through_as_they_are(shell: Shell) -> None:
    data = bytes(range(256)) * 1000
    ran = await shell.run("cat > kept; cat kept", stdin=data, most_bytes=len(data))
    assert (ran.code, ran.head, ran.size_bytes) == (0, data, len(data))


async def test_output_is_bounded_at_both_ends(shell: Shell) -> None:
    ran = await shell.run("seq 1 100000", most_bytes=100)
    assert ran.size_bytes == 588_895
    assert ran.head.startswith(b"1\n2\n3\n")
    assert ran.tail.endswith(b"99999\n100000\n")
    assert len(ran.head) + len(ran.tail) == 100


async def test_endless_output_ends_and_the_next_script_has_room(shell: Shell) -> None:
    ran = await shell.run("yes", timeout_s=2, most_bytes=100)
    assert ran.code != 0
    assert ran.size_bytes <= LIMITS.tmp_bytes
    assert (await shell.run("echo room > /tmp/a && cat /tmp/a")).head == b"room\n"


async def test_time_is_bounded(shell: Shell) -> None:
    ran = await shell.run("echo before; trap '' TERM; while :; do sleep 1; done", timeout_s=1)
    assert ran.code in (124, 137)
    assert ran.head.startswith(b"before\n")
    assert (await shell.run("echo on")).head == b"on\n"


async def test_what_runs_in_the_background_goes_on(shell: Shell) -> None:
    assert (await shell.run("(sleep 0.3; echo late > late) & echo now")).head == b"now\n"
    ran = await shell.run("while [ ! -e late ]; do sleep 0.05; done; cat late", timeout_s=30)
    assert ran.head == b"late\n"


async def test_a_shell_that_is_ended_begins_anew(shell: Shell) -> None:
    await shell.run("echo kept > kept; echo gone > /tmp/gone")
    ran = await shell.run("kill -9 -1; kill -9 $PPID; sleep 10")
    assert ran.code == 137
    assert "ended from inside" in ran.note
    assert (await shell.run("cat kept; ls /tmp")).head == b"kept\n"


async def test_memory_is_bounded_and_said(inside: Inside) -> None:
    tight = replace(LIMITS, memory_bytes=64 * MIB)
    shell = Shell(lambda argv: inside.start(*argv, interactive=True, limits=tight))
    ran = await shell.run("head -c 400000000 /dev/zero | tail -c 300000000 | wc -c; echo $?")
    assert b"300000000" not in ran.head
    assert (await shell.run("echo on")).head == b"on\n"
    await shell.close()


async def test_answers_are_not_believed(shell: Shell) -> None:
    """Whatever is inside may write where the shell's own answers come from."""
    ran = await shell.run("echo 'all is well' > /proc/$PPID/fd/1; echo true > /dev/null; sleep 0.2")
    assert ran.code in (0, 1, 137)
    for forged in ("999 0 1 eA== -", "x y z", "1 0 0 ???? -"):
        await shell.run(f"p=$(ps -o ppid= $PPID 2>/dev/null); echo '{forged}' > /proc/1/fd/1")
    assert (await shell.run("echo on")).code in (0, 137)


async def test_it_is_not_begun_for_ever(shell: Shell) -> None:
    for _ in range(6):
        await shell.run("kill -9 -1; kill -9 $PPID; sleep 10")
    with pytest.raises(ShellGone, match="again and again"):
        await shell.run("true")


async def test_a_script_that_is_too_large_is_refused(shell: Shell) -> None:
    ran = await shell.run("cat > x", stdin=b"x" * 2 * MIB)
    assert ran.code == 126
    assert "more than" in ran.note
