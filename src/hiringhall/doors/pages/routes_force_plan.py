"""The editor of a Task Force's plan: rows that are added, split and kept through the server."""

from hiringhall.actions.force import planning, steering
from hiringhall.domain.agents import Agent
from hiringhall.domain.errors import Invalid
from hiringhall.domain.force import MAX_PARTS, Reviewer, WrongPart
from hiringhall.domain.tasks import State
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Raw, Route
from hiringhall.doors.pages.calling import called
from hiringhall.doors.pages.once import only_once
from hiringhall.doors.pages.outline import (
    BLANK_ROWS,
    Row,
    field_meant,
    plan_of,
    rows_of,
    rows_of_plan,
    shares_of,
    split_evenly,
    with_more,
)
from hiringhall.doors.pages.plain import in_words
from hiringhall.doors.pages.routes_forces import FORCE, FORCES, view_of, whole_of
from hiringhall.doors.pages.saying import SAID, Said, refused, showing
from hiringhall.doors.pages.visits import Visit, for_signed_in
from hiringhall.queries.force import ForceView
from hiringhall.queries.seen import Seen
from hiringhall.queries.wholes import could_join


async def show_plan(visit: Visit, said: Said) -> Raw:
    """The plan as it stands, or blank rows."""
    found, view = await whole_of(visit), await view_of(visit)
    is_more = _adds(found, view)
    rows = [] if view is None or is_more else _rows_of(view)
    if not rows:
        rows = with_more(rows, 1 if is_more else BLANK_ROWS, taken=_taken(view, is_more=is_more))
    return await _show(visit, found, view, rows, said)


def _rows_of(view: ForceView) -> list[Row]:
    agents = [one.agent for one in view.parts if one.agent is not None]
    names = {one.id: called(one) for one in agents}
    return rows_of_plan([one.plan for one in view.parts], names)


async def _known(visit: Visit, found: Seen, view: ForceView | None) -> list[Agent]:
    """The agents that may be called by their names: who could join, and who is in the plan."""
    joining = await could_join(visit.desk.hall, actor=visit.actor, task_id=found.task.id)
    there = [] if view is None else [one.agent for one in view.parts if one.agent is not None]
    return list({one.id: one for one in (*there, *joining)}.values())


def _adds(found: Seen, view: ForceView | None) -> bool:
    """Whether the plan stands, so that parts are added to it and it is not made anew."""
    planned = found.task.state in (State.IN_PROGRESS, State.REVISING, State.IN_REVIEW)
    return view is not None and planned


def _taken(view: ForceView | None, *, is_more: bool) -> list[str]:
    return [one.plan.key for one in view.parts] if view is not None and is_more else []


def _free_cents(found: Seen, view: ForceView | None, *, is_more: bool) -> int:
    """What there is to share: of a plan that stands, what its parts leave but dropped ones."""
    price = found.task.price_cents or 0
    if view is None or not is_more:
        return price
    dropped = State.CANCELLED
    bound = [one.plan.share_cents for one in view.parts if one.task and one.task.state != dropped]
    return price - sum(bound)


async def _show(
    visit: Visit,
    found: Seen,
    view: ForceView | None,
    rows: list[Row],
    said: Said,
    *,
    goes_on_at: str = "",
) -> Raw:
    """The editor; `goes_on_at` is the part, or the button, at which its keys go on."""
    is_more = _adds(found, view)
    free_cents = _free_cents(found, view, is_more=is_more)
    return visit.show(
        "force_plan.html",
        task=found.task,
        view=view,
        rows=rows,
        goes_on_at=goes_on_at,
        is_more=is_more,
        free_cents=free_cents,
        shared_cents=shares_of(rows),
        agents=[called(one) for one in await _known(visit, found, view)],
        most=MAX_PARTS,
        reviewer=visit.form["reviewer"]
        or (view.force.reviewer.value if view is not None else Reviewer.BUYER.value),
        currency=visit.desk.hall.rules.currency,
        category="" if found.terms is None else found.terms.category,
        **said.shown,
    )


async def edit_plan(visit: Visit) -> Raw:
    """What the pressed button says: another row, an even split, or the plan as it is typed."""
    found, view = await whole_of(visit), await view_of(visit)
    is_more = _adds(found, view)
    rows, pressed = rows_of(visit.form), visit.form["do"]
    if pressed == "more":
        rows = with_more(rows, 1, taken=_taken(view, is_more=is_more))
        return await _show(visit, found, view, rows, Said(), goes_on_at=f"part-{len(rows) - 1}")
    if pressed == "split":
        rows = split_evenly(rows, _free_cents(found, view, is_more=is_more))
        return await _show(visit, found, view, rows, Said(), goes_on_at="split")
    try:
        await _keep(visit, rows, await _known(visit, found, view), is_more=is_more)
    except SAID as error:
        said = refused(visit, error)
        meant = isinstance(error, WrongPart)
        errors = {field_meant(error, rows): in_words(error)} if meant else said.errors
        again = Said(said.status, said.problem, errors, said.typed, said.form)
        return await _show(visit, found, view, rows, again)
    return visit.lead(f"{FORCES}/{found.task.id}")


async def _keep(visit: Visit, rows: list[Row], known: list[Agent], *, is_more: bool) -> None:
    hall, actor, task_id = visit.desk.hall, visit.actor, visit.call.path["task_id"]
    parts = plan_of(rows, known)
    if not parts:
        raise Invalid("Fill in at least one part", {"subtasks": "empty"})
    if is_more:
        await steering.add_parts(
            only_once(visit, f"{FORCES}/{task_id}"),
            actor=actor,
            task_id=task_id,
            parts=parts,
            reason=visit.form["reason"],
        )
        return
    reviewer = Reviewer.MANAGER if visit.form["reviewer"] == "manager" else Reviewer.BUYER
    await planning.make_and_keep_plan(
        hall, actor=actor, task_id=task_id, parts=parts, reviewer=reviewer
    )


PLAN = f"{FORCE}/plan"

ROUTES: tuple[Route[Desk], ...] = (
    Route("GET", PLAN, showing(show_plan), {200: None}, "The plan of a Task Force"),
    Route("POST", PLAN, for_signed_in(edit_plan), {200: None, 303: None}, "Edit the plan"),
)
