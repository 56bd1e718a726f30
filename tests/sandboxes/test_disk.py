"""The watch over a sandbox's disk: when it measures, and that this never costs much."""

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hiringhall.workers.sandboxes import disk
from hiringhall.workers.sandboxes.disk import DiskWatch, measure

MIB = 1 << 20


class Watched:
    """A watch on a folder, with a clock and a disk of the test's own."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, *, limit_bytes: int) -> None:
        self.now = 1000.0
        self.free_bytes = 1 << 40
        self.free_files = 1 << 20
        self.took_s = 0.01
        self.measured = 0
        monkeypatch.setattr(disk.time, "monotonic", lambda: self.now)
        monkeypatch.setattr(DiskWatch, "_ask", lambda _, gauge: self._ask(gauge.scale))
        self.watch = DiskWatch([str(folder)], limit_bytes)

    def _ask(self, scale: int) -> int:
        return self.free_bytes if scale == 1024 else self.free_files

    def look(self) -> bool:
        """One look, a tenth of a second later, and the measurement that it began to its end."""
        self.now += disk.LOOK_EVERY_S
        if self.watch.is_over():
            return True
        if not self.watch.is_measuring:
            return False
        self.measured += 1
        self.now += self.took_s
        for _ in range(6000):
            if self.watch.is_over():
                return True
            if not self.watch.is_measuring:
                return False
            _REALLY_SLEEP(0.01)
        raise AssertionError("it measures for ever")


_REALLY_SLEEP = time.sleep


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    if shutil.which("du", path="/usr/bin:/bin") is None:
        pytest.skip("du measures folders")
    watched = Watched(tmp_path, monkeypatch, limit_bytes=64 * MIB)
    yield watched
    watched.watch.close()


def _take(watched: Watched, folder: Path, size_bytes: int) -> None:
    with (folder / f"{watched.now}").open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, size_bytes)
    watched.free_bytes -= size_bytes


def test_what_is_over_is_seen_at_the_next_look(watched: Watched, tmp_path: Path) -> None:
    assert not watched.look()
    _take(watched, tmp_path, 65 * MIB)
    assert watched.look()


def test_empty_files_count_too(watched: Watched, tmp_path: Path) -> None:
    most = 64 * MIB // disk.FILE_BYTES
    for number in range(most + 2):
        (tmp_path / str(number)).touch()
        if number == most // 2:
            watched.free_files -= number
            assert not watched.look()
    watched.free_files -= most
    watched.now += 60
    assert watched.look() or watched.look()


def test_a_disk_that_stays_as_it_is_costs_nothing(watched: Watched) -> None:
    for _ in range(100):
        assert not watched.look()
    assert watched.measured == 1
    watched.now += 60
    watched.look()
    assert watched.measured == 2


def test_what_others_write_is_no_matter(watched: Watched) -> None:
    for _ in range(40):
        watched.free_bytes -= 100 * MIB
        assert not watched.look()


def test_the_closer_to_the_limit_the_sooner(watched: Watched, tmp_path: Path) -> None:
    _take(watched, tmp_path, 60 * MIB)
    assert not watched.look()
    before = watched.measured
    watched.now += 1
    _take(watched, tmp_path, 3 * MIB)
    assert not watched.look()
    assert watched.measured == before + 1


def test_where_it_takes_long_it_is_done_seldom(watched: Watched) -> None:
    watched.took_s = 10.0
    began = watched.now
    while watched.now - began < 3600:
        watched.free_bytes -= 10 * MIB  # enough to wonder, by somebody else
        watched.look()
    # Half of the time at the very most, where all of the room may be gone.
    assert watched.measured * watched.took_s <= 1800 + watched.took_s


def test_folders_are_measured(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * MIB)
    assert MIB <= measure([str(tmp_path)], time_s=60) < 2 * MIB
    assert measure([str(tmp_path / "nowhere")], time_s=60) == 0
