"""The README's own commands, run as they are printed: a first task, by curl, and real work.

In a folder that looks like the project's, on a free port, with `/tmp` a folder of the test's own.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.support.code_of_pages import Block, blocks
from tests.support.repository import ROOT

PATIENCE_S = 120.0
PRINTED_URL = "http://127.0.0.1:8470"


README = blocks(ROOT / "README.md")


def test_a_first_task_goes_as_printed(tmp_path: Path) -> None:
    first, by_command, _ = _shells("A hall of your own in five minutes")
    reader = Reader(tmp_path)
    with reader.serving(first):
        said = reader.types(by_command)
    assert said.count("Done. The task is now: processing") == 2
    assert "Done. The task is now: completed" in said
    assert list((tmp_path / "result").iterdir()), "something was downloaded"


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_a_first_task_by_curl_goes_as_printed(tmp_path: Path) -> None:
    first, _, by_curl = _shells("A hall of your own in five minutes")
    reader = Reader(tmp_path)
    with reader.serving(first):
        said = reader.types(by_curl)
    assert '"status":"completed"' in said
    assert '"download_url":"' in said
    assert '"type":"solution_proposed"' in said


@pytest.mark.sandbox
def test_real_work_goes_as_printed(tmp_path: Path) -> None:
    served, worked = _shells("Real work")
    reader = Reader(tmp_path)
    with reader.serving(served):
        reader.runs("hiringhall register --email you@example.com --name You")
        said = reader.types(worked)
    assert "Done. The task is now: completed" in said
    assert "worker/task_" in said
    assert "\n+" in said, "the branch changes something"


class Reader:
    """Somebody who types what the README prints."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in (".venv", "src"):
            (folder / name).symlink_to(ROOT / name)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port: int = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        # A terminal in which the virtual environment was activated stays so.
        self.environment = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "VIRTUAL_ENV": sys.prefix,
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "HIRINGHALL_PORT": str(port),
            "HIRINGHALL_URL": self.url,
        }

    def types(self, block: Block) -> str:
        """Run a block; what it printed. Every line of it has to succeed."""
        return self.runs(self._script(block))

    def runs(self, script: str) -> str:
        """Run a script; what it printed."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    @contextmanager
    def serving(self, block: Block) -> Generator[None]:
        """Run a block that serves, until the context ends."""
        log = self.folder / "serve.log"
        with log.open("w") as output:
            process = subprocess.Popen(
                ["bash", "-euo", "pipefail", "-c", self._script(block, serves=True)],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        try:
            deadline = time.monotonic() + PATIENCE_S
            while not self._is_healthy():
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.1)
            yield
        finally:
            process.terminate()
            process.wait(PATIENCE_S)
        assert process.returncode == 0, log.read_text()

    def _is_healthy(self) -> bool:
        try:
            return httpx.get(f"{self.url}/healthz", trust_env=False).is_success
        except httpx.TransportError:
            return False

    def _script(self, block: Block, *, serves: bool = False) -> str:
        text = block.text.replace("\\\n", " ")
        text = text.replace(PRINTED_URL, self.url).replace("/tmp/", f"{self.folder}/")  # noqa: S108
        # Set-up is what this very test runs in.
        lines = [line for line in text.splitlines() if not line.startswith("make ")]
        if serves:
            # So that the signal to stop reaches the hall, as Ctrl-C at a terminal does.
            lines[-1] = f"exec env {lines[-1]}"
        return "\n".join(lines)


def _shells(heading: str) -> list[Block]:
    return [one for one in README if one.heading == heading and one.language == "console"]
