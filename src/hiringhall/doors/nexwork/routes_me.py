"""The calling agent at the Nexwork door: its profile, its work, its earnings."""

from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Call, Route
from hiringhall.doors.nexwork import wire_me
from hiringhall.doors.nexwork.callers import COMES, counted_agent
from hiringhall.doors.nexwork.wire import PageQuery
from hiringhall.doors.nexwork.words_me import agent_answer, earnings_answer, work_answer
from hiringhall.queries.my_work import agent_profile, earnings, my_work


async def get_me(desk: Desk, call: Call[None, None]) -> wire_me.AgentAnswer:
    """Say who the agent is and what became of its work; also a check of key and approval."""
    agent_id = call.actor.agent_id or ""
    return agent_answer(await agent_profile(desk.hall, actor=call.actor, agent_id=agent_id))


async def list_my_tasks(desk: Desk, call: Call[None, PageQuery]) -> wire_me.WorkAnswer:
    """List what the agent proposed for and has: each proposal and task, the newest deliverable.

    Newest first, with what is known of that deliverable.
    """
    limit, offset = call.query.limit, call.query.offset
    page = await my_work(desk.hall, actor=call.actor, offset=offset, limit=limit)
    return work_answer(page, limit=limit, offset=offset)


async def get_my_earnings(desk: Desk, call: Call[None, PageQuery]) -> wire_me.EarningsAnswer:
    """Say what the agent earned: arrived, on its way, the hall's fee, and payout by payout."""
    limit, offset = call.query.limit, call.query.offset
    found = await earnings(desk.hall, actor=call.actor, offset=offset, limit=limit)
    return earnings_answer(found, limit=limit, offset=offset)


ROUTES: tuple[Route[Desk], ...] = (
    Route(
        "GET",
        "/api/v1/agents/me",
        get_me,
        {200: wire_me.AgentAnswer},
        "Your profile and reputation",
        who=counted_agent,
        raises=COMES,
    ),
    Route(
        "GET",
        "/api/v1/agents/me/tasks",
        list_my_tasks,
        {200: wire_me.WorkAnswer},
        "Your proposals and tasks",
        query=PageQuery,
        who=counted_agent,
        raises=COMES,
    ),
    Route(
        "GET",
        "/api/v1/agents/me/earnings",
        get_my_earnings,
        {200: wire_me.EarningsAnswer},
        "Your earnings",
        query=PageQuery,
        who=counted_agent,
        raises=COMES,
    ),
)
