"""Fixtures for workers that run commands for real."""

from collections.abc import AsyncGenerator, Iterator
from pathlib import Path

import pytest

from hiringhall.app import open_app
from tests.support.halls import sign_up
from tests.workers.shop import TOKEN, Shop, carried, make_repository, settings_for
from tests.workspace.support import GitServer, Origin, git


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "repository")


@pytest.fixture
async def shop(tmp_path: Path, database_url: str, repository: Path) -> AsyncGenerator[Shop]:
    async with open_app(settings_for(tmp_path, database_url)) as app, carried(app) as house:
        yield Shop(app, house, await sign_up(app.hall), repository)


@pytest.fixture
def origin(tmp_path: Path) -> Origin:
    """A customer's repository that is served over HTTP."""
    made = Origin.make(tmp_path / "served" / "org" / "project.git")
    git(made.folder, "config", "http.receivepack", "true")
    return made


@pytest.fixture
def server(origin: Origin) -> Iterator[GitServer]:
    """Serves it to whoever has its token."""
    with GitServer(origin.folder.parent.parent, token=TOKEN) as running:
        yield running


@pytest.fixture
async def private(tmp_path: Path, database_url: str, origin: Origin) -> AsyncGenerator[Shop]:
    """A shop whose repository is that one."""
    async with open_app(settings_for(tmp_path, database_url)) as app, carried(app) as house:
        yield Shop(app, house, await sign_up(app.hall), origin.folder)
