"""A command in a real sandbox goes out to what its role opens, and to nothing else."""

import asyncio
import contextlib
import shlex
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hiringhall.actions.roles import set_role
from hiringhall.app import open_app
from hiringhall.domain.errors import Invalid
from hiringhall.domain.tasks import State
from hiringhall.settings import SettingsError, read_settings
from tests.support.halls import sign_up
from tests.workers.shop import EMAIL, Shop, carried

pytestmark = [pytest.mark.anyio, pytest.mark.sandbox]

HOST = "127.0.0.2"
"""On loopback, and not what programs inside leave the proxy out for."""


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """A server of the host's."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(
                b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\nconnection: close\r\n\r\nhello\n"
            )
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, HOST, 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@contextlib.asynccontextmanager
async def shop_of(tmp_path: Path, database_url: str, **settings: Any) -> AsyncGenerator[Shop]:
    read = read_settings(
        {},
        data_dir=tmp_path / "data",
        database_url=database_url,
        require_sandbox=True,
        **settings,
    )
    async with open_app(read) as app, carried(app) as house:
        yield Shop(app, house, await sign_up(app.hall), tmp_path)


async def printed(shop: Shop) -> str:
    task = await shop.post()
    row = await shop.house.until(shop.ada, task.id, State.IN_REVIEW, State.FAILED)
    assert row.deliverable_text is not None, await shop.words(task)
    return row.deliverable_text


def log_of(shop: Shop) -> str:
    return "".join(path.read_text() for path in shop.app.place.logs.iterdir())


async def test_it_reaches_what_its_role_opens(tmp_path: Path, database_url: str, port: int) -> None:
    async with shop_of(tmp_path, database_url, egress_networks=("127.0.0.0/8",)) as shop:
        url = f"http://{HOST}:{port}/secret-path"
        script = (
            f"ls /run/hall; curl -sS {url}; curl -sS -p {url}; "
            f"curl -sS -w '%{{http_code}}\\n' -o refused http://other.test/; cat refused; "
            f"curl -sS --noproxy '*' -m 5 {url} || echo none; "
            "ls /etc/ssl/private 2>/dev/null; ls /etc/ssl/certs | wc -l"
        )
        await shop.role(
            script,
            hosts=[f"{HOST}:{port}"],
        )
        said = await printed(shop)
        lines = said.splitlines()
        assert lines[:6] == ["egress.sock", "hall", "work.sock", "hello", "hello", "403"], said
        assert "This role does not open other.test:80" in lines[6]
        assert "none" in lines[7]
        assert int(lines[8]) > 0
        log = log_of(shop)
        assert f"egress: allowed {HOST}:{port}" in log
        assert "egress: refused other.test:80: the role does not open it" in log
        # Beside the command itself nothing says where on that host it went.
        command = shlex.join(["/bin/sh", "-c", script])
        assert command in log
        assert "secret-path" not in log.replace(command, "")


async def test_what_the_operator_has_not_listed_stays_closed(
    tmp_path: Path, database_url: str, port: int
) -> None:
    async with shop_of(tmp_path, database_url) as shop:
        url = f"http://{HOST}:{port}/"
        await shop.role(f"curl -sS {url}; curl -sS -p {url} || true", hosts=[f"{HOST}:{port}"])
        said = await printed(shop)
        assert "HIRINGHALL_EGRESS_NETWORKS" in said
        assert "hello" not in said


async def test_a_role_that_opens_nothing_has_no_way_out(
    tmp_path: Path, database_url: str, port: int
) -> None:
    async with shop_of(tmp_path, database_url, egress_networks=("127.0.0.0/8",)) as shop:
        await shop.role(
            f"ls /run/hall; env | grep -ci proxy; curl -sS http://{HOST}:{port}/ || echo none; "
            "ls /etc/ssl/certs 2>/dev/null | wc -l"
        )
        lines = (await printed(shop)).splitlines()
        assert lines[:3] == ["hall", "work.sock", "0"]
        assert lines[3:5] == ["none", "0"]


async def test_a_role_says_hosts_and_nothing_else(tmp_path: Path, database_url: str) -> None:
    async with shop_of(tmp_path, database_url) as shop:
        for hosts in (["*"], ["https://example.org"], ["127.1"]):
            with pytest.raises(Invalid, match="hosts"):
                await shop.role("true", hosts=hosts)


async def test_without_a_wall_hosts_mean_nothing(tmp_path: Path, database_url: str) -> None:
    read = read_settings(
        {}, data_dir=tmp_path / "data", database_url=database_url, sandbox="process-unsafe"
    )
    async with open_app(read) as app:
        await sign_up(app.hall)
        config = {"argv": ["true"], "hosts": ["example.org"]}
        with pytest.raises(Invalid, match="process-unsafe"):
            await set_role(app.hall, email=EMAIL, name="w", runtime="command", config=config)


@pytest.mark.parametrize("settings", [{"egress_networks": ("x",)}, {"egress_hosts": ("*.org",)}])
async def test_settings_that_mean_nothing_keep_the_hall_from_starting(
    tmp_path: Path, database_url: str, settings: dict[str, Any]
) -> None:
    read = read_settings({}, data_dir=tmp_path / "data", database_url=database_url, **settings)
    with pytest.raises(SettingsError, match="HIRINGHALL_EGRESS"):
        async with open_app(read):
            pass
