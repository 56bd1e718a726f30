"""A session as an archive: what an agent left in it comes along, and leads nowhere."""

import gzip
import io
import os
import stat
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from hiringhall.workers.carrying import archive as archives
from hiringhall.workers.carrying.archive import (
    Bounds,
    CannotCarry,
    InMotion,
    pack,
    pack_at_rest,
    unpack,
)

BOUNDS = Bounds(total_bytes=1 << 20, entries=100)


@pytest.fixture
def session(tmp_path: Path) -> Path:
    folder = tmp_path / "session"
    (folder / "home/deep/er").mkdir(parents=True)
    (folder / "session.json").write_text("{}")
    return folder


def carried(session: Path, bounds: Bounds = BOUNDS) -> Path:
    """What comes out at the other end."""
    archive, target = session.parent / "a.tar.gz", session.parent / "target"
    pack(session, archive, bounds)
    unpack(archive, target, bounds)
    return target


def forged(folder: Path, *entries: tarfile.TarInfo, content: bytes = b"") -> Path:
    """An archive as somebody else would write it."""
    path = folder / "forged.tar.gz"
    with gzip.open(path, "wb") as zipped, tarfile.open(fileobj=zipped, mode="w|") as archive:
        for entry in entries:
            entry.size = len(content) if entry.isreg() else 0
            archive.addfile(entry, io.BytesIO(content) if entry.isreg() else None)
    return path


def entry(name: str, kind: bytes = tarfile.REGTYPE, **fields: object) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type = kind
    for field, value in fields.items():
        setattr(made, field, value)
    return made


def test_files_come_as_they_were(session: Path) -> None:
    script = session / "home/deep/er/run.sh"
    script.write_text("echo\n")
    script.chmod(0o755)
    os.utime(script, (1_000_000_000, 1_000_000_000))
    (session / "home" / os.fsdecode(b"\xff name\n")).write_bytes(b"\0" * 70_000)
    (session / "home/empty").touch()
    target = carried(session)
    found = (target / "home/deep/er/run.sh").stat()
    assert stat.S_IMODE(found.st_mode) == 0o755
    assert found.st_mtime == 1_000_000_000
    assert (target / "home" / os.fsdecode(b"\xff name\n")).read_bytes() == b"\0" * 70_000
    assert (target / "session.json").read_text() == "{}"
    again = session.parent / "again.tar.gz"
    pack(session, again, BOUNDS)
    assert again.read_bytes() == (session.parent / "a.tar.gz").read_bytes()


def test_links_within_come_along_and_those_that_lead_out_do_not(session: Path) -> None:
    home = session / "home"
    (home / "file").write_text("x")
    for name, target in {
        "deep/up": "../file",
        "beside": "deep/er",
        "out": "../session.json",
        "deep/out": "../../session.json",
        "absolute": "/etc/passwd",
        "winding": "beside/../../../..",
    }.items():
        (home / name).symlink_to(target)
    os.link(home / "file", home / "second")
    target = carried(session)
    names = {path.name for path in (target / "home").rglob("*") if path.is_symlink()}
    assert names == {"up", "beside"}
    assert (target / "home/deep/up").read_text() == "x"
    assert (target / "home/second").stat().st_nlink == 1


def test_what_is_no_file_stays_behind(session: Path) -> None:
    os.mkfifo(session / "home/pipe")
    (session / "home/suid").write_text("x")
    (session / "home/suid").chmod(0o6755)
    (session / "stray").write_text("none of the hall's")
    target = carried(session)
    assert sorted(path.name for path in target.iterdir()) == ["home", "session.json"]
    assert not (target / "home/pipe").exists()
    assert stat.S_IMODE((target / "home/suid").stat().st_mode) == 0o755


def test_a_folder_that_became_a_link_leads_nowhere(session: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret/key").write_text("canary")
    (session / "home/deep/er").rmdir()
    (session / "home/deep/er").symlink_to(tmp_path / "secret")
    target = carried(session)
    assert not (target / "home/deep/er").exists()


@pytest.mark.parametrize(
    "fill",
    [
        lambda home: (home / "large").write_bytes(b"x" * (1 << 20) + b"x"),
        lambda home: [(home / f"{number}").touch() for number in range(101)],
    ],
    ids=["too large", "too many"],
)
def test_what_is_too_much_is_not_carried(session: Path, fill: Callable[[Path], object]) -> None:
    fill(session / "home")
    with pytest.raises(CannotCarry, match="more than"):
        carried(session)


@pytest.mark.parametrize(
    "name",
    ["../out.json", "/out.json", "home/../../out", "other/x", "home//x", "etc", "home/./x"],
)
def test_no_archive_writes_beside_the_session(tmp_path: Path, name: str) -> None:
    archive = forged(tmp_path, entry("home", tarfile.DIRTYPE, mode=0o700), entry(name))
    with pytest.raises(CannotCarry):
        unpack(archive, tmp_path / "target", BOUNDS)
    assert not (tmp_path / "out.json").exists()
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "kind", [tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.LNKTYPE], ids=["device", "pipe", "link"]
)
def test_no_archive_makes_anything_but_files(tmp_path: Path, kind: bytes) -> None:
    home = entry("home", tarfile.DIRTYPE, mode=0o700)
    archive = forged(tmp_path, home, entry("home/x", kind, linkname="/etc/passwd"))
    with pytest.raises(CannotCarry):
        unpack(archive, tmp_path / "target", BOUNDS)


def test_nothing_is_written_through_a_link_of_the_archive(tmp_path: Path) -> None:
    archive = forged(
        tmp_path,
        entry("home", tarfile.DIRTYPE, mode=0o700),
        entry("home/in", tarfile.DIRTYPE, mode=0o700),
        entry("home/link", tarfile.SYMTYPE, linkname="in"),
        entry("home/link/x"),
        content=b"x",
    )
    with pytest.raises(CannotCarry):
        unpack(archive, tmp_path / "target", BOUNDS)


def test_an_archive_that_swells_is_left(tmp_path: Path) -> None:
    home = entry("home", tarfile.DIRTYPE, mode=0o700)
    archive = forged(tmp_path, home, entry("home/zeros"), content=bytes(4 << 20))
    assert archive.stat().st_size < 100_000
    with pytest.raises(CannotCarry, match="more than"):
        unpack(archive, tmp_path / "target", BOUNDS)


@pytest.mark.parametrize("keep", [0, 10, 200])
def test_a_torn_archive_is_none(session: Path, keep: int) -> None:
    (session / "home/file").write_bytes(os.urandom(5000))
    archive = session.parent / "a.tar.gz"
    pack(session, archive, BOUNDS)
    archive.write_bytes(archive.read_bytes()[:keep])
    with pytest.raises(CannotCarry):
        unpack(archive, session.parent / "target", BOUNDS)


def test_a_session_that_is_written_to_meanwhile_is_of_no_moment(
    session: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = session / "home/log"
    log.write_text("one\n")
    target = session.parent / "quiet.tar.gz"
    pack_at_rest(session, target, BOUNDS)
    quietly, plainly = target.read_bytes(), session.parent / "plain.tar.gz"
    pack(session, plainly, BOUNDS)
    assert quietly == plainly.read_bytes()

    def write_on(*_: object) -> bool:
        log.write_text("two\n")
        os.utime(log, (1, 1))
        return False

    (session / "home/up").symlink_to("log")
    monkeypatch.setattr(archives, "_stays", write_on)
    with pytest.raises(InMotion):
        pack_at_rest(session, session.parent / "torn.tar.gz", BOUNDS)


def test_what_no_run_leaves_to_the_next_stays_behind(session: Path) -> None:
    for name in ("agent/shell_snapshots/1.sh", "agent/talk.jsonl", "agent.json", "deep/agent.json"):
        path = session / "home" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("export KEY=secret\n")
    target = session.parent / "a.tar.gz"
    pack_at_rest(session, target, BOUNDS, but=("agent/shell_snapshots", "agent.json"))
    with tarfile.open(target) as packed:
        names = packed.getnames()
    assert "home/agent/talk.jsonl" in names
    assert "home/deep/agent.json" in names
    assert not {name for name in names if "shell_snapshots" in name or name == "home/agent.json"}


def test_folders_without_end_are_not_followed_down(session: Path) -> None:
    folder = os.open(session / "home", os.O_RDONLY)
    for _ in range(100):
        os.mkdir("d", dir_fd=folder)
        inner = os.open("d", os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = inner
    os.close(folder)
    for way in (pack, pack_at_rest):
        with pytest.raises(CannotCarry, match="deeper than 64 folders"):
            way(session, session.parent / f"{way.__name__}.tar.gz", Bounds(entries=500))
