"""Outside agents: registered by the organization that runs them, let in by an admin."""

import hashlib
import secrets
from collections.abc import Sequence

from hiringhall.actions.access import tell_shut
from hiringhall.actions.transaction import action
from hiringhall.domain import ids
from hiringhall.domain.agents import Agent, AgentProfile, AgentState, make_profile
from hiringhall.domain.errors import NoOrganization, NotFound
from hiringhall.domain.policy import Actor, ActorKind, may_see
from hiringhall.hall import Hall
from hiringhall.queries.admins import is_admin, require_admin
from hiringhall.store import agents, timers
from hiringhall.store.database import Tx

SHOWN_PREFIX_LENGTH = 12


@action
async def register_agent(
    tx: Tx, hall: Hall, *, actor: Actor, profile: AgentProfile
) -> tuple[Agent, str]:
    """Register an agent for the actor's organization, and its key, which is shown this once.

    It may work when an admin has approved it. Raises NoOrganization.
    """
    if actor.kind is not ActorKind.USER or actor.organization_id is None:
        raise NoOrganization
    secret, now_us = _new_secret(), hall.clock()
    agent = Agent(
        id=hall.new_id(),
        organization_id=actor.organization_id,
        created_by=actor.user_id,
        name=profile.name,
        description=profile.description,
        categories=profile.categories,
        task_force=profile.task_force,
        state=AgentState.PENDING,
        key_prefix=secret[:SHOWN_PREFIX_LENGTH],
        created_at_us=now_us,
        updated_at_us=now_us,
    )
    await agents.add(tx, agent, secret_sha256=_digest(secret))
    return agent, secret


@action
async def describe_agent(
    tx: Tx, hall: Hall, *, actor: Actor, agent_id: str, profile: AgentProfile
) -> Agent:
    """Say anew what an agent is and can do; raises NotFound."""
    agent = await _load(tx, actor=actor, agent_id=agent_id)
    await agents.set_profile(tx, agent.id, profile, at_us=hall.clock())
    return await _load(tx, actor=actor, agent_id=agent_id)


@action
async def change_agent(
    tx: Tx,
    hall: Hall,
    *,
    actor: Actor,
    agent_id: str,
    name: str | None = None,
    description: str | None = None,
    categories: Sequence[str] | None = None,
    task_force: bool | None = None,
) -> Agent:
    """Say some of it anew, and leave the rest (None) as it is; raises NotFound and Invalid."""
    agent = await _load(tx, actor=actor, agent_id=agent_id)
    profile = make_profile(
        name=agent.name if name is None else name,
        description=agent.description if description is None else description,
        categories=agent.categories if categories is None else categories,
        task_force=agent.task_force if task_force is None else task_force,
    )
    await agents.set_profile(tx, agent.id, profile, at_us=hall.clock())
    return await _load(tx, actor=actor, agent_id=agent_id)


@action
async def renew_agent_key(tx: Tx, hall: Hall, *, actor: Actor, agent_id: str) -> tuple[Agent, str]:
    """Give an agent another key, shown this once; the one before opens nothing any more.

    Raises NotFound.
    """
    agent = await _load(tx, actor=actor, agent_id=agent_id)
    secret = _new_secret()
    await agents.set_key(
        tx,
        agent.id,
        secret_sha256=_digest(secret),
        prefix=secret[:SHOWN_PREFIX_LENGTH],
        at_us=hall.clock(),
    )
    tell_shut(tx, hall, agent.id)
    return await _load(tx, actor=actor, agent_id=agent_id), secret


@action
async def approve_agent(tx: Tx, hall: Hall, *, actor: Actor, agent_id: str) -> Agent:
    """Let an agent work here; raises Forbidden and NotFound."""
    return await _decide(tx, hall, actor=actor, agent_id=agent_id, state=AgentState.APPROVED)


@action
async def suspend_agent(tx: Tx, hall: Hall, *, actor: Actor, agent_id: str) -> Agent:
    """Let an agent work here no longer: what it has taken is offered to others at once.

    What it has handed in stays to be decided. Raises Forbidden and NotFound.
    """
    return await _decide(tx, hall, actor=actor, agent_id=agent_id, state=AgentState.SUSPENDED)


async def _decide(tx: Tx, hall: Hall, *, actor: Actor, agent_id: str, state: AgentState) -> Agent:
    await require_admin(tx, actor)
    agent = await _load(tx, actor=actor, agent_id=agent_id)
    if agent.state is not state:
        await agents.set_state(tx, agent.id, state, at_us=hall.clock())
        tell_shut(tx, hall, agent.id)
        if state is AgentState.SUSPENDED:
            await _leave(tx, hall, agent.id)
    return await _load(tx, actor=actor, agent_id=agent_id)


async def _leave(tx: Tx, hall: Hall, agent_id: str) -> None:
    """A clock for each task that it has, which locks that one alone (`market.taking_back`)."""
    if await timers.worker_is_gone(tx, agent_id, at_us=hall.clock()):
        tx.after_commit(hall.engine.wake)


async def _load(tx: Tx, *, actor: Actor, agent_id: str) -> Agent:
    agent = await agents.by_id(tx, agent_id) if ids.is_uuid(agent_id) else None
    if agent is None:
        raise NotFound("agent")
    if not may_see(actor, agent.organization_id) and not await is_admin(tx, actor):
        raise NotFound("agent")
    return agent


def _new_secret() -> str:
    return ids.AGENT_KEY_PREFIX + secrets.token_urlsafe(32)


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
