"""A way between a client and a hall that breaks: streams are cut after so many bytes."""

import contextlib
import socket
import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class Cutting:
    """Where to go in the hall's place. Each stream ends after `keep` of its answer's bytes.

    `on_stream` is called with what was asked before a stream goes on to the hall; True: hang up.
    """

    url: str
    keep: int | None = None
    on_stream: Callable[[str], bool] = lambda _: False
    streams: list[str] = field(default_factory=list[str])


@contextlib.contextmanager
def cutting(url: str, *, keep: int | None = None) -> Generator[Cutting]:
    """Stand between a client and the hall at an address."""
    there = (urlsplit(url).hostname or "", urlsplit(url).port or 80)
    listening = socket.create_server(("127.0.0.1", 0))
    between = Cutting(f"http://127.0.0.1:{listening.getsockname()[1]}", keep)

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                caller, _ = listening.accept()
                threading.Thread(target=_pass, args=(between, caller, there), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield between
    finally:
        # A thread that waits in accept is not woken by close alone.
        with contextlib.suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        listening.close()


def _pass(between: Cutting, caller: socket.socket, there: tuple[str, int]) -> None:
    with caller, socket.create_connection(there) as hall, contextlib.suppress(OSError):
        while request := caller.recv(65_536):
            keep = None
            if b"text/event-stream" in request:
                asked = request.split(b" ")[1].decode()
                between.streams.append(asked)
                if between.on_stream(asked):
                    return
                keep = between.keep
            hall.sendall(request)
            if keep is not None or b"text/event-stream" in request:
                _answer(hall, caller, keep)
                return
            _whole_answer(hall, caller)


def _answer(hall: socket.socket, caller: socket.socket, keep: int | None) -> None:
    sent = 0
    while piece := hall.recv(65_536):
        part = piece if keep is None else piece[: keep - sent]
        caller.sendall(part)
        sent += len(part)
        if keep is not None and sent >= keep:
            return


def _whole_answer(hall: socket.socket, caller: socket.socket) -> None:
    """One answer that says how long it is."""
    said = b""
    while b"\r\n\r\n" not in said:
        piece = hall.recv(65_536)
        if not piece:
            return
        said += piece
    head, _, body = said.partition(b"\r\n\r\n")
    lines = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
    left = int(lines[b"content-length"]) - len(body)
    caller.sendall(said)
    while left > 0 and (piece := hall.recv(65_536)):
        caller.sendall(piece)
        left -= len(piece)
