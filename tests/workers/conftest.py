"""Fixtures for workers that run commands for real."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from hiringhall.app import open_app
from tests.support.halls import sign_up
from tests.workers.shop import Shop, carried, make_repository, settings_for


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "repository")


@pytest.fixture
async def shop(tmp_path: Path, database_url: str, repository: Path) -> AsyncGenerator[Shop]:
    async with open_app(settings_for(tmp_path, database_url)) as app, carried(app) as house:
        yield Shop(app, house, await sign_up(app.hall), repository)
