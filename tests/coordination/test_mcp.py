"""The coordination tools as an agent in a sandbox calls them: over a run's own socket app."""

from typing import Any

import httpx
import pytest

from hiringhall.actions.runs import recovery, working
from hiringhall.domain.events import LoggedEvent
from hiringhall.domain.policy import Actor, ActorKind
from hiringhall.domain.questions import InputType
from hiringhall.hall import Hall
from hiringhall.queries.tasks import task_log
from hiringhall.workers.coordination.desk import Desk, HandIn
from hiringhall.workers.coordination.mcp import MOST_BODY_BYTES, work_app
from hiringhall.workers.runtimes.port import Asked, GaveUp, Planned
from tests.support.halls import post, sign_up

pytestmark = pytest.mark.anyio


class Client:
    """An MCP client of one run."""

    def __init__(self, desk: Desk) -> None:
        transport = httpx.ASGITransport(work_app(desk))
        self.http = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:7101")

    async def say(self, method: str, **params: Any) -> Any:
        body = {"jsonrpc": "2.0", "id": 7, "method": method, "params": params}
        answer = await self.http.post("/mcp", json=body)
        assert answer.status_code == 200
        assert answer.json()["id"] == 7
        return answer.json()

    async def call(self, tool: str, **arguments: Any) -> tuple[str, bool]:
        """What the tool says, and whether it refused."""
        result = (await self.say("tools/call", name=tool, arguments=arguments))["result"]
        return result["content"][0]["text"], result["isError"]


async def desk_of(hall: Hall, name: str = "ada", **task: Any) -> Desk:
    await post(hall, await sign_up(hall, name), **task)
    run = await working.claim_next_run(hall, node_id="n", lease_s=30, runtimes=["rehearsal"])
    assert run is not None
    return Desk(hall, await working.start_run(hall, token=run.token))


async def log_of(hall: Hall, desk: Desk) -> list[LoggedEvent]:
    """The task's log, as the hall itself reads it."""
    task = desk.brief.task
    ada = Actor(ActorKind.USER, task.organization_id, task.created_by)
    return await task_log(hall, actor=ada, task_id=task.id)


async def test_a_client_shakes_hands_and_sees_the_tools(hall: Hall) -> None:
    client = Client(await desk_of(hall))
    shaken = (await client.say("initialize", protocolVersion="2025-06-18"))["result"]
    assert shaken["protocolVersion"] == "2025-06-18"
    assert (await client.say("initialize", protocolVersion="1"))["result"]["protocolVersion"] != "1"
    told = await client.http.post(
        "/mcp", json={"jsonrpc": "2.0", "method": "notifications/initialized"}
    )
    assert (told.status_code, told.content) == (202, b"")
    tools = (await client.say("tools/list"))["result"]["tools"]
    assert [tool["name"] for tool in tools][:3] == ["get_task", "report_progress", "ask"]
    assert all(tool["inputSchema"]["type"] == "object" for tool in tools)
    assert (await client.say("ping"))["result"] == {}
    assert (await client.http.get("/mcp")).status_code == 405
    assert (await client.http.get("/other")).status_code == 404


async def test_nonsense_is_answered_and_harms_nothing(hall: Hall) -> None:
    client = Client(await desk_of(hall))
    for body in (b"", b"{", b"[]", b"5", b'{"id": 1}', b"[" * 100_000):
        answer = await client.http.post("/mcp", content=body)
        assert answer.status_code == 200
        assert answer.json()["error"]["code"] in (-32700, -32600)
    large = await client.http.post("/mcp", content=b" " * (MOST_BODY_BYTES + 1))
    assert large.status_code == 413
    assert (await client.say("tools/steal"))["error"]["code"] == -32601
    assert (await client.say("tools/call", name="steal"))["error"]["code"] == -32602
    text, refused = await client.call("deliver", nonsense=1)
    assert refused
    assert "cannot take this" in text
    _, refused = await client.call("ask", questions=[])
    assert refused
    _, refused = await client.call("ask", questions=[{"question": "x", "type": "odd"}])
    assert refused
    text, refused = await client.call("deliver", text=" ")
    assert (text, refused) == ("A solution cannot be empty", True)


async def test_progress_is_told_at_once_and_the_task_can_be_read(hall: Hall) -> None:
    desk = await desk_of(hall, title="Paint it")
    client = Client(desk)
    _, refused = await client.call("report_progress", text="Half way")
    assert not refused
    said = [event.data.get("text") for event in await log_of(hall, desk)]
    assert "Half way" in said
    assert (await client.call("get_task"))[0].startswith("# Paint it")
    assert desk.submitted is None


@pytest.mark.parametrize(
    ("tool", "arguments", "kind"),
    [
        ("deliver", {"text": "Done", "files": ["a.txt"]}, HandIn),
        ("fail", {"reason": "No way"}, GaveUp),
        ("ask", {"questions": [{"question": "Which?"}]}, Asked),
    ],
)
async def test_an_outcome_is_taken_once(
    hall: Hall, tool: str, arguments: dict[str, Any], kind: type
) -> None:
    desk = await desk_of(hall)
    client = Client(desk)
    text, refused = await client.call(tool, **arguments)
    assert not refused
    assert "end your turn" in text
    assert isinstance(await desk.wait(), kind)
    text, refused = await client.call("fail", reason="Another")
    assert refused
    assert "already" in text
    if isinstance(desk.submitted, Asked):
        assert desk.submitted.questions[0].type is InputType.TEXT


async def test_where_a_plan_is_to_be_approved_nothing_is_delivered_before(hall: Hall) -> None:
    desk = await desk_of(hall, require_spec_approval=True)
    client = Client(desk)
    text, refused = await client.call("deliver", text="Done")
    assert refused
    assert "propose_plan" in text
    assert not (await client.call("propose_plan", text="First this."))[1]
    assert desk.submitted == Planned("First this.")
    plain = Client(await desk_of(hall, "bob"))
    assert (await plain.call("propose_plan", text="First this."))[1]


async def test_what_a_superseded_run_says_is_refused(hall: Hall) -> None:
    desk = await desk_of(hall)
    await recovery.replace_lost_run(hall, run_id=desk.token.run_id)
    text, refused = await Client(desk).call("report_progress", text="Still here")
    assert refused
    assert text
    assert [event.data.get("text") for event in await log_of(hall, desk)].count("Still here") == 0
