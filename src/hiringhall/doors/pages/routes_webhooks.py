"""Webhooks at the settings: where events are sent, what arrived, and what did not."""

from typing import Any

from hiringhall.actions.following import TYPES
from hiringhall.actions.webhooks import endpoints
from hiringhall.actions.webhooks.endpoints import Wanted
from hiringhall.domain.webhooks import DeliveryState, Endpoint, EndpointState
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Raw, Route
from hiringhall.doors.pages.forms import Form
from hiringhall.doors.pages.once import only_once, only_once_with_secret
from hiringhall.doors.pages.paging import PART, address, behind
from hiringhall.doors.pages.routes_settings import AT as SETTINGS
from hiringhall.doors.pages.saying import SAID, Said, doing, done, refused, showing
from hiringhall.doors.pages.typed import words_of
from hiringhall.doors.pages.visits import Visit, for_signed_in
from hiringhall.queries import webhooks

AT = f"{SETTINGS}/webhooks"
ONE = f"{AT}/{{webhook_id}}"
DELIVERY = f"{ONE}/deliveries/{{delivery_id}}"


async def show_webhooks(visit: Visit, said: Said) -> Raw:
    """The organization's webhooks; a new one is made here."""
    hall = visit.desk.hall
    return visit.show(
        "settings_webhooks.html",
        found=await webhooks.list_webhooks(hall, actor=visit.actor),
        types=sorted(TYPES),
        **said.shown,
    )


async def _create(visit: Visit) -> Raw:
    form = visit.form
    wanted = Wanted(form["url"], _types(form), None, form["description"], enabled=True)
    try:
        made = await endpoints.create_webhook(
            only_once_with_secret(visit), actor=visit.actor, wanted=wanted
        )
    except SAID as error:
        return await show_webhooks(visit, refused(visit, error))
    return _show_secret(visit, *made)


def _types(form: Form) -> list[str] | None:
    """Which types were named, with commas between; none: all."""
    return words_of(form["types"]) or None


def _show_secret(visit: Visit, endpoint: Endpoint, secret: str) -> Raw:
    return visit.show("settings_webhook_secret.html", endpoint=endpoint, secret=secret)


async def show_webhook(visit: Visit, said: Said) -> Raw:
    """A webhook: where it leads, how it fares, and what was sent there."""
    hall, webhook_id = visit.desk.hall, visit.call.path["webhook_id"]
    endpoint = await webhooks.webhook_view(hall, actor=visit.actor, webhook_id=webhook_id)
    wanted = visit.query["state"]
    known = wanted in tuple(DeliveryState)
    found = await webhooks.list_deliveries(
        hall,
        actor=visit.actor,
        webhook_id=webhook_id,
        state=DeliveryState(wanted) if known else None,
        before=behind(visit),
        limit=PART + 1,
    )
    return visit.show(
        "settings_webhook.html",
        endpoint=endpoint,
        is_on=endpoint.state is EndpointState.ENABLED,
        deliveries=found[:PART],
        more=address(visit, before=found[PART - 1].id) if len(found) > PART else "",
        states=list(DeliveryState),
        wanted=wanted if known else "",
        types=sorted(TYPES),
        **said.shown,
    )


async def _change(visit: Visit) -> str:
    form = visit.form
    changes: dict[str, Any] = {
        "url": form["url"],
        "types": _types(form),
        "description": form["description"],
        "enabled": bool(form["enabled"]),
    }
    await endpoints.change_webhook(
        visit.desk.hall,
        actor=visit.actor,
        webhook_id=visit.call.path["webhook_id"],
        changes=changes,
    )
    return done(f"{AT}/{visit.call.path['webhook_id']}", "webhook")


async def _delete(visit: Visit) -> str:
    await endpoints.delete_webhook(
        visit.desk.hall, actor=visit.actor, webhook_id=visit.call.path["webhook_id"]
    )
    return done(AT, "webhook_gone")


async def _rotate(visit: Visit) -> Raw:
    try:
        made = await endpoints.renew_secret(
            only_once_with_secret(visit),
            actor=visit.actor,
            webhook_id=visit.call.path["webhook_id"],
        )
    except SAID as error:
        return await show_webhook(visit, refused(visit, error))
    return _show_secret(visit, *made)


async def _ping(visit: Visit) -> str:
    webhook_id = visit.call.path["webhook_id"]
    leads_to = f"{AT}/{webhook_id}"
    await endpoints.ping(only_once(visit, leads_to), actor=visit.actor, webhook_id=webhook_id)
    return leads_to


async def show_delivery(visit: Visit, said: Said) -> Raw:
    """A delivery with what came of each attempt."""
    hall, path = visit.desk.hall, visit.call.path
    found = await webhooks.delivery_view(
        hall,
        actor=visit.actor,
        webhook_id=path["webhook_id"],
        delivery_id=path["delivery_id"],
    )
    return visit.show(
        "settings_delivery.html",
        delivery=found.delivery,
        attempts=found.attempts,
        **said.shown,
    )


async def _redeliver(visit: Visit) -> str:
    path = visit.call.path
    leads_to = f"{AT}/{path['webhook_id']}/deliveries/{path['delivery_id']}"
    await endpoints.redeliver(
        only_once(visit, leads_to),
        actor=visit.actor,
        webhook_id=path["webhook_id"],
        delivery_id=path["delivery_id"],
    )
    return leads_to


_NONE = {303: None}

ROUTES: tuple[Route[Desk], ...] = (
    Route("GET", AT, showing(show_webhooks), {200: None}, "Webhooks"),
    Route("POST", AT, for_signed_in(_create), {200: None}, "Have events sent"),
    Route("GET", ONE, showing(show_webhook), {200: None}, "A webhook"),
    Route("POST", f"{ONE}/change", doing(_change, show_webhook), _NONE, "Change a webhook"),
    Route("POST", f"{ONE}/delete", doing(_delete, show_webhook), _NONE, "Remove a webhook"),
    Route("POST", f"{ONE}/secret", for_signed_in(_rotate), {200: None}, "Another secret"),
    Route("POST", f"{ONE}/ping", doing(_ping, show_webhook), _NONE, "Try it"),
    Route("GET", DELIVERY, showing(show_delivery), {200: None}, "A delivery"),
    Route("POST", f"{DELIVERY}/again", doing(_redeliver, show_delivery), _NONE, "Send it again"),
)
