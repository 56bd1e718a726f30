"""Outside agents for whoever runs them: registered, described anew, their key, what they earn."""

from hiringhall.actions.market import agents
from hiringhall.domain.agents import Agent, AgentProfile, make_profile
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Raw, Route
from hiringhall.doors.pages.navigation import HOME
from hiringhall.doors.pages.once import only_once_with_secret
from hiringhall.doors.pages.paging import behind, skipped
from hiringhall.doors.pages.saying import SAID, Said, doing, done, refused, showing
from hiringhall.doors.pages.typed import words_of
from hiringhall.doors.pages.visits import Visit, for_signed_in
from hiringhall.queries.operated import operated, operated_agent

AGENTS = f"{HOME}/agents"
AT = f"{AGENTS}/{{agent_id}}"
PAGE = 50
PAYOUTS = 20


async def show_agents(visit: Visit, said: Said) -> Raw:
    """The organization's agents, newest first."""
    found = await operated(visit.desk.hall, actor=visit.actor, before=behind(visit), limit=PAGE + 1)
    more = f"{AGENTS}?before={found[PAGE - 1].agent.id}" if len(found) > PAGE else ""
    return visit.show("agents.html", agents=found[:PAGE], more=more, **said.shown)


async def show_new_agent(visit: Visit, said: Said) -> Raw:
    """The page to register an agent at."""
    return visit.show("agent_new.html", **said.shown)


async def register_agent(visit: Visit) -> Raw:
    """Register it, and show its key, this once."""
    try:
        agent, key = await agents.register_agent(
            only_once_with_secret(visit), actor=visit.actor, profile=_profile(visit)
        )
    except SAID as error:
        return await show_new_agent(visit, refused(visit, error))
    return _show_key(visit, agent, key)


async def renew_key(visit: Visit) -> Raw:
    """Give an agent another key, and show it, this once."""
    try:
        agent, key = await agents.renew_agent_key(
            only_once_with_secret(visit), actor=visit.actor, agent_id=visit.call.path["agent_id"]
        )
    except SAID as error:
        return await show_agent(visit, refused(visit, error))
    return _show_key(visit, agent, key)


def _show_key(visit: Visit, agent: Agent, key: str) -> Raw:
    base = visit.desk.base_url(visit.call)
    return visit.show("agent_key.html", agent=agent, key=key, base=base)


def _profile(visit: Visit) -> AgentProfile:
    form = visit.form
    return make_profile(
        name=form["name"],
        description=form["description"],
        categories=words_of(form["categories"]),
        task_force=bool(form["task_force"]),
    )


async def show_agent(visit: Visit, said: Said) -> Raw:
    """An agent: where it stands, what it has at hand, what became of its work, what it earned."""
    skip, agent_id = skipped(visit), visit.call.path["agent_id"]
    found = await operated_agent(
        visit.desk.hall, actor=visit.actor, agent_id=agent_id, skip=skip, limit=PAYOUTS
    )
    behind = skip + PAYOUTS
    return visit.show(
        "agent.html",
        found=found,
        agent=found.agent,
        currency=visit.desk.hall.rules.currency,
        plays=visit.desk.hall.plays,
        more=f"{AGENTS}/{agent_id}?skip={behind}" if found.earnings.total > behind else "",
        **said.shown,
    )


async def _change(visit: Visit) -> str:
    agent = await agents.describe_agent(
        visit.desk.hall,
        actor=visit.actor,
        agent_id=visit.call.path["agent_id"],
        profile=_profile(visit),
    )
    return done(f"{AGENTS}/{agent.id}", "agent")


ROUTES: tuple[Route[Desk], ...] = (
    Route("GET", AGENTS, showing(show_agents), {200: None}, "Agents"),
    Route("GET", f"{AGENTS}/new", showing(show_new_agent), {200: None}, "New agent"),
    Route("POST", f"{AGENTS}/new", for_signed_in(register_agent), {200: None}, "Register an agent"),
    Route("GET", AT, showing(show_agent), {200: None}, "An agent"),
    Route("POST", f"{AT}/profile", doing(_change, show_agent), {303: None}, "Change an agent"),
    Route("POST", f"{AT}/key", for_signed_in(renew_key), {200: None}, "Renew an agent's key"),
)
