"""A small process that starts sandboxes, and outlives the hall just long enough to end them.

The hall starts one *warden* (`serve`), which holds nothing and forks a *keeper* (`keep`) for each
sandbox. A keeper is the parent of one sandbox and the reaper of everything that comes loose from
it. It holds one end of a socket whose other end only the hall has: when the hall dies, by whatever
signal, the socket ends, and the keeper ends all that it keeps and removes its control groups.
Where other nodes would go on with a hall's work, a hall that is alive but silent counts as dead.

Why not from the hall itself: forking a large process stops its event loop; "kill me when my parent
dies" is bound to the thread that forked; and bubblewrap's own `--die-with-parent` leaves moments
during its set-up in which a dead parent is not noticed. Standard library only, started with
`python -I -S`, so that it stays small and quick to fork.
"""

import contextlib
import ctypes
import fcntl
import gc
import json
import math
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from resource import RLIMIT_NPROC, setrlimit
from typing import Any

from hiringhall.workers.sandboxes.cgroups import Group, GroupPlan, Place, read_file, write_file
from hiringhall.workers.sandboxes.disk import LOOK_EVERY_S, MEASURING_S, DiskWatch

_PR_SET_CHILD_SUBREAPER = 36
_MOST_FDS = 64
_SPARE = 2
_NICER = 5
"""By how much runs are less urgent than the hall, which has to answer while they work."""
_PATIENCE_S = 30.0
"""How long a process may take to die: one that waits for a disk cannot be killed at once."""
_QUIET = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

_prctl = ctypes.CDLL(None, use_errno=True).prctl


def _set_subreaper() -> None:
    """What loses its parent below this process becomes its child, not that of process 1."""
    if _prctl(_PR_SET_CHILD_SUBREAPER, ctypes.c_ulong(1), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def serve(places: str) -> None:
    """The warden: standard input is the hall's socket, each message on it one sandbox to keep.

    It never reads the socket. Keepers forked in advance all wait on it, each already in control
    groups of its own below `places`; whichever takes a message says so, and the warden forks the
    next to wait. So no sandbox waits for a fork.
    """
    for number in _QUIET:
        # Asked to stop with the whole service, the hall decides the order; its end is ours.
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    hall = socket.socket(fileno=os.dup(0))
    os.dup2(os.open(os.devnull, os.O_RDWR), 0)
    taken, taken_end = os.pipe()
    found = [Place(**place) for place in json.loads(places)]
    gc.disable()  # a collection touches, and so copies, every page of a fresh fork
    gc.freeze()
    poll = select.poll()
    poll.register(hall, 0)  # nothing but its end
    poll.register(taken, select.POLLIN)
    for _ in range(_SPARE):
        _fork_keeper(hall, taken_end, found)
    while True:
        ready = {fd for fd, _ in poll.poll()}
        if hall.fileno() in ready:
            return
        for _ in os.read(taken, 64):
            _fork_keeper(hall, taken_end, found)


def _fork_keeper(hall: socket.socket, taken_end: int, places: Sequence[Place]) -> None:
    if os.fork() != 0:
        return
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _await_order(hall, taken_end, Keeper(places))
    except BaseException as error:  # noqa: BLE001
        sys.excepthook(type(error), error, error.__traceback__)
    finally:
        sys.stderr.flush()
        os._exit(0)  # never back into the warden's loop


def _await_order(hall: socket.socket, taken_end: int, keeper: "Keeper") -> None:
    try:
        message, fds, _, _ = socket.recv_fds(hall, 16, _MOST_FDS)
        hall.close()
        if message:
            with contextlib.suppress(BrokenPipeError):  # the warden was killed; this one works
                os.write(taken_end, b"+")
            for fd in fds:
                fcntl.fcntl(fd, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
            keeper.keep(socket.socket(fileno=fds[0]), fds[1], fds[2:])
    finally:
        keeper.end()


def _read_all(fd: int) -> bytes:
    data = bytearray()
    while chunk := os.read(fd, 64 * 1024):
        data += chunk
    os.close(fd)
    return bytes(data)


def _say(hall: socket.socket, message: dict[str, Any]) -> None:
    with contextlib.suppress(OSError):  # nobody left to tell
        hall.send(json.dumps(message).encode())


def _now_s() -> float:
    """A clock that goes on while the machine sleeps: others' clocks do."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _lives(hall: socket.socket) -> bool:
    """Take one message: the hall says nothing but that it is there, until it wants an end."""
    try:
        return bool(hall.recv(16))
    except OSError:
        return False


def _stop_hearing(hall: socket.socket) -> None:
    """Leave nothing unread: it would make our last word an error at the other end."""
    with contextlib.suppress(OSError):
        hall.shutdown(socket.SHUT_RD)
        while hall.recv(16):
            pass


class Keeper:
    """One sandbox's outermost process, its control groups, and whatever comes loose from it."""

    def __init__(self, places: Sequence[Place]) -> None:
        _set_subreaper()
        os.nice(_NICER)  # and so whatever it starts: a run that wants every core gets what is left
        self._order: dict[str, Any] = {}
        self._deadline = 0.0
        self._silent_at = math.inf
        self._pid = 0
        self._status: int | None = None
        self._report_fd = -1
        self._kills = 0
        self._left = False
        self._inside = True
        self._trouble: OSError | None = None
        self._groups: list[Group] = []
        try:
            for place in places:
                self._groups.append(Group(place))
        except OSError as error:
            self._trouble = error  # for whoever asks for a sandbox

    def keep(self, hall: socket.socket, order_fd: int, fds: Sequence[int]) -> None:
        """Start a sandbox, watch it, end what is left of it, say how it went."""
        self._order = json.loads(_read_all(order_fd))
        self._deadline = time.monotonic() + float(self._order["wall_s"])
        self._heard()
        try:
            self._start(fds)
        except OSError as error:
            self.end()
            _stop_hearing(hall)
            _say(hall, {"error": f"{error.strerror}: {error.filename or self._order['program']}"})
            return
        _say(hall, {"pid": self._pid})
        self._leave()
        reason = self._watch(hall)
        self.end()
        _stop_hearing(hall)
        _say(hall, self._result(reason))

    def _start(self, fds: Sequence[int]) -> None:
        """Raises OSError with the step that failed."""
        if self._trouble is not None:
            raise self._trouble
        for group, plan in zip(self._groups, self._order["groups"], strict=True):
            group.apply(GroupPlan(**plan))
        given = list(fds)
        if self._order["reports"]:
            self._report_fd, child_report_fd = os.pipe()
            given.append(child_report_fd)
        self._bound()
        os.umask(0o022)
        os.chdir(self._order["folder"])
        # When the whole machine runs out of memory, work goes before the hall does.
        before = _exchange_oom_score("500")
        try:
            # Not a fork: nothing of this process need be copied for one that becomes another.
            self._pid = os.posix_spawn(
                self._order["program"],
                self._order["argv"],
                self._order["environment"],
                file_actions=_arrange(given),
                setsid=True,
                setsigdef=[*_QUIET, signal.SIGPIPE, signal.SIGXFSZ],
            )
        finally:
            _exchange_oom_score(before)
            for fd in given:
                os.close(fd)

    def _bound(self) -> None:
        # Ours too from now on; a keeper needs little.
        for resource, value in self._order["rlimits"]:
            setrlimit(resource, (value, value))
        if self._order["loose_processes"]:
            most = _own_threads() + self._order["loose_processes"]
            setrlimit(RLIMIT_NPROC, (most, most))

    def _leave(self) -> None:
        if self._inside:
            self._inside = False
            for group in self._groups:
                with contextlib.suppress(OSError):
                    group.leave()

    def _heard(self) -> None:
        silence_s = self._order["silence_s"]
        self._silent_at = math.inf if silence_s is None else _now_s() + float(silence_s)

    def _watch(self, hall: socket.socket) -> str:
        """Wait for the end, the hall's word, death or silence, or the clock; says which it was."""
        exited_fd = os.pidfd_open(self._pid)
        poll = select.poll()
        poll.register(exited_fd, select.POLLIN)
        poll.register(hall, select.POLLIN)
        disk = DiskWatch(self._order["disk"]["folders"], self._order["disk"]["limit_bytes"])
        try:
            while True:
                left_s = self._deadline - time.monotonic()
                nap_s = MEASURING_S if disk.is_measuring else LOOK_EVERY_S
                ready = {fd for fd, _ in poll.poll(math.ceil(max(0.0, min(left_s, nap_s)) * 1000))}
                if exited_fd in ready:
                    _, self._status = os.waitpid(self._pid, 0)
                    return "exited"
                if ready and not _lives(hall):
                    return "killed"
                if ready:
                    self._heard()
                if self._silent_at <= _now_s():
                    return "killed"
                if self._deadline <= time.monotonic():
                    return "timed_out"
                if disk.is_over():
                    return "out_of_disk"
        finally:
            disk.close()
            os.close(exited_fd)

    def end(self) -> None:
        """Kill whatever still lives, wait until nothing does, and remove the groups."""
        until = time.monotonic() + _PATIENCE_S
        pause_s = 0.0005
        while not self._reaped_all():
            if time.monotonic() > until:
                self._left = True
                break
            for pid in _children():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(pause_s)
            pause_s = min(pause_s * 2, 0.02)
        self._leave()
        for group in self._groups:
            with contextlib.suppress(OSError, ValueError):
                self._kills += group.kills()
            group.remove()
        self._groups.clear()

    def _reaped_all(self) -> bool:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return True
            if pid == 0:
                return False
            if pid == self._pid:
                self._status = status

    def _result(self, reason: str) -> dict[str, Any]:
        code = 137 if self._status is None else os.waitstatus_to_exitcode(self._status)
        if code != -signal.SIGKILL and reason in {"killed", "timed_out", "out_of_disk"}:
            reason = "exited"  # by itself, in the moment before
        if reason == "exited" and self._order["reports"] and not self._was_set_up():
            reason = "broken"
        if reason in {"exited", "broken"} and self._kills and code != 0:
            reason = "out_of_memory"
        if self._left:
            reason = "broken"
        return {
            "code": code if code >= 0 else 128 - code,
            "reason": reason,
            "kills": self._kills,
        }

    def _was_set_up(self) -> bool:
        """Bubblewrap reports an exit code only of what it really came to start."""
        os.set_blocking(self._report_fd, False)
        try:
            return b'"exit-code"' in os.read(self._report_fd, 4096)
        except BlockingIOError:
            return False


def _arrange(fds: Sequence[int]) -> list[tuple[int, int, int]]:
    """Give the child its descriptors as 0, 1, 2, …; all others close by themselves at exec."""
    # Out of the way first: a descriptor's new place may be another's old one.
    high = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, _MOST_FDS + 8) for fd in fds]
    return [(os.POSIX_SPAWN_DUP2, fd, number) for number, fd in enumerate(high)]


def _exchange_oom_score(text: str) -> str:
    """Set this process's score, which children are born with; returns what it was."""
    path = "/proc/self/oom_score_adj"
    before = read_file(path)
    with contextlib.suppress(OSError):
        write_file(path, text)
    return before


def _own_threads() -> int:
    """How many there are of this user, whom the kernel counts as one for RLIMIT_NPROC."""
    count = 0
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if process.stat().st_uid == os.getuid():
                count += (process / "task").stat().st_nlink - 2
    return count


def _children() -> list[int]:
    try:
        return [int(pid) for pid in read_file("/proc/thread-self/children").split()]
    except FileNotFoundError:  # a kernel without CONFIG_PROC_CHILDREN
        return [int(p.name) for p in Path("/proc").glob("[0-9]*") if _parent(p) == os.getpid()]


def _parent(process: Path) -> int:
    try:
        return int((process / "stat").read_text().rpartition(") ")[2].split()[1])
    except OSError:
        return 0
