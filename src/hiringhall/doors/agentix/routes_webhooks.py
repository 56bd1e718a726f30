"""The Agentix door's webhook: a worker elsewhere says what it came to."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from hiringhall.actions.runs import external
from hiringhall.domain import errors, ids
from hiringhall.domain.errors import Forbidden, Invalid
from hiringhall.domain.policy import Actor
from hiringhall.doors.agentix.wire import OkAnswer
from hiringhall.doors.caller import worker_at_any_time
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Call, Route


class CompletionBody(msgspec.Struct):
    """What a worker came to."""

    worker_id: str
    task_id: str
    status: Literal["completed", "failed"]
    summary: Annotated[str, Meta(description="What was done, or why it cannot be")]
    git_pushed: bool | None = None
    git_branch: Annotated[
        str | None, Meta(description="Where it was pushed to; without one, worker/task_…")
    ] = None


async def worker_complete(desk: Desk, call: Call[CompletionBody, None]) -> OkAnswer:
    """Take a worker's report: its task is done, in review or failed. Again: the same answer."""
    body, actor = call.body, call.actor
    task_id = _own(actor, "task", body.task_id)
    _own(actor, "worker", body.worker_id)
    branch = body.git_branch or (ids.branch_of(task_id) if body.git_pushed else None)
    await external.complete_run(
        desk.hall,
        actor=actor,
        completed=body.status == "completed",
        summary=body.summary,
        branch=None if body.git_pushed is False else branch,
    )
    return OkAnswer()


def _own(actor: Actor, kind: Literal["task", "worker"], given: str) -> str:
    """The id of the key's own task or worker, where that is what was named."""
    named = ids.id_of_ref(kind, given)
    if named is None:
        raise Invalid(f"{kind}_id is not the id of a {kind}", {f"{kind}_id": "not an id"})
    token = actor.run
    own = None if token is None else (token.task_id if kind == "task" else token.run_id)
    if named != own:
        raise Forbidden(f"This service key is for another {kind}")
    return named


ROUTES: tuple[Route[Desk], ...] = (
    Route(
        "POST",
        "/webhooks/worker-complete",
        worker_complete,
        {200: OkAnswer},
        "Report what a worker came to",
        body=CompletionBody,
        who=worker_at_any_time,
        raises=(errors.Unauthorized, errors.Forbidden, errors.Superseded),
    ),
)
