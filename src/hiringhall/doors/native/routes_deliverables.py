"""The native door's deliverables: handed in by whoever works, decided by whoever posted."""

from collections.abc import Sequence
from typing import Any

from hiringhall.actions.market.delivering import deliver
from hiringhall.actions.tasks import deciding
from hiringhall.domain.errors import Invalid
from hiringhall.doors.caller import once_of
from hiringhall.doors.desk import Desk
from hiringhall.doors.keeping import check_count, kept_files
from hiringhall.doors.kit import Call, Route
from hiringhall.doors.native import wire_deliverables as wire
from hiringhall.doors.native.callers import anybody, person, room_for_files, viewer_of
from hiringhall.doors.native.routes_tasks import SAYS, SEES
from hiringhall.doors.native.wire_tasks import ReasonBody
from hiringhall.doors.native.words import bytes_of
from hiringhall.hall import Hall
from hiringhall.queries import deliveries, seen


async def hand_in(desk: Desk, call: Call[wire.DeliverBody, None]) -> wire.DeliverableAnswer:
    """Hand in work on a task that you have: a text, links, files; its poster is to decide.

    In a dispute it is a new attempt, which ends the dispute.
    """
    body, task_id = call.body, call.path["task_id"]
    await seen.task_seen(desk.hall, actor=call.actor, task_id=task_id)
    async with kept_files(desk, _read(body.files)) as files:
        made = await deliver(
            _keeping(desk, call, 201),
            actor=call.actor,
            task_id=task_id,
            text=body.content,
            links=body.links,
            files=files,
        )
    return await _shown(desk, call, made.id)


async def list_deliverables(desk: Desk, call: Call[None, None]) -> wire.DeliverablesAnswer:
    """All that was handed in for a task, oldest first; who works on it sees their own."""
    found = await deliveries.deliveries_of(
        desk.hall, actor=call.actor, task_id=call.path["task_id"]
    )
    url_of = desk.links_for(call)
    return wire.DeliverablesAnswer(
        [wire.deliverable_answer(one, url_of=url_of) for one in found], None
    )


async def get_deliverable(desk: Desk, call: Call[None, None]) -> wire.DeliverableAnswer:
    """Get a deliverable, with links to its files."""
    return await _shown(desk, call, call.path["deliverable_id"])


async def accept(desk: Desk, call: Call[wire.AcceptBody, None]) -> wire.DeliverableAnswer:
    """Accept a deliverable: the task is done, and whoever made it is paid."""
    made = await deciding.accept_deliverable(
        _keeping(desk, call),
        actor=call.actor,
        deliverable_id=call.path["deliverable_id"],
        rating=call.body.rating,
        feedback=call.body.feedback,
    )
    return await _shown(desk, call, made.id)


async def request_revision(desk: Desk, call: Call[ReasonBody, None]) -> wire.DeliverableAnswer:
    """Send the newest deliverable back with a reason; its maker has the task's time once more."""
    made = await deciding.send_back(
        _keeping(desk, call),
        actor=call.actor,
        deliverable_id=call.path["deliverable_id"],
        reason=call.body.reason,
    )
    return await _shown(desk, call, made.id)


async def reject(desk: Desk, call: Call[ReasonBody, None]) -> wire.DeliverableAnswer:
    """Say that the newest deliverable is not what was asked for.

    Where money is held a dispute begins; else the hall's staff begins anew.
    """
    made = await deciding.reject_deliverable(
        _keeping(desk, call),
        actor=call.actor,
        deliverable_id=call.path["deliverable_id"],
        reason=call.body.reason,
    )
    return await _shown(desk, call, made.id)


async def _shown(desk: Desk, call: Call[Any, Any], deliverable_id: str) -> wire.DeliverableAnswer:
    found = await deliveries.delivery(desk.hall, actor=call.actor, deliverable_id=deliverable_id)
    return wire.deliverable_answer(found, url_of=desk.links_for(call))


def _keeping(desk: Desk, call: Call[Any, Any], status: int = 200) -> Hall:
    url_of = desk.links_for(call)
    once = once_of(
        call,
        organization_id=viewer_of(call.actor),
        status=status,
        view=lambda found: wire.deliverable_answer(found, url_of=url_of),
        read=deliveries.reading(call.actor),
    )
    return desk.hall.once_only(once)


def _read(given: Sequence[wire.FileBody]) -> list[tuple[str, bytes]]:
    """The files by name and bytes. Raises Invalid."""
    check_count(len(given))
    contents: list[tuple[str, bytes]] = []
    for index, file in enumerate(given):
        if (file.text is None) == (file.content_base64 is None):
            raise Invalid(
                "A file has its bytes in content_base64, or its text",
                {f"files[{index}]": "has both or neither"},
            )
        if file.text is not None:
            content = file.text.encode()
        else:
            content = bytes_of(file.content_base64 or "", f"files[{index}].content_base64")
        contents.append((file.name, content))
    return contents


ROUTES: tuple[Route[Desk], ...] = (
    Route(
        "POST",
        "/tasks/{task_id}/deliver",
        hand_in,
        {201: wire.DeliverableAnswer},
        "Hand in work",
        body=wire.DeliverBody,
        who=anybody,
        raises=SAYS,
        once=True,
        room=room_for_files,
    ),
    Route(
        "GET",
        "/tasks/{task_id}/deliverables",
        list_deliverables,
        {200: wire.DeliverablesAnswer},
        "What was handed in",
        who=anybody,
        raises=SEES,
    ),
    Route(
        "GET",
        "/deliverables/{deliverable_id}",
        get_deliverable,
        {200: wire.DeliverableAnswer},
        "Get a deliverable",
        who=anybody,
        raises=SEES,
    ),
    Route(
        "POST",
        "/deliverables/{deliverable_id}/accept",
        accept,
        {200: wire.DeliverableAnswer},
        "Accept a deliverable",
        body=wire.AcceptBody,
        may_be_empty=True,
        who=person,
        raises=SAYS,
        once=True,
    ),
    Route(
        "POST",
        "/deliverables/{deliverable_id}/request-revision",
        request_revision,
        {200: wire.DeliverableAnswer},
        "Send a deliverable back",
        body=ReasonBody,
        may_be_empty=True,
        who=person,
        raises=SAYS,
        once=True,
    ),
    Route(
        "POST",
        "/deliverables/{deliverable_id}/reject",
        reject,
        {200: wire.DeliverableAnswer},
        "Reject a deliverable",
        body=ReasonBody,
        may_be_empty=True,
        who=person,
        raises=SAYS,
        once=True,
    ),
)
