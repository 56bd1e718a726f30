"""The coordination tools as an agent in a sandbox calls them: over a run's own socket app."""

from typing import Any

import msgspec
import pytest

from hiringhall.actions.runs import recovery
from hiringhall.domain.questions import InputType
from hiringhall.hall import Hall
from hiringhall.workers.coordination.desk import HandIn
from hiringhall.workers.coordination.serving import MOST_BODY_BYTES
from hiringhall.workers.coordination.tools import BY_NAME
from hiringhall.workers.runtimes.port import Asked, GaveUp, Planned
from tests.coordination.callers import Client, desk_of, log_of

pytestmark = pytest.mark.anyio


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


async def test_a_version_that_nobody_speaks_is_refused_by_a_status(hall: Hall) -> None:
    """Clients that speak several look for another then; the handshake itself offers one."""
    http = Client(await desk_of(hall)).http
    listing = {"jsonrpc": "2.0", "id": 7, "method": "tools/list"}
    for spoken, status in (("2025-06-18", 200), ("1999-01-01", 400), ("\u00e9", 400)):
        headers = [(b"mcp-protocol-version", spoken.encode("latin-1"))]
        answer = await http.post("/mcp", json=listing, headers=headers)
        assert answer.status_code == status, spoken
    begin = listing | {"method": "initialize", "params": {"protocolVersion": "1999-01-01"}}
    answer = await http.post("/mcp", json=begin, headers={"MCP-Protocol-Version": "1999-01-01"})
    assert answer.json()["result"]["protocolVersion"] == "2025-11-25"


async def test_every_tool_says_what_it_takes(hall: Hall) -> None:
    """What a schema names is what is taken: nobody is told of an argument that is refused."""
    for tool in BY_NAME.values():
        fields = {field.name for field in msgspec.structs.fields(tool.takes)}
        assert tool.properties.keys() <= fields, tool.name
        assert set(tool.required) <= tool.properties.keys(), tool.name
        assert not tool.text or tool.text in fields, tool.name


async def test_a_tool_is_used_so_often_and_no_more(hall: Hall) -> None:
    desk = await desk_of(hall)
    client = Client(desk)
    for _ in range(BY_NAME["get_task"].most):
        desk.count("get_task", most=BY_NAME["get_task"].most)
    text, refused = await client.call("get_task")
    assert refused
    assert "the most" in text
    assert not (await client.call("get_context"))[1]


async def test_nonsense_is_answered_and_harms_nothing(hall: Hall) -> None:
    client = Client(await desk_of(hall))
    for body in (b"", b"{", b"[]", b"5", b'{"id": 1}', b"[" * 100_000):
        answer = await client.http.post("/mcp", content=body)
        assert answer.status_code == (200 if b"id" in body else 400)
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
