"""The command as a process: quick help, exit codes, pipes and Ctrl-C."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import typer

from hiringhall.cli.main import app
from hiringhall.cli.outcome import MEANINGS, Exit
from tests.cli.conftest import Shell
from tests.support.agentwork_standin import StandIn

COMMAND = [sys.executable, "-m", "hiringhall.cli.main"]


def environment(home: Path, **more: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", **more}


def test_help_tells_the_exit_codes(shell: Shell) -> None:
    shown = shell("--help")
    assert shown.code == 0
    for code, meaning in MEANINGS.items():
        assert f"{code.value:>3}  {meaning}" in shown.out


def test_help_imports_nothing_heavy(tmp_path: Path) -> None:
    """Help in a blink is a matter of what is imported; time on a busy machine proves nothing."""
    code = (
        "import sys; from hiringhall.cli.main import main; main(['--help']); "
        "print(sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    loaded = ran.stdout.splitlines()[-1]
    for heavy in (
        "asyncio",
        "sqlalchemy",
        "alembic",
        "starlette",
        "uvicorn",
        "msgspec",
        "httpx",
        "rich",
    ):
        assert f"'{heavy}'" not in loaded, heavy


def test_version(shell: Shell) -> None:
    assert shell("--version").out.startswith("hiringhall 0.")


def test_a_wrong_command_is_a_usage_error(shell: Shell) -> None:
    for arguments in (["nonsense"], ["tasks", "nonsense"], ["tasks", "show"], ["tasks", "--x"]):
        wrong = shell(*arguments)
        assert wrong.code == Exit.USAGE
        assert "Traceback" not in wrong.err


def test_a_pipe_gets_no_colours_and_no_wrapping(at_standin: Shell, standin: StandIn) -> None:
    """Even where a variable asks for colours: what is piped is for a program."""
    at_standin.set(FORCE_COLOR="1", COLUMNS="20")
    made = at_standin("tasks", "create", "A long title that would wrap", "-d", "D")
    standin.tasks[made.out.strip()].log = [("status", "word " * 60)]
    events = at_standin("tasks", "events", made.out.strip())
    assert len(events.lines) == 1
    assert "\x1b" not in events.out


def test_ctrl_c_ends_quietly(standin: StandIn, tmp_path: Path) -> None:
    key = standin.register()
    variables = environment(tmp_path, HIRINGHALL_URL=standin.url, HIRINGHALL_API_KEY=key)
    made = subprocess.run(
        [*COMMAND, "tasks", "create", "T", "-d", "D"],
        env=variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    watching = subprocess.Popen(
        [*COMMAND, "tasks", "watch", "--until-done", made.stdout.strip()],
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while len(standin.seen) < 4 and time.monotonic() < deadline:
        time.sleep(0.02)
    watching.send_signal(signal.SIGINT)
    _, errors = watching.communicate(timeout=60)
    assert (watching.returncode, errors) == (Exit.INTERRUPTED, "")


def test_a_reader_that_goes_away_is_no_error(standin: StandIn, tmp_path: Path) -> None:
    key = standin.register()
    ran = subprocess.run(
        ["bash", "-c", f"{' '.join(COMMAND)} tasks list | true; echo ${{PIPESTATUS[0]}}"],
        env=environment(tmp_path, HIRINGHALL_URL=standin.url, HIRINGHALL_API_KEY=key),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert ran.stderr == ""
    assert ran.stdout.strip() in {"0", "1"}


def test_what_is_left_to_say_to_nobody_is_dropped_in_silence(
    standin: StandIn, tmp_path: Path
) -> None:
    """The rows are still buffered when the command is done: the pipe breaks at the very end."""
    key = standin.register()
    body = {"title": "T", "description": "D"}
    headers = {"Authorization": f"Bearer {key}"}
    httpx.post(f"{standin.url}/api/v1/tasks/", json=body, headers=headers).raise_for_status()
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as nobody:
        ran = subprocess.run(
            [*COMMAND, "tasks", "list"],
            env=environment(tmp_path, HIRINGHALL_URL=standin.url, HIRINGHALL_API_KEY=key),
            stdin=subprocess.DEVNULL,
            stdout=nobody,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=120,
        )
    assert (ran.returncode, ran.stderr) == (0, "")


def test_help_shows_no_leavings_of_its_making(shell: Shell) -> None:
    """Of every command: what a value is called in the code, or a mark for the formatter."""
    waiting: list[tuple[str, Any]] = [("", typer.main.get_command(app))]
    seen = 0
    while waiting:
        path, command = waiting.pop()
        shown = shell(*path.split(), "--help")
        assert shown.code == 0
        assert "\\b" not in shown.out, path
        assert re.search(r"--[a-z-]+ <", shown.out) is None, path
        seen += 1
        below: dict[str, Any] = getattr(command, "commands", {})
        waiting += [(f"{path} {name}", one) for name, one in below.items()]
    assert seen > 30
    assert "\n    hiringhall serve\n" in shell("serve", "--help").out
