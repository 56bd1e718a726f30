"""What one sandbox can use up: everything it is given, and nothing of the host's."""

import os
import resource
import time
from dataclasses import replace

import pytest

from hiringhall.workers.sandboxes import cgroups
from hiringhall.workers.sandboxes.port import MIB, Exit, ExitReason, read_output
from tests.sandboxes.inside import LIMITS, Inside, finish
from tests.sandboxes.processes import read_process

pytestmark = [pytest.mark.anyio, pytest.mark.sandbox]

# Whatever it gets, it ends by itself within seconds.
_FORKS = """
import time
made = 0
try:
    for _ in range(1000):
        if os.fork() == 0:
            time.sleep(30)
            os._exit(0)
        made += 1
except OSError as error:
    print(made, errno.errorcode[error.errno])
"""
_HOARD = """
kept = []
for _ in range(40):
    kept.append(os.urandom(1) * (16 << 20))
print("kept it all")
"""


@pytest.fixture
def bounded(inside: Inside) -> Inside:
    """Where control groups for both memory and processes can be made."""
    if missing := cgroups.find().missing:
        pytest.skip(missing)
    return inside


async def test_a_fork_bomb_stays_small(bounded: Inside) -> None:
    went = await bounded.python(_FORKS, limits=replace(LIMITS, processes=20))
    made, error = went.out.split()
    assert error == "EAGAIN"
    assert 10 <= int(made) <= 20
    assert went.exit == Exit(0, ExitReason.EXITED)


async def test_a_memory_hog_is_ended(bounded: Inside) -> None:
    went = await bounded.python(_HOARD, limits=replace(LIMITS, memory_bytes=64 * MIB))
    assert went.exit.reason is ExitReason.OUT_OF_MEMORY
    assert went.exit.code == 137
    assert went.exit.out_of_memory_kills >= 1
    assert went.out == ""


async def test_one_that_lost_a_child_to_memory_may_go_on(bounded: Inside) -> None:
    script = f"pid = os.fork()\nif pid == 0:\n{_indent(_HOARD)}\n    os._exit(0)\n"
    script += "print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))"
    went = await bounded.python(script, limits=replace(LIMITS, memory_bytes=64 * MIB))
    assert went.out == "-9\n"
    assert went.exit.reason is ExitReason.EXITED
    assert went.exit.out_of_memory_kills >= 1


def _indent(script: str) -> str:
    return "\n".join(f"    {line}" for line in script.splitlines())


@pytest.mark.parametrize(
    ("folder", "size_bytes"),
    [("/tmp", 16 * MIB), ("/run", 2 * MIB), ("/dev/shm", 2 * MIB)],  # noqa: S108
)
async def test_folders_in_memory_are_bounded(inside: Inside, folder: str, size_bytes: int) -> None:
    went = await inside.python(
        """
got = 0
try:
    with open(sys.argv[1] + "/hog", "wb", buffering=0) as file:
        while got < 64 << 20:
            got += file.write(b"x" * 65536)
except OSError as error:
    print(errno.errorcode[error.errno], got)
else:
    print("no end", got)
""",
        folder,
    )
    error, got = went.out.split(maxsplit=1)
    assert error == "ENOSPC", went
    assert size_bytes // 2 <= int(got) <= size_bytes


async def test_a_file_has_a_size(inside: Inside) -> None:
    went = await inside.python(
        """
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
file = os.open("/workspace/big", os.O_CREAT | os.O_WRONLY)
attempt(os.pwrite, file, b"x", 2 << 20)
attempt(os.pwrite, file, b"x", (1 << 20) - 1)
""",
        limits=replace(LIMITS, file_bytes=1 * MIB),
    )
    assert went.out.split() == ["EFBIG", "allowed"]
    assert (inside.workspace / "big").stat().st_size == 1 * MIB


async def test_the_hosts_disk_is_not_filled(inside: Inside) -> None:
    went = await inside.shell(
        "i=0; while :; do i=$((i + 1)); head -c 1000000 /dev/urandom >$i; sleep 0.02; done",
        limits=replace(LIMITS, disk_bytes=8 * MIB),
    )
    assert went.exit.reason is ExitReason.OUT_OF_DISK
    assert went.exit.code == 137


async def test_not_even_by_one_that_is_quick(inside: Inside) -> None:
    went = await inside.shell(
        "i=0; while [ $i -lt 600 ]; do i=$((i + 1)); head -c 4M /dev/zero >$i; done",
        limits=replace(LIMITS, disk_bytes=64 * MIB),
    )
    assert went.exit.reason is ExitReason.OUT_OF_DISK
    taken_bytes = sum(path.stat().st_blocks * 512 for path in inside.workspace.iterdir())
    assert 64 * MIB < taken_bytes < 2000 * MIB


async def test_room_on_the_disk_is_taken_by_writing_alone(inside: Inside) -> None:
    """Else gigabytes are gone in a moment, sooner than anybody can look."""
    went = await inside.python(
        """
file = os.open("/workspace/big", os.O_CREAT | os.O_RDWR)
size = ctypes.c_long(1 << 40)
if libc.fallocate(file, 0, ctypes.c_long(0), size) < 0:
    print(errno.errorcode[ctypes.get_errno()])
attempt(os.posix_fallocate, file, 0, 1 << 20)
"""
    )
    assert went.out.split() == ["ENOTSUP", "allowed"]  # which is EOPNOTSUPP on Linux
    assert (inside.workspace / "big").stat().st_size == 1 * MIB


async def test_no_core_is_dumped(inside: Inside) -> None:
    went = await inside.shell("ulimit -c; kill -ABRT $$")
    assert went.out == "0\n"
    assert went.exit.code == 128 + 6
    assert list(inside.workspace.iterdir()) == []


async def test_the_clock_ends_everything(inside: Inside) -> None:
    began = time.monotonic()
    went = await inside.shell(
        "trap '' TERM INT HUP; (setsid sleep 600 &) ; sleep 600", limits=replace(LIMITS, wall_s=0.3)
    )
    assert went.exit.reason is ExitReason.TIMED_OUT
    assert went.exit.code == 137
    assert time.monotonic() - began < 20


async def test_a_flood_that_nobody_reads_waits(inside: Inside) -> None:
    before_bytes = _peak_bytes()
    sandbox = await inside.start(
        "/bin/sh", "-c", "yes >&2 & exec yes", limits=replace(LIMITS, wall_s=1.5)
    )
    result = await sandbox.wait()
    assert result.reason is ExitReason.TIMED_OUT
    # Two full buffers (of the longest line each) are the most that is ever held.
    assert _peak_bytes() - before_bytes < 96 * MIB


async def test_a_flood_that_is_read_is_cut(inside: Inside) -> None:
    before_bytes = _peak_bytes()
    sandbox = await inside.start("/bin/sh", "-c", "yes | head -c 100000000; echo the end >&2")
    output = await read_output(sandbox.stdout, 1000)
    assert output.data == b"y\n" * 500
    assert output.dropped_bytes == 100_000_000 - 1000
    assert output.text.endswith("99999000 more bytes were dropped]\n")
    assert (await sandbox.wait()).reason is ExitReason.EXITED
    assert _peak_bytes() - before_bytes < 96 * MIB


async def test_what_was_written_before_the_end_is_all_there(inside: Inside) -> None:
    sandbox = await inside.start("/bin/sh", "-c", "head -c 60000 /dev/zero; exit 7")
    assert await sandbox.wait() == Exit(7, ExitReason.EXITED)
    # Read after the end: nothing is lost, and the descriptors are long closed.
    went = await finish(sandbox)
    assert len(went.out) == 60000


async def test_limits_are_the_sandboxs_alone(inside: Inside) -> None:
    before = _own_limits()
    await inside.shell("true", limits=replace(LIMITS, file_bytes=1))
    assert _own_limits() == before


def _own_limits() -> tuple[object, bytes]:
    return resource.getrlimit(resource.RLIMIT_FSIZE), read_process(os.getpid(), "oom_score_adj")


def _peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
