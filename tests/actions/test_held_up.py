"""A task whose dependency has failed says so at once, and goes on when that is mended."""

import pytest

from hiringhall.actions.runs import autonomy, outcomes
from hiringhall.actions.tasks import held_up
from hiringhall.actions.tasks.change import change_task, drop_task, task_change
from hiringhall.actions.tasks.running import resume_task, run_task
from hiringhall.domain.errors import WrongState
from hiringhall.domain.ids import task_ref
from hiringhall.domain.policy import Actor
from hiringhall.domain.tasks import State, Task, Waiting
from hiringhall.hall import Hall
from hiringhall.queries.audit import audit_all
from hiringhall.queries.tasks import task_log
from tests.support.halls import QuietEngine, begin, sign_up
from tests.support.teams import a_team, details, put_up

pytestmark = pytest.mark.anyio


async def now(hall: Hall, actor: Actor, task: Task) -> Task:
    return (await details(hall, actor, task)).task


async def looks(hall: Hall, engine: QuietEngine) -> int:
    """What the engine does for the teams it was told to look at: how many tasks had news."""
    teams, engine.looked_at = set(engine.looked_at), []
    return sum([await held_up.tell_team(hall, team_id=team_id) for team_id in teams])


async def put(hall: Hall, actor: Actor, task: Task, column: State) -> Task:
    change = task_change(column=column)
    return await change_task(hall, actor=actor, task_id=task.id, change=change)


@pytest.mark.parametrize("autonomy_word", ["supervised", "autonomous"])
async def test_it_is_said_when_a_dependency_fails_and_taken_back_when_it_goes_on(
    hall: Hall, engine: QuietEngine, autonomy_word: str
) -> None:
    ada = await sign_up(hall)
    team = await a_team(hall, ada, autonomy=autonomy_word)
    first = await put_up(hall, ada, team, title="Schema")
    second = await put_up(hall, ada, team, dependencies=[first.id])
    draft = await put_up(hall, ada, team, dependencies=[first.id], column=State.DRAFT)
    other = await put_up(hall, ada, team, column=State.IN_PROGRESS)
    assert await looks(hall, engine) == 0
    await run_task(hall, actor=ada, task_id=first.id)
    await outcomes.give_up(hall, token=(await begin(hall)).token, reason="No database")
    assert await looks(hall, engine) == 1
    waits = await now(hall, ada, second)
    assert (waits.state, waits.waiting_for) == (State.OPEN, Waiting.DEPENDENCY)
    assert f"{task_ref(first.id)} (Schema) has failed" in waits.waiting_reason
    assert "Resume or open again" in waits.waiting_reason
    *_, event = await task_log(hall, actor=ada, task_id=second.id)
    assert (event.type, event.data["text"]) == ("waiting_changed", waits.waiting_reason)
    # Nobody's waiting is touched who is not held up, and nothing is said twice.
    assert (await now(hall, ada, draft)).version == draft.version
    assert (await now(hall, ada, other)).version == other.version
    assert await held_up.tell_team(hall, team_id=team.id) == 0
    assert await autonomy.spawn_ready(hall, team_id=team.id) == 0
    with pytest.raises(WrongState, match="has failed"):
        await run_task(hall, actor=ada, task_id=second.id)
    # Resumed, it may be done after all; then the dependant can be run as ever.
    await resume_task(hall, actor=ada, task_id=first.id)
    assert await looks(hall, engine) == 1
    free = await now(hall, ada, second)
    assert (free.waiting_for, free.waiting_reason) == (Waiting.POSTER, "")
    *_, event = await task_log(hall, actor=ada, task_id=second.id)
    assert event.data["text"] == held_up.GOES_ON
    with pytest.raises(WrongState, match="which are not done"):
        await run_task(hall, actor=ada, task_id=second.id)
    await outcomes.deliver(hall, token=(await begin(hall)).token, text="Done")
    assert await looks(hall, engine) == 0
    await run_task(hall, actor=ada, task_id=second.id)
    assert (await audit_all(hall.database)).problems == ()


async def test_what_is_mended_by_hand_heals(hall: Hall, engine: QuietEngine) -> None:
    ada = await sign_up(hall)
    team = await a_team(hall, ada)
    needed = [await put_up(hall, ada, team, title=f"Part {number}") for number in range(5)]
    task = await put_up(hall, ada, team, dependencies=[one.id for one in needed], role=None)
    reason = ""
    for number, one in enumerate(needed):
        await drop_task(hall, actor=ada, task_id=one.id)
        assert await looks(hall, engine) == 1
        reason = (await now(hall, ada, task)).waiting_reason
        assert reason.count("was cancelled") == min(number + 1, held_up.NAMED)
    assert "2 more have ended so" in reason
    # One is done after all, one is opened again, the rest is not needed any more.
    await put(hall, ada, needed[0], State.DONE)
    await put(hall, ada, needed[1], State.OPEN)
    assert await looks(hall, engine) == 1
    assert "Part 0" not in (await now(hall, ada, task)).waiting_reason
    change = task_change(dependencies=[needed[1].id])
    await change_task(hall, actor=ada, task_id=task.id, change=change)
    assert await looks(hall, engine) == 1
    assert (await now(hall, ada, task)).waiting_for is Waiting.POSTER
    assert (await audit_all(hall.database)).problems == ()


async def test_a_task_put_up_too_late_hears_it_too(hall: Hall, engine: QuietEngine) -> None:
    ada = await sign_up(hall)
    team = await a_team(hall, ada)
    first = await put_up(hall, ada, team, column=State.FAILED)
    late = await put_up(hall, ada, team, dependencies=[first.id], column=State.DRAFT)
    assert await looks(hall, engine) == 0
    await put(hall, ada, late, State.OPEN)
    assert await looks(hall, engine) == 1
    assert (await now(hall, ada, late)).waiting_for is Waiting.DEPENDENCY
    # Off the board, and back on it, it waits anew.
    await put(hall, ada, late, State.DRAFT)
    assert (await now(hall, ada, late)).waiting_for is Waiting.NOTHING
    await put(hall, ada, late, State.OPEN)
    assert await looks(hall, engine) == 1


async def test_what_nobody_looked_at_is_found_at_the_next_start(hall: Hall) -> None:
    ada = await sign_up(hall)
    pairs: list[tuple[Task, Task]] = []
    for number in range(3):
        team = await a_team(hall, ada, name=f"team {number}")
        first = await put_up(hall, ada, team)
        pairs.append((first, await put_up(hall, ada, team, dependencies=[first.id])))
        await drop_task(hall, actor=ada, task_id=first.id)
    await held_up.tell_all(hall)
    for first, second in pairs:
        assert (await now(hall, ada, second)).waiting_for is Waiting.DEPENDENCY
        await put(hall, ada, first, State.OPEN)
    await held_up.tell_all(hall)
    for _, second in pairs:
        assert (await now(hall, ada, second)).waiting_for is Waiting.POSTER
