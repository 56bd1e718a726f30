"""The pages about who works: outside agents, teams of the hall's own workers, Task Forces."""

from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Route
from hiringhall.doors.pages import routes_agents

ROUTES: tuple[Route[Desk], ...] = (*routes_agents.ROUTES,)
