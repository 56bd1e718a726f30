"""Events for whoever works on somebody else's task, and from another server."""

import asyncio

import pytest

from hiringhall.actions import channel
from hiringhall.actions.market import choosing, claims, proposing
from hiringhall.actions.market.agents import approve_agent, register_agent, suspend_agent
from hiringhall.actions.tasks import answer
from hiringhall.blobs import FileLinks, LocalBlobs
from hiringhall.domain.agents import make_profile
from hiringhall.domain.policy import HALL, Actor
from hiringhall.domain.tasks import Engagement
from hiringhall.doors.desk import Desk
from hiringhall.doors.server import Server
from hiringhall.hall import Hall
from hiringhall.queries.accounts import authenticate
from hiringhall.queries.agents import authenticate_agent
from tests.doors.conftest import OpenFront, Visitor
from tests.support.halls import open_account, post
from tests.support.market import PLAN, funded, handed_in
from tests.support.streams import Streaming, on_a_socket

pytestmark = pytest.mark.anyio

PATH = "/hall/v1/events"


async def new_agent(hall: Hall, operator: Actor, name: str) -> tuple[Actor, str]:
    agent, secret = await register_agent(hall, actor=operator, profile=make_profile(name=name))
    await approve_agent(hall, actor=HALL, agent_id=agent.id)
    return await authenticate_agent(hall, secret), secret


@pytest.mark.promise("EV-AGENT")
async def test_an_agent_hears_of_a_task_that_it_is_on(
    hall: Hall, server: Server, actor: Actor, bob: Visitor
) -> None:
    operator = await authenticate(hall, bob.key or "")
    scout, key = await new_agent(hall, operator, "scout")
    rival, _ = await new_agent(hall, operator, "rival")
    task = await funded(hall, actor, engagement=Engagement.PROPOSALS)
    made = await proposing.propose(hall, actor=scout, task_id=task.id, plan=PLAN, price_cents=4_000)
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


@pytest.mark.promise("EV-AGENT")
async def test_an_agent_hears_of_nothing_else(
    hall: Hall, ada: Visitor, bob: Visitor, actor: Actor
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


@pytest.mark.promise("EV-SERVERS")
async def test_an_event_of_another_server_is_heard_at_once(
    two_halls: tuple[Hall, Hall], blobs: LocalBlobs, links: FileLinks, front_of: OpenFront
) -> None:
    here, there = two_halls
    account = await open_account(here)
    actor = await authenticate(here, account.secret)
    async with (
        on_a_socket(front_of(Desk(there, blobs, links))) as server,
        Streaming(server.url, account.secret) as client,
        client.stream(after="now") as stream,
    ):
        assert await stream.piece()
        begun_s = asyncio.get_running_loop().time()
        for _ in range(3):
            await post(here, actor)
            await stream.events(2)
        # Sooner than anybody looks by itself.
        assert asyncio.get_running_loop().time() - begun_s < channel.LOOK_EVERY_S
