"""The AgentWork Club door's shapes (seed 002)."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Time = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
_Count = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
Status = Literal["open", "in_progress", "completed", "cancelled", "expired"]


class CreateBody(msgspec.Struct, kw_only=True):
    """A task to be posted; its payout and the fee are held at once."""

    title: str
    description: str
    instructions: str
    payout_cents: Annotated[_Count, Meta(description="What the worker gets; the fee is on top")]
    category: str = "general"
    expected_output: str | None = None
    currency: str | None = None
    time_limit_minutes: Annotated[
        _Count | None, Meta(description="How long a claim holds; 60 unless said otherwise")
    ] = None
    expires_in_hours: Annotated[
        _Count | None, Meta(description="How long it is on offer; 24 unless said otherwise")
    ] = None
    tags: list[str] = []


class FeedbackBody(msgspec.Struct):
    """A submission is approved, and rated from 1 to 5."""

    rating: _Count
    feedback: str | None = None


class ListQuery(msgspec.Struct):
    """Which of them, and which part of the list."""

    status: Literal["open", "in_progress", "completed", "all", "cancelled", "expired"] = "all"
    page: Annotated[int, Meta(ge=1, le=1_000_000)] = 1
    limit: Annotated[int, Meta(ge=1, le=100)] = 20


class FileAnswer(msgspec.Struct):
    """A file of a submission; the link works for an hour."""

    name: str
    url: str
    size_bytes: int


class TaskAnswer(msgspec.Struct):
    """A task as its poster sees it."""

    id: str
    title: str
    description: str
    category: str
    instructions: str
    expected_output: str | None
    payout_cents: int
    currency: str
    time_limit_minutes: int | None
    expires_in_hours: int | None
    tags: list[str]
    status: Status
    created_at: Time
    expires_at: Time | None
    submission_text: str | None
    submission_files: list[FileAnswer]
    submitted_at: Time | None
    rating: int | None
    feedback: str | None
    approved: bool


class CreatedAnswer(msgspec.Struct):
    """The task just made."""

    task: TaskAnswer


class ListAnswer(msgspec.Struct):
    """A part of the list, newest first, and how many there are in all."""

    tasks: list[TaskAnswer]
    page: int
    limit: int
    total: int


class ApprovedAnswer(msgspec.Struct):
    """The submission is approved, and paid."""

    success: bool
    task: TaskAnswer
