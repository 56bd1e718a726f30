"""What every page leads to."""

from dataclasses import dataclass

from hiringhall.doors.look import word
from hiringhall.queries.sign_ins import SignIn

HOME = "/app"


@dataclass(frozen=True, slots=True)
class Place:
    """A place of the hall: where it is, the name of its word, and whether admins alone go there."""

    path: str
    name: str
    for_admins: bool = False


PLACES = (
    Place(HOME, "nav.home"),
    Place(f"{HOME}/tasks", "nav.tasks"),
    Place(f"{HOME}/tasks/new", "nav.new"),
    Place(f"{HOME}/teams", "nav.teams"),
    Place(f"{HOME}/forces", "nav.forces"),
    Place(f"{HOME}/market", "nav.market"),
    Place(f"{HOME}/work", "nav.work"),
    Place(f"{HOME}/agents", "nav.agents"),
    Place(f"{HOME}/settings", "nav.settings"),
    Place(f"{HOME}/admin", "nav.admin", for_admins=True),
)


def links(who: SignIn | None) -> list[tuple[str, str]]:
    """Path and name of what somebody may go to."""
    if who is None:
        return []
    return [(one.path, word(one.name)) for one in PLACES if who.is_admin or not one.for_admins]


_BELONGS = {f"{HOME}/earnings": f"{HOME}/work"}
"""What is reached from a place, and has an address beside it."""


def here(path: str) -> str:
    """The place that a path belongs to: the longest that it begins with."""
    path = _BELONGS.get(path, path)
    found = [one.path for one in PLACES if path == one.path or path.startswith(f"{one.path}/")]
    return max(found, key=len, default="")
