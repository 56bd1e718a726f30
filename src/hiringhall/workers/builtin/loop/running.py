"""One run's loop: ask the model, do what it calls for, keep the conversation after each step."""

import contextlib
import os
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, cast

import httpx2
from pydantic import ValidationError
from pydantic_ai import Agent, UsageLimits, exceptions
from pydantic_ai.messages import ModelMessage, ModelMessagesTypeAdapter, repair_messages
from pydantic_ai.models import Model
from pydantic_ai.settings import ModelSettings

from hiringhall.workers.builtin.loop.agent import Ended, make_agent
from hiringhall.workers.builtin.loop.work import Work
from hiringhall.workers.builtin.wire import Asking, Begin, Outcome

KEY = "the-hall-knows-this-run-by-its-socket"
"""What the clients are given for a key, because they want one. It opens nothing."""
UNREADABLE = "What was said before cannot be read any more: beginning anew, with the whole brief"
SILENCE_S = 600.0
MOST_OUTPUT_TOKENS = 16_000
_CONNECT_S = 10.0
_SDK_RETRIES = 2

Keep = Callable[[bytes], Awaitable[None]]


async def go(begin: Begin, work: Work, keep: Keep) -> Outcome:
    """Work to the end; what stands in its way is an outcome too."""
    async with _client(begin.model_socket) as client:
        try:
            return await _loop(begin, _model(begin, client), work, keep)
        except exceptions.ModelHTTPError as error:
            may_retry = error.status_code >= 500 or error.status_code == 429
            return _broke(f"The model {begin.model} refused: {_why(error)}", may_retry=may_retry)
        except exceptions.ModelAPIError as error:
            return _broke(f"The model {begin.model} could not be reached: {error}", may_retry=True)
        except exceptions.UsageLimitExceeded:
            return _broke(f"The agent came to no end within {begin.most_steps} steps")
        except exceptions.UnexpectedModelBehavior as error:
            return _broke(f"The model {begin.model} went astray: {_short(error.message)}")


@contextlib.asynccontextmanager
async def _client(model_socket: str) -> AsyncGenerator[httpx2.AsyncClient]:
    """Calls the gateway's socket, however long its path: an address ends at 107 bytes."""
    path = Path(model_socket)
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        transport = httpx2.AsyncHTTPTransport(uds=f"/proc/self/fd/{folder}/{path.name}")
        timeout = httpx2.Timeout(SILENCE_S, connect=_CONNECT_S)
        async with httpx2.AsyncClient(transport=transport, timeout=timeout) as client:
            yield client
    finally:
        os.close(folder)


async def _loop(begin: Begin, model: Model, work: Work, keep: Keep) -> Outcome:
    history, prompt = await _earlier(begin, work)
    agent = make_agent(plan_first=begin.plan_first)
    async with agent.iter(
        prompt,
        message_history=history,
        model=model,
        instructions=begin.instructions,
        deps=work,
        usage_limits=UsageLimits(request_limit=begin.most_steps),
    ) as run:
        async for node in run:
            messages = run.all_messages()
            if Agent.is_model_request_node(node):
                await keep(_dump([*messages, node.request]))
                # Streamed, so that a long answer is no silence.
                async with node.stream(run.ctx) as stream:
                    async for _ in stream:
                        pass
            elif Agent.is_call_tools_node(node):
                await keep(_dump(messages))
        await keep(_dump(run.all_messages()))
        assert run.result is not None
        return _outcome(run.result.output)


async def _earlier(begin: Begin, work: Work) -> tuple[Sequence[ModelMessage], str]:
    """The conversation so far, and what it goes on with."""
    if not begin.history:
        return (), begin.prompt
    try:
        # A run that was cut off may have left calls that nobody answered.
        history = repair_messages(ModelMessagesTypeAdapter.validate_json(begin.history))
    except ValidationError:
        await work.tell(UNREADABLE)
        return (), begin.anew or begin.prompt
    work.remember(history)
    return history, begin.prompt


def _outcome(ended: Ended) -> Outcome:
    questions = [Asking(one.type, one.question, one.options) for one in ended.questions]
    return Outcome("", ended.kind, ended.text, ended.files, questions)


def _model(begin: Begin, client: httpx2.AsyncClient) -> Model:
    """The model as its dialect's own client asks for it, at the gateway's socket."""
    if begin.speaks == "anthropic":
        from anthropic import AsyncAnthropic
        from pydantic_ai.models.anthropic import AnthropicModel
        from pydantic_ai.providers.anthropic import AnthropicProvider

        asking = AsyncAnthropic(
            api_key=KEY, base_url="http://hall", http_client=client, max_retries=_SDK_RETRIES
        )
        return AnthropicModel(
            begin.model,
            provider=AnthropicProvider(anthropic_client=asking),
            settings=ModelSettings(max_tokens=MOST_OUTPUT_TOKENS),
        )
    from openai import AsyncOpenAI
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    talking = AsyncOpenAI(
        api_key=KEY, base_url="http://hall/v1", http_client=client, max_retries=_SDK_RETRIES
    )
    return OpenAIChatModel(begin.model, provider=OpenAIProvider(openai_client=talking))


def _dump(messages: list[ModelMessage]) -> bytes:
    return ModelMessagesTypeAdapter.dump_json(messages)


def _broke(why: str, *, may_retry: bool = False) -> Outcome:
    return Outcome("", "broke", why[:2_000], may_retry=may_retry)


def _short(message: str) -> str:
    """The library's sentence without its advice to programmers."""
    return re.split(r"\.? (?=Consider|Increase|For |or see|See )|, or see|https?://", message)[0]


def _why(error: exceptions.ModelHTTPError) -> str:
    """The provider's own sentence, however its dialect wraps it."""
    told: Any = error.body
    for name in ("error", "message"):
        told = cast("dict[str, Any]", told).get(name, told) if isinstance(told, dict) else told
    return f"{told} ({error.status_code})" if isinstance(told, str) else str(error.status_code)
