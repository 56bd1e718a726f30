"""A task that goes on while its page is open: who hears of it at once, of what, and until when."""

import asyncio
import contextlib
import html
import re
from collections.abc import AsyncGenerator

import httpx
import pytest

from hiringhall.actions.market import choosing, claims, proposing, reviewing
from hiringhall.actions.runs import outcomes
from hiringhall.actions.tasks import change
from hiringhall.actions.tasks.running import run_task
from hiringhall.domain.policy import Actor
from hiringhall.domain.questions import make_question
from hiringhall.domain.tasks import Engagement, State
from hiringhall.doors.front import Front
from hiringhall.doors.server import Server
from hiringhall.hall import Hall
from hiringhall.queries.sign_ins import actor_of, signed_in
from tests.doors.conftest import Worker
from tests.doors.pages.conftest import Person
from tests.doors.pages.reading import Page
from tests.support.market import PLAN, claimed, current, funded, handed_in
from tests.support.streams import PATIENCE_S, EventStream, on_a_socket
from tests.support.teams import a_team, put_under, put_up

pytestmark = pytest.mark.anyio

SOON_S = 2.0


@pytest.fixture
async def server(front: Front) -> AsyncGenerator[Server]:
    async with on_a_socket(front) as served:
        yield served


async def actor_at(hall: Hall, person: Person) -> Actor:
    return actor_of(await signed_in(hall, secret=person.http.cookies["hall"]))


def news_of(page: Page) -> str | None:
    """Where a page of somebody else's task asks for news, if it does."""
    found = re.search(r'data-(?:news|live)="([^"]+)"', page.text)
    return None if found is None else html.unescape(found[1])


@contextlib.asynccontextmanager
async def following(
    server: Server, person: Person, task_id: str = "", *, path: str = "", last_id: str = ""
) -> AsyncGenerator[EventStream]:
    """What an open page hears, a task's or any, from what it was shown with on."""
    page = await person.get(path or f"/app/tasks/{task_id}")
    address = news_of(page)
    assert address is not None
    headers = {"Cookie": f"hall={person.http.cookies['hall']}"}
    if last_id:
        headers["Last-Event-ID"] = last_id
    async with (
        httpx.AsyncClient(base_url=server.url, timeout=PATIENCE_S, trust_env=False) as client,
        client.stream("GET", address, headers=headers) as response,
    ):
        assert response.status_code == 200
        yield EventStream(response)


async def test_who_works_on_somebody_elses_task_hears_of_it_at_once(
    hall: Hall, server: Server, ada: Person, bob: Person
) -> None:
    poster, maker = await actor_at(hall, ada), await actor_at(hall, bob)
    task = await claimed(hall, poster, maker)
    await handed_in(hall, maker, task)
    now_s = asyncio.get_running_loop().time
    async with following(server, bob, task.id) as stream:
        for _ in range(2):
            begun_s = now_s()
            await reviewing.request_revision(
                hall, actor=poster, task_id=task.id, reason="The second is wrong."
            )
            news = await stream.record()
            assert now_s() - begun_s < SOON_S
            assert news.fields["data"] == "news", "what it is, the page asks for itself"
            await handed_in(hall, maker, task)
            await stream.record()
        await bob.sends("/app", "/signout")
        begun_s = now_s()
        while await stream.piece() is not None:
            pass
        assert now_s() - begun_s < SOON_S


async def test_nobody_hears_what_others_do_there(
    hall: Hall, server: Server, ada: Person, bob: Person, third: Person
) -> None:
    poster, maker = await actor_at(hall, ada), await actor_at(hall, bob)
    await third.signs_up("eve")
    rival = await actor_at(hall, third)
    task = await funded(hall, poster, engagement=Engagement.PROPOSALS)
    own = await proposing.propose(hall, actor=maker, task_id=task.id, plan=PLAN, price_cents=4_000)
    async with following(server, bob, task.id) as stream:
        await proposing.propose(hall, actor=rival, task_id=task.id, plan=PLAN, price_cents=3_000)
        await choosing.shortlist(hall, actor=poster, proposal_id=own.proposal.id)
        news = await stream.record()
        version = (await current(hall, task)).version
        number = news.fields["id"].partition(".")[0]
        assert number == str(version), "of the rival's there was nothing"


async def test_who_looks_at_a_task_on_offer_hears_when_it_is_taken_and_nothing_before(
    hall: Hall, server: Server, ada: Person, bob: Person, third: Person
) -> None:
    poster, maker = await actor_at(hall, ada), await actor_at(hall, bob)
    await third.signs_up("eve")
    task = await funded(hall, poster, engagement=Engagement.PROPOSALS)
    shown = news_of(await third.get(f"/app/tasks/{task.id}"))
    async with following(server, third, task.id) as stream:
        offered = await proposing.propose(
            hall, actor=maker, task_id=task.id, plan=PLAN, price_cents=4_000
        )
        assert news_of(await third.get(f"/app/tasks/{task.id}")) == shown, "no trace of a rival"
        await choosing.shortlist(hall, actor=poster, proposal_id=offered.proposal.id)
        gone = await stream.record()
        assert gone.fields["event"] == "gone", "the first word of anything"
        assert gone.fields["id"] == "0.", "not even how much has happened"
    at = f"/app/tasks/{task.id}/events"
    assert (await third.http.get(at)).status_code == 404
    claim = await funded(hall, poster, engagement=Engagement.CLAIM)
    async with following(server, third, claim.id) as stream:
        await claims.claim(hall, actor=maker, task_id=claim.id)
        assert (await stream.record()).fields["event"] == "gone"
        await claims.release_claim(hall, actor=maker, task_id=claim.id)
        back = await stream.record()
        assert back.fields["data"] == "news", "it is on offer again"
        await claims.claim(hall, actor=maker, task_id=claim.id)
        assert (await stream.record()).fields["event"] == "gone"
        await third.sends("/app", "/signout")
        while await stream.piece() is not None:
            pass


async def test_whoever_was_away_hears_at_once_that_it_stands_otherwise(
    hall: Hall, server: Server, ada: Person, bob: Person
) -> None:
    poster, maker = await actor_at(hall, ada), await actor_at(hall, bob)
    task = await funded(hall, poster, engagement=Engagement.CLAIM)
    path = f"/app/tasks/{task.id}"
    knew = (news_of(await bob.get(path)) or "").partition("after=")[2]
    async with following(server, bob, path=path, last_id=knew) as stream:
        await claims.claim(hall, actor=maker, task_id=task.id)
        await stream.record()
    async with following(server, bob, path=path, last_id=knew) as stream:
        assert (await stream.record()).fields["data"] == "news"


async def test_an_open_board_hears_whatever_changes_it(
    hall: Hall, server: Server, ada: Person, bob: Person, worker: Worker
) -> None:
    me = await actor_at(hall, ada)
    team = await a_team(hall, me)
    board = f"/app/teams/{team.id}"
    last_id = ""

    async def says() -> None:
        nonlocal last_id
        news = await stream.record()
        assert news.fields["data"] == "news", "what it is, the board asks for itself"
        assert int(news.fields["id"]) > int(last_id or 0)
        last_id = news.fields["id"]

    async with following(server, ada, path=board) as stream:
        task = await put_up(hall, me, team)
        await says()
        await change.change_task(
            hall, actor=me, task_id=task.id, change=change.task_change(title="Another word")
        )
        await says()
        await change.change_task(
            hall, actor=me, task_id=task.id, change=change.task_change(column=State.DRAFT)
        )
        await says()
    moved = change.task_change(column=State.OPEN)
    await change.change_task(hall, actor=me, task_id=task.id, change=moved)
    async with following(server, ada, path=board, last_id=last_id) as stream:
        await says()
        await run_task(hall, actor=me, task_id=task.id)
        run = await worker.begins()
        await says()
        await worker.reports(run, "Half of it is there")
        await outcomes.ask(hall, token=run.token, asked=[make_question("text", "Which?", None)])
        await says()
    assert (await bob.http.get(f"{board}/events?after=0")).status_code == 404
    assert (await bob.http.get("/app/teams/nothing/events")).status_code == 404


async def test_a_sheet_is_told_its_tasks_log_and_of_other_tasks_only_that_there_is_news(
    hall: Hall, server: Server, ada: Person, bob: Person, worker: Worker
) -> None:
    me = await actor_at(hall, ada)
    team = await a_team(hall, me)
    task = await put_up(hall, me, team)
    sheet = f"/app/teams/{team.id}/tasks/{task.id}"
    async with following(server, ada, path=sheet) as stream:
        await run_task(hall, actor=me, task_id=task.id)
        run = await worker.begins()
        await worker.reports(run, "Half of it is <there>")
        while "is &lt;there&gt;" not in (line := await stream.record()).fields["data"]:
            assert line.fields["data"].startswith("<li "), "a line of the log"
            assert "event" not in line.fields
        await put_under(hall, me, task, title="A part of it")
        news = await stream.record()
        assert (news.fields["event"], news.fields["data"]) == ("news", "news")
    page = await ada.get(sheet)
    assert "Half of it is <there>" in page.words
    assert "A part of it" in page.words
    other = await a_team(hall, me, name="Another")
    elsewhere = await put_up(hall, me, other)
    at = f"/app/teams/{team.id}/tasks/{elsewhere.id}/events?after=0"
    assert (await ada.http.get(at)).status_code == 404
    assert (await bob.http.get(f"{sheet}/events?after=0")).status_code == 404
