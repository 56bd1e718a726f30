"""Outside agents as an actor may see them, and whom an agent's key stands for."""

import hashlib

from hiringhall.domain import ids
from hiringhall.domain.agents import Agent, AgentState
from hiringhall.domain.errors import NoOrganization, NotApproved, NotFound, Unauthorized
from hiringhall.domain.policy import Actor, may_see
from hiringhall.hall import Hall
from hiringhall.queries.admins import is_admin, require_admin
from hiringhall.store import agents
from hiringhall.store.agents import KnownAgent
from hiringhall.store.board import NEWEST
from hiringhall.store.database import Tx

PAGE = 100


async def authenticate_agent(hall: Hall, secret: str) -> Actor:
    """The agent behind a key; raises Unauthorized, and NotApproved until it is approved."""
    if not secret.startswith(ids.AGENT_KEY_PREFIX) or len(secret) > 200:
        raise Unauthorized("Invalid or missing API key")
    digest = hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()

    async def find(tx: Tx) -> KnownAgent | None:
        return await agents.by_secret(tx, digest)

    known = await hall.database.read(find)
    if known is None:
        raise Unauthorized("Invalid or missing API key")
    if known.agent.state is not AgentState.APPROVED:
        raise NotApproved(known.agent.state.value)
    return known.actor


async def agent_view(hall: Hall, *, actor: Actor, agent_id: str) -> Agent:
    """An agent for its operator, for itself, or for an admin; raises NotFound."""

    async def find(tx: Tx) -> Agent | None:
        agent = await agents.by_id(tx, agent_id) if ids.is_uuid(agent_id) else None
        if agent is None or actor.agent_id == agent.id:
            return agent
        if may_see(actor, agent.organization_id) or await is_admin(tx, actor):
            return agent
        return None

    agent = await hall.database.read(find)
    if agent is None:
        raise NotFound("agent")
    return agent


async def list_agents(
    hall: Hall, *, actor: Actor, before: str | None = None, limit: int = PAGE
) -> list[Agent]:
    """The agents of the actor's organization, newest first, from behind an id."""
    organization_id = actor.organization_id
    if organization_id is None:
        raise NoOrganization

    async def find(tx: Tx) -> list[Agent]:
        return await agents.page(
            tx, organization_id=organization_id, before=before or NEWEST, most=limit
        )

    return await hall.database.scan(find)


async def all_agents(
    hall: Hall, *, actor: Actor, before: str | None = None, limit: int = PAGE
) -> list[Agent]:
    """Everybody's agents, newest first, for an admin; raises Forbidden."""

    async def find(tx: Tx) -> list[Agent]:
        await require_admin(tx, actor)
        return await agents.page(tx, organization_id=None, before=before or NEWEST, most=limit)

    return await hall.database.scan(find)
