"""What a run came to, kept on disk until the hall has taken it in: no work is done twice."""

import contextlib
import os
import re
from pathlib import Path

import msgspec

_NAME = re.compile(r"([0-9a-f-]{36})-(\d+)\.json")


class Report(msgspec.Struct, frozen=True, tag="command"):
    """How a command ended, and what it printed; `run_id` is whose workspace holds its work.

    `ended_at_s` (seconds since 1970, UTC) dates the commit of what it left, whoever collects it.
    """

    run_id: str
    code: int
    reason: str
    printed: str
    complained: str
    ended_at_s: int


class LastWord(msgspec.Struct, frozen=True, tag="agent"):
    """What an agent has submitted; `run_id` is whose workspace holds its work.

    `kind` is `asked`, `said`, `planned`, `handed_in` or `gave_up`; `questions` are a JSON array;
    `files` are what it named to hand in. `ended_at_s` is as in `Report`.
    """

    run_id: str
    kind: str
    ended_at_s: int
    text: str = ""
    questions: str = "[]"
    files: tuple[str, ...] = ()


AnyReport = Report | LastWord


class Reports:
    """Reports by task and turn: a lost run's successor has the same turn, and finds it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, task_id: str, turn: int, report: AnyReport) -> None:
        """Keep a report; it is on the disk when this returns."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._path(task_id, turn)
        fresh = path.with_suffix(".new")
        with fresh.open("wb") as file:
            file.write(msgspec.json.encode(report))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def read(self, task_id: str, turn: int) -> AnyReport | None:
        """The report of a task's turn, or None."""
        with contextlib.suppress(FileNotFoundError, msgspec.DecodeError):
            return msgspec.json.decode(self._path(task_id, turn).read_bytes(), type=AnyReport)
        return None

    def drop(self, task_id: str, turn: int) -> None:
        """Forget a report that was taken in; harmless when there is none."""
        self._path(task_id, turn).unlink(missing_ok=True)

    def turns(self) -> set[tuple[str, int]]:
        """Task and turn of each report that is here."""
        paths = self._folder.iterdir() if self._folder.is_dir() else ()
        named = (_NAME.fullmatch(path.name) for path in paths)
        return {(name[1], int(name[2])) for name in named if name}

    def drop_except(self, turns: set[tuple[str, int]]) -> set[str]:
        """Forget all but the reports of some turns; the runs whose work those need."""
        needed: set[str] = set()
        for path in sorted(self._folder.iterdir()) if self._folder.is_dir() else ():
            named = _NAME.fullmatch(path.name)
            key = (named[1], int(named[2])) if named else None
            report = self.read(*key) if key in turns and key else None
            if report is None:
                path.unlink(missing_ok=True)
            else:
                needed.add(report.run_id)
        return needed

    def _path(self, task_id: str, turn: int) -> Path:
        return self._folder / f"{task_id}-{turn}.json"
