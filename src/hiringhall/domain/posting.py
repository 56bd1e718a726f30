"""What somebody wants to have done, for the hall's own staff or for the market, judged as one."""

from collections.abc import Mapping, Sequence
from typing import Any

from hiringhall.domain.durations import HOUR_US
from hiringhall.domain.errors import Invalid
from hiringhall.domain.market import MAX_EXPIRY_H, Item, Offer, Terms, make_offer
from hiringhall.domain.tasks import MARKET, Brief, Engagement, Task, make_brief

_MARKETS_OWN = (
    "price_cents",
    "category",
    "instructions",
    "expected_output",
    "inputs",
    "assets",
    "tags",
    "deadline_us",
    "expires_in_hours",
    "time_limit_minutes",
    "max_proposals",
    "fee_on_top",
)
_STAFFS_OWN = ("role", "require_spec_approval", "team_id", "cap_micros")


def engagement_of(text: str) -> Engagement:
    """The engagement of a name; raises Invalid."""
    try:
        return Engagement(text)
    except ValueError:
        known = ", ".join(Engagement)
        raise Invalid(f"Engagement is one of {known}", {"engagement": "unknown"}) from None


def make_posting(
    *,
    engagement: Engagement,
    title: str,
    description: str,
    repository: str | None = None,
    role: str | None = None,
    require_spec_approval: bool | None = None,
    team_id: str | None = None,
    cap_micros: int | None = None,
    price_cents: int | None = None,
    category: str | None = None,
    instructions: str | None = None,
    expected_output: str | None = None,
    inputs: Sequence[Item] = (),
    assets: Sequence[Item] = (),
    tags: Sequence[str] = (),
    deadline_us: int | None = None,
    expires_in_hours: int | None = None,
    time_limit_minutes: int | None = None,
    max_proposals: int | None = None,
    fee_on_top: bool = False,
) -> Brief | Offer:
    """A brief for the staff, or an offer for the market; raises Invalid.

    What belongs to the other kind of task is refused: it would be lost without a word.
    """
    given: dict[str, Any] = dict(locals())
    other = _STAFFS_OWN if engagement in MARKET else _MARKETS_OWN
    lost = {
        name.removesuffix("_us"): "not for this engagement"
        for name in other
        if given[name] or (name == "cap_micros" and given[name] is not None)
    }
    if lost:
        names = ", ".join(sorted(lost))
        raise Invalid(f"A task with the engagement {engagement.value} has no {names}", lost)
    if engagement not in MARKET:
        return make_brief(
            title=title,
            description=description,
            repository=repository,
            role=role,
            team_id=team_id,
            cap_micros=cap_micros,
        )
    if price_cents is None:
        raise Invalid("A task on the market has a price", {"price_cents": "is required"})
    return make_offer(
        title=title,
        description=description,
        engagement=engagement,
        price_cents=price_cents,
        category=category,
        instructions=instructions,
        expected_output=expected_output,
        inputs=inputs,
        assets=assets,
        tags=tags,
        deadline_us=deadline_us,
        expires_in_hours=expires_in_hours,
        time_limit_minutes=time_limit_minutes,
        max_proposals=max_proposals,
        fee_on_top=fee_on_top,
        repository=repository,
    )


def posting_fields(task: Task, terms: Terms | None, cap_micros: int | None) -> dict[str, Any]:
    """What `make_posting` would have to be told for a task to become what it is.

    `cap_micros` is the cap of its own, where it has one.
    """
    said: dict[str, Any] = {
        "engagement": task.engagement,
        "title": task.title,
        "description": task.description,
        "repository": task.repository,
    }
    if task.engagement not in MARKET or terms is None:
        return said | {
            "role": task.role,
            "require_spec_approval": task.spec_approval,
            "team_id": task.team_id,
            "cap_micros": cap_micros,
        }
    hours = terms.expires_in_us // HOUR_US
    return said | {
        "price_cents": task.price_cents,
        "category": terms.category,
        "instructions": terms.instructions,
        "expected_output": terms.expected_output,
        "inputs": terms.inputs,
        "assets": terms.assets,
        "tags": terms.tags,
        "deadline_us": terms.deadline_us,
        # With a deadline alone it is on offer for as long as anything can be: nobody said that.
        "expires_in_hours": hours if terms.deadline_us is None or hours < MAX_EXPIRY_H else None,
        "time_limit_minutes": terms.time_limit_min,
        "max_proposals": terms.max_proposals,
        "fee_on_top": terms.fee_on_top,
    }


def posting_changed(were: Mapping[str, Any], changes: Mapping[str, Any]) -> Brief | Offer:
    """What was posted, with some of it another way; raises Invalid as `make_posting` does.

    With another engagement, what only the old one has is let go where it was not said anew.
    """
    market = changes.get("engagement", were["engagement"]) in MARKET
    other = _STAFFS_OWN if market else _MARKETS_OWN
    kept = {name: value for name, value in were.items() if name not in other}
    return make_posting(**kept | dict(changes))
