"""Downloads stay below their folder, whatever a worker called its files."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hiringhall.cli.files import Offered, safe_path, save_all
from hiringhall.cli.outcome import CommandError, Exit
from tests.support.agentwork_standin import StandIn

MEBIBYTE = 1 << 20


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("src/App.tsx", "src/App.tsx"),
        ("../../etc/passwd", "etc/passwd"),
        ("/etc/passwd", "etc/passwd"),
        ("a/./b/../c", "a/b/c"),
        ("..\\..\\evil.exe", "evil.exe"),
        ("..", "file"),
        ("", "file"),
        ("a/\x1b[2J\x00b", "a/_[2J_b"),
        (".git/hooks/pre-commit", "_git/hooks/pre-commit"),
        ("x/.GIT /config", "x/_GIT/config"),
        (".gi\u200dt/config", ".gi_t/config"),
        (".github/workflows/x.yml", ".github/workflows/x.yml"),
        ("a" * 300 + ".txt", "a" * 196 + ".txt"),
    ],
)
def test_names_become_paths_below(name: str, path: str) -> None:
    assert "/".join(safe_path(name)) == path


@given(st.text(max_size=400))
def test_no_name_leaves_the_folder(name: str) -> None:
    parts = safe_path(name)
    assert parts
    for part in parts:
        assert part not in {"", ".", ".."}
        assert not set(part) & {"/", "\0", "\n"}
        assert len(part.encode()) <= 255
    assert os.path.normpath("/".join(parts)) == "/".join(parts)


def save(standin: StandIn, folder: Path, *names: str, overwrite: bool = False) -> list[str]:
    """Save files of these names, each with its own name as its content."""
    standin.files = {str(number): name.encode() for number, name in enumerate(names)}
    offered = [Offered(name, f"{standin.url}/download/{n}") for n, name in enumerate(names)]
    saved = save_all(offered, folder, overwrite=overwrite, most_bytes=MEBIBYTE)
    return [one.path for one in saved]


def test_names_that_clash_are_kept_apart(standin: StandIn, tmp_path: Path) -> None:
    paths = save(standin, tmp_path, "a/x.txt", "../a/x.txt", "A/X.TXT", "a/x", "b/../a/x")
    assert paths == ["a/x.txt", "a/x (2).txt", "A/X (3).TXT", "a/x", "b/a/x"]
    assert (tmp_path / "a" / "x (2).txt").read_text() == "../a/x.txt"


def test_links_are_not_followed(standin: StandIn, tmp_path: Path) -> None:
    outside, folder = tmp_path / "outside", tmp_path / "in"
    outside.mkdir()
    folder.mkdir()
    (folder / "linked").symlink_to(outside, target_is_directory=True)
    (outside / "file").write_text("mine")
    (folder / "file").symlink_to(outside / "file")
    for name in ("linked/evil", "file"):
        with pytest.raises(CommandError):
            save(standin, folder, name)
    assert sorted(path.name for path in outside.iterdir()) == ["file"]
    assert save(standin, folder, "file", overwrite=True) == ["file"]
    assert (outside / "file").read_text() == "mine"
    assert not (folder / "file").is_symlink()


def test_what_is_there_stays(standin: StandIn, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("mine")
    with pytest.raises(CommandError, match="--overwrite") as refused:
        save(standin, tmp_path, "a")
    assert refused.value.code == Exit.REFUSED
    assert (tmp_path / "a").read_text() == "mine"


def test_no_half_file_is_left(standin: StandIn, tmp_path: Path) -> None:
    standin.files = {"big": b"x" * (MEBIBYTE + 1)}
    big = Offered("sub/big", f"{standin.url}/download/big")
    with pytest.raises(CommandError, match="larger than 1 MiB"):
        list(save_all([big], tmp_path, overwrite=False, most_bytes=MEBIBYTE))
    nowhere = Offered("sub/gone", "http://127.0.0.1:1/gone")
    with pytest.raises(CommandError, match="could not be downloaded"):
        list(save_all([nowhere], tmp_path, overwrite=False, most_bytes=MEBIBYTE))
    for url in ("file:///etc/passwd", "ftp://x/y", "http://[::1", "nonsense"):
        with pytest.raises(CommandError, match="could not be downloaded"):
            list(save_all([Offered("x", url)], tmp_path, overwrite=False, most_bytes=MEBIBYTE))
    assert list((tmp_path / "sub").iterdir()) == []
    assert [path.name for path in tmp_path.iterdir()] == ["sub"]
