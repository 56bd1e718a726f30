"""`hiringhall demo` does what it shows, with a sandbox and without one."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from hiringhall.cli.outcome import Exit

COMMAND = [sys.executable, "-m", "hiringhall.cli.main", "demo", "--json"]
PATIENCE_S = 300


def demo(
    folder: Path, *arguments: str, path: str = os.environ["PATH"]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, "--folder", str(folder), *arguments],
        env={"PATH": path, "HOME": "/nonexistent", "LANG": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )


def outcome(ran: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout.splitlines()[-1])


def git(at: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org", *arguments],
        cwd=at,
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE_S,
    )
    return done.stdout


def paths_without(tmp_path: Path, *missing: str) -> str:
    """A PATH on which everything is found but some programs."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for place in reversed(os.environ["PATH"].split(":")):
        for program in Path(place).iterdir() if Path(place).is_dir() else ():
            link = folder / program.name
            if program.name not in missing:
                link.unlink(missing_ok=True)
                link.symlink_to(program)
    return str(folder)


@pytest.mark.sandbox
def test_the_formatter_works_on_our_own_files(tmp_path: Path) -> None:
    facts = outcome(demo(tmp_path / "demo"))
    assert facts["isolated"] is True
    assert facts["branch"].startswith("worker/task_")
    repository = Path(facts["repository"])
    changed = git(repository, "diff", "--name-only", f"main...{facts['branch']}").split()
    assert "domain/errors.py" in changed
    assert (Path(facts["downloads"]) / "site" / "index.html").exists()
    assert (facts["paid_cents"], facts["earned_cents"], facts["fee_cents"]) == (7_800, 7_020, 780)
    books = subprocess.run(
        [*COMMAND[:-2], "ledger", "check", "--json", "--data-dir", str(tmp_path / "demo" / "hall")],
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE_S,
    )
    assert json.loads(books.stdout)["ok"] is True
    again = outcome(demo(tmp_path / "demo"))
    assert again["branch"] != facts["branch"]


def test_without_isolation_it_says_so_and_still_ends_well(tmp_path: Path) -> None:
    """On a repository of somebody's, which is only read."""
    original = tmp_path / "theirs"
    original.mkdir()
    git(original, "init", "--quiet", "--initial-branch=trunk")
    (original / "notes.txt").write_text("trailing  \n")
    git(original, "add", "--all")
    git(original, "commit", "--quiet", "--message=Notes")
    ran = demo(
        tmp_path / "demo", "--repo", str(original), path=paths_without(tmp_path, "bwrap", "socat")
    )
    facts = outcome(ran)
    assert facts["isolated"] is False
    shown = git(Path(facts["repository"]), "show", f"{facts['branch']}:notes.txt")
    assert shown == "trailing\n"
    assert git(original, "branch", "--list", "worker/*") == ""
    assert (original / "notes.txt").read_text() == "trailing  \n"


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    refused = demo(tmp_path)
    assert refused.returncode == Exit.FAILED
    assert "--folder" in refused.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_repository_that_is_none_fails_the_demonstration(tmp_path: Path) -> None:
    failed = demo(tmp_path / "demo", "--repo", str(tmp_path / "none"))
    assert failed.returncode == Exit.FAILED
    assert "git clone failed" in failed.stderr
    assert "Traceback" not in failed.stderr


def test_its_hall_ends_with_it_even_when_it_is_killed(tmp_path: Path) -> None:
    running = subprocess.Popen(
        [*COMMAND, "--folder", str(tmp_path / "demo")],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    lock = tmp_path / "demo" / "hall" / "node.lock"
    deadline = time.monotonic() + PATIENCE_S
    while not (lock.exists() and lock.read_text().strip()) and time.monotonic() < deadline:
        time.sleep(0.02)
    server = int(lock.read_text())
    running.send_signal(signal.SIGKILL)
    running.wait(PATIENCE_S)
    while Path(f"/proc/{server}").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not Path(f"/proc/{server}").exists()
