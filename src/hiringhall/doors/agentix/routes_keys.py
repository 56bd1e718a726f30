"""The Agentix door's API keys: one more, all that open something, none any more."""

from hiringhall.actions import keys
from hiringhall.domain import errors
from hiringhall.doors.agentix import wire_keys as wire
from hiringhall.doors.agentix.words import id_of, time_of
from hiringhall.doors.caller import customer, once_of
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Answer, Call, Route
from hiringhall.queries import accounts as account_queries

SECRET = ((b"cache-control", b"no-store"),)
"""On every answer that holds a secret."""


async def mint_key(desk: Desk, call: Call[wire.KeyBody, None]) -> Answer:
    """Make one more key for the organization; it is shown in this answer and nowhere else."""
    once = once_of(
        call,
        organization_id=call.actor.organization_id or "",
        status=201,
        view=wire.minted,
        holds_secret=True,
    )
    issued = await keys.mint_key(desk.hall.once_only(once), actor=call.actor, name=call.body.name)
    return Answer(wire.minted(issued), 201, SECRET)


async def list_keys(desk: Desk, call: Call[None, None]) -> list[wire.KeyAnswer]:
    """List the organization's keys that open something, oldest first, by their beginnings."""
    found = await account_queries.open_keys(desk.hall, actor=call.actor)
    return [wire.key_answer(key) for key in found]


async def revoke_key(desk: Desk, call: Call[None, None]) -> wire.RevokedAnswer:
    """Revoke a key: it opens nothing from this moment on. Again: the same answer."""
    at_us = await keys.revoke_key(
        desk.hall, actor=call.actor, key_id=id_of("key", call.path["key_id"])
    )
    return wire.RevokedAnswer(ok=True, revoked_at=time_of(at_us))


ROUTES: tuple[Route[Desk], ...] = (
    Route(
        "POST",
        "/api-keys",
        mint_key,
        {201: wire.MintedAnswer},
        "Mint an API key",
        body=wire.KeyBody,
        who=customer,
        raises=(errors.Unauthorized, errors.SecretNotRepeated),
        once=True,
    ),
    Route(
        "GET",
        "/api-keys",
        list_keys,
        {200: wire.KeyAnswer},
        "List API keys",
        who=customer,
        raises=(errors.Unauthorized,),
        many=True,
    ),
    Route(
        "DELETE",
        "/api-keys/{key_id}",
        revoke_key,
        {200: wire.RevokedAnswer},
        "Revoke an API key",
        who=customer,
        raises=(errors.Unauthorized, errors.NotYours, errors.NotFound),
    ),
)
