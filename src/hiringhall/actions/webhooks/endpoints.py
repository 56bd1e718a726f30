"""Where an organization has its events sent: made, changed, given a new secret, removed, tried."""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hiringhall.actions.feed import sequence
from hiringhall.actions.following import TYPES
from hiringhall.actions.transaction import action
from hiringhall.domain import ids
from hiringhall.domain.errors import (
    Conflict,
    Invalid,
    LostRace,
    NoOrganization,
    NotFound,
    WrongState,
)
from hiringhall.domain.policy import Actor, check_sees
from hiringhall.domain.webhooks import (
    MOST_ENDPOINTS,
    OVERLAP_US,
    PING,
    SECRET_BYTES,
    Delivery,
    DeliveryState,
    Endpoint,
    EndpointState,
    is_https,
    read_url,
    secret_text,
    tidy_description,
    tidy_types,
    tidy_url,
    why_not_there,
)
from hiringhall.hall import Hall
from hiringhall.signals import feed_topic
from hiringhall.store import deliveries, feed, teams, webhooks
from hiringhall.store.database import Tx

LOOK_UP_S = 5.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants an endpoint to be. `types` None: all; `team_id` None: of all teams."""

    url: str
    types: Sequence[str] | None = None
    team_id: str | None = None
    description: str = ""
    enabled: bool = True


async def create_webhook(hall: Hall, *, actor: Actor, wanted: Wanted) -> tuple[Endpoint, str]:
    """Have events sent somewhere from now on; with the secret they are signed with, this once.

    Raises NoOrganization, NotFound and NotYours for a team, Conflict where there are too many, and
    Invalid.
    """
    tidy = _tidy(hall, wanted)
    if actor.organization_id is None:
        raise NoOrganization
    await _check_where(hall, tidy.url)
    # What has happened before is behind its beginning.
    await sequence(hall, organization_id=actor.organization_id)
    return await _create(hall, actor=actor, wanted=tidy)


@action
async def _create(tx: Tx, hall: Hall, *, actor: Actor, wanted: Wanted) -> tuple[Endpoint, str]:
    organization_id = actor.organization_id or ""
    await _check_team(tx, actor, wanted.team_id)
    taken = {one.slot for one in await webhooks.of_organization(tx, organization_id)}
    free = [slot for slot in range(1, MOST_ENDPOINTS + 1) if slot not in taken]
    if not free:
        raise Conflict(f"An organization has at most {MOST_ENDPOINTS} webhooks")
    now_us, endpoint_id = hall.clock(), hall.new_id()
    secret = secret_text(hall.random(SECRET_BYTES))
    endpoint = Endpoint(
        id=endpoint_id,
        organization_id=organization_id,
        slot=free[0],
        url=wanted.url,
        description=wanted.description,
        types=None if wanted.types is None else tuple(wanted.types),
        team_id=wanted.team_id,
        state=EndpointState.ENABLED if wanted.enabled else EndpointState.DISABLED,
        disabled_because="" if wanted.enabled else _BY_HAND,
        secret_sealed=hall.sealer.seal(secret, place=place_of(endpoint_id)),
        previous_sealed=None,
        previous_until_us=None,
        cursor=await feed.newest_place(tx, organization_id),
        next_due_us=None,
        rest_until_us=0,
        claim=0,
        lease_until_us=0,
        failures=0,
        failing_since_us=None,
        created_by=actor.user_id,
        created_at_us=now_us,
        updated_at_us=now_us,
    )
    if not await webhooks.add(tx, endpoint):
        raise LostRace("Another webhook was made at the same moment")
    return endpoint, secret


async def _check_where(hall: Hall, url: str) -> None:
    """Refuse plain http to a name that leads into no listed network, by the rule of the sending.

    Where a name leads by TLS is judged with each sending alone: it may be elsewhere by then.
    """
    networks = hall.rules.webhook_networks
    target = read_url(url)
    if is_https(url) or target.literal or not networks or hall.look_up is None:
        return
    found: list[str] = []
    with contextlib.suppress(OSError, UnicodeError, TimeoutError):
        async with asyncio.timeout(LOOK_UP_S):
            found = await hall.look_up(target.host, target.port)
    if because := why_not_there(url, found, networks=networks):
        raise Invalid(f"Nothing would be sent there: {because}", {"url": "not reachable"})


_BY_HAND = "Switched off by hand"


async def change_webhook(
    hall: Hall, *, actor: Actor, webhook_id: str, changes: Mapping[str, Any]
) -> Endpoint:
    """Say anew where events go, which, and whether; `changes` are fields of `Wanted`.

    One that was off goes on with what happens from then on; what waits for it is sent. Raises
    NotFound, NotYours, and Invalid.
    """
    if actor.organization_id is not None:
        await sequence(hall, organization_id=actor.organization_id)
    if "url" in changes:
        await _check_where(hall, str(changes["url"]).strip())
    return await _change(hall, actor=actor, webhook_id=webhook_id, changes=changes)


@action
async def _change(
    tx: Tx, hall: Hall, *, actor: Actor, webhook_id: str, changes: Mapping[str, Any]
) -> Endpoint:
    was = await load(tx, actor=actor, webhook_id=webhook_id)
    is_on = was.state is EndpointState.ENABLED
    as_it_was = Wanted(was.url, was.types, was.team_id, was.description, is_on)
    wanted = _tidy(hall, replace(as_it_was, **changes))
    await _check_team(tx, actor, wanted.team_id)
    now_us = hall.clock()
    now = replace(
        was,
        url=wanted.url,
        description=wanted.description,
        types=None if wanted.types is None else tuple(wanted.types),
        team_id=wanted.team_id,
        updated_at_us=now_us,
    )
    if wanted.enabled and was.state is EndpointState.DISABLED:
        now = replace(
            now,
            state=EndpointState.ENABLED,
            disabled_because="",
            cursor=await feed.newest_place(tx, was.organization_id),
            failures=0,
            failing_since_us=None,
            rest_until_us=0,
            next_due_us=await deliveries.next_due_us(tx, was.id),
        )
    elif not wanted.enabled and was.state is EndpointState.ENABLED:
        now = replace(now, state=EndpointState.DISABLED, disabled_because=_BY_HAND)
    await webhooks.save(tx, now)
    _tell(tx, hall, now)
    return now


@action
async def renew_secret(
    tx: Tx, hall: Hall, *, actor: Actor, webhook_id: str
) -> tuple[Endpoint, str]:
    """Give an endpoint another secret, shown this once.

    For a day what is sent is signed with the one before, too. Raises NotFound and NotYours.
    """
    was = await load(tx, actor=actor, webhook_id=webhook_id)
    secret, now_us = secret_text(hall.random(SECRET_BYTES)), hall.clock()
    now = replace(
        was,
        secret_sealed=hall.sealer.seal(secret, place=place_of(was.id)),
        previous_sealed=was.secret_sealed,
        previous_until_us=now_us + OVERLAP_US,
        updated_at_us=now_us,
    )
    await webhooks.save(tx, now)
    return now, secret


@action
async def delete_webhook(tx: Tx, hall: Hall, *, actor: Actor, webhook_id: str) -> Endpoint:
    """Send nothing there any more, and forget what was sent; raises NotFound and NotYours."""
    was = await load(tx, actor=actor, webhook_id=webhook_id)
    gone = replace(was, state=EndpointState.DELETED, updated_at_us=hall.clock())
    await webhooks.save(tx, gone)
    return gone


@action
async def ping(tx: Tx, hall: Hall, *, actor: Actor, webhook_id: str) -> Delivery:
    """Send an event that says nothing, to see whether it arrives.

    Raises NotFound, NotYours, and WrongState for an endpoint that is off.
    """
    endpoint = await load(tx, actor=actor, webhook_id=webhook_id)
    _require_on(endpoint, "ping")
    now_us = hall.clock()
    delivery = Delivery(
        id=hall.new_id(),
        endpoint_id=endpoint.id,
        seq=None,
        type=PING,
        state=DeliveryState.PENDING,
        tries=0,
        attempts=0,
        due_at_us=now_us,
        created_at_us=now_us,
        ended_at_us=None,
    )
    await deliveries.add(tx, delivery)
    await _hurry(tx, hall, endpoint, now_us=now_us)
    return delivery


@action
async def redeliver(
    tx: Tx, hall: Hall, *, actor: Actor, webhook_id: str, delivery_id: str
) -> Delivery:
    """Send something again now, whatever came of it; it has all its attempts before it.

    Raises NotFound, NotYours, and WrongState for an endpoint that is off.
    """
    endpoint = await load(tx, actor=actor, webhook_id=webhook_id)
    was = await deliveries.by_id(tx, delivery_id) if ids.is_uuid(delivery_id) else None
    if was is None or was.endpoint_id != endpoint.id:
        raise NotFound("delivery")
    _require_on(endpoint, "redeliver")
    now_us = hall.clock()
    # Before whatever else waits: that one may fail again, and have the endpoint left alone.
    first_us = await deliveries.next_due_us(tx, endpoint.id)
    due_at_us = now_us if first_us is None else min(now_us, first_us - 1)
    now = replace(was, state=DeliveryState.PENDING, tries=0, due_at_us=due_at_us, ended_at_us=None)
    await deliveries.save(tx, now)
    await _hurry(tx, hall, endpoint, now_us=now_us)
    return now


def place_of(webhook_id: str) -> str:
    """What an endpoint's secrets are sealed for."""
    return f"webhook/{webhook_id}"


async def load(tx: Tx, *, actor: Actor, webhook_id: str) -> Endpoint:
    """An endpoint that is about to be changed, locked; raises NotFound and NotYours."""
    found = None
    if ids.is_uuid(webhook_id):
        found = await webhooks.by_id(tx, webhook_id, for_change=True)
    check_sees(actor, None if found is None else found.organization_id, "webhook")
    if found is None:
        raise NotFound("webhook")
    return found


def _require_on(endpoint: Endpoint, command: str) -> None:
    if endpoint.state is not EndpointState.ENABLED:
        raise WrongState(
            "This webhook is off; switch it on first", state=endpoint.state.value, command=command
        )


async def _hurry(tx: Tx, hall: Hall, endpoint: Endpoint, *, now_us: int) -> None:
    """Something of it is due now, however long it was to be left alone."""
    await webhooks.save(tx, replace(endpoint, next_due_us=now_us, rest_until_us=0))
    _tell(tx, hall, endpoint)


def _tell(tx: Tx, hall: Hall, endpoint: Endpoint) -> None:
    tx.after_commit(lambda: hall.signals.notify(feed_topic(endpoint.organization_id)))


def _tidy(hall: Hall, wanted: Wanted) -> Wanted:
    return replace(
        wanted,
        url=tidy_url(wanted.url, networks=hall.rules.webhook_networks),
        types=tidy_types(wanted.types, TYPES),
        description=tidy_description(wanted.description),
    )


async def _check_team(tx: Tx, actor: Actor, team_id: str | None) -> None:
    if team_id is None:
        return
    team = await teams.by_id(tx, team_id) if ids.is_uuid(team_id) else None
    check_sees(actor, None if team is None else team.organization_id, "team")
