"""Posts one body to one address: judged after it was looked up, and held to what was judged."""

import asyncio
import contextlib
import ssl
import time
from collections.abc import AsyncGenerator, Iterable, Mapping
from typing import Any, cast

import httpcore
import httpx

from hiringhall.domain.addresses import Networks
from hiringhall.domain.errors import Invalid
from hiringhall.domain.webhooks import ANSWER_BYTES, Answered, read_url, why_not_there
from hiringhall.workers.egress.proxy import Resolver
from hiringhall.workers.git.address import system_resolver

ATTEMPT_S = 20.0
"""How long one attempt may take, from the looking up to the last byte."""
CONNECT_S = 10.0

Options = Iterable[Any]

_UNPRINTED = "\N{REPLACEMENT CHARACTER}"


class _Refused(Exception):
    """Why nothing was sent, in a sentence."""


class Outgoing:
    """The way to endpoints: `networks` are those that may be private, and spoken to by http."""

    def __init__(
        self,
        networks: Networks = (),
        *,
        resolver: Resolver = system_resolver,
        attempt_s: float = ATTEMPT_S,
        trusted: ssl.SSLContext | None = None,
    ) -> None:
        self._networks = networks
        self._resolver = resolver
        self._attempt_s = attempt_s
        self._trusted = trusted

    async def post(
        self, url: str, *, headers: Mapping[str, str], body: bytes, at_us: int
    ) -> Answered:
        """Send a body, once; what came of it. Redirects are not followed."""
        begun_s = time.monotonic()

        def answered(**more: Any) -> Answered:
            took_ms = int((time.monotonic() - begun_s) * 1000)
            return Answered(at_us=at_us, took_ms=took_ms, **more)

        try:
            async with asyncio.timeout(self._attempt_s):
                status, said, retry_after_s = await self._post(url, headers, body)
        except _Refused as refused:
            return answered(error=str(refused))
        except TimeoutError:
            return answered(error=f"it did not answer within {self._attempt_s:g} seconds")
        except httpcore.ConnectTimeout:
            return answered(error="it could not be connected to in time")
        except httpcore.ConnectError as error:
            return answered(error=_why_not(error))
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException):
            return answered(error="it broke off, or does not speak HTTP")
        redirects = (
            "it answers with a redirect, which is not followed" if 300 <= status < 400 else ""
        )
        return answered(status=status, answer=said, retry_after_s=retry_after_s, error=redirects)

    async def _post(
        self, url: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, str, int]:
        async with (
            self._connected(url) as connection,
            connection.stream(
                "POST",
                url,
                headers=list(headers.items()),
                content=body,
                extensions={"timeout": {"connect": CONNECT_S}},
            ) as response,
        ):
            said = await _first_bytes(response)
            return response.status, said, _retry_after(response.headers)

    @contextlib.asynccontextmanager
    async def _connected(self, url: str) -> AsyncGenerator[httpcore.AsyncHTTPConnection]:
        """A connection of its own, to one of the addresses that were judged and to no other."""
        parsed = httpcore.URL(url)
        addresses = await self._judged(url)
        connection = httpcore.AsyncHTTPConnection(
            parsed.origin,
            ssl_context=self._context() if parsed.scheme == b"https" else None,
            network_backend=_Pinned(addresses),
            http2=False,
        )
        try:
            yield connection
        finally:
            with contextlib.suppress(Exception):
                await connection.aclose()

    async def _judged(self, url: str) -> list[str]:
        try:
            target = read_url(url)
        except Invalid as error:
            raise _Refused(error.message) from None
        try:
            found = await self._resolver(target.host, target.port)
        except (OSError, UnicodeError):
            found = []
        if refused := why_not_there(url, found, networks=self._networks):
            raise _Refused(refused)
        return found

    def _context(self) -> ssl.SSLContext:
        if self._trusted is None:
            self._trusted = httpx.create_ssl_context()
        return self._trusted


class _Pinned(httpcore.AsyncNetworkBackend):
    """Connects to given addresses, whatever the name is that a certificate is checked for."""

    def __init__(self, addresses: list[str]) -> None:
        self._addresses = addresses
        self._network = cast("httpcore.AsyncNetworkBackend", httpcore.AnyIOBackend())

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  as httpcore names it
        local_address: str | None = None,
        socket_options: Options | None = None,
    ) -> httpcore.AsyncNetworkStream:
        failed: Exception = httpcore.ConnectError("no address")
        for address in self._addresses:
            try:
                return await self._network.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        raise failed

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109
        socket_options: Options | None = None,
    ) -> httpcore.AsyncNetworkStream:
        raise httpcore.ConnectError("webhooks go over the network")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


async def _first_bytes(response: httpcore.Response) -> str:
    """The beginning of a body; the rest is left where it is, however much it may be."""
    said = b""
    async for piece in response.aiter_stream():
        said += piece[: ANSWER_BYTES - len(said)]
        if len(said) >= ANSWER_BYTES:
            break
    text = said.decode("utf-8", "replace")
    return "".join(
        one if one.isprintable() or one in "\n\t" else "\N{REPLACEMENT CHARACTER}" for one in text
    )


def _retry_after(headers: list[tuple[bytes, bytes]]) -> int:
    for name, value in headers:
        if name.lower() == b"retry-after" and value.isdigit() and len(value) < 10:
            return int(value)
    return 0


def _why_not(error: Exception) -> str:
    if "CERTIFICATE" in str(error).upper():
        return "its certificate is not accepted"
    return "it does not answer, or does not speak TLS"
