"""The door of whoever works elsewhere: by the service key of a run, and by nothing else."""

from dataclasses import replace
from typing import Any

import httpx
import pytest

from hiringhall.actions.runs import recovery, working
from hiringhall.actions.runs.service_keys import issue_service_key
from hiringhall.domain.runs import EXTERNAL, RunToken
from hiringhall.domain.tasks import State
from hiringhall.doors.desk import Desk
from hiringhall.hall import Hall, Staffing
from hiringhall.workers.coordination.desk import Desk as RunDesk
from hiringhall.workers.coordination.desk import HandIn
from hiringhall.workers.coordination.desks import Desks
from hiringhall.workers.masking import LiveSecrets
from tests.doors.conftest import BASE_URL, OpenFront, Visitor
from tests.support.halls import REHEARSING, with_staffing

pytestmark = pytest.mark.anyio

ELSEWHERE = Staffing(EXTERNAL, "", {EXTERNAL: ""})


@pytest.fixture
def hall(hall: Hall) -> Hall:
    """A hall whose workers work elsewhere."""
    return with_staffing(hall, ELSEWHERE)


class Worker:
    """Somebody who works elsewhere, with a run's key."""

    def __init__(self, http: httpx.AsyncClient, key: str, token: RunToken) -> None:
        self.http = http
        self.key = key
        self.token = token

    async def say(self, method: str, **params: Any) -> httpx.Response:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        return await self.http.post("/mcp/work", json=body, headers=self.headers)

    async def call(self, tool: str, **arguments: Any) -> tuple[str, bool]:
        answer = await self.say("tools/call", name=tool, arguments=arguments)
        assert answer.status_code == 200, answer.text
        result = answer.json()["result"]
        return result["content"][0]["text"], result["isError"]

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}


async def hire(hall: Hall, http: httpx.AsyncClient) -> Worker:
    """Begin the next run, and give it its key."""
    run = await working.claim_next_run(hall, node_id="n", lease_s=30, runtimes=[EXTERNAL])
    assert run is not None
    await working.start_run(hall, token=run.token)
    return Worker(http, await issue_service_key(hall, token=run.token), run.token)


async def test_a_worker_elsewhere_does_its_task(
    ada: Visitor, hall: Hall, http: httpx.AsyncClient
) -> None:
    task_id = await ada.create(title="Paint it")
    worker = await hire(hall, http)
    shaken = (await worker.say("initialize", protocolVersion="2025-06-18")).json()["result"]
    assert shaken["serverInfo"]["name"] == "hall"
    assert "deliver" in str((await worker.say("tools/list")).json())
    assert (await worker.call("get_task"))[0].startswith("# Paint it")
    await worker.call("report_progress", text="Half way")
    asked = [{"question": "Which?", "type": "single_select", "options": ["a", "b"]}]
    assert not (await worker.call("ask", questions=asked))[1]
    assert (await ada.task(task_id))["status"] == "awaiting_reply"
    answer = await worker.say("tools/list")
    assert answer.status_code == 401
    assert "completed" in answer.json()["detail"]
    await ada.say(task_id, "message", {"message": "b"})

    worker = await hire(hall, http)
    assert "## Reply\n\nb" in (await worker.call("get_task"))[0]
    text, refused = await worker.call("attach_file", path="a.txt")
    assert refused
    assert "content" in text
    assert not (await worker.call("attach_file", path="a.txt", content="blue"))[1]
    text, refused = await worker.call("deliver", text="Done", files=["a.txt"])
    assert refused
    assert not (await worker.call("deliver", text="Done"))[1]
    result = await ada.result(task_id)
    assert result["result_text"] == "Done"
    assert [file["name"] for file in result["files"]] == ["a.txt"]
    log = [event["content"] for event in await ada.events(task_id)]
    assert "Half way" in log


async def test_it_works_by_plain_http_too(
    ada: Visitor, hall: Hall, http: httpx.AsyncClient
) -> None:
    task_id = await ada.create()
    worker = await hire(hall, http)
    listed = await http.get("/mcp/work/tools", headers=worker.headers)
    assert "deliver" in [tool["name"] for tool in listed.json()["tools"]]
    form = {"reason": "No paint"}
    answer = await http.post("/mcp/work/tools/fail", data=form, headers=worker.headers)
    assert answer.status_code == 200
    assert (await ada.task(task_id))["status"] == "cancelled"


async def test_only_the_key_of_a_run_at_work_opens_it(
    ada: Visitor, hall: Hall, http: httpx.AsyncClient
) -> None:
    await ada.create()
    worker = await hire(hall, http)
    for key in (None, "", "x", "sk_wrong", ada.key, worker.key + "x", worker.key[:-1]):
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        for path in ("/mcp/work", "/mcp/work/tools/get_task"):
            answer = await http.post(path, json={}, headers=headers)
            assert answer.status_code == 401, (key, answer.text)
            assert answer.headers["www-authenticate"] == "Bearer"
    await recovery.replace_lost_run(hall, run_id=worker.token.run_id)
    answer = await worker.say("tools/call", name="deliver", arguments={"text": "Late"})
    assert answer.status_code == 401
    assert "Another run" in answer.json()["detail"]


async def test_a_key_opens_its_own_run_alone(
    ada: Visitor, bob: Visitor, hall: Hall, http: httpx.AsyncClient
) -> None:
    await ada.create(title="Ada's")
    await bob.create(title="Bob's")
    one, other = await hire(hall, http), await hire(hall, http)
    told = {(await worker.call("get_task"))[0].splitlines()[0] for worker in (one, other)}
    assert told == {"# Ada's", "# Bob's"}
    await one.call("post_message", text="Only here")
    assert "Only here" not in (await other.call("read_thread"))[0]


async def test_a_run_in_a_sandbox_here_speaks_to_its_own_desk(
    ada: Visitor, hall: Hall, desk: Desk, front_of: OpenFront
) -> None:
    """Somebody waits for its outcome here, and takes what it made out of the sandbox."""
    await ada.create()
    run = await working.claim_next_run(hall, node_id="n", lease_s=30, runtimes=[EXTERNAL])
    assert run is not None
    brief = await working.start_run(hall, token=run.token)
    key = await issue_service_key(hall, token=run.token)
    desks = Desks(hall, desk.blobs, LiveSecrets())
    front = front_of(desk, desks=desks)
    mine = RunDesk(hall, brief)
    transport = httpx.ASGITransport(front.app)
    async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as http:
        with desks.open(mine):
            assert not (await Worker(http, key, run.token).call("deliver", text="Done"))[1]
    assert mine.submitted == HandIn("Done")
    assert brief.task.state is State.IN_PROGRESS


async def test_a_sandbox_of_another_process_is_not_spoken_for(
    hall: Hall, ada: Visitor, http: httpx.AsyncClient
) -> None:
    task_id = await ada.create()
    run = await working.claim_next_run(hall, node_id="n", lease_s=30, runtimes=[EXTERNAL])
    assert run is not None
    await recovery.replace_lost_run(with_staffing(hall, REHEARSING), run_id=run.id)
    run = await working.claim_next_run(hall, node_id="n", lease_s=30, runtimes=["rehearsal"])
    assert run is not None
    await working.start_run(hall, token=run.token)
    worker = Worker(http, await issue_service_key(hall, token=run.token), run.token)
    answer = await worker.say("tools/call", name="deliver", arguments={"text": "Done"})
    assert answer.status_code == 403
    assert "socket" in answer.json()["detail"]
    assert (await ada.task(task_id))["status"] == "processing"


async def test_pages_of_elsewhere_cannot_call(
    ada: Visitor, hall: Hall, desk: Desk, front_of: OpenFront
) -> None:
    await ada.create()
    front = front_of(replace(desk, public_url="https://hall.example"))
    transport = httpx.ASGITransport(front.app)
    async with httpx.AsyncClient(transport=transport, base_url="https://hall.example") as http:
        worker = await hire(hall, http)

        async def status(**headers: str) -> int:
            body = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
            answer = await http.post("/mcp/work", json=body, headers={**worker.headers, **headers})
            return answer.status_code

        assert await status() == 200
        assert await status(Origin="https://hall.example") == 200
        assert await status(Host="localhost:8470") == 200
        assert await status(Host="evil.example") == 421
        assert await status(Origin="https://evil.example") == 403
        assert await status(Origin="null") == 403
        assert await status(Host="[") == 421


async def test_streams_are_not_offered(ada: Visitor, hall: Hall, http: httpx.AsyncClient) -> None:
    await ada.create()
    worker = await hire(hall, http)
    for method in ("GET", "DELETE"):
        answer = await http.request(method, "/mcp/work", headers=worker.headers)
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    told = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    answer = await http.post("/mcp/work", json=told, headers=worker.headers)
    assert (answer.status_code, answer.content) == (202, b"")
