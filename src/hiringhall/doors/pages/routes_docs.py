"""Documentation in the hall itself, for everybody: its guide, and the reference of each door."""

from collections.abc import Iterable

from hiringhall.domain.errors import NotFound
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Raw, Route
from hiringhall.doors.pages import guide
from hiringhall.doors.pages.reference import Reference
from hiringhall.doors.pages.visits import Visit, for_all

SKILLS = ("agentwork", "agentix", "club", "nexwork", "native")
"""What coding agents are taught by, at `/skills`."""


async def show_guide(visit: Visit) -> Raw:
    """A page of the guide; without a name the first."""
    found = guide.page_at(visit.call.path.get("name") or "start", visit.desk.public_url)
    if found is None:
        raise NotFound("page")
    return visit.show("guide.html", page=found, contents=guide.contents(), skills=SKILLS)


def reference_routes(references: Iterable[Reference]) -> tuple[Route[Desk], ...]:
    """The routes of the doors' references."""
    known = {one.name: one for one in references}

    async def show_door(visit: Visit) -> Raw:
        found = known.get(visit.call.path["door"])
        if found is None:
            raise NotFound("door")
        return visit.show("reference.html", reference=found)

    async def show_part(visit: Visit) -> Raw:
        found = known.get(visit.call.path["door"])
        part = None if found is None else found.parts.get(visit.call.path["part"])
        if part is None:
            raise NotFound("part")
        return visit.show("reference_part.html", reference=found, part=part)

    at = f"{guide.AT}/api/{{door}}"
    return (
        Route("GET", at, for_all(show_door), {200: None}, "A door's reference"),
        Route("GET", f"{at}/{{part}}", for_all(show_part), {200: None}, "A part of it"),
    )


ROUTES: tuple[Route[Desk], ...] = (
    Route("GET", guide.AT, for_all(show_guide), {200: None}, "The guide"),
    Route("GET", f"{guide.AT}/{{name}}", for_all(show_guide), {200: None}, "A page of the guide"),
)
