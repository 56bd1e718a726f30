"""Task Forces: posted, confirmed, followed, talked in, and their whole decided on."""

from dataclasses import replace
from typing import Any

from hiringhall.actions.force import planning, talking
from hiringhall.actions.tasks import answer, deciding, publishing
from hiringhall.domain.errors import Conflict, NotEnoughFunds, NotFound
from hiringhall.domain.force import MAX_PARTS, ForceState, Reviewer
from hiringhall.domain.market import Offer
from hiringhall.domain.messages import Message, MessageKind, Sender
from hiringhall.domain.posting import make_posting
from hiringhall.domain.tasks import Engagement, Task
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Raw, Route
from hiringhall.doors.look import HTML
from hiringhall.doors.pages.costing import at_fields, market_facts
from hiringhall.doors.pages.forms import Form
from hiringhall.doors.pages.graphs import BOX_HEIGHT, BOX_WIDTH, Graph, drawn
from hiringhall.doors.pages.navigation import HOME
from hiringhall.doors.pages.once import only_once
from hiringhall.doors.pages.paging import behind
from hiringhall.doors.pages.posting import shown_of
from hiringhall.doors.pages.saying import SAID, Said, doing, refused, showing
from hiringhall.doors.pages.typed import cents, whole_number
from hiringhall.doors.pages.visits import Visit, called_here, for_signed_in
from hiringhall.queries import costs, deliveries, money, seen
from hiringhall.queries.force import ForceView, buyer_thread, force_view
from hiringhall.queries.wholes import said_last, wholes_of

FORCES = f"{HOME}/forces"
FORCE = f"{FORCES}/{{task_id}}"
PAGE = 25
NO_STORE = (b"cache-control", b"no-store")
THREAD = 50


async def show_forces(visit: Visit, said: Said) -> Raw:
    """The organization's Task Forces, newest first."""
    found = await wholes_of(
        visit.desk.hall, actor=visit.actor, before=behind(visit), limit=PAGE + 1
    )
    more = f"{FORCES}?before={found[PAGE - 1].task.id}" if len(found) > PAGE else ""
    return visit.show(
        "forces.html",
        wholes=found[:PAGE],
        more=more,
        currency=visit.desk.hall.rules.currency,
        **said.shown,
    )


async def show_new_force(visit: Visit, said: Said, offer: Offer | None = None) -> Raw:
    """The page to post a task at that several are to share."""
    hall = visit.desk.hall
    account = await money.account_view(hall, actor=visit.actor)
    cost = None
    if offer is not None:
        cost = await costs.cost_of_offer(hall, actor=visit.actor, offer=offer)
    return visit.show(
        "force_new.html",
        is_gone_back_to=True,
        once=visit.form["once"],
        account=account,
        cost=cost,
        kinds=[one.value for one in Engagement],
        **market_facts(hall),
        **said.shown,
    )


async def _post_new(visit: Visit) -> Raw:
    """Say what it costs; or post it, with its price held or as a draft."""
    posting: Offer | None = None
    try:
        posting = _posting(visit.form)
        if visit.form["do"] not in (_FUND, _DRAFT) or not _agrees(visit.form):
            costs.check_in_time(visit.desk.hall, posting)
            return await show_new_force(visit, Said(typed=visit.form), offer=posting)
        return visit.lead(await _post(visit, posting))
    except SAID as error:
        at_price = isinstance(error, NotEnoughFunds | Conflict)
        said = replace(refused(visit, error), errors=at_fields(error))
        return await show_new_force(visit, said, offer=posting if at_price else None)


_FUND, _DRAFT = "fund", "draft"


def _agrees(form: Form) -> bool:
    """Whether it was shown what would be held, or nothing is."""
    return form["do"] == _DRAFT or shown_of(form) is not None


def _posting(form: Form) -> Offer:
    posting = make_posting(
        engagement=Engagement.TASK_FORCE,
        title=form["title"],
        description=form["description"],
        price_cents=cents(form, "price_cents"),
        category=form["category"] or None,
        expected_output=form["expected_output"] or None,
        expires_in_hours=whole_number(form, "expires_in_hours"),
        time_limit_minutes=whole_number(form, "time_limit_minutes"),
        fee_on_top=bool(form["fee_on_top"]),
    )
    assert isinstance(posting, Offer), "it is one for the market"
    return posting


async def _post(visit: Visit, posting: Offer) -> str:
    publish = visit.form["do"] != _DRAFT

    def leads_to(task: Task) -> str:
        return f"{FORCES}/{task.id}/plan" if publish else f"{FORCES}/{task.id}"

    task = await publishing.post(
        only_once(visit, leads_to),
        actor=visit.actor,
        posting=posting,
        publish=publish,
        shown=shown_of(visit.form),
    )
    return leads_to(task)


async def whole_of(visit: Visit) -> seen.Seen:
    """The Task Force of the page; raises NotFound where it is none, or another's."""
    found = await seen.task_seen(
        visit.desk.hall, actor=visit.actor, task_id=visit.call.path["task_id"]
    )
    if not found.is_poster or not found.task.is_whole:
        raise NotFound("task")
    return found


async def view_of(visit: Visit) -> ForceView | None:
    """Its plan and how far that is; None until there is one."""
    try:
        return await force_view(
            visit.desk.hall, actor=visit.actor, task_id=visit.call.path["task_id"]
        )
    except Conflict:
        return None


def graph_of(view: ForceView) -> Graph:
    """The plan as a picture."""
    states = {one.plan.key: one.task.state.value for one in view.parts if one.task is not None}
    agents = {one.plan.key: one.agent.name for one in view.parts if one.agent is not None}
    return drawn([one.plan for one in view.parts], states, agents)


async def show_force(visit: Visit, said: Said) -> Raw:
    """A Task Force: its plan, how far each part is, its money, and the end of its channel."""
    hall, actor = visit.desk.hall, visit.actor
    found, view = await whole_of(visit), await view_of(visit)
    task = found.task
    made, _ = await deliveries.newest_deliveries(hall, actor=actor, task_id=task.id, most=1)
    messages = await said_last(hall, actor=actor, task_id=task.id)
    return visit.show(
        "force.html",
        seen=found,
        task=task,
        can=found.can,
        view=view,
        known=known_of(found, view),
        is_planning=view is not None and view.force.state is ForceState.PLANNING,
        graph=None if view is None else graph_of(view),
        box=(BOX_WIDTH, BOX_HEIGHT),
        assembled=made[0] if made else None,
        messages=messages,
        summary=_summary(messages),
        threads=[] if view is None else [one for one in view.parts if one.task is not None],
        cost=await costs.cost_of_draft(hall, actor=actor, task=task, terms=found.terms),
        fits_more=view is not None and len(view.parts) < MAX_PARTS,
        currency=hall.rules.currency,
        **said.shown,
    )


def known_of(found: seen.Seen, view: ForceView | None) -> str:
    """How far a page has seen it: each change of the whole and of its parts leads to another."""
    parts = [] if view is None else view.parts
    versions = (one.task.version for one in parts if one.task is not None)
    state = "" if view is None else view.force.state.value
    return f"{found.task.version}-{sum(versions)}-{len(parts)}-{state}"


async def show_now(visit: Visit) -> Raw:
    """204 while nothing has happened since a page was shown; else there is news."""
    found, view = await whole_of(visit), await view_of(visit)
    is_known = visit.query["known"] == known_of(found, view)
    return Raw(b"" if is_known else b"news", 204 if is_known else 200, HTML, (NO_STORE,))


def _summary(messages: list[Message]) -> Message | None:
    """The manager's newest word on where all of it stands."""
    own = [
        one for one in messages if one.sender is Sender.MANAGER and one.kind is MessageKind.SUMMARY
    ]
    return own[-1] if own else None


async def show_thread(visit: Visit, said: Said) -> Raw:
    """All that was said, in the channel and in the parts' threads, from the beginning on."""
    found = await whole_of(visit)
    view = await view_of(visit)
    after = visit.query["after"] or None
    thread = await buyer_thread(
        visit.desk.hall,
        actor=visit.actor,
        task_id=found.task.id,
        with_parts=True,
        after=after,
        limit=THREAD,
    )
    parts = [] if view is None else [one.task for one in view.parts if one.task is not None]
    return visit.show(
        "force_thread.html",
        task=found.task,
        thread=thread,
        titles={one.id: one.title for one in parts},
        more=f"{FORCES}/{found.task.id}/thread?after={thread.next_after}"
        if thread.next_after
        else "",
        **said.shown,
    )


def _here(visit: Visit) -> str:
    return f"{FORCES}/{visit.call.path['task_id']}"


async def _fund(visit: Visit) -> str:
    leads_to = f"{_here(visit)}/plan"
    await publishing.publish(
        only_once(visit, leads_to),
        actor=visit.actor,
        task_id=visit.call.path["task_id"],
        shown=shown_of(visit.form),
    )
    return leads_to


async def _ask_manager(visit: Visit) -> str:
    """The manager plans it; the outline is left to it."""
    await planning.make_and_keep_plan(
        visit.desk.hall,
        actor=visit.actor,
        task_id=visit.call.path["task_id"],
        reviewer=Reviewer.MANAGER if visit.form["reviewer"] else Reviewer.BUYER,
    )
    return _here(visit)


async def _confirm(visit: Visit) -> str:
    await planning.confirm_plan(
        visit.desk.hall,
        actor=visit.actor,
        task_id=visit.call.path["task_id"],
        accepted=visit.form["decision"] == "yes",
        reason=visit.form["reason"],
        plan_id=visit.form["plan_id"] or None,
    )
    return _here(visit)


async def _say(visit: Visit) -> str:
    leads_to = f"{_here(visit)}#said"
    await talking.post_as_buyer(
        only_once(visit, leads_to),
        actor=visit.actor,
        task_id=visit.form["thread"] or visit.call.path["task_id"],
        text=visit.form["text"],
    )
    return leads_to


async def _accept(visit: Visit) -> str:
    await deciding.accept_deliverable(
        only_once(visit, _here(visit)),
        actor=visit.actor,
        deliverable_id=visit.form["deliverable_id"],
        rating=whole_number(visit.form, "rating"),
        feedback=visit.form["feedback"],
    )
    return _here(visit)


async def _reject(visit: Visit) -> str:
    await deciding.reject_deliverable(
        visit.desk.hall,
        actor=visit.actor,
        deliverable_id=visit.form["deliverable_id"],
        reason=visit.form["reason"],
    )
    return _here(visit)


async def _withdraw(visit: Visit) -> str:
    with called_here(reason="why"):
        await answer.cancel_task(
            visit.desk.hall,
            actor=visit.actor,
            task_id=visit.call.path["task_id"],
            reason=visit.form["why"],
        )
    return _here(visit)


def force_form(path: str, act: Any, summary: str) -> Route[Desk]:
    """A form of the Task Force's own page."""
    return Route("POST", f"{FORCE}/{path}", doing(act, show_force), {303: None}, summary)


ROUTES: tuple[Route[Desk], ...] = (
    Route("GET", FORCES, showing(show_forces), {200: None}, "Task Forces"),
    Route("GET", f"{FORCES}/new", showing(show_new_force), {200: None}, "New Task Force"),
    Route("POST", f"{FORCES}/new", for_signed_in(_post_new), {303: None}, "Post a Task Force"),
    Route("GET", FORCE, showing(show_force), {200: None}, "A Task Force"),
    Route("GET", f"{FORCE}/now", for_signed_in(show_now), {200: None, 204: None}, "Is there news"),
    Route("GET", f"{FORCE}/thread", showing(show_thread), {200: None}, "All that was said"),
    force_form("fund", _fund, "Hold its price"),
    force_form("ask", _ask_manager, "Have the manager plan it"),
    force_form("confirm", _confirm, "Say yes to the plan"),
    force_form("say", _say, "Say something"),
    force_form("accept", _accept, "Accept the whole"),
    force_form("reject", _reject, "Turn the whole down"),
    force_form("withdraw", _withdraw, "Withdraw it"),
)
