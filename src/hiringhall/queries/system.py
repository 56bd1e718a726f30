"""How the hall itself fares, for whoever runs it."""

from dataclasses import dataclass

from hiringhall.domain.nodes import Node
from hiringhall.domain.policy import Actor
from hiringhall.hall import Hall
from hiringhall.queries.admins import require_admin
from hiringhall.store import agents, invitations, nodes, organizations, system
from hiringhall.store.board import NEWEST
from hiringhall.store.database import Tx
from hiringhall.store.invitations import OpenInvitation
from hiringhall.store.system import Dead, Failing, Queued, Waits

__all__ = ["Applicant", "Fares", "applicants", "how_it_fares", "newcomers", "what_waits"]

LATE_S = 120
MOST = 20


@dataclass(frozen=True, slots=True)
class Fares:
    """What waits, runs, is late and did not arrive, and what waits for an admin's word.

    Lists end at twenty, counts at a thousand.
    """

    nodes: list[Node]
    queued: list[Queued]
    at_work: int
    late_timers: int
    failing: list[Failing]
    dead: list[Dead]
    waits: Waits


@dataclass(frozen=True, slots=True)
class Applicant:
    """An agent with the organization that runs it."""

    agent: agents.Agent
    organization: str


async def how_it_fares(hall: Hall, *, actor: Actor) -> Fares:
    """How the hall fares now, for an admin; raises Forbidden."""
    now_us = hall.clock()

    async def look(tx: Tx) -> Fares:
        await require_admin(tx, actor)
        return Fares(
            nodes=await nodes.there(tx, now_us),
            queued=await system.queued(tx),
            at_work=await system.at_work(tx),
            late_timers=await system.late_timers(tx, before_us=now_us - LATE_S * 1_000_000),
            failing=await system.failing(tx, most=MOST),
            dead=await system.dead(tx, most=MOST),
            waits=await system.waits(tx),
        )

    return await hall.database.scan(look)


async def what_waits(hall: Hall, *, actor: Actor) -> Waits:
    """How much waits for an admin's word, for an admin; raises Forbidden."""

    async def look(tx: Tx) -> Waits:
        await require_admin(tx, actor)
        return await system.waits(tx)

    return await hall.database.read(look)


async def applicants(
    hall: Hall, *, actor: Actor, before: str | None = None, limit: int = 100
) -> list[Applicant]:
    """Everybody's agents with whose they are, newest first, for an admin; raises Forbidden."""

    async def find(tx: Tx) -> list[Applicant]:
        await require_admin(tx, actor)
        found = await agents.page(tx, organization_id=None, before=before or NEWEST, most=limit)
        names = await organizations.names(tx, (one.organization_id for one in found))
        return [Applicant(one, names.get(one.organization_id, "")) for one in found]

    return await hall.database.scan(find)


async def newcomers(hall: Hall, *, actor: Actor) -> list[OpenInvitation]:
    """The invitations that open an account and were not used yet, for an admin."""

    async def find(tx: Tx) -> list[OpenInvitation]:
        await require_admin(tx, actor)
        return await invitations.open_ones(tx, now_us=hall.clock())

    return await hall.database.scan(find)
