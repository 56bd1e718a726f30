"""The Agentix door's teams and their playbooks."""

from msgspec import UnsetType

from hiringhall.actions import feed as feed_actions
from hiringhall.actions import teams
from hiringhall.domain import errors
from hiringhall.domain.runs import LIVE
from hiringhall.doors.agentix import wire_teams as wire
from hiringhall.doors.agentix.routes_tasks import answers_of
from hiringhall.doors.agentix.wire import OkAnswer
from hiringhall.doors.agentix.words import id_of, ref
from hiringhall.doors.caller import customer, once_of
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Call, Route
from hiringhall.queries import boards, github, runs
from hiringhall.queries import teams as team_queries
from hiringhall.queries.boards import Filter


async def create_team(desk: Desk, call: Call[wire.TeamBody, None]) -> wire.TeamAnswer:
    """Found a team; it begins with the roles backend-engineer, code-reviewer, frontend-engineer."""
    body = call.body
    once = once_of(
        call,
        organization_id=call.actor.organization_id or "",
        status=201,
        view=wire.team_answer,
    )
    team = await teams.create_team(
        desk.hall.once_only(once),
        actor=call.actor,
        name=body.name,
        goal=body.goal,
        autonomy=body.autonomy,
        config=body.config,
        anthropic_api_key=body.anthropic_api_key,
    )
    return wire.team_answer(team)


async def list_teams(desk: Desk, call: Call[None, None]) -> list[wire.TeamAnswer]:
    """List the customer's teams, oldest first; the first is where other doors' tasks are."""
    found = await team_queries.list_teams(desk.hall, actor=call.actor)
    return [wire.team_answer(team) for team in found]


async def get_team(desk: Desk, call: Call[None, None]) -> wire.TeamDetails:
    """Get a team with what is in it."""
    team_id = id_of("team", call.path["team_id"])
    team = await team_queries.team_view(desk.hall, actor=call.actor, team_id=team_id)
    roles = await team_queries.roles_of(desk.hall, actor=call.actor, team_id=team_id)
    active = await runs.runs_of_team(
        desk.hall, actor=call.actor, team_id=team_id, states=list(LIVE)
    )
    whole = await boards.page_of_team(
        desk.hall, actor=call.actor, team_id=team_id, wanted=Filter(whole=True)
    )
    await feed_actions.sequence(desk.hall, organization_id=team.organization_id)
    tasks = await answers_of(desk, call, whole)
    used = await runs.usage(desk.hall, actor=call.actor, team_id=team_id, limit=0)
    return wire.team_details(team, roles=roles, tasks=tasks, workers=active, used=used.sums)


async def change_team(desk: Desk, call: Call[wire.TeamPatch, None]) -> wire.TeamAnswer:
    """Change a team; `config` is put over what is there, key by key, and null takes a key away."""
    body = call.body
    team = await teams.change_team(
        desk.hall,
        actor=call.actor,
        team_id=id_of("team", call.path["team_id"]),
        name=body.name,
        goal=teams.KEEP if isinstance(body.goal, UnsetType) else body.goal,
        autonomy=body.autonomy,
        config=body.config,
        anthropic_api_key=teams.KEEP
        if isinstance(body.anthropic_api_key, UnsetType)
        else body.anthropic_api_key,
    )
    return wire.team_answer(team)


async def get_playbook(desk: Desk, call: Call[None, None]) -> wire.PlaybookAnswer:
    """Get the team's playbook: the policy that is read before every session."""
    team_id = id_of("team", call.path["team_id"])
    team = await team_queries.team_view(desk.hall, actor=call.actor, team_id=team_id)
    return wire.PlaybookAnswer(ref("team", team.id), team.playbook)


async def set_playbook(desk: Desk, call: Call[wire.PlaybookBody, None]) -> OkAnswer:
    """Set or replace the team's playbook."""
    await teams.set_playbook(
        desk.hall,
        actor=call.actor,
        team_id=id_of("team", call.path["team_id"]),
        playbook=call.body.playbook,
    )
    return OkAnswer()


async def github_activity(desk: Desk, call: Call[None, None]) -> wire.ActivityAnswer:
    """Ask GitHub, in the team's name, for recent commits and open pull requests.

    What the team can mend is 400 and says so: no repository, no token, one that GitHub does not
    accept. Where GitHub itself does not do its part it is 502.
    """
    team_id = id_of("team", call.path["team_id"])
    found = await github.github_activity(desk.hall, actor=call.actor, team_id=team_id)
    return wire.ActivityAnswer(found.commits, found.pulls)


_SEES = (errors.Unauthorized, errors.NotYours, errors.NotFound)

ROUTES: tuple[Route[Desk], ...] = (
    Route(
        "POST",
        "/teams",
        create_team,
        {201: wire.TeamAnswer},
        "Create a team",
        body=wire.TeamBody,
        who=customer,
        raises=(errors.Unauthorized, errors.IdempotencyConflict),
        once=True,
    ),
    Route(
        "GET",
        "/teams",
        list_teams,
        {200: wire.TeamAnswer},
        "List teams",
        who=customer,
        raises=(errors.Unauthorized,),
        many=True,
    ),
    Route(
        "GET",
        "/teams/{team_id}",
        get_team,
        {200: wire.TeamDetails},
        "Get a team",
        who=customer,
        raises=_SEES,
    ),
    Route(
        "PATCH",
        "/teams/{team_id}",
        change_team,
        {200: wire.TeamAnswer},
        "Change a team",
        body=wire.TeamPatch,
        who=customer,
        raises=_SEES,
    ),
    Route(
        "GET",
        "/teams/{team_id}/playbook",
        get_playbook,
        {200: wire.PlaybookAnswer},
        "Get the playbook",
        who=customer,
        raises=_SEES,
    ),
    Route(
        "PUT",
        "/teams/{team_id}/playbook",
        set_playbook,
        {200: OkAnswer},
        "Set the playbook",
        body=wire.PlaybookBody,
        who=customer,
        raises=_SEES,
    ),
    Route(
        "GET",
        "/teams/{team_id}/github-activity",
        github_activity,
        {200: wire.ActivityAnswer},
        "Commits and pull requests",
        who=customer,
        raises=(*_SEES, errors.Invalid, errors.Unreachable),
    ),
)
