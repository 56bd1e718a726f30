"""The native door's crossings: from the market to the hall's own staff, and the other way."""

from hiringhall.actions.market import crossing
from hiringhall.domain import errors
from hiringhall.domain.tasks import Engagement
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Call, Route
from hiringhall.doors.native import wire_force as wire
from hiringhall.doors.native.callers import person
from hiringhall.doors.native.routes_tasks import SAYS, keeping, shown
from hiringhall.doors.native.wire_tasks import TaskAnswer
from hiringhall.doors.native.words import moment_of


async def assign_to_staff(desk: Desk, call: Call[wire.StaffBody, None]) -> TaskAnswer:
    """Give a task that nobody has taken to the hall's own workers; what was held comes back."""
    task = await crossing.assign_to_staff(
        keeping(desk, call),
        actor=call.actor,
        task_id=call.path["task_id"],
        role=call.body.role,
    )
    return await shown(desk, call, task)


async def offer(desk: Desk, call: Call[wire.OfferBody, None]) -> TaskAnswer:
    """Offer a task that none of the hall's workers is on to the market; its price is held."""
    body = call.body
    task = await crossing.offer_task(
        keeping(desk, call),
        actor=call.actor,
        task_id=call.path["task_id"],
        engagement=Engagement(body.engagement),
        price_cents=body.price_cents,
        fee_on_top=body.fee_on_top,
        category=body.category,
        instructions=body.instructions,
        expected_output=body.expected_output,
        deadline_us=moment_of(body.deadline, "deadline"),
        expires_in_hours=body.expires_in_hours,
        time_limit_minutes=body.time_limit_minutes,
        max_proposals=body.max_proposals,
        tags=body.tags,
    )
    return await shown(desk, call, task)


ROUTES: tuple[Route[Desk], ...] = (
    Route(
        "POST",
        "/tasks/{task_id}/assign-to-staff",
        assign_to_staff,
        {200: TaskAnswer},
        "Give a task of the market to the staff",
        body=wire.StaffBody,
        may_be_empty=True,
        who=person,
        raises=(*SAYS, errors.Conflict),
        once=True,
    ),
    Route(
        "POST",
        "/tasks/{task_id}/offer",
        offer,
        {200: TaskAnswer},
        "Offer a task of the staff on the market",
        body=wire.OfferBody,
        who=person,
        raises=(*SAYS, errors.Conflict, errors.NotEnoughFunds),
        once=True,
    ),
)
