"""The published `agentwork-mcp` 0.1.3 works with a hall through all its tools, plans too."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from mcp import StdioServerParameters
from mcp.client import Client
from mcp.client.stdio import stdio_client

from hiringhall.settings import SpecApproval
from tests.support.mcp_servers import text_of
from tests.support.served import ServedHall, served_hall

pytestmark = pytest.mark.anyio

TOOLS = {
    "agentwork_register",
    "agentwork_create_task",
    "agentwork_get_task_status",
    "agentwork_send_message",
    "agentwork_approve_spec",
    "agentwork_approve_solution",
    "agentwork_get_task_result",
    "agentwork_cancel_task",
}
TURNS: list[dict[str, Any]] = [
    {"ask": [{"type": "text", "question": "What is it for?"}]},
    {"spec": "First A, then B."},
    {"solution": "Draft", "files": {"notes.md": "draft\n"}},
    {"solution": "Done", "files": {"notes.md": "done\n"}},
]


@pytest.fixture
def hall(database_url: str, tmp_path: Path) -> Iterator[ServedHall]:
    with served_hall(
        tmp_path / "served",
        database_url=database_url,
        turns=TURNS,
        spec_approval=SpecApproval.ALWAYS,
    ) as hall:
        yield hall


class Published:
    """The published server, as its model uses it."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.used: set[str] = set()

    async def __call__(self, tool: str, **arguments: Any) -> dict[str, Any]:
        self.used.add(tool)
        result = await self._client.call_tool(tool, arguments)
        assert not result.is_error, text_of(result)
        return json.loads(text_of(result))

    async def until(self, task: dict[str, str], status: str) -> dict[str, Any]:
        with anyio.fail_after(60):
            while True:
                found = await self("agentwork_get_task_status", **task)
                if found["status"] == status:
                    return found
                assert found["status"] == "processing", found
                await anyio.sleep(0.05)


async def test_all_its_tools(hall: ServedHall, published_agentwork_mcp: Path) -> None:
    server = StdioServerParameters(
        command=str(published_agentwork_mcp), args=[], env={"AGENTWORK_BASE_URL": hall.url}
    )
    async with Client(stdio_client(server)) as client:
        assert {tool.name for tool in (await client.list_tools()).tools} == TOOLS
        published = Published(client)
        account = await published("agentwork_register", email="ada@example.org", name="Ada")
        key = {"api_key": account["api_key"]}
        made = await published("agentwork_create_task", title="T", description="D", **key)
        task = {"task_id": made["task_id"], **key}

        asking = await published.until(task, "awaiting_reply")
        assert "What is it for?" in asking["question"]["content"]
        await published("agentwork_send_message", message="For the demo.", **task)

        planned = await published.until(task, "awaiting_spec_approval")
        assert planned["spec"]["content"] == "First A, then B."
        reason = {"approved": False, "rejection_reason": "B first"}
        await published("agentwork_approve_spec", **reason, **task)
        again = await published.until(task, "awaiting_spec_approval")
        assert again["spec"]["message_id"] != planned["spec"]["message_id"]
        await published("agentwork_approve_spec", approved=True, **task)

        proposed = await published.until(task, "awaiting_solution_approval")
        assert proposed["solution"]["content"] == "Draft"
        await published("agentwork_approve_solution", approved=False, **task)
        proposed = await published.until(task, "awaiting_solution_approval")
        assert proposed["solution"]["content"] == "Done"
        await published("agentwork_approve_solution", approved=True, **task)
        result = await published("agentwork_get_task_result", **task)

        other = await published("agentwork_create_task", title="T", description="D", **key)
        over = await published("agentwork_cancel_task", task_id=other["task_id"], **key)
        assert over == {"success": True, "status": "cancelled"}
        assert published.used == TOOLS
    (file,) = result["files"]
    async with httpx.AsyncClient() as anybody:
        assert (await anybody.get(file["download_url"])).content == b"done\n"
