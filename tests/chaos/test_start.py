"""What a hall clears away when it starts, because a killed one had left it."""

from pathlib import Path

import pytest

from hiringhall.app import open_app
from hiringhall.settings import read_settings


@pytest.mark.anyio
async def test_a_file_that_was_being_stored_is_cleared_away(tmp_path: Path) -> None:
    settings = read_settings({}, data_dir=tmp_path / "hall")
    half = tmp_path / "hall/blobs/coming/half"
    half.parent.mkdir(parents=True)
    half.write_bytes(b"half a f")
    async with open_app(settings):
        assert not half.exists()
