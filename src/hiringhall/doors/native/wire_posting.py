"""The native door's wire for what is posted: a new task, and a draft that is changed."""

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from hiringhall.domain.compute import MOST_CAP_MICROS
from hiringhall.domain.errors import Invalid
from hiringhall.domain.market import Item, Offer
from hiringhall.domain.posting import engagement_of, make_posting
from hiringhall.domain.tasks import Brief
from hiringhall.doors.native.words import Cents, Count, Time, moment_of

Cap = Annotated[
    int,
    Meta(
        ge=0,
        le=MOST_CAP_MICROS,
        description="What the models of a task for staff may cost before it stops and asks, in "
        "millionths of the currency; null for the hall's usual cap of a task. Those of its team "
        "and organization hold it beside",
    ),
]


class ItemBody(msgspec.Struct):
    """Something for whoever works: a text, or the address of a thing with its name."""

    text: str = ""
    name: str = ""
    url: str = ""


class PostBody(msgspec.Struct, kw_only=True):
    """A task to be done; a `price_cents` belongs to every engagement but `staff`."""

    title: str
    description: str
    engagement: Annotated[
        str, Meta(description="staff, claim, proposals or task_force; staff unless said otherwise")
    ] = "staff"
    publish: Annotated[bool, Meta(description="Offer it at once; else it is a draft")] = False
    price_cents: Cents | None = None
    fee_on_top: Annotated[
        bool, Meta(description="Whether the hall's fee is held beside the price, or out of it")
    ] = False
    currency: str | None = None
    category: str | None = None
    deadline: Time | None = None
    max_proposals: Count | None = None
    inputs: list[ItemBody | str] = []
    assets: list[ItemBody | str] = []
    instructions: str | None = None
    expected_output: str | None = None
    time_limit_minutes: Count | None = None
    expires_in_hours: Count | None = None
    tags: list[str] = []
    repository: str | None = None
    role: Annotated[str | None, Meta(description="Which of the hall's workers does it")] = None
    require_spec_approval: Annotated[
        bool | None, Meta(description="Whether the staff's plan is to be approved first")
    ] = None
    team_id: Annotated[
        str | None,
        Meta(description="Which of your teams' workers do it, for staff; the first unless said"),
    ] = None
    cap_micros: Cap | None = None


class DraftBody(msgspec.Struct, kw_only=True):
    """What of a draft is to be another way, as it is said of a new task; what is left out stays."""

    version: Annotated[
        Count, Meta(description="The task's `version` that was read: a later one is 409")
    ]
    publish: Annotated[bool, Meta(description="Offer it at once, changed as it is")] = False
    title: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    engagement: Annotated[
        str | UnsetType,
        Meta(description="With another one, what only the old one had is let go"),
    ] = UNSET
    price_cents: Cents | UnsetType | None = UNSET
    fee_on_top: bool | UnsetType = UNSET
    category: str | UnsetType | None = UNSET
    deadline: Time | UnsetType | None = UNSET
    max_proposals: Count | UnsetType | None = UNSET
    inputs: list[ItemBody | str] | UnsetType = UNSET
    assets: list[ItemBody | str] | UnsetType = UNSET
    instructions: str | UnsetType | None = UNSET
    expected_output: str | UnsetType | None = UNSET
    time_limit_minutes: Count | UnsetType | None = UNSET
    expires_in_hours: Count | UnsetType | None = UNSET
    tags: list[str] | UnsetType = UNSET
    repository: str | UnsetType | None = UNSET
    role: str | UnsetType | None = UNSET
    require_spec_approval: bool | UnsetType | None = UNSET
    team_id: Annotated[
        str | UnsetType | None, Meta(description="The one it is in: a task stays in its team")
    ] = UNSET
    cap_micros: Cap | UnsetType | None = UNSET


def posting_of(body: PostBody, *, currency: str) -> tuple[Brief | Offer, bool | None]:
    """What is posted, judged; and whether a plan is wanted first. Raises Invalid."""
    if body.currency not in (None, currency):
        raise Invalid(f"All money here is in {currency}", {"currency": "not this hall's"})
    posting = make_posting(
        engagement=engagement_of(body.engagement),
        title=body.title,
        description=body.description,
        repository=body.repository,
        role=body.role,
        require_spec_approval=body.require_spec_approval,
        team_id=body.team_id,
        cap_micros=body.cap_micros,
        price_cents=body.price_cents,
        category=body.category,
        instructions=body.instructions,
        expected_output=body.expected_output,
        inputs=_items_of(body.inputs),
        assets=_items_of(body.assets),
        tags=body.tags,
        deadline_us=moment_of(body.deadline, "deadline"),
        expires_in_hours=body.expires_in_hours,
        time_limit_minutes=body.time_limit_minutes,
        max_proposals=body.max_proposals,
        fee_on_top=body.fee_on_top,
    )
    return posting, body.require_spec_approval


def changes_of(body: DraftBody) -> dict[str, Any]:
    """What a draft is to be from now on, in the words of `make_posting`. Raises Invalid."""
    said: dict[str, Any] = {
        name: value
        for name in body.__struct_fields__
        if name not in ("version", "publish") and (value := getattr(body, name)) is not UNSET
    }
    if "engagement" in said:
        said["engagement"] = engagement_of(said["engagement"])
    if "deadline" in said:
        said["deadline_us"] = moment_of(said.pop("deadline"), "deadline")
    for name in said.keys() & {"inputs", "assets"}:
        said[name] = _items_of(said[name])
    return said


def _items_of(given: Sequence[ItemBody | str]) -> list[Item]:
    return [
        Item(text=one) if isinstance(one, str) else Item(one.text, one.name, one.url)
        for one in given
    ]
