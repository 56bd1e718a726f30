"""The playbooks that a team may begin with, and a switch from the one it has to another."""

from functools import cache
from pathlib import Path

from hiringhall.domain.errors import NotFound
from hiringhall.domain.playbooks import switched
from hiringhall.domain.policy import Actor
from hiringhall.hall import Hall
from hiringhall.queries.teams import team_view

TEMPLATES = ("supervised", "autopilot")


@cache
def template(name: str) -> str:
    """A starting playbook; raises NotFound."""
    if name not in TEMPLATES:
        raise NotFound("playbook template")
    return Path(__file__).with_name(f"{name}.md").read_text()


async def template_for(hall: Hall, *, actor: Actor, name: str, team_id: str) -> str:
    """A starting playbook with a team's own policies in it; raises NotFound and NotYours."""
    begun = template(name)
    team = await team_view(hall, actor=actor, team_id=team_id)
    return switched(begun, team.playbook)
