"""A team's board: tasks are put on it, read with all that belongs to them, and filtered."""

from dataclasses import replace

import pytest

from hiringhall.actions.runs import outcomes
from hiringhall.actions.runs.ending import actor_of
from hiringhall.actions.tasks.backlog import add_subtask, new_task, post_in_team
from hiringhall.actions.tasks.running import run_task
from hiringhall.domain import ids
from hiringhall.domain.board import MAX_SUBTASKS
from hiringhall.domain.errors import Forbidden, Invalid, NotFound, NotYours, Superseded
from hiringhall.domain.tasks import Acceptance, State, Waiting
from hiringhall.hall import Hall
from hiringhall.queries import boards
from hiringhall.queries.audit import audit_all
from hiringhall.queries.boards import Filter, page_of_team
from hiringhall.queries.tasks import task_log
from tests.support.counting import counting
from tests.support.halls import QuietEngine, begin, post, sign_up
from tests.support.teams import a_team, details, put_under, put_up

pytestmark = pytest.mark.anyio


async def test_a_draft_waits_for_nothing_and_a_ready_task_for_its_poster(
    hall: Hall, engine: QuietEngine
) -> None:
    ada = await sign_up(hall)
    team = await a_team(hall, ada)
    draft = await put_up(hall, ada, team, column=State.DRAFT)
    ready = await put_up(hall, ada, team)
    assert (draft.state, draft.waiting_for) == (State.DRAFT, Waiting.NOTHING)
    assert (ready.state, ready.waiting_for) == (State.OPEN, Waiting.POSTER)
    assert engine.wakes == 0
    assert (await details(hall, ada, draft)).task == draft
    assert (await details(hall, ada, ready)).task == ready
    assert [one.type for one in await task_log(hall, actor=ada, task_id=ready.id)] == [
        "task_created", "task_published",
    ]  # fmt: skip
    assert (await audit_all(hall.database)).ok


async def test_a_task_may_begin_in_any_column(hall: Hall) -> None:
    ada = await sign_up(hall)
    team = await a_team(hall, ada)
    for column in (State.IN_PROGRESS, State.IN_REVIEW, State.DONE, State.FAILED):
        task = await put_up(hall, ada, team, column=column)
        assert task.state is column
        assert (await details(hall, ada, task)).task == task
    assert (await audit_all(hall.database)).ok


async def test_what_it_says_is_kept_whole(hall: Hall) -> None:
    ada = await sign_up(hall)
    team = await a_team(hall, ada)
    first, second = await put_up(hall, ada, team), await put_up(hall, ada, team)
    task = await put_up(
        hall,
        ada,
        team,
        title=f"  {'long ' * 40}title\n",
        description=" D \n",
        accept_criteria=" 1. It works ",
        role="nobody-yet",
        priority=-3,
        dependencies=[second.id, first.id],
        created_label="worker:worker_xxx",
    )
    assert task.title == f"{'long ' * 40}title"
    assert (task.description, task.accept_criteria, task.role) == ("D", "1. It works", "nobody-yet")
    assert (task.priority, task.created_label) == (-3, "worker:worker_xxx")
    assert (await details(hall, ada, task)).dependencies == [second.id, first.id]
    assert (await audit_all(hall.database)).ok


async def test_a_team_that_looks_at_what_is_delivered_says_so_once(hall: Hall) -> None:
    ada = await sign_up(hall)
    plain, careful = await a_team(hall, ada), await a_team(hall, ada, config={"review": True})
    assert (await put_up(hall, ada, plain)).acceptance is Acceptance.ON_DELIVERY
    assert (await put_up(hall, ada, careful)).acceptance is Acceptance.POSTER


async def test_what_cannot_be_meant_is_refused(hall: Hall) -> None:
    for fields, field in (
        ({"title": " "}, "title"),
        ({"title": "x" * 501}, "title"),
        ({"description": "x" * 200_001}, "description"),
        ({"accept_criteria": "x" * 50_001}, "accept_criteria"),
        ({"role": "x" * 101}, "role"),
        ({"created_label": "x" * 201}, "created_by"),
    ):
        with pytest.raises(Invalid) as refused:
            new_task(**{"title": "t", **fields})  # pyright: ignore[reportArgumentType]
        assert field in refused.value.fields


async def test_only_ones_own_teams_have_a_board(hall: Hall) -> None:
    ada, eve = await sign_up(hall), await sign_up(hall, "eve")
    team = await a_team(hall, ada)
    task = await put_up(hall, ada, team)
    new = new_task(title="t")
    with pytest.raises(NotYours):
        await post_in_team(hall, actor=eve, team_id=team.id, new=new)
    with pytest.raises(NotYours):
        await add_subtask(hall, actor=eve, parent_id=task.id, new=new)
    with pytest.raises(NotYours):
        await details(hall, eve, task)
    with pytest.raises(NotYours):
        await page_of_team(hall, actor=eve, team_id=team.id, wanted=Filter())
    for unknown in (hall.new_id(), "nothing"):
        with pytest.raises(NotFound):
            await post_in_team(hall, actor=ada, team_id=unknown, new=new)
        with pytest.raises(NotFound):
            await add_subtask(hall, actor=ada, parent_id=unknown, new=new)
        with pytest.raises(NotFound):
            await page_of_team(hall, actor=ada, team_id=team.id, wanted=Filter(parent_id=unknown))


async def test_parts_hang_in_the_team_of_the_whole(hall: Hall) -> None:
    ada = await sign_up(hall)
    team = await a_team(hall, ada)
    whole = await put_up(hall, ada, team)
    parts = [await put_under(hall, ada, whole, title=f"Part {n}") for n in range(3)]
    assert {(one.team_id, one.parent_id) for one in parts} == {(team.id, whole.id)}
    seen = await details(hall, ada, whole)
    assert [one.id for one in seen.subtasks] == [one.id for one in parts]
    assert seen.parent is None
    part = await details(hall, ada, parts[0])
    assert part.parent is not None
    assert (part.parent.id, part.subtasks) == (whole.id, [])
    assert (await audit_all(hall.database)).ok


async def test_a_worker_parts_its_own_task_while_it_is_on_it(hall: Hall) -> None:
    ada = await sign_up(hall)
    team = await a_team(hall, ada)
    task, other = await put_up(hall, ada, team), await put_up(hall, ada, team)
    await run_task(hall, actor=ada, task_id=task.id)
    run = await begin(hall)
    worker = replace(actor_of(run), run=run.token)
    part = await put_under(hall, worker, task)
    assert part.created_label == f"worker:{ids.ref_of('worker', run.id)}"
    assert part.created_by == ada.user_id, "it is charged to whoever the whole is charged to"
    with pytest.raises(Forbidden):
        await put_under(hall, worker, other)
    await outcomes.deliver(hall, token=run.token, text="Done")
    with pytest.raises(Superseded):
        await put_under(hall, worker, task)


async def test_a_task_has_so_many_parts_and_no_more(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hiringhall.actions.tasks.backlog.MAX_SUBTASKS", 2)
    assert MAX_SUBTASKS > 100
    ada = await sign_up(hall)
    whole = await put_up(hall, ada, await a_team(hall, ada))
    for _ in range(2):
        await put_under(hall, ada, whole)
    with pytest.raises(Invalid, match="at most 2"):
        await put_under(hall, ada, whole)


async def test_a_board_is_filtered_and_read_page_by_page(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(boards, "PAGE", 2)
    ada = await sign_up(hall)
    team, other = await a_team(hall, ada), await a_team(hall, ada)
    await put_up(hall, ada, other)
    whole = await put_up(hall, ada, team)
    draft = await put_up(hall, ada, team, column=State.DRAFT, role="writer")
    done = await put_up(hall, ada, team, column=State.DONE, role="writer")
    part = await put_under(hall, ada, whole, role="writer")
    last = await put_up(hall, ada, team)

    async def found(**wanted: object) -> list[str]:
        pages = boards.all_of_team(
            hall,
            actor=ada,
            team_id=team.id,
            wanted=Filter(**wanted),  # pyright: ignore[reportArgumentType]
        )
        return [one.task.id async for page in pages for one in page]

    assert await found() == [one.id for one in (last, part, done, draft, whole)]
    assert await found(states=(State.DRAFT,)) == [part.id, draft.id]
    assert await found(role="writer") == [part.id, done.id, draft.id]
    assert await found(role="writer", states=(State.DONE,)) == [done.id]
    assert await found(parent_id=whole.id) == [part.id]
    assert await found(parent_id=whole.id, role="nobody") == []
    assert await found(states=()) == []
    page = await page_of_team(
        hall, actor=ada, team_id=team.id, wanted=Filter(), before=done.id, limit=1
    )
    assert [one.task.id for one in page] == [draft.id]


async def test_a_page_costs_as_many_statements_as_one_task(hall: Hall) -> None:
    """However many tasks, parts, runs and deliverables there are on it."""
    ada = await sign_up(hall)
    team = await a_team(hall, ada)
    few = await a_team(hall, ada)
    for board, many in ((few, 1), (team, 12)):
        for _ in range(many):
            task = await put_up(hall, ada, board, column=State.DONE)
            await put_under(hall, ada, task, dependencies=[task.id])
            await put_up(hall, ada, board, column=State.FAILED)
            await run_task(hall, actor=ada, task_id=(await put_up(hall, ada, board)).id)
    counts = []
    for board in (few, team):
        counter, statements = counting(hall)
        assert await page_of_team(counter, actor=ada, team_id=board.id, wanted=Filter())
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 12, counts


async def test_another_doors_tasks_hang_in_the_default_team(hall: Hall) -> None:
    ada = await sign_up(hall)
    task = await post(hall, ada)
    seen = await details(hall, ada, task)
    assert seen.task == task
    (listed,) = await page_of_team(hall, actor=ada, team_id=task.team_id, wanted=Filter())
    assert listed == seen
