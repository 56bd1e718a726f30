"""What passes through the gateway: streams byte for byte, the key on the way out, nothing else."""

import json
from typing import Any

import httpx
import pytest

from hiringhall.domain.compute import Spender
from hiringhall.hall import Hall
from hiringhall.workers.gateway import ModelRules, Provider
from tests.gateway.clients import (
    DIALECTS,
    KEYS,
    agent_of,
    ask,
    begun,
    body_of,
    gateway_to,
    message_of,
    path_of,
)
from tests.support.halls import sign_up
from tests.support.models import ModelServer, Turn, Usage, model_server

pytestmark = pytest.mark.anyio

HEADER = {
    "anthropic": ("x-api-key", KEYS[Provider.ANTHROPIC]),
    "chat": ("authorization", f"Bearer {KEYS[Provider.OPENAI]}"),
    "responses": ("authorization", f"Bearer {KEYS[Provider.OPENAI]}"),
    "gemini": ("x-goog-api-key", KEYS[Provider.GEMINI]),
}


async def direct(server: ModelServer, dialect: str, *, stream: bool, **more: Any) -> bytes:
    """The same asked of the server itself, which counts its answers."""
    server._count -= 1
    async with httpx.AsyncClient() as client:
        answered = await client.post(
            server.url + path_of(dialect, stream=stream),
            json=body_of(dialect, stream=stream, **more),
        )
    return answered.content


def asked_for(dialect: str, *, stream: bool) -> dict[str, Any]:
    """What the gateway asks for beside what the client does."""
    asks = dialect == "chat" and stream
    return {"stream_options": {"include_usage": True}} if asks else {}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("dialect", DIALECTS)
async def test_answers_pass_byte_for_byte_and_the_key_is_the_halls(
    hall: Hall, dialect: str, stream: bool
) -> None:
    brief = await begun(hall, await sign_up(hall))
    with model_server(Turn("Hello there, grüß dich!")) as server:
        gateway = gateway_to(hall, server)
        async with agent_of(gateway.app_for(brief)) as agent:
            answered = await ask(agent, dialect, stream=stream)
        await gateway.close()
        assert answered.status_code == 200
        wanted = await direct(server, dialect, stream=stream, **asked_for(dialect, stream=stream))
        if dialect == "chat" and stream:
            # Without the one event that only the gateway asked for.
            wanted = b"".join(
                one + b"\n\n"
                for one in wanted.split(b"\n\n")
                if one and b'"choices": []' not in one
            )
        assert answered.content == wanted
    sent = server.requests[0].headers
    name, value = HEADER[dialect]
    assert sent[name] == value
    assert "of-the-sandbox" not in json.dumps(dict(sent))
    assert answered.headers["request-id"] == "req_1"
    assert "set-cookie" not in answered.headers
    assert KEYS[Provider.OPENAI] not in str(answered.headers)


async def test_the_figures_of_a_chat_stream_are_asked_for_and_dropped(hall: Hall) -> None:
    brief = await begun(hall, await sign_up(hall))
    with model_server(Turn("Hello")) as server:
        gateway = gateway_to(hall, server)
        async with agent_of(gateway.app_for(brief)) as agent:
            without = await ask(agent, "chat", stream=True)
            asked = await ask(agent, "chat", stream=True, stream_options={"include_usage": True})
        await gateway.close()
    assert [one.json["stream_options"]["include_usage"] for one in server.requests] == [True, True]
    assert b'"usage": {' not in without.content
    assert b'"choices": []' not in without.content
    assert b'"prompt_tokens": 1000' in asked.content
    assert without.content.endswith(b"data: [DONE]\n\n")


async def test_gemini_streams_as_an_array_too(hall: Hall) -> None:
    brief = await begun(hall, await sign_up(hall))
    path = "/v1beta/models/gemini-test:streamGenerateContent"
    with model_server(Turn("Hello there")) as server:
        gateway = gateway_to(hall, server)
        run = gateway.app_for(brief)
        async with agent_of(run) as agent:
            answered = await agent.post(f"{path}?key=of-the-sandbox", json=body_of("gemini"))
        await gateway.close()
    assert len(answered.json()) == 3
    assert server.requests[0].query == ""


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/files"),
        ("POST", "/v1/messages/batches"),
        ("GET", "/v1/responses/resp_1"),
        ("POST", "/v1beta/models/../cachedContents:generateContent"),
        ("DELETE", "/v1/models/x"),
        ("GET", "/"),
    ],
)
async def test_no_other_path_is_forwarded(hall: Hall, method: str, path: str) -> None:
    brief = await begun(hall, await sign_up(hall))
    with model_server() as server:
        gateway = gateway_to(hall, server)
        async with agent_of(gateway.app_for(brief)) as agent:
            answered = await agent.request(method, path)
        await gateway.close()
    assert answered.status_code == 404
    assert server.requests == []


async def test_models_are_listed_and_tokens_counted_for_nothing(hall: Hall) -> None:
    brief = await begun(hall, await sign_up(hall))
    with model_server() as server:
        gateway = gateway_to(hall, server)
        async with agent_of(gateway.app_for(brief)) as agent:
            listed = await agent.get("/v1/models")
            for_anthropic = await agent.get("/v1/models", headers={"anthropic-version": "1"})
            for_gemini = await agent.get("/v1beta/models")
            counted = await agent.post("/v1/messages/count_tokens", json=body_of("anthropic"))
            by_gemini = await agent.post(
                "/v1beta/models/gemini-test:countTokens", json=body_of("gemini")
            )
        await gateway.close()
    assert listed.json()["data"][0]["id"] == "claude-test"
    assert for_anthropic.status_code == for_gemini.status_code == 200
    assert counted.json()["input_tokens"] > 0
    assert by_gemini.json()["totalTokens"] > 0
    assert [one.headers.get("x-api-key") for one in server.requests][1] == KEYS[Provider.ANTHROPIC]


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_model_that_is_not_allowed_is_refused_in_the_dialects_words(
    hall: Hall, dialect: str
) -> None:
    brief = await begun(hall, await sign_up(hall))
    with model_server() as server:
        gateway = gateway_to(hall, server, models=ModelRules(allowed=("claude-*",)))
        async with agent_of(gateway.app_for(brief)) as agent:
            answered = await ask(agent, dialect)
        await gateway.close()
    assert answered.status_code == 403
    assert "is not allowed here" in message_of(answered)
    assert server.requests == []


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_forced_model_takes_the_place_of_the_one_asked_for(
    hall: Hall, dialect: str
) -> None:
    brief = await begun(hall, await sign_up(hall))
    with model_server() as server:
        gateway = gateway_to(hall, server, models=ModelRules(forced="the-one"))
        async with agent_of(gateway.app_for(brief)) as agent:
            answered = await ask(agent, dialect)
        await gateway.close()
    assert answered.status_code == 200
    (received,) = server.requests
    named = "the-one:" in received.path if dialect == "gemini" else received.json["model"]
    assert named in (True, "the-one")


async def test_what_leads_past_the_run_is_not_forwarded(hall: Hall) -> None:
    brief = await begun(hall, await sign_up(hall))
    tools = [
        {"type": "web_search", "external_web_access": True},
        {"type": "function", "name": "shell", "parameters": {}},
    ]
    with model_server() as server:
        gateway = gateway_to(hall, server)
        async with agent_of(gateway.app_for(brief)) as agent:
            earlier = await ask(agent, "responses", previous_response_id="resp_of_another")
            servers = await ask(agent, "anthropic", mcp_servers=[{"url": "https://e.example"}])
            cached = await ask(agent, "gemini", cachedContent="cachedContents/1")
            answered = await ask(agent, "responses", tools=tools, service_tier="priority")
            searched = await ask(agent, "gemini", tools=[{"googleSearch": {}}])
        await gateway.close()
    assert [one.status_code for one in (earlier, servers, cached)] == [400, 400, 400]
    assert answered.status_code == searched.status_code == 200
    first, second = (one.json for one in server.requests)
    assert first["tools"] == tools[1:]
    assert "service_tier" not in first
    assert "tools" not in second


async def test_hosted_tools_are_forwarded_where_the_operator_says_so(hall: Hall) -> None:
    brief = await begun(hall, await sign_up(hall))
    tools = [{"type": "web_search_20250305", "name": "web_search"}]
    with model_server() as server:
        gateway = gateway_to(hall, server, hosted_tools=True)
        async with agent_of(gateway.app_for(brief)) as agent:
            await ask(agent, "anthropic", tools=tools)
        await gateway.close()
    assert server.requests[0].json["tools"] == tools


async def test_of_a_name_given_twice_the_provider_reads_what_was_judged(hall: Hall) -> None:
    brief = await begun(hall, await sign_up(hall))
    body = b'{"model": "dear", "max_tokens": 1, "messages": [], "model": "cheap"}'
    with model_server() as server:
        gateway = gateway_to(hall, server, models=ModelRules(allowed=("cheap",)))
        async with agent_of(gateway.app_for(brief)) as agent:
            answered = await agent.post("/v1/messages", content=body)
        await gateway.close()
    assert answered.status_code == 200
    assert server.requests[0].body.count(b'"model"') == 1
    assert server.requests[0].json["model"] == "cheap"


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"[]", 400), (b"nonsense", 400), (b"{}", 400), (b'{"model": 7}', 400)],
)
async def test_a_body_that_is_no_request_is_refused(hall: Hall, body: bytes, status: int) -> None:
    brief = await begun(hall, await sign_up(hall))
    with model_server() as server:
        gateway = gateway_to(hall, server)
        async with agent_of(gateway.app_for(brief)) as agent:
            answered = await agent.post("/v1/messages", content=body)
        await gateway.close()
    assert answered.status_code == status
    assert server.requests == []


async def test_too_large_and_compressed_bodies_are_refused(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hiringhall.workers.gateway.run.MOST_BODY_BYTES", 1000)
    brief = await begun(hall, await sign_up(hall))
    with model_server() as server:
        gateway = gateway_to(hall, server)
        async with agent_of(gateway.app_for(brief)) as agent:
            large = await agent.post("/v1/messages", content=b" " * 1001)
            packed = await agent.post(
                "/v1/messages", content=b"x", headers={"content-encoding": "gzip"}
            )
        await gateway.close()
    assert (large.status_code, packed.status_code) == (413, 400)
    assert server.requests == []


async def test_a_hall_without_a_key_says_so(hall: Hall) -> None:
    brief = await begun(hall, await sign_up(hall))
    with model_server() as server:
        gateway = gateway_to(hall, server, endpoints={})
        async with agent_of(gateway.app_for(brief)) as agent:
            answered = await ask(agent, "anthropic")
        await gateway.close()
    assert answered.status_code == 404
    assert message_of(answered) == "This hall has no key for models of anthropic"


async def test_a_teams_own_key_goes_before_the_halls(hall: Hall) -> None:
    brief = await begun(hall, await sign_up(hall))

    async def team_key(spender: Spender, provider: Provider) -> str | None:
        assert spender.team_id == brief.task.team_id
        return "the-teams-own" if provider is Provider.ANTHROPIC else None

    with model_server(Turn("Hi", usage=Usage(10, 1))) as server:
        gateway = gateway_to(hall, server, team_key=team_key)
        async with agent_of(gateway.app_for(brief)) as agent:
            await ask(agent, "anthropic")
            await ask(agent, "chat")
        await gateway.close()
    assert server.requests[0].headers["x-api-key"] == "the-teams-own"
    assert server.requests[1].headers["authorization"] == HEADER["chat"][1]
