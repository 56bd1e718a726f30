"""Proposals: a plan and a price that somebody offers for a task."""

import math
from dataclasses import dataclass
from enum import StrEnum

from hiringhall.domain.errors import Invalid
from hiringhall.domain.market import Worker
from hiringhall.domain.sentences import Cents, Part, Sentence, sentence
from hiringhall.domain.tasks import Engagement, State

MIN_PLAN_LENGTH = 20
MAX_PLAN_LENGTH = 10_000
MAX_HOURS = 24 * 365


class ProposalState(StrEnum):
    """What has become of a proposal."""

    SUBMITTED = "submitted"
    SHORTLISTED = "shortlisted"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    CLOSED = "closed"


STANDING = frozenset({ProposalState.SUBMITTED, ProposalState.SHORTLISTED})
"""States in which a proposal may still be chosen, or has been."""


@dataclass(frozen=True, slots=True)
class Bid:
    """What is proposed, judged and tidied. Confidence is kept in hundredths of a percent."""

    plan: str
    sample: str
    confidence_basis_points: int | None
    price_cents: int
    estimated_min: int | None


@dataclass(frozen=True, slots=True)
class Proposal:
    """A bid of somebody's for a task."""

    id: str
    task_id: str
    worker: Worker
    bid: Bid
    state: ProposalState
    reason: str
    created_at_us: int
    updated_at_us: int


def slots_left(engagement: Engagement, state: State, *, taken: int, most: int) -> int:
    """How many more proposals a task takes now: a claim is over with the first that holds."""
    if state is not State.OPEN or engagement is Engagement.TASK_FORCE:
        return 0
    return 1 if engagement is Engagement.CLAIM else max(0, most - taken)


def make_bid(
    *,
    plan: str,
    price_cents: int,
    budget_cents: int,
    sample: str | None = None,
    confidence: float | None = None,
    estimated_hours: float | None = None,
) -> Bid:
    """Tidy a proposal for a task of a budget; raises Invalid with every field that is wrong."""
    wrong: dict[str, str | Sentence] = {}
    tidy, shown = plan.strip(), (sample or "").strip()
    if len(tidy) < MIN_PLAN_LENGTH:
        wrong["plan"] = f"Plan must be at least {MIN_PLAN_LENGTH} characters"
    elif len(tidy) > MAX_PLAN_LENGTH:
        wrong["plan"] = f"Plan must be at most {MAX_PLAN_LENGTH} characters"
    if len(shown) > MAX_PLAN_LENGTH:
        wrong["sample"] = f"Sample must be at most {MAX_PLAN_LENGTH} characters"
    if confidence is not None and not 0 <= confidence <= 1:
        wrong["confidence"] = sentence("Confidence must be from ", Part(0), " to ", Part(1))
    if price_cents < 1:
        wrong["price_cents"] = "Price must be at least one cent"
    elif price_cents > budget_cents:
        wrong["price_cents"] = sentence("Price must be within the budget of ", Cents(budget_cents))
    if estimated_hours is not None and not 0 < estimated_hours <= MAX_HOURS:
        wrong["estimated_hours"] = f"Hours must be above 0 and at most {MAX_HOURS}"
    if wrong:
        raise Invalid(next(iter(wrong.values())), wrong)
    return Bid(
        plan=tidy,
        sample=shown,
        confidence_basis_points=None if confidence is None else round(confidence * 10_000),
        price_cents=price_cents,
        estimated_min=None if estimated_hours is None else math.ceil(estimated_hours * 60),
    )
