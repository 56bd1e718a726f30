"""Fixtures for workspaces: a hall's folder, a customer's repository, a sandbox."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from hiringhall.workers.sandboxes.choose import choose_sandbox
from hiringhall.workers.sandboxes.port import SandboxProvider
from hiringhall.workers.workspace import Workspaces
from tests.workspace.support import GitServer, Origin


@pytest.fixture
async def unwalled() -> AsyncIterator[SandboxProvider]:
    """No wall at all: only for work that the test itself wrote, and trusts."""
    provider = choose_sandbox("process-unsafe", forbidden=[])
    yield provider
    await provider.close()


@pytest.fixture
async def walled() -> AsyncIterator[SandboxProvider]:
    """A real sandbox, for tests marked `sandbox`."""
    provider = choose_sandbox("bubblewrap", forbidden=[])
    yield provider
    await provider.close()


@pytest.fixture
def hall(tmp_path: Path) -> Path:
    """The folder of a hall's workspaces."""
    return tmp_path / "hall"


@pytest.fixture
def workspaces(hall: Path, unwalled: SandboxProvider) -> Workspaces:
    """Workspaces whose operator allows local repositories."""
    return Workspaces(hall, allow_local=True, sandbox=unwalled)


@pytest.fixture
def origin(tmp_path: Path) -> Origin:
    """A customer's repository with one commit on `main`."""
    return Origin.make(tmp_path / "served" / "project.git")


@pytest.fixture
def server(origin: Origin) -> Iterator[GitServer]:
    """A git server that serves the customer's repository to whoever has its token."""
    with GitServer(origin.folder.parent, token="a-token-of-the-team") as running:
        yield running
