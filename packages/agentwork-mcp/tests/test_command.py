"""The command itself: help, version, settings it refuses, and the guard at its HTTP door."""

from __future__ import annotations

import importlib.metadata
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from mcp import StdioServerParameters
from mcp.client import Client
from mcp.client.stdio import stdio_client
from packaging.requirements import Requirement

from agentwork_mcp.main import main
from tests.support.agentwork_standin import StandIn
from tests.support.mcp_servers import ServingHttp, command, environment


def run(
    *arguments: str, base_url: str | None = None, **more: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments),
        env=environment(base_url, **more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_help_names_every_setting() -> None:
    shown = run("--help")
    assert shown.returncode == 0
    for word in (
        "--http",
        "--allowed-host",
        "AGENTWORK_BASE_URL",
        "AGENTWORK_API_KEY",
        "AGENTWORK_PLAN_APPROVAL",
    ):
        assert word in shown.stdout


def test_version() -> None:
    shown = run("--version")
    assert shown.returncode == 0
    assert shown.stdout.startswith("agentwork-mcp 0.")


@pytest.mark.promise("AW-MCP-INSTALL")
def test_the_package_brings_the_command() -> None:
    """By its metadata: what `pip install agentwork-mcp` would put on the PATH."""
    distribution = importlib.metadata.distribution("agentwork-mcp")
    scripts = {one.name: one.load() for one in distribution.entry_points}
    assert scripts == {"agentwork-mcp": main}
    required = {Requirement(one).name for one in distribution.requires or ()}
    assert required == {"httpx", "mcp"}


@pytest.mark.promise("AW-MCP-CONFIGURATION")
@pytest.mark.anyio
async def test_a_client_starts_the_command_with_the_key_alone() -> None:
    installed = shutil.which("agentwork-mcp", path=str(Path(sys.executable).parent))
    assert installed, "set-up installs the package"
    configured = StdioServerParameters(
        command=installed, args=[], env={"AGENTWORK_API_KEY": "aw_live_some"}
    )
    async with Client(stdio_client(configured)) as client:
        assert len((await client.list_tools()).tools) == 8


def test_the_end_of_input_ends_it() -> None:
    ended = run()
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("arguments", "settings", "complaint"),
    [
        ((), {"AGENTWORK_BASE_URL": "agentwork.com"}, "AGENTWORK_BASE_URL must be an http"),
        ((), {"AGENTWORK_BASE_URL": "ftp://agentwork.com"}, "AGENTWORK_BASE_URL must be an http"),
        ((), {"AGENTWORK_BASE_URL": "http://[::1"}, "AGENTWORK_BASE_URL must be an http"),
        ((), {"AGENTWORK_BASE_URL": "https://a:hunter2@b.example"}, "must not carry a user name"),
        ((), {"AGENTWORK_BASE_URL": "https://b.example/?x=1"}, "must not carry a query"),
        ((), {"AGENTWORK_API_KEY": "aw_live_hunter2 x"}, "does not look like a key"),
        (("--allowed-host", "a.example"), {}, "goes with --http"),
        (("--http", "8765"), {}, "takes HOST:PORT"),
        (("--http", "127.0.0.1:0"), {}, "takes HOST:PORT"),
        (("--http", "127.0.0.1:99999"), {}, "takes HOST:PORT"),
        (("--http", "0.0.0.0:8765"), {}, "--allowed-host"),
    ],
)
def test_what_cannot_be_used_is_refused(
    arguments: tuple[str, ...], settings: dict[str, str], complaint: str
) -> None:
    refused = run(*arguments, **settings)
    assert refused.returncode == 2
    assert complaint in refused.stderr
    assert "hunter2" not in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_key_in_the_clear_is_warned_of() -> None:
    assert "in the clear" in run(base_url="http://hall.example:8080").stderr
    assert run(base_url="http://127.0.0.1:8080").stderr == ""


def test_a_taken_port_is_an_error_and_no_traceback(tmp_path: Path, standin: StandIn) -> None:
    address = standin.url.removeprefix("http://")
    refused = run("--http", address, base_url=standin.url)
    assert refused.returncode == 1
    assert "address already in use" in refused.stderr
    assert "agentwork-mcp serves" not in refused.stderr
    assert "Traceback" not in refused.stderr


def test_http_guards_its_door(tmp_path: Path, standin: StandIn) -> None:
    errors = tmp_path / "stderr"
    ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    accept = {"Accept": "application/json, text/event-stream"}
    with (
        ServingHttp(errors, standin.url, "--allowed-host", "mcp.example.org") as url,
        httpx.Client(headers=accept, timeout=60) as http,
    ):
        assert http.get(url).status_code == 405
        assert http.post(url, json=ping).status_code == 421
        assert http.post(url, json=ping, headers={"Host": "mcp.example.org"}).status_code == 200
        assert (
            http.post(url, json=ping, headers={"Host": "mcp.example.org:8765"}).status_code == 200
        )
        from_page = {"Host": "mcp.example.org", "Origin": "https://evil.example"}
        assert http.post(url, json=ping, headers=from_page).status_code == 403
        too_much = http.post(url, content=b" " * (5 << 20), headers={"Host": "mcp.example.org"})
        assert too_much.status_code in {400, 413}
