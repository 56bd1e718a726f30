"""Posting a task: for the hall's own workers, or on the market with its cost said before."""

from hiringhall.actions.market import crossing
from hiringhall.actions.tasks import publishing
from hiringhall.domain.errors import NotFound
from hiringhall.domain.market import Offer, make_offer
from hiringhall.domain.posting import make_posting
from hiringhall.domain.tasks import MARKET, Brief, Engagement, Task
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Raw, Route
from hiringhall.doors.pages.costing import (
    market_facts,
    priced,
    refused_at_fields,
    staff_facts,
    staff_fields,
    unread,
)
from hiringhall.doors.pages.forms import Form
from hiringhall.doors.pages.navigation import HOME
from hiringhall.doors.pages.once import only_once
from hiringhall.doors.pages.posting import judged, market_fields, shown_of
from hiringhall.doors.pages.routes_forces import show_new_force
from hiringhall.doors.pages.saying import SAID, Said, done
from hiringhall.doors.pages.visits import Visit, for_signed_in
from hiringhall.queries import costs, seen

_ENGAGEMENTS = {one.value: one for one in Engagement}
_POST, _DRAFT, _LOOK = "post", "draft", "look"


def _kind(form: Form) -> Engagement:
    return _ENGAGEMENTS.get(form["engagement"], Engagement.STAFF)


async def show_new(visit: Visit) -> Raw:
    """The page to post a task at; the address says for whom, and may begin its fields."""
    return await _show(visit, _kind(visit.query), Said(typed=visit.query))


async def post_new(visit: Visit) -> Raw:
    """Say what it costs; or post it, on offer or as a draft. Sent twice it is posted once.

    `whom` chooses for whom it is instead, and all that was typed stays.
    """
    form = visit.form
    kind, step = _kind(form), form["step"]
    if form["whom"] == Engagement.TASK_FORCE:
        return await show_new_force(visit, Said(typed=form))
    if form["whom"]:
        return await _show(visit, _ENGAGEMENTS.get(form["whom"], kind), Said(typed=form))
    if step == _LOOK and kind not in MARKET:
        return await _show(visit, kind, unread(visit))
    posting: Brief | Offer | None = None
    try:
        posting = _posting(kind, form)
        shown = shown_of(form)
        if isinstance(posting, Offer) and not (step == _DRAFT or (step == _POST and shown)):
            costs.check_in_time(visit.desk.hall, posting)
            return await _show(visit, kind, Said(typed=form), posting)
        task = await publishing.post(
            only_once(visit, _page_of),
            actor=visit.actor,
            posting=posting,
            publish=step != _DRAFT,
            require_spec_approval=True if form["plan_first"] else None,
            known_role=True,
            shown=shown,
        )
    except SAID as error:
        return await _show(visit, kind, refused_at_fields(visit, error), priced(posting, error))
    return visit.lead(done(_page_of(task), "draft") if step == _DRAFT else _page_of(task))


def _posting(kind: Engagement, form: Form) -> Brief | Offer:
    fields, wrong = market_fields(form) if kind in MARKET else staff_fields(form)
    return judged(
        lambda: make_posting(
            engagement=kind,
            title=form["title"],
            description=form["description"],
            repository=form["repository"].strip() or None,
            **fields,
        ),
        wrong,
    )


def _page_of(task: Task) -> str:
    return f"{HOME}/tasks/{task.id}"


async def _show(
    visit: Visit, kind: Engagement, said: Said, offer: Brief | Offer | None = None
) -> Raw:
    hall = visit.desk.hall
    cost = await _cost(visit, offer) if isinstance(offer, Offer) else None
    staffing = hall.staffing
    return visit.show(
        "new_task.html",
        is_gone_back_to=True,
        once=visit.form["once"],
        kind=kind.value,
        kinds=list(_ENGAGEMENTS),
        on_market=kind in MARKET,
        cost=cost,
        **market_facts(hall),
        **await staff_facts(visit, said.typed),
        **said.shown,
        hindrance="" if staffing.usual_runtime is not None else staffing.no_default_because,
    )


# A task of the staff, offered to the market


async def show_offer(visit: Visit) -> Raw:
    """The page to offer a task of the staff at."""
    return await _show_offer(visit, Said(typed=visit.query))


async def send_offer(visit: Visit) -> Raw:
    """Say what offering it costs; or offer it."""
    form, task_id = visit.form, visit.call.path["task_id"]
    kind = _kind(form)
    offer: Offer | None = None
    try:
        found = await _own(visit)
        fields, wrong = market_fields(form)
        offer = judged(
            lambda: make_offer(
                title=found.title, description=found.description, engagement=kind, **fields
            ),
            wrong,
        )
        shown = shown_of(form)
        if form["step"] != _POST or shown is None:
            costs.check_in_time(visit.desk.hall, offer)
            return await _show_offer(visit, Said(typed=form), offer)
        task = await crossing.offer_task(
            only_once(visit, _page_of),
            actor=visit.actor,
            task_id=task_id,
            engagement=kind,
            shown=shown,
            **fields,
        )
    except SAID as error:
        return await _show_offer(visit, refused_at_fields(visit, error), priced(offer, error))
    return visit.lead(_page_of(task))


async def _show_offer(visit: Visit, said: Said, offer: Offer | None = None) -> Raw:
    hall, task = visit.desk.hall, await _own(visit)
    cost = None if offer is None else await _cost(visit, offer)
    kind = _kind(said.typed)
    return visit.show(
        "offer_task.html",
        is_gone_back_to=True,
        task=task,
        kind=(kind if kind in MARKET else Engagement.CLAIM).value,
        kinds=[one.value for one in Engagement if one in MARKET],
        cost=cost,
        **market_facts(hall),
        **said.shown,
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
