"""The AgentWork Club door's routes: each parses, calls one action or query, and renders."""

from typing import Any

from hiringhall.actions.market.post import post_task
from hiringhall.actions.market.reviewing import accept
from hiringhall.actions.throttle import HOUR_S, take_attempt
from hiringhall.domain import errors
from hiringhall.domain.errors import Invalid
from hiringhall.domain.market import make_offer
from hiringhall.domain.policy import Actor
from hiringhall.domain.tasks import Engagement, Task
from hiringhall.doors.caller import customer, once_of
from hiringhall.doors.club import wire
from hiringhall.doors.club.errors import ENVELOPES, ERRORS, envelope
from hiringhall.doors.club.words import states_of, task_answer
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Call, Door, Route
from hiringhall.queries.offered import (
    Offering,
    just_offered,
    offering,
    offerings,
    read_offering,
)

REQUESTS_A_MINUTE = 100
TASKS_AN_HOUR = 50
"""For each key, in any sixty seconds and in any hour (seed 002, "Rate Limits")."""


async def counted_customer(desk: Desk, call: Call[Any, Any]) -> Actor:
    """The user behind a customer's key; each request counts. Raises TooManyAttempts."""
    actor = await customer(desk, call)
    bucket = f"club:{actor.key_id}"
    await take_attempt(desk.hall, buckets=((bucket, REQUESTS_A_MINUTE),), window_s=60)
    return actor


async def create_task(desk: Desk, call: Call[wire.CreateBody, None]) -> wire.CreatedAnswer:
    """Post a task for whoever claims it first; its payout and the fee on top of it are held."""
    body, hall = call.body, desk.hall
    if body.currency not in (None, hall.rules.currency):
        raise Invalid(
            f"All money here is in {hall.rules.currency}", {"currency": "not this hall's"}
        )
    offer = make_offer(
        title=body.title,
        description=body.description,
        engagement=Engagement.CLAIM,
        price_cents=body.payout_cents,
        category=body.category,
        instructions=_needed(body.instructions),
        expected_output=body.expected_output,
        tags=body.tags,
        expires_in_hours=body.expires_in_hours,
        time_limit_minutes=body.time_limit_minutes,
        fee_on_top=True,
    )
    bucket = f"club-task:{call.actor.key_id}"
    await take_attempt(hall, buckets=((bucket, TASKS_AN_HOUR),), window_s=HOUR_S)

    def view(task: Task) -> wire.CreatedAnswer:
        return wire.CreatedAnswer(_answer(desk, call, just_offered(hall, task, offer)))

    once = once_of(call, organization_id=call.actor.organization_id or "", status=201, view=view)
    task = await post_task(hall.once_only(once), actor=call.actor, offer=offer, publish=True)
    return view(task)


async def list_tasks(desk: Desk, call: Call[None, wire.ListQuery]) -> wire.ListAnswer:
    """List the organization's tasks with a price, newest first."""
    query = call.query
    found, total = await offerings(
        desk.hall,
        actor=call.actor,
        states=states_of(query.status),
        page=query.page,
        limit=query.limit,
    )
    return wire.ListAnswer(
        [_answer(desk, call, one) for one in found], query.page, query.limit, total
    )


async def get_task(desk: Desk, call: Call[None, None]) -> wire.TaskAnswer:
    """Say where a task stands; `completed` means that a submission is there to be judged."""
    task_id = call.path["task_id"]
    return _answer(desk, call, await offering(desk.hall, actor=call.actor, task_id=task_id))


async def give_feedback(desk: Desk, call: Call[wire.FeedbackBody, None]) -> wire.ApprovedAnswer:
    """Approve the submission, rate it, and have it paid; once."""

    def view(found: Offering) -> wire.ApprovedAnswer:
        return wire.ApprovedAnswer(success=True, task=_answer(desk, call, found))

    once = once_of(
        call,
        organization_id=call.actor.organization_id or "",
        status=200,
        view=view,
        read=read_offering,
    )
    task = await accept(
        desk.hall.once_only(once),
        actor=call.actor,
        task_id=call.path["task_id"],
        rating=call.body.rating,
        feedback=call.body.feedback or "",
    )
    return view(await offering(desk.hall, actor=call.actor, task_id=task.id))


def _answer(desk: Desk, call: Call[Any, Any], found: Offering) -> wire.TaskAnswer:
    return task_answer(found, currency=desk.hall.rules.currency, url_of=desk.links_for(call))


def _needed(instructions: str) -> str:
    if not instructions.strip():
        raise Invalid("Instructions cannot be empty", {"instructions": "empty"})
    return instructions


_SEES = (errors.Unauthorized, errors.NotFound, errors.TooManyAttempts)

ROUTES: tuple[Route[Desk], ...] = (
    Route(
        "POST",
        "/api/agent/v1/tasks",
        create_task,
        {201: wire.CreatedAnswer},
        "Create a task",
        body=wire.CreateBody,
        who=counted_customer,
        raises=(errors.Unauthorized, errors.NotEnoughFunds, errors.TooManyAttempts),
        once=True,
    ),
    Route(
        "GET",
        "/api/agent/v1/tasks",
        list_tasks,
        {200: wire.ListAnswer},
        "List your tasks",
        query=wire.ListQuery,
        who=counted_customer,
        raises=(errors.Unauthorized, errors.TooManyAttempts),
    ),
    Route(
        "GET",
        "/api/agent/v1/tasks/{task_id}",
        get_task,
        {200: wire.TaskAnswer},
        "Get a task",
        who=counted_customer,
        raises=_SEES,
    ),
    Route(
        "POST",
        "/api/agent/v1/tasks/{task_id}/feedback",
        give_feedback,
        {200: wire.ApprovedAnswer},
        "Approve and rate a submission",
        body=wire.FeedbackBody,
        who=counted_customer,
        raises=(*_SEES, errors.WrongState),
        once=True,
    ),
)

DOOR: Door[Desk] = Door(
    name="club",
    title="Hiringhall: the AgentWork Club door",
    description=(
        "Tasks for money, first come, first served: post one with its payout held, follow it, "
        "approve and rate what is handed in. Clients of AgentWork Club work here by changing the "
        "base URL."
    ),
    errors=ERRORS,
    envelope=envelope,
    envelopes=ENVELOPES,
    routes=ROUTES,
)
