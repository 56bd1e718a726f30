"""Control groups: the only bound on memory and processes that holds for everyone, root included.

Every sandbox gets a group of its own below the hall's, so no limit set around the hall is escaped.
Standard library only: the keeper imports this too.
"""

import contextlib
import os
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_PREFIX = "hiringhall-"
_HALL = "hiringhall.server"
"""Where a version 2 group's own processes go, since only groups without processes have children."""
_CONTROLLERS = ("memory", "pids")
_NO_DELEGATION = (
    "The hall's control group is not its own: run it as a systemd service with Delegate=yes, "
    "or start it with `systemd-run --user --scope -p Delegate=yes`."
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a keeper makes a group, and where it goes back to."""

    parent: str
    home: str


@dataclass(frozen=True, slots=True)
class GroupPlan:
    """What to write into a group's files, and which of them counts its kills."""

    settings: Sequence[tuple[str, str]]
    optional: Sequence[tuple[str, str]] = ()
    """Settings that not every kernel has."""
    events: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """Where groups can be made: a folder for each controller, and what is missing."""

    version: int
    folders: Mapping[str, Path]
    missing: str = ""
    """A sentence; empty when memory and processes can both be bounded."""
    home: Path | None = None
    """The hall's own group, where that is not the folder itself."""

    def places(self) -> list[Place]:
        """One for each hierarchy: version 1 may have the controllers in one or in two."""
        return [Place(str(f), str(self.home or f)) for f in dict.fromkeys(self.folders.values())]

    def plans(self, *, memory_bytes: int, processes: int) -> list[GroupPlan]:
        """In the order of `places`."""
        return [
            self._plan(folder, memory_bytes=memory_bytes, processes=processes)
            for folder in dict.fromkeys(self.folders.values())
        ]

    def _plan(self, folder: Path, *, memory_bytes: int, processes: int) -> GroupPlan:
        if self.version == 2:
            return GroupPlan(
                settings=[("memory.max", str(memory_bytes)), ("pids.max", str(processes))],
                optional=[("memory.swap.max", "0"), ("memory.oom.group", "1")],
                events="memory.events",
            )
        settings: list[tuple[str, str]] = []
        optional: list[tuple[str, str]] = []
        if self.folders.get("pids") == folder:
            settings.append(("pids.max", str(processes)))
        if self.folders.get("memory") != folder:
            return GroupPlan(settings)
        settings.append(("memory.limit_in_bytes", str(memory_bytes)))
        optional.append(("memory.memsw.limit_in_bytes", str(memory_bytes)))
        optional.append(("memory.swappiness", "0"))
        return GroupPlan(settings, optional, "memory.oom_control")


def write_file(path: str, text: str) -> None:
    """Write to a file that exists, in one call and with no machinery: this runs in fresh forks."""
    fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(fd, text.encode())
    finally:
        os.close(fd)


def read_file(path: str) -> str:
    """Read a small file of the kernel's, in one call."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(fd, 64 * 1024).decode()
    finally:
        os.close(fd)


class Group:
    """A group that exists until `remove`; the calling process goes in first and comes out again.

    Going in makes the kernel wait for a grace period (15 ms), so a keeper does it before there is
    anything to keep. What it starts while inside is born there.
    """

    def __init__(self, place: Place) -> None:
        self._home = place.home
        # The keeper's own id in the name tells `sweep` whether anyone still looks after it.
        self.path = f"{place.parent}/{_PREFIX}{os.getpid()}"
        self._events: str | None = None
        try:
            os.mkdir(self.path, 0o755)  # noqa: PTH102
        except FileExistsError:  # by a keeper of the same id, long dead
            _end(Path(self.path))
            os.mkdir(self.path, 0o755)  # noqa: PTH102
        try:
            _move_here(self.path)
        except OSError:
            self.remove()
            raise

    def apply(self, plan: GroupPlan) -> None:
        self._events = plan.events
        for file, value in plan.settings:
            write_file(f"{self.path}/{file}", value)
        for file, value in plan.optional:
            with contextlib.suppress(OSError):
                write_file(f"{self.path}/{file}", value)

    def leave(self) -> None:
        """Go back home, so that no limit of the group's is ours."""
        _move_here(self._home)

    def kills(self) -> int:
        """How many processes died because the group's memory was used up."""
        if self._events is None:
            return 0
        for line in read_file(f"{self.path}/{self._events}").splitlines():
            word, _, count = line.partition(" ")
            if word == "oom_kill":
                return int(count)
        return 0

    def remove(self) -> None:
        """Take the empty group away; the kernel may need a moment after the last process."""
        for pause_s in (0, 0.001, 0.005, 0.02, 0.1, 0.5):
            time.sleep(pause_s)
            with contextlib.suppress(OSError):
                os.rmdir(self.path)  # noqa: PTH106
                return


def _move_here(group: str) -> None:
    # Version 1 can move a thread, and we have one: that spares it the grace period.
    try:
        write_file(f"{group}/tasks", "0")
    except FileNotFoundError:
        write_file(f"{group}/cgroup.procs", "0")


def find(proc: Path = Path("/proc/self")) -> Found:
    """Look for a place below the hall's own groups; on version 2 this may move it to a leaf."""
    own = dict(_own_groups(proc / "cgroup"))
    mounts = list(_mounts(proc / "mountinfo"))
    for mount in mounts:
        if mount.kind == "cgroup2" and (folder := mount.folder_of(own.get("", "/"))):
            offered = _words(folder / "cgroup.controllers")
            if all(controller in offered for controller in _CONTROLLERS):
                return _find_version_2(folder)
    folders: dict[str, Path] = {}
    for controller in _CONTROLLERS:
        for mount in mounts:
            if mount.kind == "cgroup" and controller in mount.options:
                folder = mount.folder_of(own.get(controller, "/"))
                if folder is not None and _can_make_groups(folder):
                    folders[controller] = folder
    missing = [c for c in _CONTROLLERS if c not in folders]
    if not missing:
        return Found(1, folders)
    sentence = f"The hall cannot make control groups for {' and '.join(missing)} here"
    return Found(1, folders, f"{sentence}: give it one of its own that it may write to.")


def _find_version_2(own: Path) -> Found:
    folder, home = (own.parent, own) if own.name == _HALL else (own, own)
    try:
        if not _is_enabled(folder):
            home = _make_room(folder)
        if _can_make_groups(folder):
            return Found(2, dict.fromkeys(_CONTROLLERS, folder), home=home)
    except OSError:
        pass
    return Found(2, {}, _NO_DELEGATION)


def _is_enabled(folder: Path) -> bool:
    enabled = _words(folder / "cgroup.subtree_control")
    return all(controller in enabled for controller in _CONTROLLERS)


def _make_room(folder: Path) -> Path:
    """Move the hall's processes to a leaf; refuses where others live in the same group."""
    members = [int(pid) for pid in (folder / "cgroup.procs").read_text().split()]
    if not all(_is_ours(pid) for pid in members):
        raise PermissionError("other programs live in this control group")
    leaf = folder / _HALL
    leaf.mkdir(exist_ok=True)
    for pid in members:
        (leaf / "cgroup.procs").write_text(str(pid))
    (folder / "cgroup.subtree_control").write_text("+memory +pids")
    return leaf


def _is_ours(pid: int) -> bool:
    """Whether it is this process or was started by it."""
    while pid > 1:
        if pid == os.getpid():
            return True
        try:
            after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2]
        except OSError:
            return False
        pid = int(after_name.split()[1])
    return pid == os.getpid()


def _can_make_groups(folder: Path) -> bool:
    trial = folder / f"{_PREFIX}{os.getpid()}"
    try:
        trial.mkdir()
    except FileExistsError:
        return True
    except OSError:
        return False
    trial.rmdir()
    return True


def prepare() -> Found:
    """Find the place and clean it; may take a second, so not for an event loop."""
    found = find()
    sweep(found)
    return found


def sweep(found: Found) -> int:
    """End and remove what keepers that no longer live left behind; says how many groups."""
    swept = 0
    for folder in set(found.folders.values()):
        for path in folder.glob(f"{_PREFIX}*"):
            keeper = path.name.removeprefix(_PREFIX)
            if keeper.isdigit() and not _is_alive(int(keeper)):
                swept += _end(path)
    return swept


def _is_alive(pid: int) -> bool:
    """A process that died and that nobody has asked after (in many a container) is dead."""
    try:
        return read_file(f"/proc/{pid}/stat").rpartition(") ")[2][:1] not in {"Z", "X"}
    except OSError:
        return False


def _end(path: Path) -> bool:
    """Kill what is in a group, and remove it; says whether it was there and is gone."""
    for _ in range(50):
        with contextlib.suppress(OSError):
            for pid in (path / "cgroup.procs").read_text().split():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)
        try:
            path.rmdir()
        except FileNotFoundError:
            return False
        except OSError:
            time.sleep(0.01)
        else:
            return True
    return False


@dataclass(frozen=True, slots=True)
class _Mount:
    """One line of mountinfo, proc(5)."""

    root: str
    point: Path
    kind: str
    options: Sequence[str]

    def folder_of(self, group: str) -> Path | None:
        """Where a group's files are; a container may be shown its own part of the tree alone."""
        if self.root in {group, "/"}:
            return self.point / group.removeprefix(self.root).lstrip("/")
        if group.startswith(self.root + "/"):
            return self.point / group.removeprefix(self.root + "/")
        return None


def _own_groups(path: Path) -> Iterator[tuple[str, str]]:
    """(controller, group); version 2 has the empty name."""
    for line in _lines(path):
        _, controllers, group = line.split(":", 2)
        for controller in controllers.split(","):
            yield controller, group


def _mounts(path: Path) -> Iterator[_Mount]:
    for line in _lines(path):
        fields, _, rest = line.partition(" - ")
        words = fields.split()
        kind, _, options = [*rest.split(" ", 2), "", ""][:3]
        if len(words) > 4 and kind in {"cgroup", "cgroup2"}:
            yield _Mount(words[3], Path(words[4]), kind, options.split(","))


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []


def _words(path: Path) -> list[str]:
    return " ".join(_lines(path)).split()
