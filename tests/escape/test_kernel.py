"""The kernel: namespaces, mounts, other processes, and machinery that is not divided."""

import os
import signal
import subprocess
from collections.abc import Iterator

import pytest

from tests.escape.cell import Cell

pytestmark = [pytest.mark.anyio, pytest.mark.sandbox]

REFUSED = {"EPERM", "EACCES", "ENOSYS", "EINVAL", "ENOENT", "ESRCH", "EROFS", "EBUSY", "ENODEV"}


@pytest.mark.attempt(
    "makes namespaces of its own with `unshare`, with bubblewrap inside, with `nsenter` and by the "
    "calls behind them, to become root there",
    "no program of them comes to its end, each call is refused, and it is still user 1000 with no "
    "capability",
)
async def test_nested_namespaces(cell: Cell) -> None:
    tried = await cell.attempt(
        """
programs = {"unshare": ("unshare", "-Ur", "id", "-u"), "unshare -n": ("unshare", "-n", "true"),
            "unshare -p": ("unshare", "-Upf", "--mount-proc", "true"),
            "bwrap": ("bwrap", "--ro-bind", "/", "/", "--unshare-user", "--uid", "0", "id", "-u"),
            "bwrap -all": ("bwrap", "--ro-bind", "/", "/", "--unshare-all", "true"),
            "nsenter": ("nsenter", "-t", "1", "-a", "true"),
            "nsenter -m": ("nsenter", "-t", "1", "-m", "true"),
            "setpriv": ("setpriv", "--reuid", "0", "id", "-u"), "chroot": ("chroot", "/", "true")}
ended = {name: run(*argv) for name, argv in programs.items()}
calls = {}
for name, flag in (("user", 1 << 28), ("mount", 1 << 17), ("pid", 1 << 29), ("net", 1 << 30),
                   ("ipc", 1 << 27), ("uts", 1 << 26), ("cgroup", 1 << 25), ("time", 1 << 7)):
    calls["unshare " + name] = outcome(syscall, 272, 97, flag)
    if name != "time":
        calls["clone " + name] = outcome(syscall, 56, 220, flag | 17, 0, 0, 0, 0)
for name in os.listdir("/proc/self/ns"):
    try:
        fd = os.open("/proc/1/ns/" + name, os.O_RDONLY)
    except OSError as error:
        calls["enter " + name] = errno.errorcode[error.errno]
    else:
        calls["enter " + name] = outcome(syscall, 308, 268, fd, 0)
say({"programs": ended, "calls": calls, "uid": os.getuid(),
     "most": read("/proc/sys/user/max_user_namespaces").strip()})
"""
    )
    found = tried.found
    assert [name for name, (code, _) in found["programs"].items() if code == 0] == []
    assert {name: went for name, went in found["calls"].items() if went not in REFUSED} == {}
    assert found["uid"] == 1000


@pytest.mark.attempt(
    "traces, reads and writes other processes: its parent, process 1, a child that another has",
    "ptrace, process_vm_readv and -writev, pidfd_getfd, kcmp and `/proc/1/mem` are refused",
)
async def test_tracing(cell: Cell) -> None:
    tried = await cell.attempt(
        """
calls = {}
for pid in (1, os.getppid(), os.getpid()):
    for name, request in (("attach", 16), ("seize", 0x4206), ("traceme", 0)):
        calls[f"{name} {pid}"] = outcome(syscall, 101, 117, request, pid, 0, 0)
    calls[f"readv {pid}"] = outcome(syscall, 310, 270, pid, 0, 0, 0, 0, 0)
    calls[f"writev {pid}"] = outcome(syscall, 311, 271, pid, 0, 0, 0, 0, 0)
    calls[f"kcmp {pid}"] = outcome(syscall, 312, 272, os.getpid(), pid, 0, 0, 0)
    fd = os.pidfd_open(pid)
    calls[f"getfd {pid}"] = outcome(syscall, 438, 438, fd, 0, 0)
    calls[f"madvise {pid}"] = outcome(syscall, 440, 440, fd, 0, 0, 0, 0)
calls["mem"] = outcome(os.open, "/proc/1/mem", os.O_RDWR)
calls["gdb"] = "allowed" if run("gdb", "-p", "1", "-batch")[0] == 0 else "EPERM"
calls["strace"] = "allowed" if run("strace", "true")[0] == 0 else "EPERM"
say(calls)
"""
    )
    assert {name: went for name, went in tried.found.items() if went not in REFUSED} == {}


@pytest.mark.attempt(
    "mounts, unmounts and moves its root: a file system of its own, the root again writable, "
    "`chroot`, `pivot_root`, overlays, the control groups, the file systems of users",
    "every call, old and new, is refused, and the list of mounts is what it was",
)
async def test_mounts(cell: Cell) -> None:
    tried = await cell.attempt(
        """
before = read("/proc/self/mountinfo")
calls = {"chroot": outcome(os.chroot, "/tmp"),
         "pivot_root": outcome(syscall, 155, 41, b"/tmp", b"/tmp")}
for kind in (b"tmpfs", b"proc", b"sysfs", b"cgroup", b"cgroup2", b"overlay", b"devtmpfs", b"bpf",
             b"mqueue", b"fuse", b"9p", b"nfs", b"ext4", b"debugfs"):
    calls["mount " + kind.decode()] = outcome(syscall, 165, 40, b"none", b"/tmp", kind, 0, 0)
    calls["fsopen " + kind.decode()] = outcome(syscall, 430, 430, kind, 0)
for where in (b"/", b"/usr", b"/proc", b"/workspace", b"/dev"):
    calls["bind " + where.decode()] = outcome(syscall, 165, 40, where, b"/tmp", b"", 4096, 0)
    calls["rw " + where.decode()] = outcome(syscall, 165, 40, b"", where, b"", 32 | 4096, 0)
    calls["umount " + where.decode()] = outcome(syscall, 166, 39, where, 2)
    calls["tree " + where.decode()] = outcome(syscall, 428, 428, -100, where, 1)
    calls["attr " + where.decode()] = outcome(syscall, 442, 442, -100, where, 0, b"\\0" * 32, 32)
calls["fuse"] = outcome(os.open, "/dev/fuse", os.O_RDWR)
calls["cgroup"] = outcome(os.listdir, "/sys/fs/cgroup")
calls["handle"] = outcome(syscall, 304, 265, -100, b"\\0" * 128, 0)
say({"calls": calls, "same": read("/proc/self/mountinfo") == before, "group": read("/proc/self/cgroup")})
"""
    )
    found = tried.found
    assert {name: went for name, went in found["calls"].items() if went not in REFUSED} == {}
    assert found["same"]
    assert "hiringhall" not in found["group"]


@pytest.mark.attempt(
    "uses the kernel's keyring, io_uring, bpf, userfaultfd, perf, kexec, modules, keys of others",
    "each call answers EPERM, or as if the kernel had none",
)
async def test_kernel_machinery(cell: Cell) -> None:
    tried = await cell.attempt(
        """
calls = {"keyctl": (250, 219, 0, -4, 0), "keyctl search": (250, 219, 10, -4, b"user", b"x"),
         "add_key": (248, 217, b"user", b"x", b"x", 1, -3), "request_key": (249, 218, b"user", b"x", 0, -3),
         "io_uring_setup": (425, 425, 8, b"\\0" * 120), "io_uring_enter": (426, 426, 0, 1, 0, 0, 0),
         "io_uring_register": (427, 427, 0, 0, 0, 0), "bpf": (321, 280, 5, b"\\0" * 128, 128),
         "userfaultfd": (323, 282, 1), "perf": (298, 241, b"\\0" * 128, 0, -1, -1, 0),
         "kexec": (246, 104, 0, 0, 0, 0), "init_module": (175, 105, b"", 0, b""),
         "delete_module": (176, 106, b"x", 0), "fanotify": (300, 262, 0, 0),
         "quotactl": (179, 60, 0, b"/", 0, 0), "acct": (163, 89, b"/workspace/acct"),
         "swapon": (167, 224, b"/workspace/swap", 0), "reboot": (169, 142, 0xFEE1DEAD, 672274793, 0, 0),
         "syslog": (103, 116, 3, b"\\0" * 64, 64), "move_pages": (279, 239, 1, 0, 0, 0, 0, 0),
         "clone3": (435, 435, b"\\0" * 88, 88), "memfd_secret": (447, 447, 0),
         "of some later kernel": (500, 500), "and later": (9999, 9999)}
say({name: outcome(syscall, *how) for name, how in calls.items()})
"""
    )
    assert set(tried.found.values()) <= {"EPERM", "ENOSYS"}


@pytest.mark.attempt(
    "changes the machine: clock, host name, limits, priorities, its own score for when memory ends",
    "each is refused, or changes nothing but the run's own for the worse",
)
async def test_the_machine_itself(cell: Cell) -> None:
    name = os.uname().nodename
    tried = await cell.attempt(
        """
import resource
found = {"clock": outcome(time.clock_settime, time.CLOCK_REALTIME, 0),
         "name": outcome(socket.sethostname, "taken"),
         "nice": outcome(os.setpriority, os.PRIO_PROCESS, 0, -5),
         "fifo": outcome(os.sched_setscheduler, 0, os.SCHED_FIFO, os.sched_param(1)),
         "rr": outcome(os.sched_setscheduler, 0, os.SCHED_RR, os.sched_param(1)),
         "oom": outcome(lambda: open("/proc/self/oom_score_adj", "w").write("-1000")),
         "iopl": outcome(syscall, 172, 999, 3)}
for which in ("RLIMIT_NOFILE", "RLIMIT_FSIZE", "RLIMIT_CORE"):
    soft, hard = resource.getrlimit(getattr(resource, which))
    try:
        resource.setrlimit(getattr(resource, which), (hard + 1, hard + 1))
        found[which] = "allowed"
    except (OSError, ValueError):
        found[which] = "EPERM"
say({"calls": found, "score": int(read("/proc/self/oom_score_adj"))})
"""
    )
    found = tried.found
    assert set(found["calls"].values()) <= REFUSED
    assert found["score"] >= 500
    assert os.uname().nodename == name


@pytest.fixture
def bystander() -> Iterator[subprocess.Popen[bytes]]:
    """A process of the same user, on the host."""
    with subprocess.Popen(["sleep", "600"]) as process:
        yield process
        process.kill()


@pytest.mark.attempt(
    "signals processes of the host by every number there could be, its own group and everybody",
    "a process of the same user on the host is not hit, nor are the hall and its keepers",
)
async def test_signals(cell: Cell, bystander: subprocess.Popen[bytes]) -> None:
    tried = await cell.attempt(
        """
import signal
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
hit = []
for pid in range(2, 100_000):
    if pid not in (os.getpid(), os.getppid()):
        try:
            os.kill(pid, 0)
            hit.append(pid)
        except OSError:
            pass
say({"hit": hit, "named": outcome(os.kill, int(sys.argv[1]), 9), "all": outcome(os.kill, -1, 15)})
""",
        str(max(bystander.pid, 1000)),
    )
    assert len(tried.found["hit"]) <= 2
    assert tried.found["named"] == "ESRCH"
    assert bystander.poll() is None
    assert (await cell.attempt("say('still here')")).found == "still here"


@pytest.mark.attempt(
    "types into a terminal (TIOCSTI, TIOCLINUX), takes one over as its own, finds the operator's",
    "there is no terminal but those it makes, and into those it cannot type",
)
async def test_terminals(cell: Cell) -> None:
    tried = await cell.attempt(
        """
import fcntl, pty
main, side = pty.openpty()
found = {"sti": outcome(fcntl.ioctl, side, 0x5412, b"x"), "linux": outcome(fcntl.ioctl, side, 0x541C, b"\\x02"),
         "high": outcome(syscall, 16, 29, side, (1 << 32) | 0x5412, b"x"),
         "tty": outcome(os.open, "/dev/tty", os.O_RDWR), "console": outcome(os.open, "/dev/console", os.O_RDWR),
         "tty0": outcome(os.open, "/dev/tty0", os.O_RDWR), "vcs": outcome(os.open, "/dev/vcs", os.O_RDWR)}
for number in (0, 1, 2):
    found[f"tty {number}"] = "allowed" if os.isatty(number) else "EPERM"
others = [n for n in os.listdir("/dev/pts") if n != "ptmx" and n != os.path.basename(os.ttyname(side))]
say({"calls": found, "others": others})
"""
    )
    assert set(tried.found["calls"].values()) <= REFUSED | {"ENXIO"}
    assert tried.found["others"] == []


@pytest.mark.attempt(
    "calls the kernel by the numbers of another machine (`int 0x80`, x32)",
    "the first ends the program with SIGSYS, the other answers ENOSYS",
)
@pytest.mark.skipif(os.uname().machine != "x86_64", reason="only x86-64 has other instruction sets")
async def test_other_instruction_sets(cell: Cell) -> None:
    tried = await cell.attempt(
        """
import mmap
found = {"x32": outcome(syscall, 0x40000000 | 39, 0)}
pid = os.fork()
if pid == 0:
    page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(b"\\xb8\\x14\\x00\\x00\\x00\\xcd\\x80\\xc3")  # mov eax, 20 (getpid); int 0x80; ret
    ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()
    os._exit(0)
found["int 0x80"] = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
say(found)
"""
    )
    assert tried.found == {"x32": "ENOSYS", "int 0x80": -signal.SIGSYS}
