"""The Agentwork door's routes: each parses, calls one action or query, and renders."""

from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

from hiringhall.actions import accounts
from hiringhall.actions.tasks import answer, post
from hiringhall.domain import errors, ids
from hiringhall.domain.errors import Invalid, NotFound
from hiringhall.domain.names import tidy_title
from hiringhall.doors.agentwork import wire, words
from hiringhall.doors.agentwork.errors import ENVELOPES, ERRORS, envelope
from hiringhall.doors.agentwork.log import events_answer
from hiringhall.doors.caller import client_address, customer, once_of
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Answer, Call, Door, Route, Stream, encode_json
from hiringhall.hall import Once
from hiringhall.queries import accounts as account_queries
from hiringhall.queries import tasks as task_queries
from hiringhall.queries.tasks import TaskLine

_SECRET = ((b"cache-control", b"no-store"),)


async def register(desk: Desk, call: Call[wire.RegisterBody, None]) -> Answer:
    """Open an account with an organization of its own; the answer holds its first key, once."""
    issued = await accounts.register(
        desk.hall,
        email=call.body.email,
        name=call.body.name,
        organization_name=call.body.organization_name,
        invitation=call.body.invitation,
        source_address=client_address(call.scope, desk.trusted_proxies),
    )
    return Answer(words.registered(issued), 201, _SECRET)


async def exchange_password(desk: Desk, call: Call[wire.ExchangeBody, None]) -> Answer:
    """Give a new key for an account's e-mail address and password."""
    issued = await accounts.exchange_password(
        desk.hall,
        email=call.body.email,
        password=call.body.password,
        key_name=call.body.key_name,
        source_address=client_address(call.scope, desk.trusted_proxies),
        once=once_of(call, organization_id="", status=200, view=words.exchanged, holds_secret=True),
    )
    return Answer(words.exchanged(issued), 200, _SECRET)


async def create_task(desk: Desk, call: Call[wire.CreateBody, None]) -> wire.CreatedAnswer:
    """Post a task for the hall's workers."""
    body = call.body
    once = once_of(call, organization_id=_organization(call), status=201, view=words.created)
    task = await post.create_task(
        desk.hall.once_only(once),
        actor=call.actor,
        title=tidy_title(body.title, words.TITLE_LENGTH),
        description=body.description,
        repository=body.repository,
        role=body.role,
        require_spec_approval=body.require_spec_approval,
    )
    return words.created(task)


async def list_tasks(desk: Desk, call: Call[None, wire.ListQuery]) -> Stream | wire.ListAnswer:
    """List the organization's tasks, newest first: all of them, or a part."""
    query = call.query
    if query.limit is None and query.cursor is None:
        pages = task_queries.all_tasks(desk.hall, actor=call.actor)
        first = await anext(pages, list[TaskLine]())
        return Stream(_whole_list(first, pages))
    if query.cursor is not None and not ids.is_uuid(query.cursor):
        raise Invalid("cursor is not one of this list's", {"cursor": "unknown"})
    limit = query.limit or task_queries.PAGE
    page = await task_queries.list_tasks(
        desk.hall, actor=call.actor, before=query.cursor, limit=limit
    )
    following = page[-1].id if len(page) == limit else None
    return wire.ListAnswer([words.line(one) for one in page], following)


async def _whole_list(
    first: list[TaskLine], pages: AsyncIterator[list[TaskLine]]
) -> AsyncGenerator[bytes, None]:
    """The list as JSON, a page of it in memory at a time."""
    yield b'{"tasks":[' + _lines(first)
    async for page in pages:
        yield b"," + _lines(page)
    yield b"]}"


def _lines(page: list[TaskLine]) -> bytes:
    return encode_json([words.line(one) for one in page])[1:-1]


async def get_task(desk: Desk, call: Call[None, None]) -> wire.TaskAnswer:
    """Say where a task stands; its status tells what to do next."""
    row = await task_queries.task_view(desk.hall, actor=call.actor, task_id=call.path["task_id"])
    return words.task_answer(row)


async def get_result(desk: Desk, call: Call[None, None]) -> wire.ResultAnswer:
    """Give the newest solution, else the worker's last words, with links to the files."""
    result = await task_queries.task_result(
        desk.hall, actor=call.actor, task_id=call.path["task_id"]
    )
    files = [wire.FileAnswer(one.name, await desk.link_to(call, one)) for one in result.files]
    task = result.task
    status = words.status_of(task.state, task.waiting_for)
    return wire.ResultAnswer(task.id, status, result.text, files)


async def get_events(desk: Desk, call: Call[None, None]) -> wire.EventsAnswer:
    """Show what happened to a task, oldest first."""
    log = await task_queries.task_log(desk.hall, actor=call.actor, task_id=call.path["task_id"])
    return events_answer(call.path["task_id"], log)


async def send_message(desk: Desk, call: Call[wire.MessageBody, None]) -> wire.SuccessAnswer:
    """Reply to the question a task waits on: in plain text, or to each question by its index."""
    task = await answer.reply(
        desk.hall.once_only(_once(call, 201)),
        actor=call.actor,
        task_id=call.path["task_id"],
        text=call.body.text(),
        answers=words.given_answers(call.body.answers),
    )
    return words.success(task)


async def decide_solution(desk: Desk, call: Call[wire.DecisionBody, None]) -> wire.SuccessAnswer:
    """Accept the proposed solution, or send it back with a reason."""
    task = await answer.decide_deliverable(
        desk.hall.once_only(_once(call, 200)),
        actor=call.actor,
        task_id=call.path["task_id"],
        accepted=_accepted(call.body.status),
        reason=call.body.rejection_reason,
    )
    return words.success(task)


async def decide_spec(desk: Desk, call: Call[wire.DecisionBody, None]) -> wire.SuccessAnswer:
    """Accept the proposed plan, or send it back with a reason."""
    task = await answer.decide_plan(
        desk.hall.once_only(_once(call, 200)),
        actor=call.actor,
        task_id=call.path["task_id"],
        accepted=_accepted(call.body.status),
        reason=call.body.rejection_reason,
    )
    return words.success(task)


async def cancel_task(desk: Desk, call: Call[None, None]) -> wire.SuccessAnswer:
    """Withdraw a task; its worker stops."""
    task = await answer.cancel_task(
        desk.hall.once_only(_once(call, 200)), actor=call.actor, task_id=call.path["task_id"]
    )
    return words.success(task)


async def get_credits(desk: Desk, call: Call[None, None]) -> wire.CreditsAnswer:
    """Say what is left of the caller's credits of the day."""
    credit = await account_queries.day_credits(desk.hall, actor=call.actor)
    return words.credits_answer(credit)


def _organization(call: Call[Any, Any]) -> str:
    return call.actor.organization_id or ""


def _once(call: Call[Any, Any], status: int) -> Once | None:
    """The key of a word to one task; an id that cannot be one is unknown before it is kept."""
    if not ids.is_uuid(call.path["task_id"]):
        raise NotFound("task")
    return once_of(call, organization_id=_organization(call), status=status, view=words.success)


def _accepted(status: str) -> bool:
    word = status.strip().upper()
    if word not in ("CONFIRMED", "REJECTED"):
        raise Invalid("status must be CONFIRMED or REJECTED", {"status": "unknown"})
    return word == "CONFIRMED"


_ASKS = (errors.Unauthorized, errors.NotFound)
_SAYS = (*_ASKS, errors.Invalid, errors.WrongState, errors.LostRace, errors.IdempotencyConflict)

DOOR: Door[Desk] = Door(
    name="agentwork",
    title="Hiringhall: the Agentwork door",
    description=(
        "Post a task, answer the worker's questions, decide on what it proposes, fetch the result. "
        "Clients of Agentwork work here by changing the base URL."
    ),
    errors=ERRORS,
    envelope=envelope,
    envelopes=ENVELOPES,
    routes=(
        Route(
            "POST",
            "/api/v1/auth/register",
            register,
            {201: wire.RegisteredAnswer},
            "Open an account and get a key",
            body=wire.RegisterBody,
            raises=(errors.EmailTaken, errors.RegistrationClosed, errors.TooManyAttempts),
        ),
        Route(
            "POST",
            "/api/v1/auth/api-key",
            exchange_password,
            {200: wire.ExchangedAnswer},
            "Exchange a password for a key",
            body=wire.ExchangeBody,
            raises=(
                errors.InvalidCredentials,
                errors.NoOrganization,
                errors.TooManyAttempts,
                errors.SecretNotRepeated,
            ),
            once=True,
        ),
        Route(
            "POST",
            "/api/v1/tasks",
            create_task,
            {201: wire.CreatedAnswer},
            "Create a task",
            body=wire.CreateBody,
            who=customer,
            raises=(errors.Unauthorized, errors.OutOfCredits, errors.IdempotencyConflict),
            once=True,
        ),
        Route(
            "GET",
            "/api/v1/tasks",
            list_tasks,
            {200: wire.ListAnswer},
            "List tasks",
            query=wire.ListQuery,
            who=customer,
            raises=(errors.Unauthorized,),
        ),
        Route(
            "GET",
            "/api/v1/tasks/{task_id}",
            get_task,
            {200: wire.TaskAnswer},
            "Get a task's status",
            who=customer,
            raises=_ASKS,
        ),
        Route(
            "GET",
            "/api/v1/tasks/{task_id}/result",
            get_result,
            {200: wire.ResultAnswer},
            "Get a task's result",
            who=customer,
            raises=_ASKS,
        ),
        Route(
            "GET",
            "/api/v1/tasks/{task_id}/events",
            get_events,
            {200: wire.EventsAnswer},
            "Get a task's log",
            who=customer,
            raises=_ASKS,
        ),
        Route(
            "POST",
            "/api/v1/tasks/{task_id}/message",
            send_message,
            {201: wire.SuccessAnswer},
            "Reply to a question",
            body=wire.MessageBody,
            who=customer,
            raises=_SAYS,
            once=True,
        ),
        Route(
            "POST",
            "/api/v1/tasks/{task_id}/solution-status",
            decide_solution,
            {200: wire.SuccessAnswer},
            "Accept or reject the solution",
            body=wire.DecisionBody,
            who=customer,
            raises=_SAYS,
            once=True,
        ),
        Route(
            "POST",
            "/api/v1/tasks/{task_id}/spec-status",
            decide_spec,
            {200: wire.SuccessAnswer},
            "Accept or reject the plan",
            body=wire.DecisionBody,
            who=customer,
            raises=_SAYS,
            once=True,
        ),
        Route(
            "POST",
            "/api/v1/tasks/{task_id}/cancel",
            cancel_task,
            {200: wire.SuccessAnswer},
            "Cancel a task",
            who=customer,
            raises=_SAYS,
            once=True,
        ),
        Route(
            "GET",
            "/api/v1/credits",
            get_credits,
            {200: wire.CreditsAnswer},
            "See the day's credits",
            who=customer,
            raises=(errors.Unauthorized,),
        ),
    ),
)
