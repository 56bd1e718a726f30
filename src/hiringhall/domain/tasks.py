"""A task: a unit of work with a brief, and the words for where it stands."""

from dataclasses import dataclass
from enum import StrEnum

from hiringhall.domain.compute import MOST_CAP_MICROS
from hiringhall.domain.errors import Invalid
from hiringhall.domain.names import tidy_title

MAX_TITLE_LENGTH = 200
MAX_DESCRIPTION_LENGTH = 200_000


class State(StrEnum):
    """Where a task stands; `product.md`, "States", gives each door's word for it."""

    DRAFT = "draft"
    OPEN = "open"
    SELECTING = "selecting"
    ASSIGNED = "assigned"
    IN_PROGRESS = "in_progress"
    AWAITING_REPLY = "awaiting_reply"
    IN_REVIEW = "in_review"
    REVISING = "revising"
    DISPUTED = "disputed"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


FINAL = frozenset({State.DONE, State.FAILED, State.CANCELLED, State.EXPIRED})
"""States that nothing but a new round leaves."""


class Waiting(StrEnum):
    """What a task that is not final waits for.

    `poster`: nothing goes on by itself; it is to be run, or moved at a board. `dependency`: the
    same, and before that something is to become of a task it depends on, which ended undone.
    """

    NOTHING = "nothing"
    WORKER = "worker"
    POSTER = "poster"
    REPLY = "reply"
    PLAN_DECISION = "plan_decision"
    BUDGET_DECISION = "budget_decision"
    UNTIL = "until"
    DEPENDENCY = "dependency"


QUESTIONED = frozenset({Waiting.REPLY, Waiting.BUDGET_DECISION})
"""What a task waits for while its newest question is open."""

UNDONE = FINAL - {State.DONE}
"""States of a task that has ended, and what depends on it cannot begin."""

ON_IT = frozenset({State.ASSIGNED, State.IN_PROGRESS, State.AWAITING_REPLY, State.REVISING})
"""States in which somebody has the task and is to deliver."""

HANDED_IN = frozenset({State.IN_REVIEW, State.DISPUTED})
"""States in which its newest deliverable is to be decided."""


class Engagement(StrEnum):
    """How the worker is found."""

    STAFF = "staff"
    CLAIM = "claim"
    PROPOSALS = "proposals"
    TASK_FORCE = "task_force"


MARKET = frozenset({Engagement.CLAIM, Engagement.PROPOSALS, Engagement.TASK_FORCE})
"""Engagements with a price, so with a hold."""


class Acceptance(StrEnum):
    """Who accepts a delivery: the poster, or nobody (a delivery is accepted as it comes)."""

    POSTER = "poster"
    ON_DELIVERY = "on_delivery"


@dataclass(frozen=True, slots=True)
class Task:
    """A task's row. Times are microseconds UTC; `version` counts its events.

    `generation` counts the runs it was given to: a run with a lower one is superseded.
    `created_label` is what the creator called itself, where it said so.
    """

    id: str
    organization_id: str
    team_id: str
    created_by: str | None
    title: str
    description: str
    engagement: Engagement
    acceptance: Acceptance
    state: State
    waiting_for: Waiting
    waiting_reason: str
    waiting_until_us: int | None
    version: int
    generation: int
    revisions: int
    priority: int
    repository: str | None
    role: str | None
    spec_approval: bool
    plan_approved: bool
    price_cents: int | None
    question_id: str | None
    deliverable_id: str | None
    plan_id: str | None
    created_at_us: int
    updated_at_us: int
    last_activity_at_us: int
    parent_id: str | None = None
    accept_criteria: str | None = None
    created_label: str | None = None

    @property
    def has_hold(self) -> bool:
        """Whether money is held for it."""
        return self.engagement in MARKET and self.price_cents is not None

    @property
    def is_on_offer(self) -> bool:
        """Whether outsiders may take it, or propose for it; parts are given to their agents."""
        return self.state is State.OPEN and self.engagement in MARKET and not self.is_part

    @property
    def is_part(self) -> bool:
        """Whether it is a part of a Task Force: its money lies in the whole's hold."""
        return self.engagement is Engagement.TASK_FORCE and self.parent_id is not None

    @property
    def is_whole(self) -> bool:
        """Whether it is what a Task Force does together."""
        return self.engagement is Engagement.TASK_FORCE and self.parent_id is None

    @property
    def is_to_be_planned(self) -> bool:
        """Whether it is a whole that nobody begins before its poster says yes to a plan."""
        return self.is_whole and self.state is State.OPEN


def fresh_task(
    *,
    task_id: str,
    organization_id: str,
    team_id: str,
    created_by: str | None,
    title: str,
    description: str,
    engagement: Engagement,
    acceptance: Acceptance,
    now_us: int,
    state: State = State.DRAFT,
    waiting_for: Waiting = Waiting.NOTHING,
    waiting_reason: str = "",
    version: int = 1,
    generation: int = 0,
    priority: int = 0,
    repository: str | None = None,
    role: str | None = None,
    spec_approval: bool = False,
    price_cents: int | None = None,
    parent_id: str | None = None,
    accept_criteria: str | None = None,
    created_label: str | None = None,
) -> Task:
    """A task with which nothing has happened yet: a draft, unless said otherwise."""
    return Task(
        id=task_id,
        organization_id=organization_id,
        team_id=team_id,
        created_by=created_by,
        title=title,
        description=description,
        engagement=engagement,
        acceptance=acceptance,
        state=state,
        waiting_for=waiting_for,
        waiting_reason=waiting_reason,
        waiting_until_us=None,
        version=version,
        generation=generation,
        revisions=0,
        priority=priority,
        repository=repository,
        role=role,
        spec_approval=spec_approval,
        plan_approved=False,
        price_cents=price_cents,
        question_id=None,
        deliverable_id=None,
        plan_id=None,
        created_at_us=now_us,
        updated_at_us=now_us,
        last_activity_at_us=now_us,
        parent_id=parent_id,
        accept_criteria=accept_criteria,
        created_label=created_label,
    )


@dataclass(frozen=True, slots=True)
class Brief:
    """What the poster wants done, judged and tidied.

    Without a `team_id` it is for the organization's first team; `cap_micros` is what its models may
    cost, where it is another amount than the hall's for each task.
    """

    title: str
    description: str
    repository: str | None = None
    role: str | None = None
    team_id: str | None = None
    cap_micros: int | None = None


def make_brief(
    *,
    title: str,
    description: str,
    repository: str | None = None,
    role: str | None = None,
    team_id: str | None = None,
    cap_micros: int | None = None,
) -> Brief:
    """Trim the texts of a brief, and refuse what is empty or absurd."""
    name = tidy_title(title)
    tidy_description = description.strip()
    if not name:
        raise Invalid("Title cannot be empty", {"title": "empty"})
    if len(name) > MAX_TITLE_LENGTH:
        raise Invalid(f"Title is longer than {MAX_TITLE_LENGTH} characters", {"title": "too long"})
    if not tidy_description:
        raise Invalid("Description cannot be empty", {"description": "empty"})
    if len(tidy_description) > MAX_DESCRIPTION_LENGTH:
        raise Invalid(
            f"Description is longer than {MAX_DESCRIPTION_LENGTH} characters",
            {"description": "too long"},
        )
    if cap_micros is not None and not 0 <= cap_micros <= MOST_CAP_MICROS:
        raise Invalid(
            f"A cap is 0 to {MOST_CAP_MICROS} millionths of the currency",
            {"cap_micros": "out of range"},
        )
    return Brief(
        title=name,
        description=tidy_description,
        repository=_short(repository, "repository", 2_000),
        role=_short(role, "role", 100),
        team_id=team_id,
        cap_micros=cap_micros,
    )


def _short(text: str | None, field: str, most: int) -> str | None:
    tidy = (text or "").strip()
    if len(tidy) > most:
        raise Invalid(
            f"{field.capitalize()} is longer than {most} characters",
            {field: "too long"},
        )
    return tidy or None


def are_close(one: Task, other: Task) -> bool:
    """Whether one task is the other's parent, both in one team."""
    if one.team_id != other.team_id or one.organization_id != other.organization_id:
        return False
    return one.parent_id == other.id or other.parent_id == one.id
