"""A form that is sent a second time, as by a reload, does nothing a second time."""

from hiringhall.domain import ids
from hiringhall.doors.pages.visits import Visit
from hiringhall.hall import Hall, Once


def only_once(visit: Visit, *, holds_secret: bool = False) -> Hall:
    """The hall for one form, which carries a number of its own (`once`)."""
    hall, given = visit.desk.hall, visit.form["once"]
    if not ids.is_uuid(given):
        return hall
    return hall.once_only(
        Once(
            organization_id=visit.actor.organization_id or "",
            route=visit.call.target,
            key=given,
            body_sha256=visit.call.body_sha256(),
            render=lambda _made: (200, b""),
            holds_secret=holds_secret,
        )
    )
