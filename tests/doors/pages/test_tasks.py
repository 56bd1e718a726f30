"""A task at its page: posted, asked about, answered, followed, accepted; and whose it is."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from hiringhall.actions.runs import outcomes
from hiringhall.actions.tasks import answer, deciding
from hiringhall.domain.policy import Actor
from hiringhall.doors.front import Front
from hiringhall.doors.server import Server
from hiringhall.hall import Hall
from hiringhall.queries.deliveries import deliveries_of
from hiringhall.queries.seen import task_seen
from hiringhall.queries.sign_ins import actor_of, signed_in
from tests.doors.conftest import Worker
from tests.doors.pages.conftest import Person, page_of
from tests.doors.pages.test_home import PAYLOADS
from tests.support.streams import PATIENCE_S, on_a_socket

pytestmark = pytest.mark.anyio

ASKED = (
    {"type": "text", "question": "Which name?"},
    {"type": "single_select", "question": "Which framework?", "options": ["React", "Vue"]},
    {"type": "multi_select", "question": "Which browsers?", "options": ["Firefox", "Safari"]},
)


async def actor(hall: Hall, person: Person) -> Actor:
    return actor_of(await signed_in(hall, secret=person.http.cookies["hall"]))


async def posts(person: Person, title: str = "Build a page", **typed: Any) -> str:
    """Post a task; its page."""
    fields: dict[str, Any] = {"title": title, "description": "With a **hero**.", **typed}
    answer = await person.sends("/app/tasks/new", "/app/tasks/new", **fields)
    return answer.headers["location"]


async def test_from_a_brief_to_an_accepted_delivery(
    ada: Person, hall: Hall, worker: Worker
) -> None:
    path = await posts(ada)
    page = await ada.get(path)
    assert "Build a page" in page.words
    assert "<strong>hero</strong>" in page.text
    await worker.asks(*ASKED)
    page = await ada.get(path)
    form = page.form(f"{path}/reply")
    said: dict[str, Any] = {
        "answer-0": "Iris",
        "answer-1": "other",
        "other-1": "Svelte",
        "answer-2": ["0", "other"],
        "other-2": "Chrome",
    }
    await ada.send(form, **said)
    task = await task_seen(hall, actor=await actor(hall, ada), task_id=path.rpartition("/")[2])
    assert task.task.state == "in_progress"
    page = await ada.get(path)
    for word in ("Iris", "Svelte", "Firefox, Chrome"):
        assert word in page.words
    await worker.solves("# Done\n\n- one", {"src/App.tsx": b"export {}"})
    page = await ada.get(path)
    assert "<h1>Done</h1>" in page.text
    (file,) = [one for one in page.links() if one.startswith("/files/")]
    download = await ada.http.get(file)
    assert download.content == b"export {}"
    assert download.headers["content-disposition"].startswith("attachment")
    assert download.headers["content-type"] == "application/octet-stream"
    await ada.sends(path, f"{path}/accept")
    assert "Done" in (await ada.get(path)).words
    assert path in (await ada.get("/app")).links()


async def test_a_delivery_is_sent_back_with_a_reason(
    ada: Person, hall: Hall, worker: Worker
) -> None:
    path = await posts(ada)
    await worker.solves("First.")
    await ada.sends(path, f"{path}/revise", 400, reason=" ")
    await ada.sends(path, f"{path}/revise", reason="Larger, please")
    await worker.solves("Second.")
    page = await ada.get(path)
    assert "Larger, please" in page.words
    assert page.words.index("Second.") < page.words.index("First.")
    assert "sent back" in page.words


async def test_a_plan_is_decided_on(ada: Person, worker: Worker) -> None:
    path = await posts(ada, plan_first="yes")
    await worker.plans("1. Think\n2. Do")
    page = await ada.get(path)
    assert "<li>Think</li>" in page.text
    await ada.sends(path, f"{path}/plan", 409, decision="yes", plan_id="one that was made before")
    await ada.sends(path, f"{path}/plan", decision="yes")
    assert "The plan was decided on" in (await ada.get(path)).words


async def test_a_task_is_cancelled(ada: Person) -> None:
    path = await posts(ada)
    long = page_of(await ada.sends(path, f"{path}/cancel", 400, why="x" * 200_001), 400)
    assert 'id="why-wrong"' in long.text
    await ada.sends(path, f"{path}/cancel", why="No more need")
    page = await ada.get(path)
    assert "Cancelled" in page.words
    assert "No more need" in page.words


async def test_a_brief_that_is_refused_loses_nothing(ada: Person) -> None:
    answer = await ada.sends(
        "/app/tasks/new", "/app/tasks/new", 400, title=" ", description="All\r\nof it"
    )
    page = page_of(answer, 400)
    assert page.form("/app/tasks/new").values["description"] == "All\nof it"
    assert any(one.attributes.get("id") == "title-wrong" for one in page.elements)


async def test_two_people_at_one_task_do_not_overwrite_each_other(
    ada: Person, hall: Hall, worker: Worker
) -> None:
    path = await posts(ada)
    await worker.messages("Which colour?")
    form = (await ada.get(path)).form(f"{path}/reply")
    me = await actor(hall, ada)
    await answer.reply(hall, actor=me, task_id=path.rpartition("/")[2], text="Red")
    late = await ada.send(form, 409, message="A long and thoughtful answer")
    page = page_of(late, 409)
    assert "A long and thoughtful answer" in page.words, "what was typed is not lost"
    await worker.messages("And which size?")
    late = await ada.send(form, 409, message="A long and thoughtful answer")
    assert "answered already" in page_of(late, 409).words


async def test_what_is_typed_outlives_the_sign_in(ada: Person, worker: Worker) -> None:
    path = await posts(ada)
    await worker.messages("Which colour?")
    form = (await ada.get(path)).form(f"{path}/reply")
    tab = (await ada.get("/app")).form("/signout")
    await ada.send(tab)
    fields = {**form.values, "message": "Deep\nred"}
    headers = {"sec-fetch-site": "same-origin"}
    answer = await ada.http.post(form.action, data=fields, headers=headers)
    page = page_of(answer, 401)
    assert "what you typed" in page.words
    again = await ada.send(
        page.form("/signin"), 200, email=ada.email, password="correct horse battery"
    )
    form = page_of(again).form(f"{path}/reply")
    assert form.values["message"] == "Deep\nred"
    await ada.send(form)
    assert "Deep\nred" in (await ada.get(path)).words


async def test_what_comes_from_elsewhere_is_not_even_kept(ada: Person, worker: Worker) -> None:
    path = await posts(ada)
    for who in (ada.http.cookies, {}):
        ada.http.cookies = httpx.Cookies(who)
        answer = await ada.http.post(
            f"{path}/cancel", data={"why": "evil"}, headers={"sec-fetch-site": "cross-site"}
        )
        assert "evil" not in page_of(answer, 403).words


@pytest.mark.parametrize("word", ["reply", "plan", "accept", "revise", "cancel"])
async def test_a_task_is_its_organizations_alone(
    ada: Person, bob: Person, worker: Worker, word: str
) -> None:
    path = await posts(ada)
    await worker.solves("Done.")
    page = await ada.get(path)
    deliverable = page.form(f"{path}/accept").values["deliverable_id"]
    token = (await bob.get("/app")).form("/signout").values["csrf"]
    fields = {"csrf": token, "deliverable_id": deliverable, "message": "x", "reason": "x"}
    page_of(await bob.http.post(f"{path}/{word}", data=fields), 404)
    for at in (path, f"{path}/now", f"{path}/events"):
        page_of(await bob.http.get(at), 404)
        page_of(await bob.http.get(at.replace(path[-4:], "zzzz")), 404)
    mine = await posts(bob)
    page_of(await bob.http.post(f"{mine}/accept", data=fields), 404)
    assert "To review" in (await ada.get(path)).words


@pytest.mark.parametrize("word", ["new", "x/reply", "x/plan", "x/accept", "x/revise", "x/cancel"])
async def test_every_form_needs_its_token(ada: Person, word: str) -> None:
    for token in ({}, {"csrf": "a" * 43}):
        answer = await ada.http.post(f"/app/tasks/{word}", data={"title": "T", **token})
        assert "Nothing was changed" in page_of(answer, 403).words


@pytest.mark.parametrize("payload", PAYLOADS)
async def test_whatever_is_said_runs_nowhere(ada: Person, worker: Worker, payload: str) -> None:
    path = await posts(ada, title=payload, description=payload)
    await worker.asks({"type": "single_select", "question": payload, "options": [payload, "plain"]})
    asked = await ada.get(path)
    said: dict[str, Any] = {"answer-0": "other", "other-0": payload}
    await ada.send(asked.form(f"{path}/reply"), **said)
    name = payload.replace("/", "_").replace("\0", "_")
    await worker.solves(
        f"{payload}\n\n[a]({payload}) ![b](http://evil.example/x.png)", {name: b"x"}
    )
    shown = await ada.get(path)
    for page in (asked, shown):
        assert "".join(page.scripts).strip() == ""
        tags = {one.tag for one in page.elements}
        assert not tags & {"svg", "iframe", "object", "embed", "style", "base"}
        for one in page.elements:
            assert not [name for name in one.attributes if name.startswith("on")]
            assert one.tag != "img" or one.attributes["src"].startswith("/assets/")
            for name in ("href", "src", "action"):
                assert "javascript:" not in one.attributes.get(name, "").lower()


@pytest.fixture
async def server(front: Front) -> AsyncIterator[Server]:
    async with on_a_socket(front) as served:
        yield served


async def heard(lines: AsyncIterator[str], text: str) -> str:
    """The next line that has a text in it."""
    async with asyncio.timeout(PATIENCE_S):
        async for line in lines:
            if text in line:
                return line
    raise AssertionError(f"the stream ended without {text!r}")


async def test_the_log_grows_and_is_taken_up_where_it_broke_off(
    ada: Person, server: Server, worker: Worker
) -> None:
    path = await posts(ada, title="Follow me")
    page = await ada.get(path)
    (live,) = [
        one.attributes["data-live"] for one in page.elements if "data-live" in one.attributes
    ]
    cookies = {"hall": ada.http.cookies["hall"]}
    async with httpx.AsyncClient(base_url=server.url, cookies=cookies) as client:
        run = await worker.begins()
        async with client.stream("GET", live) as response:
            assert response.headers["content-type"] == "text/event-stream"
            lines = response.aiter_lines()
            last = (await heard(lines, "id: ")).removeprefix("id: ")
            await heard(lines, "A worker began")
        await worker.reports(run, "<b>half</b> of it")
        async with client.stream("GET", live, headers={"Last-Event-ID": last}) as response:
            line = await heard(response.aiter_lines(), "half")
            assert "&lt;b&gt;half&lt;/b&gt; of it" in line


async def test_where_it_stands_is_sent_when_it_has_changed(ada: Person, worker: Worker) -> None:
    path = await posts(ada)
    page = await ada.get(path)
    renewed = [one.attributes["hx-get"] for one in page.elements if "hx-get" in one.attributes]
    (now,) = [one for one in renewed if "/now?" in one]
    assert (await ada.http.get(now)).status_code == 204
    await worker.messages("Which colour?")
    part = page_of(await ada.http.get(now))
    assert "Which colour?" in part.words
    assert part.elements[0].tag == "div"
    assert part.form(f"{path}/reply")


@pytest.mark.parametrize("letter", ["word ", '"', "a\n\n", "[a][b] ", "> - "])
async def test_a_page_stays_small_whatever_is_said(
    ada: Person, hall: Hall, worker: Worker, letter: str
) -> None:
    """The most that a brief, a worker and a delivery can say, in letters that swell on a page."""
    long = f"[b]: https://example.com/{'x' * 900}\n\n{letter * 40_000}"[:199_000]
    path = await posts(ada, title="Long", description=long)
    run = await worker.begins()
    for _ in range(60):
        await worker.reports(run, long[:4_000])
    await outcomes.deliver(hall, token=run.token, text=long)
    page = await ada.http.get(path)
    assert len(page.content) < 150_000
    assert (await ada.http.get(f"{path}/brief.md")).text == long.strip()
    task_id = path.rpartition("/")[2]
    me = await actor(hall, ada)
    (made,) = await deliveries_of(hall, actor=me, task_id=task_id)
    await deciding.send_back(
        hall, actor=me, deliverable_id=made.deliverable.id, reason=long[:40_000]
    )
    assert len((await ada.http.get(path)).content) < 150_000
    assert len((await ada.http.get("/app")).content) < 150_000
