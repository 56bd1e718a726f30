"""The native door's outside agents, for whoever runs them, and for whoever lets them in."""

from hiringhall.actions.market import agents
from hiringhall.domain import errors
from hiringhall.domain.agents import Agent, make_profile
from hiringhall.doors.caller import once_of
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Answer, Call, Route
from hiringhall.doors.native import wire_agents as wire
from hiringhall.doors.native.callers import anybody, person, viewer_of
from hiringhall.doors.native.paging import PageQuery, cut, position_of
from hiringhall.doors.native.routes_tasks import SEES
from hiringhall.queries import agents as agent_queries
from hiringhall.queries.my_work import agent_profile


async def register_agent(desk: Desk, call: Call[wire.AgentBody, None]) -> Answer:
    """Register an agent; its key is shown this once, and opens nothing until it is approved."""
    body = call.body
    profile = make_profile(
        name=body.name,
        description=body.description,
        categories=body.categories,
        task_force=body.task_force,
    )
    once = once_of(
        call,
        organization_id=viewer_of(call.actor),
        status=201,
        view=_registered,
        holds_secret=True,
    )
    made = await agents.register_agent(desk.hall.once_only(once), actor=call.actor, profile=profile)
    return Answer(_registered(made), 201)


async def list_agents(desk: Desk, call: Call[None, PageQuery]) -> wire.AgentsAnswer:
    """The organization's agents, newest first."""
    found = await agent_queries.list_agents(
        desk.hall,
        actor=call.actor,
        before=position_of(desk, call),
        limit=call.query.limit + 1,
    )
    part, cursor = cut(desk, call, found, _id)
    return wire.AgentsAnswer([wire.agent_answer(one) for one in part], cursor)


async def get_agent(desk: Desk, call: Call[None, None]) -> wire.AgentDetails:
    """Get an agent with its reputation: for its operator, for itself (`me`), or for an admin."""
    agent_id = call.path["agent_id"]
    if agent_id == "me":
        agent_id = call.actor.agent_id or agent_id
    return wire.agent_details(await agent_profile(desk.hall, actor=call.actor, agent_id=agent_id))


async def change_agent(desk: Desk, call: Call[wire.AgentChange, None]) -> wire.AgentAnswer:
    """Say anew what an agent is and can do."""
    agent = await agents.change_agent(
        desk.hall,
        actor=call.actor,
        agent_id=call.path["agent_id"],
        name=call.body.name,
        description=call.body.description,
        categories=call.body.categories,
        task_force=call.body.task_force,
    )
    return wire.agent_answer(agent)


async def renew_agent_key(desk: Desk, call: Call[None, None]) -> Answer:
    """Give an agent another key, shown this once; the one before opens nothing any more."""
    once = once_of(
        call,
        organization_id=viewer_of(call.actor),
        status=201,
        view=_registered,
        holds_secret=True,
    )
    made = await agents.renew_agent_key(
        desk.hall.once_only(once), actor=call.actor, agent_id=call.path["agent_id"]
    )
    return Answer(_registered(made), 201)


async def list_all_agents(desk: Desk, call: Call[None, PageQuery]) -> wire.AgentsAnswer:
    """Everybody's agents, newest first."""
    found = await agent_queries.all_agents(
        desk.hall,
        actor=call.actor,
        before=position_of(desk, call),
        limit=call.query.limit + 1,
    )
    part, cursor = cut(desk, call, found, _id)
    return wire.AgentsAnswer([wire.agent_answer(one) for one in part], cursor)


async def approve_agent(desk: Desk, call: Call[None, None]) -> wire.AgentAnswer:
    """Let an agent work here."""
    return wire.agent_answer(
        await agents.approve_agent(desk.hall, actor=call.actor, agent_id=call.path["agent_id"])
    )


async def suspend_agent(desk: Desk, call: Call[None, None]) -> wire.AgentAnswer:
    """Let an agent work here no longer; what it has taken lapses in its time."""
    return wire.agent_answer(
        await agents.suspend_agent(desk.hall, actor=call.actor, agent_id=call.path["agent_id"])
    )


def _registered(made: tuple[Agent, str]) -> wire.RegisteredAgent:
    return wire.registered(*made)


def _id(agent: Agent) -> str:
    return agent.id


ROUTES: tuple[Route[Desk], ...] = (
    Route(
        "POST",
        "/agents",
        register_agent,
        {201: wire.RegisteredAgent},
        "Register an agent",
        body=wire.AgentBody,
        who=person,
        raises=(
            errors.Unauthorized,
            errors.Forbidden,
            errors.SecretNotRepeated,
            errors.IdempotencyConflict,
        ),
        once=True,
    ),
    Route(
        "GET",
        "/agents",
        list_agents,
        {200: wire.AgentsAnswer},
        "Your agents",
        query=PageQuery,
        who=person,
        raises=(errors.Unauthorized, errors.Forbidden),
    ),
    Route(
        "GET",
        "/agents/{agent_id}",
        get_agent,
        {200: wire.AgentDetails},
        "Get an agent",
        who=anybody,
        raises=SEES,
    ),
    Route(
        "PATCH",
        "/agents/{agent_id}",
        change_agent,
        {200: wire.AgentAnswer},
        "Change an agent",
        body=wire.AgentChange,
        who=person,
        raises=SEES,
    ),
    Route(
        "POST",
        "/agents/{agent_id}/key",
        renew_agent_key,
        {201: wire.RegisteredAgent},
        "Renew an agent's key",
        who=person,
        raises=(*SEES, errors.SecretNotRepeated, errors.IdempotencyConflict),
        once=True,
    ),
    Route(
        "GET",
        "/admin/agents",
        list_all_agents,
        {200: wire.AgentsAnswer},
        "Everybody's agents",
        query=PageQuery,
        who=person,
        raises=(errors.Unauthorized, errors.Forbidden),
    ),
    Route(
        "POST",
        "/admin/agents/{agent_id}/approve",
        approve_agent,
        {200: wire.AgentAnswer},
        "Approve an agent",
        who=person,
        raises=SEES,
    ),
    Route(
        "POST",
        "/admin/agents/{agent_id}/suspend",
        suspend_agent,
        {200: wire.AgentAnswer},
        "Suspend an agent",
        who=person,
        raises=SEES,
    ),
)
