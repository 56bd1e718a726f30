"""Tasks of the hall's own staff at the native door: posted, asked about, decided, resumed."""

from pathlib import Path

import httpx
import pytest

from hiringhall.doors.desk import Desk
from hiringhall.hall import Hall
from hiringhall.queries.audit import audit_all
from tests.doors.conftest import BASE_URL, OpenFront, Worker
from tests.doors.native.conftest import Caller, told
from tests.support.halls import begin

pytestmark = pytest.mark.anyio

STAFF = {"title": "Build a page", "description": "With a hero."}
CHOICE = {"type": "single_select", "question": "Which?", "options": ["React", "Vue"]}


async def posted(poster: Caller, **fields: object) -> str:
    task = await poster.post("/tasks", {**STAFF, "publish": True, **fields}, 201)
    assert (task["engagement"], task["price_cents"], task["hold"]) == ("staff", None, None)
    return task["id"]


@pytest.mark.promise("NA-POST-TEAM")
async def test_a_team_and_a_cap_are_said_when_it_is_posted(poster: Caller, maker: Caller) -> None:
    team = (await poster.post("/teams", {"name": "Rockets"}, 201))["id"]
    task_id = await posted(poster, team_id=team, cap_micros=2_500_000)
    assert (await poster.get(f"/tasks/{task_id}"))["team_id"] == team
    assert (await poster.get(f"/tasks/{task_id}/budget"))["cap_micros"] == 2_500_000
    draft = await poster.post("/tasks", {**STAFF, "cap_micros": 5}, 201)
    path = f"/tasks/{draft['id']}"
    changed = {"version": draft["version"], "cap_micros": 7}
    now = told(await poster.ask("PATCH", path, json=changed), 200)
    assert (now["version"], (await poster.get(f"{path}/budget"))["cap_micros"]) == (
        draft["version"] + 1,
        7,
    )
    moved = {"version": now["version"], "team_id": team}
    assert told(await poster.ask("PATCH", path, json=moved), 400)["fields"] == {"team_id": "fixed"}
    for wrong, fields in (
        ({"team_id": "nonsense"}, {"team_id": "unknown"}),
        ({"cap_micros": -1}, {"cap_micros"}),
        ({"cap_micros": 10**15 + 1}, {"cap_micros"}),
        ({"cap_micros": 0, "engagement": "claim", "price_cents": 5}, {"cap_micros"}),
        ({"team_id": team, "engagement": "claim", "price_cents": 5}, {"team_id"}),
    ):
        refused = await poster.post("/tasks", {**STAFF, **wrong}, 400)
        assert set(fields) == set(refused["fields"]), wrong
    refused = await maker.post("/tasks", {**STAFF, "team_id": team}, 400)
    assert refused["fields"] == {"team_id": "unknown"}


@pytest.mark.promise("NA-REPLY", "NA-DECIDE")
async def test_a_question_is_answered_and_a_solution_decided(
    poster: Caller, worker: Worker, hall: Hall
) -> None:
    task_id = await posted(poster)
    await worker.asks(CHOICE, {"type": "text", "question": "Colour?"})
    task = await poster.get(f"/tasks/{task_id}")
    assert (task["state"], task["waiting_for"]) == ("awaiting_reply", "reply")
    assert task["question"]["questions"][0]["options"] == ["React", "Vue"]
    assert "reply" in task["can"]
    wrong = {"answers": [{"question_index": 7, "selected": "x"}]}
    assert (await poster.post(f"/tasks/{task_id}/reply", wrong, 400))["fields"] == {
        "answers": "question_index"
    }
    said = {"answers": [{"question_index": 0, "selected": "Vue"}]}
    assert (await poster.post(f"/tasks/{task_id}/reply", said))["state"] == "in_progress"
    await worker.solves("A page", {"a/page.html": b"<p>"})
    (made,) = (await poster.get(f"/tasks/{task_id}/deliverables"))["items"]
    assert (made["content"], made["worker"]) == ("A page", None)
    assert made["run_id"] is not None
    (file,) = (await poster.get(f"/tasks/{task_id}/files"))["items"]
    assert (file["name"], file["number"], file["size_bytes"]) == ("a/page.html", 1, 3)
    assert (await poster.http.get(file["url"])).content == b"<p>"
    for nothing in (None, {"reason": " "}):
        refused = await poster.post(f"/deliverables/{made['id']}/request-revision", nothing, 400)
        assert refused["fields"] == {"reason": "empty"}
    sent = await poster.post(f"/deliverables/{made['id']}/request-revision", {"reason": "More"})
    assert (sent["state"], sent["feedback"]) == ("sent_back", "More")
    await worker.solves("Much more")
    late = await poster.post(f"/deliverables/{made['id']}/accept", status=409)
    assert late["code"] == "conflict"
    newest = (await poster.get(f"/tasks/{task_id}"))["deliverable_id"]
    done = await poster.post(f"/deliverables/{newest}/accept", {"rating": 5, "feedback": "Good"})
    assert (done["state"], done["feedback"]) == ("accepted", "Good")
    assert (await poster.get(f"/tasks/{task_id}"))["state"] == "done"
    assert (await audit_all(hall.database)).ok


async def test_a_plan_is_decided_first(poster: Caller, worker: Worker) -> None:
    task_id = await posted(poster, require_spec_approval=True)
    await worker.plans("First the hero")
    task = await poster.get(f"/tasks/{task_id}")
    assert (task["waiting_for"], task["plan"]["text"]) == ("plan_decision", "First the hero")
    again = await poster.post(f"/tasks/{task_id}/plan", {"accepted": False, "reason": "Shorter"})
    assert again["state"] == "in_progress"
    await worker.plans("The hero")
    assert (await poster.post(f"/tasks/{task_id}/plan", {"accepted": True}))["plan"] is None


@pytest.mark.promise("NA-PUBLISH")
async def test_a_draft_is_published_and_worked_on(poster: Caller, worker: Worker) -> None:
    task = await poster.post("/tasks", STAFF, 201)
    assert (task["state"], task["can"][:2]) == ("draft", ["publish", "cancel"])
    assert (await poster.post(f"/tasks/{task['id']}/publish"))["state"] == "open"
    refused = await poster.post(f"/tasks/{task['id']}/publish", status=409)
    assert (refused["state"], refused["command"]) == ("open", "publish")
    assert "cancel" in refused["can"]["poster"]
    await worker.solves("Done")


async def test_what_failed_is_resumed_and_what_is_done_opened_again(
    poster: Caller, worker: Worker, hall: Hall
) -> None:
    task_id = await posted(poster)
    await worker.gives_up("No network")
    failed = await poster.get(f"/tasks/{task_id}")
    assert (failed["state"], failed["error"]) == ("failed", "No network")
    assert (await poster.post(f"/tasks/{task_id}/resume"))["state"] == "assigned"
    await worker.solves("After all")
    newest = (await poster.get(f"/tasks/{task_id}"))["deliverable_id"]
    await poster.post(f"/deliverables/{newest}/accept")
    opened = await poster.post(f"/tasks/{task_id}/reopen")
    assert (opened["state"], opened["waiting_for"]) == ("open", "poster")
    assert (await poster.post(f"/tasks/{task_id}/run"))["state"] == "assigned"
    await worker.solves("Once more")
    assert len((await poster.get(f"/tasks/{task_id}/deliverables"))["items"]) == 2
    assert (await audit_all(hall.database)).ok


@pytest.mark.promise("NA-RUNS")
async def test_a_run_is_seen_stopped_and_resumed(poster: Caller, maker: Caller, hall: Hall) -> None:
    task_id = await posted(poster)
    (run,) = (await poster.get(f"/runs?task_id={task_id}"))["items"]
    assert (run["state"], run["runtime"], run["task_id"]) == ("queued", "rehearsal", task_id)
    assert [one["id"] for one in (await poster.get("/runs"))["items"]] == [run["id"]]
    assert (await poster.get("/runs?state=completed,failed"))["items"] == []
    assert (await poster.get(f"/runs/{run['id']}"))["task_title"] == "Build a page"
    for path in (f"/runs/{run['id']}", f"/runs?task_id={task_id}"):
        await maker.get(path, 404)
    await maker.post(f"/runs/{run['id']}/cancel", status=404)
    stopped = await poster.post(f"/runs/{run['id']}/cancel", {"reason": "Too slow"})
    assert stopped["state"] == "cancelled"
    assert (await poster.get(f"/tasks/{task_id}"))["error"] == "Too slow"
    assert (await poster.post(f"/runs/{run['id']}/cancel", status=409))["state"] == "cancelled"
    assert (await poster.post(f"/tasks/{task_id}/resume"))["state"] == "assigned"
    assert (await audit_all(hall.database)).ok


@pytest.mark.promise("NA-RUNS")
async def test_a_runs_log_is_read_from_its_end_and_onwards(
    poster: Caller, maker: Caller, hall: Hall, desk: Desk, front_of: OpenFront, tmp_path: Path
) -> None:
    from dataclasses import replace

    task_id = await posted(poster)
    (run,) = (await poster.get(f"/runs?task_id={task_id}"))["items"]
    log = tmp_path / f"{run['id']}.log"
    lines = [f"{number:04} < {'x' * 200}\n" for number in range(1_000)]
    log.write_text("".join(lines) + "half a li")
    transport = httpx.ASGITransport(front_of(replace(desk, run_logs=tmp_path)).app)
    async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as http:
        reader, path = replace(poster, http=http), f"/runs/{run['id']}/log"
        last = await reader.get(path)
        assert last["text"] == "".join(lines)[last["begins"] :]
        assert last["text"].startswith(("0", "1"))
        assert last["ends"] == last["size_bytes"] - len("half a li")
        read, place = "", 0
        while (part := await reader.get(f"{path}?after={place}"))["text"]:
            read, place = read + part["text"], part["ends"]
        assert read == "".join(lines)
        await replace(maker, http=http).get(path, 404)
        await reader.get(f"{path}?after=-1", 400)
        log.unlink()
        assert "nobody has begun with it" in (await reader.get(path, 404))["detail"]
        await begin(hall, node_id="far-away")
        # It is said where it is, for another machine of the hall has it.
        assert "was on the node far-away" in (await reader.get(path, 404))["detail"]
    await poster.get(path, 404)


async def test_the_log_of_a_task_comes_in_parts(poster: Caller, maker: Caller) -> None:
    task = await poster.posts()
    await maker.post(f"/tasks/{task['id']}/claim")
    path = f"/tasks/{task['id']}/events"
    first = await poster.get(f"{path}?limit=2")
    assert [one["type"] for one in first["items"]] == ["task_created", "task_published"]
    rest = await poster.get(f"{path}?limit=2&cursor={first['next_cursor']}")
    assert [one["type"] for one in rest["items"]] == ["task_claimed"]
    assert rest["next_cursor"] is None
    await maker.get(path, 403)
    await poster.get(f"{path}?cursor={first['next_cursor'][:-4]}AAAA", 400)


async def test_a_budget_is_shown(poster: Caller, maker: Caller) -> None:
    task_id = await posted(poster)
    budget = await poster.get(f"/tasks/{task_id}/budget")
    assert (budget["spent_micros"], budget["calls"], budget["currency"]) == (0, 0, "usd")
    await maker.get(f"/tasks/{task_id}/budget", 404)


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({"price_cents": 5}, {"price_cents"}),
        ({"tags": ["x"], "deadline": "2027-01-01T00:00:00Z"}, {"tags", "deadline"}),
        ({"engagement": "claim"}, {"price_cents"}),
        ({"engagement": "claim", "price_cents": 1, "role": "x"}, {"role"}),
        ({"engagement": "auction"}, {"engagement"}),
        ({"engagement": "claim", "price_cents": 1, "deadline": "soon"}, {"deadline"}),
        ({"engagement": "claim", "price_cents": 1, "deadline": "2020-01-01"}, {"deadline"}),
        ({"engagement": "claim", "price_cents": 1, "currency": "eur"}, {"currency"}),
        ({"engagement": "claim", "price_cents": 1, "inputs": [{}]}, {"inputs"}),
        ({"title": " "}, {"title"}),
        ({"title": 1}, {"title"}),
    ],
)
@pytest.mark.promise("NA-PROBLEMS")
async def test_what_cannot_be_meant_is_refused_by_its_field(
    poster: Caller, fields: dict[str, object], names: set[str]
) -> None:
    refused = await poster.post("/tasks", {**STAFF, **fields}, 400)
    assert refused["fields"].keys() == names
    assert (await poster.get("/tasks"))["items"] == []
