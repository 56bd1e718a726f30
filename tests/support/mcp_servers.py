"""Starts `agentwork-mcp` as its users do, over either transport, and connects a real client."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import httpx2
from mcp import StdioServerParameters
from mcp.client import Client
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client

SOURCE = Path(__file__).parents[2] / "packages" / "agentwork-mcp" / "src"

Transport = Literal["stdio", "http"]


@dataclass
class Served:
    """How a test reaches the server under test."""

    transport: Transport
    connect: Callable[..., AbstractAsyncContextManager[Client]]
    """`connect(base_url, api_key=…, **environment)`: a client of a server before that API."""
    stderr: Callable[[], str]
    """All that the servers have written to standard error."""


def command(*arguments: str) -> list[str]:
    """The command line that starts the server from this tree."""
    return [sys.executable, "-W", "error::ResourceWarning", "-m", "agentwork_mcp", *arguments]


def environment(base_url: str | None, **more: str) -> dict[str, str]:
    """A small environment: nothing of the developer's own settings reaches the server."""
    kept = {
        name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ
    }
    address = {} if base_url is None else {"AGENTWORK_BASE_URL": base_url}
    return {**kept, "PYTHONPATH": str(SOURCE), **address, **more}


@asynccontextmanager
async def over_stdio(
    errors: Path, base_url: str, api_key: str | None, more: dict[str, str]
) -> AsyncGenerator[Client]:
    if api_key is not None:
        more = {**more, "AGENTWORK_API_KEY": api_key}
    program, *arguments = command()
    parameters = StdioServerParameters(
        command=program, args=arguments, env=environment(base_url, **more)
    )
    with errors.open("a") as log:
        async with Client(stdio_client(parameters, errlog=log)) as client:
            yield client


@asynccontextmanager
async def http_client(url: str, api_key: str | None) -> AsyncGenerator[Client]:
    """An MCP client that sends this key with each of its requests."""
    headers = {} if api_key is None else {"Authorization": f"Bearer {api_key}"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=60) as http,
        Client(streamable_http_client(url, http_client=http)) as client,
    ):
        yield client


class ServingHttp:
    """The server over HTTP on a free loopback port, as a context manager that gives its URL."""

    def __init__(self, errors: Path, base_url: str, *arguments: str, **more: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port: int = free.getsockname()[1]
        self._arguments = ("--http", f"127.0.0.1:{self._port}", *arguments)
        self._environment = environment(base_url, **more)
        self._errors = errors

    def __enter__(self) -> str:
        with self._errors.open("a") as log:
            self._process = subprocess.Popen(
                command(*self._arguments),
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stderr=log,
            )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            assert self._process.poll() is None, self._errors.read_text()
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self._port)) == 0:
                    return f"http://127.0.0.1:{self._port}/mcp"
            time.sleep(0.02)
        raise AssertionError("the MCP server did not begin to listen")

    def __exit__(self, *_exc: object) -> None:
        self._process.terminate()
        self._process.wait(30)


def text_of(result: Any) -> str:
    """A tool's answer as the model reads it."""
    return "\n".join(block.text for block in result.content)
