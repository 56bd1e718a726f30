"""Reading the feed, in either direction; and what is reported from outside, written down."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from sqlalchemy import Select, bindparam, func, select

from hiringhall.domain.feed import FeedEvent, ReportedType
from hiringhall.domain.tasks import State
from hiringhall.store.database import Tx
from hiringhall.store.rows import insert_row
from hiringhall.store.statements import Statement, any_of
from hiringhall.store.tables import events, feed, feed_heads, reported_events

NEWEST = 2**62
"""Behind every place there will be."""

_COLUMNS = (
    feed.c.seq,
    feed.c.team_id,
    feed.c.task_id,
    feed.c.at_us,
    func.coalesce(events.c.type, reported_events.c.type).label("type"),
    func.coalesce(events.c.actor, reported_events.c.actor).label("actor"),
    func.coalesce(events.c.data, reported_events.c.data).label("data"),
    events.c.state,
    reported_events.c.run_id,
)
_SOURCES = feed.outerjoin(events, events.c.id == feed.c.event_id).outerjoin(
    reported_events, reported_events.c.id == feed.c.reported_id
)

_Scope = Literal["organization", "team", "task", "team_and_task"]
_SCOPES: dict[_Scope, tuple[str, ...]] = {
    "organization": ("organization_id",),
    "team": ("team_id",),
    "task": ("task_id",),
    "team_and_task": ("task_id", "team_id"),
}
"""By which columns a part of the feed is found: each begins an index that seq ends."""


@dataclass(frozen=True, slots=True)
class Part:
    """Which part of a feed is read.

    Of a team or a task only that is looked at: whose it is, the caller has made sure of.
    `words` are those it is filtered by; None takes all.
    """

    organization_id: str
    team_id: str | None = None
    task_id: str | None = None
    words: tuple[str, ...] | None = None

    @property
    def scope(self) -> _Scope:
        """What it is found by."""
        if self.task_id is not None:
            return "task" if self.team_id is None else "team_and_task"
        return "organization" if self.team_id is None else "team"


@dataclass(frozen=True, slots=True)
class Report:
    """Something that somebody outside reported: `data` as JSON, `said_by` who that really was."""

    organization_id: str
    team_id: str
    task_id: str | None
    run_id: str | None
    type: ReportedType
    actor: str
    said_by: str
    data: str
    at_us: int


def _page_of(scope: _Scope, *, forwards: bool, filtered: bool) -> Statement:
    wanted: Select[Any] = select(*_COLUMNS).select_from(_SOURCES)
    for name in _SCOPES[scope]:
        wanted = wanted.where(feed.c[name] == bindparam(name))
    if filtered:
        wanted = wanted.where(any_of(feed.c.word, "words"))
    if forwards:
        wanted = wanted.where(feed.c.seq > bindparam("seq")).order_by(feed.c.seq)
    else:
        wanted = wanted.where(feed.c.seq < bindparam("seq")).order_by(feed.c.seq.desc())
    name = f"feed_{scope}_{'after' if forwards else 'before'}{'_filtered' if filtered else ''}"
    return Statement(wanted.limit(bindparam("most")), name=name)


_PAGES = {
    (scope, forwards, filtered): _page_of(scope, forwards=forwards, filtered=filtered)
    for scope in _SCOPES
    for forwards in (False, True)
    for filtered in (False, True)
}
_place_before = Statement(
    select(feed.c.seq)
    .where(
        feed.c.organization_id == bindparam("organization_id"), feed.c.at_us < bindparam("at_us")
    )
    .order_by(feed.c.at_us.desc())
    .limit(1),
    name="feed_place_before",
)
_newest_place = Statement(
    select(feed_heads.c.seq).where(feed_heads.c.organization_id == bindparam("organization_id")),
    name="newest_place_in_feed",
)
_newest_first = (
    func.row_number()
    .over(partition_by=feed.c.task_id, order_by=feed.c.seq.desc())
    .label("position")
)
_numbered = (
    select(feed.c.organization_id, feed.c.seq, _newest_first)
    .where(any_of(feed.c.task_id, "task_ids"))
    .subquery()
)
_recent = Statement(
    select(*_COLUMNS)
    .select_from(
        _numbered.join(
            _SOURCES,
            (feed.c.organization_id == _numbered.c.organization_id)
            & (feed.c.seq == _numbered.c.seq),
        )
    )
    .where(_numbered.c.position <= bindparam("most"))
    .order_by(feed.c.seq.desc()),
    name="recent_feed_of_tasks",
)
_of_report = Statement(
    select(*_COLUMNS).select_from(_SOURCES).where(feed.c.reported_id == bindparam("reported_id")),
    name="feed_of_report",
)
_report = Statement(
    insert_row(reported_events, without=("id",)).returning(reported_events.c.id),
    name="report_event",
)


async def newest(tx: Tx, part: Part, *, before: int, most: int) -> list[FeedEvent]:
    """The events of a part before a place, newest first."""
    return await _page(tx, part, forwards=False, seq=before, most=most)


async def onwards(tx: Tx, part: Part, *, after: int, most: int) -> list[FeedEvent]:
    """The events of a part behind a place, in their order."""
    return await _page(tx, part, forwards=True, seq=after, most=most)


async def newest_place(tx: Tx, organization_id: str) -> int:
    """The newest place that was given; 0 where none was."""
    row = await tx.one(_newest_place, organization_id=organization_id)
    return 0 if row is None else row.seq


async def place_at(tx: Tx, organization_id: str, at_us: int) -> int:
    """The first place at or behind a time: what comes before it came before that time."""
    row = await tx.one(_place_before, organization_id=organization_id, at_us=at_us)
    return 1 if row is None else row.seq + 1


async def recent_of_tasks(
    tx: Tx, task_ids: Sequence[str], *, most: int
) -> dict[str, list[FeedEvent]]:
    """The newest events of each of some tasks, newest first; a task without any is left out."""
    found: dict[str, list[FeedEvent]] = {}
    for row in await tx.all(_recent, task_ids=list(task_ids), most=most):
        found.setdefault(row.task_id, []).append(_to_event(row))
    return found


async def report(tx: Tx, said: Report) -> int:
    """Write down what was reported, and its id there; it is in the feed once it has a place."""
    row = await tx.one(
        _report,
        organization_id=said.organization_id,
        team_id=said.team_id,
        task_id=said.task_id,
        run_id=said.run_id,
        type=said.type.value,
        actor=said.actor,
        said_by=said.said_by,
        data=said.data,
        at_us=said.at_us,
    )
    assert row is not None
    return row.id


async def of_report(tx: Tx, reported_id: int) -> FeedEvent | None:
    """Something reported as the feed shows it; None while it has no place."""
    row = await tx.one(_of_report, reported_id=reported_id)
    return None if row is None else _to_event(row)


async def _page(tx: Tx, part: Part, *, forwards: bool, seq: int, most: int) -> list[FeedEvent]:
    params: dict[str, Any] = {name: getattr(part, name) for name in _SCOPES[part.scope]}
    if part.words is not None:
        params["words"] = list(part.words)
    statement = _PAGES[part.scope, forwards, part.words is not None]
    rows = await tx.all(statement, seq=seq, most=most, **params)
    return [_to_event(row) for row in rows]


def _to_event(row: Any) -> FeedEvent:
    data = cast("dict[str, object]", json.loads(row.data))
    return FeedEvent(
        seq=row.seq,
        team_id=row.team_id,
        task_id=row.task_id,
        run_id=row.run_id or _run_in(row.actor, data, logged=row.state is not None),
        type=row.type,
        actor=row.actor,
        state=None if row.state is None else State(row.state),
        data=data,
        at_us=row.at_us,
    )


def _run_in(actor: str, data: dict[str, object], *, logged: bool) -> str | None:
    """The run that an event of the log names, or that it was done by."""
    if not logged:
        return None
    named = data.get("run_id")
    if isinstance(named, str):
        return named
    kind, _, rest = actor.partition(":")
    return rest.partition(":")[0] if kind == "run" else None
