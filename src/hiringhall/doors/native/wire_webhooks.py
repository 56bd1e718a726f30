"""The native door's shapes of webhooks: endpoints, deliveries, and what came of each attempt."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from hiringhall.actions.webhooks.endpoints import Wanted
from hiringhall.domain.errors import Invalid
from hiringhall.domain.webhooks import Answered, Delivery, DeliveryState, Endpoint, EndpointState
from hiringhall.doors.native.paging import USUAL, Cursor, Limit
from hiringhall.doors.native.words import Count, Time, Uuid, maybe_time, time_of
from hiringhall.queries.webhooks import DeliveryView


class WebhookBody(msgspec.Struct):
    """Where events are to be sent, and which."""

    url: Annotated[str, Meta(description="https://…; it may hold nothing that others may not see")]
    types: Annotated[list[str] | None, Meta(description="Types of events; null: all")] = None
    team_id: Annotated[str | None, Meta(description="Only this team's; null: all teams'")] = None
    description: str = ""
    enabled: bool = True


class WebhookChange(msgspec.Struct):
    """What is to be another way; what is left out stays."""

    url: str | UnsetType = UNSET
    types: list[str] | UnsetType | None = UNSET
    team_id: str | UnsetType | None = UNSET
    description: str | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET


class WebhookAnswer(msgspec.Struct):
    """An endpoint. `failing_since` is there while what is sent does not arrive."""

    id: Uuid
    url: str
    types: list[str] | None
    team_id: Uuid | None
    description: str
    enabled: bool
    disabled_because: str | None
    failing_since: Time | None
    created_at: Time
    updated_at: Time


class NewWebhookAnswer(WebhookAnswer):
    """An endpoint with the secret that its deliveries are signed with, shown this once."""

    secret: str


class WebhooksAnswer(msgspec.Struct):
    """The organization's endpoints."""

    items: list[WebhookAnswer]
    next_cursor: str | None = None


class DeliveryAnswer(msgspec.Struct):
    """An event on its way, or there; `id` is sent as `webhook-id`, `seq` is the event's place.

    A `pending` one is tried next at `due_at`; a `dead` one is not tried again by itself.
    """

    id: Uuid
    webhook_id: Uuid
    seq: Count | None
    type: str
    state: Literal["pending", "delivered", "dead"]
    attempts: Count
    due_at: Time | None
    created_at: Time
    ended_at: Time | None


class AttemptAnswer(msgspec.Struct):
    """What came of an attempt: a status with the first bytes of the answer, or an error."""

    number: Count
    at: Time
    took_ms: Count
    status: Count | None
    error: str | None
    answer: str


class DeliveryDetails(DeliveryAnswer):
    """A delivery with its newest attempts."""

    history: list[AttemptAnswer]


class DeliveriesAnswer(msgspec.Struct):
    """A part of an endpoint's deliveries."""

    items: list[DeliveryAnswer]
    next_cursor: str | None


class DeliveriesQuery(msgspec.Struct):
    """Which deliveries, and which part of them."""

    state: Annotated[
        str | None,
        Meta(extra_json_schema={"enum": [one.value for one in DeliveryState]}),
    ] = None
    limit: Limit = USUAL
    cursor: Cursor = None


def wanted_of(body: WebhookBody) -> Wanted:
    """What is wanted."""
    return Wanted(body.url, body.types, body.team_id, body.description, body.enabled)


def changes_of(body: WebhookChange) -> dict[str, Any]:
    """What is to be another way."""
    given = msgspec.structs.asdict(body)
    return {name: value for name, value in given.items() if value is not UNSET}


def state_of(given: str | None) -> DeliveryState | None:
    """A state to filter by; raises Invalid."""
    if given is None:
        return None
    if given not in tuple(DeliveryState):
        raise Invalid("state is pending, delivered or dead", {"state": "unknown"})
    return DeliveryState(given)


def webhook_answer(endpoint: Endpoint) -> WebhookAnswer:
    """An endpoint."""
    return WebhookAnswer(
        id=endpoint.id,
        url=endpoint.url,
        types=None if endpoint.types is None else list(endpoint.types),
        team_id=endpoint.team_id,
        description=endpoint.description,
        enabled=endpoint.state is EndpointState.ENABLED,
        disabled_because=endpoint.disabled_because or None,
        failing_since=maybe_time(endpoint.failing_since_us),
        created_at=time_of(endpoint.created_at_us),
        updated_at=time_of(endpoint.updated_at_us),
    )


def new_webhook(made: tuple[Endpoint, str]) -> NewWebhookAnswer:
    """An endpoint with its secret."""
    endpoint, secret = made
    return NewWebhookAnswer(**msgspec.structs.asdict(webhook_answer(endpoint)), secret=secret)


def delivery_answer(delivery: Delivery) -> DeliveryAnswer:
    """A delivery."""
    return DeliveryAnswer(
        id=delivery.id,
        webhook_id=delivery.endpoint_id,
        seq=delivery.seq,
        type=delivery.type,
        state=delivery.state.value,
        attempts=delivery.attempts,
        due_at=maybe_time(delivery.due_at_us),
        created_at=time_of(delivery.created_at_us),
        ended_at=maybe_time(delivery.ended_at_us),
    )


def delivery_details(found: DeliveryView) -> DeliveryDetails:
    """A delivery with what came of it."""
    return DeliveryDetails(
        **msgspec.structs.asdict(delivery_answer(found.delivery)),
        history=[_attempt(number, one) for number, one in found.attempts],
    )


def _attempt(number: int, answered: Answered) -> AttemptAnswer:
    return AttemptAnswer(
        number=number,
        at=time_of(answered.at_us),
        took_ms=answered.took_ms,
        status=answered.status,
        error=answered.error or None,
        answer=answered.answer,
    )
