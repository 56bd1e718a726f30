"""Gives the package's tests the server as its users start it, before a stand-in of the API."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from pathlib import Path

import pytest
from mcp.client import Client

from tests.support.agentwork_standin import StandIn, running_standin
from tests.support.mcp_servers import Served, ServingHttp, http_client, over_stdio


class HttpServers:
    """Servers over HTTP, one for each API and environment: they keep nothing, so tests share."""

    def __init__(self, errors: Path) -> None:
        self.errors = errors
        self._running = ExitStack()
        self._urls: dict[tuple[str, tuple[tuple[str, str], ...]], str] = {}

    def url(self, base_url: str, more: dict[str, str]) -> str:
        """Where the server before this API listens; started when it is first asked for."""
        wanted = (base_url, tuple(sorted(more.items())))
        if wanted not in self._urls:
            server = ServingHttp(self.errors, base_url, **more)
            self._urls[wanted] = self._running.enter_context(server)
        return self._urls[wanted]

    def stop(self) -> None:
        self._running.close()


@pytest.fixture(scope="session")
def http_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpServers]:
    servers = HttpServers(tmp_path_factory.mktemp("http") / "stderr")
    servers.errors.touch()
    yield servers
    servers.stop()


@pytest.fixture(scope="session")
def shared_standin() -> Iterator[StandIn]:
    with running_standin() as standin:
        yield standin


@pytest.fixture
def standin(shared_standin: StandIn) -> StandIn:
    """A stand-in that has heard nothing yet."""
    shared_standin.forget()
    return shared_standin


@pytest.fixture
def errors(tmp_path: Path) -> Path:
    """Where a server of the test's own writes its standard error."""
    path = tmp_path / "stderr"
    path.touch()
    return path


@pytest.fixture(params=["stdio", "http"])
def served(request: pytest.FixtureRequest, errors: Path, http_servers: HttpServers) -> Served:
    """The server over each transport in turn."""
    if request.param == "stdio":

        def connect(
            base_url: str, api_key: str | None = None, **more: str
        ) -> AbstractAsyncContextManager[Client]:
            return over_stdio(errors, base_url, api_key, more)

        return Served("stdio", connect, errors.read_text)

    @asynccontextmanager
    async def connect_http(
        base_url: str, api_key: str | None = None, **more: str
    ) -> AsyncGenerator[Client]:
        async with http_client(http_servers.url(base_url, more), api_key) as client:
            yield client

    return Served("http", connect_http, http_servers.errors.read_text)
