"""The native door's events: pages and streams that miss nothing, double nothing, and end well."""

import asyncio
from typing import Any

import pytest

from hiringhall.actions import channel, following, keys
from hiringhall.actions.following import Feeds
from hiringhall.actions.tasks import answer
from hiringhall.domain.policy import Actor
from hiringhall.doors import streams
from hiringhall.doors.desk import Desk
from hiringhall.doors.front import Front
from hiringhall.doors.server import Server
from hiringhall.hall import Hall
from hiringhall.queries.accounts import authenticate
from tests.doors.conftest import OpenFront, Visitor
from tests.support.halls import post
from tests.support.streams import EventStream, Streaming, on_a_socket

pytestmark = pytest.mark.anyio

PATH = "/hall/v1/events"


class TestPages:
    @pytest.mark.promise("EV-ORDER")
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

    @pytest.mark.promise("EV-OWN")
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

    @pytest.mark.promise("EV-GAP")
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

    @pytest.mark.promise("EV-RESUME")
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

    @pytest.mark.promise("EV-RESUME")
    async def test_last_event_id_stands_over_after(
        self, hall: Hall, own: Streaming, actor: Actor
    ) -> None:
        await post(hall, actor)
        async with own.stream(last_id="1", after=0) as stream:
            assert [one["seq"] for one in await stream.events(1)] == [2]
        async with own.stream(last_id="x") as stream:
            assert stream.response.status_code == 400

    @pytest.mark.promise("EV-NOW")
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

    @pytest.mark.promise("EV-GAP")
    async def test_a_gap_is_said(self, hall: Hall, own: Streaming, actor: Actor) -> None:
        await post(hall, actor)
        async with own.stream(last_id="99") as stream:
            gap = await stream.record()
            assert (gap.fields["event"], gap.data) == ("gap", {"asked": 99, "newest": 2})
            assert stream.last_id == "2"
            await post(hall, actor)
            assert [one["seq"] for one in await stream.events(2)] == [3, 4]

    @pytest.mark.promise("EV-LOG")
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

    @pytest.mark.promise("EV-HEARTBEAT")
    async def test_heartbeats_carry_the_place(
        self, hall: Hall, own: Streaming, actor: Actor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(streams, "HEARTBEAT_S", 0.01)
        await post(hall, actor)
        async with own.stream(type="task_failed") as stream:
            while stream.last_id != "2":
                piece = await stream.piece()
                assert piece is not None
                assert not piece.is_event

    @pytest.mark.promise("EV-BOUND")
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

    @pytest.mark.promise("EV-CLOSED")
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

    @pytest.mark.promise("EV-CLOSED")
    async def test_a_key_that_is_closed_ends_them(
        self, hall: Hall, own: Streaming, actor: Actor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(streams, "HEARTBEAT_S", 0.01)
        monkeypatch.setattr(streams, "CHECK_S", 0.0)
        async with own.stream() as stream:
            assert await stream.piece()
            await keys.revoke_key(hall, actor=actor, key_id=actor.key_id or "")
            await to_its_end(stream)

    @pytest.mark.promise("EV-OWN")
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


async def to_its_end(stream: EventStream) -> None:
    while await stream.piece() is not None:
        pass


async def until_left(feeds: Feeds) -> None:
    """Wait until the server has noticed that its clients are gone."""
    async with asyncio.timeout(30):
        while feeds.streams:  # noqa: ASYNC110  nothing tells a test but a look
            await asyncio.sleep(0.01)
