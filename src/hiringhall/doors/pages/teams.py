"""What the pages of a team have in common: its name, and where one can go from there."""

from typing import Any

from hiringhall.domain.teams import Team
from hiringhall.doors.kit import Raw
from hiringhall.doors.look import word
from hiringhall.doors.pages.navigation import HOME
from hiringhall.doors.pages.saying import Said
from hiringhall.doors.pages.visits import Visit

TEAMS = f"{HOME}/teams"
TEAM = f"{TEAMS}/{{team_id}}"

TABS = (
    ("", "teams.board"),
    ("/workers", "teams.workers"),
    ("/roles", "teams.roles"),
    ("/playbook", "teams.playbook"),
    ("/github", "teams.github"),
    ("/usage", "teams.usage"),
    ("/settings", "teams.settings"),
)


def at(visit: Visit, further: str = "") -> str:
    """The address of the visit's team, or of what is below it."""
    return f"{TEAMS}/{visit.call.path['team_id']}{further}"


def show_of_team(
    visit: Visit, template: str, team: Team, tab: str, said: Said, /, **context: Any
) -> Raw:
    """A page of a team, with the tab that it is under."""
    root = f"{TEAMS}/{team.id}"
    return visit.show(
        template,
        team=team,
        root=root,
        tabs=[(f"{root}{further}", word(name), further == tab) for further, name in TABS],
        **said.shown,
        **context,
    )
