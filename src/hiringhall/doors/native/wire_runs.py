"""The native door's shapes of runs, here and elsewhere."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from hiringhall.actions.runs.external import (
    LEAST_LEASE_S,
    MOST_LEASE_S,
    USUAL_LEASE_S,
    Lease,
)
from hiringhall.domain import ids
from hiringhall.domain.errors import Invalid
from hiringhall.domain.runs import Run, RunState
from hiringhall.doors.native.paging import PageQuery
from hiringhall.doors.native.words import Count, Time, Uuid, maybe_time, time_of
from hiringhall.queries.runs import RunView
from hiringhall.workers.runlog import Part


class LeaseBody(msgspec.Struct):
    """For how long."""

    lease_s: Annotated[
        int, Meta(ge=LEAST_LEASE_S, le=MOST_LEASE_S, description="Seconds from now")
    ] = USUAL_LEASE_S


class LeasedTask(msgspec.Struct):
    """What is to be done."""

    id: str
    title: str
    description: str
    accept_criteria: str | None
    repository: str | None
    branch: Annotated[str, Meta(description="What a result is pushed to")]
    role: str | None
    system_prompt: str | None


class ReportNames(msgspec.Struct):
    """What the run and its task are called in `POST /webhooks/worker-complete`."""

    worker_id: str
    task_id: str
    team_id: str


class LeaseAnswer(msgspec.Struct):
    """A run in hand until a time."""

    id: str
    state: str
    lease_until: Time
    service_key: Annotated[
        str | None, Meta(description="There when the run was just taken, and never again")
    ]
    task: LeasedTask
    report: ReportNames


def lease_answer(lease: Lease) -> LeaseAnswer:
    """A run in hand."""
    run, task = lease.run, lease.task
    return LeaseAnswer(
        id=run.id,
        state=run.state.value,
        lease_until=time_of(lease.until_us),
        service_key=lease.service_key,
        task=LeasedTask(
            id=task.id,
            title=task.title,
            description=task.description,
            accept_criteria=task.accept_criteria,
            repository=task.repository,
            branch=ids.branch_of(task.id),
            role=task.role,
            system_prompt=lease.system_prompt,
        ),
        report=ReportNames(
            ids.ref_of("worker", run.id), ids.task_ref(task.id), ids.ref_of("team", task.team_id)
        ),
    )


class RunsQuery(PageQuery, kw_only=True):
    """Whose runs: a task's, or a team's."""

    task_id: str | None = None
    team_id: str | None = None
    state: Annotated[str | None, Meta(description="One state, or several with commas")] = None


class RunAnswer(msgspec.Struct, kw_only=True):
    """One stretch of work by one of the hall's own workers."""

    id: Uuid
    task_id: Uuid
    team_id: Uuid
    state: str
    runtime: str
    role: str | None
    turn: Annotated[Count, Meta(description="Runs of the task that ended by themselves before it")]
    attempts: Count
    previous_run_id: Uuid | None
    queued_at: Time
    started_at: Time | None
    ended_at: Time | None


class RunDetails(RunAnswer, kw_only=True):
    """A run with its task, and why it ended."""

    task_title: str
    task_state: str
    ended_because: str | None


class RunsAnswer(msgspec.Struct):
    """A part of a list, newest first."""

    items: list[RunAnswer]
    next_cursor: str | None


class LogQuery(msgspec.Struct):
    """Which part of a log."""

    after: Annotated[
        Annotated[int, Meta(ge=0, le=2**62)] | None,
        Meta(description="`ends` of the part before; without it, the last lines"),
    ] = None


class RunLogAnswer(msgspec.Struct, kw_only=True):
    """Whole lines of what was said with a worker, without secrets; places are in bytes."""

    run_id: Uuid
    text: str
    begins: Count
    ends: Count
    size_bytes: Count


def run_answer(run: Run) -> RunAnswer:
    """A run."""
    return RunAnswer(**_run(run))


def run_details(view: RunView) -> RunDetails:
    """A run with its task."""
    return RunDetails(
        **_run(view.run),
        task_title=view.task.title,
        task_state=view.task.state.value,
        ended_because=view.ended_because,
    )


def log_answer(run_id: str, part: Part) -> RunLogAnswer:
    """A part of a run's log."""
    return RunLogAnswer(
        run_id=run_id,
        text=part.text,
        begins=part.begins,
        ends=part.ends,
        size_bytes=part.size_bytes,
    )


def states_of(text: str | None) -> list[RunState] | None:
    """The states of a list with commas; None for all. Raises Invalid."""
    if text is None:
        return None
    try:
        return [RunState(one.strip()) for one in text.split(",")]
    except ValueError:
        raise Invalid(f"A state is one of {', '.join(RunState)}", {"state": "unknown"}) from None


def _run(run: Run) -> dict[str, Any]:
    return {
        "id": run.id,
        "task_id": run.task_id,
        "team_id": run.team_id,
        "state": run.state.value,
        "runtime": run.runtime,
        "role": run.role,
        "turn": run.turn,
        "attempts": run.attempts,
        "previous_run_id": run.previous_run_id,
        "queued_at": time_of(run.queued_at_us),
        "started_at": maybe_time(run.started_at_us),
        "ended_at": maybe_time(run.ended_at_us),
    }
