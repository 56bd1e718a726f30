"""Halls whose own agent asks a model server of the test's."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from hiringhall.domain.policy import Actor
from tests.support.models import ModelServer
from tests.workers.shop import PROVIDER_KEY, Shop, make_repository, open_again, with_models

KEY = PROVIDER_KEY

OpenShop: TypeAlias = Callable[..., AbstractAsyncContextManager[Shop]]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "repository")


@pytest.fixture
def open_shop(tmp_path: Path, database_url: str, repository: Path) -> OpenShop:
    """Opens a hall, and again the same one."""
    known: list[Actor] = []

    def opened(models: ModelServer, **settings: Any) -> AbstractAsyncContextManager[Shop]:
        given = {
            "data_dir": tmp_path / "data",
            "database_url": database_url,
            "model": "claude-scripted",
            **settings,
        }
        return open_again(with_models(models, tmp_path / "prices.toml", **given), repository, known)

    return opened
