"""The Agentix door's texts for whoever runs a team: its skill, and playbooks to begin with."""

from functools import cache
from pathlib import Path

import msgspec

from hiringhall.domain import errors
from hiringhall.doors.agentix.words import id_of
from hiringhall.doors.caller import customer
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Call, Raw, Route
from hiringhall.queries import playbooks

_MARKDOWN = b"text/markdown; charset=utf-8"
_HEADERS = ((b"x-content-type-options", b"nosniff"),)


class TemplateQuery(msgspec.Struct, rename="camel"):
    """Whose own policies are carried over into the template; nobody's, without."""

    team_id: str | None = None


async def get_skill(desk: Desk, call: Call[None, None]) -> Raw:
    """The skill file for a coding agent that runs a team here, with this server's address in it."""
    written = _skill().replace("{address}", desk.base_url(call))
    return Raw(written.encode(), 200, _MARKDOWN, _HEADERS)


async def get_template(desk: Desk, call: Call[None, TemplateQuery]) -> Raw:
    """A playbook to begin with; with a `teamId`, that team's Custom Policies are in it."""
    name, given = call.path["name"], call.query.team_id
    if given is None:
        written = playbooks.template(name)
    else:
        actor = await customer(desk, call)
        team_id = id_of("team", given)
        written = await playbooks.template_for(desk.hall, actor=actor, name=name, team_id=team_id)
    return Raw(written.encode(), 200, _MARKDOWN, _HEADERS)


@cache
def _skill() -> str:
    return Path(__file__).with_name("ceo.md").read_text()


ROUTES: tuple[Route[Desk], ...] = (
    Route("GET", "/skills/ceo", get_skill, {200: None}, "The skill of running a team"),
    Route(
        "GET",
        "/playbook-templates/{name}",
        get_template,
        {200: None},
        "A playbook to begin with",
        query=TemplateQuery,
        raises=(errors.Unauthorized, errors.NotYours, errors.NotFound),
    ),
)
