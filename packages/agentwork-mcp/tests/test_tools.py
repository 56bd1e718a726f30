"""Each tool, over both transports: what it asks the API, and what the model reads of the answer."""

from __future__ import annotations

import pytest

from tests.support.agentwork_standin import StandIn, refusal
from tests.support.mcp_servers import Served, text_of

pytestmark = pytest.mark.anyio

EIGHT = {
    "agentwork_register": {"email", "name", "organization_name", "api_key"},
    "agentwork_create_task": {"title", "description", "api_key"},
    "agentwork_get_task_status": {"task_id", "api_key"},
    "agentwork_send_message": {"task_id", "message", "answers", "api_key"},
    "agentwork_approve_solution": {"task_id", "approved", "rejection_reason", "api_key"},
    "agentwork_get_task_result": {"task_id", "api_key"},
    "agentwork_get_task_events": {"task_id", "api_key"},
    "agentwork_cancel_task": {"task_id", "api_key"},
}
READERS = {"agentwork_get_task_status", "agentwork_get_task_result", "agentwork_get_task_events"}
ENDERS = {"agentwork_approve_solution", "agentwork_cancel_task"}


@pytest.mark.promise("AW-MCP-TOOLS")
async def test_the_tools_are_the_eight_of_the_guide(served: Served, standin: StandIn) -> None:
    async with served.connect(standin.url) as client:
        tools = (await client.list_tools()).tools
    assert {tool.name: set(tool.input_schema["properties"]) for tool in tools} == EIGHT
    for tool in tools:
        assert len(tool.description or "") > 60, tool.name
        assert all("description" in field for field in tool.input_schema["properties"].values()), (
            tool.name
        )
        assert tool.annotations is not None
        assert tool.annotations.read_only_hint is (tool.name in READERS)
        assert (tool.annotations.destructive_hint is True) is (tool.name in ENDERS)


@pytest.mark.promise("AW-MCP-PARAMETERS")
async def test_parameters_have_the_types_of_the_guide(served: Served, standin: StandIn) -> None:
    async with served.connect(standin.url) as client:
        tools = (await client.list_tools()).tools
    schemas = {tool.name: tool.input_schema for tool in tools}
    register = schemas["agentwork_register"]
    assert set(register["required"]) == {"email", "name"}
    decide = schemas["agentwork_approve_solution"]
    assert set(decide["required"]) == {"task_id", "approved"}
    assert decide["properties"]["approved"]["type"] == "boolean"
    texts = {"email", "name", "title", "description", "task_id", "message"}
    for schema in schemas.values():
        for name in texts & schema["properties"].keys():
            assert schema["properties"][name]["type"] == "string"
        assert "api_key" not in schema.get("required", [])


async def test_a_task_from_registration_to_result(served: Served, standin: StandIn) -> None:
    async with served.connect(standin.url) as client:
        account = await client.call_tool(
            "agentwork_register",
            {"email": "ada@example.org", "name": "Ada", "organization_name": "Engines"},
        )
        assert account.structured_content is not None
        key: str = account.structured_content["api_key"]
        assert standin.seen[-1].json == {
            "email": "ada@example.org",
            "name": "Ada",
            "organization_name": "Engines",
        }
        assert standin.seen[-1].key is None

        made = await client.call_tool(
            "agentwork_create_task", {"title": "T", "description": "D", "api_key": key}
        )
        assert made.structured_content is not None
        assert made.structured_content["status"] == "processing"
        task = {"task_id": made.structured_content["task_id"], "api_key": key}

        status = await client.call_tool("agentwork_get_task_status", task)
        assert status.structured_content is not None
        assert status.structured_content["status"] == "awaiting_reply"
        assert "single_select" in text_of(status)

        answers = [
            {"question_index": 1, "selected": "React"},
            {"question_index": 2, "selected": ["Auth", "Database"]},
        ]
        said = await client.call_tool(
            "agentwork_send_message", {**task, "message": "as you like", "answers": answers}
        )
        assert said.structured_content == {"success": True, "status": "processing"}
        assert standin.seen[-1].json == {"answers": answers}

        rejected = await client.call_tool(
            "agentwork_approve_solution",
            {**task, "approved": False, "rejection_reason": "Too small"},
        )
        assert rejected.structured_content == {"success": True, "status": "processing"}
        assert standin.seen[-1].json == {"status": "REJECTED", "rejection_reason": "Too small"}
        accepted = await client.call_tool("agentwork_approve_solution", {**task, "approved": True})
        assert accepted.structured_content == {"success": True, "status": "completed"}
        assert standin.seen[-1].json == {"status": "CONFIRMED"}

        result = await client.call_tool("agentwork_get_task_result", task)
        assert result.structured_content is not None
        assert result.structured_content["files"] == [
            {"name": "src/App.tsx", "download_url": f"{standin.url}/download/src/App.tsx"}
        ]
        log = await client.call_tool("agentwork_get_task_events", task)
        assert log.structured_content is not None
        assert [event["type"] for event in log.structured_content["events"]][:2] == [
            "status",
            "question",
        ]

        over = await client.call_tool("agentwork_cancel_task", task)
        assert over.is_error
        assert "400: The task is already completed" in text_of(over)


async def test_a_plain_reply(served: Served, standin: StandIn) -> None:
    key = standin.register()
    async with served.connect(standin.url, key) as client:
        made = await client.call_tool("agentwork_create_task", {"title": "T", "description": "D"})
        assert made.structured_content is not None
        task_id = made.structured_content["task_id"]
        await client.call_tool(
            "agentwork_send_message", {"task_id": task_id, "message": "Blue, no logo."}
        )
        assert standin.seen[-1].json == {"message": "Blue, no logo."}
        cancelled = await client.call_tool("agentwork_cancel_task", {"task_id": task_id})
        assert cancelled.structured_content == {"success": True, "status": "cancelled"}
    assert {seen.key for seen in standin.seen} == {key}


async def test_plans_are_decided_where_that_is_switched_on(
    served: Served, standin: StandIn
) -> None:
    standin.plan_first = True
    key = standin.register()
    async with served.connect(standin.url, key, AGENTWORK_PLAN_APPROVAL="1") as client:
        assert {tool.name for tool in (await client.list_tools()).tools} == {
            *EIGHT,
            "agentwork_approve_spec",
        }
        made = await client.call_tool("agentwork_create_task", {"title": "T", "description": "D"})
        assert made.structured_content is not None
        task = {"task_id": made.structured_content["task_id"]}
        await client.call_tool("agentwork_send_message", {**task, "message": "go"})
        status = await client.call_tool("agentwork_get_task_status", task)
        assert status.structured_content is not None
        assert status.structured_content["status"] == "awaiting_spec_approval"
        await client.call_tool("agentwork_approve_spec", {**task, "approved": True})
        assert standin.seen[-1].path.endswith("/spec-status")
        assert standin.seen[-1].json == {"status": "CONFIRMED"}


async def test_a_refusal_says_what_to_do(served: Served, standin: StandIn) -> None:
    key = standin.register()
    task = {"task_id": "770e8400-e29b-41d4-a716-446655440000"}
    cases = [
        (
            refusal(400, "Message cannot be empty"),
            ["400: Message cannot be empty", "agentwork_get_task_status"],
        ),
        (
            refusal(401, "Invalid or missing API key"),
            ["401", "agentwork_register", "/api/v1/auth/api-key"],
        ),
        (refusal(404, "Task not found"), ["404: Task not found", "check task_id"]),
        (refusal(429, "Out of credits"), ["429: Out of credits", "Wait"]),
        (
            refusal(500, "An internal error occurred", request_id="a1b2c3d4e5f6"),
            ["500", "a1b2c3d4e5f6", "again later"],
        ),
    ]
    async with served.connect(standin.url, key) as client:
        for answer, words in cases:
            standin.answers.append(answer)
            result = await client.call_tool("agentwork_get_task_status", task)
            assert result.is_error
            assert all(word in text_of(result) for word in words), text_of(result)
        waits = refusal(429, "Out of credits")
        waits.headers["Retry-After"] = "90"
        standin.answers.append(waits)
        assert "Wait 90 seconds" in text_of(
            await client.call_tool("agentwork_get_task_status", task)
        )
        standin.emails.add("taken@example.org")
        taken = await client.call_tool(
            "agentwork_register", {"email": "taken@example.org", "name": "T"}
        )
        assert taken.is_error
        assert "409" in text_of(taken)
        assert "/api/v1/auth/api-key" in text_of(taken)


async def test_answers_that_are_no_api(served: Served, standin: StandIn) -> None:
    from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse

    task = {"task_id": "x"}
    async with served.connect(standin.url, standin.register()) as client:
        for answer in (HTMLResponse("<h1>hello</h1>"), JSONResponse([1, 2])):
            standin.answers.append(answer)
            assert "does not look like an Agentwork API" in text_of(
                await client.call_tool("agentwork_get_task_status", task)
            )
        standin.answers.append(RedirectResponse("http://127.0.0.1:1/elsewhere"))
        assert "Redirects are not followed" in text_of(
            await client.call_tool("agentwork_get_task_status", task)
        )
        assert standin.seen[-1].path == "/api/v1/tasks/x"
        standin.answers.append(HTMLResponse("<h1>bad gateway</h1>", 502))
        assert "answered 502" in text_of(await client.call_tool("agentwork_get_task_status", task))


async def test_an_api_that_cannot_be_reached(served: Served) -> None:
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))  # bound but not listening: connections are refused
        nowhere = f"http://127.0.0.1:{free.getsockname()[1]}"
        async with served.connect(nowhere, "aw_live_some") as client:
            result = await client.call_tool(
                "agentwork_create_task", {"title": "T", "description": "D"}
            )
    assert result.is_error
    assert f"Could not connect to {nowhere}" in text_of(result)
    assert "AGENTWORK_BASE_URL" in text_of(result)


async def test_a_task_id_cannot_become_another_path(served: Served, standin: StandIn) -> None:
    async with served.connect(standin.url, standin.register()) as client:
        for task_id in ("", "..", "../auth/register", "a/b", "a?b=c", "a%2fb", "a\nb"):
            result = await client.call_tool("agentwork_cancel_task", {"task_id": task_id})
            assert result.is_error
            assert "not a task's id" in text_of(result)
    assert standin.seen == []


async def test_wrong_arguments_name_the_fields_and_nothing_else(
    served: Served, standin: StandIn
) -> None:
    key = standin.register()
    async with served.connect(standin.url) as client:
        result = await client.call_tool("agentwork_create_task", {"api_key": key, "title": 3})
        assert result.is_error
        assert "description: Field required" in text_of(result)
        assert "title" in text_of(result)
        assert key[8:16] not in text_of(result)
        neither = await client.call_tool(
            "agentwork_send_message", {"task_id": "x", "api_key": key, "message": " "}
        )
        assert "Give message" in text_of(neither)
    assert standin.seen == []
    assert key[8:16] not in served.stderr()
