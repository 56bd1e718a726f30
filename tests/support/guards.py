"""What every test is held to: one event loop, repeatable examples, isolation where it must be."""

import functools
import os
import shutil
import subprocess

import hypothesis
import pytest

REQUIRE_SANDBOX = "HIRINGHALL_REQUIRE_SANDBOX"

_ISOLATE = ("bwrap", "--unshare-all", "--unshare-user", "--die-with-parent")

# The suite draws the same examples each time and knows no hurry; `make fuzz` looks for new ones.
_UNHURRIED = (hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.data_too_large)
hypothesis.settings.register_profile(
    "suite", deadline=None, derandomize=True, suppress_health_check=_UNHURRIED
)
hypothesis.settings.register_profile(
    "fuzz", deadline=None, max_examples=2_000, print_blob=True, suppress_health_check=_UNHURRIED
)
hypothesis.settings.load_profile("suite")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The hall runs on asyncio, and so do its tests."""
    return "asyncio"


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip tests marked `sandbox` where isolation cannot be had; fail them where it must be."""
    if item.get_closest_marker("sandbox") is None:
        return
    lack = _lack_of_isolation()
    if lack and os.environ.get(REQUIRE_SANDBOX) == "1":
        pytest.fail(f"{REQUIRE_SANDBOX}=1, but {lack}", pytrace=False)
    if lack:
        pytest.skip(f"needs a sandbox, but {lack}")


@functools.cache
def _lack_of_isolation() -> str | None:
    """Why no sandbox can be started here, or None: asked of the tools, not of the hall's probe."""
    missing = [tool for tool in ("bwrap", "socat") if shutil.which(tool) is None]
    if missing:
        return f"{' and '.join(missing)} cannot be found: install bubblewrap and socat"
    trial = subprocess.run(
        [*_ISOLATE, "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "true"],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )
    if trial.returncode == 0:
        return None
    return f"this machine forbids namespaces: {trial.stderr.strip() or trial.returncode}"
