"""Webhooks as their organization may see them: endpoints, deliveries, and what came of each."""

from dataclasses import dataclass

from hiringhall.domain import ids
from hiringhall.domain.errors import NoOrganization, NotFound
from hiringhall.domain.policy import Actor, check_sees
from hiringhall.domain.webhooks import Answered, Delivery, DeliveryState, Endpoint
from hiringhall.hall import Hall
from hiringhall.store import deliveries, webhooks
from hiringhall.store.board import NEWEST
from hiringhall.store.database import Tx

PAGE = 100
MOST_ATTEMPTS = 50


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """A delivery with its newest attempts, each with its number."""

    delivery: Delivery
    attempts: list[tuple[int, Answered]]


async def list_webhooks(hall: Hall, *, actor: Actor) -> list[Endpoint]:
    """The organization's endpoints; raises NoOrganization."""
    organization_id = actor.organization_id
    if organization_id is None:
        raise NoOrganization

    async def find(tx: Tx) -> list[Endpoint]:
        return await webhooks.of_organization(tx, organization_id)

    return await hall.database.read(find)


async def webhook_view(hall: Hall, *, actor: Actor, webhook_id: str) -> Endpoint:
    """An endpoint; raises NotFound and NotYours."""

    async def find(tx: Tx) -> Endpoint:
        return await _load(tx, actor, webhook_id)

    return await hall.database.read(find)


async def list_deliveries(
    hall: Hall,
    *,
    actor: Actor,
    webhook_id: str,
    state: DeliveryState | None = None,
    before: str | None = None,
    limit: int = PAGE,
) -> list[Delivery]:
    """What was made for an endpoint, newest first, from behind an id; raises as above."""
    states = list(DeliveryState) if state is None else [state]

    async def find(tx: Tx) -> list[Delivery]:
        await _load(tx, actor, webhook_id)
        return await deliveries.of_endpoint(
            tx,
            webhook_id,
            states=[one.value for one in states],
            before=before or NEWEST,
            most=limit,
        )

    return await hall.database.scan(find)


async def delivery_view(
    hall: Hall, *, actor: Actor, webhook_id: str, delivery_id: str
) -> DeliveryView:
    """A delivery, and what came of it; raises NotFound and NotYours."""

    async def find(tx: Tx) -> DeliveryView:
        await _load(tx, actor, webhook_id)
        found = await deliveries.by_id(tx, delivery_id) if ids.is_uuid(delivery_id) else None
        if found is None or found.endpoint_id != webhook_id:
            raise NotFound("delivery")
        return DeliveryView(found, await deliveries.attempts_of(tx, found.id, most=MOST_ATTEMPTS))

    return await hall.database.scan(find)


async def _load(tx: Tx, actor: Actor, webhook_id: str) -> Endpoint:
    found = await webhooks.by_id(tx, webhook_id) if ids.is_uuid(webhook_id) else None
    check_sees(actor, None if found is None else found.organization_id, "webhook")
    if found is None:
        raise NotFound("webhook")
    return found
