"""Who is called by name on a page: one's own people, agents, and to an admin both sides."""

import asyncio
from collections.abc import AsyncGenerator

import httpx
import pytest

from hiringhall.actions import accounts
from hiringhall.actions.market import claims
from hiringhall.actions.market.choosing import shortlist
from hiringhall.actions.market.proposing import withdraw_proposal
from hiringhall.doors.front import Front
from hiringhall.doors.server import Server
from hiringhall.hall import Hall
from hiringhall.queries.called import called
from tests.doors.pages.conftest import Person
from tests.doors.pages.test_home import actor
from tests.support.counting import counting
from tests.support.halls import member_of
from tests.support.market import agent_of, claimed, competing, funded, handed_in
from tests.support.streams import PATIENCE_S, on_a_socket

pytestmark = pytest.mark.anyio


@pytest.fixture
async def server(front: Front) -> AsyncGenerator[Server]:
    async with on_a_socket(front) as served:
        yield served


def happened(words: str) -> str:
    return " ".join(words.partition("What happened")[2].split())


async def test_home_names_who_did_it(ada: Person, bob: Person, hall: Hall) -> None:
    me, owner = await actor(hall, ada), await actor(hall, bob)
    await claimed(hall, me, await agent_of(hall, owner, "scout"))
    page = await ada.get("/app")
    for words in ("Ada ·", "scout ·"):
        assert words in happened(page.words)
    await claimed(hall, me, owner)
    words = happened((await ada.get("/app")).words)
    assert "somebody ·" in words
    assert "Bob" not in words, "who works for others is not told by name"


async def test_an_admin_reads_both_sides_by_name_and_nobody_who_only_proposed(
    ada: Person, bob: Person, third: Person, hall: Hall
) -> None:
    me, maker = await actor(hall, ada), await actor(hall, bob)
    await third.signs_up("carl")
    task, (chosen, _) = await competing(hall, me, maker, await actor(hall, third))
    await shortlist(hall, actor=me, proposal_id=chosen.id)
    await handed_in(hall, maker, task)
    boss = await member_of(hall, await actor(hall, third), "boss")
    told = await called(
        hall, actor=boss, labels=[one.label for one in (me, maker, boss)], task=task
    )
    assert set(told.values()) == {"Boss"}, "before they run the hall"
    at = f"/app/tasks/{task.id}"
    await bob.sends(at, f"{at}/dispute", dispute_reason="They do not answer")
    await third.get("/app")
    await accounts.make_admin(hall, email="carl@example.com")
    # Whoever decides belongs to neither side; that they proposed themselves is no matter here.
    page = await third.get(at)
    for words in ("Ada", "Bob"):
        assert words in page.words
    assert "user:" not in page.words
    sides = await bob.get(at)
    assert "Bob" in sides.words.partition("What the log says")[2]
    assert "Ada" not in sides.words


async def test_an_admin_is_not_told_who_proposed_in_vain(
    ada: Person, bob: Person, third: Person, hall: Hall
) -> None:
    me = await actor(hall, ada)
    task, _ = await competing(hall, me, await actor(hall, bob))
    await third.signs_up("boss")
    await accounts.make_admin(hall, email="boss@example.com")
    page = await third.get(f"/app/tasks/{task.id}")
    assert "Ada" in page.words
    assert "Person 1" in page.words
    assert "Bob" not in page.words


async def test_people_are_told_apart_on_proposals_and_deliveries_and_know_themselves(
    ada: Person, bob: Person, third: Person, hall: Hall
) -> None:
    me, maker = await actor(hall, ada), await actor(hall, bob)
    await third.signs_up("carl")
    first = await actor(hall, third)
    task, (before, own) = await competing(hall, me, first, maker)
    at = f"/app/tasks/{task.id}"
    assert "Proposal: Person 2" in (await ada.get(f"{at}/proposals/{own.id}")).words
    assert "Proposal: Bob" in (await bob.get(f"{at}/proposals/{own.id}")).words
    await withdraw_proposal(hall, actor=first, proposal_id=before.id, reason="")
    assert "Proposal: Person 2" in (await ada.get(f"{at}/proposals/{own.id}")).words, "still"
    await shortlist(hall, actor=me, proposal_id=own.id)
    await handed_in(hall, maker, task)
    assert "Person 2 · " in " ".join((await ada.get(at)).words.split())
    assert "Bob · " in " ".join((await bob.get(at)).words.split())


async def test_an_agents_label_leads_to_its_name_in_a_dispute(
    ada: Person, bob: Person, third: Person, hall: Hall
) -> None:
    me, owner = await actor(hall, ada), await actor(hall, bob)
    scout = await agent_of(hall, owner, "scout")
    task = await claimed(hall, me, scout)
    await handed_in(hall, scout, task)
    at = f"/app/tasks/{task.id}"
    await ada.sends(at, f"{at}/dispute", dispute_reason="No")
    await third.signs_up("boss")
    await accounts.make_admin(hall, email="boss@example.com")
    (path,) = {
        one
        for one in (await third.get("/app/admin/disputes")).links()
        if one.startswith("/app/admin/disputes/")
    }
    words = (await third.get(path)).words
    assert "An agent that is not there now" not in words
    for word in ("scout", "Ada"):
        assert word in words
    assert "scout" in (await ada.get(at)).words.partition("What the log says")[2]


async def test_only_those_who_appear_are_looked_up(ada: Person, bob: Person, hall: Hall) -> None:
    me, stranger = await actor(hall, ada), await actor(hall, bob)
    mates = [await member_of(hall, me, f"mate{number}") for number in range(3)]
    labels = [one.label for one in (mates[1], stranger)]
    told = await called(hall, actor=me, labels=[*labels, "hall", "timer", "run:x:rehearsal"])
    assert told == {mates[1].label: "Mate1"}
    counted, ran = counting(hall)
    await called(counted, actor=me, labels=labels)
    await called(counted, actor=me, labels=["hall", "timer"])
    assert ran == ["names_of_members"], "and not all that belong to the organization"
    rival = await agent_of(hall, stranger, "rival")
    task = await claimed(hall, me, rival)
    assert await called(hall, actor=mates[0], labels=[rival.label]) == {rival.label: "rival"}
    theirs = await called(hall, actor=stranger, labels=[rival.label, me.label], task=task)
    assert theirs == {rival.label: "rival"}
    other = await agent_of(hall, me, "ours")
    assert await called(hall, actor=stranger, labels=[other.label], task=task) == {}


async def test_a_stream_names_who_comes_while_it_is_open(
    ada: Person, bob: Person, hall: Hall, server: Server
) -> None:
    me, owner = await actor(hall, ada), await actor(hall, bob)
    task = await funded(hall, me)
    page = await ada.get(f"/app/tasks/{task.id}")
    (live,) = [
        one.attributes["data-live"] for one in page.elements if "data-live" in one.attributes
    ]
    scout = await agent_of(hall, owner, "scout")
    cookies = {"hall": ada.http.cookies["hall"]}
    async with (
        httpx.AsyncClient(base_url=server.url, cookies=cookies, timeout=PATIENCE_S) as client,
        client.stream("GET", live) as response,
        asyncio.timeout(PATIENCE_S),
    ):
        await claims.claim(hall, actor=scout, task_id=task.id)
        async for line in response.aiter_lines():
            if "scout" in line:
                break
        else:
            raise AssertionError("the stream ended without a name")


async def test_what_a_mate_earned_is_told_by_name(ada: Person, bob: Person, hall: Hall) -> None:
    me, owner = await actor(hall, ada), await actor(hall, bob)
    mate = await member_of(hall, owner, "mate")
    task = await claimed(hall, me, mate)
    await handed_in(hall, mate, task)
    at = f"/app/tasks/{task.id}"
    await ada.sends(at, f"{at}/accept", rating="5")
    assert "Mate" in (await bob.get("/app/earnings")).words
