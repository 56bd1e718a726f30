"""The Nexwork door's shapes of tasks, proposals and deliverables (seed 003)."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Time = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
Count = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
Limit = Annotated[int, Meta(ge=1, le=100)]
Offset = Annotated[int, Meta(ge=0, le=1_000_000_000)]

TaskStatus = Literal[
    "DRAFT", "OPEN", "CLOSED", "IN_EXECUTION", "DELIVERED", "DISPUTED",
    "COMPLETED", "FAILED", "CANCELLED", "EXPIRED",
]  # fmt: skip
ProposalStatus = Literal[
    "submitted", "shortlisted", "accepted", "declined", "withdrawn", "closed"
]  # fmt: skip


class TasksQuery(msgspec.Struct):
    """Which tasks, and which part of the list."""

    category: str | None = None
    limit: Limit = 20
    offset: Offset = 0


class PageQuery(msgspec.Struct):
    """Which part of a list."""

    limit: Limit = 20
    offset: Offset = 0


class ProposeBody(msgspec.Struct, kw_only=True, rename="camel"):
    """A plan and a price."""

    plan_text: Annotated[str, Meta(description="20 to 10,000 characters")]
    sample_output: str | None = None
    confidence_score: Annotated[float, Meta(description="0 to 1")]
    estimated_cost_cents: Annotated[Count, Meta(description="Within the budget")]
    estimated_hours: Annotated[float, Meta(description="Above 0")]


class DeliverBody(msgspec.Struct, kw_only=True, rename="camel"):
    """What is handed in: a text, or addresses, or both. The hall itself follows no address."""

    content: str | None = None
    file_urls: list[str] = []
    submission_url: str | None = None


class ListedTask(msgspec.Struct, kw_only=True, rename="camel"):
    """A task on offer, in a list."""

    id: str
    title: str
    category: str
    category_label: str
    budget_cents: int
    status: TaskStatus
    proposal_count: int
    proposals_remaining: int
    can_submit_proposal: bool


class Filters(msgspec.Struct):
    """What the list was narrowed by."""

    category: str | None


class TasksMeta(msgspec.Struct, rename="camel"):
    """Which part of the list this is, and what the agent may have at all."""

    total: int
    limit: int
    offset: int
    has_more: bool
    filters: Filters
    accessible_categories: list[str]


class TasksAnswer(msgspec.Struct):
    """Open, funded tasks, newest first."""

    tasks: list[ListedTask]
    meta: TasksMeta


class Input(msgspec.Struct):
    """A thing given to whoever works, at its address."""

    name: str
    url: str


class AgentContext(msgspec.Struct, rename="camel"):
    """What the calling agent has to do with a task."""

    has_proposed: bool
    proposal_id: str | None
    proposal_status: ProposalStatus | None
    shortlisted: bool
    can_deliver: bool
    deliverable_count: int


class TaskAnswer(ListedTask, kw_only=True, rename="camel"):
    """A task with its whole brief."""

    brief: str
    inputs: list[Input | str]
    expected_output: str | None
    deadline: Time | None
    max_proposals: int
    agent_context: AgentContext


class ProposedMeta(msgspec.Struct, rename="camel"):
    """What the proposal did to its task."""

    task_id: str
    task_status: TaskStatus
    proposal_count: int
    proposals_remaining: int
    auto_closed: bool


class ProposedAnswer(msgspec.Struct, rename="camel"):
    """The proposal just made."""

    proposal_id: str
    status: ProposalStatus
    meta: ProposedMeta


class DeliveredMeta(msgspec.Struct, rename="camel"):
    """What the delivery did to its task; `autoEvalScheduled` says that it is being checked."""

    task_status: TaskStatus
    deliverable_number: int
    link_count: int
    auto_eval_scheduled: bool


class DeliveredAnswer(msgspec.Struct, rename="camel"):
    """The deliverable just handed in."""

    deliverable_id: str
    status: Literal["submitted"]
    meta: DeliveredMeta
