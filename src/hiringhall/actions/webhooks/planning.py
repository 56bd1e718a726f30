"""Makes the deliveries that an organization's feed asks for: each event once for each endpoint.

They are derived from the feed's order, and not written with the events: so whoever writes pays
nothing for them, and the place up to which an endpoint has its deliveries moves in the commit that
makes them. What was missed by a process that died is made by the next that looks.
"""

from dataclasses import replace

from hiringhall.actions.feed import sequence
from hiringhall.actions.following import words_of
from hiringhall.actions.transaction import action
from hiringhall.domain.webhooks import Endpoint
from hiringhall.hall import Hall
from hiringhall.store import deliveries, feed, webhooks
from hiringhall.store.database import Tx

PAGE = 200
"""Events for which an endpoint's deliveries are made in one transaction."""


async def plan(hall: Hall, *, organization_id: str) -> None:
    """Make what is to be made for an organization; where it has no endpoint, only look."""

    async def look(tx: Tx) -> bool:
        return await webhooks.has_any(tx, organization_id)

    if not await hall.database.read(look):
        return
    await sequence(hall, organization_id=organization_id)
    while await _plan_page(hall, organization_id=organization_id):
        pass


async def organizations(hall: Hall) -> list[str]:
    """Those that have anything sent."""
    return await hall.database.read(webhooks.organizations)


@action
async def _plan_page(tx: Tx, hall: Hall, *, organization_id: str) -> bool:
    """One page for each endpoint; whether there may be more."""
    more = False
    endpoints = await webhooks.to_plan(tx, organization_id)
    newest = await feed.newest_place(tx, organization_id)
    for endpoint in endpoints:
        if endpoint.cursor < newest:
            more |= await _plan_for(tx, hall, endpoint, newest=newest)
    return more


async def _plan_for(tx: Tx, hall: Hall, endpoint: Endpoint, *, newest: int) -> bool:
    found = await deliveries.places(
        tx,
        organization_id=endpoint.organization_id,
        team_id=endpoint.team_id,
        words=None if endpoint.types is None else words_of(endpoint.types),
        after=endpoint.cursor,
        newest=newest,
        most=PAGE,
    )
    full = len(found) == PAGE
    now_us = hall.clock()
    now = replace(endpoint, cursor=found[-1].seq if full else newest)
    if found:
        rows = [(hall.new_id(), one.seq, _type_of(one.word)) for one in found]
        await deliveries.add_all(tx, endpoint.id, rows, now_us=now_us)
        due_us = max(now_us, endpoint.rest_until_us)
        now = replace(now, next_due_us=min(due_us, endpoint.next_due_us or due_us))
    await webhooks.save(tx, now)
    return full


def _type_of(word: str) -> str:
    """An event's type out of what it is filtered by: `type.state`, or `reported.type`."""
    first, _, rest = word.partition(".")
    return rest if first == "reported" else first
