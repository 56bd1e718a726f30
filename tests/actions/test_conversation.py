"""A task's whole conversation as actions: posted, asked, answered, delivered, sent back, done."""

import itertools

import pytest

from hiringhall.actions.runs import outcomes, working
from hiringhall.actions.runs.outcomes import NewFile
from hiringhall.actions.tasks import answer
from hiringhall.domain.errors import HallError, Invalid, NotFound, OutOfCredits, WrongState
from hiringhall.domain.questions import Answer, make_question
from hiringhall.domain.tasks import State, Waiting
from hiringhall.hall import Hall
from hiringhall.queries.accounts import day_credits
from hiringhall.queries.tasks import all_tasks, list_tasks, task_log, task_result, task_view
from tests.support.halls import (
    NOBODY,
    Clock,
    QuietEngine,
    begin,
    make_hall,
    post,
    sign_up,
    view,
    with_staffing,
)

pytestmark = pytest.mark.anyio

WHICH = make_question("single_select", "Which?", ["React", "Vue"])


async def test_from_posting_to_the_accepted_result(hall: Hall) -> None:
    ada = await sign_up(hall)
    task = await post(hall, ada)
    assert (task.state, task.waiting_for) == (State.OPEN, Waiting.NOTHING)

    run = await begin(hall)
    await working.report_progress(hall, token=run.token, text="Analyzing requirements...")
    await outcomes.ask(hall, token=run.token, asked=[WHICH])
    row = await view(hall, ada, task)
    assert row.task.state is State.AWAITING_REPLY
    assert row.question is not None
    assert row.question.questions == (WHICH,)

    await answer.reply(hall, actor=ada, task_id=task.id, answers=[Answer(0, "React")])
    run = await begin(hall)
    file = NewFile("src/App.tsx", 3, b"\x01" * 32, "blob-1")
    await outcomes.deliver(hall, token=run.token, text="Done", files=[file])
    row = await view(hall, ada, task)
    assert (row.task.state, row.deliverable_text) == (State.IN_REVIEW, "Done")

    await answer.decide_deliverable(
        hall, actor=ada, task_id=task.id, accepted=False, reason="Too small"
    )
    assert (await view(hall, ada, task)).task.state is State.REVISING
    run = await begin(hall)
    await outcomes.deliver(hall, token=run.token, text="Done again")
    done = await answer.decide_deliverable(hall, actor=ada, task_id=task.id, accepted=True)
    assert (done.state, done.revisions) == (State.DONE, 1)

    result = await task_result(hall, actor=ada, task_id=task.id)
    assert (result.text, result.files) == ("Done again", [])
    log = await task_log(hall, actor=ada, task_id=task.id)
    assert [event.type for event in log] == [
        "task_created",
        "task_published",
        "task_claimed",
        "run_started",
        "progress_reported",
        "question_asked",
        "reply_given",
        "run_started",
        "deliverable_submitted",
        "revision_requested",
        "run_started",
        "deliverable_submitted",
        "deliverable_accepted",
    ]
    assert [event.number for event in log] == list(range(1, 14))
    assert log[6].data["text"] == "React"
    assert all(one.at_us <= two.at_us for one, two in itertools.pairwise(log))


async def test_the_run_is_told_all_that_was_said(hall: Hall) -> None:
    ada = await sign_up(hall)
    task = await post(hall, ada)
    run = await begin(hall)
    await outcomes.message_customer(hall, token=run.token, text="Shall I?")
    await answer.reply(hall, actor=ada, task_id=task.id, text="  Yes  ")
    run = await begin(hall)
    await outcomes.deliver(hall, token=run.token, text="One")
    await answer.decide_deliverable(hall, actor=ada, task_id=task.id, accepted=False, reason="No")
    next_run = await working.claim_next_run(
        hall, node_id="n", lease_s=30, runtimes=hall.staffing.ready
    )
    assert next_run is not None
    brief = await working.start_run(hall, token=next_run.token)
    assert [one.reply_text for one in brief.exchanges] == ["Yes"]
    assert [(one.number, one.reason) for one in brief.deliverables] == [(1, "No")]
    assert brief.run.turn == 2


async def test_a_plan_is_decided_before_work(hall: Hall) -> None:
    ada = await sign_up(hall)
    task = await post(hall, ada, require_spec_approval=True)
    run = await begin(hall)
    await outcomes.propose_plan(hall, token=run.token, text="First this")
    row = await view(hall, ada, task)
    assert (row.task.waiting_for, row.plan_text) == (Waiting.PLAN_DECISION, "First this")
    with pytest.raises(WrongState):
        await answer.reply(hall, actor=ada, task_id=task.id, text="fine")
    await answer.decide_plan(hall, actor=ada, task_id=task.id, accepted=False, reason="Not this")
    run = await begin(hall)
    await outcomes.propose_plan(hall, token=run.token, text="Then that")
    moved = await answer.decide_plan(hall, actor=ada, task_id=task.id, accepted=True)
    assert (moved.plan_approved, moved.state) == (True, State.IN_PROGRESS)


async def test_giving_up_fails_the_task_and_its_reason_is_the_result(hall: Hall) -> None:
    ada = await sign_up(hall)
    task = await post(hall, ada)
    run = await begin(hall)
    failed = await outcomes.give_up(hall, token=run.token, reason="I could not do it")
    assert failed.state is State.FAILED
    assert (await task_result(hall, actor=ada, task_id=task.id)).text == "I could not do it"


async def test_the_last_words_of_a_task_are_its_question_until_it_fails(hall: Hall) -> None:
    ada = await sign_up(hall)
    task = await post(hall, ada)
    run = await begin(hall)
    await outcomes.message_customer(hall, token=run.token, text="Shall I?")
    assert (await task_result(hall, actor=ada, task_id=task.id)).text == "Shall I?"
    await answer.reply(hall, actor=ada, task_id=task.id, text="Yes")
    run = await begin(hall)
    await outcomes.give_up(hall, token=run.token, reason="I could not do it")
    assert (await task_result(hall, actor=ada, task_id=task.id)).text == "I could not do it"


async def test_cancelling_stops_the_run_and_can_be_repeated(
    hall: Hall, engine: QuietEngine
) -> None:
    ada = await sign_up(hall)
    task = await post(hall, ada)
    run = await begin(hall)
    await answer.cancel_task(hall, actor=ada, task_id=task.id)
    assert engine.stopped == [run.token]
    again = await answer.cancel_task(hall, actor=ada, task_id=task.id)
    assert again.state is State.CANCELLED
    events = await task_log(hall, actor=ada, task_id=task.id)
    assert [event.type for event in events].count("task_cancelled") == 1


async def test_a_queued_run_of_a_cancelled_task_is_never_taken(hall: Hall) -> None:
    ada = await sign_up(hall)
    task = await post(hall, ada)
    await answer.cancel_task(hall, actor=ada, task_id=task.id)
    taken = await working.claim_next_run(
        hall, node_id="n", lease_s=30, runtimes=hall.staffing.ready
    )
    assert taken is None


@pytest.mark.parametrize("fields", [{"title": "  "}, {"description": "\n"}, {"title": ""}])
async def test_an_empty_brief_is_refused(hall: Hall, fields: dict[str, str]) -> None:
    ada = await sign_up(hall)
    with pytest.raises(Invalid):
        await post(hall, ada, **fields)
    assert await list_tasks(hall, actor=ada) == []


async def test_a_title_is_kept_as_it_was_typed_or_refused(hall: Hall) -> None:
    ada = await sign_up(hall)
    assert (await post(hall, ada, title="x" * 200)).title == "x" * 200
    with pytest.raises(Invalid) as refused:
        await post(hall, ada, title="x" * 201)
    assert refused.value.fields == {"title": "too long"}


async def test_nothing_of_another_organization_exists(hall: Hall) -> None:
    ada, eve = await sign_up(hall), await sign_up(hall, "eve")
    task = await post(hall, ada)
    run = await begin(hall)
    await outcomes.deliver(hall, token=run.token, text="Done")
    tries = [
        lambda: task_view(hall, actor=eve, task_id=task.id),
        lambda: task_result(hall, actor=eve, task_id=task.id),
        lambda: task_log(hall, actor=eve, task_id=task.id),
        lambda: answer.reply(hall, actor=eve, task_id=task.id, text="x"),
        lambda: answer.decide_deliverable(hall, actor=eve, task_id=task.id, accepted=True),
        lambda: answer.decide_plan(hall, actor=eve, task_id=task.id, accepted=True),
        lambda: answer.cancel_task(hall, actor=eve, task_id=task.id),
    ]
    for attempt in tries:
        with pytest.raises(NotFound):
            await attempt()
    assert await list_tasks(hall, actor=eve) == []
    assert (await view(hall, ada, task)).task.state is State.IN_REVIEW


@pytest.mark.parametrize("task_id", ["", "x", "01890000-0000-7000-8000-000000000001", "'; drop"])
async def test_an_unknown_or_malformed_id_is_not_found(hall: Hall, task_id: str) -> None:
    ada = await sign_up(hall)
    with pytest.raises(NotFound):
        await task_view(hall, actor=ada, task_id=task_id)
    with pytest.raises(NotFound):
        await answer.cancel_task(hall, actor=ada, task_id=task_id)


async def test_where_nobody_can_work_the_task_says_why_at_once(hall: Hall) -> None:
    ada = await sign_up(hall)
    lonely = with_staffing(hall, NOBODY)
    task = await post(lonely, ada)
    assert (task.state, task.waiting_for) == (State.OPEN, Waiting.WORKER)
    log = await task_log(hall, actor=ada, task_id=task.id)
    assert (log[-1].type, log[-1].data["text"]) == ("waiting_changed", "Nobody is set up here")
    named = await post(hall, ada, role="formatter")
    assert "No role 'formatter'" in named.waiting_reason


async def test_without_credits_nothing_is_posted(hall: Hall, clock: Clock) -> None:
    ada = await sign_up(hall)
    await post(hall, ada)
    run = await begin(hall)
    await working.record_usage(hall, token=run.token, input_tokens=9, output_tokens=1, charged=100)
    assert (await day_credits(hall, actor=ada)).left == 0
    with pytest.raises(OutOfCredits) as refused:
        await post(hall, ada)
    assert 0 < refused.value.retry_after_s <= 86_400
    clock.advance(refused.value.retry_after_s)
    assert (await day_credits(hall, actor=ada)).left == 100
    await post(hall, ada)


async def test_the_list_is_whole_and_newest_first(hall: Hall) -> None:
    ada = await sign_up(hall)
    posted = [(await post(hall, ada, title=f"Task {number}")).id for number in range(5)]
    listed = [line.id async for page in all_tasks(hall, actor=ada) for line in page]
    assert listed == posted[::-1]
    second = await list_tasks(hall, actor=ada, before=listed[1], limit=2)
    assert [line.id for line in second] == listed[2:4]


async def test_what_a_worker_may_not_say_is_refused_and_changes_nothing(hall: Hall) -> None:
    ada = await sign_up(hall)
    task = await post(hall, ada)
    run = await begin(hall)
    for attempt in (
        outcomes.ask(hall, token=run.token, asked=[]),
        outcomes.deliver(hall, token=run.token, text=" "),
        outcomes.message_customer(hall, token=run.token, text=""),
    ):
        with pytest.raises(HallError):
            await attempt
    assert (await view(hall, ada, task)).task.state is State.IN_PROGRESS


async def test_the_clock_going_back_does_not_turn_the_log_around(
    hall: Hall, clock: Clock, engine: QuietEngine
) -> None:
    ada = await sign_up(hall)
    task = await post(hall, ada)
    clock.now_us -= 60_000_000
    earlier = make_hall(hall.database, clock=clock, engine=engine)
    await answer.cancel_task(earlier, actor=ada, task_id=task.id)
    log = await task_log(hall, actor=ada, task_id=task.id)
    assert [event.at_us for event in log] == sorted(event.at_us for event in log)
