"""Sandboxes for the tests: real ones, each with fresh folders, all ended at the end."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hiringhall.workers.sandboxes.bubblewrap import Bubblewrap
from tests.sandboxes.inside import Inside


@pytest.fixture
async def bubblewrap() -> AsyncIterator[Bubblewrap]:
    provider = Bubblewrap()
    yield provider
    await provider.close()


@pytest.fixture
def inside(bubblewrap: Bubblewrap, tmp_path: Path) -> Inside:
    """Runs shell and Python in a real bubblewrap sandbox."""
    return Inside(bubblewrap, tmp_path)
