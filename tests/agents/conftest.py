"""Halls with real agents, where `make agents` has installed them."""

import os
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from hiringhall.app import open_app
from hiringhall.domain.policy import Actor
from hiringhall.settings import read_settings
from hiringhall.workers.agents.finding import find_agents
from tests.support.halls import sign_up
from tests.support.models import ModelServer
from tests.support.repository import ROOT
from tests.workers.shop import Shop, carried, git

KEY = "sk-canary-0123456789abcdef0123456789abcdef"
"""The provider's key: it must be nowhere inside."""

OpenShop: TypeAlias = Callable[..., AbstractAsyncContextManager[Shop]]


@pytest.fixture(scope="session")
def agents() -> Path:
    """The folder of installed agents; without one the test is skipped, and says so."""
    folder = Path(os.environ.get("HIRINGHALL_TEST_AGENTS") or ROOT / ".agents").absolute()
    found = find_agents(folder)
    if found.folder != folder or found.lacks(["claude", "codex", "claude-agent-acp", "codex-acp"]):
        pytest.skip("real coding agents are not installed here: `make agents` installs them")
    return folder


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    (folder / "hello.txt").write_text("hello\n")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "First")
    return folder


@pytest.fixture
def open_shop(tmp_path: Path, agents: Path, repository: Path) -> OpenShop:
    """Opens a hall, and again the same one, whose agents call a model server of the test's."""
    known: list[Actor] = []
    prices = tmp_path / "prices.toml"
    prices.write_text("[unknown]\ninput = 20.0\noutput = 1.0\n")

    @asynccontextmanager
    async def opened(models: ModelServer, **settings: Any) -> AsyncGenerator[Shop]:
        data = tmp_path / "data"
        data.mkdir(exist_ok=True)
        if not (data / "agents").exists():
            (data / "agents").symlink_to(agents)
        given = read_settings(
            {},
            data_dir=data,
            allow_local_repositories=True,
            require_sandbox=True,
            anthropic_base_url=models.base_urls["anthropic"],
            anthropic_api_key=KEY,
            openai_base_url=models.base_urls["openai"],
            openai_api_key=KEY,
            gemini_base_url=models.base_urls["gemini"],
            gemini_api_key=KEY,
            model_prices=prices,
            force_model="scripted",
            credits_per_day=1_000_000,
            **settings,
        )
        async with open_app(given) as app, carried(app) as house:
            if not known:
                known.append(await sign_up(app.hall))
            yield Shop(app, house, known[0], repository)

    return opened
