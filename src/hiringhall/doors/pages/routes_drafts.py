"""A draft at its page: it begins with what is there, and is kept, priced or offered from it."""

from typing import Any

from hiringhall.actions.tasks import drafts
from hiringhall.domain.errors import NotFound
from hiringhall.domain.market import Offer
from hiringhall.domain.posting import posting_changed, posting_fields
from hiringhall.domain.tasks import MARKET, Brief, Engagement, State, Task
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Raw, Route
from hiringhall.doors.pages.costing import (
    market_facts,
    priced,
    refused_at_fields,
    staff_facts,
    unread,
)
from hiringhall.doors.pages.drafting import changes_of, typed_of
from hiringhall.doors.pages.forms import Form
from hiringhall.doors.pages.navigation import HOME
from hiringhall.doors.pages.once import only_once
from hiringhall.doors.pages.posting import judged, shown_of
from hiringhall.doors.pages.saying import SAID, Said, done
from hiringhall.doors.pages.typed import place
from hiringhall.doors.pages.visits import Visit, for_signed_in
from hiringhall.queries import costs, seen
from hiringhall.queries.budgets import own_cap_on

DRAFT = f"{HOME}/tasks/{{task_id}}/draft"
_ENGAGEMENTS = {one.value: one for one in Engagement}
_KEEP, _OFFER, _LOOK = "draft", "post", "look"


async def show_draft(visit: Visit) -> Raw:
    """The page to change a draft at."""
    found = await _own(visit)
    if found.task.state is not State.DRAFT:
        return visit.lead(_page_of(found.task))
    fields = await _fields(visit, found)
    return await _show(visit, found, Said(typed=typed_of(fields, version=found.task.version)))


async def change_draft(visit: Visit) -> Raw:
    """Say what it would cost as it is now; or keep it, or offer it. `whom` chooses for whom it is.

    What was typed stays in any case, also where somebody else was faster: it says so then, and the
    same form sent once more is about the draft as it is by then.
    """
    form, found = visit.form, await _own(visit)
    posting: Brief | Offer | None = None
    try:
        if form["whom"]:
            return await _show(visit, found, Said(typed=form))
        if form["step"] == _LOOK and _kind(form, found) not in MARKET:
            return await _show(visit, found, unread(visit))
        fields = await _fields(visit, found)
        changes, wrong = changes_of(form, fields, _kind(form, found))
        posting = judged(lambda: posting_changed(fields, changes), wrong)
        shown = shown_of(form)
        offers = form["step"] == _OFFER and shown is not None
        if isinstance(posting, Offer) and form["step"] != _KEEP and not offers:
            costs.check_in_time(visit.desk.hall, posting)
            return await _show(visit, found, Said(typed=form), posting)
        task = await drafts.change_draft(
            only_once(visit, _page_of),
            actor=visit.actor,
            task_id=found.task.id,
            version=_version(form),
            changes=changes,
            publish=form["step"] != _KEEP,
            known_role=True,
            shown=shown,
        )
    except SAID as error:
        # Beside the draft as it is by now.
        said, found = refused_at_fields(visit, error), await _own(visit)
        return await _show(visit, found, said, priced(posting, error))
    return visit.lead(done(_page_of(task), "draft") if form["step"] == _KEEP else _page_of(task))


async def _fields(visit: Visit, found: seen.Seen) -> dict[str, Any]:
    cap = await own_cap_on(visit.desk.hall, actor=visit.actor, task_id=found.task.id)
    return posting_fields(found.task, found.terms, cap)


def _kind(form: Form, found: seen.Seen) -> Engagement:
    named = form["whom"] or form["engagement"]
    return _ENGAGEMENTS.get(named, found.task.engagement)


def _version(form: Form) -> int:
    """The version that the form began with; none of them where it says none."""
    given = place(form["version"])
    return -1 if given is None else given


async def _own(visit: Visit) -> seen.Seen:
    task_id = visit.call.path["task_id"]
    found = await seen.task_seen(visit.desk.hall, actor=visit.actor, task_id=task_id)
    if not found.is_poster or found.task.is_part:
        raise NotFound("task")
    return found


def _page_of(task: Task) -> str:
    return f"{HOME}/forces/{task.id}" if task.is_whole else f"{HOME}/tasks/{task.id}"


async def _show(visit: Visit, found: seen.Seen, said: Said, offer: Offer | None = None) -> Raw:
    hall, kind = visit.desk.hall, _kind(said.typed, found)
    cost = None
    if offer is not None:
        cost = await costs.cost_of_offer(hall, actor=visit.actor, offer=offer)
    return visit.show(
        "draft.html",
        # What is kept is looked at anew: others may change a draft, too.
        is_gone_back_to=said.typed is visit.form,
        task=found.task,
        # Whoever is told that it moved on means its newest words from then on.
        version=found.task.version if said.overtaken else _version(said.typed),
        is_over=found.task.state is not State.DRAFT,
        moved=said.overtaken,
        kind=kind.value,
        kinds=list(_ENGAGEMENTS),
        on_market=kind in MARKET,
        cost=cost,
        **market_facts(hall),
        **await staff_facts(visit, said.typed, found.task.team_id),
        **said.shown,
    )


ROUTES: tuple[Route[Desk], ...] = (
    Route("GET", DRAFT, for_signed_in(show_draft), {200: None, 303: None}, "A draft"),
    Route("POST", DRAFT, for_signed_in(change_draft), {200: None, 303: None}, "Change a draft"),
)
