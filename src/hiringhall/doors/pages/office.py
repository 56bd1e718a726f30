"""The pages of whoever looks after something: settings, the hall itself, its documentation."""

from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Route
from hiringhall.doors.pages import (
    routes_admin,
    routes_billing,
    routes_docs,
    routes_joining,
    routes_running,
    routes_settings,
    routes_webhooks,
)

ROUTES: tuple[Route[Desk], ...] = (
    *routes_joining.ROUTES,
    *routes_settings.ROUTES,
    *routes_webhooks.ROUTES,
    *routes_billing.ROUTES,
    *routes_running.ROUTES,
    *routes_admin.ROUTES,
    *routes_docs.ROUTES,
)
