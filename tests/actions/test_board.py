"""What a person does at a board by hand: every move, with what it says and what it leaves alone."""

import itertools

import pytest

from hiringhall.actions.runs import outcomes, recovery
from hiringhall.actions.runs.outcomes import NewFile
from hiringhall.actions.tasks import answer
from hiringhall.actions.tasks.change import TaskChange, change_task, drop_task, task_change
from hiringhall.actions.tasks.running import reopen_task, run_task
from hiringhall.domain.board import COLUMN_OF, COLUMNS, Output, make_output
from hiringhall.domain.errors import Invalid, NotFound, NotYours, WrongState
from hiringhall.domain.policy import Actor
from hiringhall.domain.runs import RunState
from hiringhall.domain.tasks import FINAL, State, Task, Waiting
from hiringhall.hall import Hall
from hiringhall.queries.audit import audit_all
from hiringhall.queries.tasks import task_log
from tests.support.halls import QuietEngine, begin, post, sign_up
from tests.support.market import funded
from tests.support.teams import ROLE, a_team, details, put_up

pytestmark = pytest.mark.anyio


async def change(hall: Hall, actor: Actor, task: Task, **fields: object) -> Task:
    changes: TaskChange = task_change(**fields)  # pyright: ignore[reportArgumentType]
    return await change_task(hall, actor=actor, task_id=task.id, change=changes)


async def types(hall: Hall, actor: Actor, task: Task) -> list[str]:
    return [one.type for one in await task_log(hall, actor=actor, task_id=task.id)]


@pytest.mark.parametrize(
    ("source", "target"),
    list(itertools.permutations(sorted(COLUMNS), 2)),
    ids=lambda column: str(column.value),
)
async def test_from_any_column_into_any_other(hall: Hall, source: State, target: State) -> None:
    ada = await sign_up(hall)
    task = await put_up(hall, ada, await a_team(hall, ada), column=source)
    moved = await change(hall, ada, task, column=target)
    assert moved.state is target
    waits = Waiting.POSTER if target in (State.OPEN, State.IN_PROGRESS) else Waiting.NOTHING
    assert moved.waiting_for is waits
    seen = await details(hall, ada, task)
    assert seen.task == moved
    assert (seen.deliverable is not None) is bool({source, target} & {State.IN_REVIEW, State.DONE})
    assert seen.error == ("Moved there by hand" if target is State.FAILED else None)
    assert (await audit_all(hall.database)).problems == ()


@pytest.mark.parametrize("column", sorted(COLUMNS), ids=lambda column: str(column.value))
async def test_into_the_column_where_it_is_changes_nothing(hall: Hall, column: State) -> None:
    ada = await sign_up(hall)
    task = await put_up(hall, ada, await a_team(hall, ada), column=column)
    assert await change(hall, ada, task, column=column) == task


async def test_words_are_changed_and_the_log_says_which(hall: Hall) -> None:
    ada = await sign_up(hall)
    team = await a_team(hall, ada)
    task, other = await put_up(hall, ada, team), await put_up(hall, ada, team)
    changed = await change(
        hall,
        ada,
        task,
        title=" New title ",
        description="What",
        accept_criteria="It works",
        role=None,
        priority=7,
        dependencies=[other.id],
    )
    assert (changed.title, changed.description) == ("New title", "What")
    assert (changed.accept_criteria, changed.role, changed.priority) == ("It works", None, 7)
    seen = await details(hall, ada, task)
    assert (seen.task, seen.dependencies) == (changed, [other.id])
    *_, event = await task_log(hall, actor=ada, task_id=task.id)
    assert (event.type, event.data) == (
        "task_changed",
        {
            "changes": {
                "title": "New title",
                "description": "What",
                "accept_criteria": "It works",
                "role": None,
                "priority": 7,
                "dependencies": [other.id],
            }
        },
    )
    assert (await audit_all(hall.database)).problems == ()


async def test_what_is_the_same_is_no_change(hall: Hall) -> None:
    ada = await sign_up(hall)
    task = await put_up(hall, ada, await a_team(hall, ada))
    same = await change(
        hall, ada, task, title=task.title, role=ROLE, priority=0, dependencies=[], description=None
    )
    assert same == task
    assert await change(hall, ada, task) == task


async def test_words_may_be_changed_under_a_worker_and_its_place_may_not(
    hall: Hall, engine: QuietEngine
) -> None:
    ada = await sign_up(hall)
    task = await put_up(hall, ada, await a_team(hall, ada))
    await run_task(hall, actor=ada, task_id=task.id)
    run = await begin(hall)
    assert (await change(hall, ada, task, priority=2)).priority == 2
    assert (await change(hall, ada, task, column=State.IN_PROGRESS)).state is State.IN_PROGRESS
    for column in COLUMNS - {State.IN_PROGRESS}:
        with pytest.raises(WrongState, match="A worker is on this task; cancel"):
            await change(hall, ada, task, column=column, title="Not this, then")
    assert (await details(hall, ada, task)).task.title == task.title
    assert engine.stopped == []
    delivered = await outcomes.deliver(hall, token=run.token, text="Done")
    assert delivered.state is State.DONE
    assert (await audit_all(hall.database)).problems == ()


async def test_a_task_that_another_door_has_queued_a_worker_for_has_one(hall: Hall) -> None:
    ada = await sign_up(hall)
    task = await post(hall, ada)
    with pytest.raises(WrongState, match="A worker is on this task"):
        await change(hall, ada, task, column=State.DRAFT)


@pytest.mark.parametrize("column", sorted(COLUMNS), ids=lambda column: str(column.value))
async def test_where_money_is_held_the_word_to_use_is_said(hall: Hall, column: State) -> None:
    ada = await sign_up(hall)
    task = await funded(hall, ada)
    changes: list[dict[str, object]] = [{"title": "More"}, {"output": Output("x")}]
    if column is not COLUMN_OF[task.state]:
        changes.append({"column": column})
    for fields in changes:
        with pytest.raises(WrongState, match=r"Money is held for this task; say '\w+"):
            await change(hall, ada, task, **fields)
    assert (await change(hall, ada, task, priority=1)).priority == 1


async def test_what_came_of_it_may_be_said_at_any_time(hall: Hall) -> None:
    ada = await sign_up(hall)
    task = await put_up(hall, ada, await a_team(hall, ada))
    said = make_output(summary=" Done ", branch="worker/x")
    kept = await change(hall, ada, task, column=State.OPEN, output=said)
    assert kept.state is State.OPEN
    found = (await details(hall, ada, task)).deliverable
    assert found is not None
    assert (found.text, found.branch, found.number, found.accepted) == ("Done", "worker/x", 1, None)
    done = await change(hall, ada, task, column=State.DONE)
    assert done.deliverable_id == found.id
    found = (await details(hall, ada, task)).deliverable
    assert found is not None
    assert found.accepted
    again = await change(hall, ada, task, output=make_output(summary="Better"))
    assert again.state is State.DONE
    found = (await details(hall, ada, task)).deliverable
    assert found is not None
    assert (found.text, found.number, found.accepted) == ("Better", 2, True)
    assert (await audit_all(hall.database)).problems == ()


async def test_what_is_said_of_it_leaves_what_was_handed_in(hall: Hall) -> None:
    """Words about it are no new work: branch, commit and files stay."""
    ada = await sign_up(hall)
    task = await put_up(hall, ada, await a_team(hall, ada))
    await run_task(hall, actor=ada, task_id=task.id)
    run, key = await begin(hall), hall.new_id()
    made = [NewFile("a/b.txt", 5, b"s" * 32, key)]
    await outcomes.deliver(
        hall, token=run.token, text="Made", files=made, branch="worker/x", commit="c" * 40
    )
    for said, text, branch, commit in (
        (make_output(summary="Looked at"), "Looked at", "worker/x", "c" * 40),
        (make_output(), "Looked at", "worker/x", "c" * 40),
        (make_output(branch="main"), "Looked at", "main", None),
    ):
        await change(hall, ada, task, output=said)
        shown = await details(hall, ada, task)
        found = shown.deliverable
        assert found is not None
        assert (found.text, found.branch, found.commit) == (text, branch, commit)
        assert [(one.name, one.blob_key) for one in shown.files] == [("a/b.txt", key)]
    assert (await audit_all(hall.database)).problems == ()


async def test_by_hand_through_review_to_done(hall: Hall) -> None:
    ada = await sign_up(hall)
    task = await put_up(hall, ada, await a_team(hall, ada))
    said = make_output(summary="Look")
    review = await change(hall, ada, task, column=State.IN_REVIEW, output=said)
    assert review.state is State.IN_REVIEW
    done = await change(hall, ada, task, column=State.DONE)
    assert done.deliverable_id == review.deliverable_id
    assert await types(hall, ada, task) == [
        "task_created", "task_published", "deliverable_submitted", "deliverable_accepted",
    ]  # fmt: skip
    back = await change(hall, ada, task, column=State.IN_REVIEW)
    found = (await details(hall, ada, task)).deliverable
    assert found is not None
    assert (found.text, found.number, found.accepted) == ("Look", 2, None)
    assert back.deliverable_id == found.id
    assert (await audit_all(hall.database)).problems == ()


async def test_a_failure_has_its_reason(hall: Hall) -> None:
    ada = await sign_up(hall)
    task = await put_up(hall, ada, await a_team(hall, ada))
    said = make_output(error="No such library")
    await change(hall, ada, task, column=State.FAILED, output=said)
    seen = await details(hall, ada, task)
    assert (seen.error, seen.deliverable) == ("No such library", None)
    await change(hall, ada, task, column=State.OPEN)
    said = make_output(error="Neither did this", summary="Half of it", branch="worker/x")
    await change(hall, ada, task, column=State.FAILED, output=said)
    seen = await details(hall, ada, task)
    assert seen.error == "Neither did this"
    assert seen.deliverable is not None
    assert (seen.deliverable.text, seen.deliverable.branch) == ("Half of it", "worker/x")
    assert (await audit_all(hall.database)).problems == ()


async def test_a_question_or_a_pause_does_not_keep_a_task_where_it_is(hall: Hall) -> None:
    ada = await sign_up(hall)
    team = await a_team(hall, ada)
    asked, broken = await put_up(hall, ada, team), await put_up(hall, ada, team)
    await run_task(hall, actor=ada, task_id=asked.id)
    await outcomes.message_customer(hall, token=(await begin(hall)).token, text="Shall I?")
    await run_task(hall, actor=ada, task_id=broken.id)
    await recovery.run_broke(hall, token=(await begin(hall)).token, reason="It fell over")
    assert (await details(hall, ada, asked)).question is not None
    for task in (asked, broken):
        moved = await change(hall, ada, task, column=State.OPEN)
        assert (moved.state, moved.waiting_for) == (State.OPEN, Waiting.POSTER)
    assert (await details(hall, ada, asked)).question is None
    with pytest.raises(WrongState):
        await answer.reply(hall, actor=ada, task_id=asked.id, text="Yes")
    assert (await audit_all(hall.database)).problems == ()


async def test_a_task_is_dropped_and_stays_on_record(hall: Hall, engine: QuietEngine) -> None:
    ada = await sign_up(hall)
    task = await put_up(hall, ada, await a_team(hall, ada))
    await run_task(hall, actor=ada, task_id=task.id)
    run = await begin(hall)
    dropped = await drop_task(hall, actor=ada, task_id=task.id)
    assert dropped.state is State.CANCELLED
    assert engine.stopped == [run.token]
    seen = await details(hall, ada, task)
    assert (seen.error, [one.state for one in seen.runs]) == ("Cancelled", [RunState.CANCELLED])
    assert await drop_task(hall, actor=ada, task_id=task.id) == dropped
    assert (await audit_all(hall.database)).problems == ()


@pytest.mark.parametrize("column", sorted(COLUMNS), ids=lambda column: str(column.value))
async def test_a_task_is_dropped_from_any_column(hall: Hall, column: State) -> None:
    ada = await sign_up(hall)
    task = await put_up(hall, ada, await a_team(hall, ada), column=column)
    dropped = await drop_task(hall, actor=ada, task_id=task.id)
    assert COLUMN_OF[dropped.state] is State.FAILED
    assert (await details(hall, ada, task)).error
    assert (await audit_all(hall.database)).problems == ()


async def test_a_new_round_leaves_what_was_delivered(hall: Hall) -> None:
    ada = await sign_up(hall)
    task = await put_up(hall, ada, await a_team(hall, ada))
    with pytest.raises(WrongState, match="cannot be opened again"):
        await reopen_task(hall, actor=ada, task_id=task.id)
    await run_task(hall, actor=ada, task_id=task.id)
    first = await begin(hall)
    await outcomes.deliver(hall, token=first.token, text="First")
    opened = await reopen_task(hall, actor=ada, task_id=task.id)
    assert (opened.state, opened.waiting_for) == (State.OPEN, Waiting.POSTER)
    found = (await details(hall, ada, task)).deliverable
    assert found is not None
    assert (found.text, found.accepted) == ("First", True)
    second = await run_task(hall, actor=ada, task_id=task.id)
    assert second.previous_run_id == first.id
    await outcomes.deliver(hall, token=(await begin(hall)).token, text="Second")
    found = (await details(hall, ada, task)).deliverable
    assert found is not None
    assert (found.text, found.number) == ("Second", 2)
    assert (await audit_all(hall.database)).problems == ()


async def test_only_ones_own_tasks(hall: Hall) -> None:
    ada, eve = await sign_up(hall), await sign_up(hall, "eve")
    task = await put_up(hall, ada, await a_team(hall, ada))
    for verb in (drop_task, reopen_task, run_task):
        with pytest.raises(NotYours):
            await verb(hall, actor=eve, task_id=task.id)
        for unknown in ("nothing", hall.new_id()):
            with pytest.raises(NotFound):
                await verb(hall, actor=ada, task_id=unknown)
    with pytest.raises(NotYours):
        await change(hall, eve, task, priority=1, dependencies=[])
    with pytest.raises(Invalid):
        await change(hall, ada, task, dependencies=[task.id])
    assert State.DONE in FINAL
