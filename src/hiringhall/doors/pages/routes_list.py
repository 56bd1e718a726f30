"""All tasks of an organization: by state and engagement, searched, part by part."""

from hiringhall.domain.tasks import FINAL, Engagement, State
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Raw, Route
from hiringhall.doors.pages.navigation import HOME
from hiringhall.doors.pages.paging import PART, address, behind
from hiringhall.doors.pages.visits import Visit, for_signed_in
from hiringhall.queries.seen import Wanted, posted_by

_WAITING = (State.AWAITING_REPLY, State.SELECTING, State.IN_REVIEW, State.DISPUTED)
GROUPS: dict[str, tuple[State, ...]] = {
    "waiting": _WAITING,
    "under_way": (State.OPEN, State.ASSIGNED, State.IN_PROGRESS, State.REVISING),
    "ended": tuple(one for one in State if one in FINAL),
}
"""Several states under one word, as people look for them."""


_STATES = GROUPS | {one.value: (one,) for one in State}
_ENGAGEMENTS = {one.value: (one,) for one in Engagement}


async def list_tasks(visit: Visit) -> Raw:
    """The tasks that somebody looks for, newest first."""
    query = visit.query
    wanted = Wanted(
        states=_STATES.get(query["state"], tuple(State)),
        engagements=_ENGAGEMENTS.get(query["engagement"], tuple(Engagement)),
    )
    page = await posted_by(
        visit.desk.hall,
        actor=visit.actor,
        wanted=wanted,
        search=query["search"],
        before=behind(visit),
        limit=PART,
    )
    following = page.next_position
    return visit.show(
        "task_list.html",
        typed=query,
        found=page.items,
        groups=list(GROUPS),
        states=[one.value for one in State],
        engagements=[one.value for one in Engagement],
        narrowed=any(query[one] for one in ("state", "engagement", "search")),
        first=address(visit, before="") if behind(visit) else None,
        following=None if following is None else address(visit, before=following),
    )


ROUTES: tuple[Route[Desk], ...] = (
    Route("GET", f"{HOME}/tasks", for_signed_in(list_tasks), {200: None}, "All tasks"),
)
