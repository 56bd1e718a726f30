"""What a task's page shows, for each who may see it: who posted it, who works on it, an admin."""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode

from markupsafe import escape

from hiringhall.actions.feed import sequence
from hiringhall.domain.errors import NotFound
from hiringhall.domain.records import record_of
from hiringhall.domain.tasks import MARKET, Task
from hiringhall.doors.kit import Raw
from hiringhall.doors.look import word
from hiringhall.doors.pages.forms import NOTHING
from hiringhall.doors.pages.navigation import HOME
from hiringhall.doors.pages.paging import skipped
from hiringhall.doors.pages.people import label_of, names_for, persons
from hiringhall.doors.pages.saying import Handled, Said, doing
from hiringhall.doors.pages.told import told
from hiringhall.doors.pages.visits import Visit
from hiringhall.queries import (
    budgets,
    costs,
    deliveries,
    disputes,
    feed,
    market,
    runs,
    seen,
    stopped,
)
from hiringhall.queries.disputes import DisputeView
from hiringhall.queries.market import Candidate

LOG_EVENTS = 50
LOG_WEIGHT = 25_000
"""How many bytes the texts of a log may take on its page; `LONGEST_SAID` is for one of them."""
LONGEST_SAID = 600
MOST_DELIVERED = 10
MOST_CANDIDATES = 20
LOOKS = 3
AT = f"{HOME}/tasks/{{task_id}}"
_SPOKEN = ("text", "reason", "message")

Word = Callable[[Visit, str], Awaitable[object]]

BY: dict[str, Callable[[Candidate], float]] = {
    "price": lambda one: one.proposal.bid.price_cents,
    "time": lambda one: one.proposal.bid.estimated_min or 10**9,
    "rating": lambda one: -(one.reputation.average or 0),
    "confidence": lambda one: -(one.proposal.bid.confidence_basis_points or 0),
}
"""By what proposals can be put in order; else they stand as they came."""


def page_of(task_id: str) -> str:
    """The address of a task's page."""
    return f"{HOME}/tasks/{task_id}"


async def found_for(visit: Visit) -> seen.Seen:
    """The task of the page; raises NotFound where it does not exist for whoever asks."""
    task_id = visit.call.path["task_id"]
    return await seen.task_seen(visit.desk.hall, actor=visit.actor, task_id=task_id)


async def now_of(visit: Visit, found: seen.Seen) -> dict[str, Any]:
    """What a task waits for, and what came of it so far."""
    hall = visit.desk.hall
    found, delivered, older = await _with_delivered(visit, found)
    task = found.task
    dispute = await _dispute(visit, task)
    made = await _proposed(visit, found)
    workers = [one.worker for one in delivered if one.worker is not None]
    workers += [one.proposal.worker for one in made]
    speaks_of = [*(label_of(one) for one in workers), *(dispute.actors if dispute else ())]
    names = await names_for(visit, speaks_of, task)
    return {
        "task": task,
        "seen": found,
        "can": found.can,
        "delivered": delivered,
        "older": older,
        "link_to": visit.desk.links_below(""),
        "known": found.standing,
        "currency": hall.rules.currency,
        "is_admin": visit.who is not None and visit.who.is_admin,
        "printed": await _printed(visit, delivered),
        "dispute": dispute,
        "has_room": found.is_poster and await stopped.has_room_now(hall, task=task),
        "names": names,
        "persons": persons(names, made, workers),
        **_in_parts(visit, task, made),
    }


async def _printed(visit: Visit, delivered: list[deliveries.Delivered]) -> set[str]:
    """Which runs made what a program printed, of those that handed something in."""
    made = [one.deliverable for one in delivered if one.deliverable.run_id is not None]
    task_ids = list({one.task_id for one in made})
    found = await runs.runs_of_tasks(visit.desk.hall, task_ids=task_ids)
    return {run.id for known in found.values() for run in known if run.prints}


async def _with_delivered(
    visit: Visit, found: seen.Seen
) -> tuple[seen.Seen, list[deliveries.Delivered], int]:
    """The task and what was handed in, of one moment: a delivery may come between two looks."""
    delivered, older = await _delivered(visit)
    for _ in range(LOOKS):
        newest = delivered[0].deliverable.id if delivered else None
        if not found.is_poster or newest == found.task.deliverable_id:
            break
        found = await found_for(visit)
        delivered, older = await _delivered(visit)
    return found, delivered, older


async def _delivered(visit: Visit) -> tuple[list[deliveries.Delivered], int]:
    return await deliveries.newest_deliveries(
        visit.desk.hall,
        actor=visit.actor,
        task_id=visit.call.path["task_id"],
        most=MOST_DELIVERED,
    )


async def _proposed(visit: Visit, found: seen.Seen) -> list[Candidate]:
    """The proposals for it, for whoever may choose or looks after them."""
    task = found.task
    chooses = found.is_poster or (visit.who is not None and visit.who.is_admin)
    if not found.proposals or task.engagement not in MARKET or not chooses:
        return []
    return await market.candidates(visit.desk.hall, actor=visit.actor, task_id=task.id)


def _in_parts(visit: Visit, task: Task, made: list[Candidate]) -> dict[str, Any]:
    """The part of the proposals that is asked for, in the order that is asked for."""
    by, skip = visit.query["by"], skipped(visit)
    if by in BY:
        made.sort(key=BY[by])
    ahead = skip + MOST_CANDIDATES
    return {
        "candidates": made[skip:ahead],
        "by": by if by in BY else "",
        "earlier": _part_at(task, by, max(0, skip - MOST_CANDIDATES)) if skip else "",
        "further": max(0, len(made) - ahead),
        "further_at": _part_at(task, by, ahead),
    }


def _part_at(task: Task, by: str, skip: int) -> str:
    """Where a part of the proposals is, in the order that was asked for."""
    asked = {"by": by if by in BY else "", "skip": str(skip or "")}
    return f"{HOME}/tasks/{task.id}?{urlencode({k: v for k, v in asked.items() if v})}#choose"


async def _dispute(visit: Visit, task: Task) -> DisputeView | None:
    """The newest dispute on a task that the visitor may read."""
    if not task.has_hold:
        return None
    return await disputes.dispute_on(visit.desk.hall, actor=visit.actor, task_id=task.id)


async def show(visit: Visit, said: Said) -> Raw:
    """The task's page; what was typed is shown by itself where its form may be there no more."""
    unsent = NOTHING if said.status == 400 else said.typed
    found = await found_for(visit)
    path = visit.call.scope["path"]
    beside = await (_for_poster(visit, found) if found.is_poster else _for_others(visit, found))
    # After its log: what the log knows already, the stream does not say again.
    context = await now_of(visit, await found_for(visit))
    context["names"] |= beside.pop("names")
    return visit.show(
        "task.html",
        unsent=await told(visit.desk, actor=visit.actor, path=path, form=unsent),
        **said.shown,
        **beside,
        **context,
    )


async def _for_poster(visit: Visit, found: seen.Seen) -> dict[str, Any]:
    """The log, what models cost, and the runs, for the organization whose task it is."""
    hall, actor, task_id = visit.desk.hall, visit.actor, found.task.id
    await sequence(hall, organization_id=actor.organization_id or "")
    events = await feed.newest(hall, actor=actor, task_id=task_id, limit=LOG_EVENTS)
    return {
        "cost": await costs.cost_of_draft(hall, actor=actor, task=found.task, terms=found.terms),
        "names": await names_for(visit, [one.actor for one in events]),
        "events": _within([record_of(one) for one in events]),
        "after": events[0].seq if events else 0,
        "spending": await budgets.spending_on(hall, actor=actor, task_id=task_id),
        "runs": (await runs.runs_of_tasks(hall, task_ids=[task_id])).get(task_id, []),
    }


def _within(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The records with their texts cut to what the page has room for, the newest least."""
    left = LOG_WEIGHT
    for record in records:
        data = record["data"]
        for name in _SPOKEN:
            said = data.get(name)
            if isinstance(said, str):
                shown = said[: max(0, min(LONGEST_SAID, left // 5))]
                left -= len(escape(shown).encode())
                data[name] = shown if shown == said else f"{shown} …"
    return records


async def _for_others(visit: Visit, found: seen.Seen) -> dict[str, Any]:
    """An admin sees the log; who works on it what is theirs alone.

    Whoever has no part in it is not told, either, how much has happened there.
    """
    shown: dict[str, Any] = {"events": None, "spending": None, "runs": [], "logged": []}
    shown["names"] = {}
    number = found.task.version if found.is_followed else 0
    shown["after"] = f"{number}.{found.standing}"
    if visit.who is not None and visit.who.is_admin and found.mine is None:
        shown["logged"] = await seen.log_of(
            visit.desk.hall, actor=visit.actor, task_id=found.task.id, limit=LOG_EVENTS // 2
        )
        acted = [one.actor for one in shown["logged"]]
        shown["names"] = await names_for(visit, acted, found.task)
    return shown


async def _show_or_lost(visit: Visit, said: Said) -> Raw:
    """The task's page; where others were faster, and it is not theirs to see any more, that."""
    try:
        return await show(visit, said)
    except NotFound:
        if said.status != 409:
            raise
        return visit.show(
            "message.html",
            status=409,
            heading=word("task.too_late"),
            said=said.problem,
            request_id=None,
            leads_to=f"{HOME}/market",
            leads_name=word("task.too_late_leads"),
        )


def saying(say: Word) -> Handled:
    """A word to the task: it leads to its page, and what it refuses is said there."""

    async def act(visit: Visit) -> str:
        task_id = visit.call.path["task_id"]
        await say(visit, task_id)
        return page_of(task_id)

    return doing(act, _show_or_lost)
