"""`hiringhall serve` as a process: what it says, where it serves, and how it stops."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from hiringhall.cli.outcome import Exit

COMMAND = [sys.executable, "-m", "hiringhall.cli.main"]
PATIENCE_S = 120


def environment(**more: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LANG": "C.UTF-8", **more}


def run(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        env=environment(**more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )


@contextmanager
def serve(folder: Path, *arguments: str, **more: str) -> Generator[subprocess.Popen[str]]:
    """A server in a process of its own, ended at the end."""
    process = subprocess.Popen(
        [*COMMAND, "serve", "--port", "0", "--data-dir", str(folder), *arguments],
        env=environment(**more),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE_S)


def said(process: subprocess.Popen[str]) -> dict[str, Any]:
    """The line that `--json` prints once it serves."""
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, process.communicate(timeout=PATIENCE_S)
    return json.loads(line)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_serves_and_stops_when_told(tmp_path: Path, number: int) -> None:
    with serve(tmp_path / "hall", "--json") as process:
        begun = said(process)
        assert begun["pid"] == process.pid
        assert httpx.get(f"{begun['url']}/healthz").json() == {"status": "ok"}
        ready = httpx.get(f"{begun['url']}/readyz").json()
        assert ready["ready"] is True
        assert "HIRINGHALL_RUNTIME=rehearsal" in ready["reasons"]["worker"]
        process.send_signal(number)
        out, errors = process.communicate(timeout=PATIENCE_S)
        assert (process.returncode, out) == (0, "")
        assert "Traceback" not in errors


@pytest.mark.parametrize("source", ["pipe", "nothing"])
def test_it_stops_with_its_standard_input(tmp_path: Path, source: str) -> None:
    begun = subprocess.Popen(
        [*COMMAND, "serve", "--json", "--stop-with-stdin", "--port", "0", "--data-dir", "hall"],
        cwd=tmp_path,
        env=environment(),
        stdin=subprocess.PIPE if source == "pipe" else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    said(begun)
    assert source == "nothing" or begun.poll() is None
    begun.communicate(timeout=PATIENCE_S)
    assert begun.returncode == 0


def test_the_banner_tells_a_newcomer_why_tasks_wait(tmp_path: Path) -> None:
    key_file = tmp_path / "new.key"
    with serve(tmp_path / "hall", HIRINGHALL_SECRET_KEY_FILE=str(key_file)) as process:
        assert process.stdout is not None
        lines: list[str] = []
        while "Ctrl-C" not in (lines[-1] if lines else ""):
            lines.append(process.stdout.readline())
            assert lines[-1], process.communicate(timeout=PATIENCE_S)
        banner = "".join(lines)
    assert "serves http://127.0.0.1:" in lines[0]
    assert str(tmp_path / "hall") in banner
    for door in (*(f"/{name}" for name in ("agentwork", "club", "nexwork", "agentix")), "/hall/v1"):
        assert f"{door}/docs" in banner
    assert f"! key: {key_file} was not there" in banner
    assert "No worker is set up" in banner
    assert "HIRINGHALL_RUNTIME=rehearsal" in banner
    assert "hiringhall register --email" in banner
    assert "\x1b" not in banner


def test_the_start_says_what_was_hardly_meant(tmp_path: Path) -> None:
    key_file = tmp_path / "typo.key"
    strange = {"HIRINGHALL_SECRET_KEY_FILE": str(key_file), "HIRINGHALL_PORTT": "1"}
    with serve(tmp_path / "hall", "--json", **strange) as process:
        said(process)
        process.terminate()
        _, errors = process.communicate(timeout=PATIENCE_S)
    assert f"{key_file} was not there, so a new key was made there" in errors
    assert "There is no setting HIRINGHALL_PORTT; HIRINGHALL_PORT may be meant." in errors
    with serve(tmp_path / "hall", "--json", HIRINGHALL_SECRET_KEY_FILE=str(key_file)) as process:
        said(process)
        process.terminate()
        _, errors = process.communicate(timeout=PATIENCE_S)
    assert "warning:" not in errors


def test_a_second_server_on_the_folder_is_refused(tmp_path: Path) -> None:
    with serve(tmp_path / "hall", "--json") as process:
        said(process)
        second = run("serve", "--port", "0", "--data-dir", str(tmp_path / "hall"))
    assert second.returncode == Exit.LATER
    assert "in use" in second.stderr
    assert "Traceback" not in second.stderr


def test_a_taken_port_is_said_to_be_taken(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        refused = run("serve", "--port", port, "--data-dir", str(tmp_path))
    assert refused.returncode == Exit.FAILED
    assert f"port {port}" in refused.stderr
    assert "--port" in refused.stderr.splitlines()[-1]
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("command", ["serve --port 0", "admin invite", "audit", "demo"])
@pytest.mark.parametrize("kind", ["a file", "below a file", "nowhere", "too long"])
def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path, command: str, kind: str) -> None:
    """And not the port, which is what else can be wrong at a start."""
    (tmp_path / "file").touch()
    folders = {
        "a file": tmp_path / "file",
        "below a file": tmp_path / "file" / "hall",
        "nowhere": Path("/proc/nope"),
        "too long": tmp_path / ("x" * 300),
    }
    option = "--folder" if command == "demo" else "--data-dir"
    refused = run(*command.split(), option, str(folders[kind]))
    if (command, kind) == ("audit", "nowhere"):
        assert refused.returncode == Exit.NOT_FOUND
    else:
        assert refused.returncode == Exit.USAGE
        assert f"The data folder {folders[kind]} cannot be" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    assert ".." not in refused.stderr


def test_a_folder_whose_files_cannot_be_written_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "hall"
    folder.mkdir()
    (folder / "node.id").mkdir()
    refused = run("serve", "--port", "0", "--data-dir", str(folder))
    assert refused.returncode == Exit.USAGE
    assert f"The data folder {folder} cannot be written: Is a directory" in refused.stderr


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"HIRINGHALL_RUNTIME": "nonsense"}, "HIRINGHALL_RUNTIME"),
        ({"HIRINGHALL_LOG_LEVEL": "loud"}, "HIRINGHALL_LOG_LEVEL"),
        ({"HIRINGHALL_LOG_FORMAT": "xml"}, "HIRINGHALL_LOG_FORMAT"),
        ({"HIRINGHALL_TRUSTED_PROXIES": "nobody"}, "HIRINGHALL_TRUSTED_PROXIES"),
        ({"HIRINGHALL_DOOR_HOSTS": "agentwork"}, "HIRINGHALL_DOOR_HOSTS"),
        ({"HIRINGHALL_DOOR_HOSTS": "none=x.example"}, "HIRINGHALL_DOOR_HOSTS"),
        ({"HIRINGHALL_REHEARSAL_SCRIPT": "/nonexistent/x.json"}, "cannot be read"),
        ({"HIRINGHALL_CREDITS_PER_DAY": "-1"}, "HIRINGHALL_CREDITS_PER_DAY"),
        ({"HIRINGHALL_SANDBOX": "podman"}, "HIRINGHALL_SANDBOX"),
        ({"HIRINGHALL_DATABASE_URL": "mysql://localhost/hall"}, "HIRINGHALL_DATABASE_URL"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, settings: dict[str, str], complaint: str) -> None:
    refused = run("serve", "--port", "0", "--data-dir", str(tmp_path), **settings)
    assert refused.returncode == Exit.USAGE
    assert complaint in refused.stderr
    assert ".." not in refused.stderr
    assert "Traceback" not in refused.stderr
