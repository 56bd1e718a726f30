"""A task at its page, and what its poster says to it: answers, decisions, and where it goes."""

from collections.abc import Mapping
from typing import Any

from hiringhall.actions.budgets import raise_task_cap
from hiringhall.actions.market import choosing, crossing
from hiringhall.actions.tasks import answer, deciding, publishing, running
from hiringhall.domain.compute import MICROS_PER_CENT
from hiringhall.domain.errors import Invalid
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Raw, Route
from hiringhall.doors.look import HTML, render
from hiringhall.doors.pages.answers import answers_of, by_field
from hiringhall.doors.pages.once import only_once
from hiringhall.doors.pages.posting import shown_of
from hiringhall.doors.pages.saying import showing
from hiringhall.doors.pages.task_view import AT, found_for, now_of, page_of, saying, show
from hiringhall.doors.pages.typed import amount, whole_number
from hiringhall.doors.pages.visits import Visit, called_here, for_signed_in
from hiringhall.queries import seen


async def show_now(visit: Visit) -> Raw:
    """The part of the page that changes with the task's state; 204 where it is shown already."""
    found = await found_for(visit)
    if visit.query["known"] == found.standing:
        return Raw(b"", 204, HTML)
    return visit.show("task_now.html", **await now_of(visit, found))


async def _reply(visit: Visit, task_id: str) -> None:
    hall, actor, form = visit.desk.hall, visit.actor, visit.form
    found = await seen.task_seen(hall, actor=actor, task_id=task_id)
    asked = found.question
    is_same = asked is not None and asked.id == form["question_id"]
    answers = answers_of(asked, form) if asked is not None and is_same else None
    try:
        await answer.reply(
            hall,
            actor=actor,
            task_id=task_id,
            text=form["message"] or None,
            answers=answers,
            question_id=form["question_id"],
            every=True,
        )
    except Invalid as error:
        raise by_field(error) from None


async def _decide_plan(visit: Visit, task_id: str) -> None:
    with called_here(reason="plan_reason"):
        await answer.decide_plan(
            visit.desk.hall,
            actor=visit.actor,
            task_id=task_id,
            accepted=visit.form["decision"] == "yes",
            reason=visit.form["plan_reason"],
            plan_id=visit.form["plan_id"],
        )


async def _accept(visit: Visit, task_id: str) -> None:
    await deciding.accept_deliverable(
        only_once(visit, page_of(task_id)),
        actor=visit.actor,
        deliverable_id=visit.form["deliverable_id"],
        rating=whole_number(visit.form, "rating"),
        feedback=visit.form["feedback"],
    )


async def _revise(visit: Visit, task_id: str) -> None:
    await deciding.send_back(
        visit.desk.hall,
        actor=visit.actor,
        deliverable_id=visit.form["deliverable_id"],
        reason=visit.form["reason"],
    )


async def _cancel(visit: Visit, task_id: str) -> None:
    with called_here(reason="why"):
        await answer.cancel_task(
            visit.desk.hall, actor=visit.actor, task_id=task_id, reason=visit.form["why"]
        )


async def _publish(visit: Visit, task_id: str) -> None:
    await publishing.publish(
        only_once(visit, page_of(task_id)),
        actor=visit.actor,
        task_id=task_id,
        shown=shown_of(visit.form),
    )


async def _close_intake(visit: Visit, task_id: str) -> None:
    await choosing.close_intake(visit.desk.hall, actor=visit.actor, task_id=task_id)


async def _to_staff(visit: Visit, task_id: str) -> None:
    await crossing.assign_to_staff(
        visit.desk.hall, actor=visit.actor, task_id=task_id, role=visit.form["role"] or None
    )


async def _run(visit: Visit, task_id: str) -> None:
    await running.run_task(visit.desk.hall, actor=visit.actor, task_id=task_id, by_role=False)


async def _resume(visit: Visit, task_id: str) -> None:
    await running.resume_task(visit.desk.hall, actor=visit.actor, task_id=task_id)


async def _reopen(visit: Visit, task_id: str) -> None:
    await running.reopen_task(visit.desk.hall, actor=visit.actor, task_id=task_id)


async def _raise_cap(visit: Visit, task_id: str) -> None:
    await raise_task_cap(
        visit.desk.hall,
        actor=visit.actor,
        task_id=task_id,
        cap_micros=amount(visit.form, "cap") * MICROS_PER_CENT,
    )


def event_html(record: dict[str, Any], names: Mapping[str, str]) -> bytes:
    """One line of a task's log; `names` are those of the people that it may speak of."""
    return render("event.html", event=record, names=names)


_WORDS = {
    "reply": (_reply, "Answer"),
    "plan": (_decide_plan, "Decide on a plan"),
    "accept": (_accept, "Accept"),
    "revise": (_revise, "Send back"),
    "cancel": (_cancel, "Cancel"),
    "publish": (_publish, "Offer a draft"),
    "close-intake": (_close_intake, "Take no more proposals"),
    "to-staff": (_to_staff, "Give it to the hall's workers"),
    "run": (_run, "Have a worker begin"),
    "resume": (_resume, "Go on with it"),
    "reopen": (_reopen, "Begin a new round"),
    "cap": (_raise_cap, "Raise what its models may cost"),
}

ROUTES: tuple[Route[Desk], ...] = (
    Route("GET", AT, showing(show), {200: None}, "A task"),
    Route("GET", f"{AT}/now", for_signed_in(show_now), {200: None}, "Where a task stands"),
    *(
        Route("POST", f"{AT}/{name}", saying(say), {303: None}, summary)
        for name, (say, summary) in _WORDS.items()
    ),
)
