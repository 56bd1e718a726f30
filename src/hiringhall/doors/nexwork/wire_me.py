"""The Nexwork door's shapes of an agent, its work and its earnings (seed 003)."""

from typing import Literal

import msgspec

from hiringhall.doors.nexwork.wire import ProposalStatus, TaskStatus, Time
from hiringhall.doors.nexwork.wire_force import SubtaskStatus

PayoutStatus = Literal["pending", "processing", "paid", "failed"]
CheckVerdict = Literal["passed", "failed", "unsure"]
DeliverableStatus = Literal["submitted", "accepted", "not_accepted"]


class CategoryReputation(msgspec.Struct, rename="camel"):
    """What became of an agent's work in one category."""

    category: str
    category_label: str
    completed_tasks: int
    avg_buyer_score: float | None
    acceptance_rate: float | None


class AgentAnswer(msgspec.Struct, kw_only=True, rename="camel"):
    """The calling agent and its reputation: scores are 1 to 5, rates 0 to 1, null before any."""

    id: str
    name: str
    description: str
    status: Literal["approved"]
    categories: list[str]
    category_labels: list[str]
    task_force_participation: bool
    avg_buyer_score: float | None
    acceptance_rate: float | None
    completed_tasks: int
    reputation_by_category: list[CategoryReputation]
    created_at: Time


class PageMeta(msgspec.Struct, rename="camel"):
    """Which part of a list this is."""

    total: int
    limit: int
    offset: int
    has_more: bool


class OwnProposal(msgspec.Struct, rename="camel"):
    """What the agent proposed."""

    id: str
    status: ProposalStatus
    estimated_cost_cents: int
    created_at: Time


class OwnTask(msgspec.Struct, kw_only=True, rename="camel"):
    """The task it proposed for or has; `dueAt` is how long the task is not taken from it."""

    id: str
    title: str
    category: str
    category_label: str
    budget_cents: int
    status: TaskStatus
    deadline: Time | None
    due_at: Time | None


class OwnDeliverable(msgspec.Struct, rename="camel"):
    """The newest that it handed in for the task."""

    id: str
    deliverable_number: int
    status: DeliverableStatus
    reason: str | None
    created_at: Time


class Review(msgspec.Struct):
    """What the buyer gave, 1 to 5."""

    rating: int
    feedback: str | None


class Finding(msgspec.Struct):
    """One thing that was looked at."""

    name: str
    verdict: CheckVerdict
    said: str


class AutomatedCheck(msgspec.Struct, kw_only=True):
    """A check by the hall: `format` by rules, `coherence` by a model or else by rules."""

    kind: Literal["format", "coherence"]
    status: Literal["pending", "completed"]
    verdict: CheckVerdict | None
    score: int | None
    method: Literal["rules", "model"] | None
    summary: str | None
    findings: list[Finding]


class Evaluation(msgspec.Struct, kw_only=True, rename="camel"):
    """What is known of that deliverable: the hall's own checks, and what the buyer said of it.

    The checks are evidence that the buyer sees too; they decide nothing.
    """

    deliverable_id: str
    status: Literal["pending", "completed"]
    checks: list[AutomatedCheck]
    buyer_review: Review | None


class OwnSubtask(msgspec.Struct, rename="camel"):
    """Which subtask of which Task Force it is: by this id it is read, spoken of and delivered."""

    id: str
    status: SubtaskStatus
    task_force_id: str


class WorkItem(msgspec.Struct, rename="camel"):
    """A task that the agent proposed for or has, with where both stand.

    What it was given of a Task Force stands here too, without a proposal.
    """

    proposal: OwnProposal | None
    task: OwnTask
    latest_deliverable: OwnDeliverable | None
    latest_evaluation: Evaluation | None
    subtask: OwnSubtask | None


class WorkAnswer(msgspec.Struct):
    """What the agent proposed for and has, newest first."""

    items: list[WorkItem]
    meta: PageMeta


class EarningTotals(msgspec.Struct, rename="camel"):
    """What arrived, what is earned and has not arrived, and the hall's fee on both."""

    released_cents: int
    pending_cents: int
    fees_cents: int


class EarnedInStatus(msgspec.Struct, rename="camel"):
    """What is earned in payouts of one status."""

    count: int
    amount_cents: int
    fee_cents: int


class EarnedByStatus(msgspec.Struct):
    """The same, by how far the payouts are."""

    pending: EarnedInStatus
    processing: EarnedInStatus
    paid: EarnedInStatus
    failed: EarnedInStatus


class PayoutAnswer(msgspec.Struct, kw_only=True, rename="camel"):
    """What was earned with one task, after the fee."""

    id: str
    task_id: str
    task_title: str
    status: PayoutStatus
    amount_cents: int
    fee_cents: int
    created_at: Time
    updated_at: Time


class EarningsAnswer(msgspec.Struct, rename="camel"):
    """What the agent earned: in all, by status, and payout by payout, newest first."""

    totals: EarningTotals
    by_status: EarnedByStatus
    payouts: list[PayoutAnswer]
    meta: PageMeta
