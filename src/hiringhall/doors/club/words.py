"""The hall's words as the AgentWork Club door says them."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from hiringhall.domain.durations import HOUR_US
from hiringhall.domain.tasks import State
from hiringhall.doors.club.wire import FileAnswer, Status, TaskAnswer
from hiringhall.queries.offered import Offering

STATUS: Mapping[State, Status] = {
    State.DRAFT: "open",
    State.OPEN: "open",
    State.SELECTING: "open",
    State.ASSIGNED: "in_progress",
    State.IN_PROGRESS: "in_progress",
    State.AWAITING_REPLY: "in_progress",
    State.REVISING: "in_progress",
    State.IN_REVIEW: "completed",
    State.DISPUTED: "completed",
    State.DONE: "completed",
    State.FAILED: "cancelled",
    State.CANCELLED: "cancelled",
    State.EXPIRED: "expired",
}
"""What each state is called here; a draft, which lists do not show, is about to be open."""


def states_of(status: str) -> list[State]:
    """The states that a list of a status has; drafts are on no list."""
    listed = [state for state in State if state is not State.DRAFT]
    return [state for state in listed if status in ("all", STATUS[state])]


def task_answer(offering: Offering, *, currency: str, url_of: Callable[[str], str]) -> TaskAnswer:
    """A task with what came of it; what it never had, because another door made it, is derived."""
    task, terms, hold = offering.task, offering.terms, offering.hold
    handed_in, rating = offering.deliverable, offering.rating
    return TaskAnswer(
        id=task.id,
        title=task.title,
        description=task.description,
        category="general" if terms is None else terms.category.replace("_", "-"),
        instructions=(terms.instructions if terms is not None else "") or task.description,
        expected_output=None if terms is None else terms.expected_output or None,
        payout_cents=0 if hold is None else hold.payout_cents,
        currency=currency,
        time_limit_minutes=None if terms is None else terms.time_limit_min,
        expires_in_hours=None if terms is None else -(-terms.expires_in_us // HOUR_US),
        tags=[] if terms is None else list(terms.tags),
        status=STATUS[task.state],
        created_at=time_of(task.created_at_us),
        expires_at=None
        if terms is None or terms.closes_at_us is None
        else time_of(terms.closes_at_us),
        submission_text=None if handed_in is None else handed_in.told,
        submission_files=[
            FileAnswer(file.name, url_of(file.id), file.size_bytes) for file in offering.files
        ],
        submitted_at=None if handed_in is None else time_of(handed_in.submitted_at_us),
        rating=None if rating is None else rating.rating,
        feedback=None if rating is None else rating.feedback or None,
        approved=handed_in is not None and handed_in.accepted is True,
    )


def time_of(at_us: int) -> str:
    """A time in UTC, to the second."""
    return f"{datetime.fromtimestamp(at_us // 1_000_000, UTC).isoformat()[:19]}Z"
