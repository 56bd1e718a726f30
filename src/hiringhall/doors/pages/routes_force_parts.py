"""A part of a Task Force for its buyer: who has it, what came of it, and what is decided."""

from typing import Any

from hiringhall.actions.force import steering, talking
from hiringhall.actions.market import disputes
from hiringhall.actions.tasks import answer, deciding
from hiringhall.domain.errors import NotFound
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Raw, Route
from hiringhall.doors.pages.calling import meant
from hiringhall.doors.pages.once import only_once
from hiringhall.doors.pages.routes_forces import FORCE, FORCES, view_of, whole_of
from hiringhall.doors.pages.saying import Said, doing, showing
from hiringhall.doors.pages.typed import whole_number
from hiringhall.doors.pages.visits import Visit, called_here
from hiringhall.queries import deliveries, seen
from hiringhall.queries.wholes import could_do, could_join, said_last

PART = f"{FORCE}/parts/{{part_id}}"


def _here(visit: Visit) -> str:
    path = visit.call.path
    return f"{FORCES}/{path['task_id']}/parts/{path['part_id']}"


async def show_part(visit: Visit, said: Said) -> Raw:
    """A part: its brief, its agent, its deliveries with what checks found, and its thread."""
    hall, actor, part_id = visit.desk.hall, visit.actor, visit.call.path["part_id"]
    whole, view = await whole_of(visit), await view_of(visit)
    lines = [] if view is None else view.parts
    line = next((one for one in lines if one.task is not None and one.task.id == part_id), None)
    if line is None:
        raise NotFound("part")
    found = await seen.task_seen(hall, actor=actor, task_id=part_id)
    made = await deliveries.deliveries_of(hall, actor=actor, task_id=part_id)
    return visit.show(
        "force_part.html",
        whole=whole.task,
        part=found.task,
        line=line,
        can=found.can,
        delivered=list(reversed(made)),
        candidates=await could_do(hall, actor=actor, part_id=part_id),
        messages=await said_last(hall, actor=actor, task_id=part_id),
        link_to=visit.desk.links_below(""),
        currency=hall.rules.currency,
        **said.shown,
    )


async def _part_id(visit: Visit) -> str:
    """The part of the address; raises NotFound where it is not this whole's."""
    view = await view_of(visit)
    part_id = visit.call.path["part_id"]
    if view is None or part_id not in view.force.subtasks.values():
        raise NotFound("part")
    return part_id


async def _accept(visit: Visit) -> str:
    await _part_id(visit)
    await deciding.accept_deliverable(
        only_once(visit, _here(visit)),
        actor=visit.actor,
        deliverable_id=visit.form["deliverable_id"],
        rating=whole_number(visit.form, "rating"),
        feedback=visit.form["feedback"],
    )
    return _here(visit)


async def _revise(visit: Visit) -> str:
    await _part_id(visit)
    await deciding.send_back(
        visit.desk.hall,
        actor=visit.actor,
        deliverable_id=visit.form["deliverable_id"],
        reason=visit.form["reason"],
    )
    return _here(visit)


async def _dispute(visit: Visit) -> str:
    with called_here(reason="complaint"):
        await disputes.open_dispute(
            visit.desk.hall,
            actor=visit.actor,
            task_id=await _part_id(visit),
            reason=visit.form["complaint"],
        )
    return _here(visit)


async def _give(visit: Visit) -> str:
    part_id, typed = await _part_id(visit), visit.form["agent_id"]
    known = await could_join(visit.desk.hall, actor=visit.actor, task_id=visit.call.path["task_id"])
    there = await could_do(visit.desk.hall, actor=visit.actor, part_id=part_id)
    named = meant(typed, [*(one.agent for one in there), *known], "agent_id")
    await steering.choose_agent(
        visit.desk.hall,
        actor=visit.actor,
        subtask_id=part_id,
        agent_id=named or visit.form["chosen"],
    )
    return _here(visit)


async def _drop(visit: Visit) -> str:
    with called_here(reason="why"):
        await answer.cancel_task(
            visit.desk.hall,
            actor=visit.actor,
            task_id=await _part_id(visit),
            reason=visit.form["why"],
        )
    return _here(visit)


async def _say(visit: Visit) -> str:
    leads_to = f"{_here(visit)}#said"
    await talking.post_as_buyer(
        only_once(visit, leads_to),
        actor=visit.actor,
        task_id=await _part_id(visit),
        text=visit.form["text"],
    )
    return leads_to


def _form(path: str, act: Any, summary: str) -> Route[Desk]:
    return Route("POST", f"{PART}/{path}", doing(act, show_part), {303: None}, summary)


ROUTES: tuple[Route[Desk], ...] = (
    Route("GET", PART, showing(show_part), {200: None}, "A part"),
    _form("accept", _accept, "Accept a part"),
    _form("revise", _revise, "Send a part back"),
    _form("dispute", _dispute, "Dispute a part"),
    _form("give", _give, "Give a part to an agent"),
    _form("drop", _drop, "Drop a part"),
    _form("say", _say, "Say something of a part"),
)
