"""The few calls of the Kubernetes API that a sandbox needs."""

import asyncio
import contextlib
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hiringhall.workers.sandboxes.port import SandboxError

if TYPE_CHECKING:
    import httpx
    from websockets.asyncio.client import ClientConnection

CALL_S = 30.0
PROTOCOL = "v5.channel.k8s.io"
"""The one in which standard input can be closed (Kubernetes 1.30 and later)."""


class KubernetesError(SandboxError):
    """The cluster refused, or is not there; `status` is 0 then."""

    def __init__(self, sentence: str, status: int = 0) -> None:
        super().__init__(sentence)
        self.status = status


@dataclass(frozen=True, slots=True)
class Access:
    """How a cluster is reached: from within it by the hall's own service account.

    The token is read anew for each call, because the cluster renews it.
    """

    url: str
    namespace: str
    token_file: Path
    ca_file: Path


class KubernetesApi:
    """One namespace of a cluster."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._client: httpx.AsyncClient | None = None
        self._opening = asyncio.Lock()

    @property
    def namespace(self) -> str:
        """Where the Pods are."""
        return self._access.namespace

    async def call(
        self, method: str, path: str, body: Any = None, *, query: Mapping[str, str] | None = None
    ) -> Any:
        """One call below the namespace, such as `GET` `pods`. Raises KubernetesError."""
        import httpx

        group = "/apis/networking.k8s.io/v1" if path.startswith("networkpolicies") else "/api/v1"
        where = f"{group}/namespaces/{self._access.namespace}/{path}"
        try:
            client = await self._open()
            answer = await client.request(
                method, where, json=body, params=query, headers=self._headers()
            )
        except (httpx.HTTPError, OSError) as error:
            raise KubernetesError(
                f"Kubernetes at {self._access.url} does not answer: {error or type(error).__name__}"
            ) from error
        if answer.status_code >= 400:
            said = _message(answer.content)
            raise KubernetesError(f"Kubernetes refused: {said}", answer.status_code)
        return answer.json()

    async def attach(self, pod: str) -> "ClientConnection":
        """The Pod's streams. Raises KubernetesError."""
        from websockets.asyncio.client import connect
        from websockets.exceptions import WebSocketException

        base = self._access.url.replace("http", "ws", 1).rstrip("/")
        path = f"/api/v1/namespaces/{self._access.namespace}/pods/{pod}/attach"
        try:
            return await connect(
                f"{base}{path}?container=work&stdin=true&stdout=true&stderr=true&tty=false",
                additional_headers=self._headers(),
                subprotocols=[PROTOCOL],  # pyright: ignore[reportArgumentType]  a plain text will do
                ssl=await self._tls() if base.startswith("wss") else None,
                max_size=None,
                max_queue=4,
                proxy=None,
                open_timeout=CALL_S,
                ping_interval=20,
                ping_timeout=60,
            )
        except (WebSocketException, OSError, TimeoutError) as error:
            raise KubernetesError(f"Kubernetes did not attach to {pod}: {error}") from error

    async def close(self) -> None:
        """Let go of every connection."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    def _headers(self) -> dict[str, str]:
        with contextlib.suppress(FileNotFoundError):
            token = self._access.token_file.read_text().strip()
            if token:
                return {"Authorization": f"Bearer {token}"}
        return {}

    async def _tls(self) -> ssl.SSLContext:
        ca = self._access.ca_file
        cafile = str(ca) if ca.exists() else None
        return await asyncio.to_thread(ssl.create_default_context, cafile=cafile)

    async def _open(self) -> "httpx.AsyncClient":
        import httpx

        async with self._opening:
            if self._client is None:
                verify = await self._tls() if self._access.url.startswith("https") else False
                self._client = httpx.AsyncClient(
                    base_url=self._access.url, verify=verify, timeout=CALL_S, trust_env=False
                )
            return self._client


def _message(content: bytes) -> str:
    try:
        return str(json.loads(content)["message"])
    except (ValueError, KeyError, TypeError):
        return content[:300].decode(errors="replace")
