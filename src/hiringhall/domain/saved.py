"""What was saved of a task's work, so that its next run may be at any node."""

from dataclasses import dataclass
from enum import StrEnum


class Part(StrEnum):
    """What can be saved. `RUN` has no bytes: it says until which run all of it is."""

    RUN = "run"
    SESSION = "session"
    WIP = "wip"
    TIP = "tip"


@dataclass(frozen=True, slots=True)
class Saved:
    """One part of a task's work, as it was at `saved_at_us` (µs UTC).

    `mark` is the runtime of a session, the commit of a `WIP` or `TIP`, and of a `RUN` why its
    session could not be saved. `blob_key` is unset where there are no bytes to fetch: a commit is
    then at the repository itself. `at_work` says that the run was still working.
    """

    task_id: str
    part: Part
    generation: int
    mark: str
    blob_key: str | None
    size_bytes: int
    sha256: bytes
    at_work: bool
    saved_at_us: int
