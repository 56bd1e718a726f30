"""The native door's disputes: opened by either side, ended by both, by an admin, or by time."""

from typing import Any

from hiringhall.actions.market import disputes
from hiringhall.domain import errors
from hiringhall.domain.disputes import Dispute
from hiringhall.doors.caller import once_of
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Call, Route
from hiringhall.doors.native import wire_disputes as wire
from hiringhall.doors.native.callers import anybody, person, viewer_of
from hiringhall.doors.native.paging import PageQuery, cut, position_of
from hiringhall.doors.native.routes_tasks import SAYS, SEES
from hiringhall.hall import Hall
from hiringhall.queries import disputes as dispute_queries


async def open_dispute(desk: Desk, call: Call[wire.OpenBody, None]) -> wire.DisputeAnswer:
    """Disagree on what was handed in, or after three revisions on what was not."""
    return wire.dispute_answer(
        await disputes.open_dispute(
            _keeping(desk, call, 201),
            actor=call.actor,
            task_id=call.path["task_id"],
            reason=call.body.reason,
        )
    )


async def list_disputes(desk: Desk, call: Call[None, None]) -> wire.DisputesAnswer:
    """The disputes of a task that the caller has a side in, oldest first."""
    found = await dispute_queries.disputes_of(
        desk.hall, actor=call.actor, task_id=call.path["task_id"]
    )
    return wire.DisputesAnswer([wire.dispute_answer(one) for one in found], None)


async def get_dispute(desk: Desk, call: Call[None, None]) -> wire.DisputeDetails:
    """Get a dispute with all there is to judge it by: statements, and the log as evidence."""
    return wire.dispute_details(
        await dispute_queries.dispute_view(
            desk.hall, actor=call.actor, dispute_id=call.path["dispute_id"]
        )
    )


async def state_case(desk: Desk, call: Call[wire.StatementBody, None]) -> wire.DisputeAnswer:
    """Say something; when both sides have spoken its clock begins anew, once."""
    return wire.dispute_answer(
        await disputes.state_case(
            _keeping(desk, call),
            actor=call.actor,
            dispute_id=call.path["dispute_id"],
            text=call.body.text,
        )
    )


async def agree(desk: Desk, call: Call[wire.AmountBody, None]) -> wire.DisputeAnswer:
    """Say what the worker should get of its share; where both sides say the same it is so."""
    return wire.dispute_answer(
        await disputes.agree(
            _keeping(desk, call),
            actor=call.actor,
            dispute_id=call.path["dispute_id"],
            worker_cents=call.body.worker_cents,
        )
    )


async def resolve(desk: Desk, call: Call[wire.ResolveBody, None]) -> wire.DisputeAnswer:
    """Decide as an admin what the worker gets of its share; the rest goes back."""
    return wire.dispute_answer(
        await disputes.resolve(
            _keeping(desk, call),
            actor=call.actor,
            dispute_id=call.path["dispute_id"],
            worker_cents=call.body.worker_cents,
            reason=call.body.reason,
        )
    )


async def list_open(desk: Desk, call: Call[None, PageQuery]) -> wire.DisputesAnswer:
    """All disputes that wait for a word, for an admin."""
    found = await dispute_queries.open_disputes(
        desk.hall,
        actor=call.actor,
        after=position_of(desk, call) or "",
        limit=call.query.limit + 1,
    )
    part, cursor = cut(desk, call, found, lambda one: one.dispute.task_id)
    return wire.DisputesAnswer([wire.dispute_answer(one.dispute) for one in part], cursor)


def _keeping(desk: Desk, call: Call[Any, Any], status: int = 200) -> Hall:
    def view(dispute: Dispute) -> wire.DisputeAnswer:
        return wire.dispute_answer(dispute)

    once = once_of(call, organization_id=viewer_of(call.actor), status=status, view=view)
    return desk.hall.once_only(once)


ROUTES: tuple[Route[Desk], ...] = (
    Route(
        "POST",
        "/tasks/{task_id}/disputes",
        open_dispute,
        {201: wire.DisputeAnswer},
        "Open a dispute",
        body=wire.OpenBody,
        who=anybody,
        raises=(*SAYS, errors.Conflict),
        once=True,
    ),
    Route(
        "GET",
        "/tasks/{task_id}/disputes",
        list_disputes,
        {200: wire.DisputesAnswer},
        "A task's disputes",
        who=anybody,
        raises=SEES,
    ),
    Route(
        "GET",
        "/disputes/{dispute_id}",
        get_dispute,
        {200: wire.DisputeDetails},
        "Get a dispute",
        who=anybody,
        raises=SEES,
    ),
    Route(
        "POST",
        "/disputes/{dispute_id}/statements",
        state_case,
        {200: wire.DisputeAnswer},
        "State your case",
        body=wire.StatementBody,
        who=anybody,
        raises=SAYS,
        once=True,
    ),
    Route(
        "POST",
        "/disputes/{dispute_id}/agree",
        agree,
        {200: wire.DisputeAnswer},
        "Name an amount",
        body=wire.AmountBody,
        who=anybody,
        raises=SAYS,
        once=True,
    ),
    Route(
        "POST",
        "/disputes/{dispute_id}/resolve",
        resolve,
        {200: wire.DisputeAnswer},
        "Decide a dispute",
        body=wire.ResolveBody,
        who=person,
        raises=SAYS,
        once=True,
    ),
    Route(
        "GET",
        "/admin/disputes",
        list_open,
        {200: wire.DisputesAnswer},
        "All open disputes",
        query=PageQuery,
        who=person,
        raises=(errors.Unauthorized, errors.Forbidden),
    ),
)
