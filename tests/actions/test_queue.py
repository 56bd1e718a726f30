"""Whose turn it is: fair between organizations, by priority and age, within limits of teams."""

from collections import Counter
from dataclasses import replace

import pytest
from sqlalchemy import bindparam, update

from hiringhall.actions import teams
from hiringhall.actions.runs import claiming, outcomes, working
from hiringhall.actions.runs.claiming import Round
from hiringhall.domain.errors import Invalid
from hiringhall.domain.policy import Actor
from hiringhall.domain.runs import Run
from hiringhall.hall import Hall, Rules
from hiringhall.queries.teams import list_teams
from hiringhall.store import queue
from hiringhall.store.statements import Statement
from hiringhall.store.tables import runs
from tests.support.halls import QuietEngine, post, sign_up

pytestmark = pytest.mark.anyio

_set_priority = Statement(
    update(runs)
    .where(runs.c.task_id == bindparam("of_task"))
    .values(priority=bindparam("new_priority")),
    name="test_set_priority",
)


async def take(hall: Hall, begins: Round | None = None) -> Run | None:
    return await working.claim_next_run(
        hall, node_id="node", lease_s=30, runtimes=["rehearsal"], begins=begins
    )


async def finish(hall: Hall, run: Run) -> None:
    await working.start_run(hall, token=run.token)
    await outcomes.deliver(hall, token=run.token, text="Done.")


async def limit(hall: Hall, actor: Actor, most: int | None) -> None:
    (team,) = await list_teams(hall, actor=actor)
    await teams.change_team(hall, actor=actor, team_id=team.id, config={"maxWorkers": most})


async def test_the_organization_with_the_least_at_work_comes_first(hall: Hall) -> None:
    ada, bob, eve = [await sign_up(hall, name) for name in ("ada", "bob", "eve")]
    names = dict(
        zip([one.organization_id for one in (ada, bob, eve)], ("Ada", "Bob", "Eve"), strict=True)
    )
    for _ in range(6):
        await post(hall, ada)
    for actor in (bob, bob, eve):
        await post(hall, actor)
    order = [names[run.organization_id] for run in [await take(hall) for _ in range(9)] if run]
    assert order == ["Ada", "Bob", "Eve", "Ada", "Bob", "Ada", "Ada", "Ada", "Ada"]
    assert await take(hall) is None


async def test_of_one_organization_priority_counts_and_then_age(hall: Hall) -> None:
    ada = await sign_up(hall)
    first, second, urgent = [(await post(hall, ada)).id for _ in range(3)]

    async def raise_priority(tx: queue.Tx) -> int:
        return await tx.run(_set_priority, of_task=urgent, new_priority=100)

    assert await hall.database.write(raise_priority) == 1
    order = [run.task_id for run in [await take(hall) for _ in range(3)] if run]
    assert order == [urgent, first, second]


async def test_a_team_has_no_more_at_work_than_it_wants(hall: Hall, engine: QuietEngine) -> None:
    ada, bob = await sign_up(hall, "ada"), await sign_up(hall, "bob")
    await limit(hall, ada, 2)
    for _ in range(4):
        await post(hall, ada)
    held = [run for run in [await take(hall) for _ in range(2)] if run]
    assert len(held) == 2
    assert await take(hall) is None
    # Who is full keeps nobody else from working.
    theirs = await post(hall, bob)
    taken = await take(hall)
    assert taken is not None
    assert taken.task_id == theirs.id
    await finish(hall, held[0])
    assert await take(hall) is not None
    assert await take(hall) is None
    woken = engine.wakes
    await limit(hall, ada, None)
    assert engine.wakes > woken
    assert await take(hall) is not None


async def test_the_operators_limit_holds_for_every_team(hall: Hall) -> None:
    bounded = replace(hall, rules=Rules(team_runs=1))
    ada, bob = await sign_up(hall, "ada"), await sign_up(hall, "bob")
    await limit(hall, ada, 9)
    await limit(hall, bob, 0)
    for actor in (ada, ada, bob):
        await post(hall, actor)
    run = await take(bounded)
    assert run is not None
    assert run.organization_id == ada.organization_id
    assert await take(bounded) is None


@pytest.mark.parametrize("wrong", [-1, True, 1.5, "2", 1_001])
async def test_a_limit_is_a_count(hall: Hall, wrong: object) -> None:
    ada = await sign_up(hall)
    (team,) = await list_teams(hall, actor=ada)
    with pytest.raises(Invalid, match="maxWorkers is a whole number"):
        await teams.change_team(hall, actor=ada, team_id=team.id, config={"maxWorkers": wrong})


async def test_more_lines_than_a_window_holds_take_turns(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claiming, "WINDOW", 2)
    actors = [await sign_up(hall, name) for name in ("ada", "bob", "eve", "kim", "lou")]
    for actor in actors:
        for _ in range(2):
            await post(hall, actor)
    begins = Round()
    taken = [run.organization_id for run in [await take(hall, begins) for _ in range(10)] if run]
    assert set(Counter(taken).values()) == {2}
    assert len(set(taken[:5])) == 5
    assert await take(hall, begins) is None
