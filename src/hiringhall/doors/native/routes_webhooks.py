"""The native door's webhooks: where an organization's events are sent, and what arrived there."""

from hiringhall.actions.webhooks import endpoints
from hiringhall.domain import errors
from hiringhall.domain.webhooks import Delivery
from hiringhall.doors.caller import once_of
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Answer, Call, Route
from hiringhall.doors.native import wire_webhooks as wire
from hiringhall.doors.native.callers import person, viewer_of
from hiringhall.doors.native.paging import cut, position_of
from hiringhall.queries import webhooks


async def create_webhook(desk: Desk, call: Call[wire.WebhookBody, None]) -> Answer:
    """Have events sent to an address from now on.

    Each is signed as Standard Webhooks say; the secret (`whsec_…`) is shown this once.
    """
    once = once_of(
        call,
        organization_id=viewer_of(call.actor),
        status=201,
        view=wire.new_webhook,
        holds_secret=True,
    )
    made = await endpoints.create_webhook(
        desk.hall.once_only(once), actor=call.actor, wanted=wire.wanted_of(call.body)
    )
    return Answer(wire.new_webhook(made), 201)


async def list_webhooks(desk: Desk, call: Call[None, None]) -> wire.WebhooksAnswer:
    """The organization's webhooks, which are at most 20."""
    found = await webhooks.list_webhooks(desk.hall, actor=call.actor)
    return wire.WebhooksAnswer([wire.webhook_answer(one) for one in found])


async def get_webhook(desk: Desk, call: Call[None, None]) -> wire.WebhookAnswer:
    """One webhook."""
    return wire.webhook_answer(
        await webhooks.webhook_view(desk.hall, actor=call.actor, webhook_id=call.path["webhook_id"])
    )


async def change_webhook(desk: Desk, call: Call[wire.WebhookChange, None]) -> wire.WebhookAnswer:
    """Say anew where events go, which, and whether; what is left out stays.

    Switched on again it goes on with what happens from then on; what waits for it is sent.
    """
    return wire.webhook_answer(
        await endpoints.change_webhook(
            desk.hall,
            actor=call.actor,
            webhook_id=call.path["webhook_id"],
            changes=wire.changes_of(call.body),
        )
    )


async def delete_webhook(desk: Desk, call: Call[None, None]) -> wire.WebhookAnswer:
    """Send nothing there any more, and forget what was sent."""
    return wire.webhook_answer(
        await endpoints.delete_webhook(
            desk.hall, actor=call.actor, webhook_id=call.path["webhook_id"]
        )
    )


async def rotate_secret(desk: Desk, call: Call[None, None]) -> Answer:
    """Get another secret, shown this once; for a day all is signed with the old one, too."""
    once = once_of(
        call,
        organization_id=viewer_of(call.actor),
        status=200,
        view=wire.new_webhook,
        holds_secret=True,
    )
    made = await endpoints.renew_secret(
        desk.hall.once_only(once), actor=call.actor, webhook_id=call.path["webhook_id"]
    )
    return Answer(wire.new_webhook(made), 200)


async def ping_webhook(desk: Desk, call: Call[None, None]) -> wire.DeliveryAnswer:
    """Send an event of the type `ping`, to see whether it arrives."""
    once = once_of(
        call, organization_id=viewer_of(call.actor), status=201, view=wire.delivery_answer
    )
    return wire.delivery_answer(
        await endpoints.ping(
            desk.hall.once_only(once), actor=call.actor, webhook_id=call.path["webhook_id"]
        )
    )


async def list_deliveries(
    desk: Desk, call: Call[None, wire.DeliveriesQuery]
) -> wire.DeliveriesAnswer:
    """What was made for a webhook, newest first; `state=dead` is what did not arrive."""
    found = await webhooks.list_deliveries(
        desk.hall,
        actor=call.actor,
        webhook_id=call.path["webhook_id"],
        state=wire.state_of(call.query.state),
        before=position_of(desk, call),
        limit=call.query.limit + 1,
    )
    part, cursor = cut(desk, call, found, _id)
    return wire.DeliveriesAnswer([wire.delivery_answer(one) for one in part], cursor)


async def get_delivery(desk: Desk, call: Call[None, None]) -> wire.DeliveryDetails:
    """One delivery with its newest attempts: status, duration, first bytes of the answer."""
    return wire.delivery_details(
        await webhooks.delivery_view(
            desk.hall,
            actor=call.actor,
            webhook_id=call.path["webhook_id"],
            delivery_id=call.path["delivery_id"],
        )
    )


async def redeliver(desk: Desk, call: Call[None, None]) -> wire.DeliveryAnswer:
    """Send something again now, under the same `webhook-id`."""
    once = once_of(
        call, organization_id=viewer_of(call.actor), status=200, view=wire.delivery_answer
    )
    return wire.delivery_answer(
        await endpoints.redeliver(
            desk.hall.once_only(once),
            actor=call.actor,
            webhook_id=call.path["webhook_id"],
            delivery_id=call.path["delivery_id"],
        )
    )


def _id(delivery: Delivery) -> str:
    return delivery.id


_SEES = (errors.Unauthorized, errors.Forbidden, errors.NotApproved, errors.NotFound)
_ONE = "/webhooks/{webhook_id}"
_DELIVERY = f"{_ONE}/deliveries/{{delivery_id}}"

ROUTES: tuple[Route[Desk], ...] = (
    Route(
        "POST",
        "/webhooks",
        create_webhook,
        {201: wire.NewWebhookAnswer},
        "Have events sent",
        body=wire.WebhookBody,
        who=person,
        raises=(*_SEES, errors.Invalid, errors.Conflict, errors.SecretNotRepeated),
        once=True,
    ),
    Route(
        "GET",
        "/webhooks",
        list_webhooks,
        {200: wire.WebhooksAnswer},
        "List webhooks",
        who=person,
        raises=_SEES,
    ),
    Route(
        "GET",
        _ONE,
        get_webhook,
        {200: wire.WebhookAnswer},
        "Get a webhook",
        who=person,
        raises=_SEES,
    ),
    Route(
        "PATCH",
        _ONE,
        change_webhook,
        {200: wire.WebhookAnswer},
        "Change a webhook",
        body=wire.WebhookChange,
        who=person,
        raises=(*_SEES, errors.Invalid),
    ),
    Route(
        "DELETE",
        _ONE,
        delete_webhook,
        {200: wire.WebhookAnswer},
        "Remove a webhook",
        who=person,
        raises=_SEES,
    ),
    Route(
        "POST",
        f"{_ONE}/rotate-secret",
        rotate_secret,
        {200: wire.NewWebhookAnswer},
        "Renew a webhook's secret",
        who=person,
        raises=(*_SEES, errors.SecretNotRepeated),
        once=True,
    ),
    Route(
        "POST",
        f"{_ONE}/ping",
        ping_webhook,
        {201: wire.DeliveryAnswer},
        "Try a webhook",
        who=person,
        raises=(*_SEES, errors.WrongState),
        once=True,
    ),
    Route(
        "GET",
        f"{_ONE}/deliveries",
        list_deliveries,
        {200: wire.DeliveriesAnswer},
        "List deliveries",
        query=wire.DeliveriesQuery,
        who=person,
        raises=_SEES,
    ),
    Route(
        "GET",
        _DELIVERY,
        get_delivery,
        {200: wire.DeliveryDetails},
        "Get a delivery",
        who=person,
        raises=_SEES,
    ),
    Route(
        "POST",
        f"{_DELIVERY}/redeliver",
        redeliver,
        {200: wire.DeliveryAnswer},
        "Send again",
        who=person,
        raises=(*_SEES, errors.WrongState),
        once=True,
    ),
)
