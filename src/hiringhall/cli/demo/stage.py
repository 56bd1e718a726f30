"""What the demonstration stands on: a folder of its own, and a hall served in it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Self

from hiringhall.cli.outcome import CommandError, Exit
from hiringhall.cli.screen import Screen

MARK = ".hiringhall-demo"
START_S = 60.0
STOP_S = 20.0


class DemoFailed(CommandError):
    """Something came out otherwise than it should; the demonstration ends with exit code 1."""


def expect(holds: object, what: str) -> None:
    """Go on if something holds."""
    if not holds:
        raise DemoFailed(f"The demonstration found something wrong: {what}.")


def fresh_folder(folder: Path) -> Path:
    """An empty folder; an earlier demonstration's is cleared, anything else is left alone."""
    try:
        if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
            raise CommandError(
                f"{folder} is in use for something else; choose another with --folder."
            )
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / MARK).write_text("The demonstration's own: cleared at its next start.\n")
    except OSError as error:
        raise CommandError(
            f"The data folder {folder} cannot be written: {error.strerror}. "
            "Choose another with --folder.",
            Exit.USAGE,
        ) from None
    return folder.resolve()


class Stage:
    """A hall that is served by a process of its own, and the screen on which it is shown."""

    def __init__(self, screen: Screen, folder: Path) -> None:
        self.screen = screen
        self.folder = folder
        self.url = ""
        self.isolated = True
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self._start()
        hindrance = self._ready().get("command")
        if hindrance is not None:
            self.screen.say(f"  No sandbox here: {hindrance}", style="yellow")
            self.screen.say(
                "  So this demonstration runs its own, trusted command with the provider "
                "process-unsafe, which isolates nothing.",
                style="yellow",
            )
            self.isolated = False
            self._stop()
            self._start(HIRINGHALL_SANDBOX="process-unsafe")
            expect("command" not in self._ready(), "the command runtime cannot start")
        return self

    def __exit__(self, *_raised: object) -> None:
        self._stop()

    @property
    def data_dir(self) -> Path:
        """The hall's own folder."""
        return self.folder / "hall"

    @property
    def script(self) -> Path:
        """The file that rehearsals play."""
        return self.folder / "script.json"

    def act(self, title: str, text: str) -> None:
        """Announce what comes next, and whether it is played or real."""
        self.screen.say()
        self.screen.say(title, style="bold")
        self.screen.say(f"  {text}", style="dim")

    def step(self, text: str) -> None:
        """Tell what is being done."""
        self.screen.say(f"  → {text}")

    def _start(self, **more: str) -> None:
        log = (self.folder / "server.log").open("a")
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("HIRINGHALL_")
        }
        environment |= {
            "HIRINGHALL_RUNTIME": "rehearsal",
            "HIRINGHALL_REHEARSAL_SCRIPT": str(self.script),
            "HIRINGHALL_ALLOW_LOCAL_REPOSITORIES": "1",
            **more,
        }
        serve = ("serve", "--json", "--stop-with-stdin", "--port", "0")
        where = ("--data-dir", str(self.data_dir))
        with log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "hiringhall.cli.main", *serve, *where],
                env=environment,
                # The hall stops when this pipe ends, however this process does.
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                # Ctrl-C is for the demonstration, which then stops its hall in order.
                start_new_session=True,
            )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise DemoFailed(f"The hall did not start; see {self.folder / 'server.log'}.")
        self.url = str(json.loads(line)["url"])

    def _stop(self) -> None:
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process = None

    def _ready(self) -> dict[str, Any]:
        """What the hall says it lacks, by part."""
        import httpx

        deadline = time.monotonic() + START_S
        while True:
            try:
                answer: dict[str, Any] = httpx.get(f"{self.url}/readyz", timeout=START_S).json()
            except (httpx.HTTPError, ValueError):
                answer = {}
            if answer.get("ready"):
                return dict(answer["reasons"])
            expect(time.monotonic() < deadline, "the hall does not become ready")
            time.sleep(0.1)
