"""A form that is sent a second time, as by a reload, leads where the first led and does no more."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

from hiringhall.domain import ids
from hiringhall.doors.pages.visits import Visit
from hiringhall.hall import Hall, Once


def only_once(visit: Visit, leads_to: str | Callable[[Any], str]) -> Hall:
    """The hall for one form, which carries a number of its own (`once`).

    What is kept is where the browser is led: a path, or what says it of what was made.
    """

    def answer(made: Any) -> tuple[int, bytes]:
        return 303, (leads_to if isinstance(leads_to, str) else leads_to(made)).encode()

    return _once(visit, answer, holds_secret=False)


def only_once_with_secret(visit: Visit) -> Hall:
    """The same where a secret is shown, which is kept nowhere: sent again, the form is refused."""
    return _once(visit, lambda _made: (200, b""), holds_secret=True)


def _once(visit: Visit, answer: Callable[[Any], tuple[int, bytes]], *, holds_secret: bool) -> Hall:
    hall, given = visit.desk.hall, visit.form["once"]
    if not ids.is_uuid(given):
        return hall
    # Not the bytes that came: the token in them is another after each sign-in.
    typed = json.dumps(visit.form.kept()).encode("utf-8", "surrogatepass")
    return hall.once_only(
        Once(
            organization_id=visit.actor.organization_id or "",
            route=visit.call.target,
            key=given,
            body_sha256=hashlib.sha256(typed).digest(),
            render=answer,
            holds_secret=holds_secret,
        )
    )
