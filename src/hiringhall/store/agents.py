"""Outside agents: who runs them, what they can do, and whether they may work here."""

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, func, select, update

from hiringhall.domain.agents import Agent, AgentProfile, AgentState
from hiringhall.domain.market import GENERAL, AssignmentState
from hiringhall.domain.policy import Actor, ActorKind
from hiringhall.store.database import Tx
from hiringhall.store.rows import insert_row
from hiringhall.store.statements import Statement, any_of, contains
from hiringhall.store.tables import agents, assignments


@dataclass(frozen=True, slots=True)
class KnownAgent:
    """Who a key belongs to, and whether that agent may work here."""

    actor: Actor
    agent: Agent


_columns = [column for column in agents.columns if column.name != "secret_sha256"]

_insert = Statement(insert_row(agents), name="insert_agent")
_by_id = Statement(select(*_columns).where(agents.c.id == bindparam("agent")), name="agent_by_id")
_working = Statement(
    select(*_columns).where(agents.c.id == bindparam("agent")).with_for_update(read=True),
    name="agent_at_work",
)
_by_secret = Statement(
    select(*_columns).where(agents.c.secret_sha256 == bindparam("secret_sha256")),
    name="agent_by_secret",
)
_by_ids = Statement(
    select(*_columns).where(any_of(agents.c.id, "ids")).order_by(agents.c.id), name="agents_by_id"
)
_of_organization = Statement(
    select(*_columns)
    .where(agents.c.organization_id == bindparam("organization"), agents.c.id < bindparam("before"))
    .order_by(agents.c.id.desc())
    .limit(bindparam("most")),
    name="agents_of_organization",
)
_held_back = Statement(
    select(*_columns)
    .where(
        agents.c.organization_id == bindparam("organization"),
        agents.c.state != AgentState.APPROVED.value,
    )
    .order_by(agents.c.id.desc())
    .limit(bindparam("most")),
    name="agents_held_back",
)
_all = Statement(
    select(*_columns)
    .where(agents.c.id < bindparam("before"))
    .order_by(agents.c.id.desc())
    .limit(bindparam("most")),
    name="all_agents",
)
_load = (
    select(func.count())
    .where(
        assignments.c.worker_id == agents.c.id,
        assignments.c.state == AssignmentState.ACTIVE.value,
    )
    .scalar_subquery()
)
_idlest = Statement(
    select(*_columns)
    .where(
        agents.c.task_force == 1,
        agents.c.state == AgentState.APPROVED.value,
        agents.c.organization_id != bindparam("poster"),
        contains(agents.c.categories, "named"),
    )
    .order_by(_load, agents.c.id)
    .limit(bindparam("most")),
    name="idlest_task_force_agents",
)
_listed = Statement(
    select(agents.c.categories)
    .where(agents.c.task_force == 1, agents.c.state == AgentState.APPROVED.value)
    .order_by(agents.c.id)
    .limit(bindparam("most")),
    name="categories_of_task_force",
)
_set_state = Statement(
    update(agents)
    .where(agents.c.id == bindparam("agent"))
    .values(state=bindparam("new_state"), updated_at_us=bindparam("at_us")),
    name="set_agent_state",
)
_set_key = Statement(
    update(agents)
    .where(agents.c.id == bindparam("agent"))
    .values(
        secret_sha256=bindparam("digest"),
        key_prefix=bindparam("prefix"),
        updated_at_us=bindparam("at_us"),
    ),
    name="set_agent_key",
)
_set_profile = Statement(
    update(agents)
    .where(agents.c.id == bindparam("agent"))
    .values(
        name=bindparam("new_name"),
        description=bindparam("about"),
        categories=bindparam("listed"),
        task_force=bindparam("opted_in"),
        updated_at_us=bindparam("at_us"),
    ),
    name="set_agent_profile",
)


async def add(tx: Tx, agent: Agent, *, secret_sha256: bytes) -> None:
    """Write an agent down by the hash of its key."""
    await tx.run(
        _insert,
        id=agent.id,
        organization_id=agent.organization_id,
        created_by=agent.created_by,
        name=agent.name,
        description=agent.description,
        categories=json.dumps(agent.categories),
        task_force=int(agent.task_force),
        state=agent.state.value,
        secret_sha256=secret_sha256,
        key_prefix=agent.key_prefix,
        created_at_us=agent.created_at_us,
        updated_at_us=agent.updated_at_us,
    )


async def by_id(tx: Tx, agent_id: str) -> Agent | None:
    """An agent as it stands."""
    row = await tx.one(_by_id, agent=agent_id)
    return None if row is None else _to_agent(row)


async def at_work(tx: Tx, agent_id: str) -> Agent | None:
    """The same, and nobody suspends it before this transaction is over."""
    row = await tx.one(_working, agent=agent_id)
    return None if row is None else _to_agent(row)


async def by_ids(tx: Tx, agent_ids: list[str]) -> dict[str, Agent]:
    """Several agents by their ids."""
    return {row.id: _to_agent(row) for row in await tx.all(_by_ids, ids=agent_ids)}


async def by_secret(tx: Tx, secret_sha256: bytes) -> KnownAgent | None:
    """Whose key it is, by the hash of its secret; None where it opens nothing."""
    row = await tx.one(_by_secret, secret_sha256=secret_sha256)
    if row is None:
        return None
    actor = Actor(
        kind=ActorKind.AGENT,
        name=row.name,
        agent_id=row.id,
        operator_id=row.organization_id,
    )
    return KnownAgent(actor, _to_agent(row))


async def page(tx: Tx, *, organization_id: str | None, before: str, most: int) -> list[Agent]:
    """An organization's agents, or everybody's (None), newest first, from behind an id."""
    if organization_id is None:
        rows = await tx.all(_all, before=before, most=most)
    else:
        rows = await tx.all(
            _of_organization, organization=organization_id, before=before, most=most
        )
    return [_to_agent(row) for row in rows]


async def held_back(tx: Tx, *, organization_id: str, most: int) -> list[Agent]:
    """An organization's agents that may not work, newest first."""
    rows = await tx.all(_held_back, organization=organization_id, most=most)
    return [_to_agent(row) for row in rows]


async def idlest_for(tx: Tx, category: str, *, not_of: str | None, most: int) -> list[Agent]:
    """Approved agents that work in teams and may have a category, who has least to do first.

    Those of an organization are left out: nobody does its own work.
    """
    # As the JSON array has it; `general` everybody may have, whether it is named or not.
    named = "" if category == GENERAL else json.dumps(category)
    rows = await tx.all(_idlest, poster=not_of or "", named=named, most=most)
    return [_to_agent(row) for row in rows]


async def task_force_categories(tx: Tx, *, most: int) -> set[str]:
    """The categories that approved agents have who can work in a team, so many agents looked at."""
    return {
        category
        for row in await tx.all(_listed, most=most)
        for category in json.loads(row.categories)
    }


async def set_state(tx: Tx, agent_id: str, state: AgentState, *, at_us: int) -> None:
    """Say whether an agent may work here."""
    await tx.run(_set_state, agent=agent_id, new_state=state.value, at_us=at_us)


async def set_key(tx: Tx, agent_id: str, *, secret_sha256: bytes, prefix: str, at_us: int) -> None:
    """Give an agent another key; the one before opens nothing any more."""
    await tx.run(_set_key, agent=agent_id, digest=secret_sha256, prefix=prefix, at_us=at_us)


async def set_profile(tx: Tx, agent_id: str, profile: AgentProfile, *, at_us: int) -> None:
    """Keep what an operator says of an agent."""
    await tx.run(
        _set_profile,
        agent=agent_id,
        new_name=profile.name,
        about=profile.description,
        listed=json.dumps(profile.categories),
        opted_in=int(profile.task_force),
        at_us=at_us,
    )


def _to_agent(row: Any) -> Agent:
    return Agent(
        id=row.id,
        organization_id=row.organization_id,
        created_by=row.created_by,
        name=row.name,
        description=row.description,
        categories=tuple(json.loads(row.categories)),
        task_force=bool(row.task_force),
        state=AgentState(row.state),
        key_prefix=row.key_prefix,
        created_at_us=row.created_at_us,
        updated_at_us=row.updated_at_us,
    )
