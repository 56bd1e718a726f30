"""The MCP door: a real client's session over HTTP, with a customer's key and with an agent's."""

import contextlib
import json
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any

import httpx
import httpx2
import pytest
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client

from hiringhall.actions.market import agents
from hiringhall.domain.agents import make_profile
from hiringhall.domain.policy import HALL
from hiringhall.doors.desk import Desk
from hiringhall.doors.front import Front
from hiringhall.doors.mcp.door import TOOLS
from hiringhall.hall import Hall
from hiringhall.queries.accounts import authenticate
from tests.doors.conftest import OpenFront, Visitor, Worker
from tests.support.streams import on_a_socket

pytestmark = pytest.mark.anyio

PLAN = "I shall read the brief, do what it says, and hand it in."
WORKS = {
    *("get_task", "list_tasks", "get_result", "search_market"),
    *("propose", "claim", "deliver", "my_work", "account"),
}
POSTS = {"create_task", "reply", "review", "cancel"}


class Session:
    """A client's session; `use` is what went well, `refused` why something did not."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def use(self, tool: str, **arguments: Any) -> dict[str, Any]:
        result = await self.client.call_tool(tool, arguments)
        assert not result.is_error, result.content
        told = result.structured_content
        assert told is not None
        assert json.loads(result.content[0].text) == told  # type: ignore[union-attr]
        return told

    async def refused(self, tool: str, **arguments: Any) -> str:
        result = await self.client.call_tool(tool, arguments)
        assert result.is_error, result.structured_content
        return result.content[0].text  # type: ignore[union-attr]

    async def tools(self) -> set[str]:
        return {one.name for one in (await self.client.list_tools()).tools}


@contextlib.asynccontextmanager
async def session(url: str, key: str) -> AsyncGenerator[Session]:
    headers = {"Authorization": f"Bearer {key}"}
    async with (
        httpx2.AsyncClient(headers=headers, trust_env=False, timeout=60) as http,
        Client(streamable_http_client(f"{url}/mcp", http_client=http)) as client,
    ):
        yield Session(client)


@pytest.fixture
async def url(front: Front) -> AsyncGenerator[str]:
    async with on_a_socket(front) as server:
        yield server.url


async def agents_key(hall: Hall, operator: Visitor) -> str:
    actor = await authenticate(hall, operator.key or "")
    agent, secret = await agents.register_agent(
        hall, actor=actor, profile=make_profile(name="scout")
    )
    await agents.approve_agent(hall, actor=HALL, agent_id=agent.id)
    return secret


@pytest.mark.promise("MC-CUSTOMER")
async def test_a_task_of_the_staff_from_its_posting_to_its_end(
    url: str, ada: Visitor, worker: Worker
) -> None:
    async with session(url, ada.key or "") as hers:
        assert await hers.tools() == WORKS | POSTS == set(TOOLS)
        task = await hers.use("create_task", title="A page", description="With a hero.")
        assert task["state"] == "open"
        assert (await hers.use("get_result", task_id=task["id"]))["deliverable"] is None
        assert "Nothing was handed in" in await hers.refused(
            "review", task_id=task["id"], decision="accept"
        )
        await worker.asks({"type": "single_select", "question": "Which?", "options": ["a", "b"]})
        asked = await hers.use("get_task", task_id=task["id"])
        assert asked["state"] == "awaiting_reply"
        assert "question_index" in await hers.refused(
            "reply", task_id=task["id"], answers=[{"question_index": "x", "selected": "a"}]
        )
        answers = [{"question_index": 0, "selected": "b"}]
        await hers.use("reply", task_id=task["id"], answers=answers)
        await worker.solves("Done.", {"page.html": b"<h1>"})
        result = await hers.use("get_result", task_id=task["id"])
        assert result["deliverable"]["content"] == "Done."
        assert result["deliverable"]["files"][0]["name"] == "page.html"
        await hers.use("review", task_id=task["id"], decision="request_revision", feedback="Bigger")
        await worker.solves("Bigger.")
        done = await hers.use("review", task_id=task["id"], decision="accept", feedback="Yes")
        assert (done["id"], done["state"]) == (task["id"], "done")
        listed = await hers.use("list_tasks", state="done")
        assert [one["id"] for one in listed["items"]] == [task["id"]]
        again = await hers.use("create_task", title="Another", description="Page.")
        gone = await hers.use("cancel", task_id=again["id"], reason="No more")
        assert gone["state"] == "cancelled"


@pytest.mark.promise("MC-MARKET")
async def test_a_task_on_the_market_between_a_customer_and_an_agent(
    url: str, hall: Hall, ada: Visitor, bob: Visitor
) -> None:
    key = await agents_key(hall, bob)
    async with session(url, ada.key or "") as hers, session(url, key) as its:
        assert await its.tools() == WORKS
        for tool, arguments in {
            "create_task": {"title": "x", "description": "x"},
            "cancel": {"task_id": hall.new_id()},
        }.items():
            assert "takes a customer's" in await its.refused(tool, **arguments)
        before = await hers.use("account")
        task = await hers.use(
            "create_task",
            title="Label these",
            description="One word for each text.",
            engagement="claim",
            price_cents=5_000,
        )
        assert (await hers.use("account"))["held_cents"] == 5_000
        found = await its.use("search_market", search="label")
        assert [one["id"] for one in found["items"]] == [task["id"]]
        assert (await its.use("claim", task_id=task["id"]))["state"] == "assigned"
        await its.use("deliver", task_id=task["id"], content="positive", files=[])
        (work,) = (await its.use("my_work"))["items"]
        assert work["task_id"] == task["id"]
        await hers.use("review", task_id=task["id"], decision="accept", rating=5)
        assert (await its.use("account"))["items"][0]["task_id"] == task["id"]
        after = await hers.use("account")
        assert after["available_cents"] == before["available_cents"] - 5_000
        competed = await hers.use(
            "create_task",
            title="Write a summary",
            description="Of the papers.",
            engagement="proposals",
            price_cents=5_000,
        )
        made = await its.use("propose", task_id=competed["id"], plan=PLAN, price_cents=4_000)
        assert made["state"] == "submitted"
        assert "conflict" in await its.refused(
            "propose", task_id=competed["id"], plan=PLAN, price_cents=4_000
        )


@pytest.mark.promise("MC-ONCE")
async def test_a_repetition_with_the_same_key_changes_nothing(url: str, ada: Visitor) -> None:
    async with session(url, ada.key or "") as hers:
        given = {"title": "A page", "description": "Hero.", "idempotency_key": "one"}
        first = await hers.use("create_task", **given)
        assert await hers.use("create_task", **given) == first
        assert "idempotency" in await hers.refused("create_task", **given | {"title": "Other"})
        assert len((await hers.use("list_tasks"))["items"]) == 1


async def test_a_word_on_a_plan_that_is_repeated_is_none_on_what_came_of_it(
    url: str, ada: Visitor, worker: Worker
) -> None:
    async with session(url, ada.key or "") as hers:
        task = await hers.use(
            "create_task", title="A page", description="Hero.", require_spec_approval=True
        )
        await worker.plans("First the hero")
        assert "plan waits" in await hers.refused(
            "review", task_id=task["id"], decision="accept", deliverable_id=task["id"]
        )
        given = {"task_id": task["id"], "decision": "accept", "idempotency_key": "one"}
        first = await hers.use("review", **given)
        await worker.solves("Done.")
        assert await hers.use("review", **given) == first
        assert (await hers.use("get_task", task_id=task["id"]))["state"] == "in_review"
        assert "different" in await hers.refused(
            "review", task_id=task["id"], decision="request_revision"
        )
        assert (await hers.use("review", task_id=task["id"], decision="accept"))["state"] == "done"


@pytest.mark.promise("MC-ERRORS")
async def test_what_is_wrong_is_said_to_whoever_used_the_tool(
    url: str, hall: Hall, ada: Visitor, bob: Visitor
) -> None:
    async with session(url, ada.key or "") as hers, session(url, bob.key or "") as his:
        task = await hers.use("create_task", title="A page", description="With a hero.")
        for tool in ("get_task", "get_result", "cancel", "claim"):
            for task_id in (task["id"], hall.new_id(), "x", "../../account"):
                assert "not found" in await his.refused(tool, task_id=task_id)
        for arguments in (
            {"title": "x"},
            {"title": 1, "description": "x"},
            {"title": "x", "description": "x", "colour": "red"},
            {"title": "x", "description": "x", "engagement": "magic"},
            {"title": "x", "description": "x", "price_cents": -1},
        ):
            assert "create_task cannot take this" in await hers.refused("create_task", **arguments)
        assert "price_cents" in await hers.refused(
            "create_task", title="x", description="x", engagement="claim"
        )
        too_much = await hers.refused(
            "create_task", title="x", description="x", engagement="claim", price_cents=10**8
        )
        assert "not_enough_funds" in too_much
        with pytest.raises(Exception, match="There is no such tool"):
            await hers.client.call_tool("nothing", {})


CALL = {"jsonrpc": "2.0", "id": 1, "method": "tools/call"}


@pytest.mark.promise("MC-MALFORMED")
@pytest.mark.parametrize(
    ("message", "code", "named"),
    [
        (b"{", -32700, None),
        (b"", -32700, None),
        (b"[]", -32600, None),
        (b"7", -32600, None),
        ({"id": 1, "method": "ping"}, -32600, 1),
        ({"jsonrpc": "1.0", "id": "a", "method": "ping"}, -32600, "a"),
        ({"jsonrpc": "2.0", "id": 1}, -32600, 1),
        ({"jsonrpc": "2.0", "id": 1, "method": 7}, -32600, 1),
        ({"jsonrpc": "2.0", "id": None, "method": "ping"}, -32600, None),
        ({"jsonrpc": "2.0", "id": [1], "method": "ping"}, -32600, None),
        ({"jsonrpc": "2.0", "id": 1, "method": "tools/steal"}, -32601, 1),
        ({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": [1]}, -32602, 1),
        (CALL, -32602, 1),
        ({**CALL, "params": {"name": 7}}, -32602, 1),
        ({**CALL, "params": {"name": "account", "arguments": "x"}}, -32602, 1),
        ({**CALL, "params": {"name": "nothing"}}, -32602, 1),
    ],
)
async def test_a_malformed_call_is_refused_as_json_rpc_says(
    http: httpx.AsyncClient, bob: Visitor, message: Any, code: int, named: Any
) -> None:
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    headers = {"Authorization": f"Bearer {bob.key}", "Content-Type": "application/json"}
    answer = await http.post("/mcp", content=body, headers=headers)
    told = answer.json()
    assert (told["jsonrpc"], told["error"]["code"], told["id"]) == ("2.0", code, named)
    assert answer.status_code == (400 if named is None else 200)


@pytest.mark.parametrize("version", ["2099-01-01", "not-a-version", "", "2025-06-18"])
async def test_another_version_of_the_protocol_is_refused_after_the_handshake(
    http: httpx.AsyncClient, bob: Visitor, version: str
) -> None:
    headers = {"Authorization": f"Bearer {bob.key}", "MCP-Protocol-Version": version}
    known = version == "2025-06-18"
    for method, status in (("initialize", 200), ("tools/list", 200 if known else 400)):
        answer = await http.post(
            "/mcp", json={"jsonrpc": "2.0", "id": 7, "method": method}, headers=headers
        )
        assert answer.status_code == status
        assert ("error" in answer.json()) is (status == 400)
    asked = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    answer = await http.post("/mcp", json=asked, headers=headers)
    assert answer.status_code == (202 if known else 400)


@pytest.mark.promise("MC-BOUND")
async def test_a_message_is_as_large_as_at_every_door(
    http: httpx.AsyncClient, bob: Visitor
) -> None:
    headers = {"Authorization": f"Bearer {bob.key}"}
    ping = b'{"jsonrpc": "2.0", "id": 1, "method": "ping"}'
    for more, status in ((0, 200), (1, 413)):
        body = ping + b" " * ((1 << 20) - len(ping) + more)
        assert (await http.post("/mcp", content=body, headers=headers)).status_code == status


async def test_what_asks_nothing_is_taken_in_silence(http: httpx.AsyncClient, bob: Visitor) -> None:
    headers = {"Authorization": f"Bearer {bob.key}"}
    for message in (
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 1, "result": {}},
        {"jsonrpc": "2.0", "id": 1, "error": {"code": 1, "message": "x"}},
    ):
        answer = await http.post("/mcp", json=message, headers=headers)
        assert (answer.status_code, answer.content) == (202, b"")


@pytest.mark.promise("MC-KEYS")
async def test_a_door_for_keys_alone(http: httpx.AsyncClient, hall: Hall, bob: Visitor) -> None:
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}

    async def status(key: str | None, **headers: str) -> int:
        given = headers if key is None else {"Authorization": f"Bearer {key}", **headers}
        return (await http.post("/mcp", json=body, headers=given)).status_code

    assert await status(None) == 401
    assert await status("aw_live_nothing") == 401
    assert await status("nxw_nothing") == 401
    assert await status(bob.key) == 200
    assert await status(bob.key, Origin="http://elsewhere.example") == 403
    actor = await authenticate(hall, bob.key or "")
    _, pending = await agents.register_agent(hall, actor=actor, profile=make_profile(name="late"))
    assert await status(pending) == 403
    headers = {"Authorization": f"Bearer {bob.key}"}
    # A stream of the server's own is not offered; clients go on without.
    assert (await http.get("/mcp", headers=headers)).status_code == 405
    assert (await http.delete("/mcp", headers=headers)).status_code == 405


@pytest.mark.promise("MC-HOST")
async def test_only_the_halls_own_name_is_answered(
    desk: Desk, front_of: OpenFront, bob: Visitor
) -> None:
    named = front_of(replace(desk, public_url="https://hall.example"))
    body = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    headers = {"Authorization": f"Bearer {bob.key}"}
    transport = httpx.ASGITransport(named.app)
    for host, wanted in (("hall.example", 200), ("127.0.0.1", 200), ("evil.example", 421)):
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as client:
            assert (await client.post("/mcp", json=body, headers=headers)).status_code == wanted
