"""Posting a task: for the hall's own workers, or on the market with its cost said before."""

from hiringhall.actions.market import crossing
from hiringhall.actions.tasks import publishing
from hiringhall.domain.errors import (
    Conflict,
    HallError,
    IdempotencyConflict,
    Invalid,
    LostRace,
    NotEnoughFunds,
    NotFound,
    OutOfCredits,
    WrongState,
)
from hiringhall.domain.market import Offer, make_offer
from hiringhall.domain.posting import make_posting
from hiringhall.domain.tasks import MARKET, Brief, Engagement, Task
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Raw, Route
from hiringhall.doors.look import word
from hiringhall.doors.pages.costing import (
    at_fields,
    market_facts,
    staff_facts,
    staff_fields,
    unread_of,
)
from hiringhall.doors.pages.forms import Form
from hiringhall.doors.pages.navigation import HOME
from hiringhall.doors.pages.once import only_once
from hiringhall.doors.pages.plain import in_words, said_of
from hiringhall.doors.pages.posting import judged, market_fields, shown_of
from hiringhall.doors.pages.routes_forces import show_new_force
from hiringhall.doors.pages.saying import Said, done
from hiringhall.doors.pages.visits import Visit, for_signed_in
from hiringhall.queries import costs, seen

_ENGAGEMENTS = {one.value: one for one in Engagement}
_POST, _DRAFT, _LOOK = "post", "draft", "look"
_STATUS: dict[type[HallError], int] = {
    Invalid: 400,
    NotEnoughFunds: 402,
    Conflict: 409,
    OutOfCredits: 429,
}


def _kind(form: Form) -> Engagement:
    return _ENGAGEMENTS.get(form["engagement"], Engagement.STAFF)


async def show_new(visit: Visit) -> Raw:
    """The page to post a task at; the address says for whom, and may begin its fields."""
    return await _show(visit, _kind(visit.query), typed=visit.query)


async def post_new(visit: Visit) -> Raw:
    """Say what it costs; or post it, on offer or as a draft. Sent twice it is posted once.

    `whom` chooses for whom it is instead, and all that was typed stays.
    """
    form = visit.form
    kind, step = _kind(form), form["step"]
    if form["whom"] == Engagement.TASK_FORCE:
        return await show_new_force(visit, Said(typed=form))
    if form["whom"]:
        return await _show(visit, _ENGAGEMENTS.get(form["whom"], kind), typed=form)
    if step == _LOOK and kind not in MARKET:
        unread = unread_of(form)
        return await _show(visit, kind, typed=form, status=400 if unread else 200, errors=unread)
    try:
        posting = _posting(kind, form)
        shown = shown_of(form)
        if isinstance(posting, Offer) and not (step == _DRAFT or (step == _POST and shown)):
            costs.check_in_time(visit.desk.hall, posting)
            return await _show(visit, kind, typed=form, offer=posting)
        task = await publishing.post(
            only_once(visit, _page_of),
            actor=visit.actor,
            posting=posting,
            publish=step != _DRAFT,
            require_spec_approval=True if form["plan_first"] else None,
            known_role=True,
            shown=shown,
        )
    except IdempotencyConflict:
        return await _show(visit, kind, typed=form, status=409, problem=word("problem.twice"))
    except (Invalid, OutOfCredits) as error:
        return await _show_again(visit, kind, error)
    except (NotEnoughFunds, Conflict) as error:
        return await _show_again(visit, kind, error, offer=_posting(kind, form))
    return visit.lead(done(_page_of(task), "draft") if step == _DRAFT else _page_of(task))


def _posting(kind: Engagement, form: Form) -> Brief | Offer:
    fields, unread = market_fields(form) if kind in MARKET else staff_fields(form)
    return judged(
        lambda: make_posting(
            engagement=kind,
            title=form["title"],
            description=form["description"],
            repository=form["repository"].strip() or None,
            **fields,
        ),
        unread,
    )


def _page_of(task: Task) -> str:
    return f"{HOME}/tasks/{task.id}"


async def _show_again(
    visit: Visit, kind: Engagement, error: HallError, offer: Brief | Offer | None = None
) -> Raw:
    fields = at_fields(error)
    return await _show(
        visit,
        kind,
        typed=visit.form,
        status=_STATUS[type(error)],
        errors=fields,
        problem=word("new.wrong") if fields else in_words(error),
        offer=offer,
    )


async def _show(
    visit: Visit,
    kind: Engagement,
    *,
    typed: Form,
    status: int = 200,
    errors: dict[str, str] | None = None,
    problem: str = "",
    offer: Brief | Offer | None = None,
) -> Raw:
    hall = visit.desk.hall
    cost = await _cost(visit, offer) if isinstance(offer, Offer) else None
    staffing = hall.staffing
    return visit.show(
        "new_task.html",
        status=status,
        errors=errors,
        problem=problem,
        typed=typed,
        kind=kind.value,
        kinds=list(_ENGAGEMENTS),
        on_market=kind in MARKET,
        cost=cost,
        **market_facts(hall),
        **await staff_facts(visit, typed),
        hindrance="" if staffing.usual_runtime is not None else staffing.no_default_because,
    )


# A task of the staff, offered to the market


async def show_offer(visit: Visit) -> Raw:
    """The page to offer a task of the staff at."""
    return await _show_offer(visit, typed=visit.query)


async def send_offer(visit: Visit) -> Raw:
    """Say what offering it costs; or offer it."""
    form, task_id = visit.form, visit.call.path["task_id"]
    kind = _kind(form)
    offer: Offer | None = None
    try:
        found = await _own(visit)
        fields, unread = market_fields(form)
        offer = judged(
            lambda: make_offer(
                title=found.title, description=found.description, engagement=kind, **fields
            ),
            unread,
        )
        shown = shown_of(form)
        if form["step"] != _POST or shown is None:
            costs.check_in_time(visit.desk.hall, offer)
            return await _show_offer(visit, typed=form, offer=offer)
        task = await crossing.offer_task(
            only_once(visit, _page_of),
            actor=visit.actor,
            task_id=task_id,
            engagement=kind,
            shown=shown,
            **fields,
        )
    except Invalid as error:
        return await _show_offer(
            visit, typed=form, status=400, errors=said_of(error), problem=word("new.wrong")
        )
    except IdempotencyConflict:
        return await _show_offer(visit, typed=form, status=409, problem=word("problem.twice"))
    except (WrongState, LostRace, Conflict) as error:
        return await _show_offer(
            visit, typed=form, status=409, problem=in_words(error), offer=offer
        )
    except NotEnoughFunds as error:
        return await _show_offer(
            visit,
            typed=form,
            status=402,
            errors=at_fields(error),
            problem=word("new.wrong"),
            offer=offer,
        )
    return visit.lead(_page_of(task))


async def _show_offer(
    visit: Visit,
    *,
    typed: Form,
    status: int = 200,
    errors: dict[str, str] | None = None,
    problem: str = "",
    offer: Offer | None = None,
) -> Raw:
    hall, task = visit.desk.hall, await _own(visit)
    cost = None if offer is None else await _cost(visit, offer)
    kind = _kind(typed)
    return visit.show(
        "offer_task.html",
        status=status,
        errors=errors,
        problem=problem,
        typed=typed,
        task=task,
        kind=(kind if kind in MARKET else Engagement.CLAIM).value,
        kinds=[one.value for one in Engagement if one in MARKET],
        cost=cost,
        **market_facts(hall),
    )


async def _own(visit: Visit) -> Task:
    task_id = visit.call.path["task_id"]
    found = await seen.task_seen(visit.desk.hall, actor=visit.actor, task_id=task_id)
    if not found.is_poster:
        raise NotFound("task")
    return found.task


async def _cost(visit: Visit, offer: Offer) -> costs.Cost:
    return await costs.cost_of_offer(visit.desk.hall, actor=visit.actor, offer=offer)


_OFFER = f"{HOME}/tasks/{{task_id}}/offer"

ROUTES: tuple[Route[Desk], ...] = (
    Route("GET", f"{HOME}/tasks/new", for_signed_in(show_new), {200: None}, "New task"),
    Route("POST", f"{HOME}/tasks/new", for_signed_in(post_new), {303: None}, "Post a task"),
    Route("GET", _OFFER, for_signed_in(show_offer), {200: None}, "Offer a task"),
    Route("POST", _OFFER, for_signed_in(send_offer), {303: None}, "Offer a task"),
)
