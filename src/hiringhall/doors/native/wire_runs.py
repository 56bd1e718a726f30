"""The native door's shapes of runs that are done elsewhere."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta

from hiringhall.actions.runs.external import (
    LEAST_LEASE_S,
    MOST_LEASE_S,
    USUAL_LEASE_S,
    Lease,
)
from hiringhall.domain import ids

Time = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]

_EPOCH = datetime.fromtimestamp(0, UTC)


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
        lease_until=_time_of(lease.until_us),
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


def _time_of(at_us: int) -> str:
    moment = _EPOCH + timedelta(microseconds=at_us)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
