"""Home: what waits for somebody, what is under way, and nothing of anybody else's."""

import httpx
import pytest

from hiringhall.actions.market import choosing
from hiringhall.actions.tasks import deciding
from hiringhall.actions.tasks.running import resume_task
from hiringhall.domain.policy import Actor
from hiringhall.domain.tasks import Engagement
from hiringhall.hall import Hall
from hiringhall.queries.home import home
from hiringhall.queries.sign_ins import actor_of, signed_in
from tests.doors.conftest import Worker
from tests.doors.pages.conftest import Person, page_of
from tests.support.halls import Clock, post
from tests.support.market import agent_of, claimed, competing, funded, handed_in

pytestmark = pytest.mark.anyio

PAYLOADS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</title></textarea><svg/onload=alert(1)>",
    "{{ 7 * 7 }}{% raw %}",
    "javascript:alert(1)",
)


async def actor(hall: Hall, person: Person) -> Actor:
    return actor_of(await signed_in(hall, secret=person.http.cookies["hall"]))


async def test_a_new_home_says_that_nothing_waits(ada: Person) -> None:
    page = await ada.get("/app")
    assert "Nothing. What needs your word" in page.words
    assert "1,000.00" in page.words
    assert "play money" in page.words
    # Who is new is told where to begin; who has begun, no more.
    begins = {"/app/tasks/new", "/app/market", "/app/agents/new", "/app/teams", "/guide"}
    assert "To begin with" in page.words
    assert begins <= page.links()


async def test_who_has_begun_is_not_told_where_to_begin(ada: Person, hall: Hall) -> None:
    await post(hall, await actor(hall, ada), title="Begun")
    assert "To begin with" not in (await ada.get("/app")).words


async def test_what_waits_stands_apart_from_what_is_under_way(
    ada: Person, hall: Hall, worker: Worker
) -> None:
    me = await actor(hall, ada)
    asked = await post(hall, me, title="It asks")
    await worker.asks({"type": "text", "question": "Which colour?"})
    review = await post(hall, me, title="It is done")
    await worker.solves("Here.")
    running = await post(hall, me, title="It runs")
    await worker.begins()
    found = await home(hall, actor=me)
    assert [task.id for task in found.waiting] == [review.id, asked.id]
    assert [task.id for task in found.under_way] == [running.id]
    await post(hall, me, title="It waits")
    page = await ada.get("/app")
    for words in ("It waits", "has a question for you", "waits for your decision", "Delivered"):
        assert words in page.words
    assert {f"/app/tasks/{asked.id}#answer", f"/app/tasks/{review.id}#review"} <= page.links()


async def test_what_failed_lately_is_looked_at(
    ada: Person, hall: Hall, worker: Worker, clock: Clock
) -> None:
    me = await actor(hall, ada)
    posted = [await post(hall, me, title=f"It broke {number}") for number in range(6)]
    for _ in posted:
        await worker.gives_up("No such file")
    assert "It broke 0" not in (await ada.get("/app")).words.partition("Under way")[0]
    # The oldest fails once more: when it did counts, and not when it was posted.
    await resume_task(hall, actor=me, task_id=posted[0].id)
    await worker.gives_up("No such file")
    found = await home(hall, actor=me)
    assert [one.title[-1] for one in found.failed] == ["0", "5", "4", "3", "2"]
    words = (await ada.get("/app")).words
    assert words.index("Failed in the last week") < words.index("It broke 0")
    clock.advance(8 * 24 * 3600)
    assert "Failed in the last week" not in (await ada.get("/app")).words


async def test_an_operator_hears_which_of_its_agents_may_not_work(
    ada: Person, bob: Person, hall: Hall
) -> None:
    me = await actor(hall, ada)
    await agent_of(hall, me, "Quill")
    assert "Your agents that may not work" not in (await ada.get("/app")).words
    await agent_of(hall, me, "Scout", approved=False)
    words = (await ada.get("/app")).line
    assert "Your agents that may not work ScoutSuspended" in words
    assert "Quill" not in words.partition("Your agents that may not work")[2].partition("Under")[0]
    assert "Scout" not in (await bob.get("/app")).words


async def test_a_task_force_waits_for_whoever_plans_it(ada: Person, hall: Hall) -> None:
    me = await actor(hall, ada)
    whole = await funded(hall, me, title="A guide", engagement=Engagement.TASK_FORCE)
    page = await ada.get("/app")
    assert f"/app/forces/{whole.id}" in page.links()
    words = page.words
    assert words.index("Task Forces to plan") < words.index("A guide") < words.index("Under way")
    assert (await ada.get(f"/app/forces/{whole.id}")).words


async def test_what_waits_is_told_apart_by_what_it_wants(
    ada: Person, bob: Person, hall: Hall, worker: Worker
) -> None:
    me, maker = await actor(hall, ada), await actor(hall, bob)
    planned = await post(hall, me, title="A plan", require_spec_approval=True)
    await worker.plans("Think, then do.")
    contest, (proposal,) = await competing(hall, me, maker)
    claim = await claimed(hall, me, maker, title="Taken")
    page = await ada.get("/app")
    assert "Plan to decide" in page.words
    assert "Has a question" not in page.words
    assert {f"/app/tasks/{planned.id}#plan", f"/app/tasks/{contest.id}#choose"} <= page.links()
    for words in ("Plans to decide on", "Proposals to choose from", "Proposals: 1."):
        assert words in page.words
    await choosing.shortlist(hall, actor=me, proposal_id=proposal.id)
    made = await handed_in(hall, maker, claim)
    await deciding.reject_deliverable(hall, actor=me, deliverable_id=made.id, reason="No")
    page = await ada.get("/app")
    assert f"/app/tasks/{claim.id}#dispute" in page.links()
    assert f"/app/tasks/{contest.id}#choose" not in page.links()
    at_work = await bob.get("/app")
    assert "What you are working on" in at_work.words
    assert {f"/app/tasks/{one.id}" for one in (contest, claim)} <= at_work.links()


async def test_what_was_sent_back_waits_for_whoever_made_it(
    ada: Person, bob: Person, hall: Hall
) -> None:
    me, maker = await actor(hall, ada), await actor(hall, bob)
    task = await claimed(hall, me, maker, title="Taken")
    made = await handed_in(hall, maker, task)
    assert "Sent back to you" not in (await bob.get("/app")).words
    await deciding.send_back(hall, actor=me, deliverable_id=made.id, reason="Shorter, please")
    page = await bob.get("/app")
    for words in ("Sent back to you", "Shorter, please", "Mend it"):
        assert words in page.words
    assert "Sent back to you" not in (await ada.get("/app")).words


async def test_nobody_sees_anothers(ada: Person, bob: Person, hall: Hall, worker: Worker) -> None:
    await post(hall, await actor(hall, ada), title="Ada's own")
    await worker.solves("Ada's solution")
    page = await bob.get("/app")
    assert "Ada's" not in page.words
    assert "Ada's own" in (await ada.get("/app")).words


@pytest.mark.parametrize("payload", PAYLOADS)
async def test_titles_and_names_run_nowhere(
    other: Person, hall: Hall, worker: Worker, payload: str
) -> None:
    await other.signs_up("eve", name=payload, organization_name=payload)
    await post(hall, await actor(hall, other), title=payload)
    await worker.asks({"type": "text", "question": payload})
    page = await other.get("/app")
    assert page.words.count(payload) >= 3
    assert "".join(page.scripts).strip() == ""
    assert {one.tag for one in page.elements} <= {
        *("html", "head", "meta", "title", "link", "script", "body", "a", "header", "div", "img"),
        *("nav", "span", "form", "input", "button", "main", "h1", "h2", "section", "p", "ul"),
        *("li", "b", "br", "time", "footer", "h3"),
    }
    assert not [name for one in page.elements for name in one.attributes if name.startswith("on")]


async def test_assets_are_kept_for_ever_and_unknown_ones_are_not_there(
    browser: httpx.AsyncClient, person: Person
) -> None:
    page = await person.get("/signin")
    assets = {
        value
        for one in page.elements
        for name, value in one.attributes.items()
        if name in ("href", "src") and value.startswith("/assets/")
    }
    assert len(assets) >= 3
    for address in assets:
        answer = await browser.get(address)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["x-content-type-options"] == "nosniff"
    for address in ("/assets/hall.css", "/assets/../door.py", "/assets/%2e%2e%2fdoor.py"):
        assert (await browser.get(address)).status_code == 404


async def test_a_page_that_was_kept_may_not_be_shown_after_signing_out(ada: Person) -> None:
    answer = await ada.http.get("/app")
    assert answer.headers["cache-control"] == "no-store"
    page_of(answer)
