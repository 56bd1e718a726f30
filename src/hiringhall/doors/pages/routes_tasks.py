"""A task for whoever posted it: its brief, what it waits for, what came of it, and its log."""

from collections.abc import Awaitable, Callable
from typing import Any

from hiringhall.actions.feed import sequence
from hiringhall.actions.tasks import answer, deciding
from hiringhall.domain.errors import (
    Conflict,
    Invalid,
    LostRace,
    NotFound,
    WrongState,
)
from hiringhall.domain.records import record_of
from hiringhall.domain.tasks import Task
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Call, Raw, Route
from hiringhall.doors.look import HTML, render
from hiringhall.doors.pages.answers import answers_of
from hiringhall.doors.pages.forms import NOTHING, Form
from hiringhall.doors.pages.navigation import HOME
from hiringhall.doors.pages.visits import Visit, for_signed_in, said_of
from hiringhall.queries import budgets, deliveries, feed, runs, seen

LINK_S = 3600
LOG_EVENTS = 100
_MEANT = frozenset({"deliverable_id", "question_id", "plan_id"})
"""What of a form nobody typed."""

Said = Callable[[Visit, str], Awaitable[object]]


async def _own(visit: Visit) -> seen.Seen:
    """The task of the page; raises NotFound where it is another's."""
    task_id = visit.call.path["task_id"]
    found = await seen.task_seen(visit.desk.hall, actor=visit.actor, task_id=task_id)
    if not found.is_poster:
        raise NotFound("task")
    return found


async def _now(visit: Visit, found: seen.Seen) -> dict[str, Any]:
    """What a task waits for, and what came of it so far."""
    hall, actor, task = visit.desk.hall, visit.actor, found.task
    task_id = task.id
    delivered = await deliveries.deliveries_of(hall, actor=actor, task_id=task_id)
    expires_at_s = hall.clock() // 1_000_000 + LINK_S

    def link_to(file_id: str) -> str:
        return visit.desk.file_url("", file_id, expires_at_s)

    return {
        "task": task,
        "seen": found,
        "can": found.can,
        "delivered": list(reversed(delivered)),
        "link_to": link_to,
        "known": _key_of(task),
    }


def _key_of(task: Task) -> str:
    """What a page shows of a task's standing: with another one it is to be shown anew."""
    parts = (task.state, task.waiting_for, task.question_id, task.deliverable_id, task.plan_id)
    return "-".join(str(part or "") for part in (*parts, task.generation))


async def show_task(visit: Visit) -> Raw:
    """The task's page."""
    return await _show(visit)


async def _show(
    visit: Visit,
    *,
    status: int = 200,
    errors: dict[str, str] | None = None,
    problem: str = "",
    unsent: Form = NOTHING,
) -> Raw:
    hall, actor, task_id = visit.desk.hall, visit.actor, visit.call.path["task_id"]
    await _own(visit)
    await sequence(hall, organization_id=actor.organization_id or "")
    events = await feed.newest(hall, actor=actor, task_id=task_id, limit=LOG_EVENTS)
    # After its log: what the log knows already, the stream does not say again.
    context = await _now(visit, await _own(visit))
    return visit.show(
        "task.html",
        status=status,
        errors=errors,
        problem=problem,
        typed=visit.form,
        events=[record_of(one) for one in events],
        after=events[0].seq if events else 0,
        unsent=[value for name, value in unsent.kept() if value and name not in _MEANT],
        spending=await budgets.spending_on(hall, actor=actor, task_id=task_id),
        runs=(await runs.runs_of_tasks(hall, task_ids=[task_id])).get(task_id, []),
        **context,
    )


async def show_now(visit: Visit) -> Raw:
    """The part of the page that changes with the task's state; 204 where it is shown already."""
    found = await _own(visit)
    if visit.query["known"] == _key_of(found.task):
        return Raw(b"", 204, HTML)
    return visit.show("task_now.html", **await _now(visit, found))


def _saying(say: Said) -> Callable[[Desk, Call[Any, Any]], Awaitable[object]]:
    """A word to the task; what it refuses is said on its page, with all that was typed."""

    async def handle(visit: Visit) -> Raw:
        task_id = visit.call.path["task_id"]
        try:
            await say(visit, task_id)
        except Invalid as error:
            fields = said_of(error)
            return await _show(visit, status=400, errors=fields, problem=error.message)
        except (WrongState, LostRace, Conflict) as error:
            return await _show(visit, status=409, problem=error.message, unsent=visit.form)
        return visit.lead(f"{HOME}/tasks/{task_id}")

    return for_signed_in(handle)


async def _reply(visit: Visit, task_id: str) -> None:
    hall, actor, form = visit.desk.hall, visit.actor, visit.form
    found = await seen.task_seen(hall, actor=actor, task_id=task_id)
    asked = found.question
    is_same = asked is not None and asked.id == form["question_id"]
    answers = answers_of(asked, form) if asked is not None and is_same else None
    await answer.reply(
        hall,
        actor=actor,
        task_id=task_id,
        text=form["message"] or None,
        answers=answers,
        question_id=form["question_id"],
    )


async def _decide_plan(visit: Visit, task_id: str) -> None:
    await answer.decide_plan(
        visit.desk.hall,
        actor=visit.actor,
        task_id=task_id,
        accepted=visit.form["decision"] == "yes",
        reason=visit.form["reason"],
        plan_id=visit.form["plan_id"],
    )


async def _accept(visit: Visit, task_id: str) -> None:
    await deciding.accept_deliverable(
        visit.desk.hall,
        actor=visit.actor,
        deliverable_id=visit.form["deliverable_id"],
        feedback=visit.form["feedback"],
    )


async def _revise(visit: Visit, task_id: str) -> None:
    if not visit.form["reason"].strip():
        raise Invalid("Say what is to be different", {"reason": "empty"})
    await deciding.send_back(
        visit.desk.hall,
        actor=visit.actor,
        deliverable_id=visit.form["deliverable_id"],
        reason=visit.form["reason"],
    )


async def _cancel(visit: Visit, task_id: str) -> None:
    await answer.cancel_task(
        visit.desk.hall, actor=visit.actor, task_id=task_id, reason=visit.form["why"]
    )


def event_html(record: dict[str, Any]) -> bytes:
    """One line of a task's log."""
    return render("event.html", event=record)


AT = f"{HOME}/tasks/{{task_id}}"

ROUTES: tuple[Route[Desk], ...] = (
    Route("GET", AT, for_signed_in(show_task), {200: None}, "A task"),
    Route("GET", f"{AT}/now", for_signed_in(show_now), {200: None}, "Where a task stands"),
    Route("POST", f"{AT}/reply", _saying(_reply), {303: None}, "Answer"),
    Route("POST", f"{AT}/plan", _saying(_decide_plan), {303: None}, "Decide on a plan"),
    Route("POST", f"{AT}/accept", _saying(_accept), {303: None}, "Accept"),
    Route("POST", f"{AT}/revise", _saying(_revise), {303: None}, "Send back"),
    Route("POST", f"{AT}/cancel", _saying(_cancel), {303: None}, "Cancel"),
)
