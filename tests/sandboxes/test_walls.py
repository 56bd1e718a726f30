"""Tries to get out of a real sandbox, by every way somebody once got out of one."""

import asyncio
import os
import platform
import socket
import subprocess
from collections.abc import Iterator

import pytest

from tests.sandboxes.inside import Inside
from tests.sandboxes.processes import family_of, read_process

pytestmark = [pytest.mark.anyio, pytest.mark.sandbox]


async def test_what_a_worker_needs_is_there(inside: Inside) -> None:
    went = await inside.shell(
        "set -e; echo made >made; echo kept >/session/kept; echo x >/tmp/x; echo x >/run/x || true;"
        "id -un; hostname; pwd; echo $HOME; sort </etc/hosts >/dev/null; : >/dev/null; cat kept",
        environment={"KEY": "value"},
    )
    assert went.out == "worker\nhall\n/workspace\n/session\n"
    assert (inside.workspace / "made").read_text() == "made\n"
    assert (inside.session / "kept").read_text() == "kept\n"


async def test_no_file_of_the_host_is_seen(inside: Inside) -> None:
    secret = inside.folder / "secret"
    secret.write_text("of the host")
    secret.chmod(0o644)
    went = await inside.python(
        """
for path in (sys.argv[1], "/etc/shadow", "/etc/hostname", "/root", "/home", "/var/log", "/boot",
             "/sys", "/opt/hall", "/proc/1/root" + sys.argv[1], "/proc/self/cwd/.." + sys.argv[1],
             "/proc/self/root" + sys.argv[1], "/workspace/../../.." + sys.argv[1]):
    attempt(os.stat, path)
print(sorted(set(os.listdir("/")) - {"root", "opt", "home"}))
print(os.listdir("/tmp"), os.listdir("/run"))
""",
        str(secret),
    )
    lines = went.out.splitlines()
    # Where the interpreter itself lies below /root, that much of /root is to be seen.
    assert set(lines[:2] + lines[5:13]) <= {"ENOENT", "EACCES"}
    allowed = {"bin", "dev", "etc", "lib", "lib32", "lib64", "libx32", "proc", "run", "sbin"}
    allowed |= {"session", "tmp", "usr", "var", "workspace"}
    assert set(eval(lines[13])) <= allowed, lines[13]  # noqa: S307
    assert lines[14].endswith("[]")


async def test_nothing_of_the_system_can_be_written(inside: Inside) -> None:
    went = await inside.python(
        """
for path in ("/x", "/usr/x", "/usr/bin/x", "/etc/x", "/dev/x", "/var/x", "/proc/x"):
    attempt(os.open, path, os.O_CREAT | os.O_WRONLY)
for path in ("/etc/passwd", "/etc/hosts", "/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger",
             "/proc/sys/vm/drop_caches", "/proc/sys/user/max_user_namespaces",
             "/proc/sys/net/ipv4/ip_forward", "/proc/self/oom_score_adj", "/proc/self/uid_map"):
    attempt(os.open, path, os.O_WRONLY)
attempt(os.link, "/usr/bin/env", "/workspace/env")
attempt(os.rename, "/etc/passwd", "/etc/old")
"""
    )
    assert set(went.out.split()) <= {"EROFS", "EACCES", "EPERM", "EXDEV", "ENOENT", "EBUSY"}
    assert len(went.out.split()) == 18


async def test_a_link_in_the_workspace_leads_nowhere(inside: Inside) -> None:
    secret = inside.folder / "secret"
    secret.write_text("of the host")
    (inside.workspace / "link").symlink_to(secret)
    (inside.workspace / "etc").symlink_to("/etc")
    await inside.shell('ln -s "$1" made; ln -s /proc/1/root/etc/shadow shadow', str(secret))
    went = await inside.shell(
        "cat link made shadow etc/shadow etc/../../secret 2>/dev/null; ls -d etc/."
    )
    assert went.out == "etc/.\n"
    # The folder of a run may itself be named by a link; what it holds cannot move the mount.
    (inside.folder / "named").symlink_to(inside.workspace)
    assert secret.read_text() == "of the host"


async def test_the_host_cannot_be_reached_by_network(inside: Inside) -> None:
    name = f"\0hall-test-{os.getpid()}"
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.socket(socket.AF_UNIX) as abstract,
    ):
        abstract.bind(name)
        abstract.listen()
        went = await inside.python(
            """
def connect(family, address):
    with socket.socket(family) as s:
        s.settimeout(5)
        s.connect(address)
attempt(connect, socket.AF_INET, ("127.0.0.1", int(sys.argv[1])))
attempt(connect, socket.AF_INET, ("192.0.2.1", 80))
attempt(connect, socket.AF_UNIX, "\\0" + sys.argv[2])
server = socket.create_server(("127.0.0.1", 0))
attempt(connect, socket.AF_INET, server.getsockname())
print([name for _, name in socket.if_nameindex()])
""",
            str(listener.getsockname()[1]),
            name[1:],
        )
    assert went.out.splitlines() == [
        "ECONNREFUSED",
        "ENETUNREACH",
        "ECONNREFUSED",
        "allowed",
        "['lo']",
    ]


@pytest.fixture
def bystander() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "600"]) as process:
        yield process
        process.kill()


async def test_no_process_of_the_host_is_seen_or_signalled(
    inside: Inside, bystander: subprocess.Popen[bytes]
) -> None:
    went = await inside.python(
        """
print(len([p for p in os.listdir("/proc") if p.isdigit()]))
for pid in sys.argv[1:]:
    attempt(os.kill, int(pid), 9)
os.kill(-1, 9)
print("kill(-1) spares its caller")
""",
        # Numbers that no process inside has yet.
        str(max(bystander.pid, 1000)),
        str(max(os.getpid(), 1000)),
    )
    lines = went.out.splitlines()
    assert int(lines[0]) < 6
    assert lines[1:3] == ["ESRCH", "ESRCH"]
    assert bystander.poll() is None


async def test_no_secret_is_in_any_environment_or_command_line(
    inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HALL_TEST_SECRET", "the-hall's-own")
    sandbox = await inside.start(
        "/bin/sh",
        "-c",
        "cat /proc/1/environ; echo --; read line",
        environment={"RUN_KEY": "the-run's-own"},
        interactive=True,
    )
    out = (await sandbox.stdout.readuntil(b"--\n")).decode()
    family = family_of(sandbox.pid)
    assert len(family) >= 3  # bubblewrap's two, the shell
    assert not any(b"the-run's-own" in read_process(pid, "cmdline") for pid in family)
    assert not any(b"the-hall's-own" in read_process(pid, "environ") for pid in family)
    assert read_process(sandbox.pid, "environ") == b""
    assert sandbox.stdin is not None
    sandbox.stdin.write(b"\n")
    await sandbox.wait()
    assert out == "--\n"


async def test_the_payload_inherits_no_descriptor(inside: Inside) -> None:
    went = await inside.python("print(sorted(map(int, os.listdir('/proc/self/fd'))))")
    assert went.out == "[0, 1, 2, 3]\n"  # 3 is the listing's own


async def test_devices_are_the_harmless_ones(inside: Inside) -> None:
    went = await inside.python(
        """
print(sorted(os.listdir("/dev")))
attempt(os.mknod, "/workspace/disk", 0o660 | 0o060000, os.makedev(8, 0))
attempt(os.mknod, "/tmp/mem", 0o660 | 0o020000, os.makedev(1, 1))
attempt(os.open, "/dev/core", os.O_RDONLY)
"""
    )
    devices, *refused = went.out.splitlines()
    expected = ["core", "fd", "full", "null", "ptmx", "pts", "random", "shm"]
    expected += ["stderr", "stdin", "stdout", "tty", "urandom", "zero"]
    assert devices == str(expected)
    assert refused[:2] == ["EPERM", "EPERM"]
    assert refused[2] in {"EPERM", "EACCES", "ENOENT"}


async def test_set_user_id_gives_nothing(inside: Inside) -> None:
    went = await inside.shell(
        "cp /usr/bin/id ./id && chmod 6755 ./id && ./id -u && ./id -ru && "
        "grep -E '^(Cap(Inh|Prm|Eff|Bnd|Amb)|NoNewPrivs|Seccomp):' /proc/self/status"
    )
    assert went.out.split() == [
        *("1000", "1000"),
        *(
            word
            for name in ("Inh", "Prm", "Eff", "Bnd", "Amb")
            for word in (f"Cap{name}:", "0" * 16)
        ),
        *("NoNewPrivs:", "1", "Seccomp:", "2"),
    ]


async def test_no_namespace_can_be_made_or_entered(inside: Inside) -> None:
    went = await inside.python(
        """
NEWUSER, NEWNS, SIGCHLD = 0x10000000, 0x00020000, 17
attempt(syscall, 272, 97, NEWUSER)
attempt(syscall, 272, 97, NEWNS)
attempt(syscall, 56, 220, NEWUSER | SIGCHLD, 0, 0, 0, 0)
attempt(syscall, 56, 220, NEWNS | SIGCHLD, 0, 0, 0, 0)
attempt(syscall, 56, 220, (1 << 40) | NEWUSER | SIGCHLD, 0, 0, 0, 0)
attempt(syscall, 308, 268, os.open("/proc/self/ns/net", os.O_RDONLY), 0)
attempt(syscall, 435, 435, 0, 0)
pid = os.fork()
if pid == 0:
    os._exit(0)
attempt(os.waitpid, pid, 0)
"""
    )
    assert went.out.split() == [*["EPERM"] * 6, "ENOSYS", "allowed"]


async def test_nothing_can_be_mounted(inside: Inside) -> None:
    went = await inside.python(
        """
attempt(syscall, 165, 40, b"none", b"/tmp", b"tmpfs", 0, 0)
attempt(syscall, 165, 40, b"/", b"/tmp", b"", 4096, 0)
attempt(syscall, 165, 40, b"", b"/", b"", 32, 0)
attempt(syscall, 166, 39, b"/etc/passwd", 2)
attempt(syscall, 155, 41, b"/tmp", b"/tmp")
attempt(syscall, 161, 51, b"/tmp")
attempt(syscall, 430, 430, b"tmpfs", 0)
attempt(syscall, 428, 428, -100, b"/", 1)
attempt(syscall, 429, 429, -100, b"/tmp", -100, b"/run", 0)
attempt(syscall, 442, 442, -100, b"/", 0, b"\\0" * 32, 32)
"""
    )
    assert went.out.split() == ["EPERM"] * 10


async def test_kernel_machinery_is_out_of_reach(inside: Inside) -> None:
    went = await inside.python(
        """
attempt(syscall, 101, 117, 0, 0, 0, 0)        # ptrace(TRACEME)
attempt(syscall, 310, 270, os.getpid(), 0, 0, 0, 0, 0)
attempt(syscall, 321, 280, 0, b"\\0" * 64, 64)  # bpf
attempt(syscall, 298, 241, b"\\0" * 64, 0, -1, -1, 0)
attempt(syscall, 323, 282, 0)                 # userfaultfd
attempt(syscall, 250, 219, 0, 0, 0)           # keyctl
attempt(syscall, 248, 217, b"user", b"x", b"x", 1, 0)
attempt(syscall, 304, 265, -100, b"\\0" * 16, 0)
attempt(syscall, 313, 273, 0, b"", 0)         # finit_module
attempt(syscall, 320, 294, 0, 0, 0, b"", 0)   # kexec_file_load
attempt(syscall, 300, 262, 0, 0)              # fanotify_init
attempt(syscall, 438, 438, 0, 0, 0)           # pidfd_getfd
print("--")
attempt(syscall, 425, 425, 8, b"\\0" * 120)    # io_uring_setup
attempt(syscall, 500, 500)                    # a call of some later kernel
"""
    )
    denied, absent = went.out.split("--\n")
    assert denied.split() == ["EPERM"] * 12
    assert absent.split() == ["ENOSYS"] * 2


async def test_only_plain_socket_families(inside: Inside) -> None:
    went = await inside.python(
        """
VSOCK, ALG, PACKET, BLUETOOTH, XDP, NETLINK = 40, 38, 17, 31, 44, 16
for family in (VSOCK, ALG, PACKET, BLUETOOTH, XDP):
    attempt(socket.socket, family, socket.SOCK_DGRAM, 0)
attempt(socket.socket, NETLINK, socket.SOCK_RAW, 9)   # audit
attempt(socket.socket, NETLINK, socket.SOCK_RAW, 12)  # netfilter
attempt(syscall, 53, 199, VSOCK, 1, 0, b"\\0" * 8)
print("--")
attempt(socket.socket, socket.AF_INET, socket.SOCK_RAW, 1)
attempt(socket.socket, NETLINK, socket.SOCK_RAW, 0)
attempt(socket.socketpair)
attempt(socket.socket, socket.AF_INET6)
"""
    )
    denied, rest = went.out.split("--\n")
    assert denied.split() == ["EAFNOSUPPORT"] * 8
    assert rest.split() == ["EPERM", "allowed", "allowed", "allowed"]


async def test_nothing_can_be_typed_into_a_terminal(inside: Inside) -> None:
    went = await inside.python(
        """
import fcntl, pty
main, side = pty.openpty()
attempt(fcntl.ioctl, side, 0x5412, b"x")  # TIOCSTI
attempt(fcntl.ioctl, side, 0x541C, b"\\x02")  # TIOCLINUX
attempt(syscall, 16, 29, side, (1 << 32) | 0x5412, b"x")
attempt(fcntl.ioctl, side, 0x5413, b"\\0" * 8)  # TIOCGWINSZ
"""
    )
    assert went.out.split() == ["EPERM", "EPERM", "EPERM", "allowed"]


@pytest.mark.skipif(platform.machine() != "x86_64", reason="only x86-64 has other instruction sets")
async def test_no_way_around_the_filter_by_another_instruction_set(inside: Inside) -> None:
    went = await inside.python(
        """
import mmap
attempt(syscall, 0x40000000 | 39, 0)  # x32's getpid
page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
page.write(b"\\xb8\\x14\\x00\\x00\\x00\\xcd\\x80\\xc3")  # mov eax, 20 (getpid); int 0x80; ret
sys.stdout.flush()
call = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
print("came back with", call())
"""
    )
    assert went.out == "ENOSYS\n"
    assert went.exit.code == 128 + 31  # SIGSYS


async def test_standard_input_cannot_be_changed(inside: Inside) -> None:
    went = await inside.python(
        """
print(sys.stdin.read())
attempt(os.write, os.open("/proc/self/fd/0", os.O_RDWR), b"more")
""",
        stdin=b"the brief",
    )
    assert went.out.splitlines() == ["the brief", "EPERM"]


async def test_sockets_are_reached_but_not_changed(inside: Inside) -> None:
    sockets = inside.folder / "sockets"
    sockets.mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(sockets / "work.sock"))
        listener.listen()
        went = await inside.python(
            """
attempt(socket.socket(socket.AF_UNIX).connect, "/run/hall/work.sock")
attempt(os.unlink, "/run/hall/work.sock")
attempt(socket.socket(socket.AF_UNIX).bind, "/run/hall/mine.sock")
""",
            sockets=sockets,
        )
    assert went.out.split() == ["allowed", "EROFS", "EROFS"]


async def test_relays_answer_on_loopback(inside: Inside) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"you said " + await reader.readline())
        writer.close()

    sockets = inside.folder / "sockets"
    sockets.mkdir()
    async with (
        await asyncio.start_unix_server(answer, sockets / "model.sock"),
        await asyncio.start_unix_server(answer, sockets / "work.sock"),
    ):
        went = await inside.python(
            """
for port in (4100, 4101):
    with socket.create_connection(("127.0.0.1", port)) as s:
        s.sendall(b"hello %d\\n" % port)
        print(s.makefile().read(), end="")
""",
            sockets=sockets,
            relays={"model.sock": 4100, "work.sock": 4101},
        )
    assert went.out == "you said hello 4100\nyou said hello 4101\n"
