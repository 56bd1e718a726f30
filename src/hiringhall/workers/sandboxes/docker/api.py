"""The few calls of the Docker Engine API that a sandbox needs, over the engine's Unix socket."""

import asyncio
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from hiringhall.workers.sandboxes.port import SandboxError

if TYPE_CHECKING:
    import httpx

CALL_S = 60.0
_HEAD_BYTES = 64 * 1024


class DockerError(SandboxError):
    """The engine refused, or is not there; `status` is 0 then."""

    def __init__(self, sentence: str, status: int = 0) -> None:
        super().__init__(sentence)
        self.status = status


class DockerApi:
    """An engine at a socket."""

    def __init__(self, socket: str) -> None:
        self._socket = socket
        self._client: httpx.AsyncClient | None = None

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, str] | None = None,
        timeout_s: float | None = CALL_S,
    ) -> Any:
        """One call; its answer, read as JSON where it is. Raises DockerError."""
        import httpx

        try:
            answer = await self._open().request(
                method, path, json=body, params=query, timeout=timeout_s
            )
        except httpx.HTTPError as error:
            raise DockerError(
                f"The Docker Engine at {self._socket} does not answer: "
                f"{error or type(error).__name__}"
            ) from error
        if answer.status_code >= 400:
            said = _message(answer.content)
            raise DockerError(f"The Docker Engine refused: {said}", answer.status_code)
        return json.loads(answer.content) if answer.content[:1] in (b"{", b"[") else None

    async def attach(self, container: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """The container's streams, on a connection that is theirs alone from here on.

        Raises DockerError.
        """
        path = f"/containers/{quote(container)}/attach?stream=1&stdin=1&stdout=1&stderr=1"
        try:
            reader, writer = await asyncio.open_unix_connection(self._socket, limit=_HEAD_BYTES)
        except OSError as error:
            raise DockerError(
                f"The Docker Engine at {self._socket} does not answer: {error}"
            ) from error
        try:
            writer.write(
                f"POST {path} HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n"
                "Content-Length: 0\r\n\r\n".encode()
            )
            async with asyncio.timeout(CALL_S):
                head = await reader.readuntil(b"\r\n\r\n")
        except (OSError, EOFError, TimeoutError, asyncio.LimitOverrunError) as error:
            writer.transport.abort()
            raise DockerError(f"The Docker Engine did not attach: {error}") from error
        except BaseException:
            writer.transport.abort()
            raise
        status = int(head.split(maxsplit=2)[1])
        if status not in (101, 200):
            writer.transport.abort()
            raise DockerError("The Docker Engine did not attach", status)
        return reader, writer

    async def close(self) -> None:
        """Let go of every connection."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    def _open(self) -> "httpx.AsyncClient":
        import httpx

        if self._client is None:
            self._client = httpx.AsyncClient(
                transport=httpx.AsyncHTTPTransport(
                    uds=self._socket,
                    # Each running container has one call that waits for its end.
                    limits=httpx.Limits(max_connections=None, max_keepalive_connections=8),
                ),
                base_url="http://docker",
            )
        return self._client


def _message(content: bytes) -> str:
    try:
        return str(json.loads(content)["message"])
    except (ValueError, KeyError, TypeError):
        return content[:300].decode(errors="replace")
