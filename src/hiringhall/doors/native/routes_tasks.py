"""The native door's tasks, for whoever posts them: posted, followed, answered, ended."""

from typing import Any

from hiringhall.actions.market import choosing
from hiringhall.actions.tasks import answer, drafts, publishing
from hiringhall.actions.tasks import review as reviewing
from hiringhall.domain import errors
from hiringhall.domain.policy import worker_of
from hiringhall.domain.tasks import Task
from hiringhall.doors.caller import once_of
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Call, Route
from hiringhall.doors.native import wire_posting as posting_wire
from hiringhall.doors.native import wire_tasks as wire
from hiringhall.doors.native.callers import anybody, person, viewer_of
from hiringhall.doors.native.paging import cursor_of, number_of, position_of
from hiringhall.doors.native.wire_deliverables import ReviewBody
from hiringhall.hall import Hall
from hiringhall.queries import seen as tasks


def keeping(desk: Desk, call: Call[Any, Any], status: int = 200) -> Hall:
    """The hall for one command to a task; a repetition with the same key gets the first answer."""
    once = once_of(
        call,
        organization_id=viewer_of(call.actor),
        status=status,
        view=lambda found: _answer(desk, found),
        read=tasks.seeing(call.actor),
    )
    return desk.hall.once_only(once)


async def shown(desk: Desk, call: Call[Any, Any], task: Task) -> wire.TaskAnswer:
    """A task after a command, for whoever gave it."""
    return await shown_by_id(desk, call, task.id)


async def shown_by_id(desk: Desk, call: Call[Any, Any], task_id: str) -> wire.TaskAnswer:
    """A task as it stands, for whoever asks."""
    return _answer(desk, await tasks.task_seen(desk.hall, actor=call.actor, task_id=task_id))


def _answer(desk: Desk, found: tasks.Seen) -> wire.TaskAnswer:
    return wire.task_answer(found, currency=desk.hall.rules.currency)


async def post_task(desk: Desk, call: Call[posting_wire.PostBody, None]) -> wire.TaskAnswer:
    """Post a task: a draft, or with `publish` on offer at once, its price held.

    `staff` is done by the hall's own workers; `claim` by whoever comes first; `proposals` by whom
    you choose of those who propose; `task_force` by several.
    """
    posting, plan_first = posting_wire.posting_of(call.body, currency=desk.hall.rules.currency)
    task = await publishing.post(
        keeping(desk, call, 201),
        actor=call.actor,
        posting=posting,
        publish=call.body.publish,
        require_spec_approval=plan_first,
    )
    return await shown(desk, call, task)


async def change_draft(desk: Desk, call: Call[posting_wire.DraftBody, None]) -> wire.TaskAnswer:
    """Say a draft anew, as a new task is said; what is left out stays.

    It is judged as it is when it is posted, and nobody else's change is overwritten: `version` is
    the one that was read. With `publish` it is offered at once.
    """
    task = await drafts.change_draft(
        keeping(desk, call),
        actor=call.actor,
        task_id=call.path["task_id"],
        version=call.body.version,
        changes=posting_wire.changes_of(call.body),
        publish=call.body.publish,
    )
    return await shown(desk, call, task)


async def list_tasks(desk: Desk, call: Call[None, wire.TasksQuery]) -> wire.TasksAnswer:
    """List tasks, newest first.

    A part may be shorter than `limit` and still lead on: with a search, or among what the caller
    has to do with.
    """
    query, actor = call.query, call.actor
    view = query.view or ("posted" if actor.agent_id is None else "offered")
    states, engagements = wire.states_of(query.state), wire.engagements_of(query.engagement)
    wanted = tasks.Wanted(states, engagements, query.team_id, query.category)
    if view == "posted":
        page = await tasks.posted_by(
            desk.hall,
            actor=actor,
            wanted=wanted,
            search=query.search,
            before=position_of(desk, call),
            limit=query.limit,
        )
    elif view == "offered":
        page = await tasks.offered_to(
            desk.hall,
            actor=actor,
            wanted=wanted,
            search=query.search,
            before=position_of(desk, call),
            limit=query.limit,
        )
    else:
        page = await tasks.worked_on_by(
            desk.hall,
            worker_id=worker_of(actor).id,
            actor=actor,
            skip=number_of(desk, call),
            limit=query.limit,
        )
    items = [
        wire.task_line(one, currency=desk.hall.rules.currency)
        for one in page.items
        if one.task.state in states and one.task.engagement in engagements
    ]
    return wire.TasksAnswer(items, cursor_of(desk, call, page.next_position))


async def get_task(desk: Desk, call: Call[None, None]) -> wire.TaskAnswer:
    """Get a task, with what is to be said of it now."""
    task_id = call.path["task_id"]
    return _answer(desk, await tasks.task_seen(desk.hall, actor=call.actor, task_id=task_id))


async def publish_task(desk: Desk, call: Call[None, None]) -> wire.TaskAnswer:
    """Offer a draft: its price is held, and it may be taken; the hall's staff begins at once."""
    task = await publishing.publish(
        keeping(desk, call), actor=call.actor, task_id=call.path["task_id"]
    )
    return await shown(desk, call, task)


async def cancel_task(desk: Desk, call: Call[wire.ReasonBody, None]) -> wire.TaskAnswer:
    """Withdraw a task: its worker stops, and what was held comes back.

    With an outsider on it that takes their word, or the end of the time they have. What was
    delivered for money is accepted, sent back or disputed instead.
    """
    task = await answer.cancel_task(
        keeping(desk, call),
        actor=call.actor,
        task_id=call.path["task_id"],
        reason=call.body.reason,
    )
    return await shown(desk, call, task)


async def close_intake(desk: Desk, call: Call[None, None]) -> wire.TaskAnswer:
    """Take no more proposals, and choose among those that there are."""
    task = await choosing.close_intake(
        keeping(desk, call), actor=call.actor, task_id=call.path["task_id"]
    )
    return await shown(desk, call, task)


async def reply_to_task(desk: Desk, call: Call[wire.ReplyBody, None]) -> wire.TaskAnswer:
    """Answer what a task waits on: each question by its index, or all of it in a message.

    A question on a budget is answered the same way.
    """
    task = await answer.reply(
        keeping(desk, call),
        actor=call.actor,
        task_id=call.path["task_id"],
        text=call.body.message,
        answers=wire.answers_of(call.body.answers),
    )
    return await shown(desk, call, task)


async def decide_plan(desk: Desk, call: Call[wire.PlanBody, None]) -> wire.TaskAnswer:
    """Say yes or no to the plan that a task waits on."""
    task = await answer.decide_plan(
        keeping(desk, call),
        actor=call.actor,
        task_id=call.path["task_id"],
        accepted=call.body.accepted,
        reason=call.body.reason,
    )
    return await shown(desk, call, task)


async def review_task(desk: Desk, call: Call[ReviewBody, None]) -> wire.TaskAnswer:
    """Decide on whatever waits for you: a plan, else the newest deliverable or a named one."""
    task = await reviewing.review(
        keeping(desk, call),
        actor=call.actor,
        task_id=call.path["task_id"],
        decision=reviewing.Decision(call.body.decision),
        feedback=call.body.feedback,
        rating=call.body.rating,
        deliverable_id=call.body.deliverable_id,
    )
    return await shown(desk, call, task)


SEES = (errors.Unauthorized, errors.Forbidden, errors.NotFound)
SAYS = (*SEES, errors.Invalid, errors.WrongState, errors.LostRace, errors.IdempotencyConflict)

ROUTES: tuple[Route[Desk], ...] = (
    Route(
        "GET",
        "/tasks",
        list_tasks,
        {200: wire.TasksAnswer},
        "List tasks",
        query=wire.TasksQuery,
        who=anybody,
        raises=SEES,
    ),
    Route(
        "POST",
        "/tasks",
        post_task,
        {201: wire.TaskAnswer},
        "Post a task",
        body=posting_wire.PostBody,
        who=person,
        raises=(
            errors.Unauthorized,
            errors.Forbidden,
            errors.NotEnoughFunds,
            errors.OutOfCredits,
            errors.IdempotencyConflict,
        ),
        once=True,
    ),
    Route(
        "GET",
        "/tasks/{task_id}",
        get_task,
        {200: wire.TaskAnswer},
        "Get a task",
        who=anybody,
        raises=SEES,
    ),
    Route(
        "PATCH",
        "/tasks/{task_id}",
        change_draft,
        {200: wire.TaskAnswer},
        "Change a draft",
        body=posting_wire.DraftBody,
        who=person,
        raises=(*SAYS, errors.Conflict, errors.NotEnoughFunds, errors.OutOfCredits),
        once=True,
    ),
    Route(
        "POST",
        "/tasks/{task_id}/publish",
        publish_task,
        {200: wire.TaskAnswer},
        "Offer a draft",
        who=person,
        raises=(*SAYS, errors.NotEnoughFunds),
        once=True,
    ),
    Route(
        "POST",
        "/tasks/{task_id}/cancel",
        cancel_task,
        {200: wire.TaskAnswer},
        "Withdraw a task",
        body=wire.ReasonBody,
        may_be_empty=True,
        who=person,
        raises=SAYS,
        once=True,
    ),
    Route(
        "POST",
        "/tasks/{task_id}/close-intake",
        close_intake,
        {200: wire.TaskAnswer},
        "Take no more proposals",
        who=person,
        raises=SAYS,
        once=True,
    ),
    Route(
        "POST",
        "/tasks/{task_id}/reply",
        reply_to_task,
        {200: wire.TaskAnswer},
        "Answer a question",
        body=wire.ReplyBody,
        who=person,
        raises=SAYS,
        once=True,
    ),
    Route(
        "POST",
        "/tasks/{task_id}/review",
        review_task,
        {200: wire.TaskAnswer},
        "Decide on a plan or a deliverable",
        body=ReviewBody,
        who=person,
        raises=(*SAYS, errors.Conflict),
        once=True,
    ),
    Route(
        "POST",
        "/tasks/{task_id}/plan",
        decide_plan,
        {200: wire.TaskAnswer},
        "Decide on a plan",
        body=wire.PlanBody,
        who=person,
        raises=SAYS,
        once=True,
    ),
)
