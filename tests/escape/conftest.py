"""One hall for the attempts of a module: two tenants, and a repository of the first one's."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from hiringhall.app import open_app
from hiringhall.settings import read_settings
from tests.escape.cell import Cell
from tests.support.halls import sign_up
from tests.workers.shop import carried, make_repository


@pytest.fixture(scope="module")
async def cell(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Cell]:
    """A hall with real walls, and all that a run could want to get at beside it."""
    folder = tmp_path_factory.mktemp("cell")
    settings = read_settings(
        {},
        data_dir=folder / "data",
        allow_local_repositories=True,
        require_sandbox=True,
    )
    async with open_app(settings) as app, carried(app) as house:
        tenants = {name: await sign_up(app.hall, name) for name in ("ada", "bob")}
        yield Cell(app, house, folder, tenants)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one file in one commit."""
    return make_repository(tmp_path / "repository")
