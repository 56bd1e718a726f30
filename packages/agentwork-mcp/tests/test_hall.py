"""The tools against a running hall, over both transports and both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from mcp.client import Client

from tests.support.mcp_servers import Served, text_of
from tests.support.served import ServedHall, served_hall

pytestmark = pytest.mark.anyio

TURNS: list[dict[str, Any]] = [
    {
        "progress": ["Analyzing requirements..."],
        "ask": [
            {"type": "single_select", "question": "Which framework?", "options": ["React", "Vue"]}
        ],
    },
    {"solution": "First draft", "files": {"src/App.tsx": "draft\n"}},
    {"solution": "Done: see src/App.tsx", "files": {"src/App.tsx": "export const a = 1;\n"}},
]


@pytest.fixture
def hall(database_url: str, tmp_path: Path) -> Iterator[ServedHall]:
    with served_hall(tmp_path / "served", database_url=database_url, turns=TURNS) as hall:
        yield hall


async def answer_of(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    """What a tool answers, which must be no error."""
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, text_of(result)
    assert result.structured_content is not None
    return result.structured_content


async def until(client: Client, task: dict[str, str], status: str) -> dict[str, Any]:
    """Poll a task as a client does, until its status is the one that must come."""
    with anyio.fail_after(60):
        while True:
            found = await answer_of(client, "agentwork_get_task_status", **task)
            if found["status"] == status:
                return found
            assert found["status"] == "processing", found
            await anyio.sleep(0.05)


@pytest.mark.promise(
    "AW-MCP-REGISTER",
    "AW-MCP-CREATE-TASK",
    "AW-MCP-GET-TASK-STATUS",
    "AW-MCP-SEND-MESSAGE",
    "AW-MCP-APPROVE-SOLUTION",
    "AW-MCP-GET-TASK-RESULT",
    "AW-MCP-GET-TASK-EVENTS",
)
async def test_a_task_from_registration_to_download(served: Served, hall: ServedHall) -> None:
    async with served.connect(hall.url) as client:
        account = await answer_of(
            client,
            "agentwork_register",
            email="ada@example.org",
            name="Ada",
            organization_name="Engines",
        )
        key = {"api_key": account["api_key"]}
        made = await answer_of(
            client, "agentwork_create_task", title="Page", description="With a hero.", **key
        )
        task = {"task_id": made["task_id"], **key}
        asking = await until(client, task, "awaiting_reply")
        assert asking["question"]["type"] == "CLARIFYING_QUESTIONS"
        answers = [{"question_index": 0, "selected": "React"}]
        said = await answer_of(client, "agentwork_send_message", answers=answers, **task)
        assert said["success"] is True
        proposed = await until(client, task, "awaiting_solution_approval")
        assert proposed["solution"]["content"] == "First draft"
        await answer_of(
            client,
            "agentwork_approve_solution",
            approved=False,
            rejection_reason="Too small",
            **task,
        )
        revised = await until(client, task, "awaiting_solution_approval")
        assert revised["solution"]["content"] == "Done: see src/App.tsx"
        done = await answer_of(client, "agentwork_approve_solution", approved=True, **task)
        assert done["status"] == "completed"
        result = await answer_of(client, "agentwork_get_task_result", **task)
        log = await answer_of(client, "agentwork_get_task_events", **task)
    assert result["result_text"] == "Done: see src/App.tsx"
    (file,) = result["files"]
    assert file["name"] == "src/App.tsx"
    async with httpx.AsyncClient() as anybody:
        download = await anybody.get(file["download_url"])
    assert download.content == b"export const a = 1;\n"
    types = [event["type"] for event in log["events"]]
    assert {"question", "reply", "solution_proposed", "solution_decision"} <= set(types)


@pytest.mark.promise("AW-MCP-API-KEY", "AW-MCP-SEND-MESSAGE", "AW-MCP-CANCEL-TASK")
async def test_the_servers_key_acts_and_a_task_is_cancelled(
    served: Served, hall: ServedHall
) -> None:
    async with served.connect(hall.url, hall.key()) as client:
        made = await answer_of(
            client, "agentwork_create_task", title="Page", description="With a hero."
        )
        task = {"task_id": made["task_id"]}
        await until(client, task, "awaiting_reply")
        await answer_of(client, "agentwork_send_message", message="React, please.", **task)
        await until(client, task, "awaiting_solution_approval")
        cancelled = await answer_of(client, "agentwork_cancel_task", **task)
        assert cancelled == {"success": True, "status": "cancelled"}
        await until(client, task, "cancelled")


async def test_a_halls_refusals_are_readable(served: Served, hall: ServedHall) -> None:
    hall.key("ada")
    nobodys = "770e8400-e29b-41d4-a716-446655440000"
    async with served.connect(hall.url, hall.key("eve")) as client:
        unknown = await client.call_tool("agentwork_get_task_status", {"task_id": nobodys})
        assert "answered 404: Task not found" in text_of(unknown)
        empty = await client.call_tool("agentwork_create_task", {"title": " ", "description": "x"})
        assert "answered 400" in text_of(empty)
        wrong = await client.call_tool(
            "agentwork_cancel_task", {"task_id": nobodys, "api_key": "aw_live_wrong"}
        )
        assert "answered 401" in text_of(wrong)
        taken = await client.call_tool(
            "agentwork_register", {"email": "ADA@example.org", "name": "Ada"}
        )
        assert "answered 409" in text_of(taken)
        made = await answer_of(client, "agentwork_create_task", title="T", description="D")
        early = await client.call_tool(
            "agentwork_approve_solution", {"task_id": made["task_id"], "approved": True}
        )
        assert "answered 400" in text_of(early)
