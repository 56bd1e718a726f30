"""A task of the market at its page: for who posted it, who may take it, who has it, an admin."""

import re
from typing import Any

import pytest

from hiringhall.actions import accounts
from hiringhall.actions.market import claims
from hiringhall.actions.market.proposing import withdraw_proposal
from hiringhall.domain.compute import FREE
from hiringhall.domain.tasks import Engagement, State
from hiringhall.hall import Hall
from hiringhall.queries.seen import task_seen
from hiringhall.workers.checking import Checker
from hiringhall.workers.gateway import Gateway, PriceTable
from tests.doors.conftest import Worker
from tests.doors.pages.conftest import Person, page_of
from tests.doors.pages.reading import Page
from tests.doors.pages.test_home import PAYLOADS, actor
from tests.support.halls import Clock
from tests.support.market import agent_of, claimed, competing, draft, funded, handed_in, proposed

pytestmark = pytest.mark.anyio

PLAN = "I shall read the brief, do what it says, and hand it in."


async def state_of(hall: Hall, person: Person, task_id: str) -> State:
    return (await task_seen(hall, actor=await actor(hall, person), task_id=task_id)).task.state


def harmless(page: Page) -> None:
    """Nothing in a page runs, loads from elsewhere, or frames anything."""
    assert "".join(page.scripts).strip() == ""
    assert not {one.tag for one in page.elements} & {"svg", "iframe", "object", "embed", "base"}
    for one in page.elements:
        assert not [name for name in one.attributes if name.startswith("on")]
        for name in ("href", "src", "action"):
            assert "javascript:" not in one.attributes.get(name, "").lower()
    ids = re.findall(r'\sid="([^"]+)"', page.text)
    assert len(ids) == len(set(ids)), "an id stands once"


async def test_a_claim_is_taken_at_the_page_and_paid(
    ada: Person, bob: Person, hall: Hall, clock: Clock
) -> None:
    task = await funded(hall, await actor(hall, ada), instructions="Be quick")
    at = f"/app/tasks/{task.id}"
    page = await bob.get(at)
    assert "Be quick" in page.words
    assert not [one for one in page.forms if one.action.endswith(("/cancel", "/accept"))]
    await bob.send(page.form(f"{at}/claim"))
    page = await bob.get(at)
    assert "This task is yours" in page.words
    assert [one for one in page.elements if "data-until" in one.attributes]
    assert f"{at}/deliver" in page.links()
    for who in (ada, bob):
        assert f"{at}/dispute" not in {one.action for one in (await who.get(at)).forms}
    await ada.sends(at, f"{at}/cancel", 409)
    made = await handed_in(hall, await actor(hall, bob), task, "**positive**")
    page = await ada.get(at)
    assert "Accept, and pay 50.00" in page.words
    assert "It is accepted, and paid, by itself on" in page.words
    assert '<span class="soft small">Ada</span>' in page.text
    assert '<span class="soft small">an agent</span>' not in page.text
    assert "Bob" not in page.text
    assert "by itself on" in (await ada.get("/app")).words
    theirs = await bob.get(at)
    assert "It is accepted by itself on" in theirs.words
    assert "you get 45.00 USD. That is 50.00 less the hall's fee of 5.00" in theirs.words
    assert "It is yours until" not in theirs.words
    assert "<strong>positive</strong>" in page.text
    await ada.sends(at, f"{at}/accept", 400, rating="9")
    await ada.sends(at, f"{at}/accept", rating="5", feedback="Well done")
    assert await state_of(hall, ada, task.id) is State.DONE
    for who in (ada, bob):
        words = (await who.get(at)).words
        assert "Rated 5 of 5. Well done" in words
        assert words.partition("What happened")[0].count("Well done") == 1, "it is said once"
    # What became of the money: all of it for whoever posted it, their own for whoever did it.
    assert "Paid to whoever did it45.00 The hall's fee5.00" in (await ada.get(at)).line
    theirs = (await bob.get(at)).line
    assert "You got 45.00 USD. That is 50.00, less the hall's fee of 5.00." in theirs
    assert "Paid to whoever did it" not in theirs
    assert f'id="made-{made.number}"' in (await bob.get(at)).text


async def test_a_claim_is_given_back(ada: Person, bob: Person, hall: Hall) -> None:
    task = await claimed(hall, await actor(hall, ada), await actor(hall, bob))
    at = f"/app/tasks/{task.id}"
    await bob.sends(at, f"{at}/release", release_reason="No time")
    assert await state_of(hall, ada, task.id) is State.OPEN
    assert "No time" in (await ada.get(at)).words
    assert "You gave this task back" in (await bob.get(at)).words


async def test_proposals_stand_side_by_side_and_one_is_chosen(
    ada: Person, bob: Person, hall: Hall
) -> None:
    scout = await agent_of(hall, await actor(hall, bob), "scout")
    task, _ = await competing(hall, await actor(hall, ada), scout)
    at = f"/app/tasks/{task.id}"
    await bob.sends(at, f"{at}/propose", 400, plan="Too short", price_cents="80", confidence="most")
    form: dict[str, Any] = {
        "plan": "Short",
        "price_cents": "",
        "confidence": "most",
        "estimated_hours": "soon",
    }
    page = page_of(await bob.sends(at, f"{at}/propose", 400, **form), 400)
    invalid = {one.attributes["name"] for one in page.elements if "aria-invalid" in one.attributes}
    assert invalid == form.keys()
    refused = await bob.sends(at, f"{at}/propose", 400, plan=PLAN, price_cents="80")
    page = page_of(refused, 400)
    assert "within the budget of 50.00" in page.words
    assert page.form(f"{at}/propose").values["plan"] == PLAN
    form = {
        "plan": PLAN,
        "price_cents": "20",
        "confidence": "80 %",
        "estimated_hours": "1.5",
    }
    await bob.send(page.form(f"{at}/propose"), **form)
    assert "Your proposal" in (await bob.get(at)).words
    shown = await ada.get(f"{at}?by=price")
    for words in ("Proposals (2)", "scout", "Person 1", "20.00", "40.00", "80 %", "1.5"):
        assert words in shown.words
    assert shown.words.index("Person 1") < shown.words.index("scout")
    whole = [one for one in shown.links() if f"{at}/proposals/" in one]
    assert len(whole) == 2
    theirs, ours = sorted(whole, key=shown.text.index)
    for one in whole:
        await ada.get(one)
    await bob.get(theirs)
    await bob.get(ours, 404)
    await ada.sends(theirs, f"{theirs}/shortlist")
    assert await state_of(hall, ada, task.id) is State.ASSIGNED
    page = await ada.get(at)
    assert "You may choose several" in page.words
    assert "Choose this one, too" in page.words
    await ada.sends(ours, f"{ours}/decline", decline_reason="Too dear")
    assert "This task is yours" in (await bob.get(at)).words
    await bob.sends(at, f"{theirs}/withdraw")
    assert await state_of(hall, ada, task.id) is State.SELECTING


async def test_what_the_hall_checked_stands_beside_the_delivery(
    ada: Person, bob: Person, hall: Hall, worker: Worker
) -> None:
    task = await claimed(
        hall, await actor(hall, ada), await actor(hall, bob), expected_output="At least 500 words"
    )
    await handed_in(hall, await actor(hall, bob), task)
    at = f"/app/tasks/{task.id}"
    assert "to be done" in (await ada.get(at)).words
    checker = Checker(hall, worker.blobs, Gateway(hall, endpoints={}, prices=PriceTable({}, FREE)))
    while await checker.check_next():
        pass
    page = await ada.get(at)
    assert "by rules" in page.words
    assert "to be done" not in page.words


async def test_a_dispute_goes_from_word_to_word_until_both_agree(
    ada: Person, bob: Person, hall: Hall
) -> None:
    task = await claimed(hall, await actor(hall, ada), await actor(hall, bob))
    at = f"/app/tasks/{task.id}"
    await handed_in(hall, await actor(hall, bob), task)
    empty = page_of(await ada.sends(at, f"{at}/dispute", 400, dispute_reason=" "), 400)
    assert 'id="dispute_reason-wrong"' in empty.text
    await ada.sends(at, f"{at}/dispute", dispute_reason="Half of it is missing")
    page = await bob.get(at)
    assert "Half of it is missing" in page.words
    assert "Handing in again ends the dispute" in page.words
    assert "Handing in again ends the dispute" in (await bob.get(f"{at}/deliver")).words
    assert "The clock decides" in page.words
    (state,) = [one.action for one in page.forms if one.action.endswith("/state")]
    empty = page_of(await bob.send(page.form(state), 400, statement=" "), 400)
    assert 'id="statement-wrong"' in empty.text
    for _ in range(2):
        await bob.send(page.form(state), statement="It is all there")
    assert (await ada.get(at)).words.split("What the log says")[0].count("It is all there") == 1
    agree = state.replace("/state", "/agree")
    await bob.sends(at, agree, 400, worker_cents="much")
    more = page_of(await bob.sends(at, agree, 400, worker_cents="50.01"), 400)
    assert "more, or less, than is taken here" in more.words
    await bob.sends(at, agree, worker_cents="30")
    assert "30.00" in (await ada.get(at)).words
    await ada.sends(at, agree, worker_cents="30")
    assert await state_of(hall, ada, task.id) is State.DONE
    page_after = await bob.get(at)
    assert "agreed" in page_after.words
    assert "you get 30.00 of 50.00" in page_after.words
    for words in ("Your work was accepted", "Whoever does it gets", "The clock decides"):
        assert words not in page_after.words
    assert (
        "other words"
        in page_of(await bob.send(page.form(state), 409, statement="Too late"), 409).words
    )
    late = page_of(await bob.send(page.form(state), 409, statement="Too late", once=""), 409)
    assert "Too late" in late.words, "what was typed is not lost"


async def test_an_admin_looks_at_a_dispute_and_decides_it(
    ada: Person, bob: Person, third: Person, hall: Hall
) -> None:
    task = await claimed(hall, await actor(hall, ada), await actor(hall, bob), title="Contested")
    at = f"/app/tasks/{task.id}"
    await third.signs_up("boss")
    await third.get(at, 404)
    await handed_in(hall, await actor(hall, bob), task)
    await bob.sends(at, f"{at}/dispute", dispute_reason="They do not answer")
    await third.get(at, 404)
    await accounts.make_admin(hall, email="boss@example.com")
    page = await third.get(at)
    for words in ("Contested", "They do not answer", "What happened", "Taken"):
        assert words in page.words
    (resolve,) = [one.action for one in page.forms if one.action.endswith("/resolve")]
    for who in (ada, bob):
        token = (await who.get("/app")).form("/signout").values["csrf"]
        fields = {"csrf": token, "outcome_cents": "50"}
        page_of(await who.http.post(resolve, data=fields), 403)
    for amount in ("", "50.01"):
        wrong = page_of(await third.send(page.form(resolve), 400, outcome_cents=amount), 400)
        assert 'id="outcome_cents-wrong"' in wrong.text
    await third.send(page.form(resolve), outcome_cents="12.50", outcome_reason="Split")
    for who in (ada, bob):
        shown = (await who.get(at)).words.split("What the log says")[0]
        assert "What was said to that" in shown
        assert "An admin decided: Split" in shown


async def test_many_proposals_stand_in_parts_and_withdrawn_ones_last(
    ada: Person, bob: Person, hall: Hall
) -> None:
    owner = await actor(hall, bob)
    agents = [await agent_of(hall, owner, f"scout {number:02}") for number in range(23)]
    task, made = await competing(hall, await actor(hall, ada), *agents, max_proposals=30)
    await withdraw_proposal(hall, actor=agents[0], proposal_id=made[0].id, reason="")
    await proposed(hall, await actor(hall, bob), task, 1_000)
    at = f"/app/tasks/{task.id}"

    def named(page: Page) -> list[str]:
        return re.findall(r'<h3 id="bid-\d+">(scout \d\d|Person \d+)', page.text)

    page = await ada.get(at)
    assert "And 4 more" in page.words
    assert named(page) == [f"scout {number:02}" for number in range(1, 21)]
    (further,) = [one for one in page.links() if "skip=20" in one]
    rest = await ada.get(further)
    assert named(rest) == ["scout 21", "scout 22", "Person 1", "scout 00"]
    assert "more" not in rest.words.partition("Those before")[2][:20]
    cheapest = await ada.get(f"{at}?by=price")
    assert named(cheapest)[0] == "Person 1"
    (further,) = [one for one in cheapest.links() if "skip=20" in one]
    assert "by=price" in further
    (first,) = [one for one in (await ada.get(further)).links() if one == f"{at}?by=price#choose"]
    assert named(await ada.get(first)) == named(cheapest)


async def test_a_draft_is_offered_and_goes_to_the_staff(ada: Person, hall: Hall) -> None:
    task = await draft(hall, await actor(hall, ada))
    at = f"/app/tasks/{task.id}"
    await ada.sends(at, f"{at}/publish")
    assert await state_of(hall, ada, task.id) is State.OPEN
    await ada.sends(at, f"{at}/to-staff")
    found = await task_seen(hall, actor=await actor(hall, ada), task_id=task.id)
    assert found.task.engagement is Engagement.STAFF
    assert "1,000.00" in (await ada.get("/app")).words


async def test_an_intake_is_closed(ada: Person, bob: Person, hall: Hall) -> None:
    task, _ = await competing(hall, await actor(hall, ada), await actor(hall, bob))
    at = f"/app/tasks/{task.id}"
    await ada.sends(at, f"{at}/close-intake")
    assert await state_of(hall, ada, task.id) is State.SELECTING


async def test_nobody_gets_at_what_is_between_others(
    ada: Person, bob: Person, third: Person, hall: Hall
) -> None:
    poster, maker = await actor(hall, ada), await actor(hall, bob)
    await third.signs_up("eve")
    token = (await third.get("/app")).form("/signout").values["csrf"]
    task, (proposal,) = await competing(hall, poster, maker)
    contest = f"/app/tasks/{task.id}"
    taken = await claimed(hall, poster, maker)
    at = f"/app/tasks/{taken.id}"
    made = await handed_in(hall, maker, taken)
    await ada.sends(at, f"{at}/dispute", dispute_reason="No")
    (state,) = [one.action for one in (await ada.get(at)).forms if one.action.endswith("/state")]
    fields: dict[str, Any] = {
        "csrf": token,
        "deliverable_id": made.id,
        "worker_cents": "1",
        "outcome_cents": "1",
        "cap": "1",
    }
    fields |= dict.fromkeys(("statement", "dispute_reason", "reason", "why", "message"), "x")
    words = ("accept", "revise", "cancel", "publish", "close-intake", "to-staff", "run", "resume")
    for path in (
        *(f"{at}/{word}" for word in (*words, "reopen", "cap", "dispute", "reply", "plan")),
        *(state.replace("/state", word) for word in ("/state", "/agree")),
    ):
        page_of(await third.http.post(path, data=fields), 404)
    page_of(await third.http.post(state.replace("/state", "/resolve"), data=fields), 404)
    for word in ("shortlist", "decline"):
        path = f"{contest}/proposals/{proposal.id}/{word}"
        assert (await third.http.post(path, data=fields)).status_code == 404
    page_of(await third.http.get(f"{contest}/proposals/{proposal.id}"), 404)
    for path in (at, f"{at}/deliverables/{made.id}/text.md", f"{at}/brief.md", f"{at}/offer"):
        page_of(await third.http.get(path), 404)
    assert await state_of(hall, ada, taken.id) is State.DISPUTED


async def test_whoever_comes_second_is_told(ada: Person, bob: Person, hall: Hall) -> None:
    task = await funded(hall, await actor(hall, ada))
    at = f"/app/tasks/{task.id}"
    form = (await bob.get(at)).form(f"{at}/claim")
    scout = await agent_of(hall, await actor(hall, ada))
    await claims.claim(hall, actor=scout, task_id=task.id)
    answer = await bob.http.post(form.action, data=form.values)
    page = page_of(answer, 409)
    assert "Somebody was faster" in page.words
    assert "Somebody else has this task" in page.words
    assert "/app/market" in page.links()
    page_of(await bob.http.get(at), 404)


@pytest.mark.parametrize("payload", PAYLOADS)
async def test_what_strangers_say_on_the_market_runs_nowhere(
    ada: Person, bob: Person, hall: Hall, payload: str
) -> None:
    poster, maker = await actor(hall, ada), await actor(hall, bob)
    texts = dict.fromkeys(("title", "description", "instructions", "expected_output"), payload)
    agent = await agent_of(hall, maker, payload, description=payload)
    contest = await funded(
        hall, poster, engagement=Engagement.PROPOSALS, tags=[payload[:50]], **texts
    )
    await proposed(hall, agent, contest)
    plan = f"{payload} and then as much again of it"
    at = f"/app/tasks/{contest.id}"
    await bob.sends(at, f"{at}/propose", plan=plan, price_cents="1", sample=payload)
    claim = await claimed(hall, poster, maker, **texts)
    await handed_in(hall, maker, claim, payload)
    disputed = f"/app/tasks/{claim.id}"
    await ada.sends(disputed, f"{disputed}/dispute", dispute_reason=payload)
    page = await bob.get(disputed)
    (state,) = [one.action for one in page.forms if one.action.endswith("/state")]
    await bob.send(page.form(state), statement=payload)
    for who in (ada, bob):
        for path in (at, disputed, "/app", "/app/tasks"):
            page = await who.get(path)
            harmless(page)
            assert payload in page.words or who is bob
    shown = await ada.get(at)
    for path in (one for one in shown.links() if "/proposals/" in one):
        harmless(await ada.get(path))
    kept = await ada.http.get(f"{at}/brief.md")
    assert kept.headers["content-disposition"].startswith("attachment")
    assert kept.headers["content-security-policy"].endswith("default-src 'none'")
    assert kept.text.count(payload) == 3
