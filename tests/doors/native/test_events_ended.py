"""Streams end as soon as what opened them is closed, on whichever server that was done."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import httpx
import pytest

from hiringhall.actions import accounts, joining, keys, members, own_account, signing_in
from hiringhall.actions.accounts import IssuedKey
from hiringhall.actions.channel import Heard
from hiringhall.actions.following import Reader
from hiringhall.actions.market import agents, claims
from hiringhall.blobs import FileLinks, LocalBlobs
from hiringhall.domain.agents import make_profile
from hiringhall.domain.members import MemberRole
from hiringhall.domain.policy import HALL, Actor
from hiringhall.doors import streams
from hiringhall.doors.desk import Desk
from hiringhall.doors.server import Server
from hiringhall.hall import Hall
from hiringhall.queries.accounts import authenticate
from hiringhall.queries.agents import authenticate_agent
from hiringhall.queries.sign_ins import actor_of, signed_in
from tests.doors.conftest import OpenFront
from tests.doors.pages.conftest import PASSWORD
from tests.support.halls import open_account, post
from tests.support.market import funded
from tests.support.streams import PATIENCE_S, EventStream, Streaming, on_a_socket

pytestmark = pytest.mark.anyio

SOON_S = 2.0
Closing = tuple[dict[str, str], Callable[[], Awaitable[None]]]
"""What a stream is opened with, and what closes that."""
Closes = Callable[[Hall, IssuedKey], Awaitable[Closing]]


@contextlib.asynccontextmanager
async def following(
    url: str, headers: dict[str, str], **params: Any
) -> AsyncGenerator[EventStream]:
    wanted = {"Accept": "text/event-stream", **headers}
    async with (
        httpx.AsyncClient(base_url=url, timeout=PATIENCE_S, trust_env=False) as client,
        client.stream("GET", "/hall/v1/events", headers=wanted, params=params) as response,
    ):
        assert response.status_code == 200
        yield EventStream(response)


async def to_its_end(stream: EventStream) -> float:
    """After how long it ended."""
    now_s = asyncio.get_running_loop().time
    begun_s = now_s()
    while await stream.piece() is not None:
        pass
    return now_s() - begun_s


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


async def signs_in(hall: Hall, name: str = "ada") -> str:
    await accounts.set_password(hall, email=f"{name}@example.com", password=PASSWORD)
    return await signing_in.sign_in(
        hall, email=f"{name}@example.com", password=PASSWORD, source_address="192.0.2.1"
    )


async def key_revoked(hall: Hall, ada: IssuedKey) -> Closing:
    actor = await authenticate(hall, ada.secret)

    async def close() -> None:
        await keys.revoke_key(hall, actor=actor, key_id=actor.key_id or "")

    return bearer(ada.secret), close


async def key_revoked_by_the_operator(hall: Hall, ada: IssuedKey) -> Closing:
    async def close() -> None:
        await accounts.revoke_key(hall, email="ada@example.com", prefix=ada.secret[:16])

    return bearer(ada.secret), close


async def signed_out(hall: Hall, ada: IssuedKey) -> Closing:
    secret = await signs_in(hall)

    async def close() -> None:
        await signing_in.sign_out(hall, secret=secret)

    return {"Cookie": f"hall={secret}"}, close


async def signed_out_from_elsewhere(hall: Hall, ada: IssuedKey) -> Closing:
    secret = await signs_in(hall)
    found = await signed_in(hall, secret=secret)

    async def close() -> None:
        actor = await authenticate(hall, ada.secret)
        await own_account.end_sign_in(hall, actor=actor, sign_in_id=found.id)

    return {"Cookie": f"hall={secret}"}, close


async def password_set(hall: Hall, ada: IssuedKey) -> Closing:
    secret = await signs_in(hall)

    async def close() -> None:
        await accounts.set_password(hall, email="ada@example.com", password="another password")

    return {"Cookie": f"hall={secret}"}, close


async def password_changed_elsewhere(hall: Hall, ada: IssuedKey) -> Closing:
    secret = await signs_in(hall)
    other = await signing_in.sign_in(
        hall, email="ada@example.com", password=PASSWORD, source_address="192.0.2.1"
    )

    async def close() -> None:
        await own_account.change_password(
            hall,
            actor=actor_of(await signed_in(hall, secret=other)),
            email="ada@example.com",
            old=PASSWORD,
            new="another password",
            source_address="192.0.2.1",
        )

    return {"Cookie": f"hall={secret}"}, close


async def joins(hall: Hall, owner: Actor, email: str) -> str:
    """The secret of a browser of somebody who has joined the owner's organization."""
    told: list[str] = []

    def say(secret: str) -> str:
        told.append(secret)
        return secret

    await members.invite_member(hall, actor=owner, email=email, role=MemberRole.MEMBER, say=say)
    return await joining.join_signed_in(
        hall, invitation=told[0], name="Bob", password=PASSWORD, source_address="192.0.2.1"
    )


async def taken_out(hall: Hall, ada: IssuedKey) -> Closing:
    owner = await authenticate(hall, ada.secret)
    secret = await joins(hall, owner, "mia@example.com")
    found = await signed_in(hall, secret=secret)

    async def close() -> None:
        await members.remove_member(hall, actor=owner, user_id=found.user_id)

    return {"Cookie": f"hall={secret}"}, close


async def led_to_another_organization(hall: Hall, ada: IssuedKey) -> Closing:
    """The sign-in goes on, and acts for another organization: the first one's feed does not."""
    owner = await authenticate(hall, ada.secret)
    bob = await open_account(hall, "bob")
    await signs_in(hall, "bob")
    secret = await joins(hall, owner, "bob@example.com")
    actor = actor_of(await signed_in(hall, secret=secret))
    assert actor.organization_id == owner.organization_id

    async def close() -> None:
        await own_account.switch_organization(
            hall, actor=actor, organization_id=bob.organization_id
        )

    return {"Cookie": f"hall={secret}"}, close


@pytest.mark.promise("EV-CLOSED")
@pytest.mark.parametrize(
    "closes",
    [
        key_revoked,
        key_revoked_by_the_operator,
        signed_out,
        signed_out_from_elsewhere,
        password_set,
        password_changed_elsewhere,
        taken_out,
        led_to_another_organization,
    ],
)
async def test_a_stream_ends_with_what_it_was_opened_with(
    hall: Hall, server: Server, closes: Closes
) -> None:
    ada = await open_account(hall)
    headers, close = await closes(hall, ada)
    actor = await authenticate(hall, ada.secret)
    spare = await keys.mint_key(hall, actor=actor, name="spare")
    async with (
        following(server.url, headers) as stream,
        following(server.url, bearer(spare[1])) as other,
    ):
        await post(hall, actor)
        await stream.events(2)
        await close()
        assert await to_its_end(stream) < SOON_S
        actor = await authenticate(hall, spare[1])
        await post(hall, actor)
        assert len(await other.events(4)) == 4, "another key's goes on"


@pytest.mark.promise("EV-CLOSED")
@pytest.mark.parametrize("how", ["suspended", "another key"])
async def test_an_agents_stream_ends_with_its_key(hall: Hall, server: Server, how: str) -> None:
    ada, bob = await open_account(hall), await open_account(hall, "bob")
    poster, operator = await authenticate(hall, ada.secret), await authenticate(hall, bob.secret)
    agent, secret = await agents.register_agent(
        hall, actor=operator, profile=make_profile(name="scout")
    )
    await agents.approve_agent(hall, actor=HALL, agent_id=agent.id)
    scout = await authenticate_agent(hall, secret)
    task = await funded(hall, poster)
    await claims.claim(hall, actor=scout, task_id=task.id)
    async with following(server.url, bearer(secret), task_id=task.id) as stream:
        await stream.events(2)
        if how == "suspended":
            await agents.suspend_agent(hall, actor=HALL, agent_id=agent.id)
        else:
            await agents.renew_agent_key(hall, actor=operator, agent_id=agent.id)
        assert await to_its_end(stream) < SOON_S


@pytest.mark.promise("EV-CLOSED")
async def test_what_was_closed_before_it_was_listened_for_ends_it_too(
    hall: Hall, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look at a key and the stream that it opens, the key is revoked."""
    ada = await open_account(hall)
    actor = await authenticate(hall, ada.secret)
    begins = streams.heard_by

    async def late(
        reader: Reader, of: Actor, again: Callable[[], Awaitable[Actor]]
    ) -> AsyncGenerator[Heard]:
        await accounts.revoke_key(hall, email="ada@example.com", prefix=ada.secret[:16])
        reader.in_doubt()
        async for one in begins(reader, of, again):
            yield one

    monkeypatch.setattr("hiringhall.doors.native.routes_events.heard_by", late)
    await post(hall, actor)
    async with following(server.url, bearer(ada.secret)) as stream:
        while (piece := await stream.piece()) is not None:
            assert not piece.is_event


@pytest.mark.promise("EV-HEARTBEAT")
async def test_a_busy_feed_that_is_filtered_out_beats_all_the_same(
    hall: Hall, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "HEARTBEAT_S", 0.3)
    ada = await open_account(hall)
    actor = await authenticate(hall, ada.secret)
    async with (
        Streaming(server.url, ada.secret) as client,
        client.stream(type="task_failed") as one,
    ):
        assert await one.piece()

        async def busy() -> None:
            while True:
                await post(hall, actor)
                await asyncio.sleep(0.05)

        posting = asyncio.create_task(busy())
        try:
            for _ in range(2):
                piece = await one.piece()
                assert piece is not None
                assert not piece.is_event
        finally:
            posting.cancel()
            await asyncio.gather(posting, return_exceptions=True)


@pytest.mark.promise("EV-CLOSED")
async def test_a_key_that_another_server_closed_ends_them(
    two_halls: tuple[Hall, Hall], blobs: LocalBlobs, links: FileLinks, front_of: OpenFront
) -> None:
    here, there = two_halls
    ada = await open_account(here)
    actor = await authenticate(here, ada.secret)
    async with (
        on_a_socket(front_of(Desk(there, blobs, links))) as server,
        following(server.url, bearer(ada.secret)) as stream,
    ):
        await post(here, actor)
        await stream.events(2)
        await keys.revoke_key(here, actor=actor, key_id=actor.key_id or "")
        assert await to_its_end(stream) < SOON_S
