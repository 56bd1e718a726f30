"""What a team is set to: its name and goal, its repository and sealed values, and its playbook."""

import json
from typing import Any, cast

from hiringhall.actions import teams
from hiringhall.domain.errors import Invalid
from hiringhall.domain.members import MemberRole
from hiringhall.domain.teams import SecretName, Team
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Raw, Route
from hiringhall.doors.pages.caps import drawn, set_cap
from hiringhall.doors.pages.editing import edited
from hiringhall.doors.pages.forms import Form
from hiringhall.doors.pages.meanwhile import meanwhile, seen_of
from hiringhall.doors.pages.saying import (
    SAID,
    Said,
    doing,
    done,
    refused,
    showing,
)
from hiringhall.doors.pages.teams import TEAM, at, show_of_team
from hiringhall.doors.pages.typed import whole_number
from hiringhall.doors.pages.visits import Visit, for_signed_in
from hiringhall.queries.budgets import spending_of_team
from hiringhall.queries.members import myself
from hiringhall.queries.playbooks import TEMPLATES
from hiringhall.queries.teams import team_view

SHOWN = ("gitRepoUrl", "review", "maxWorkers", "pullRequest")
"""What of a team's config has a field of its own; the rest is shown as it was written."""

_CONFIG = "config."

PULLS = {"no": False, "draft": "draft", "yes": True}


async def _team(visit: Visit) -> Team:
    return await team_view(visit.desk.hall, actor=visit.actor, team_id=visit.call.path["team_id"])


async def show_settings(visit: Visit, said: Said) -> Raw:
    """What a team is set to; of a sealed value, that it is there."""
    team = await _team(visit)
    config = team.config or {}
    hall, actor = visit.desk.hall, visit.actor
    spending = await spending_of_team(hall, actor=actor, team_id=team.id)
    others = {name: value for name, value in config.items() if name not in SHOWN}
    return show_of_team(
        visit,
        "team_settings.html",
        team,
        "/settings",
        said,
        meanwhile=meanwhile(said, "settings", _said_of(team)),
        config=config,
        others=json.dumps(others, indent=2, ensure_ascii=False) if others else "",
        pulls=team.pull_requests.value,
        has_token=SecretName.GITHUB_TOKEN in team.secrets,
        has_key=SecretName.ANTHROPIC_API_KEY in team.secrets,
        budget=drawn(spending, said),
        owns=(await myself(hall, actor=actor)).member.role is MemberRole.OWNER,
        currency=hall.rules.currency,
    )


async def _change(visit: Visit) -> str:
    form, team = visit.form, await _team(visit)
    await teams.change_team(
        visit.desk.hall,
        actor=visit.actor,
        team_id=team.id,
        name=form["name"],
        goal=form["goal"],
        autonomy=form["autonomy"] or None,
        config=_config(form, team),
        anthropic_api_key=_sealed(form, SecretName.ANTHROPIC_API_KEY),
        seen=seen_of(form),
    )
    return done(at(visit, "/settings"), "team")


async def _cap(visit: Visit) -> str:
    return await set_cap(visit, at(visit, "/settings"), team_id=visit.call.path["team_id"])


def _said_of(team: Team) -> dict[str, Any]:
    """What the form shows, whether the team says it or not: what is not said can be, meanwhile."""
    return {**dict.fromkeys(_CONFIG + name for name in SHOWN), **teams.said_of(team)}


def _sealed(form: Form, name: SecretName) -> Any:
    """What becomes of a sealed value: another, none, or as it is where nothing was typed."""
    if form[f"drop-{name.value}"]:
        return None
    return form[name.value].strip() or teams.KEEP


def _config(form: Form, team: Team) -> dict[str, Any]:
    """What the form says of the config, and None for what is not there any more."""
    others = _others(form)
    began = {one.removeprefix(_CONFIG) for one in seen_of(form) if one.startswith(_CONFIG)}
    gone = dict.fromkeys((began or set(team.config or {})) - set(others) - set(SHOWN))
    token = _sealed(form, SecretName.GITHUB_TOKEN)
    sealed = {} if token is teams.KEEP else {SecretName.GITHUB_TOKEN.value: token}
    return {
        **others,
        **gone,
        "gitRepoUrl": form["gitRepoUrl"].strip() or None,
        "review": True if form["review"] else None,
        "maxWorkers": whole_number(form, "maxWorkers"),
        "pullRequest": PULLS.get(form["pullRequest"]) or None,
        **sealed,
    }


def _others(form: Form) -> dict[str, Any]:
    text = form["others"].strip()
    if not text:
        return {}
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Invalid(
            'Further settings are an object of JSON: {"key": "value"}', {"others": "shape"}
        )
    others = cast("dict[str, Any]", found)
    own = [name for name in others if name in SHOWN or name in {*SecretName}]
    if own:
        raise Invalid(f"{own[0]} has a field of its own", {"others": "has a field"})
    return others


async def show_playbook(visit: Visit, said: Said) -> Raw:
    """The policy that a team's workers read; `template` offers one to begin with, not kept yet."""
    team = await _team(visit)
    form = visit.form if visit.call.scope["method"] == "POST" else visit.query
    text = form["playbook"] if form is visit.form else team.playbook or ""
    return show_of_team(
        visit,
        "team_playbook.html",
        team,
        "/playbook",
        said,
        editor=edited(form, text),
        meanwhile=meanwhile(said, "playbook", {"playbook": team.playbook}),
        templates=TEMPLATES,
    )


async def write_playbook(visit: Visit) -> Raw:
    """Keep it; or show it with a template, beside what was typed or as the next step says."""
    if visit.form["template"] or visit.form["use"]:
        return await show_playbook(visit, Said(typed=visit.form, form="playbook"))
    try:
        await teams.set_playbook(
            visit.desk.hall,
            actor=visit.actor,
            team_id=visit.call.path["team_id"],
            playbook=visit.form["playbook"],
            seen=seen_of(visit.form),
        )
    except SAID as error:
        return await show_playbook(visit, refused(visit, error))
    return visit.lead(done(at(visit, "/playbook"), "playbook"))


SETTINGS, PLAYBOOK = f"{TEAM}/settings", f"{TEAM}/playbook"

ROUTES: tuple[Route[Desk], ...] = (
    Route("GET", SETTINGS, showing(show_settings), {200: None}, "A team's settings"),
    Route("POST", SETTINGS, doing(_change, show_settings), {303: None}, "Change a team"),
    Route("POST", f"{SETTINGS}/cap", doing(_cap, show_settings), {303: None}, "Cap its models"),
    Route("GET", PLAYBOOK, showing(show_playbook), {200: None}, "A team's playbook"),
    Route("POST", PLAYBOOK, for_signed_in(write_playbook), {303: None, 200: None}, "Set it"),
)
