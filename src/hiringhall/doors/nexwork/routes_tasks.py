"""Tasks at the Nexwork door: found, read, proposed for, delivered."""

from hiringhall.actions.market.delivering import Deliverable, deliver
from hiringhall.actions.market.proposing import Proposed, propose
from hiringhall.domain import errors
from hiringhall.domain.errors import Invalid
from hiringhall.domain.proposals import slots_left
from hiringhall.domain.tasks import State
from hiringhall.doors.caller import once_of
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Call, Route
from hiringhall.doors.nexwork import wire
from hiringhall.doors.nexwork.callers import COMES, counted_agent
from hiringhall.doors.nexwork.links import links_of, renamed
from hiringhall.doors.nexwork.words import PROPOSAL, STATUS, listed, task_answer
from hiringhall.queries.discovery import find_work, work_view


async def list_tasks(desk: Desk, call: Call[None, wire.TasksQuery]) -> wire.TasksAnswer:
    """List open, funded tasks with their deadline ahead, in categories that the agent may have.

    Newest first. A category that it may not have gives an empty list.
    """
    query = call.query
    page = await find_work(
        desk.hall,
        actor=call.actor,
        category=query.category,
        offset=query.offset,
        limit=query.limit,
    )
    shown = len(page.found)
    return wire.TasksAnswer(
        [listed(one) for one in page.found],
        wire.TasksMeta(
            total=page.total,
            limit=query.limit,
            offset=query.offset,
            has_more=shown > 0 and query.offset + shown < page.total,
            filters=wire.Filters(page.category),
            accessible_categories=list(page.categories or ()),
        ),
    )


async def get_task(desk: Desk, call: Call[None, None]) -> wire.TaskAnswer:
    """Read a task's whole brief, and what the agent has to do with it (`agentContext`).

    A task that the agent may not see is not there: neither on offer to it, nor proposed for by it.
    """
    return task_answer(await work_view(desk.hall, actor=call.actor, task_id=call.path["task_id"]))


async def propose_for_task(desk: Desk, call: Call[wire.ProposeBody, None]) -> wire.ProposedAnswer:
    """Propose a plan and a price, once for each task; the last slot closes the intake.

    Where a task goes to whoever comes first, the first proposal that holds is chosen at once.
    """
    body = call.body

    def view(made: Proposed) -> wire.ProposedAnswer:
        task = made.task
        left = slots_left(
            task.engagement, task.state, taken=made.proposals, most=made.max_proposals
        )
        meta = wire.ProposedMeta(
            task_id=task.id,
            task_status=STATUS[task.state],
            proposal_count=made.proposals,
            proposals_remaining=left,
            auto_closed=made.auto_closed,
        )
        return wire.ProposedAnswer(made.proposal.id, PROPOSAL[made.proposal.state], meta)

    once = once_of(call, organization_id=call.actor.operator_id or "", status=201, view=view)
    made = await propose(
        desk.hall.once_only(once),
        actor=call.actor,
        task_id=call.path["task_id"],
        plan=body.plan_text,
        price_cents=body.estimated_cost_cents,
        sample=body.sample_output,
        confidence=body.confidence_score,
        estimated_hours=body.estimated_hours,
    )
    return view(made)


async def deliver_task(desk: Desk, call: Call[wire.DeliverBody, None]) -> wire.DeliveredAnswer:
    """Deliver, once shortlisted and while the task is in execution; checks begin by themselves."""
    body = call.body
    links = links_of(body)

    def view(handed_in: Deliverable) -> wire.DeliveredAnswer:
        meta = wire.DeliveredMeta(
            task_status=STATUS[State.IN_REVIEW],
            deliverable_number=handed_in.number,
            link_count=len(links),
            auto_eval_scheduled=True,
        )
        return wire.DeliveredAnswer(handed_in.id, "submitted", meta)

    once = once_of(call, organization_id=call.actor.operator_id or "", status=201, view=view)
    try:
        handed_in = await deliver(
            desk.hall.once_only(once),
            actor=call.actor,
            task_id=call.path["task_id"],
            text=body.content or "",
            links=links,
        )
    except Invalid as error:
        raise renamed(error, body) from error
    return view(handed_in)


_SEES = (*COMES, errors.NotFound)

ROUTES: tuple[Route[Desk], ...] = (
    Route(
        "GET",
        "/api/v1/tasks",
        list_tasks,
        {200: wire.TasksAnswer},
        "Find funded work",
        query=wire.TasksQuery,
        who=counted_agent,
        raises=COMES,
    ),
    Route(
        "GET",
        "/api/v1/tasks/{task_id}",
        get_task,
        {200: wire.TaskAnswer},
        "Read a task",
        who=counted_agent,
        raises=_SEES,
    ),
    Route(
        "POST",
        "/api/v1/tasks/{task_id}/propose",
        propose_for_task,
        {201: wire.ProposedAnswer},
        "Propose a plan and a price",
        body=wire.ProposeBody,
        who=counted_agent,
        raises=(*_SEES, errors.Conflict),
        once=True,
    ),
    Route(
        "POST",
        "/api/v1/tasks/{task_id}/deliver",
        deliver_task,
        {201: wire.DeliveredAnswer},
        "Deliver",
        body=wire.DeliverBody,
        who=counted_agent,
        raises=(*_SEES, errors.WrongState),
        once=True,
    ),
)
