"""What an audit reads: each task beside its log, and what contradicts itself."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Select, Table, and_, bindparam, func, or_, select

from hiringhall.domain.tasks import QUESTIONED
from hiringhall.store.database import Tx
from hiringhall.store.rows import words_of
from hiringhall.store.statements import Statement
from hiringhall.store.tables import (
    deliverables,
    events,
    feed,
    feed_heads,
    plans,
    questions,
    reported_events,
    runs,
    tasks,
    timers,
)

PAGE = 2_000


@dataclass(frozen=True, slots=True)
class TaskTail:
    """A task's row beside the end of its log."""

    id: str
    engagement: str
    state: str
    waiting_for: str
    version: int
    events: int
    last_number: int
    logged_state: str | None
    logged_waiting_for: str | None
    live_runs: int
    timers: int


@dataclass(frozen=True, slots=True)
class Counts:
    """How much there is."""

    tasks: int
    events: int
    runs: int


_last = events.alias("last")
_before, _after = events.alias("before"), events.alias("after")

_tails = Statement(
    select(
        tasks.c.id,
        tasks.c.engagement,
        tasks.c.state,
        tasks.c.waiting_for,
        tasks.c.version,
        select(func.count())
        .where(events.c.task_id == tasks.c.id)
        .scalar_subquery()
        .label("event_count"),
        select(func.coalesce(func.max(events.c.number), 0))
        .where(events.c.task_id == tasks.c.id)
        .scalar_subquery()
        .label("last_number"),
        _last.c.state.label("logged_state"),
        _last.c.waiting_for.label("logged_waiting_for"),
        select(func.count())
        .where(runs.c.task_id == tasks.c.id, runs.c.ended_at_us.is_(None))
        .scalar_subquery()
        .label("live_runs"),
        select(func.count())
        .where(timers.c.task_id == tasks.c.id)
        .scalar_subquery()
        .label("timer_count"),
    )
    .select_from(
        tasks.outerjoin(
            _last, and_(_last.c.task_id == tasks.c.id, _last.c.number == tasks.c.version)
        )
    )
    .where(tasks.c.id > bindparam("after"))
    .order_by(tasks.c.id)
    .limit(PAGE),
    name="task_tails",
)
_steps = Statement(
    select(
        _before.c.state.label("before_state"),
        _after.c.state.label("after_state"),
        func.min(_after.c.task_id).label("task_id"),
    )
    .select_from(
        _before.join(
            _after,
            and_(_after.c.task_id == _before.c.task_id, _after.c.number == _before.c.number + 1),
        )
    )
    .group_by(_before.c.state, _after.c.state),
    name="state_steps",
)
_bad_runs = Statement(
    select(runs.c.id, runs.c.task_id, runs.c.state)
    .select_from(runs.join(tasks, tasks.c.id == runs.c.task_id))
    .where(
        or_(
            runs.c.generation > tasks.c.generation,
            and_(runs.c.ended_at_us.is_(None), runs.c.generation != tasks.c.generation),
            and_(
                runs.c.ended_at_us.is_(None),
                tasks.c.state.in_(("done", "failed", "cancelled", "expired")),
            ),
        )
    )
    .limit(100),
    name="bad_runs",
)
_doubled = Statement(
    select(events.c.task_id)
    .where(events.c.type.in_(("deliverable_submitted", "output_written")))
    .group_by(events.c.task_id)
    .having(
        func.count()
        != select(func.count())
        .where(deliverables.c.task_id == events.c.task_id)
        .correlate(events)
        .scalar_subquery()
    )
    .limit(100),
    name="doubled_deliverables",
)
_undecided = Statement(
    select(tasks.c.id, tasks.c.state)
    .select_from(
        tasks.outerjoin(questions, questions.c.id == tasks.c.question_id)
        .outerjoin(plans, plans.c.id == tasks.c.plan_id)
        .outerjoin(deliverables, deliverables.c.id == tasks.c.deliverable_id)
    )
    .where(
        or_(
            and_(
                tasks.c.waiting_for.in_(words_of(QUESTIONED)),
                or_(questions.c.id.is_(None), questions.c.answered_at_us.is_not(None)),
            ),
            and_(
                tasks.c.waiting_for == "plan_decision",
                or_(plans.c.id.is_(None), plans.c.accepted.is_not(None)),
            ),
            and_(
                tasks.c.state == "in_review",
                or_(deliverables.c.id.is_(None), deliverables.c.accepted.is_not(None)),
            ),
        )
    )
    .limit(100),
    name="nothing_to_decide",
)
_of_head = feed.c.organization_id == feed_heads.c.organization_id
_bad_heads = Statement(
    select(feed_heads.c.organization_id)
    .select_from(feed_heads.outerjoin(feed, _of_head))
    .group_by(feed_heads.c.organization_id, feed_heads.c.seq, feed_heads.c.at_us)
    .having(
        or_(
            func.count(feed.c.seq) != feed_heads.c.seq,
            func.coalesce(func.max(feed.c.seq), 0) != feed_heads.c.seq,
            func.coalesce(func.max(feed.c.at_us), 0) != feed_heads.c.at_us,
        )
    )
    .limit(100),
    name="bad_feed_heads",
)
_next = feed.alias("next")
_bad_times = Statement(
    select(feed.c.organization_id, feed.c.seq)
    .select_from(
        feed.join(
            _next,
            and_(
                _next.c.organization_id == feed.c.organization_id,
                _next.c.seq == feed.c.seq + 1,
            ),
        )
    )
    .where(_next.c.at_us < feed.c.at_us + 1_000)
    .limit(100),
    name="bad_feed_times",
)


def _passed_over(source: Table, settled: Column[int], place: Column[int]) -> Select[Any]:
    same = source.c.organization_id == feed_heads.c.organization_id
    return (
        select(source.c.id, source.c.organization_id)
        .select_from(
            source.join(feed_heads, and_(same, source.c.id <= settled)).outerjoin(
                feed, place == source.c.id
            )
        )
        .where(feed.c.seq.is_(None))
        .limit(100)
    )


_passed_events = Statement(
    _passed_over(events, feed_heads.c.settled_id, feed.c.event_id), name="events_passed_over"
)
_passed_reports = Statement(
    _passed_over(reported_events, feed_heads.c.settled_reported_id, feed.c.reported_id),
    name="reports_passed_over",
)
_counts = Statement(
    select(
        select(func.count()).select_from(tasks).scalar_subquery().label("task_count"),
        select(func.count()).select_from(events).scalar_subquery().label("event_count"),
        select(func.count()).select_from(runs).scalar_subquery().label("run_count"),
    ),
    name="audit_counts",
)


async def task_tails(tx: Tx) -> AsyncIterator[TaskTail]:
    """Every task with the end of its log, by id."""
    after = ""
    while rows := await tx.all(_tails, after=after):
        for row in rows:
            yield TaskTail(
                row.id,
                row.engagement,
                row.state,
                row.waiting_for,
                row.version,
                row.event_count,
                row.last_number,
                row.logged_state,
                row.logged_waiting_for,
                row.live_runs,
                row.timer_count,
            )
        after = rows[-1].id


async def state_steps(tx: Tx) -> list[tuple[str, str, str]]:
    """Each pair of states that follow one another in some log, with one task where they do."""
    return [(row.before_state, row.after_state, row.task_id) for row in await tx.all(_steps)]


async def run_problems(tx: Tx) -> list[str]:
    """Runs that a task knows nothing of, or that live behind its end."""
    return [
        f"run {row.id}: {row.state}, but its task {row.task_id} has gone on without it"
        for row in await tx.all(_bad_runs)
    ]


async def deliverable_problems(tx: Tx) -> list[str]:
    """Deliverables lost or doubled, and decisions that wait on nothing."""
    problems = [
        f"task {row.task_id}: its log and its deliverables differ in number"
        for row in await tx.all(_doubled)
    ]
    problems += [
        f"task {row.id}: {row.state}, but there is nothing to decide or to answer"
        for row in await tx.all(_undecided)
    ]
    return problems


async def feed_problems(tx: Tx) -> list[str]:
    """Feeds with a gap, with times that do not rise, or that an event was left out of."""
    problems = [
        f"the feed of organization {row.organization_id} and its head do not agree"
        for row in await tx.all(_bad_heads)
    ]
    problems += [
        f"the feed of organization {row.organization_id}: its times do not rise behind {row.seq}"
        for row in await tx.all(_bad_times)
    ]
    for statement in (_passed_events, _passed_reports):
        problems += [
            f"the feed of organization {row.organization_id} was closed before event {row.id}"
            for row in await tx.all(statement)
        ]
    return problems


async def counts(tx: Tx) -> Counts:
    """How much there is."""
    row = await tx.one(_counts)
    return Counts(row.task_count, row.event_count, row.run_count) if row else Counts(0, 0, 0)
