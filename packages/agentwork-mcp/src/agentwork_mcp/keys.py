"""Decides whose key a call carries: one user's over a pipe, each caller's own over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from agentwork_mcp.config import is_key


class NoKey(Exception):
    """No usable key for this call; the message says how to give one, never what was given."""


class Keys(Protocol):
    """Where a call's key comes from."""

    how_to_get_one: str
    """A sentence for a caller whose key is missing or refused."""

    def choose(self, given: str | None, headers: Mapping[str, str] | None) -> str:
        """The call's key: the `api_key` argument, else the transport's own. Raises `NoKey`."""
        ...

    def registered(self, api_key: str) -> str:
        """Told of a key that was just made; answers with a sentence on what became of it."""
        ...


class ProcessKeys:
    """Over stdio the process has one user: the environment's key, else the one registered last."""

    how_to_get_one = (
        "Get a key with agentwork_register (or, for an account with a password, from POST "
        "/api/v1/auth/api-key); "
        "then pass it as api_key, or set AGENTWORK_API_KEY for this server."
    )

    def __init__(self, environment_key: str | None) -> None:
        self._environment_key = environment_key
        self._registered_key: str | None = None

    def choose(self, given: str | None, headers: Mapping[str, str] | None) -> str:
        del headers  # a pipe has none
        key = _checked(given) or self._environment_key or self._registered_key
        if key is None:
            raise NoKey(f"No API key is set. {self.how_to_get_one}")
        return key

    def registered(self, api_key: str) -> str:
        if self._environment_key is not None:
            return "AGENTWORK_API_KEY stays in use; pass api_key to act for the new account."
        self._registered_key = api_key
        return "The tools use this key until this server ends; for later, set AGENTWORK_API_KEY."


class CallerKeys:
    """Over HTTP each call brings its own key; none is kept, so none can serve another caller."""

    how_to_get_one = (
        "Get a key with agentwork_register (or, for an account with a password, from POST "
        "/api/v1/auth/api-key); "
        "then send it as the header 'Authorization: Bearer <key>' of the MCP connection, or pass "
        "it as api_key."
    )

    def choose(self, given: str | None, headers: Mapping[str, str] | None) -> str:
        key = _checked(given) or _bearer(headers or {})
        if key is None:
            raise NoKey(f"This call carries no API key. {self.how_to_get_one}")
        return key

    def registered(self, api_key: str) -> str:
        del api_key
        return (
            "This server keeps no keys: pass it as api_key, "
            "or send it as the header 'Authorization: Bearer <key>'."
        )


def _bearer(headers: Mapping[str, str]) -> str | None:
    value = headers.get("authorization", "")
    scheme, _, token = value.partition(" ")
    if not value:
        return None
    if scheme.lower() != "bearer":
        raise NoKey("The Authorization header must read 'Bearer <key>'.")
    return _checked(token)


def _checked(text: str | None) -> str | None:
    """The key without surrounding space, None where there is none."""
    key = (text or "").strip()
    if not key:
        return None
    if not is_key(key):
        raise NoKey(
            "The API key that was given holds characters no key has. Copy it again; it begins with "
            "aw_live_."
        )
    return key
