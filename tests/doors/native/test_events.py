"""The native door's events: pages and streams that miss nothing, double nothing, and end well."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from hiringhall.actions import channel, following, keys
from hiringhall.actions.following import Feeds
from hiringhall.actions.market import choosing, claims, proposing
from hiringhall.actions.market.agents import approve_agent, register_agent, suspend_agent
from hiringhall.actions.tasks import answer
from hiringhall.blobs import FileLinks, LocalBlobs
from hiringhall.domain.agents import make_profile
from hiringhall.domain.policy import HALL, Actor
from hiringhall.domain.tasks import Engagement
from hiringhall.doors.desk import Desk
from hiringhall.doors.front import Front
from hiringhall.doors.native import routes_events
from hiringhall.doors.server import Server
from hiringhall.hall import Hall
from hiringhall.queries.accounts import authenticate
from hiringhall.queries.agents import authenticate_agent
from hiringhall.store.database import open_database
from tests.doors.conftest import OpenFront, Visitor
from tests.support.databases import Cluster
from tests.support.halls import Clock, QuietEngine, make_hall, open_account, post
from tests.support.market import PLAN, funded, handed_in
from tests.support.streams import EventStream, Streaming, on_a_socket

pytestmark = pytest.mark.anyio

PATH = "/hall/v1/events"


@pytest.fixture
async def server(front: Front) -> AsyncIterator[Server]:
    async with on_a_socket(front) as served:
        yield served


@pytest.fixture
async def own(server: Server, ada: Visitor) -> AsyncIterator[Streaming]:
    """Ada's streams."""
    async with Streaming(server.url, ada.key or "") as client:
        yield client


@pytest.fixture
async def actor(hall: Hall, ada: Visitor) -> Actor:
    return await authenticate(hall, ada.key or "")


async def new_agent(hall: Hall, operator: Actor, name: str) -> tuple[Actor, str]:
    agent, secret = await register_agent(hall, actor=operator, profile=make_profile(name=name))
    await approve_agent(hall, actor=HALL, agent_id=agent.id)
    return await authenticate_agent(hall, secret), secret


class TestPages:
    async def test_events_come_in_their_order_page_by_page(
        self, hall: Hall, ada: Visitor, actor: Actor
    ) -> None:
        first, second = await post(hall, actor), await post(hall, actor)
        await answer.cancel_task(hall, actor=actor, task_id=first.id)
        page = (await ada.get(PATH, params={"limit": 3})).json()
        assert [one["seq"] for one in page["items"]] == [1, 2, 3]
        assert page["items"][0] == {
            **page["items"][0],
            "type": "task_created",
            "reported": False,
            "state": "draft",
            "task_id": first.id,
            "team_id": first.team_id,
            "cut": [],
        }
        rest = (await ada.get(PATH, params={"after": page["next_cursor"]})).json()
        assert [(one["type"], one["task_id"]) for one in rest["items"]] == [
            ("task_published", second.id),
            ("task_cancelled", first.id),
        ]
        end = (await ada.get(PATH, params={"after": rest["next_cursor"]})).json()
        assert end == {"items": [], "next_cursor": "5", "gap": None}
        assert (await ada.get(PATH, params={"after": "now"})).json()["next_cursor"] == "5"

    async def test_filters(self, hall: Hall, ada: Visitor, actor: Actor) -> None:
        first, _ = await post(hall, actor), await post(hall, actor)
        await answer.cancel_task(hall, actor=actor, task_id=first.id)

        async def seqs(**params: Any) -> tuple[list[int], str]:
            page = (await ada.get(PATH, params=params)).json()
            return [one["seq"] for one in page["items"]], page["next_cursor"]

        assert await seqs(task_id=first.id) == ([1, 2, 5], "5")
        assert await seqs(type="task_created, task_cancelled") == ([1, 3, 5], "5")
        # The cursor moves past what is left out: it need not be looked at again.
        assert await seqs(type="task_failed") == ([], "5")
        assert await seqs(team_id=first.team_id, type="task_created", limit=1) == ([1], "1")

    async def test_long_texts_are_cut_and_said_to_be(
        self, hall: Hall, ada: Visitor, actor: Actor
    ) -> None:
        await post(hall, actor, description="x" * 5_000)
        event = (await ada.get(PATH)).json()["items"][0]
        assert event["cut"] == ["description"]
        assert event["data"]["description"] == "x" * 4_000

    @pytest.mark.parametrize(
        "params",
        [{"after": "-1"}, {"after": "x"}, {"type": "nothing"}, {"limit": 0}, {"limit": 201}],
    )
    async def test_what_cannot_be_meant(self, ada: Visitor, params: dict[str, Any]) -> None:
        for headers in ({}, {"Accept": "text/event-stream"}):
            refused = await ada.get(PATH, params=params, headers=headers)
            assert refused.status_code == 400, refused.text

    async def test_others_see_nothing(
        self, hall: Hall, ada: Visitor, bob: Visitor, stranger: Visitor, actor: Actor
    ) -> None:
        task = await post(hall, actor)
        await ada.get(PATH)
        assert (await bob.get(PATH)).json()["items"] == []
        for part in ({"task_id": task.id}, {"team_id": task.team_id}, {"task_id": "x"}):
            for headers in ({}, {"Accept": "text/event-stream"}):
                hidden = await bob.get(PATH, params=part, headers=headers)
                assert hidden.status_code == 404, hidden.text
        assert (await stranger.get(PATH)).status_code == 401

    async def test_a_place_that_is_not_there(self, hall: Hall, ada: Visitor, actor: Actor) -> None:
        await post(hall, actor)
        page = (await ada.get(PATH, params={"after": 99})).json()
        assert page == {"items": [], "next_cursor": "2", "gap": {"asked": 99, "newest": 2}}


class TestStreams:
    async def test_what_was_and_what_comes(self, hall: Hall, own: Streaming, actor: Actor) -> None:
        await post(hall, actor)
        async with own.stream() as stream:
            assert stream.response.headers["content-type"] == "text/event-stream"
            assert stream.response.headers["cache-control"] == "no-store"
            begun = await stream.events(2)
            task = await post(hall, actor)
            await answer.cancel_task(hall, actor=actor, task_id=task.id)
            begun += await stream.events(3)
            assert stream.last_id == "5"
        assert begun == (await own.page())["items"]

    async def test_taken_up_again_nothing_is_missed_or_doubled(
        self, hall: Hall, own: Streaming, actor: Actor
    ) -> None:
        """Writers go on while readers leave and come again at every place."""
        total = 3 * 12

        async def write() -> None:
            for _ in range(4):
                task = await post(hall, actor)
                await answer.cancel_task(hall, actor=actor, task_id=task.id)

        async def read(stay: int) -> list[int]:
            seen: list[int] = []
            last_id: str | None = None
            while len(seen) < total:
                async with own.stream(last_id=last_id) as stream:
                    found = await stream.events(min(stay, total - len(seen)))
                    seen += [one["seq"] for one in found]
                    last_id = stream.last_id
            return seen

        *_, first, second, third = await asyncio.gather(
            *(write() for _ in range(3)), read(1), read(5), read(100)
        )
        assert first == second == third == list(range(1, total + 1))

    async def test_last_event_id_stands_over_after(
        self, hall: Hall, own: Streaming, actor: Actor
    ) -> None:
        await post(hall, actor)
        async with own.stream(last_id="1", after=0) as stream:
            assert [one["seq"] for one in await stream.events(1)] == [2]
        async with own.stream(last_id="x") as stream:
            assert stream.response.status_code == 400

    async def test_now_is_when_the_answer_begins(
        self, hall: Hall, own: Streaming, actor: Actor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        may_look, sequence = asyncio.Event(), channel.sequence

        async def late(hall: Hall, *, organization_id: str) -> None:
            await may_look.wait()
            await sequence(hall, organization_id=organization_id)

        await post(hall, actor)
        monkeypatch.setattr(channel, "sequence", late)
        async with asyncio.timeout(30), own.stream(after="now") as stream:
            assert await stream.piece() is not None
            await post(hall, actor)
            may_look.set()
            assert [one["seq"] for one in await stream.events(2)] == [3, 4]

    async def test_a_gap_is_said(self, hall: Hall, own: Streaming, actor: Actor) -> None:
        await post(hall, actor)
        async with own.stream(last_id="99") as stream:
            gap = await stream.record()
            assert (gap.fields["event"], gap.data) == ("gap", {"asked": 99, "newest": 2})
            assert stream.last_id == "2"
            await post(hall, actor)
            assert [one["seq"] for one in await stream.events(2)] == [3, 4]

    async def test_one_that_is_behind_reads_the_log(
        self, hall: Hall, own: Streaming, actor: Actor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(channel, "TAIL_EVENTS", 2)
        monkeypatch.setattr(channel, "BATCH_EVENTS", 1)
        monkeypatch.setattr(following, "LOG_PAGE", 3)
        for _ in range(4):
            await post(hall, actor)
        async with own.stream() as stream, own.stream(type="task_published") as published:
            for _ in range(3):
                await post(hall, actor)
            assert [one["seq"] for one in await stream.events(14)] == list(range(1, 15))
            found = await published.events(7)
            assert [one["seq"] for one in found] == list(range(2, 15, 2))

    async def test_heartbeats_carry_the_place(
        self, hall: Hall, own: Streaming, actor: Actor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(routes_events, "HEARTBEAT_S", 0.01)
        await post(hall, actor)
        async with own.stream(type="task_failed") as stream:
            while stream.last_id != "2":
                piece = await stream.piece()
                assert piece is not None
                assert not piece.is_event

    async def test_streams_of_a_key_are_bounded(
        self, desk: Desk, front_of: OpenFront, ada: Visitor, bob: Visitor
    ) -> None:
        narrow = Desk(desk.hall, desk.blobs, desk.links, feeds=Feeds(streams_of_key=2))
        async with (
            on_a_socket(front_of(narrow)) as server,
            Streaming(server.url, ada.key or "") as hers,
            Streaming(server.url, bob.key or "") as his,
        ):
            async with hers.stream() as one, hers.stream() as two:
                assert await one.piece()
                assert await two.piece()
                async with hers.stream() as three:
                    assert three.response.status_code == 429
                    assert three.response.headers["retry-after"] == "10"
                async with his.stream() as other:
                    assert other.response.status_code == 200
            await until_left(narrow.feeds)
            async with hers.stream() as again:
                assert again.response.status_code == 200

    async def test_a_stop_ends_them_properly(
        self, front: Front, hall: Hall, ada: Visitor, actor: Actor
    ) -> None:
        await post(hall, actor)
        async with (
            on_a_socket(front) as server,
            Streaming(server.url, ada.key or "") as client,
            client.stream() as stream,
        ):
            await stream.events(2)
            await asyncio.gather(server.stop(), to_its_end(stream))

    async def test_a_key_that_is_closed_ends_them(
        self, hall: Hall, own: Streaming, actor: Actor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(routes_events, "HEARTBEAT_S", 0.01)
        monkeypatch.setattr(routes_events, "CHECK_S", 0.0)
        async with own.stream() as stream:
            assert await stream.piece()
            await keys.revoke_key(hall, actor=actor, key_id=actor.key_id or "")
            await to_its_end(stream)

    async def test_one_organization_hears_nothing_of_another(
        self, hall: Hall, server: Server, own: Streaming, bob: Visitor, actor: Actor
    ) -> None:
        theirs = await authenticate(hall, bob.key or "")
        async with (
            Streaming(server.url, bob.key or "") as his,
            own.stream() as mine,
            his.stream() as other,
        ):
            task = await post(hall, actor)
            await mine.events(2)
            own_task = await post(hall, theirs)
            found = await other.events(2)
            assert {one["task_id"] for one in found} == {own_task.id} != {task.id}


class TestWorkers:
    async def test_an_agent_hears_of_a_task_that_it_is_on(
        self, hall: Hall, server: Server, actor: Actor, bob: Visitor
    ) -> None:
        operator = await authenticate(hall, bob.key or "")
        scout, key = await new_agent(hall, operator, "scout")
        rival, _ = await new_agent(hall, operator, "rival")
        task = await funded(hall, actor, engagement=Engagement.PROPOSALS)
        made = await proposing.propose(
            hall, actor=scout, task_id=task.id, plan=PLAN, price_cents=4_000
        )
        await proposing.propose(hall, actor=rival, task_id=task.id, plan=PLAN, price_cents=3_000)
        async with Streaming(server.url, key) as its, its.stream(task_id=task.id) as stream:
            begun = await stream.events(2)
            assert [one["type"] for one in begun] == ["task_published", "proposal_submitted"]
            assert begun[1]["data"]["proposal_id"] == made.proposal.id
            await choosing.shortlist(hall, actor=actor, proposal_id=made.proposal.id)
            await handed_in(hall, scout, task)
            found = await stream.events(2)
            assert [one["type"] for one in found] == [
                "proposal_shortlisted",
                "deliverable_submitted",
            ]
            assert found[0]["actor"] == "user"
            last_id = stream.last_id
            assert "3000" not in str([*begun, *found])
            # Numbers are the task's own: they tell nothing of what else its poster does.
            await post(hall, actor)
            await answer.decide_deliverable(hall, actor=actor, task_id=task.id, accepted=True)
            async with its.stream(task_id=task.id, last_id=last_id) as again:
                (accepted,) = await again.events(1)
                assert accepted["type"] == "deliverable_accepted"
            page = await its.page(task_id=task.id)
            assert page["items"] == [*begun, *found, accepted]
            assert await its.page(task_id=task.id, type="proposal_submitted", limit=1) == {
                "items": [begun[1]],
                "next_cursor": str(begun[1]["seq"]),
                "gap": None,
            }
            assert (await its.page(task_id=task.id, after=99))["gap"]["asked"] == 99

    async def test_an_agent_hears_of_nothing_else(
        self, hall: Hall, ada: Visitor, bob: Visitor, actor: Actor
    ) -> None:
        operator = await authenticate(hall, bob.key or "")
        scout, key = await new_agent(hall, operator, "scout")
        task = await funded(hall, actor)
        its = Visitor(ada.http, key)
        assert (await its.get(PATH)).status_code == 400
        assert (await its.get(PATH, params={"task_id": task.id})).status_code == 404
        await claims.claim(hall, actor=scout, task_id=task.id)
        page = await its.get(PATH, params={"task_id": task.id})
        assert [one["type"] for one in page.json()["items"]] == ["task_published", "task_claimed"]
        await suspend_agent(hall, actor=HALL, agent_id=scout.agent_id or "")
        assert (await its.get(PATH, params={"task_id": task.id})).status_code == 403


@pytest.fixture
def postgres_url(postgres_cluster: Cluster) -> Iterator[str]:
    name = postgres_cluster.create()
    yield postgres_cluster.url(name)
    postgres_cluster.drop(name)


async def test_an_event_of_another_server_is_heard_at_once(
    postgres_url: str, blobs: LocalBlobs, links: FileLinks, front_of: OpenFront
) -> None:
    halls: list[Hall] = []
    messengers: list[Any] = []
    for _ in range(2):
        database = await open_database(postgres_url)
        one = make_hall(database, clock=Clock(), engine=QuietEngine())
        messenger = database.messenger(one.signals.hear, one.signals.hear_all)
        assert messenger is not None
        one.signals.outwards = messenger.send
        halls.append(one)
        messengers.append(messenger)
    account = await open_account(halls[0])
    actor = await authenticate(halls[0], account.secret)
    async with (
        on_a_socket(front_of(Desk(halls[1], blobs, links))) as server,
        Streaming(server.url, account.secret) as client,
        client.stream(after="now") as stream,
    ):
        assert await stream.piece()
        begun_s = asyncio.get_running_loop().time()
        for _ in range(3):
            await post(halls[0], actor)
            await stream.events(2)
        # Sooner than anybody looks by itself.
        assert asyncio.get_running_loop().time() - begun_s < channel.LOOK_EVERY_S
    for messenger, one in zip(messengers, halls, strict=True):
        await messenger.close()
        await one.database.close()


async def to_its_end(stream: EventStream) -> None:
    while await stream.piece() is not None:
        pass


async def until_left(feeds: Feeds) -> None:
    """Wait until the server has noticed that its clients are gone."""
    async with asyncio.timeout(30):
        while feeds.streams:  # noqa: ASYNC110  nothing tells a test but a look
            await asyncio.sleep(0.01)
