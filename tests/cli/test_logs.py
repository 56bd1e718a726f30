"""What the server's log must not hold, whatever goes wrong."""

import subprocess
import sys

import pytest

BREAKING = """
import logging, sys
import structlog
from hiringhall.cli import logs
from hiringhall.settings import Settings

logs.configure(Settings(log_format=sys.argv[1]))

def handle(scope):
    raise RuntimeError("the boiler")

try:
    handle({"headers": [(b"authorization", b"Bearer " + sys.argv[2].encode())]})
except RuntimeError as error:
    logging.getLogger("uvicorn.error").error("Exception in ASGI application", exc_info=error)
    structlog.get_logger("hiringhall").exception("request failed")
"""


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_a_traceback_shows_no_variables(log_format: str) -> None:
    """A frame of a request holds its headers, and so its key."""
    secret = "aw_live_" + "s3cr3t" * 3
    run = subprocess.run(
        [sys.executable, "-c", BREAKING, log_format, secret],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert run.stderr.count("the boiler") >= 2
    assert secret not in run.stderr
    assert "authorization" not in run.stderr
