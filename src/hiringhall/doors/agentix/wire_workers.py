"""The Agentix door's shapes of workers: runs of the hall (seed 004, "Workers")."""

from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

from hiringhall.domain import ids
from hiringhall.domain.errors import Invalid
from hiringhall.domain.feed import FeedEvent
from hiringhall.domain.runs import Run, RunState
from hiringhall.doors.agentix.wire import Ref, Time
from hiringhall.doors.agentix.wire_events import EventAnswer, event_answer
from hiringhall.doors.agentix.words import STATUS, Status, maybe_time_of, ref
from hiringhall.queries.runs import MOST, RunView, WorkedTask

WorkerStatus: TypeAlias = Literal["starting", "running", "completed", "failed"]

STATUSES: Mapping[RunState, WorkerStatus] = {
    RunState.QUEUED: "starting",
    RunState.STARTING: "starting",
    RunState.RUNNING: "running",
    RunState.COMPLETED: "completed",
    RunState.FAILED: "failed",
    RunState.BROKEN: "failed",
    RunState.LOST: "failed",
    RunState.CANCELLED: "failed",
}
"""The door's word for where a run stands; total (a test).

A run that ended of its own accord is `completed` whatever it came to: it delivered, it asked or
proposed a plan, it reached a cap, or waits for a provider; the next one goes on.
"""


class WorkersQuery(msgspec.Struct, rename="camel"):
    """Which of a team's workers."""

    team_id: str
    status: Annotated[
        str | None, Meta(extra_json_schema={"enum": sorted(set(STATUSES.values()))})
    ] = None
    limit: Annotated[int, Meta(ge=1, le=MOST, description="At most so many")] = MOST
    cursor: Annotated[str | None, Meta(description="A worker's id: those before it")] = None


class WorkerAnswer(msgspec.Struct, rename="camel"):
    """A worker: one stretch of work on one task in one sandbox."""

    id: Ref
    task_id: Ref
    role: str | None
    status: WorkerStatus
    sandbox_id: str
    started_at: Time | None
    completed_at: Time | None


class WorkerTask(msgspec.Struct, rename="camel"):
    """What a worker works on."""

    id: Ref
    title: str
    role: str | None
    status: Status
    priority: int


class WorkerDetails(msgspec.Struct, rename="camel"):
    """A worker with its task and its newest events, newest first."""

    id: Ref
    task_id: Ref
    role: str | None
    status: WorkerStatus
    sandbox_id: str
    started_at: Time | None
    completed_at: Time | None
    task: WorkerTask
    events: list[EventAnswer]


def states_of(given: str | None) -> list[RunState] | None:
    """The hall's states behind a status; None for all. Raises Invalid for an unknown one."""
    if given is None:
        return None
    states = [state for state, word in STATUSES.items() if word == given]
    if not states:
        raise Invalid(
            "status is one of starting, running, completed, failed", {"status": "unknown"}
        )
    return states


def sandbox_ref(run: Run) -> str:
    """What the door calls a run's sandbox."""
    return f"fc-{ids.base32_of(run.id)}"


def worker_answer(run: Run) -> WorkerAnswer:
    """A worker by itself."""
    return WorkerAnswer(
        id=ref("worker", run.id),
        task_id=ref("task", run.task_id),
        role=run.role,
        status=STATUSES[run.state],
        sandbox_id=sandbox_ref(run),
        started_at=maybe_time_of(run.started_at_us),
        completed_at=maybe_time_of(run.ended_at_us),
    )


def worker_details(view: RunView, events: list[FeedEvent]) -> WorkerDetails:
    """A worker with what it did."""
    run = view.run
    return WorkerDetails(
        id=ref("worker", run.id),
        task_id=ref("task", run.task_id),
        role=run.role,
        status=STATUSES[run.state],
        sandbox_id=sandbox_ref(run),
        started_at=maybe_time_of(run.started_at_us),
        completed_at=maybe_time_of(run.ended_at_us),
        task=_task(view.task),
        events=[event_answer(event) for event in events],
    )


def _task(task: WorkedTask) -> WorkerTask:
    return WorkerTask(
        ref("task", task.id), task.title, task.role, STATUS[task.state], task.priority
    )
