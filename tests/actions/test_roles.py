"""Roles: what waits for one goes on once it is there."""

import pytest

from hiringhall.actions import roles
from hiringhall.domain.errors import Invalid, NotFound
from hiringhall.domain.tasks import State, Waiting
from hiringhall.hall import Hall
from tests.support.halls import begin, post, sign_up, view

pytestmark = pytest.mark.anyio

EMAIL = "ada@example.com"


async def test_a_task_that_waits_for_a_role_goes_on_once_it_is_set(hall: Hall) -> None:
    ada = await sign_up(hall)
    task = await post(hall, ada, role="writer")
    waiting = (await view(hall, ada, task)).task
    assert waiting.waiting_for is Waiting.WORKER
    assert "'writer'" in waiting.waiting_reason

    await roles.set_role(hall, email=EMAIL, name="another", runtime="rehearsal", config={})
    assert (await view(hall, ada, task)).task.waiting_for is Waiting.WORKER

    await roles.set_role(hall, email=EMAIL, name="writer", runtime="rehearsal", config={})
    run = await begin(hall)
    assert (run.task_id, run.role) == (task.id, "writer")
    assert (await view(hall, ada, task)).task.state is State.IN_PROGRESS


async def test_once_it_is_removed_tasks_wait_again(hall: Hall) -> None:
    ada = await sign_up(hall)
    await roles.set_role(hall, email=EMAIL, name="writer", runtime="rehearsal", config={})
    assert [role.name for role in await roles.list_roles(hall, email=EMAIL)] == ["writer"]
    await roles.remove_role(hall, email=EMAIL, name="writer")
    task = await post(hall, ada, role="writer")
    assert (await view(hall, ada, task)).task.waiting_for is Waiting.WORKER
    with pytest.raises(NotFound):
        await roles.remove_role(hall, email=EMAIL, name="writer")


@pytest.mark.parametrize("name", ["", "  ", "x" * 101])
async def test_a_role_has_a_name(hall: Hall, name: str) -> None:
    await sign_up(hall)
    with pytest.raises(Invalid, match="1 to 100 characters"):
        await roles.set_role(hall, email=EMAIL, name=name, runtime="rehearsal", config={})


@pytest.mark.parametrize("name", ["../x", "a/b", "a\\b", "a\nb", "a\x1b[31m", "a\u202eb", "a\0"])
async def test_a_roles_name_can_be_shown_anywhere(hall: Hall, name: str) -> None:
    await sign_up(hall)
    with pytest.raises(Invalid, match="no slashes"):
        await roles.set_role(hall, email=EMAIL, name=name, runtime="rehearsal", config={})


async def test_a_roles_name_may_be_of_any_language(hall: Hall) -> None:
    await sign_up(hall)
    role = await roles.set_role(
        hall, email=EMAIL, name=" Prüfer 2: 設計 ", runtime="rehearsal", config={}
    )
    assert role.name == "Prüfer 2: 設計"
