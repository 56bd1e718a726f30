"""The parent of one server, who is left with whatever a killed server leaves, and waits for it.

A process of its own, because only so is it certain what belongs to a server: orphans come to the
nearest subreaper (`PR_SET_CHILD_SUBREAPER`), however often they were forked and whatever session
they are in. Standard library only, run by path with `python -I -S`.

It prints `pid N`, then `ended STATUS` when the server has ended, then `clear` when nothing of it
is left. When its standard input ends, so does all that it has.
"""

import contextlib
import ctypes
import os
import select
import signal
import sys
import time

_PR_SET_CHILD_SUBREAPER = 36
_PAUSE_S = 0.002


def main(program: str, argv: list[str]) -> None:
    """Start the server and see to its end."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, ctypes.c_ulong(1), 0, 0, 0)
    nowhere = os.open(os.devnull, os.O_RDWR)
    server = os.posix_spawn(
        program,
        [program, *argv],
        os.environ,
        file_actions=[(os.POSIX_SPAWN_DUP2, nowhere, 0), (os.POSIX_SPAWN_DUP2, 2, 1)],
        setsid=True,
    )
    _say(f"pid {server}")
    ended = os.pidfd_open(server)
    poll = select.poll()
    poll.register(ended, select.POLLIN)
    poll.register(0, select.POLLIN)
    ready = {fd for fd, _ in poll.poll()}
    if ended not in ready:
        os.kill(server, signal.SIGKILL)
    _, status = os.waitpid(server, 0)
    _say(f"ended {os.waitstatus_to_exitcode(status)}")
    _wait_for_the_rest(poll)
    _say("clear")


def _wait_for_the_rest(poll: select.poll) -> None:
    """Reap until nobody is left; when nobody listens to us any more, end them all."""
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0 and 0 in {fd for fd, _ in poll.poll(0)}:
            for child in children(os.getpid()):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
        if pid == 0:
            time.sleep(_PAUSE_S)


def children(pid: int) -> list[int]:
    """The children of a process that has one thread."""
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:  # noqa: PTH123
            return [int(word) for word in file.read().split()]
    except FileNotFoundError:
        return []


def _say(line: str) -> None:
    with contextlib.suppress(BrokenPipeError):
        os.write(1, f"{line}\n".encode())


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
