"""Installs published clients from the package index, each into an environment of its own."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

REQUIREMENTS = ("agentwork-mcp==0.1.3", "mcp<2")
INSTALL_TIMEOUT_S = 600


@pytest.fixture(scope="session")
def published_agentwork_mcp() -> Path:
    """The command of the published `agentwork-mcp`, which needs the MCP SDK before version 2.

    It is installed once, below this project's own environment. A machine that reaches no package
    index skips its tests; CI, which does reach one, fails instead.
    """
    home = Path(sys.prefix) / "published" / "agentwork-mcp-0.1.3"
    command = home / "environment" / "bin" / "agentwork-mcp"
    complete = home / "complete"
    home.mkdir(parents=True, exist_ok=True)
    # Test processes side by side share the one installation.
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not complete.exists():
            trouble = _install(home)
            if trouble is None:
                complete.touch()
            elif os.environ.get("CI") == "true":
                pytest.fail(f"the published client could not be installed: {trouble}")
            else:
                pytest.skip(f"the published client could not be installed: {trouble}")
    return command


def _install(home: Path) -> str | None:
    """Make the environment; why it could not be made, or None."""
    steps = (
        [sys.executable, "-m", "venv", "--clear", str(home / "environment")],
        [
            str(home / "environment" / "bin" / "python"),
            *("-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
            *REQUIREMENTS,
        ],
    )
    for step in steps:
        try:
            subprocess.run(
                step,
                check=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                timeout=INSTALL_TIMEOUT_S,
            )
        except subprocess.CalledProcessError as error:
            lines = str(error.stderr).strip().splitlines()
            return lines[-1] if lines else f"{step[0]} ended with {error.returncode}"
        except subprocess.TimeoutExpired:
            return f"it took more than {INSTALL_TIMEOUT_S} seconds"
    return None
