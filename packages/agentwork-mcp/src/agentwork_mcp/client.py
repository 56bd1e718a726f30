"""Speaks HTTP with the API: one method a call, the key given each time and never kept."""

from __future__ import annotations

import json
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Self, TypeAlias, cast

import httpx

from agentwork_mcp import __version__
from agentwork_mcp.config import Config
from agentwork_mcp.errors import Advice, not_json, refusal, unreachable

Json: TypeAlias = dict[str, Any]


class AgentworkClient:
    """A connection pool to one API. Use as an async context manager.

    The pool is shared by all callers of an HTTP server, so nothing of one caller may stay in it:
    keys are handed to each call, and cookies are refused.
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        self._http = httpx.AsyncClient(
            base_url=f"{config.base_url}/api/v1",
            timeout=config.timeout_s,
            headers={
                "User-Agent": f"agentwork-mcp/{__version__}",
                "Accept": "application/json",
            },
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            follow_redirects=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self._http.aclose()

    async def get(self, path: str, *, api_key: str, advice: Advice) -> Json:
        """`GET` below `/api/v1`; the JSON object of a 2xx answer, else `CallFailed`."""
        return await self._call("GET", path, body=None, api_key=api_key, advice=advice)

    async def post(self, path: str, body: Json, *, api_key: str | None, advice: Advice) -> Json:
        """`POST` of a JSON object below `/api/v1`; answers and fails like `get`."""
        return await self._call("POST", path, body=body, api_key=api_key, advice=advice)

    async def _call(
        self,
        method: str,
        path: str,
        *,
        body: Json | None,
        api_key: str | None,
        advice: Advice,
    ) -> Json:
        headers = {} if api_key is None else {"Authorization": f"Bearer {api_key}"}
        content: bytes | None = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            # ASCII escapes: a lone surrogate, which JSON can carry and UTF-8 cannot, is the API's
            # to judge.
            content = json.dumps(body).encode("ascii")
        try:
            response = await self._http.request(method, path, content=content, headers=headers)
        except httpx.HTTPError as error:
            raise unreachable(
                error, self._config.base_url, self._config.timeout_s, advice
            ) from None
        if not response.is_success:
            raise refusal(response, advice)
        try:
            answer = json.loads(response.content)
        except ValueError:
            raise not_json(response, self._config.base_url) from None
        if not isinstance(answer, dict):
            raise not_json(response, self._config.base_url)
        return cast("Json", answer)
