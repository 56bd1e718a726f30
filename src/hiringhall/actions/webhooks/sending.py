"""What a sender does before and after each attempt: takes an endpoint, and writes what came of it.

One sender at a time has an endpoint in hand, by a lease; whoever comes after a lost one has a
higher number, and the lost one's word counts no more. So nothing is sent twice at once, and what a
dead node had in hand is sent by another.
"""

import json
from dataclasses import dataclass, replace

from hiringhall.actions.transaction import action
from hiringhall.actions.webhooks.endpoints import place_of
from hiringhall.domain.feed import FeedEvent, ReportedType
from hiringhall.domain.policy import HALL
from hiringhall.domain.webhooks import (
    DISABLED_AFTER_US,
    GONE_STATUS,
    Answered,
    Delivery,
    DeliveryState,
    Endpoint,
    EndpointState,
    pause_us,
    read_url,
    rest_us,
)
from hiringhall.hall import Hall
from hiringhall.sealing import CannotOpen
from hiringhall.signals import feed_topic
from hiringhall.store import deliveries, feed, teams, webhooks
from hiringhall.store.database import Tx
from hiringhall.store.feed import Part, Report

LEASE_S = 60
"""How long a sender may be silent: longer than any attempt takes."""


@dataclass(frozen=True, slots=True)
class Job:
    """One delivery to be sent now; `event` is None for a ping."""

    endpoint: Endpoint
    delivery: Delivery
    event: FeedEvent | None


@action
async def claim(tx: Tx, hall: Hall) -> Job | None:
    """Take in hand an endpoint to which something is due; what is to be sent first."""
    while (endpoint := await webhooks.due(tx, now_us=hall.clock())) is not None:
        taken = replace(endpoint, claim=endpoint.claim + 1)
        job = await _next(tx, hall, taken)
        if job is not None:
            return job
    return None


@action
async def settle(tx: Tx, hall: Hall, *, job: Job, answered: Answered, go_on: bool) -> Job | None:
    """Write down what came of an attempt; what is to be sent next, where the sender goes on.

    None where there is nothing, or another has the endpoint in hand by now.
    """
    endpoint = await webhooks.by_id(tx, job.endpoint.id, for_change=True)
    if endpoint is None or endpoint.claim != job.endpoint.claim:
        return None
    delivery = await deliveries.by_id(tx, job.delivery.id)
    if delivery is not None:
        tried = replace(delivery, attempts=delivery.attempts + 1, tries=delivery.tries + 1)
        await deliveries.add_attempt(tx, tried.id, tried.attempts, answered)
        await deliveries.save(tx, _after(tried, answered, hall.clock()))
        endpoint = await _judged(tx, hall, endpoint, answered)
    if not go_on:
        await _let_go(tx, endpoint)
        return None
    return await _next(tx, hall, endpoint)


@action
async def release(tx: Tx, hall: Hall, *, job: Job) -> None:
    """Let go of an endpoint without a word on what was sent; it is sent again."""
    endpoint = await webhooks.by_id(tx, job.endpoint.id, for_change=True)
    if endpoint is not None and endpoint.claim == job.endpoint.claim:
        await _let_go(tx, endpoint)


async def next_due_us(hall: Hall) -> int | None:
    """When there may be something to send next; None where nothing waits."""
    return await hall.database.read(webhooks.next_due_us)


def secrets_of(hall: Hall, endpoint: Endpoint) -> list[str]:
    """What an endpoint's deliveries are signed with now, the newest first.

    A secret that this hall's key does not open is left out.
    """
    sealed = [endpoint.secret_sealed]
    if endpoint.previous_sealed is not None and hall.clock() < (endpoint.previous_until_us or 0):
        sealed.append(endpoint.previous_sealed)
    found: list[str] = []
    for one in sealed:
        try:
            found.append(hall.sealer.open(one, place=place_of(endpoint.id)))
        except CannotOpen:
            continue
    return found


async def _next(tx: Tx, hall: Hall, endpoint: Endpoint) -> Job | None:
    """What is to be sent first, with the lease renewed; None: it is let go of."""
    now_us = hall.clock()
    delivery = None
    if endpoint.state is EndpointState.ENABLED and endpoint.rest_until_us <= now_us:
        delivery = await deliveries.next_of(tx, endpoint.id, now_us=now_us)
    if delivery is None:
        await _let_go(tx, endpoint)
        return None
    held = replace(endpoint, lease_until_us=now_us + LEASE_S * 1_000_000)
    await webhooks.save(tx, held)
    return Job(held, delivery, await _event_of(tx, held, delivery))


async def _event_of(tx: Tx, endpoint: Endpoint, delivery: Delivery) -> FeedEvent | None:
    if delivery.seq is None:
        return None
    whole = Part(endpoint.organization_id)
    (event,) = await feed.onwards(tx, whole, after=delivery.seq - 1, most=1)
    return event


async def _let_go(tx: Tx, endpoint: Endpoint) -> None:
    due_us = await deliveries.next_due_us(tx, endpoint.id)
    if due_us is not None:
        due_us = max(due_us, endpoint.rest_until_us)
    await webhooks.save(tx, replace(endpoint, lease_until_us=0, next_due_us=due_us))


def _after(tried: Delivery, answered: Answered, now_us: int) -> Delivery:
    """A delivery after another attempt."""
    if answered.arrived:
        return replace(tried, state=DeliveryState.DELIVERED, due_at_us=None, ended_at_us=now_us)
    wait_us = None if answered.status == GONE_STATUS else pause_us(tried.tries, answered)
    if wait_us is None:
        return replace(tried, state=DeliveryState.DEAD, due_at_us=None, ended_at_us=now_us)
    return replace(tried, state=DeliveryState.PENDING, due_at_us=now_us + wait_us, ended_at_us=None)


async def _judged(tx: Tx, hall: Hall, endpoint: Endpoint, answered: Answered) -> Endpoint:
    """An endpoint after another attempt: left alone for a while, or switched off for good."""
    now_us = hall.clock()
    if answered.arrived:
        return replace(endpoint, failures=0, failing_since_us=None, rest_until_us=0)
    failures = endpoint.failures + 1
    since_us = endpoint.failing_since_us or now_us
    failing = replace(
        endpoint,
        failures=failures,
        failing_since_us=since_us,
        rest_until_us=now_us + rest_us(failures),
    )
    if endpoint.state is not EndpointState.ENABLED:
        return failing
    if answered.status == GONE_STATUS:
        return await _switched_off(tx, hall, failing, "It answered 410: nothing more is wanted")
    if now_us - since_us >= DISABLED_AFTER_US:
        said = f"Nothing has arrived for five days; at last {answered.why_not}"
        return await _switched_off(tx, hall, failing, said)
    return failing


async def _switched_off(tx: Tx, hall: Hall, endpoint: Endpoint, because: str) -> Endpoint:
    """Send nothing there any more, and say so in the feed.

    Never with the whole address, which may be one that opens something.
    """
    now_us = hall.clock()
    team_id = endpoint.team_id or await teams.default_team_id(tx, endpoint.organization_id)
    host = read_url(endpoint.url).host
    if team_id is not None:
        data = {
            "message": f"The webhook to {host} was switched off. {because}",
            "webhook_id": endpoint.id,
            "host": host,
        }
        await feed.report(
            tx,
            Report(
                organization_id=endpoint.organization_id,
                team_id=team_id,
                task_id=None,
                run_id=None,
                type=ReportedType.WEBHOOK_DISABLED,
                actor=HALL.label,
                said_by=HALL.label,
                data=json.dumps(data),
                at_us=now_us,
            ),
        )
        tx.after_commit(lambda: hall.signals.notify(feed_topic(endpoint.organization_id)))
    return replace(
        endpoint,
        state=EndpointState.DISABLED,
        disabled_because=because,
        updated_at_us=now_us,
    )
