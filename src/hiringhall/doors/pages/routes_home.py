"""Home: the page where people see what waits for them."""

from collections.abc import Sequence

from hiringhall.actions.feed import sequence
from hiringhall.domain.tasks import State, Task, Waiting
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Raw, Route
from hiringhall.doors.pages.navigation import HOME
from hiringhall.doors.pages.people import names_for
from hiringhall.doors.pages.visits import Visit, for_signed_in
from hiringhall.queries.home import MOST_WAITING, Home, home
from hiringhall.queries.system import what_waits

KINDS = ("budget", "dispute", "answer", "plan", "force", "review", "choose")
"""What a task can want of its poster, what holds most up first."""

_BY_WAIT = {
    Waiting.BUDGET_DECISION: "budget",
    Waiting.PLAN_DECISION: "plan",
    Waiting.REPLY: "answer",
}
_BY_STATE = {
    State.IN_REVIEW: "review",
    State.SELECTING: "choose",
    State.DISPUTED: "dispute",
}


def kind_of(task: Task) -> str:
    """What a task that waits for its poster wants."""
    return _BY_WAIT.get(task.waiting_for) or _BY_STATE.get(task.state, "answer")


def inbox_of(found: Home) -> list[tuple[str, Sequence[Task]]]:
    """What waits by what it wants; what is still on offer and has proposals may be chosen from."""
    tasks = {kind: [one for one in found.waiting if kind_of(one) == kind] for kind in KINDS}
    tasks["choose"] += [one for one in found.under_way if _may_choose(found, one)]
    tasks["force"] += [one for one in found.under_way if one.is_to_be_planned]
    return [(kind, tasks[kind]) for kind in KINDS if tasks[kind]]


def _may_choose(found: Home, task: Task) -> bool:
    return task.is_on_offer and found.proposals.get(task.id, 0) > 0


async def show_home(visit: Visit) -> Raw:
    """What waits, what is under way, the balance, and what happened last."""
    hall, actor = visit.desk.hall, visit.actor
    await sequence(hall, organization_id=actor.organization_id or "")
    found = await home(hall, actor=actor)
    return visit.show(
        "home.html",
        home=found,
        names=await names_for(
            visit, [one.event.actor for one in found.events if not one.event.reported]
        ),
        inbox=inbox_of(found),
        has_more=len(found.waiting) == MOST_WAITING,
        under_way=[
            one for one in found.under_way if not (_may_choose(found, one) or one.is_to_be_planned)
        ],
        currency=hall.rules.currency,
        plays=hall.plays,
        waits=await what_waits(hall, actor=actor) if visit.who and visit.who.is_admin else None,
    )


ROUTES: tuple[Route[Desk], ...] = (
    Route("GET", HOME, for_signed_in(show_home), {200: None}, "Home"),
)
