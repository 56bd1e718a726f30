"""The Agentix door's shapes of usage (seed 004, "Usage")."""

import re
from collections.abc import Iterator
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

from hiringhall.domain.durations import DAY_US, minutes_each, minutes_of
from hiringhall.domain.errors import Invalid
from hiringhall.domain.runs import Run
from hiringhall.doors.agentix.wire import Ref, Time
from hiringhall.doors.agentix.words import moment_of, ref, time_of
from hiringhall.queries.runs import Sums, Usage

UsageType: TypeAlias = Literal["worker_spawn", "compute_minutes"]
TYPES: tuple[UsageType, ...] = ("worker_spawn", "compute_minutes")
_MILLISECOND_US = 1_000
_BARE_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_Day = Annotated[
    str | None,
    Meta(description="An ISO 8601 time, inclusive; a bare date is the whole day, UTC"),
]


class UsageQuery(msgspec.Struct, rename={"team_id": "teamId", "from_": "from"}):
    """Which usage: by when its worker was spawned."""

    team_id: str | None = None
    type: Annotated[str | None, Meta(extra_json_schema={"enum": list(TYPES)})] = None
    from_: _Day = None
    to: _Day = None
    limit: Annotated[int, Meta(ge=0, le=500, description="At most records of so many workers")] = (
        500
    )


class Totals(msgspec.Struct):
    """What it comes to; minutes are rounded up once, at the end, and the records add up to them."""

    worker_spawn: int
    compute_minutes: int


class UsageRecord(msgspec.Struct, rename="camel"):
    """A worker that was spawned, or the minutes that it took: up to now while it is at work."""

    type: UsageType
    quantity: int
    milliseconds: int | None
    team_id: Ref
    task_id: Ref
    worker_id: Ref
    recorded_at: Annotated[Time, Meta(description="When the worker was spawned")]


class UsageAnswer(msgspec.Struct):
    """Totals over all of it, and the records of the newest workers, the last spawned first."""

    totals: Totals
    records: list[UsageRecord]


class UsageSummary(msgspec.Struct, rename="camel"):
    """What a team has used since it was founded."""

    total_spawns: int
    total_compute_minutes: int


def types_of(given: str | None) -> tuple[UsageType, ...]:
    """Which types are asked for; raises Invalid for an unknown one."""
    if given is None:
        return TYPES
    for one in TYPES:
        if one == given:
            return (one,)
    raise Invalid("type is worker_spawn or compute_minutes", {"type": "unknown"})


def span_of(first: str | None, last: str | None) -> tuple[int | None, int | None]:
    """From which moment (µs) up to which what is meant by `from` and `to`; raises Invalid."""
    from_us, until_us = from_of(first), until_of(last)
    if from_us is not None and until_us is not None and from_us >= until_us:
        raise Invalid("from is after to", {"from": "after to"})
    return from_us, until_us


def from_of(given: str | None) -> int | None:
    """The first moment (µs) that is meant by `from`; raises Invalid."""
    return None if given is None else _moment(given, "from")


def until_of(given: str | None) -> int | None:
    """The first moment (µs) behind what is meant by `to`; raises Invalid."""
    if given is None:
        return None
    whole = DAY_US if _BARE_DATE.fullmatch(given.strip()) else _MILLISECOND_US
    return _moment(given, "to") + whole


def _moment(given: str, name: str) -> int:
    moment_us = moment_of(given)
    if moment_us is None:
        raise Invalid(
            f"{name} is an ISO 8601 date or time, such as 2026-01-31", {name: "not a date"}
        )
    return moment_us


def usage_answer(found: Usage, types: tuple[UsageType, ...]) -> UsageAnswer:
    """Usage, of the types that were asked for."""
    totals = Totals(found.sums.spawns, minutes_of(found.sums.worked_ms))
    if "worker_spawn" not in types:
        totals.worker_spawn = 0
    if "compute_minutes" not in types:
        totals.compute_minutes = 0
    records = [record for record in _records(found) if record.type in types]
    return UsageAnswer(totals, records)


def usage_summary(sums: Sums) -> UsageSummary:
    """A team's usage in two figures."""
    return UsageSummary(sums.spawns, minutes_of(sums.worked_ms))


def _records(found: Usage) -> Iterator[UsageRecord]:
    runs = [run for run in found.runs if run.started_at_us is not None]
    worked = [_worked_ms(run, found.now_us) for run in runs]
    earlier_ms = max(0, found.sums.worked_ms - sum(worked))
    # In the order in which they were begun, so that a later worker changes no earlier record.
    minutes = minutes_each(worked[::-1], earlier_ms=earlier_ms)[::-1]
    for run, worked_ms, quantity in zip(runs, worked, minutes, strict=True):
        whose = {
            "team_id": ref("team", run.team_id),
            "task_id": ref("task", run.task_id),
            "worker_id": ref("worker", run.id),
            "recorded_at": time_of(run.started_at_us or 0),
        }
        yield UsageRecord(type="worker_spawn", quantity=1, milliseconds=None, **whose)
        yield UsageRecord(
            type="compute_minutes", quantity=quantity, milliseconds=worked_ms, **whose
        )


def _worked_ms(run: Run, now_us: int) -> int:
    begun_us = run.started_at_us or 0
    ended_us = max(begun_us, now_us) if run.ended_at_us is None else run.ended_at_us
    return (ended_us - begun_us) // _MILLISECOND_US
