"""Feeds as tests read them: the whole of one, onwards while it grows, and from its end."""

import itertools
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import bindparam, func, select

from hiringhall.actions import feed as feed_actions
from hiringhall.domain.feed import FeedEvent
from hiringhall.domain.policy import Actor
from hiringhall.hall import Hall
from hiringhall.queries import feed
from hiringhall.store.database import Tx
from hiringhall.store.statements import Statement
from hiringhall.store.tables import events

_how_many = Statement(
    select(func.count().label("events")).where(
        events.c.organization_id == bindparam("organization_id")
    ),
    name="how_many_events",
)


def organization_of(actor: Actor) -> str:
    assert actor.organization_id is not None
    return actor.organization_id


async def sequence(hall: Hall, actor: Actor) -> None:
    await feed_actions.sequence(hall, organization_id=organization_of(actor))


async def all_of(hall: Hall, actor: Actor) -> list[FeedEvent]:
    """The whole feed, onwards."""
    await sequence(hall, actor)
    found: list[FeedEvent] = []
    while page := await feed.onwards(
        hall, actor=actor, after=found[-1].seq if found else 0, limit=feed.MOST
    ):
        found += page
    return found


async def count(hall: Hall, actor: Actor) -> int:
    async def look(tx: Tx) -> int:
        row = await tx.one(_how_many, organization_id=organization_of(actor))
        return row.events if row else 0

    return await hall.database.read(look)


def check_order(found: Sequence[FeedEvent]) -> None:
    assert [one.seq for one in found] == list(range(1, len(found) + 1))
    for before, after in itertools.pairwise(found):
        assert after.at_us >= before.at_us + 1_000
    assert all(one.at_us % 1_000 == 0 for one in found)


@dataclass
class Follower:
    """Reads a feed onwards while it grows."""

    hall: Hall
    actor: Actor
    limit: int
    seen: list[FeedEvent] = field(default_factory=list[FeedEvent])

    async def look(self) -> bool:
        """One page; whether there was any."""
        await sequence(self.hall, self.actor)
        after = self.seen[-1].seq if self.seen else 0
        page = await feed.onwards(self.hall, actor=self.actor, after=after, limit=self.limit)
        self.seen += page
        return bool(page)


async def backwards(hall: Hall, actor: Actor, limit: int) -> AsyncIterator[FeedEvent]:
    """The feed from its end, by the printed times as cursors."""
    await sequence(hall, actor)
    before_us: int | None = None
    while page := await feed.newest(hall, actor=actor, before_us=before_us, limit=limit):
        for one in page:
            yield one
        before_us = page[-1].at_us // 1_000 * 1_000
