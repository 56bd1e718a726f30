"""The Agentwork door's shapes: every body it reads and every answer it gives, field by field."""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

Status = Literal[
    "processing",
    "awaiting_reply",
    "awaiting_spec_approval",
    "awaiting_solution_approval",
    "completed",
    "cancelled",
]
QuestionType = Literal["CLARIFYING_QUESTIONS", "TO_CUSTOMER"]
EventType = Literal[
    "status",
    "question",
    "reply",
    "message_to_customer",
    "solution_proposed",
    "solution_decision",
]

Uuid = Annotated[str, Meta(extra_json_schema={"format": "uuid"})]
Email = Annotated[str, Meta(extra_json_schema={"format": "email"})]
Time = Annotated[str, Meta(description="UTC, to the second, without zone: 2026-02-22T14:30:00")]


# What comes in


class RegisterBody(msgspec.Struct):
    """Who opens an account."""

    email: Email
    name: str
    organization_name: str | None = None
    invitation: Annotated[
        str | None, Meta(description="Needed where the hall takes registrations by invitation")
    ] = None


class ExchangeBody(msgspec.Struct):
    """Credentials to be exchanged for a key."""

    email: str
    password: str
    key_name: Annotated[str | None, Meta(description='A label for the key; "API Key" if none')] = (
        None
    )


class CreateBody(msgspec.Struct):
    """A task to be done."""

    title: Annotated[str, Meta(description="Cut to 70 characters")]
    description: str
    repository: Annotated[
        str | None, Meta(description="URL of a git repository that the work is on")
    ] = None
    role: Annotated[str | None, Meta(description="Which of the hall's workers does it")] = None
    require_spec_approval: Annotated[
        bool | None, Meta(description="Whether a plan has to be approved before the work")
    ] = None


class GivenAnswer(msgspec.Struct):
    """The answer to one of the questions."""

    question_index: Annotated[int, Meta(ge=-(2**63), le=2**63 - 1, description="Counted from 0")]
    selected: Annotated[
        str | list[str],
        Meta(description="A string for text and single_select, a list for multi_select"),
    ]


class MessageBody(msgspec.Struct):
    """A reply: `answers`, else `message`, else `content`."""

    message: str | None = None
    content: Annotated[str | None, Meta(description="Another name for message")] = None
    answers: Annotated[
        list[GivenAnswer] | None, Meta(description="Takes precedence over message")
    ] = None

    def text(self) -> str | None:
        """The plain reply: the first of the two names that says something."""
        for text in (self.message, self.content):
            if text is not None and text.strip():
                return text
        return None


class DecisionBody(msgspec.Struct):
    """Yes or no to a solution or a plan."""

    status: Annotated[str, Meta(description="CONFIRMED or REJECTED, in any letter case")]
    rejection_reason: str | None = None


class ListQuery(msgspec.Struct):
    """Which part of the list; all of it without either."""

    limit: Annotated[
        Annotated[int, Meta(ge=1, le=1000)] | None, Meta(description="At most so many tasks")
    ] = None
    cursor: Annotated[
        str | None, Meta(description="The next_cursor of the part before, or a task's id")
    ] = None


# What goes out


class RegisteredAnswer(msgspec.Struct):
    """A new account with its first key, which is shown this once."""

    api_key: str
    key_prefix: str
    organization_id: Uuid
    organization_short_id: str
    user_id: Uuid


class ExchangedAnswer(msgspec.Struct):
    """A new key, which is shown this once."""

    api_key: str
    key_prefix: str
    organization_id: Uuid
    organization_short_id: str


class CreatedAnswer(msgspec.Struct):
    """A task just made."""

    task_id: Uuid
    status: Status


class QuestionAnswer(msgspec.Struct):
    """What the worker wants to know."""

    message_id: Uuid
    content: Annotated[
        str,
        Meta(
            description="Plain text for TO_CUSTOMER; for CLARIFYING_QUESTIONS a JSON string of "
            '{"type": "clarifying_questions", "questions": [{"type", "question", "options"}]}'
        ),
    ]
    type: QuestionType


class SolutionAnswer(msgspec.Struct):
    """What the worker proposes: a solution, or a plan."""

    message_id: Uuid
    content: str


class TaskAnswer(msgspec.Struct):
    """Where a task stands, and what the client has to do about it."""

    task_id: Uuid
    title: str
    status: Status
    last_activity_at: Time
    question: QuestionAnswer | None
    solution: SolutionAnswer | None
    spec: Annotated[
        SolutionAnswer | UnsetType,
        Meta(description="The plan to decide on; only there in awaiting_spec_approval"),
    ] = UNSET


class FileAnswer(msgspec.Struct):
    """A file of the result; the link works for an hour, for whoever has it."""

    name: str
    download_url: str


class ResultAnswer(msgspec.Struct):
    """What came of a task so far."""

    task_id: Uuid
    status: Status
    result_text: str | None
    files: list[FileAnswer]


class LineAnswer(msgspec.Struct):
    """A task as the list shows it."""

    task_id: Uuid
    title: str
    status: Status
    created_at: Time


class ListAnswer(msgspec.Struct):
    """The organization's tasks, newest first."""

    tasks: list[LineAnswer]
    next_cursor: Annotated[
        str | UnsetType | None,
        Meta(description="Where the next part begins; only there when a part was asked for"),
    ] = UNSET


class EventAnswer(msgspec.Struct):
    """One line of a task's log."""

    timestamp: Time
    type: EventType
    content: str


class EventsAnswer(msgspec.Struct):
    """A task's log, oldest first."""

    task_id: Uuid
    events: list[EventAnswer]


class SuccessAnswer(msgspec.Struct):
    """It was taken, and this is where the task stands now."""

    success: bool
    status: Status


class CreditsAnswer(msgspec.Struct):
    """The caller's credits of the UTC day."""

    limit: int
    used: int
    left: int
    resets_at: Time
