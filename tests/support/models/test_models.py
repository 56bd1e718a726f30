"""The model server itself: the same script in every dialect, whole and streamed, and its faults."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.support.models import (
    Break,
    ModelServer,
    Refuse,
    Turn,
    Usage,
    call,
    model_server,
    shell,
)

DIALECTS = ("anthropic", "chat", "responses", "gemini")

USAGE = Usage(input_tokens=50, output_tokens=7, cached_tokens=20, reasoning_tokens=2)


def ask(server: ModelServer, dialect: str, *, stream: bool, tools: bool = True) -> httpx.Response:
    return httpx.post(
        server.url + _path(dialect, stream), json=_body(dialect, stream, tools), timeout=30
    )


def _path(dialect: str, stream: bool) -> str:
    verb = "streamGenerateContent?alt=sse" if stream else "generateContent"
    return {
        "anthropic": "/v1/messages",
        "chat": "/v1/chat/completions",
        "responses": "/v1/responses",
        "gemini": f"/v1beta/models/gemini-test:{verb}",
    }[dialect]


def _body(dialect: str, stream: bool, tools: bool) -> dict[str, Any]:
    names = ["mcp__hall__deliver", "shell"] if tools else []
    said = [{"role": "user", "content": "Do it"}]
    functions = [{"type": "function", "function": {"name": name}} for name in names]
    namespace = {
        "type": "namespace",
        "name": "mcp__hall",
        "tools": [{"type": "function", "name": "deliver"}],
    }
    bodies: dict[str, dict[str, Any]] = {
        "anthropic": {"messages": said, "tools": [{"name": name} for name in names]},
        "chat": {"messages": said, "tools": functions, "stream_options": {"include_usage": True}},
        "responses": {
            "input": "Do it",
            "tools": [namespace, {"type": "function", "name": "shell"}] if tools else [],
        },
        "gemini": {
            "contents": [{"role": "user", "parts": [{"text": "Do it"}]}],
            "tools": [{"functionDeclarations": [{"name": name} for name in names]}],
        },
    }
    model = {} if dialect == "gemini" else {"model": "m", "stream": stream}
    return {**bodies[dialect], **model}


def _data(text: str) -> list[Any]:
    """The JSON of each event of a stream."""
    lines = [line.removeprefix("data: ") for line in text.splitlines() if line.startswith("data: ")]
    return [json.loads(line) for line in lines if line != "[DONE]"]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_turn_says_its_text_its_call_and_its_figures(dialect: str, stream: bool) -> None:
    turn = Turn("All done.", calls=[call("deliver", text="see the branch")], usage=USAGE)
    with model_server(turn) as server:
        answered = ask(server, dialect, stream=stream)
    assert answered.status_code == 200
    told = _data(answered.text) if stream else answered.json()
    seen = json.dumps(told)
    assert "deliver" in seen
    assert stream or "see the branch" in seen
    assert _figures(dialect, told) == (50, 7, 20)
    assert server.answered == [turn]
    assert not server.problems


def _figures(dialect: str, told: Any) -> tuple[int, int, int]:
    """Input, output and cached tokens, the last that were told."""
    events: list[Any] = told if isinstance(told, list) else [told]
    read: Callable[[Any], Any] = {
        "anthropic": lambda one: one.get("usage") or one.get("message", {}).get("usage"),
        "chat": lambda one: one.get("usage"),
        "responses": lambda one: one.get("usage") or one.get("response", {}).get("usage"),
        "gemini": lambda one: one.get("usageMetadata"),
    }[dialect]
    usage: dict[str, Any] = {}
    for event in events:
        usage |= read(event) or {}
    if dialect == "anthropic":
        cached = usage["cache_read_input_tokens"]
        return usage["input_tokens"] + cached, usage["output_tokens"], cached
    if dialect == "gemini":
        output = usage["candidatesTokenCount"] + usage["thoughtsTokenCount"]
        return usage["promptTokenCount"], output, usage["cachedContentTokenCount"]
    if dialect == "chat":
        cached = usage["prompt_tokens_details"]["cached_tokens"]
        return usage["prompt_tokens"], usage["completion_tokens"], cached
    cached = usage["input_tokens_details"]["cached_tokens"]
    return usage["input_tokens"], usage["output_tokens"], cached


def test_codex_is_called_in_its_namespace() -> None:
    with model_server(Turn(calls=[call("deliver")])) as server:
        answered = ask(server, "responses", stream=False).json()
    (item,) = answered["output"]
    assert (item["namespace"], item["name"]) == ("mcp__hall", "deliver")


def test_turns_follow_the_conversation_and_what_came_in() -> None:
    turns = [
        Turn(calls=[shell("ls")]),
        Turn("second"),
        Turn(calls=[shell("pwd")], when="lost"),
    ]
    first = {"role": "user", "content": "go"}
    called = [{"type": "tool_use", "id": "1", "name": "shell", "input": {}}]
    result = [{"type": "tool_result", "tool_use_id": "1", "content": "a.txt"}]
    later = [
        first,
        {"role": "assistant", "content": called},
        {"role": "user", "content": result},
    ]
    lost = [{"role": "user", "content": "you are lost"}]
    tools = [{"name": "shell"}]
    with model_server(*turns) as server:
        for messages in ([first], later, lost):
            body = {"model": "m", "messages": messages, "tools": tools}
            httpx.post(f"{server.url}/v1/messages", json=body).raise_for_status()
        aside = httpx.post(f"{server.url}/v1/messages", json={"model": "m", "messages": [first]})
    assert server.answered == [*turns, server.script.aside]
    assert aside.json()["content"][0]["text"] == "Fine"


def test_a_tool_that_is_not_offered_is_a_problem_the_test_can_read() -> None:
    with model_server(Turn(calls=[call("ask")])) as server:
        ask(server, "chat", stream=False)
    (problem,) = server.problems
    assert "'ask'" in problem
    assert "mcp__hall__deliver" in problem


@pytest.mark.parametrize("status", [429, 529])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_refusal_says_when_to_come_again_and_ends(dialect: str, status: int) -> None:
    with model_server(Turn("Hi", fault=Refuse(status, retry_after="7"))) as server:
        refused = ask(server, dialect, stream=True, tools=False)
        again = ask(server, dialect, stream=True, tools=False)
    assert (refused.status_code, refused.headers["retry-after"]) == (status, "7")
    assert refused.json()["error"]["message"] == "Slow down"
    assert again.status_code == 200


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_broken_stream_ends_without_an_end(dialect: str) -> None:
    with (
        model_server(Turn("Hello there", fault=Break(after_events=2))) as server,
        pytest.raises(httpx.RemoteProtocolError),
    ):
        ask(server, dialect, stream=True, tools=False)


def test_headers_are_remembered() -> None:
    with model_server() as server:
        httpx.get(f"{server.url}/v1/models", headers={"Authorization": "Bearer canary"})
    (received,) = server.requests
    assert received.headers["authorization"] == "Bearer canary"
