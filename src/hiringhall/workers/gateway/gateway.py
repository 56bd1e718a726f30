"""The gateway of one process: endpoints and keys, prices and rules, and one pool of connections."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from hiringhall.actions.runs.working import RunBrief
from hiringhall.domain.compute import Spender
from hiringhall.hall import Hall
from hiringhall.workers.gateway.models import ModelRules
from hiringhall.workers.gateway.prices import PriceTable
from hiringhall.workers.gateway.providers import PUBLIC, Endpoint, Provider
from hiringhall.workers.gateway.refusals import Refused
from hiringhall.workers.gateway.run import GatewayRun

if TYPE_CHECKING:
    import httpx

TeamKey = Callable[[Spender, Provider], Awaitable[str | None]]
"""A team's own key for a provider, by who spends; None where it has none."""

CONNECT_S = 10.0
SILENCE_S = 600.0
"""How long a provider may think without a word."""


async def no_team_key(_spender: Spender, _provider: Provider) -> str | None:
    """No team has a key of its own."""
    return None


class Gateway:
    """Makes an app for each run; what they share is here, the keys with it, and never inside.

    `hosted_tools` lets agents use the tools that providers run themselves, with their network.
    """

    def __init__(
        self,
        hall: Hall,
        *,
        endpoints: Mapping[Provider, Endpoint],
        prices: PriceTable,
        models: ModelRules | None = None,
        hosted_tools: bool = False,
        team_key: TeamKey = no_team_key,
    ) -> None:
        self.hall = hall
        self.prices = prices
        self.models = models or ModelRules()
        self.hosted_tools = hosted_tools
        self._endpoints = endpoints
        self._team_key = team_key
        self._client: httpx.AsyncClient | None = None
        self._opening = asyncio.Lock()

    def app_for(self, brief: RunBrief) -> GatewayRun:
        """The app that a run's agent calls models by."""
        return GatewayRun(self, brief)

    @property
    def providers(self) -> tuple[Provider, ...]:
        """Those that can be called without a team's own key."""
        return tuple(one for one, endpoint in self._endpoints.items() if _answers(endpoint))

    async def endpoint_for(self, spender: Spender, provider: Provider) -> Endpoint:
        """Where a team's calls go, with the key for them; the team's own goes before the hall's.

        Raises Refused where there is none.
        """
        endpoint = self._endpoints.get(provider, Endpoint(provider, PUBLIC[provider]))
        own = await self._team_key(spender, provider)
        if own:
            return Endpoint(provider, endpoint.base_url, own)
        if not _answers(endpoint):
            raise Refused(404, f"This hall has no key for models of {provider.value}")
        return endpoint

    def masked(self, told: bytes, endpoint: Endpoint) -> bytes:
        """What a provider says, without any key that it may quote."""
        for one in (endpoint, *self._endpoints.values()):
            if one.key:
                told = told.replace(one.key.encode(), b"***")
        return told

    async def client(self) -> "httpx.AsyncClient":
        """The shared pool of connections, made when it is first wanted."""
        if self._client is None:
            async with self._opening:
                if self._client is None:
                    # Its certificates alone are read for longer than the loop may be held.
                    self._client = await asyncio.to_thread(_open_client)
        return self._client

    async def close(self) -> None:
        """Let go of every connection."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None


def _answers(endpoint: Endpoint) -> bool:
    return bool(endpoint.key) or not endpoint.is_public


def _open_client() -> "httpx.AsyncClient":
    import httpx

    return httpx.AsyncClient(
        timeout=httpx.Timeout(SILENCE_S, connect=CONNECT_S, write=60.0, pool=CONNECT_S),
        limits=httpx.Limits(max_connections=2_000, max_keepalive_connections=200),
        follow_redirects=False,
    )
