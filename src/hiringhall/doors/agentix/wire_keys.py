"""The Agentix door's shapes of API keys (seed 004, "API Keys")."""

import msgspec

from hiringhall.actions.accounts import ApiKey
from hiringhall.doors.agentix.wire import Ref, Time
from hiringhall.doors.agentix.words import maybe_time_of, ref, time_of

SHOWN_PREFIX_LENGTH = 11
"""How much of a key is shown again: `at_live_` and three more."""


class KeyBody(msgspec.Struct):
    """A key to be made."""

    name: str


class MintedAnswer(msgspec.Struct, rename="camel"):
    """A key just made; the key itself is shown this once."""

    id: Ref
    name: str
    api_key: str
    key_prefix: str
    created_at: Time


class KeyAnswer(msgspec.Struct, rename="camel"):
    """A key by the beginning of it."""

    id: Ref
    name: str
    key_prefix: str
    revoked_at: Time | None
    created_at: Time


class RevokedAnswer(msgspec.Struct, rename="camel"):
    """The key opens nothing since then."""

    ok: bool
    revoked_at: Time


def minted(issued: tuple[ApiKey, str]) -> MintedAnswer:
    """A key just made."""
    key, secret = issued
    return MintedAnswer(
        ref("key", key.id),
        key.label,
        secret,
        secret[:SHOWN_PREFIX_LENGTH],
        time_of(key.created_at_us),
    )


def key_answer(key: ApiKey) -> KeyAnswer:
    """A key of the list."""
    return KeyAnswer(
        ref("key", key.id),
        key.label,
        key.prefix[:SHOWN_PREFIX_LENGTH],
        maybe_time_of(key.revoked_at_us),
        time_of(key.created_at_us),
    )
