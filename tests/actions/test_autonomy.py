"""Teams that work by themselves: what is ready begins, by priority, within limits, not for ever."""

from dataclasses import replace
from typing import Any

import pytest

from hiringhall.actions import teams
from hiringhall.actions.runs import autonomy, outcomes, recovery, working
from hiringhall.actions.tasks.depending import put_dependencies
from hiringhall.actions.tasks.moving import move
from hiringhall.domain.events import TaskPublished
from hiringhall.domain.lifecycle import Command, Side
from hiringhall.domain.policy import HALL, Actor
from hiringhall.domain.runs import MAX_ATTEMPTS, Run
from hiringhall.domain.tasks import State, Task, Waiting
from hiringhall.domain.teams import Team
from hiringhall.hall import Hall, Rules
from hiringhall.queries.tasks import task_log
from hiringhall.store import runs, tasks
from hiringhall.store.database import Tx
from tests.support.halls import NOBODY, Clock, QuietEngine, begin, post, sign_up, with_staffing

pytestmark = pytest.mark.anyio


async def found_team(hall: Hall, actor: Actor, **fields: Any) -> Team:
    fields = {"name": "autopilot", "autonomy": "autonomous", **fields}
    return await teams.create_team(hall, actor=actor, **fields)


async def offer(hall: Hall, actor: Actor, team: Team, *needs: Task, **fields: Any) -> Task:
    """A task as it stands on a board: offered, with a role, waiting for a word."""
    pattern = await post(hall, actor)
    run = await begin(hall)
    await outcomes.give_up(hall, token=run.token, reason="Only a pattern")
    task = replace(
        pattern,
        id=hall.new_id(),
        team_id=team.id,
        state=State.OPEN,
        waiting_for=Waiting.POSTER,
        generation=0,
        version=1,
        **{"role": "backend-engineer", **fields},
    )

    async def body(tx: Tx) -> None:
        await tasks.add(tx, task)
        await put_dependencies(
            tx, task_id=task.id, team_id=team.id, depends_on=[one.id for one in needs]
        )

    await hall.database.write(body)
    return task


async def newest(hall: Hall, task: Task) -> Run | None:
    async def body(tx: Tx) -> Run | None:
        return await runs.newest_of_task(tx, task.id)

    return await hall.database.read(body)


async def now(hall: Hall, task: Task) -> Task:
    async def body(tx: Tx) -> Task | None:
        return await tasks.by_id(tx, task.id)

    found = await hall.database.read(body)
    assert found is not None
    return found


async def board_move(hall: Hall, task: Task, target: State) -> None:
    async def body(tx: Tx) -> None:
        found = await tasks.for_change(tx, task.id)
        assert found is not None
        await move(
            tx,
            hall,
            found,
            Command.BOARD_MOVE,
            side=Side.POSTER,
            actor=HALL,
            event=TaskPublished(),
            target=target,
        )

    await hall.database.write(body)


async def finish(hall: Hall, run: Run) -> None:
    await working.start_run(hall, token=run.token)
    await outcomes.deliver(hall, token=run.token, text="Done.")


async def test_what_is_ready_begins_by_priority_within_the_limit(hall: Hall) -> None:
    ada = await sign_up(hall)
    team = await found_team(hall, ada, config={"maxWorkers": 2})
    low, high, middle = [await offer(hall, ada, team, priority=p) for p in (0, 9, 5)]
    without_role = await offer(hall, ada, team, role=None)
    assert await autonomy.spawn_ready(hall, team_id=team.id) == 2
    begun = {task.priority for task in (low, high, middle) if await newest(hall, task)}
    assert begun == {9, 5}
    assert await newest(hall, without_role) is None
    # A limit freed lets the next begin.
    assert await autonomy.spawn_ready(hall, team_id=team.id) == 0
    await finish(hall, await begin_claimed(hall))
    assert await autonomy.spawn_ready(hall, team_id=team.id) == 1
    assert await newest(hall, low) is not None


async def begin_claimed(hall: Hall) -> Run:
    run = await working.claim_next_run(
        hall, node_id="node", lease_s=30, runtimes=hall.staffing.ready
    )
    assert run is not None
    return run


async def test_the_operators_limit_holds_too(hall: Hall) -> None:
    bounded = replace(hall, rules=Rules(team_runs=1))
    ada = await sign_up(hall)
    team = await found_team(hall, ada)
    for _ in range(3):
        await offer(hall, ada, team)
    assert await autonomy.spawn_ready(bounded, team_id=team.id) == 1


async def test_a_supervised_team_waits_until_it_is_switched_over(
    hall: Hall, engine: QuietEngine
) -> None:
    ada = await sign_up(hall)
    team = await found_team(hall, ada, autonomy="supervised")
    task = await offer(hall, ada, team)
    assert await autonomy.spawn_ready(hall, team_id=team.id) == 0
    await autonomy.spawn_all_ready(hall)
    assert await newest(hall, task) is None
    engine.looked_at.clear()
    await teams.change_team(hall, actor=ada, team_id=team.id, autonomy="autonomous")
    assert engine.looked_at == [team.id]
    await autonomy.spawn_all_ready(hall)
    assert await newest(hall, task) is not None
    assert (await now(hall, task)).waiting_for is Waiting.NOTHING


async def test_dependencies_gate(hall: Hall, engine: QuietEngine) -> None:
    ada = await sign_up(hall)
    team = await found_team(hall, ada)
    first = await offer(hall, ada, team)
    second = await offer(hall, ada, team, first, priority=9)
    assert await autonomy.spawn_ready(hall, team_id=team.id) == 1
    assert await newest(hall, second) is None
    await finish(hall, await begin_claimed(hall))
    assert await autonomy.spawn_ready(hall, team_id=team.id) == 0
    engine.looked_at.clear()
    await board_move(hall, first, State.DONE)
    assert engine.looked_at == [team.id]
    assert await autonomy.spawn_ready(hall, team_id=team.id) == 1
    assert await newest(hall, second) is not None


async def test_a_task_that_failed_twice_in_a_row_stays_and_says_why(hall: Hall) -> None:
    ada = await sign_up(hall)
    team = await found_team(hall, ada)
    task = await offer(hall, ada, team)
    for number in range(2):
        assert await autonomy.spawn_ready(hall, team_id=team.id) == 1
        run = await begin(hall)
        await outcomes.give_up(hall, token=run.token, reason=f"Cannot, {number}")
        # Whatever failed stays so by itself; here somebody offers it again.
        assert await autonomy.spawn_ready(hall, team_id=team.id) == 0
        await board_move(hall, task, State.OPEN)
    await autonomy.spawn_ready(hall, team_id=team.id)
    stands = await now(hall, task)
    assert (stands.state, stands.waiting_for) == (State.OPEN, Waiting.POSTER)
    assert stands.waiting_reason == autonomy.GIVEN_UP
    assert stands.generation == 2
    log = await task_log(hall, actor=ada, task_id=task.id)
    assert "failed twice in a row" in str(log[-1].data)
    # And it is said once.
    await autonomy.spawn_all_ready(hall)
    assert (await now(hall, task)).version == stands.version


async def test_something_delivered_in_between_counts(hall: Hall) -> None:
    ada = await sign_up(hall)
    team = await found_team(hall, ada)
    task = await offer(hall, ada, team)
    for gives_up in (True, False, True):
        assert await autonomy.spawn_ready(hall, team_id=team.id) == 1
        run = await begin(hall)
        if gives_up:
            await outcomes.give_up(hall, token=run.token, reason="Cannot")
        else:
            await outcomes.deliver(hall, token=run.token, text="Done.")
        await board_move(hall, task, State.OPEN)
    assert await autonomy.spawn_ready(hall, team_id=team.id) == 1
    assert (await now(hall, task)).generation == 4


async def test_what_failed_by_accident_is_tried_again_by_itself(hall: Hall, clock: Clock) -> None:
    from hiringhall.actions import timers

    ada = await sign_up(hall)
    team = await found_team(hall, ada)
    task = await offer(hall, ada, team)
    assert await autonomy.spawn_ready(hall, team_id=team.id) == 1
    for attempt in range(MAX_ATTEMPTS):
        run = await begin(hall)
        await recovery.run_broke(hall, token=run.token, reason="The provider is away")
        if attempt < MAX_ATTEMPTS - 1:
            assert (await now(hall, task)).waiting_for is Waiting.UNTIL
            assert await autonomy.spawn_ready(hall, team_id=team.id) == 0
            clock.advance(120)
            await timers.fire_due(hall)
    assert (await now(hall, task)).state is State.FAILED
    assert await autonomy.spawn_ready(hall, team_id=team.id) == 0


async def test_where_nobody_can_work_it_waits_and_says_why(hall: Hall) -> None:
    ada = await sign_up(hall)
    team = await found_team(hall, ada)
    task = await offer(hall, ada, team)
    assert await autonomy.spawn_ready(with_staffing(hall, NOBODY), team_id=team.id) == 1
    stands = await now(hall, task)
    assert (stands.waiting_for, stands.waiting_reason) == (
        Waiting.WORKER,
        "Nobody is set up here",
    )
