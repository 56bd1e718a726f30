"""A run that stops at a cap asks whether to add to it; one whose provider is busy waits for it."""

import pytest

from hiringhall.actions.runs import pausing, spending
from hiringhall.actions.runs.pausing import added_micros
from hiringhall.actions.tasks import answer
from hiringhall.actions.timers import fire_due
from hiringhall.domain.compute import Budget, CapReached, CapScope, Spender, budget_id
from hiringhall.domain.errors import Invalid, Superseded
from hiringhall.domain.policy import Actor
from hiringhall.domain.questions import Answer
from hiringhall.domain.runs import Run
from hiringhall.domain.tasks import State, Task, Waiting
from hiringhall.hall import Hall, Rules
from hiringhall.queries.audit import audit_all
from hiringhall.queries.tasks import task_log
from hiringhall.store import budgets
from hiringhall.store.budgets import BudgetQuestion, ModelCall
from hiringhall.store.database import Database, Tx
from tests.support.halls import Clock, QuietEngine, begin, make_hall, post, sign_up, view

pytestmark = pytest.mark.anyio

CAPS = {
    CapScope.RUN: 3_000_000,
    CapScope.TASK: 5_000_000,
    CapScope.TEAM: 50_000_000,
    CapScope.ORGANIZATION: 90_000_000,
}


@pytest.fixture
def capped(database: Database, clock: Clock, engine: QuietEngine) -> Hall:
    return make_hall(
        database, clock=clock, engine=engine, rules=Rules(caps=CAPS, credits_per_day=100_000)
    )


async def call(
    hall: Hall, task: Task, run: Run, micros: int
) -> ModelCall | CapReached | spending.OutOfCreditsToday:
    spender = Spender(run.id, task.id, task.team_id, task.organization_id, task.created_by)
    return await spending.reserve_call(
        hall,
        token=run.token,
        spender=spender,
        provider="openai",
        model="m",
        amount_micros=micros,
    )


async def at_its_cap(hall: Hall, ada: Actor, micros: int) -> tuple[Task, Run, CapReached]:
    """A task whose run wanted a call of so many micros, and stops for it."""
    task = await post(hall, ada)
    run = await begin(hall)
    reached = await call(hall, task, run, micros)
    assert isinstance(reached, CapReached)
    await pausing.pause_for_budget(hall, token=run.token, reached=reached)
    return task, run, reached


async def kept(hall: Hall, scope: CapScope, key: str) -> Budget | None:
    async def look(tx: Tx) -> Budget | None:
        return await budgets.by_id(tx, budget_id(scope, key))

    return await hall.database.read(look)


async def test_at_a_cap_the_poster_is_asked_and_the_run_is_over(capped: Hall) -> None:
    ada = await sign_up(capped)
    task, run, reached = await at_its_cap(capped, ada, 6_000_000)
    assert reached.scope is CapScope.RUN
    row = await view(capped, ada, task)
    assert (row.task.state, row.task.waiting_for) == (
        State.AWAITING_REPLY,
        Waiting.BUDGET_DECISION,
    )
    assert "The run's cap of 3.00 for models is reached" in row.task.waiting_reason
    assert row.question is not None
    (question,) = row.question.questions
    assert (question.type, question.options) == ("single_select", ("Add 3.00", "Stop here"))
    log = await task_log(capped, actor=ada, task_id=task.id)
    assert log[-1].type == "question_asked"
    with pytest.raises(Superseded):
        await pausing.pause_for_budget(capped, token=run.token, reached=reached)
    with pytest.raises(Superseded):
        await call(capped, task, run, 1)
    assert (await audit_all(capped.database)).ok


async def test_a_task_with_more_under_its_cap_goes_on(capped: Hall) -> None:
    ada = await sign_up(capped)
    task = await post(capped, ada)
    run = await begin(capped)
    spent = await call(capped, task, run, 2_500_000)
    assert isinstance(spent, ModelCall)
    await spending.settle_broken_call(capped, call=spent, runtime="x")
    await pausing.park(capped, token=run.token, until_us=0, reason="busy")
    await fire_due(capped)
    run = await begin(capped)
    reached = await call(capped, task, run, 2_700_000)
    assert isinstance(reached, CapReached)
    assert (reached.scope, reached.spent_micros) == (CapScope.TASK, 2_500_000)
    await pausing.pause_for_budget(capped, token=run.token, reached=reached)

    answered = await answer.reply(
        capped, actor=ada, task_id=task.id, answers=[Answer(0, "Add 5.00")]
    )
    assert (answered.state, answered.waiting_for) == (State.IN_PROGRESS, Waiting.NOTHING)
    budget = await kept(capped, CapScope.TASK, task.id)
    assert budget is not None
    assert budget.cap_micros == 10_000_000
    successor = await begin(capped)
    assert successor.previous_run_id == run.id
    assert isinstance(await call(capped, task, successor, 2_700_000), ModelCall)


async def test_a_runs_own_cap_is_its_successors(capped: Hall) -> None:
    ada = await sign_up(capped)
    task, _, _ = await at_its_cap(capped, ada, 4_500_000)
    await answer.reply(capped, actor=ada, task_id=task.id, text="add 4.75 then")
    successor = await begin(capped)
    budget = await kept(capped, CapScope.RUN, successor.id)
    assert budget is not None
    assert budget.cap_micros == 4_750_000
    assert isinstance(await call(capped, task, successor, 4_500_000), ModelCall)


async def test_the_poster_may_stop_there(capped: Hall) -> None:
    ada = await sign_up(capped)
    task, _, _ = await at_its_cap(capped, ada, 6_000_000)
    stopped = await answer.reply(
        capped, actor=ada, task_id=task.id, answers=[Answer(0, "Stop here")]
    )
    assert stopped.state is State.CANCELLED
    log = await task_log(capped, actor=ada, task_id=task.id)
    assert [one.type for one in log[-2:]] == ["reply_given", "task_cancelled"]
    assert (await audit_all(capped.database)).ok


async def test_an_answer_that_says_neither_changes_nothing(capped: Hall) -> None:
    ada = await sign_up(capped)
    task, _, _ = await at_its_cap(capped, ada, 6_000_000)
    with pytest.raises(Invalid):
        await answer.reply(capped, actor=ada, task_id=task.id, text="What does that mean?")
    row = await view(capped, ada, task)
    assert row.task.waiting_for is Waiting.BUDGET_DECISION
    await answer.reply(capped, actor=ada, task_id=task.id, text="yes")


@pytest.mark.parametrize(
    ("said", "micros"),
    [
        ("Add 5.00", 5_000_000),
        ("12", 12_000_000),
        ("yes, go on", 3_000_000),
        ("Add 1,000.00", 1_000_000_000),
        ("2,5", 2_500_000),
        ("Stop here", None),
        ("no, 5 is too much", None),
    ],
)
def test_amounts_are_read_as_people_write_them(said: str, micros: int | None) -> None:
    question = BudgetQuestion("task:1", 1_000_000, 3_000_000, 1_000_000)
    assert added_micros(said, question) == micros


@pytest.mark.parametrize("said", ["", "hm", "Add 0.00", "1.234.567", "Add 5.0000"])
def test_what_is_no_amount_is_not_taken_for_one(said: str) -> None:
    with pytest.raises(Invalid):
        added_micros(said, BudgetQuestion("task:1", 1_000_000, 3_000_000, 1_000_000))


async def test_a_parked_run_has_not_failed_and_goes_on_at_the_stated_time(
    hall: Hall, clock: Clock
) -> None:
    ada = await sign_up(hall)
    task = await post(hall, ada)
    run = await begin(hall)
    until_us = clock.now_us + 300_000_000
    for _ in range(5):
        parked = await pausing.park(
            hall, token=run.token, until_us=until_us, reason="The provider is busy"
        )
        assert (parked.state, parked.waiting_for) == (State.IN_PROGRESS, Waiting.UNTIL)
        assert parked.waiting_until_us == until_us
        assert parked.waiting_reason == "The provider is busy"
        assert await fire_due(hall) == until_us
        clock.advance(301)
        await fire_due(hall)
        successor = await begin(hall)
        assert (successor.attempts, successor.previous_run_id) == (0, run.id)
        run, until_us = successor, clock.now_us + 300_000_000
    log = await task_log(hall, actor=ada, task_id=task.id)
    assert "retry_scheduled" in [one.type for one in log]
    assert (await audit_all(hall.database)).ok
