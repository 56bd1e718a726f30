"""Teams at their pages: founded, the board and its moves, a task's sheet; and whose they are."""

import re
from typing import Any

import pytest

from hiringhall.actions.teams import create_team
from hiringhall.domain.ids import task_ref
from hiringhall.domain.policy import Actor
from hiringhall.domain.tasks import State
from hiringhall.domain.teams import Team
from hiringhall.hall import Hall
from hiringhall.queries.sign_ins import actor_of, signed_in
from tests.doors.conftest import Worker
from tests.doors.pages.conftest import Person, page_of
from tests.doors.pages.test_home import PAYLOADS
from tests.support.teams import a_team, details, put_under, put_up

pytestmark = pytest.mark.anyio


async def actor(hall: Hall, person: Person) -> Actor:
    return actor_of(await signed_in(hall, secret=person.http.cookies["hall"]))


@pytest.fixture
async def me(ada: Person, hall: Hall) -> Actor:
    """Ada, who acts."""
    return await actor(hall, ada)


@pytest.fixture
async def team(hall: Hall, me: Actor) -> Team:
    """A team of Ada's."""
    return await a_team(hall, me, name="Rockets")


def at(team: Team, further: str = "") -> str:
    return f"/app/teams/{team.id}{further}"


async def test_a_team_is_founded(ada: Person) -> None:
    typed: dict[str, Any] = {"name": "Rockets", "goal": "Fly\r\nfar", "autonomy": "autonomous"}
    answer = await ada.sends("/app/teams/new", "/app/teams/new", **typed)
    path = answer.headers["location"]
    page = await ada.get(path)
    for word in ("Rockets", "Backlog", "Review", "Autonomous: the hall has workers begin"):
        assert word in page.words
    assert path in (await ada.get("/app/teams")).links()
    roles = await ada.get(f"{path}/roles")
    assert "backend-engineer" in roles.words


async def test_a_team_that_is_refused_loses_nothing(ada: Person) -> None:
    answer = await ada.sends("/app/teams/new", "/app/teams/new", 400, name=" ", goal="Kept")
    page = page_of(answer, 400)
    assert page.form("/app/teams/new").values["goal"] == "Kept"
    assert any(one.attributes.get("id") == "name-wrong" for one in page.elements)


async def test_a_card_is_moved_by_its_own_button(
    ada: Person, hall: Hall, me: Actor, team: Team
) -> None:
    task = await put_up(hall, me, team, title="Add rate limiting", column=State.DRAFT)
    other = await put_up(hall, me, team, title="Another", column=State.DRAFT)
    form = (await ada.get(at(team))).form(at(team, "/move"))
    assert form.values[f"to-{task.id}"] == "draft"
    chosen: dict[str, Any] = {"task": task.id, f"to-{task.id}": "done"}
    answer = await ada.send(form, **chosen)
    assert answer.headers["location"] == at(team, f"#task-{task.id}")
    assert (await details(hall, me, task)).task.state is State.DONE
    assert (await details(hall, me, other)).task.state is State.DRAFT
    await ada.send(form, 400, task=task.id, **{f"to-{task.id}": "nowhere"})


@pytest.mark.parametrize("accepts", [True, False])
async def test_what_was_moved_to_review_by_hand_is_no_delivery_and_is_decided_all_the_same(
    ada: Person, hall: Hall, me: Actor, team: Team, *, accepts: bool
) -> None:
    task = await put_up(hall, me, team)
    form = (await ada.get(at(team))).form(at(team, "/move"))
    chosen: dict[str, Any] = {"task": task.id, f"to-{task.id}": "in_review"}
    await ada.send(form, **chosen)
    own = f"/app/tasks/{task.id}"
    page = await ada.get(own)
    assert "Delivery 1" not in page.words
    assert "Moved to Review by hand" in page.words
    sheet = at(team, f"/tasks/{task.id}")
    assert "part-output" not in (await ada.get(sheet)).text
    if accepts:
        await ada.sends(own, f"{own}/accept")
        assert "by hand" not in (await ada.get(own)).words.replace("Moved there by hand", "")
    else:
        await ada.sends(own, f"{own}/revise", reason="There is nothing yet")
        assert "There is nothing yet" in (await ada.get(own)).words
    state = (await details(hall, me, task)).task.state
    assert state is (State.DONE if accepts else State.REVISING)
    assert "Delivery 1" not in (await ada.get(own)).words


async def test_what_is_said_with_a_move_to_review_is_a_delivery(
    ada: Person, hall: Hall, me: Actor, team: Team
) -> None:
    task = await put_up(hall, me, team)
    sheet = at(team, f"/tasks/{task.id}")
    await ada.sends(sheet, f"{sheet}/place", column="in_review", summary="It is all there")
    page = await ada.get(f"/app/tasks/{task.id}")
    assert "Delivery 1" in page.words
    assert "It is all there" in page.words
    assert "part-output" in (await ada.get(sheet)).text


async def test_a_move_that_contradicts_a_worker_is_said_on_the_board(
    ada: Person, hall: Hall, me: Actor, team: Team, worker: Worker
) -> None:
    task = await put_up(hall, me, team)
    path = at(team, f"/tasks/{task.id}")
    await ada.sends(path, f"{path}/run")
    await worker.begins()
    page = await ada.get(at(team))
    assert "worker on it" in page.words
    form = page.form(at(team, "/move"))
    answer = await ada.send(form, 409, task=task.id, **{f"to-{task.id}": "done"})
    assert "A worker is on this task" in page_of(answer, 409).words


async def test_columns_show_the_foremost_and_lead_to_the_rest(
    ada: Person, hall: Hall, me: Actor, team: Team
) -> None:
    for number in range(23):
        await put_up(hall, me, team, title=f"task {number:02d}", priority=int(number == 0))
    page = await ada.get(at(team))
    assert "task 00" in page.words
    assert "task 01" not in page.words
    assert "All 23" in page.words
    column = await ada.get(at(team, "/columns/open"))
    assert "task 01" in column.words
    await ada.get(at(team, "/columns/nowhere"), 404)


async def test_a_long_column_goes_on_at_another_page(
    ada: Person, hall: Hall, me: Actor, team: Team
) -> None:
    for number in range(52):
        await put_up(hall, me, team, title=f"task {number:02d}")
    page = await ada.get(at(team, "/columns/open"))
    assert "task 51" in page.words
    assert "task 01" not in page.words
    (more,) = [one for one in page.links() if "before=" in one]
    page = await ada.get(more)
    assert "task 01" in page.words
    assert "task 51" not in page.words


async def test_a_task_is_put_up_and_said_anew(
    ada: Person, hall: Hall, me: Actor, team: Team
) -> None:
    first = await put_up(hall, me, team, title="First of all")
    new: dict[str, Any] = {
        "title": "Second",
        "description": "With **care**",
        "accept_criteria": "It runs",
        "role": "backend-engineer",
        "priority": "7",
        "dependencies": task_ref(first.id),
        "column": "open",
    }
    path = at(team, "/tasks/new")
    answer = await ada.sends(path, path, **new)
    sheet = answer.headers["location"]
    page = await ada.get(sheet)
    form = page.form(f"{sheet}/words")
    for name in ("title", "description", "accept_criteria", "role", "priority", "dependencies"):
        assert form.values[name] == new[name]
    assert "First of all" in page.words
    answer = await ada.send(form, 400, title="Kept", priority="soon")
    page = page_of(answer, 400)
    assert page.form(f"{sheet}/words").values["title"] == "Kept"
    assert page.form(f"{sheet}/words").values["priority"] == "soon"
    assert any(one.attributes.get("id") == "priority-wrong" for one in page.elements)
    await ada.send(form, 400, dependencies="task_nothing")
    await ada.send(form, title="Third", dependencies="", role="")
    task = (await details(hall, me, first)).task
    assert task.title == "First of all"
    page = await ada.get(sheet)
    assert "Third" in page.words
    assert "First of all" not in page.words


async def test_parts_hang_under_their_task(ada: Person, hall: Hall, me: Actor, team: Team) -> None:
    whole = await put_up(hall, me, team, title="The whole")
    part = await put_under(hall, me, whole, title="A part of it")
    page = await ada.get(at(team, f"/tasks/{whole.id}"))
    assert at(team, f"/tasks/{part.id}") in page.links()
    (further,) = [one for one in page.links() if "parent=" in one]
    answer = await ada.sends(further, at(team, "/tasks/new"), title="Another part")
    page = await ada.get(answer.headers["location"])
    assert "The whole" in page.words
    await ada.sends(at(team, "/tasks/new"), at(team, "/tasks/new"), 400, title="x", parent_id="?")


async def test_what_came_of_it_is_said_by_hand(
    ada: Person, hall: Hall, me: Actor, team: Team
) -> None:
    task = await put_up(hall, me, team)
    path = at(team, f"/tasks/{task.id}")
    said: dict[str, Any] = {"column": "done", "summary": "It was *there* already", "branch": "main"}
    await ada.sends(path, f"{path}/place", **said)
    found = await details(hall, me, task)
    assert found.task.state is State.DONE
    assert found.deliverable is not None
    assert found.deliverable.branch == "main"
    assert "<em>there</em>" in (await ada.get(path)).text


async def test_a_task_without_a_role_is_run_from_its_sheet_too(
    ada: Person, hall: Hall, me: Actor, team: Team, worker: Worker
) -> None:
    task = await put_up(hall, me, team, role=None)
    path = at(team, f"/tasks/{task.id}")
    await ada.sends(path, f"{path}/run")
    assert (await details(hall, me, task)).task.state is State.ASSIGNED


async def test_a_worker_begins_stops_and_goes_on(
    ada: Person, hall: Hall, me: Actor, team: Team, worker: Worker
) -> None:
    task = await put_up(hall, me, team)
    path = at(team, f"/tasks/{task.id}")
    form = (await ada.get(path)).form(f"{path}/run")
    await ada.send(form)
    assert "already" in (await ada.send(form, 409)).text
    await worker.gives_up("No way")
    page = await ada.get(path)
    assert "No way" in page.words
    await ada.send(page.form(f"{path}/resume"))
    assert (await details(hall, me, task)).task.state is State.ASSIGNED
    form = (await ada.get(path)).form(f"{path}/drop")
    await ada.send(form, 400)
    await ada.send(form, sure="yes")
    assert (await details(hall, me, task)).task.state is State.CANCELLED


async def test_nobody_sees_or_moves_anothers(
    ada: Person, bob: Person, hall: Hall, me: Actor, team: Team
) -> None:
    task = await put_up(hall, me, team, title="Ada's own")
    theirs = await create_team(hall, actor=await actor(hall, bob), name="Bob's")
    own = await put_up(hall, await actor(hall, bob), theirs, title="Bob's own")
    for further in ("", "/columns/open", "/tasks/new", f"/tasks/{task.id}", "/workers", "/roles"):
        await bob.get(at(team, further), 404)
    for further in ("/playbook", "/github", "/usage", "/settings", "/workers/now", "/roles/new"):
        await bob.get(at(team, further), 404)
    # Below a team of one's own there is nothing of another's.
    await bob.get(at(theirs, f"/tasks/{task.id}"), 404)
    form = (await bob.get(at(theirs))).form(at(theirs, "/move"))
    await bob.send(form, 404, task=task.id, **{f"to-{task.id}": "done"})
    sheet = at(theirs, f"/tasks/{own.id}")
    token = (await bob.get(sheet)).form(f"{sheet}/words").values
    for word in ("words", "place", "run", "resume", "drop"):
        fields = {**token, "column": "done", "sure": "yes"}
        answer = await bob.http.post(at(team, f"/tasks/{task.id}/{word}"), data=fields)
        assert answer.status_code == 404
    found = await details(hall, me, task)
    assert (found.task.title, found.task.state) == ("Ada's own", State.OPEN)
    assert "Ada's own" not in (await bob.get("/app/teams")).words


@pytest.mark.parametrize("payload", PAYLOADS)
async def test_what_strangers_write_runs_nowhere(
    ada: Person, hall: Hall, me: Actor, worker: Worker, payload: str
) -> None:
    team = await a_team(hall, me, name=payload, goal=payload)
    task = await put_up(hall, me, team, title=payload, description=payload)
    await put_under(hall, me, task, title=payload, accept_criteria=payload)
    path = at(team, f"/tasks/{task.id}")
    await ada.sends(path, f"{path}/run")
    await worker.gives_up(payload)
    for further in ("", f"/tasks/{task.id}", "/columns/failed", "/workers", "/settings"):
        page = await ada.get(at(team, further))
        assert payload in page.words, further
        page.runs_nothing()
    (await ada.get("/app/teams")).runs_nothing()


async def test_a_full_board_stays_small(ada: Person, hall: Hall, me: Actor, team: Team) -> None:
    for column in (State.DRAFT, State.OPEN, State.IN_REVIEW, State.DONE, State.FAILED):
        for number in range(21):
            title = f"{number} what a title of some length looks like on the board of a team"
            await put_up(hall, me, team, title=title, column=column)
    page = await ada.get(at(team))
    assert len(page.text.encode()) < 150_000
    assert page.text.count("data-card") == 100


async def test_a_form_that_is_sent_twice_founds_one_team_and_puts_up_one_task(ada: Person) -> None:
    form = (await ada.get("/app/teams/new")).form("/app/teams/new")
    first = (await ada.send(form, name="Twins")).headers["location"]
    assert (await ada.send(form, name="Twins")).headers["location"] == first
    assert (await ada.get("/app/teams")).words.count("Twins") == 1
    path = f"{first}/tasks/new"
    form = (await ada.get(path)).form(path)
    put_up = (await ada.send(form, title="Only one")).headers["location"]
    assert (await ada.send(form, title="Only one")).headers["location"] == put_up
    assert (await ada.get(first)).words.count("Only one") == 1


async def test_every_team_is_led_to(ada: Person, hall: Hall) -> None:
    me = await actor(hall, ada)
    for number in range(50):
        await create_team(hall, actor=me, name=f"Crew {number:02}")
    page = await ada.get("/app/teams")
    assert "Crew 48" in page.words
    assert "Crew 49" not in page.words
    (further,) = [one for one in page.links() if one.startswith("/app/teams?after=")]
    rest = await ada.get(further)
    assert "Crew 49" in rest.words
    assert not re.search(r"Crew (?!49)", rest.words)
    assert not [one for one in rest.links() if one.startswith("/app/teams?after=")]
