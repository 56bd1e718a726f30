"""The native door where the manager has a model: asked without parts, and answered in the plan."""

from dataclasses import replace

import pytest

from hiringhall.hall import Hall
from hiringhall.workers.planning import Planner
from hiringhall.workers.runtimes.builtin_role import ModelChoice
from tests.doors.native.conftest import Caller
from tests.doors.native.test_force import OUTLINE
from tests.gateway.clients import gateway_to
from tests.support.models import Turn, model_server

pytestmark = pytest.mark.anyio


@pytest.fixture
def hall(hall: Hall) -> Hall:
    """A hall whose manager has a model."""
    return replace(hall, rules=replace(hall.rules, manager_has_model=True))


async def plan_next(hall: Hall, says: str) -> None:
    """The manager plans what waits, by a model that says so."""
    with model_server(Turn(says)) as server:
        gateway = gateway_to(hall, server)
        planner = Planner(hall, gateway, ModelChoice("claude-test", "anthropic"))
        while await planner.plan_next():
            pass
        await gateway.close()


async def test_a_plan_without_parts_is_the_managers(poster: Caller, hall: Hall) -> None:
    task = await poster.posts(engagement="task_force")
    there = f"/tasks/{task['id']}/task-force"
    key = {"Idempotency-Key": "once"}
    made = await poster.post(there, {"reviewer": "manager"}, 201, headers=key)
    again = await poster.post(there, {"reviewer": "manager"}, 201, headers=key)
    assert made == again
    assert (made["status"], made["planned_by"], made["subtasks"]) == ("planning", "manager", [])
    assert (made["task_state"], made["waiting_for"]) == ("open", "nothing")
    early = await poster.post(f"{there}/confirm", None, 409)
    assert early["code"]
    says = (
        '{"subtasks": [{"key": "all", "title": "All", "brief": "Do all of it", '
        '"share_cents": 5000}]}'
    )
    await plan_next(hall, says)
    planned = await poster.get(there)
    assert (planned["status"], planned["reviewer"]) == ("planned", "manager")
    assert (planned["task_state"], planned["waiting_for"]) == ("awaiting_reply", "plan_decision")
    assert "Do all of it" in (await poster.get(f"/tasks/{task['id']}"))["plan"]["text"]


async def test_why_there_is_no_plan_is_said_and_an_outline_taken(
    poster: Caller, hall: Hall
) -> None:
    task = await poster.posts(engagement="task_force")
    there = f"/tasks/{task['id']}/task-force"
    await poster.post(there, None, 201)
    await plan_next(hall, "I had rather not")
    assert (await poster.get(there, 409))["code"] == "conflict"
    seen = await poster.get(f"/tasks/{task['id']}")
    assert seen["waiting_for"] == "poster"
    assert seen["waiting_reason"].startswith("I could not plan this: The model's plan was none")
    assert (await poster.post(there, OUTLINE, 201))["planned_by"] == "poster"


async def test_nobody_else_has_a_plan_made(poster: Caller, maker: Caller, admin: Caller) -> None:
    task = await poster.posts(engagement="task_force")
    there = f"/tasks/{task['id']}/task-force"
    scout = await maker.with_agent(admin, task_force=True)
    await maker.post(there, None, 404)
    assert (await scout.ask("POST", there)).status_code in (403, 404)
    claim = await poster.posts()
    await poster.post(f"/tasks/{claim['id']}/task-force", None, 409)
