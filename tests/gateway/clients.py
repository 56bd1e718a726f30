"""An agent at the gateway: requests in each dialect, over ASGI or over a socket."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from hiringhall.actions.runs import working
from hiringhall.actions.runs.working import RunBrief
from hiringhall.domain.compute import Price
from hiringhall.domain.policy import Actor
from hiringhall.hall import Hall
from hiringhall.workers.gateway import Endpoint, Gateway, PriceTable, Provider
from tests.support.halls import post
from tests.support.models import ModelServer

KEYS = {provider: f"canary-{provider.value}-key-0123456789" for provider in Provider}

DIALECTS = ("anthropic", "chat", "responses", "gemini")

PRICE = Price(3_000_000, 15_000_000, 300_000, 3_750_000, 6_000_000)
"""3.00 and 15.00 a million, in each dialect."""


def gateway_to(hall: Hall, server: ModelServer, **more: Any) -> Gateway:
    """A gateway whose providers are all the tests' own model server."""
    endpoints = {
        provider: Endpoint(provider, server.base_urls[provider.value], KEYS[provider])
        for provider in Provider
    }
    given: dict[str, Any] = {"endpoints": endpoints, "prices": PriceTable({}, PRICE), **more}
    return Gateway(hall, **given)


async def begun(hall: Hall, actor: Actor, **fields: Any) -> RunBrief:
    """A task that a run is at work on."""
    await post(hall, actor, **fields)
    run = await working.claim_next_run(
        hall, node_id="node", lease_s=30, runtimes=hall.staffing.ready
    )
    assert run is not None
    return await working.start_run(hall, token=run.token)


class HungUp(Exception):
    """An app returned without an end of its answer: its server hangs up."""


@asynccontextmanager
async def agent_of(app: Any) -> AsyncGenerator[httpx.AsyncClient]:
    """A client of an ASGI app, as the agent in the sandbox is one; may raise HungUp."""

    async def served(scope: Any, receive: Any, send: Any) -> None:
        last: dict[str, Any] = {}

        async def sent(message: dict[str, Any]) -> None:
            last.update({"more_body": False, **message})
            await send(message)

        await app(scope, receive, sent)
        if last["type"] != "http.response.body" or last["more_body"]:
            raise HungUp

    transport = httpx.ASGITransport(served, raise_app_exceptions=True)
    async with httpx.AsyncClient(transport=transport, base_url="http://model") as client:
        yield client


def path_of(dialect: str, *, stream: bool = False) -> str:
    """Where a dialect's requests go."""
    verb = "streamGenerateContent?alt=sse" if stream else "generateContent"
    return {
        "anthropic": "/v1/messages",
        "chat": "/v1/chat/completions",
        "responses": "/v1/responses",
        "gemini": f"/v1beta/models/gemini-test:{verb}",
    }[dialect]


def body_of(dialect: str, *, stream: bool = False, most: int | None = 100, **more: Any) -> Any:
    """A request that says hello, and bounds its answer to `most` tokens."""
    if dialect == "gemini":
        config = {} if most is None else {"maxOutputTokens": most}
        contents = [{"role": "user", "parts": [{"text": "Hello"}]}]
        return {"contents": contents, "generationConfig": config, **more}
    said = [{"role": "user", "content": "Hello"}]
    names = {"anthropic": "max_tokens", "chat": "max_completion_tokens"}
    bound = {} if most is None else {names.get(dialect, "max_output_tokens"): most}
    field = "input" if dialect == "responses" else "messages"
    return {"model": "test-model", "stream": stream, field: said, **bound, **more}


async def ask(
    client: httpx.AsyncClient, dialect: str, *, stream: bool = False, **more: Any
) -> httpx.Response:
    """Ask the model something, as an agent that holds a key of no worth."""
    return await client.post(
        path_of(dialect, stream=stream),
        json=body_of(dialect, stream=stream, **more),
        headers={"authorization": "Bearer of-the-sandbox", "x-api-key": "of-the-sandbox"},
    )


def message_of(response: httpx.Response) -> str:
    """The sentence of an error, in any dialect."""
    return json.loads(response.content)["error"]["message"]
