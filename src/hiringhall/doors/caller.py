"""Who calls, from where, and with which idempotency key: what any door reads from a request."""

import contextlib
import re
from collections.abc import Awaitable, Callable
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec
from starlette.types import Scope

from hiringhall.actions.keys import USED_EVERY_US, was_used
from hiringhall.domain.errors import HallError, Invalid, Unauthorized
from hiringhall.domain.ids import AGENT_KEY_PREFIX, SERVICE_KEY_PREFIX
from hiringhall.domain.policy import Actor
from hiringhall.doors.desk import Desk, Networks
from hiringhall.doors.kit import Call, Refused, encode_json
from hiringhall.hall import Once
from hiringhall.queries.accounts import holder_of
from hiringhall.queries.agents import authenticate_agent
from hiringhall.queries.service_keys import authenticate_run

T = TypeVar("T")

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_KEY = re.compile(r"[!-~]{1,255}")


def bearer(headers: dict[bytes, bytes]) -> str | None:
    """The secret of an `Authorization: Bearer …` header (RFC 6750), None without one."""
    value = headers.get(b"authorization")
    if value is None or value[:7].lower() != b"bearer ":
        return None
    return value[7:].strip().decode("latin-1") or None


async def customer(desk: Desk, call: Call[Any, Any]) -> Actor:
    """The user behind a customer's key; raises Unauthorized."""
    secret = bearer(call.headers)
    if secret is None:
        raise Unauthorized("Invalid or missing API key")
    holder = await holder_of(desk.hall, secret)
    if desk.hall.clock() - (holder.used_at_us or 0) >= USED_EVERY_US:
        # Whoever calls is served all the same.
        with contextlib.suppress(HallError):
            await was_used(desk.hall, key_id=holder.actor.key_id or "")
    return holder.actor


async def agent(desk: Desk, call: Call[Any, Any]) -> Actor:
    """The agent behind its key, once it is approved; raises Unauthorized, NotApproved."""
    return await authenticate_agent(desk.hall, bearer(call.headers) or "")


async def worker(desk: Desk, call: Call[Any, Any]) -> Actor:
    """The run behind a service key, as long as it is at work; raises Unauthorized, Superseded."""
    return await authenticate_run(desk.hall, bearer(call.headers) or "")


async def anybody(desk: Desk, call: Call[Any, Any]) -> Actor:
    """A person by a customer's key, or an agent by its own; raises Unauthorized, NotApproved."""
    secret = bearer(call.headers) or ""
    return await (agent if secret.startswith(AGENT_KEY_PREFIX) else customer)(desk, call)


async def customer_or_worker(desk: Desk, call: Call[Any, Any]) -> Actor:
    """The user behind a customer's key or the run behind a service key, by the key's beginning."""
    secret = bearer(call.headers) or ""
    return await (worker if secret.startswith(SERVICE_KEY_PREFIX) else customer)(desk, call)


async def worker_at_any_time(desk: Desk, call: Call[Any, Any]) -> Actor:
    """The run behind a service key, also when it has ended: for reports that may be repeated."""
    return await authenticate_run(desk.hall, bearer(call.headers) or "", ended_too=True)


def client_address(scope: Scope, trusted: Networks) -> str:
    """The address a request came from, by the word of proxies the operator trusts and no other.

    `X-Forwarded-For` is read from its end: each trusted proxy vouches for the entry before its
    own, and the first that is none of them is the client.
    """
    client = scope.get("client")
    address = str(client[0]) if client else ""
    if not _trusted(address, trusted):
        return address
    named = [
        part.strip()
        for name, value in scope["headers"]
        if name == b"x-forwarded-for"
        for part in value.decode("latin-1").split(",")
    ]
    for one in reversed(named):
        parsed = _parse(one)
        if parsed is None:
            return address
        address = str(parsed)
        if not _trusted(address, trusted):
            return address
    return address


def once_of(
    call: Call[Any, Any],
    *,
    organization_id: str,
    status: int,
    view: Callable[[T], msgspec.Struct],
    holds_secret: bool = False,
    read: Callable[[Any, Any], Awaitable[T]] | None = None,
) -> Once | None:
    """The call's `Idempotency-Key` with what it takes to keep the answer; None without one.

    `view` is what the handler, too, makes of the action's value, or of what `read` finds of it.
    Raises Invalid for a key that is none.
    """
    key = call.header(b"idempotency-key")
    if key is None:
        return None
    if not _KEY.fullmatch(key):
        raise Invalid(
            "Idempotency-Key takes 1 to 255 visible ASCII characters",
            {"Idempotency-Key": "is not valid"},
        )

    def render(value: T) -> tuple[int, bytes]:
        return status, encode_json(view(value))

    return Once(
        organization_id=organization_id,
        route=_asked(call),
        key=key,
        body_sha256=call.body_sha256(),
        render=render,
        holds_secret=holds_secret,
        read=read,
    )


def _asked(call: Call[Any, Any]) -> str:
    """What was asked; by an agent its own, for several may work for one organization."""
    agent_id = call.actor.agent_id if call.has_actor else None
    return call.target if agent_id is None else f"{call.target} by {agent_id}"


def _trusted(address: str, trusted: Networks) -> bool:
    if not trusted:
        return False
    parsed = _parse(address)
    return parsed is not None and any(parsed in network for network in trusted)


def _parse(address: str) -> IPv4Address | IPv6Address | None:
    """An address with or without a port, as proxies write them; None for anything else."""
    bare = address
    if address.startswith("["):
        bare = address[1:].partition("]")[0]
    elif address.count(":") == 1:
        bare = address.partition(":")[0]
    try:
        parsed = ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        return parsed.ipv4_mapped
    return parsed


def check_host(house: Desk, call: Call[Any, Any]) -> None:
    """Refuse a page of elsewhere that has its visitor's browser call (DNS rebinding).

    Where the operator has named no public address, the caller's own word for the host is as good
    as any.
    """
    ours = urlsplit(house.base_url(call)).hostname
    asked = _hostname(call.header(b"host"))
    if house.public_url is not None and asked not in {ours, *_LOOPBACK}:
        raise Refused(421, "misdirected", "This hall has another name (HIRINGHALL_PUBLIC_URL)")
    origin = call.header(b"origin")
    if origin is not None and _hostname(origin.partition("://")[2]) != asked:
        raise Refused(403, "foreign_origin", "No page of another site may call here")


def _hostname(host: str | None) -> str | None:
    try:
        return urlsplit(f"//{host or ''}").hostname
    except ValueError:
        return None
