"""The native door's tasks of the hall's own staff: run, resumed, opened again, followed."""

import msgspec

from hiringhall.actions.tasks import running
from hiringhall.domain import errors
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Call, Route
from hiringhall.doors.native.callers import anybody, person
from hiringhall.doors.native.paging import PageQuery, cut, number_of
from hiringhall.doors.native.routes_tasks import SAYS, SEES, keeping, shown, shown_by_id
from hiringhall.doors.native.wire_budgets import BudgetAnswer
from hiringhall.doors.native.wire_deliverables import FileAnswer, file_answer
from hiringhall.doors.native.wire_disputes import LogAnswer, log_line
from hiringhall.doors.native.wire_tasks import TaskAnswer
from hiringhall.doors.native.words import Count
from hiringhall.queries import deliveries, seen
from hiringhall.queries.budgets import spending_on


class DeliveredFile(FileAnswer, kw_only=True):
    """A file, and of which submission it is."""

    deliverable_id: str
    number: Count


class FilesAnswer(msgspec.Struct):
    """All files that were handed in for a task, the oldest submission first."""

    items: list[DeliveredFile]
    next_cursor: str | None


async def run_task(desk: Desk, call: Call[None, None]) -> TaskAnswer:
    """Have a worker begin on a task that is ready."""
    run = await running.run_task(
        keeping(desk, call), actor=call.actor, task_id=call.path["task_id"], by_role=False
    )
    return await shown_by_id(desk, call, run.task_id)


async def resume_task(desk: Desk, call: Call[None, None]) -> TaskAnswer:
    """Go on with a task that failed or was withdrawn, in the session of its last worker."""
    run = await running.resume_task(
        keeping(desk, call), actor=call.actor, task_id=call.path["task_id"]
    )
    return await shown_by_id(desk, call, run.task_id)


async def reopen_task(desk: Desk, call: Call[None, None]) -> TaskAnswer:
    """Begin a new round of a task that has ended; what was delivered stays. `run` starts it."""
    task = await running.reopen_task(
        keeping(desk, call), actor=call.actor, task_id=call.path["task_id"]
    )
    return await shown(desk, call, task)


async def read_task_log(desk: Desk, call: Call[None, PageQuery]) -> LogAnswer:
    """What happened to a task, oldest first, for its poster."""
    found = await seen.log_of(
        desk.hall,
        actor=call.actor,
        task_id=call.path["task_id"],
        after=number_of(desk, call),
        limit=call.query.limit + 1,
    )
    part, cursor = cut(desk, call, found, lambda one: str(one.number))
    return LogAnswer([log_line(one) for one in part], cursor)


async def list_files(desk: Desk, call: Call[None, None]) -> FilesAnswer:
    """All files that were handed in for a task; who works on it sees their own."""
    found = await deliveries.deliveries_of(
        desk.hall, actor=call.actor, task_id=call.path["task_id"]
    )
    url_of = desk.links_for(call)
    return FilesAnswer(
        [
            DeliveredFile(
                **msgspec.structs.asdict(file_answer(file, url_of=url_of)),
                deliverable_id=one.deliverable.id,
                number=one.deliverable.number,
            )
            for one in found
            for file in one.files
        ],
        None,
    )


async def get_budget(desk: Desk, call: Call[None, None]) -> BudgetAnswer:
    """What the models of a task have cost. At its cap the task asks, and a reply raises it."""
    found = await spending_on(desk.hall, actor=call.actor, task_id=call.path["task_id"])
    return BudgetAnswer(
        currency=desk.hall.rules.currency,
        cap_micros=found.cap_micros,
        spent_micros=found.spent_micros,
        reserved_micros=found.reserved_micros,
        calls=found.calls,
    )


ROUTES: tuple[Route[Desk], ...] = (
    Route(
        "POST",
        "/tasks/{task_id}/run",
        run_task,
        {200: TaskAnswer},
        "Have a worker begin",
        who=person,
        raises=SAYS,
        once=True,
    ),
    Route(
        "POST",
        "/tasks/{task_id}/resume",
        resume_task,
        {200: TaskAnswer},
        "Resume a task",
        who=person,
        raises=SAYS,
        once=True,
    ),
    Route(
        "POST",
        "/tasks/{task_id}/reopen",
        reopen_task,
        {200: TaskAnswer},
        "Open a task again",
        who=person,
        raises=SAYS,
        once=True,
    ),
    Route(
        "GET",
        "/tasks/{task_id}/events",
        read_task_log,
        {200: LogAnswer},
        "A task's log",
        query=PageQuery,
        who=anybody,
        raises=SEES,
    ),
    Route(
        "GET",
        "/tasks/{task_id}/files",
        list_files,
        {200: FilesAnswer},
        "A task's files",
        who=anybody,
        raises=SEES,
    ),
    Route(
        "GET",
        "/tasks/{task_id}/budget",
        get_budget,
        {200: BudgetAnswer},
        "What a task's models cost",
        who=person,
        raises=(errors.Unauthorized, errors.Forbidden, errors.NotFound),
    ),
)
