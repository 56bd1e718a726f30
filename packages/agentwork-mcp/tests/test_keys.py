"""Whose key a call carries, over either transport, and that keys stay secret."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from tests.support.agentwork_standin import StandIn, refusal
from tests.support.mcp_servers import Served, ServingHttp, http_client, over_stdio, text_of

pytestmark = pytest.mark.anyio

TASK = {"title": "T", "description": "D"}


async def test_an_argument_goes_before_the_servers_own_key(
    served: Served, standin: StandIn
) -> None:
    own, given = standin.register(), standin.register()
    async with served.connect(standin.url, own) as client:
        await client.call_tool("agentwork_create_task", TASK)
        assert standin.seen[-1].key == own
        await client.call_tool("agentwork_create_task", {**TASK, "api_key": given})
        assert standin.seen[-1].key == given
        await client.call_tool("agentwork_create_task", {**TASK, "api_key": "  "})
        assert standin.seen[-1].key == own


async def test_without_a_key_nothing_is_sent(served: Served, standin: StandIn) -> None:
    async with served.connect(standin.url) as client:
        result = await client.call_tool("agentwork_create_task", TASK)
        assert result.is_error
        assert "agentwork_register" in text_of(result)
    assert standin.seen == []


async def test_over_stdio_a_registered_key_is_kept(errors: Path, standin: StandIn) -> None:
    async with over_stdio(errors, standin.url, None, {}) as client:
        account = await client.call_tool(
            "agentwork_register", {"email": "a@example.org", "name": "A"}
        )
        assert account.structured_content is not None
        assert "until this server ends" in account.structured_content["note"]
        await client.call_tool("agentwork_create_task", TASK)
        assert standin.seen[-1].key == account.structured_content["api_key"]


async def test_over_stdio_the_environments_key_stays(errors: Path, standin: StandIn) -> None:
    own = standin.register()
    async with over_stdio(errors, standin.url, own, {}) as client:
        account = await client.call_tool(
            "agentwork_register", {"email": "a@example.org", "name": "A"}
        )
        assert account.structured_content is not None
        assert "stays in use" in account.structured_content["note"]
        await client.call_tool("agentwork_create_task", TASK)
        assert standin.seen[-1].key == own


async def test_over_http_no_callers_key_reaches_another(errors: Path, standin: StandIn) -> None:
    keys = [standin.register() for _ in range(4)]
    environments_key = standin.register()
    with ServingHttp(errors, standin.url, AGENTWORK_API_KEY=environments_key) as url:

        async def work(key: str) -> None:
            async with http_client(url, key) as client:
                for _ in range(5):
                    made = await client.call_tool(
                        "agentwork_create_task", {"title": key, "description": "D"}
                    )
                    assert not made.is_error, text_of(made)

        async with anyio.create_task_group() as group:
            for key in keys:
                group.start_soon(work, key)
        async with http_client(url, None) as stranger:
            account = await stranger.call_tool(
                "agentwork_register", {"email": "a@example.org", "name": "A"}
            )
            assert account.structured_content is not None
            assert "keeps no keys" in account.structured_content["note"]
            assert (await stranger.call_tool("agentwork_create_task", TASK)).is_error
    created = [
        (seen.json["title"], seen.key) for seen in standin.seen if seen.path == "/api/v1/tasks/"
    ]
    assert sorted(created) == sorted((key, key) for key in keys for _ in range(5))
    assert "not used over HTTP" in errors.read_text()  # noqa: ASYNC240 - a small file


async def test_over_http_cookies_are_not_kept(errors: Path, standin: StandIn) -> None:
    cookie = refusal(404, "Task not found")
    cookie.set_cookie("session", "of-the-first-caller")
    standin.answers.append(cookie)
    with ServingHttp(errors, standin.url) as url:
        for _ in range(2):
            async with http_client(url, standin.register()) as client:
                await client.call_tool("agentwork_get_task_status", {"task_id": "x"})
    assert len(standin.seen) == 2
    assert all("cookie" not in seen.headers for seen in standin.seen)


async def test_a_key_that_is_none_is_refused_unsent_and_unshown(
    served: Served, standin: StandIn
) -> None:
    async with served.connect(standin.url) as client:
        for bad in (
            "aw_live_se cret",
            "aw_live_secret\r\nX: y",
            "aw_live_sécret",
            "aw_live_" + "s" * 600,
        ):
            result = await client.call_tool("agentwork_create_task", {**TASK, "api_key": bad})
            assert result.is_error
            assert "no key has" in text_of(result)
            assert bad not in text_of(result)
            assert "sss" not in text_of(result)
    assert standin.seen == []


async def test_a_key_never_shows_in_errors_or_logs(served: Served, standin: StandIn) -> None:
    key = "aw_live_0123456789abcdef0123456789abcdef"
    texts: list[str] = []
    async with served.connect(standin.url, key) as client:
        texts.append(text_of(await client.call_tool("agentwork_create_task", TASK)))
        texts.append(
            text_of(await client.call_tool("agentwork_create_task", {**TASK, "api_key": key}))
        )
        texts.append(
            text_of(
                await client.call_tool("agentwork_get_task_status", {"task_id": 1, "api_key": key})
            )
        )
        texts.append(
            text_of(
                await client.call_tool(
                    "agentwork_get_task_status", {"task_id": "a b", "api_key": key}
                )
            )
        )
        standin.answers.append(refusal(500, "broken", request_id="a1b2c3d4e5f6"))
        texts.append(text_of(await client.call_tool("agentwork_get_task_status", {"task_id": "x"})))
    assert len(texts) == 5
    for text in (*texts, served.stderr()):
        assert key not in text
        assert key[8:20] not in text


@pytest.mark.parametrize("header", ["Basic YTpi", "Bearer", "Bearer a b", "aw_live_bare"])
async def test_a_header_that_is_no_bearer_is_refused(
    errors: Path, standin: StandIn, header: str
) -> None:
    import httpx2
    from mcp.client import Client
    from mcp.client.streamable_http import streamable_http_client

    with ServingHttp(errors, standin.url) as url:
        async with (
            httpx2.AsyncClient(headers={"Authorization": header}, timeout=60) as http,
            Client(streamable_http_client(url, http_client=http)) as client,
        ):
            assert (await client.call_tool("agentwork_create_task", TASK)).is_error
    assert standin.seen == []
