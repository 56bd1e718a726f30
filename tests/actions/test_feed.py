"""The feed: every event once, in an order that never changes, whoever writes and reads beside."""

import asyncio
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from hiringhall.actions import feed as feed_actions
from hiringhall.actions import reporting
from hiringhall.actions.runs import outcomes, working
from hiringhall.actions.tasks import answer
from hiringhall.domain.errors import Invalid, NotFound, NotYours
from hiringhall.domain.feed import ReportedType
from hiringhall.hall import Hall
from hiringhall.queries import feed
from hiringhall.queries.audit import audit_all
from hiringhall.store import sequencing
from hiringhall.store.database import Tx
from hiringhall.store.errors import StoreError
from hiringhall.store.statements import Statement
from hiringhall.store.tables import feed as feed_table
from hiringhall.store.tables import feed_heads
from tests.support.feeds import (
    Follower,
    all_of,
    backwards,
    check_order,
    count,
    organization_of,
    sequence,
)
from tests.support.halls import Clock, begin, post, sign_up

pytestmark = pytest.mark.anyio

_bend = Statement(update(feed_table).values(word="x"), name="bend_feed")
_lose = Statement(update(feed_heads).values(seq=feed_heads.c.seq + 1), name="bend_feed_head")


async def test_every_event_has_its_place(hall: Hall) -> None:
    ada = await sign_up(hall)
    task = await post(hall, ada)
    run = await begin(hall)
    await working.report_progress(hall, token=run.token, text="half")
    await outcomes.deliver(hall, token=run.token, text="All of it.")
    found = await all_of(hall, ada)
    check_order(found)
    assert [one.type for one in found] == [
        "task_created", "task_published", "task_claimed", "run_started", "progress_reported",
        "deliverable_submitted",
    ]  # fmt: skip
    assert {one.task_id for one in found} == {task.id}
    assert {one.team_id for one in found} == {task.team_id}
    assert [one.run_id for one in found] == [None, None, *[run.id] * 4]
    assert (await audit_all(hall.database)).ok
    await post(hall, ada)
    assert (await all_of(hall, ada))[: len(found)] == found


async def test_who_has_read_all_writes_nothing(hall: Hall) -> None:
    ada = await sign_up(hall)
    await post(hall, ada)
    await sequence(hall, ada)

    async def behind(tx: Tx) -> bool:
        return await sequencing.is_behind(tx, organization_of(ada), settled_before_us=0)

    assert not await hall.database.read(behind)
    await post(hall, ada)
    assert await hall.database.read(behind)


async def test_a_long_log_is_placed_page_by_page(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_actions, "PAGE", 3)
    ada = await sign_up(hall)
    for number in range(5):
        task = await post(hall, ada)
        await reporting.report_event(
            hall,
            actor=ada,
            team_id=task.team_id,
            event_type=ReportedType.PROGRESS,
            data={"message": str(number)},
        )
    await post(hall, ada)
    found = await all_of(hall, ada)
    check_order(found)
    assert [one.type for one in found] == [
        *["task_created", "task_published", "progress"] * 5, "task_created", "task_published",
    ]  # fmt: skip


async def test_pages_in_both_directions_and_parts(hall: Hall) -> None:
    ada = await sign_up(hall)
    first, second = await post(hall, ada), await post(hall, ada)
    await answer.cancel_task(hall, actor=ada, task_id=first.id)
    whole = await all_of(hall, ada)
    assert len(whole) == 5

    async def newest(**part: Any) -> list[int]:
        page = await feed.newest(hall, actor=ada, **part)
        return [one.seq for one in page]

    assert await newest() == [5, 4, 3, 2, 1]
    assert await newest(limit=2) == [5, 4]
    assert await newest(limit=2, before=4) == [3, 2]
    assert await newest(before_us=whole[3].at_us) == [3, 2, 1]
    assert await newest(before_us=whole[3].at_us + 1) == [4, 3, 2, 1]
    assert await newest(before_us=0) == []
    assert await newest(task_id=second.id) == [4, 3]
    assert await newest(task_id=first.id, team_id=first.team_id, before=5) == [2, 1]
    assert await newest(team_id=first.team_id, words=["task_created.draft"]) == [3, 1]
    onwards = await feed.onwards(hall, actor=ada, after=1, task_id=first.id, limit=1)
    assert [one.seq for one in onwards] == [2]
    recent = await feed.recent_of_tasks(hall, task_ids=[first.id, second.id], most=2)
    assert {name: [one.seq for one in found] for name, found in recent.items()} == {
        first.id: [5, 2],
        second.id: [4, 3],
    }


async def test_a_feed_is_its_organizations_own(hall: Hall) -> None:
    ada, bob = await sign_up(hall), await sign_up(hall, "bob")
    task = await post(hall, ada)
    assert len(await all_of(hall, ada)) == 2
    assert await all_of(hall, bob) == []
    with pytest.raises(NotYours):
        await feed.newest(hall, actor=bob, task_id=task.id)
    with pytest.raises(NotYours):
        await feed.newest(hall, actor=bob, team_id=task.team_id)
    with pytest.raises(NotFound):
        await feed.newest(hall, actor=bob, task_id="nothing")
    for limit in (0, 201, -1):
        with pytest.raises(Invalid):
            await feed.newest(hall, actor=ada, limit=limit)


async def test_the_database_lets_nobody_change_it(hall: Hall) -> None:
    ada = await sign_up(hall)
    await post(hall, ada)
    await sequence(hall, ada)

    async def bend(tx: Tx) -> None:
        await tx.run(_bend)

    with pytest.raises(StoreError, match="append-only"):
        await hall.database.write(bend)


async def test_an_audit_finds_a_head_that_does_not_fit(hall: Hall) -> None:
    ada = await sign_up(hall)
    await post(hall, ada)
    await sequence(hall, ada)
    assert (await audit_all(hall.database)).ok

    async def bend(tx: Tx) -> None:
        await tx.run(_lose)

    await hall.database.write(bend)
    (problem,) = (await audit_all(hall.database)).problems
    assert "feed" in problem


plays = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(1, 4)), min_size=1, max_size=6
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plays=plays)
async def test_nobody_misses_anything_or_sees_it_twice(
    hall: Hall, clock: Clock, plays: list[tuple[int, int, int]]
) -> None:
    """Writers, followers and readers from the end, all at once, round after round."""
    ada = await sign_up(hall, f"ada{clock()}")
    team_id = (await post(hall, ada)).team_id
    followers = [Follower(hall, ada, limit) for limit in (1, 3, 50)]

    async def write() -> None:
        task = await post(hall, ada)
        await answer.cancel_task(hall, actor=ada, task_id=task.id)

    async def report() -> None:
        await reporting.report_event(
            hall, actor=ada, team_id=team_id, event_type=ReportedType.MESSAGE
        )

    async def read_back(limit: int) -> None:
        seqs = [one.seq async for one in backwards(hall, ada, limit)]
        assert seqs == list(range(seqs[0], 0, -1))

    reports = 0
    for writes, reported, limit in plays:
        reports += reported
        await asyncio.gather(
            *(write() for _ in range(writes)),
            *(report() for _ in range(reported)),
            *(follower.look() for follower in followers),
            read_back(limit),
            read_back(50),
        )
    for follower in followers:
        while await follower.look():
            pass
        check_order(follower.seen)
        assert len(follower.seen) == await count(hall, ada) + reports
    assert followers[0].seen == followers[1].seen == followers[2].seen
    by_task: dict[str | None, list[str]] = {}
    for one in followers[0].seen:
        by_task.setdefault(one.task_id, []).append(one.type)
    by_task.pop(None, None)
    for types in by_task.values():
        assert types in (
            ["task_created", "task_published"],
            ["task_created", "task_published", "task_cancelled"],
        )
