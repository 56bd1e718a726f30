"""What a run may ask of a sandbox, whichever provider stands behind it."""

import asyncio
import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

MIB = 1024 * 1024
LINE_BYTES = 16 * MIB
"""The longest line a reader of a sandbox's output takes: agents send whole files in one."""


class SandboxError(Exception):
    """A sandbox could not be started; `sentence` tells a person why and what to do."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class BadMount(SandboxError):
    """A role asks to see a path that no sandbox may see."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one sandbox may use, all processes in it together unless said otherwise."""

    memory_bytes: int = 2048 * MIB
    processes: int = 512
    """Processes and threads at once."""
    tmp_bytes: int = 512 * MIB
    """`/tmp`; `/run` and `/dev/shm` get an eighth of it each."""
    file_bytes: int = 1024 * MIB
    """One file, wherever it is written."""
    disk_bytes: int = 4096 * MIB
    """What workspace and session folder together may grow by; looked at ten times a second, so
    more may get through."""
    wall_s: float = 3600.0


@dataclass(frozen=True, slots=True)
class SandboxSpec:
    """One process to run behind a wall, and all it may see."""

    name: str
    """The run's id, for messages; appears nowhere inside."""
    argv: Sequence[str]
    """Visible to everyone on the host: never a secret, never a brief."""
    environment: Mapping[str, str]
    workspace: Path
    session: Path
    sockets: Path | None = None
    """A folder of Unix sockets, seen inside as `Places.sockets`."""
    read_only: Sequence[tuple[Path, str]] = ()
    """More to see, unchangeable: (path on the host, absolute path inside)."""
    certificates: bool = False
    """Show the host's list of certificate authorities, for programs that reach a network."""
    agents: Path | None = None
    """A folder of installed agents to see at `/opt/agents`, in place of the host's own."""
    limits: Limits = field(default_factory=Limits)
    stdin: bytes = b""
    """All of standard input, unless `interactive`."""
    interactive: bool = False
    """Standard input is what `Sandboxed.stdin` writes, until it is closed."""
    relays: Mapping[str, int] = field(default_factory=dict[str, int])
    """Sockets by file name that shall also answer on `127.0.0.1` at a port, inside."""

    @property
    def written(self) -> list[str]:
        """The folders of the host that it writes to."""
        return [str(self.workspace), str(self.session)]


@dataclass(frozen=True, slots=True)
class Places:
    """Where a process finds its things; a provider that maps no paths shows the host's."""

    workspace: str
    session: str
    sockets: str


class ExitReason(enum.StrEnum):
    """Why a sandbox ended."""

    EXITED = "exited"
    TIMED_OUT = "timed_out"
    KILLED = "killed"
    OUT_OF_MEMORY = "out_of_memory"
    OUT_OF_DISK = "out_of_disk"
    BROKEN = "broken"
    """The wall itself could not be put up, or was torn down; standard error may say why."""


WHY: dict[ExitReason, str] = {
    ExitReason.TIMED_OUT: "its time was over",
    ExitReason.OUT_OF_MEMORY: "it used more memory than it may (`memory_mib` of its role)",
    ExitReason.OUT_OF_DISK: (
        "it wrote more to the disk than it may (`disk_mib` of its role, HIRINGHALL_RUN_DISK_MIB "
        "where that says nothing)"
    ),
}
"""What a limit that was met is called in a sentence about whoever met it, and where it is set."""


@dataclass(frozen=True, slots=True)
class Exit:
    """How a sandbox ended."""

    code: int
    """As a shell counts: 0 to 255, 128 + n for signal n."""
    reason: ExitReason
    out_of_memory_kills: int = 0


@dataclass(frozen=True, slots=True)
class Probe:
    """What a provider found when it tried its own walls."""

    ok: bool
    sentence: str
    """For a person: what holds, or what is missing and how to get it."""
    warnings: tuple[str, ...] = ()
    """What is weaker here than it could be, each with what would help."""


class Sandboxed(Protocol):
    """A running sandbox. Its descriptors close themselves when it has ended."""

    @property
    def pid(self) -> int:
        """The host's id of the outermost process."""
        ...

    @property
    def stdin(self) -> asyncio.StreamWriter | None: ...

    @property
    def stdout(self) -> asyncio.StreamReader:
        """Bounded: who does not read makes the process inside wait, and memory stays small."""
        ...

    @property
    def stderr(self) -> asyncio.StreamReader: ...

    async def wait(self) -> Exit:
        """Returns when nothing that ever ran inside is alive. May be awaited by many."""
        ...

    async def kill(self) -> Exit:
        """End everything inside now, and wait for it; harmless when it has ended."""
        ...


class SandboxProvider(Protocol):
    """One way to put a wall around a process."""

    @property
    def name(self) -> str: ...

    def places(self, *, workspace: Path, session: Path, sockets: Path | None) -> Places:
        """What to name these folders in `argv` and `environment`."""
        ...

    def check_mounts(self, read_only: Sequence[tuple[Path, str]]) -> None:
        """Raises `BadMount` for what `start` would not show, before anything is started."""
        ...

    def lacks_program(
        self, program: str, *, path: str | None, read_only: Sequence[tuple[Path, str]]
    ) -> bool:
        """Whether a program is certainly not there inside; `path` is a `PATH` of the role's own.

        What a workspace may hold is never certain, so relative paths are never lacking.
        """
        ...

    def view(self, path: str | None) -> str:
        """What a program inside sees of the host, and its `PATH`: a sentence for a person."""
        ...

    async def probe(self) -> Probe:
        """Try the walls for real. Takes some tenths of a second; never raises for a weak wall."""
        ...

    async def start(self, spec: SandboxSpec) -> Sandboxed:
        """Raises `SandboxError` (`BadMount`) when it cannot be started."""
        ...

    async def close(self) -> None:
        """End every sandbox of this provider."""
        ...


@dataclass(frozen=True, slots=True)
class Output:
    """What a process wrote, cut in the middle of nowhere when it wrote too much."""

    data: bytes
    dropped_bytes: int

    @property
    def text(self) -> str:
        """Readable in any case: odd bytes replaced, a note where something was dropped."""
        text = self.data.decode("utf-8", errors="replace").replace(
            "\x00", "\N{REPLACEMENT CHARACTER}"
        )
        if self.dropped_bytes:
            text += f"\n[… {self.dropped_bytes} more bytes were dropped]\n"
        return text


def _unheard(_: bytes) -> None:
    """Nobody listens."""


async def read_output(
    stream: asyncio.StreamReader, limit_bytes: int, hear: Callable[[bytes], None] = _unheard
) -> Output:
    """Read to the end, keep the first `limit_bytes`, count the rest: a flood never fills memory.

    `hear` is told every piece as it comes, also of the rest.
    """
    kept = bytearray()
    dropped_bytes = 0
    while data := await stream.read(64 * 1024):
        hear(data)
        room = limit_bytes - len(kept)
        kept += data[:room]
        dropped_bytes += max(0, len(data) - room)
    return Output(bytes(kept), dropped_bytes)
