"""Halls whose own agent asks a model server of the test's."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from hiringhall.app import open_app
from hiringhall.domain.policy import Actor
from hiringhall.settings import read_settings
from tests.support.halls import sign_up
from tests.support.models import ModelServer
from tests.workers.shop import Shop, carried, git

KEY = "sk-canary-0123456789abcdef0123456789abcdef"
"""The provider's key: it must be nowhere but at the provider."""

OpenShop: TypeAlias = Callable[..., AbstractAsyncContextManager[Shop]]


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
def open_shop(tmp_path: Path, database_url: str, repository: Path) -> OpenShop:
    """Opens a hall, and again the same one."""
    known: list[Actor] = []
    prices = tmp_path / "prices.toml"
    prices.write_text("[unknown]\ninput = 20.0\noutput = 1.0\n")

    @asynccontextmanager
    async def opened(models: ModelServer, **settings: Any) -> AsyncGenerator[Shop]:
        given: dict[str, Any] = {
            "data_dir": tmp_path / "data",
            "database_url": database_url,
            "allow_local_repositories": True,
            "require_sandbox": True,
            "anthropic_base_url": models.base_urls["anthropic"],
            "anthropic_api_key": KEY,
            "openai_base_url": models.base_urls["openai"],
            "openai_api_key": KEY,
            "model": "claude-scripted",
            "model_prices": prices,
            "credits_per_day": 1_000_000,
            **settings,
        }
        async with open_app(read_settings({}, **given)) as app, carried(app) as house:
            if not known:
                known.append(await sign_up(app.hall))
            yield Shop(app, house, known[0], repository)

    return opened
