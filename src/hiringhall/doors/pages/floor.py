"""The pages of tasks and of the market, as the pages' door has them."""

from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Route
from hiringhall.doors.pages import (
    routes_changes,
    routes_dealing,
    routes_deliver,
    routes_drafts,
    routes_files,
    routes_home,
    routes_list,
    routes_live,
    routes_market,
    routes_new,
    routes_runs,
    routes_tasks,
)

ROUTES: tuple[Route[Desk], ...] = (
    *routes_home.ROUTES,
    *routes_list.ROUTES,
    *routes_new.ROUTES,
    *routes_drafts.ROUTES,
    *routes_tasks.ROUTES,
    *routes_dealing.ROUTES,
    *routes_deliver.ROUTES,
    *routes_files.ROUTES,
    *routes_changes.ROUTES,
    *routes_runs.ROUTES,
    *routes_live.ROUTES,
    *routes_market.ROUTES,
)
