"""Reads and checks what the environment says, once, so that nothing else looks at it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

DEFAULT_BASE_URL = "https://agentwork.com"

# RFC 6750's b68token. Checked before a key is put into a header: an HTTP library that is handed
# anything else quotes the whole header, key and all, in its error.
_KEY = re.compile(r"[A-Za-z0-9._~+/=-]{1,512}")

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class ConfigError(Exception):
    """A setting cannot be used; the message names it, says why, and never shows a key."""


@dataclass(frozen=True)
class Config:
    """What the server needs to know about the API it stands before."""

    base_url: str
    """Scheme, host and any path prefix, without a trailing slash; the API's paths follow it."""
    api_key: str | None = field(default=None, repr=False)
    """`AGENTWORK_API_KEY`; used over stdio only."""
    plan_approval: bool = False
    """Offer the tool that decides on a plan; off, the tools are the eight of the guide."""
    timeout_s: float = 30.0
    """How long one API call may take before it is reported as unanswered."""

    @property
    def unencrypted(self) -> bool:
        """Whether the key would cross a network in the clear."""
        parts = urlsplit(self.base_url)
        return parts.scheme == "http" and (parts.hostname or "") not in _LOOPBACK


def is_key(text: str) -> bool:
    """Whether the text can be a bearer key at all; says nothing about whether the API knows it."""
    return _KEY.fullmatch(text) is not None


def read_config(environment: Mapping[str, str]) -> Config:
    """The settings in `AGENTWORK_BASE_URL`, `AGENTWORK_API_KEY` and `AGENTWORK_PLAN_APPROVAL`.

    An empty variable counts as unset: client configurations often pass empty strings along.

    Raises:
        ConfigError: a variable is set to something that cannot be used.
    """
    api_key = environment.get("AGENTWORK_API_KEY", "").strip() or None
    if api_key is not None and not is_key(api_key):
        raise ConfigError(
            "AGENTWORK_API_KEY does not look like a key: it holds spaces, line breaks or other "
            "characters no key has. "
            "Copy the value that registration gave (aw_live_…) again."
        )
    return Config(
        base_url=_base_url(environment.get("AGENTWORK_BASE_URL", "").strip() or DEFAULT_BASE_URL),
        api_key=api_key,
        plan_approval=environment.get("AGENTWORK_PLAN_APPROVAL", "").strip().lower()
        in {"1", "true", "yes", "on"},
    )


def _base_url(text: str) -> str:
    """The URL without trailing slash, refused when it is none or carries credentials."""
    try:
        parts = urlsplit(text)
        host, _port = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if parts.scheme not in {"http", "https"} or not host:
        raise ConfigError(
            f"AGENTWORK_BASE_URL must be an http or https address such as {DEFAULT_BASE_URL} or http://127.0.0.1:8470."
        )
    if parts.username is not None or parts.password is not None:
        raise ConfigError(
            "AGENTWORK_BASE_URL must not carry a user name or password: the key goes in "
            "AGENTWORK_API_KEY."
        )
    if parts.query or parts.fragment:
        raise ConfigError("AGENTWORK_BASE_URL must not carry a query or a fragment.")
    return urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/"), "", ""))
