"""The pages about who works: outside agents, teams of the hall's own workers, Task Forces."""

from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Route
from hiringhall.doors.pages import (
    routes_agents,
    routes_force_parts,
    routes_force_plan,
    routes_forces,
    routes_github,
    routes_roles,
    routes_sheets,
    routes_team_settings,
    routes_teams,
    routes_usage,
    routes_workers,
)

ROUTES: tuple[Route[Desk], ...] = (
    *routes_agents.ROUTES,
    *routes_teams.ROUTES,
    *routes_sheets.ROUTES,
    *routes_workers.ROUTES,
    *routes_roles.ROUTES,
    *routes_team_settings.ROUTES,
    *routes_github.ROUTES,
    *routes_usage.ROUTES,
    *routes_forces.ROUTES,
    *routes_force_plan.ROUTES,
    *routes_force_parts.ROUTES,
)
