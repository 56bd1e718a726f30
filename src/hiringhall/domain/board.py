"""A team's board: its columns, and what a task on it says, judged and tidied."""

from collections.abc import Mapping
from dataclasses import dataclass

from hiringhall.domain.errors import Invalid
from hiringhall.domain.names import tidy_title
from hiringhall.domain.tasks import MAX_DESCRIPTION_LENGTH, State

MAX_TITLE_LENGTH = 500
MAX_CRITERIA_LENGTH = 50_000
MAX_ROLE_LENGTH = 100
MAX_LABEL_LENGTH = 200
MAX_OUTPUT_LENGTH = 200_000
MAX_BRANCH_LENGTH = 255
MAX_SUBTASKS = 200

COLUMN_OF: Mapping[State, State] = {
    State.DRAFT: State.DRAFT,
    State.OPEN: State.OPEN,
    State.SELECTING: State.OPEN,
    State.ASSIGNED: State.IN_PROGRESS,
    State.IN_PROGRESS: State.IN_PROGRESS,
    State.AWAITING_REPLY: State.IN_PROGRESS,
    State.REVISING: State.IN_PROGRESS,
    State.IN_REVIEW: State.IN_REVIEW,
    State.DISPUTED: State.IN_REVIEW,
    State.DONE: State.DONE,
    State.FAILED: State.FAILED,
    State.CANCELLED: State.FAILED,
    State.EXPIRED: State.FAILED,
}
"""The column that a task hangs in, by the state that a person would move it to."""

COLUMNS = frozenset(COLUMN_OF.values())

WORD_INSTEAD: Mapping[State, str] = {
    State.DRAFT: "cancel",
    State.OPEN: "publish",
    State.IN_PROGRESS: "request a revision",
    State.IN_REVIEW: "deliver",
    State.DONE: "accept",
    State.FAILED: "cancel",
}
"""What is said of a task with money held for it, where one without is moved to a column."""


@dataclass(frozen=True, slots=True)
class Output:
    """What a person says came of a task; `error` is why it failed."""

    summary: str = ""
    branch: str | None = None
    error: str = ""

    @property
    def says_something(self) -> bool:
        """Whether there is more than a reason."""
        return bool(self.summary or self.branch)


def whole_title(title: str) -> str:
    """A title in the form it is kept, all of it. Raises Invalid."""
    tidy = tidy_title(title)
    if not tidy:
        raise Invalid("title cannot be empty", {"title": "empty"})
    return _within(tidy, "title", MAX_TITLE_LENGTH)


def tidy_description(description: str | None) -> str:
    """A description in the form it is kept; a task on a board may have none. Raises Invalid."""
    return _within((description or "").strip(), "description", MAX_DESCRIPTION_LENGTH)


def tidy_criteria(criteria: str | None) -> str | None:
    """Criteria in the form they are kept; None for none. Raises Invalid."""
    return _within((criteria or "").strip(), "accept_criteria", MAX_CRITERIA_LENGTH) or None


def tidy_role(role: str | None) -> str | None:
    """The name of a role, there or not; None for none. Raises Invalid."""
    return _within((role or "").strip(), "role", MAX_ROLE_LENGTH) or None


def tidy_label(label: str | None) -> str | None:
    """What somebody calls itself, on one line; None for nothing. Raises Invalid."""
    return _within(" ".join((label or "").split()), "created_by", MAX_LABEL_LENGTH) or None


def make_output(
    *, summary: str | None = None, branch: str | None = None, error: str | None = None
) -> Output:
    """What came of a task, in the form it is kept; raises Invalid."""
    return Output(
        _within((summary or "").strip(), "output.summary", MAX_OUTPUT_LENGTH),
        _within((branch or "").strip(), "output.branch", MAX_BRANCH_LENGTH) or None,
        _within((error or "").strip(), "output.error", MAX_OUTPUT_LENGTH),
    )


def _within(text: str, field: str, most: int) -> str:
    if len(text) > most:
        raise Invalid(f"{field} is longer than {most} characters", {field: "too long"})
    return text
