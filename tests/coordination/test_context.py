"""What a run may know of its task's surroundings."""

import pytest

from hiringhall.actions import teams
from hiringhall.actions.accounts import tidy_email
from hiringhall.actions.budgets import set_cap
from hiringhall.actions.runs import outcomes, working
from hiringhall.actions.runs.outcomes import NewFile
from hiringhall.actions.tasks.answer import decide_deliverable
from hiringhall.domain.compute import CapScope
from hiringhall.hall import Hall
from hiringhall.workers.coordination.context import MOST_TEXT
from hiringhall.workers.coordination.desk import Desk
from tests.coordination.callers import Client, desk_of
from tests.support.halls import post, sign_up

pytestmark = pytest.mark.anyio

EMAIL = tidy_email("ada@example.com")


async def test_it_tells_of_team_and_budgets(hall: Hall) -> None:
    desk = await desk_of(hall, title="Paint it")
    told = await Client(desk).data("get_context")
    assert told["task"]["title"] == "Paint it"
    assert told["task"]["branch"].startswith("worker/task_")
    assert told["team"]["id"] == desk.brief.task.team_id
    assert [one["scope"] for one in told["budgets"]] == ["run", "task", "team", "organization"]
    assert told["deliverables"] == told["exchanges"] == told["thread"] == []
    assert {one["cap"] for one in told["budgets"]} == {None}


async def test_it_tells_of_goal_playbook_earlier_work_and_what_is_left(hall: Hall) -> None:
    ada = await sign_up(hall)
    task = await post(hall, ada)
    await teams.change_team(hall, actor=ada, team_id=task.team_id, goal="Ship it")
    playbook = "Be kind. " + "x" * MOST_TEXT
    await teams.set_playbook(hall, actor=ada, team_id=task.team_id, playbook=playbook)
    await set_cap(hall, email=EMAIL, scope=CapScope.TASK, cap_micros=2_500_000, task_id=task.id)
    first = await _begin(hall)
    await Client(first).data("post_message", text="Nearly there")
    made = NewFile("a.txt", 3, b"\0" * 32, hall.new_id())
    await outcomes.deliver(hall, token=first.token, text="Done", files=[made], branch="b")
    await decide_deliverable(
        hall, actor=ada, task_id=task.id, accepted=False, reason="Another blue"
    )
    told = await Client(await _begin(hall)).data("get_context")
    assert told["team"]["goal"] == "Ship it"
    assert told["team"]["playbook"].startswith("Be kind.")
    assert len(told["team"]["playbook"]) < MOST_TEXT + 100
    assert told["run"]["turn"] == 1
    assert told["deliverables"] == [
        {
            "number": 1,
            "text": "Done",
            "branch": "b",
            "files": ["a.txt"],
            "accepted": False,
            "reason": "Another blue",
        }
    ]
    left = {one["scope"]: one["left"] for one in told["budgets"]}
    assert left == {"run": None, "task": "2.50", "team": None, "organization": None}
    assert [one["text"] for one in told["thread"]] == ["Nearly there"]


async def _begin(hall: Hall) -> Desk:
    run = await working.claim_next_run(hall, node_id="n", lease_s=30, runtimes=["rehearsal"])
    assert run is not None
    return Desk(hall, await working.start_run(hall, token=run.token))
