"""Halls with real agents, where `make agents` has installed them."""

import os
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from hiringhall.domain.policy import Actor
from hiringhall.workers.agents.finding import find_agents
from tests.support.models import ModelServer
from tests.support.repository import ROOT
from tests.workers.shop import PROVIDER_KEY, Shop, make_repository, open_again, with_models

KEY = PROVIDER_KEY

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
    return make_repository(tmp_path / "repository")


@pytest.fixture
def open_shop(tmp_path: Path, agents: Path, repository: Path) -> OpenShop:
    """Opens a hall, and again the same one, whose agents call a model server of the test's."""
    known: list[Actor] = []

    def opened(models: ModelServer, **settings: Any) -> AbstractAsyncContextManager[Shop]:
        data = tmp_path / "data"
        data.mkdir(exist_ok=True)
        if not (data / "agents").exists():
            (data / "agents").symlink_to(agents)
        given = {
            "data_dir": data,
            "gemini_base_url": models.base_urls["gemini"],
            "gemini_api_key": KEY,
            "force_model": "scripted",
            **settings,
        }
        return open_again(with_models(models, tmp_path / "prices.toml", **given), repository, known)

    return opened
