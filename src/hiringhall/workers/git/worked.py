"""A run's workspace, and what was collected from it, as the rest of the house sees them."""

from dataclasses import dataclass, field
from pathlib import Path

from hiringhall.workers.git.changes import ChangedFile, Changes
from hiringhall.workers.git.preparing import Began


@dataclass(frozen=True, slots=True)
class Workspace:
    """One run's workspace. `folder` is what the worker sees; the rest is for the hall alone.

    `start` is the commit that the files began at, `base` the one that the work is compared with,
    `remote_tip` what the branch was at the repository (the lease of a push).
    """

    run_id: str
    task_id: str
    organization_id: str
    repository: str | None
    folder: Path
    branch: str
    start: str
    base: str
    default_branch: str | None
    remote_tip: str | None
    began: Began
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Collected:
    """What a run made, kept in the hall.

    `commit` is unset when the branch does not differ from its base; `is_new` says whether this
    run added to it. `notes` are sentences for people, `left_out` paths too large to take.
    """

    branch: str
    commit: str | None
    is_new: bool
    changes: Changes
    notes: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[ChangedFile, ...]:
        """The paths that differ from the base."""
        return self.changes.files
