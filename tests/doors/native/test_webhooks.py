"""Webhooks: signed, in order while all goes well, again until they arrive."""

import asyncio
import json
from typing import Any

import pytest

from hiringhall.actions.runs import working
from hiringhall.actions.tasks import answer
from hiringhall.actions.webhooks import sending
from hiringhall.domain.policy import Actor
from hiringhall.domain.webhooks import PAUSES_S
from hiringhall.hall import Hall
from hiringhall.store.database import Database
from hiringhall.workers.webhooks.outgoing import Outgoing
from hiringhall.workers.webhooks.sender import Sender
from tests.doors.conftest import Visitor
from tests.support.halls import Clock, QuietEngine, begin, post
from tests.support.hooks import DAY_S, LOOPBACK, NewPost, events_of, sending_hall
from tests.support.receiver import Receiver

pytestmark = pytest.mark.anyio


@pytest.fixture
def hall(database: Database, clock: Clock, engine: QuietEngine) -> Hall:
    return sending_hall(database, clock, engine)


@pytest.mark.promise("WH-SIGNED")
async def test_events_are_sent_signed_and_in_their_order(
    hall: Hall, owner: Actor, new_post: NewPost, receiver: Receiver, ada: Visitor
) -> None:
    await post(hall, owner)
    mail = await new_post()
    task = await post(hall, owner)
    await answer.cancel_task(hall, actor=owner, task_id=task.id)
    await mail.send()
    await mail.send()
    events = (await events_of(ada))[2:]
    sent = [json.loads(one.body) for one in receiver.received]
    assert [one["data"] for one in sent] == events
    assert [one["type"] for one in sent] == [one["type"] for one in events]
    assert [one["timestamp"] for one in sent] == [one["at"] for one in events]
    assert mail.hook["secret"].startswith("whsec_")
    assert all(one.verified(mail.hook["secret"]) for one in receiver.received)
    assert receiver.received[0].headers["content-type"] == "application/json"
    assert receiver.received[0].target == "/hook?token=hush"
    made = await mail.deliveries()
    assert {one["id"] for one in made} == {one.id for one in receiver.received}
    assert {one["state"] for one in made} == {"delivered"}
    details = await mail.get(f"/deliveries/{made[0]['id']}")
    (tried,) = details["history"]
    assert (tried["number"], tried["status"], tried["answer"]) == (1, 200, "ok")
    assert tried["took_ms"] >= 0


@pytest.mark.promise("WH-TYPES")
async def test_only_what_is_wanted_is_sent(
    hall: Hall, owner: Actor, new_post: NewPost, receiver: Receiver
) -> None:
    mail = await new_post(types=["task_cancelled", "progress_reported"])
    first, _ = await post(hall, owner), await post(hall, owner)
    await answer.cancel_task(hall, actor=owner, task_id=first.id)
    run = await begin(hall)
    await working.report_progress(hall, token=run.token, text="half")
    await mail.send()
    assert [json.loads(one.body)["type"] for one in receiver.received] == [
        "task_cancelled",
        "progress_reported",
    ]


@pytest.mark.promise("WH-AGAIN")
async def test_what_does_not_arrive_is_sent_again_until_it_is_given_up(
    hall: Hall, owner: Actor, clock: Clock, new_post: NewPost, receiver: Receiver
) -> None:
    mail = await new_post(types=["task_published"])
    receiver.answer(500, body=b"\x00" + b"x" * 5_000)
    await post(hall, owner)
    await mail.send()
    for pause_s in PAUSES_S:
        tries = len(receiver.received)
        clock.advance(pause_s - 2)
        await mail.send()
        assert len(receiver.received) == tries
        clock.advance(3)
        await mail.send()
        assert len(receiver.received) == tries + 1
    clock.advance(30 * DAY_S)
    await mail.send()
    assert len(receiver.received) == len(PAUSES_S) + 1 == 10
    assert len({one.id for one in receiver.received}) == 1
    (dead,) = await mail.deliveries(state="dead")
    assert (dead["attempts"], dead["due_at"]) == (10, None)
    history = (await mail.get(f"/deliveries/{dead['id']}"))["history"]
    assert [one["number"] for one in history] == list(range(10, 0, -1))
    assert history[0]["status"] == 500
    assert history[0]["answer"] == "\N{REPLACEMENT CHARACTER}" + "x" * 1_023
    # By hand it is sent again, under the same name.
    receiver.answer(204, body=b"")
    again = await mail.ada.post(f"{mail.at}/deliveries/{dead['id']}/redeliver")
    assert (again.status_code, again.json()["state"]) == (200, "pending")
    await mail.send()
    (arrived,) = await mail.deliveries()
    assert (arrived["state"], arrived["attempts"]) == ("delivered", 11)
    assert receiver.received[-1].id == dead["id"]
    assert await mail.deliveries(state="dead") == []


async def test_what_is_sent_again_by_hand_goes_before_all_that_waits(
    hall: Hall, owner: Actor, new_post: NewPost, receiver: Receiver
) -> None:
    mail = await new_post(types=["task_published"])
    receiver.answer(503, "retry-after: 600")
    for _ in range(3):
        await post(hall, owner)
    await mail.send()
    newest = (await mail.deliveries())[0]
    await mail.ada.post(f"{mail.at}/deliveries/{newest['id']}/redeliver")
    tries = len(receiver.received)
    await mail.send()
    assert receiver.received[tries].id == newest["id"]


@pytest.mark.promise("WH-REST")
async def test_an_endpoint_that_fails_is_left_alone_for_a_while(
    hall: Hall, owner: Actor, clock: Clock, new_post: NewPost, receiver: Receiver
) -> None:
    """What else is due waits; when it answers again all comes, in the feed's order."""
    mail = await new_post(types=["task_published"])
    receiver.answer(503, "retry-after: 600")
    for _ in range(3):
        await post(hall, owner)
    await mail.send()
    assert len(receiver.received) == 1
    clock.advance(3)
    receiver.answer(200)
    await mail.send()
    seqs = [json.loads(one.body)["data"]["seq"] for one in receiver.received]
    assert seqs == [2, 4, 6]
    assert (await mail.get())["failing_since"] is None
    clock.advance(590)
    await mail.send()
    assert len(receiver.received) == 3
    clock.advance(10)
    await mail.send()
    assert [json.loads(one.body)["data"]["seq"] for one in receiver.received] == [2, 4, 6, 2]


@pytest.mark.promise("WH-OFF")
async def test_who_says_gone_is_sent_nothing_more_and_the_feed_says_so(
    hall: Hall, owner: Actor, new_post: NewPost, receiver: Receiver, ada: Visitor
) -> None:
    mail = await new_post()
    receiver.answer(410)
    await post(hall, owner)
    await mail.send()
    await mail.send()
    assert len(receiver.received) == 1
    off = await mail.get()
    assert (off["enabled"], off["disabled_because"]) == (
        False,
        "It answered 410: nothing more is wanted",
    )
    said = (await events_of(ada))[-1]
    assert (said["type"], said["reported"], said["actor"]) == ("webhook_disabled", False, "hall")
    assert said["data"]["webhook_id"] == mail.hook["id"]
    assert "hush" not in json.dumps(said)
    # An outsider cannot say so.
    (team, *_) = (await ada.get("/agentix/teams")).json()
    forged = {"teamId": team["id"], "type": "webhook_disabled"}
    assert (await ada.post("/agentix/events", forged)).status_code == 400
    shown = (await ada.get("/agentix/events", params={"teamId": team["id"]})).json()[0]
    assert (shown["type"], shown["data"]["webhook_id"]) == ("message", mail.hook["id"])
    ping = await ada.post(f"{mail.at}/ping")
    assert ping.status_code == 409


@pytest.mark.promise("WH-OFF")
async def test_five_days_of_nothing_switch_it_off_and_it_goes_on_later(
    hall: Hall, owner: Actor, clock: Clock, new_post: NewPost, receiver: Receiver
) -> None:
    mail = await new_post(types=["task_published"])
    receiver.answer(500)
    for _ in range(2):
        await post(hall, owner)
        await mail.send()
        clock.advance(4 * DAY_S)
        await mail.send()
    clock.advance(2 * DAY_S)
    await mail.send()
    off = await mail.get()
    assert off["disabled_because"] == "Nothing has arrived for five days; at last it answered 500"
    waiting = await mail.deliveries(state="pending")
    assert waiting
    receiver.received.clear()
    receiver.answer(200)
    await post(hall, owner)
    await mail.send()
    assert receiver.received == []
    on = await mail.ada.ask("PATCH", mail.at, json={"enabled": True})
    assert (on.json()["enabled"], on.json()["failing_since"]) == (True, None)
    clock.advance(2 * DAY_S)
    task = await post(hall, owner)
    await mail.send()
    sent = [json.loads(one.body)["data"] for one in receiver.received]
    # What waited, and what came since; not what happened while it was off.
    assert len(sent) == len(waiting) + 1
    assert sent[-1]["task_id"] == task.id


@pytest.mark.promise("WH-ROTATE")
async def test_for_a_day_both_secrets_sign(
    hall: Hall, clock: Clock, new_post: NewPost, receiver: Receiver
) -> None:
    mail = await new_post()
    renewed = await mail.ada.post(f"{mail.at}/rotate-secret")
    old, new = mail.hook["secret"], renewed.json()["secret"]
    assert old != new
    await mail.ada.post(f"{mail.at}/ping")
    await mail.send()
    assert [receiver.received[-1].verified(one) for one in (old, new)] == [True, True]
    clock.advance(DAY_S)
    await mail.ada.post(f"{mail.at}/ping")
    await mail.send()
    assert [receiver.received[-1].verified(one) for one in (old, new)] == [False, True]
    assert json.loads(receiver.received[-1].body) == {
        "type": "ping",
        "timestamp": json.loads(receiver.received[-1].body)["timestamp"],
        "data": {"webhook_id": mail.hook["id"]},
    }


@pytest.mark.promise("WH-ONCE")
async def test_what_happened_without_a_sender_is_sent_once_by_the_next(
    hall: Hall, owner: Actor, new_post: NewPost, receiver: Receiver
) -> None:
    mail = await new_post(types=["task_published"])
    for _ in range(5):
        await post(hall, owner)
    lost = Sender(hall, Outgoing(LOOPBACK))
    await lost.tend()
    assert await lost.take() is not None  # and dies with it in hand
    await mail.send()
    assert receiver.received == []


@pytest.mark.promise("WH-DEAD-SERVER")
async def test_a_dead_senders_deliveries_go_on_and_its_word_counts_no_more(
    hall: Hall, owner: Actor, clock: Clock, new_post: NewPost, receiver: Receiver
) -> None:
    mail = await new_post(types=["task_published"])
    for _ in range(3):
        await post(hall, owner)
    lost = Sender(hall, Outgoing(LOOPBACK))
    await lost.tend()
    in_hand = await lost.take()
    assert in_hand is not None
    clock.advance(sending.LEASE_S + 1)
    await mail.send()
    assert len(receiver.received) == 3
    failed = sending.Answered(at_us=clock(), took_ms=1, status=500)
    assert await sending.settle(hall, job=in_hand, answered=failed, go_on=True) is None
    assert {one["state"] for one in await mail.deliveries()} == {"delivered"}


@pytest.mark.promise("WH-ONCE")
async def test_two_senders_send_nothing_twice(
    hall: Hall, owner: Actor, new_post: NewPost, receiver: Receiver
) -> None:
    mails = [await new_post(types=["task_published"]) for _ in range(3)]
    for _ in range(4):
        await post(hall, owner)
    senders = [Sender(hall, Outgoing(LOOPBACK)) for _ in range(2)]
    for one in senders:
        await one.tend()
    jobs = [await one.take() for one in (*senders, senders[0])]
    for job, sender in zip(jobs, (*senders, senders[0]), strict=True):
        assert job is not None
        await sender.do(job)
    assert [await one.take() for one in senders] == [None, None]
    assert len(receiver.received) == len({one.id for one in receiver.received}) == 12
    for mail in mails:
        assert len(await mail.deliveries()) == 4


async def test_one_that_is_stopped_lets_go_at_once(
    hall: Hall, owner: Actor, new_post: NewPost, receiver: Receiver, monkeypatch: Any
) -> None:
    mail = await new_post(types=["task_published"])
    await post(hall, owner)
    await mail.sender.tend()
    job = await mail.sender.take()
    assert job is not None

    async def stopped(*_: Any, **__: Any) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as bent:
        bent.setattr(mail.sender, "_send", stopped)
        with pytest.raises(asyncio.CancelledError):
            await mail.sender.do(job)
    await mail.send()
    assert len(receiver.received) == 1


async def test_one_that_broke_rests_before_it_is_tried_again(
    hall: Hall, owner: Actor, new_post: NewPost, receiver: Receiver, clock: Clock, monkeypatch: Any
) -> None:
    mail = await new_post(types=["task_published"])
    await post(hall, owner)
    await mail.sender.tend()
    job = await mail.sender.take()
    assert job is not None

    async def breaks(*_: Any, **__: Any) -> None:
        raise RuntimeError("bent")

    with monkeypatch.context() as bent:
        bent.setattr(mail.sender, "_send", breaks)
        with pytest.raises(RuntimeError):
            await mail.sender.do(job)
    await mail.send()
    assert receiver.received == []
    clock.advance(sending.LEASE_S + 1)
    await mail.send()
    assert len(receiver.received) == 1
