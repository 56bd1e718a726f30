"""The native door's tasks: what is posted, and what is shown of one."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from hiringhall.domain.durations import HOUR_US
from hiringhall.domain.errors import Invalid
from hiringhall.domain.market import Item
from hiringhall.domain.questions import Answer, AskedQuestion
from hiringhall.domain.tasks import Engagement, State
from hiringhall.doors.native.paging import USUAL, Cursor, Limit
from hiringhall.doors.native.wire_posting import ItemBody
from hiringhall.doors.native.words import Cents, Count, Time, Uuid, maybe_time, time_of
from hiringhall.queries.seen import Seen

EngagementWord = Literal["staff", "claim", "proposals", "task_force"]
StateWord = Literal[
    "draft",
    "open",
    "selecting",
    "assigned",
    "in_progress",
    "awaiting_reply",
    "in_review",
    "revising",
    "disputed",
    "done",
    "failed",
    "cancelled",
    "expired",
]
"""`domain.tasks.State`, spelled for the document; a test compares them."""


# What comes in


class ReasonBody(msgspec.Struct):
    """Why, for whoever reads it later."""

    reason: str = ""


class GivenAnswer(msgspec.Struct):
    """The answer to one of the questions."""

    question_index: Annotated[Count, Meta(description="Counted from 0")]
    selected: Annotated[
        str | list[str], Meta(description="A text; a list of texts for multi_select")
    ]


class ReplyBody(msgspec.Struct):
    """A reply: to each question by its index, or a plain message."""

    message: str | None = None
    answers: list[GivenAnswer] | None = None


class PlanBody(msgspec.Struct):
    """Yes or no to a plan."""

    accepted: bool
    reason: str = ""


class TasksQuery(msgspec.Struct):
    """Which tasks, and which part of the list."""

    view: Annotated[
        Literal["posted", "offered", "mine"] | None,
        Meta(
            description="posted: the organization's own; offered: what may be taken; mine: what "
            "the caller proposed for or claimed. Without it: posted for people, offered for agents"
        ),
    ] = None
    engagement: EngagementWord | None = None
    state: Annotated[str | None, Meta(description="One state, or several with commas")] = None
    category: str | None = None
    team_id: str | None = None
    search: Annotated[str, Meta(description="Words that a task has to have")] = ""
    limit: Limit = USUAL
    cursor: Cursor = None


# What goes out


class QuestionAnswer(msgspec.Struct):
    """One question."""

    type: str
    question: str
    options: list[str]


class AskedAnswer(msgspec.Struct):
    """What the worker wants to know; `questions` is empty for a plain message."""

    id: Uuid
    text: str
    questions: list[QuestionAnswer]


class PlanAnswer(msgspec.Struct):
    """The plan to decide on."""

    id: Uuid
    text: str


class HoldAnswer(msgspec.Struct):
    """The money of a task: what was taken, and what whoever does it all is paid."""

    amount_cents: Cents
    payout_cents: Cents
    state: str


class PartAnswer(msgspec.Struct):
    """What the caller has to do with a task as somebody who works."""

    proposal_id: Uuid | None
    proposal_state: str | None
    assignment_id: Uuid | None
    assignment_state: str | None
    share_cents: Cents | None
    due_at: Time | None
    deliverables: Count


class TaskLine(msgspec.Struct, kw_only=True):
    """A task as lists show it."""

    id: Uuid
    title: str
    description: str
    engagement: EngagementWord
    state: StateWord
    waiting_for: str
    waiting_reason: str
    waiting_until: Time | None
    acceptance: str
    category: str | None
    price_cents: Cents | None
    currency: str
    deadline: Time | None
    closes_at: Annotated[Time | None, Meta(description="When it can no longer be taken")]
    expires_in_hours: Count | None
    time_limit_minutes: Count | None
    max_proposals: Count | None
    proposals: Annotated[Count, Meta(description="How many slots are taken")]
    tags: list[str]
    inputs: list[ItemBody]
    assets: list[ItemBody]
    instructions: str | None
    expected_output: str | None
    repository: str | None
    role: str | None
    team_id: Annotated[Uuid | None, Meta(description="For its organization alone")]
    parent_id: Uuid | None
    require_spec_approval: bool
    revisions: Count
    deliverable_id: Annotated[Uuid | None, Meta(description="The newest")]
    hold: HoldAnswer | None
    is_poster: bool
    version: Annotated[Count, Meta(description="Rises with all that happens to it")]
    created_at: Time
    updated_at: Time


class TaskAnswer(TaskLine, kw_only=True):
    """A task, with what is to be said of it now, and by whom."""

    question: AskedAnswer | None
    plan: PlanAnswer | None
    error: Annotated[str | None, Meta(description="Why it ended without being done")]
    mine: PartAnswer | None
    can: Annotated[
        list[str],
        Meta(description="What its state lets the caller do; times and funds may stand against it"),
    ]


class TasksAnswer(msgspec.Struct):
    """A part of a list."""

    items: list[TaskLine]
    next_cursor: str | None


def states_of(text: str | None) -> tuple[State, ...]:
    """The states of a list with commas; all of them for none. Raises Invalid."""
    if text is None:
        return tuple(State)
    try:
        return tuple(State(one.strip()) for one in text.split(","))
    except ValueError:
        raise Invalid(f"A state is one of {', '.join(State)}", {"state": "unknown"}) from None


def engagements_of(word: str | None) -> tuple[Engagement, ...]:
    """The engagement of a word; all of them for none."""
    return tuple(Engagement) if word is None else (Engagement(word),)


def answers_of(given: list[GivenAnswer] | None) -> list[Answer] | None:
    """Answers as the hall takes them."""
    if given is None:
        return None
    return [
        Answer(
            one.question_index,
            one.selected if isinstance(one.selected, str) else tuple(one.selected),
        )
        for one in given
    ]


def task_line(seen: Seen, *, currency: str) -> TaskLine:
    """A task of a list."""
    return TaskLine(**_fields(seen, currency))


def task_answer(seen: Seen, *, currency: str) -> TaskAnswer:
    """A task by itself."""
    return TaskAnswer(
        **_fields(seen, currency),
        question=None if seen.question is None else _asked(seen.question),
        plan=None if seen.plan is None else PlanAnswer(seen.plan.id, seen.plan.text),
        error=seen.error,
        mine=_part(seen),
        can=seen.can,
    )


def _fields(seen: Seen, currency: str) -> dict[str, Any]:
    task, terms, hold = seen.task, seen.terms, seen.hold
    market: dict[str, Any] = dict.fromkeys(_OF_TERMS)
    if terms is not None:
        market = {
            "category": terms.category,
            "deadline": maybe_time(terms.deadline_us),
            "closes_at": maybe_time(terms.closes_at_us),
            "expires_in_hours": -(-terms.expires_in_us // HOUR_US),
            "time_limit_minutes": terms.time_limit_min,
            "max_proposals": terms.max_proposals,
            "instructions": terms.instructions or None,
            "expected_output": terms.expected_output or None,
        }
    held = None
    if hold is not None and (seen.is_poster or seen.mine is not None):
        held = HoldAnswer(hold.amount_cents, hold.payout_cents, hold.state.value)
    return {
        "id": task.id,
        "title": task.title,
        "description": task.description,
        "engagement": task.engagement.value,
        "state": task.state.value,
        "waiting_for": task.waiting_for.value,
        "waiting_reason": task.waiting_reason,
        "waiting_until": maybe_time(task.waiting_until_us),
        "acceptance": task.acceptance.value,
        "price_cents": task.price_cents,
        "currency": currency,
        **market,
        "proposals": seen.proposals,
        "tags": [] if terms is None else list(terms.tags),
        "inputs": [] if terms is None else _items(terms.inputs),
        "assets": [] if terms is None else _items(terms.assets),
        "repository": task.repository,
        "role": task.role,
        "team_id": task.team_id if seen.is_poster else None,
        "parent_id": task.parent_id if seen.is_poster else None,
        "require_spec_approval": task.spec_approval,
        "revisions": task.revisions,
        "deliverable_id": task.deliverable_id if seen.is_poster else None,
        "hold": held,
        "is_poster": seen.is_poster,
        "version": task.version,
        "created_at": time_of(task.created_at_us),
        "updated_at": time_of(task.updated_at_us),
    }


_OF_TERMS = (
    "category",
    "deadline",
    "closes_at",
    "expires_in_hours",
    "time_limit_minutes",
    "max_proposals",
    "instructions",
    "expected_output",
)


def _items(items: Sequence[Item]) -> list[ItemBody]:
    return [ItemBody(one.text, one.name, one.url) for one in items]


def _asked(asked: AskedQuestion) -> AskedAnswer:
    return AskedAnswer(
        asked.id,
        asked.text,
        [
            QuestionAnswer(one.type.value, one.question, list(one.options))
            for one in asked.questions
        ],
    )


def _part(seen: Seen) -> PartAnswer | None:
    proposal, mine = seen.proposal, seen.mine
    if proposal is None and mine is None:
        return None
    return PartAnswer(
        proposal_id=None if proposal is None else proposal.id,
        proposal_state=None if proposal is None else proposal.state.value,
        assignment_id=None if mine is None else mine.id,
        assignment_state=None if mine is None else mine.state.value,
        share_cents=None if mine is None else mine.share_cents,
        due_at=None if mine is None else time_of(mine.due_at_us),
        deliverables=seen.delivered,
    )
