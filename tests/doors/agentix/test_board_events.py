"""What a person does at the board, as a team's feed says it: each thing once, and by whom."""

from typing import Any

import pytest

from hiringhall.actions.runs import outcomes
from hiringhall.actions.tasks import held_up
from hiringhall.domain.ids import id_of_ref
from hiringhall.hall import Hall
from hiringhall.queries.audit import audit_all
from hiringhall.queries.tasks import task_log
from tests.doors.agentix.conftest import Customer
from tests.support.halls import begin

pytestmark = pytest.mark.anyio

ROLE = "backend-engineer"


async def put_up(ceo: Customer, team: str, **fields: Any) -> dict[str, Any]:
    said = {"teamId": team, "title": "Add a page", "status": "ready", "role": ROLE}
    return await ceo.post("/tasks", {**said, **fields})


async def behind(
    ceo: Customer, task: dict[str, Any], seen: int
) -> list[tuple[str, dict[str, Any]]]:
    """What the feed says of a task behind so many events, in its order."""
    feed = await ceo.get(f"/events?teamId={task['teamId']}&taskId={task['id']}")
    return [(one["type"], one["data"]) for one in reversed(feed)][seen:]


@pytest.mark.parametrize("status", ["backlog", "ready", "in_progress", "review", "failed"])
@pytest.mark.parametrize("output", [None, {"summary": "By hand", "branch": "main"}])
async def test_a_task_that_is_put_among_the_done_is_completed_once(
    ceo: Customer, hall: Hall, status: str, output: dict[str, str] | None
) -> None:
    task = await put_up(ceo, (await ceo.team())["id"], status=status)
    seen = len(await behind(ceo, task, 0))
    said = {} if output is None else {"output": output}
    done = await ceo.patch(f"/tasks/{task['id']}", {"status": "done", **said})
    (told,) = await behind(ceo, task, seen)
    assert told[0] == "task_completed"
    if output is not None:
        assert told[1] == {"status": "done", "files": [], **output}
        assert done["output"]["summary"] == "By hand"
    assert (await audit_all(hall.database)).problems == ()


async def test_a_word_on_what_came_of_it_completes_nothing_again(ceo: Customer, hall: Hall) -> None:
    team = (await ceo.team())["id"]
    for status, end in (("done", "task_completed"), ("failed", "task_failed")):
        task = await put_up(ceo, team)
        await ceo.patch(f"/tasks/{task['id']}", {"status": status})
        seen = len(await behind(ceo, task, 0))
        for more in ({}, {"status": status}):
            output = {"summary": "Better", "branch": "main"}
            changed = await ceo.patch(f"/tasks/{task['id']}", {"output": output, **more})
            assert (changed["status"], changed["output"]["summary"]) == (status, "Better")
        assert (
            await behind(ceo, task, seen)
            == [("status_change", {"status": status, "files": [], **output})] * 2
        )
        ends = await ceo.get(f"/events?teamId={team}&taskId={task['id']}&type={end}")
        assert len(ends) == 1
    assert (await audit_all(hall.database)).problems == ()


async def test_a_task_with_an_open_question_is_put_among_the_done(
    ceo: Customer, hall: Hall
) -> None:
    task = await put_up(ceo, (await ceo.team())["id"])
    await ceo.post(f"/tasks/{task['id']}/run", status=200)
    await outcomes.message_customer(hall, token=(await begin(hall)).token, text="Shall I?")
    seen = len(await behind(ceo, task, 0))
    done = await ceo.patch(f"/tasks/{task['id']}", {"status": "done"})
    assert (done["status"], done["question"]) == ("done", None)
    assert [kind for kind, _ in await behind(ceo, task, seen)] == ["task_completed"]
    assert (await audit_all(hall.database)).problems == ()


async def test_an_answer_shows_the_actor_that_was_given_and_keeps_who_it_was(
    ceo: Customer, hall: Hall
) -> None:
    task = await put_up(ceo, (await ceo.team())["id"])
    await ceo.post(f"/tasks/{task['id']}/run", status=200)
    await outcomes.message_customer(hall, token=(await begin(hall)).token, text="Shall I?")
    body = {"teamId": task["teamId"], "taskId": task["id"], "type": "message"}
    said = {"actor": "ceo:session-7", "data": {"message": "Yes"}}
    event = await ceo.post("/events", {**body, **said})
    assert (event["actor"], event["data"]) == ("ceo:session-7", {"message": "Yes"})
    newest = await ceo.get(f"/events?teamId={task['teamId']}&type=message&limit=1")
    assert newest == [event]
    log = await task_log(hall, actor=ceo.actor, task_id=id_of_ref("task", task["id"]) or "")
    (reply,) = [one for one in log if one.type == "reply_given"]
    assert reply.actor == ceo.actor.label


async def test_a_failed_dependency_is_told_to_whoever_waits_for_it(
    ceo: Customer, hall: Hall
) -> None:
    team = (await ceo.team())["id"]
    first = await put_up(ceo, team, title="Schema")
    second = await put_up(ceo, team, dependencies=[first["id"]])
    assert second["waiting"] is None
    await ceo.delete(f"/tasks/{first['id']}")
    await held_up.tell_team(hall, team_id=id_of_ref("team", team) or "")
    seen = await ceo.get(f"/tasks/{second['id']}")
    assert f"{first['id']} (Schema) was cancelled. Resume or open again" in seen["waiting"]
    newest = seen["events"][0]
    assert (newest["type"], newest["actor"]) == ("status_change", "system")
    assert newest["data"] == {"status": "ready", "message": seen["waiting"]}
    assert await ceo.post(f"/tasks/{second['id']}/run", status=409) == seen["waiting"]
    await ceo.patch(f"/tasks/{first['id']}", {"status": "ready"})
    await held_up.tell_team(hall, team_id=id_of_ref("team", team) or "")
    assert (await ceo.get(f"/tasks/{second['id']}"))["waiting"] is None
