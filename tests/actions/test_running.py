"""A worker is run on a task of a board: once, when it is ready, and resumed where it broke off."""

import asyncio

import pytest

from hiringhall.actions.runs import outcomes, recovery
from hiringhall.actions.tasks.change import change_task, drop_task, task_change
from hiringhall.actions.tasks.running import resume_task, run_task
from hiringhall.actions.teams import change_team
from hiringhall.domain import ids
from hiringhall.domain.errors import Invalid, LostRace, WrongState
from hiringhall.domain.policy import HALL
from hiringhall.domain.runs import RunState
from hiringhall.domain.tasks import State, Waiting
from hiringhall.hall import Hall
from hiringhall.queries.audit import audit_all
from tests.support.halls import NOBODY, QuietEngine, begin, post, sign_up, with_staffing
from tests.support.market import funded
from tests.support.teams import ROLE, a_team, details, put_up

pytestmark = pytest.mark.anyio

ROUNDS = 12


async def test_a_ready_task_is_taken_at_once(hall: Hall, engine: QuietEngine) -> None:
    ada = await sign_up(hall)
    team = await a_team(hall, ada, config={"gitRepoUrl": "https://git.example/a/b"})
    task = await put_up(hall, ada, team, priority=5)
    run = await run_task(hall, actor=ada, task_id=task.id)
    assert (run.state, run.role, run.priority, run.turn) == (RunState.QUEUED, ROLE, 5, 0)
    assert engine.wakes == 1
    seen = await details(hall, ada, task)
    assert (seen.task.state, seen.task.waiting_for) == (State.ASSIGNED, Waiting.NOTHING)
    assert [one.id for one in seen.runs] == [run.id]
    assert seen.task.repository == "https://git.example/a/b"
    assert (await begin(hall)).id == run.id
    assert (await details(hall, ada, task)).task.state is State.IN_PROGRESS
    done = await outcomes.deliver(hall, token=run.token, text="Done", branch="worker/x")
    assert done.state is State.DONE
    found = (await details(hall, ada, task)).deliverable
    assert found is not None
    assert found.accepted
    assert (await audit_all(hall.database)).problems == ()


async def test_a_team_that_wants_to_looks_at_a_delivery_first(hall: Hall) -> None:
    ada = await sign_up(hall)
    task = await put_up(hall, ada, await a_team(hall, ada, config={"review": True}))
    run = await run_task(hall, actor=ada, task_id=task.id)
    await begin(hall)
    delivered = await outcomes.deliver(hall, token=run.token, text="Done")
    assert delivered.state is State.IN_REVIEW


async def test_the_repository_is_the_one_that_the_team_has_when_the_first_worker_comes(
    hall: Hall,
) -> None:
    ada = await sign_up(hall)
    team = await a_team(hall, ada)
    task = await put_up(hall, ada, team)
    for url in ("https://git.example/a/b", "https://git.example/c/d"):
        await change_team(hall, actor=ada, team_id=team.id, config={"gitRepoUrl": url})
        if task.repository is None:
            await run_task(hall, actor=ada, task_id=task.id)
            await outcomes.give_up(hall, token=(await begin(hall)).token, reason="No")
            task = (await details(hall, ada, task)).task
    await resume_task(hall, actor=ada, task_id=task.id)
    assert (await details(hall, ada, task)).task.repository == "https://git.example/a/b"


async def test_what_stands_in_the_way_is_said(hall: Hall) -> None:
    ada = await sign_up(hall)
    team = await a_team(hall, ada)

    async def refused(error: type[Invalid | WrongState], says: str, **fields: object) -> None:
        task = await put_up(hall, ada, team, **fields)
        with pytest.raises(error, match=says):
            await run_task(hall, actor=ada, task_id=task.id)
        assert (await details(hall, ada, task)).runs == []

    await refused(Invalid, "Task has no role", role=None)
    await refused(Invalid, "Role 'nobody' does not exist in this team", role="nobody")
    await refused(WrongState, "already in_progress", column=State.IN_PROGRESS)
    for column in (State.DRAFT, State.IN_REVIEW, State.DONE, State.FAILED):
        await refused(WrongState, "not ready", column=column)
    task = await put_up(hall, ada, team)
    with pytest.raises(WrongState, match="Nobody is set up here"):
        await run_task(with_staffing(hall, NOBODY), actor=ada, task_id=task.id)
    with pytest.raises(WrongState, match="has a worker already"):
        await run_task(hall, actor=ada, task_id=(await post(hall, ada, role=None)).id)
    with pytest.raises(WrongState, match="on offer to others"):
        await run_task(hall, actor=ada, task_id=(await funded(hall, ada)).id)


async def test_a_task_runs_once_what_it_depends_on_is_done(hall: Hall) -> None:
    ada = await sign_up(hall)
    team = await a_team(hall, ada)
    first, second = await put_up(hall, ada, team), await put_up(hall, ada, team)
    task = await put_up(hall, ada, team, dependencies=[first.id, second.id])
    for other, column in ((first, State.DONE), (second, State.FAILED)):
        with pytest.raises(WrongState, match="waits for other tasks") as refused:
            await run_task(hall, actor=ada, task_id=task.id)
        assert "task_" in refused.value.message
        await change_task(hall, actor=ada, task_id=other.id, change=task_change(column=column))
    with pytest.raises(WrongState, match=r"not going to be done: .* has failed") as refused:
        await run_task(hall, actor=HALL, task_id=task.id)
    assert ids.task_ref(second.id) in refused.value.message
    assert ids.task_ref(first.id) not in refused.value.message
    await change_task(hall, actor=ada, task_id=second.id, change=task_change(column=State.DONE))
    assert (await run_task(hall, actor=HALL, task_id=task.id)).task_id == task.id


async def test_what_has_failed_goes_on_with_the_session_of_the_last(hall: Hall) -> None:
    ada = await sign_up(hall)
    task = await put_up(hall, ada, await a_team(hall, ada))
    await run_task(hall, actor=ada, task_id=task.id)
    first = await begin(hall)
    await outcomes.give_up(hall, token=first.token, reason="It is too hard")
    assert (await details(hall, ada, task)).error == "It is too hard"
    second = await resume_task(hall, actor=ada, task_id=task.id)
    assert (second.previous_run_id, second.generation) == (first.id, 2)
    seen = await details(hall, ada, task)
    assert (seen.task.state, seen.error) == (State.ASSIGNED, None)
    assert [one.id for one in seen.runs] == [second.id, first.id]
    await begin(hall)
    await drop_task(hall, actor=ada, task_id=task.id)
    third = await resume_task(hall, actor=ada, task_id=task.id)
    assert third.previous_run_id == second.id
    await outcomes.deliver(hall, token=(await begin(hall)).token, text="At last")
    assert (await audit_all(hall.database)).problems == ()


async def test_a_run_that_broke_for_good_may_be_resumed(hall: Hall) -> None:
    ada = await sign_up(hall)
    task = await put_up(hall, ada, await a_team(hall, ada))
    await run_task(hall, actor=ada, task_id=task.id)
    run = await begin(hall)
    await recovery.run_broke(hall, token=run.token, reason="Its time was over", may_retry=False)
    assert (await details(hall, ada, task)).error == "Its time was over"
    assert (await resume_task(hall, actor=ada, task_id=task.id)).attempts == 0


async def test_another_doors_task_is_resumed_without_a_role(hall: Hall) -> None:
    ada = await sign_up(hall)
    task = await post(hall, ada)
    run = await begin(hall)
    await outcomes.give_up(hall, token=run.token, reason="No")
    assert (await resume_task(hall, actor=ada, task_id=task.id)).previous_run_id == run.id


async def test_where_there_is_nothing_to_resume(hall: Hall) -> None:
    ada = await sign_up(hall)
    team = await a_team(hall, ada)
    never = await put_up(hall, ada, team)
    await drop_task(hall, actor=ada, task_id=never.id)
    with pytest.raises(WrongState, match="nothing to resume"):
        await resume_task(hall, actor=ada, task_id=never.id)
    for column in (State.DRAFT, State.OPEN, State.IN_PROGRESS, State.IN_REVIEW, State.DONE):
        task = await put_up(hall, ada, team, column=column)
        with pytest.raises(WrongState, match="cannot be resumed"):
            await resume_task(hall, actor=ada, task_id=task.id)


async def test_of_many_at_once_one_runs_it(hall: Hall) -> None:
    ada = await sign_up(hall)
    team = await a_team(hall, ada)
    for _ in range(ROUNDS):
        task = await put_up(hall, ada, team)
        ended = await asyncio.gather(
            *(run_task(hall, actor=ada, task_id=task.id) for _ in range(4)),
            return_exceptions=True,
        )
        refused = [one for one in ended if isinstance(one, BaseException)]
        assert len(refused) == 3
        assert all(isinstance(one, WrongState | LostRace) for one in refused), refused
        assert len((await details(hall, ada, task)).runs) == 1
    assert (await audit_all(hall.database)).problems == ()


async def test_running_and_dropping_at_once_leaves_no_worker_on_what_is_dropped(
    hall: Hall,
) -> None:
    ada = await sign_up(hall)
    team = await a_team(hall, ada)
    for number in range(ROUNDS):
        task = await put_up(hall, ada, team)
        verbs = [
            run_task(hall, actor=ada, task_id=task.id),
            drop_task(hall, actor=ada, task_id=task.id),
        ]
        ended = await asyncio.gather(
            *(verbs if number % 2 else reversed(verbs)), return_exceptions=True
        )
        assert all(
            isinstance(one, WrongState | LostRace)
            for one in ended
            if isinstance(one, BaseException)
        ), ended
        seen = await details(hall, ada, task)
        assert seen.task.state is State.CANCELLED
        assert {one.state for one in seen.runs} <= {RunState.CANCELLED}
    assert (await audit_all(hall.database)).problems == ()


async def test_moving_changing_and_running_at_once_breaks_nothing(hall: Hall) -> None:
    ada = await sign_up(hall)
    team = await a_team(hall, ada)
    a, b = await put_up(hall, ada, team), await put_up(hall, ada, team)
    for _ in range(ROUNDS):
        ended = await asyncio.gather(
            change_task(
                hall, actor=ada, task_id=a.id, change=task_change(dependencies=[b.id], title="A")
            ),
            change_task(
                hall, actor=ada, task_id=b.id, change=task_change(dependencies=[a.id], title="B")
            ),
            change_task(hall, actor=ada, task_id=a.id, change=task_change(column=State.DRAFT)),
            change_task(hall, actor=ada, task_id=b.id, change=task_change(column=State.OPEN)),
            run_task(hall, actor=ada, task_id=a.id),
            return_exceptions=True,
        )
        assert all(
            isinstance(one, WrongState | LostRace | Invalid)
            for one in ended
            if isinstance(one, BaseException)
        ), ended
    assert (await audit_all(hall.database)).problems == ()
