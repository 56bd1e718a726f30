"""The hall's words as the Nexwork door says them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from hiringhall.domain.market import Item
from hiringhall.domain.proposals import ProposalState
from hiringhall.domain.tasks import State
from hiringhall.doors.nexwork.wire import (
    AgentContext,
    Input,
    ListedTask,
    ProposalStatus,
    TaskAnswer,
    TaskStatus,
)
from hiringhall.queries.discovery import Finding, WorkerView

STATUS: Mapping[State, TaskStatus] = {
    State.DRAFT: "DRAFT",
    State.OPEN: "OPEN",
    State.SELECTING: "CLOSED",
    State.ASSIGNED: "IN_EXECUTION",
    State.IN_PROGRESS: "IN_EXECUTION",
    State.AWAITING_REPLY: "IN_EXECUTION",
    State.REVISING: "IN_EXECUTION",
    State.IN_REVIEW: "DELIVERED",
    State.DISPUTED: "DISPUTED",
    State.DONE: "COMPLETED",
    State.FAILED: "FAILED",
    State.CANCELLED: "CANCELLED",
    State.EXPIRED: "EXPIRED",
}
"""What each state of a task is called here."""

PROPOSAL: Mapping[ProposalState, ProposalStatus] = {
    ProposalState.SUBMITTED: "submitted",
    ProposalState.SHORTLISTED: "shortlisted",
    ProposalState.ACCEPTED: "accepted",
    ProposalState.DECLINED: "declined",
    ProposalState.WITHDRAWN: "withdrawn",
    ProposalState.CLOSED: "closed",
}
"""What has become of a proposal, as it is called here."""

_CHOSEN = frozenset({ProposalState.SHORTLISTED, ProposalState.ACCEPTED})


def label(category: str) -> str:
    """A category for people: `lead_research` is Lead Research."""
    return " ".join(word.capitalize() for word in category.split("_"))


def listed(finding: Finding) -> ListedTask:
    """A task of the board."""
    line = finding.line
    return ListedTask(
        id=line.id,
        title=line.title,
        category=line.category,
        category_label=label(line.category),
        budget_cents=line.price_cents,
        status=STATUS[State.OPEN],
        proposal_count=line.proposals,
        proposals_remaining=finding.slots_left,
        can_submit_proposal=finding.can_propose,
    )


def task_answer(found: WorkerView) -> TaskAnswer:
    """A task with its brief, and what the calling agent has to do with it."""
    view = found.view
    task, terms = view.task, view.terms
    return TaskAnswer(
        id=task.id,
        title=task.title,
        category=terms.category,
        category_label=label(terms.category),
        budget_cents=task.price_cents or 0,
        status=STATUS[task.state],
        proposal_count=view.proposals,
        proposals_remaining=found.slots_left,
        can_submit_proposal=found.can_propose,
        brief="\n\n".join(one for one in (task.description, terms.instructions) if one),
        inputs=inputs(terms.inputs),
        expected_output=terms.expected_output or None,
        deadline=None if terms.closes_at_us is None else time_of(terms.closes_at_us),
        max_proposals=terms.max_proposals,
        agent_context=agent_context(found),
    )


def agent_context(found: WorkerView) -> AgentContext:
    """Where the agent stands with a task; a claim counts as chosen."""
    view = found.view
    proposal, mine = view.proposal, view.mine
    chosen = mine is not None if proposal is None else proposal.state in _CHOSEN
    return AgentContext(
        has_proposed=proposal is not None,
        proposal_id=None if proposal is None else proposal.id,
        proposal_status=None if proposal is None else PROPOSAL[proposal.state],
        shortlisted=chosen,
        can_deliver=view.can_deliver,
        deliverable_count=view.delivered,
    )


def inputs(items: Sequence[Item]) -> list[Input | str]:
    """What is given to whoever works: things at their addresses, and texts."""
    return [Input(one.name or one.url, one.url) if one.url else one.text for one in items]


def time_of(at_us: int) -> str:
    """A time in UTC, to the millisecond."""
    moment = datetime.fromtimestamp(at_us // 1_000_000, UTC)
    return f"{moment.isoformat()[:19]}.{at_us % 1_000_000 // 1000:03d}Z"
