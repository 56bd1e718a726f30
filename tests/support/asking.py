"""What the hall itself asks models, played by the tests' own model server."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace

from hiringhall.workers.checking import Checker
from hiringhall.workers.runtimes.builtin_role import ModelChoice
from tests.gateway.clients import gateway_to
from tests.support.models import ModelServer


@asynccontextmanager
async def asking(
    checker: Checker, server: ModelServer, speaks: str = "anthropic"
) -> AsyncGenerator[Checker]:
    """The same with a model."""
    gateway = gateway_to(checker.hall, server)
    name = "claude-test" if speaks == "anthropic" else "gpt-test"
    choice = ModelChoice(name, speaks)  # pyright: ignore[reportArgumentType]
    try:
        yield replace(checker, gateway=gateway, model=choice)
    finally:
        await gateway.close()
