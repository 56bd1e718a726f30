"""What was typed is not lost: a session that ended, another organization, and what is not kept."""

from typing import Any

import pytest

from hiringhall.actions import members
from hiringhall.domain.members import MemberRole
from hiringhall.hall import Hall
from hiringhall.queries import money
from hiringhall.queries.members import organizations_of
from tests.domain.test_patches import PATCH
from tests.doors.conftest import Worker
from tests.doors.pages.conftest import PASSWORD, Person, page_of
from tests.doors.pages.reading import Page, PageForm
from tests.doors.pages.test_changes import delivered
from tests.doors.pages.test_questions import ANSWERED, asked
from tests.doors.pages.test_tasks import actor, posts

pytestmark = pytest.mark.anyio

HERE = {"sec-fetch-site": "same-origin"}


async def ended(person: Person, form: PageForm, **typed: Any) -> Page:
    """Send a form after signing out elsewhere; what is asked after signing in again."""
    await person.send((await person.get("/app")).form("/signout"))
    fields = {**form.values, **typed}
    answer = await person.http.post(form.action, data=fields, headers=HERE)
    signing = page_of(answer, 401).form("/signin")
    again = await person.send(signing, 200, email=person.email, password=PASSWORD)
    return page_of(again)


def told(page: Page) -> dict[str, str]:
    """What a page tells of what was typed, by its label."""
    found: dict[str, str] = {}
    for one in page.text.split("<dt>")[1:]:
        label, _, rest = one.partition("</dt>")
        found[label] = rest.partition("<dd>")[2].partition(">")[2].partition("</pre>")[0]
    return found


async def both(hall: Hall, ada: Person, bob: Person) -> tuple[str, str]:
    """Bob belongs to two organizations, and acts for Ada's; the ids of hers and of his own."""
    me, other = await actor(hall, ada), await actor(hall, bob)
    secrets: list[str] = []
    await members.invite_member(
        hall,
        actor=me,
        email=bob.email,
        role=MemberRole.MEMBER,
        say=lambda secret: secrets.append(secret) or f"https://hall.example/{secret}",
    )
    joined = await bob.get(f"/join?invitation={secrets[0]}")
    await bob.send(joined.form("/join"), password=PASSWORD)
    mine = {one.id for one in await organizations_of(hall, actor=other)}
    assert mine == {me.organization_id, other.organization_id}
    return me.organization_id or "", other.organization_id or ""


async def switch(person: Person, organization_id: str) -> None:
    """Act for an organization; nothing is to be done where one does already."""
    for one in (await person.get("/app/settings")).forms:
        if one.values.get("organization_id") == organization_id:
            await person.send(one)


async def test_answers_are_told_with_their_questions(ada: Person, worker: Worker) -> None:
    path = await asked(ada, worker)
    form = (await ada.get(path)).form(f"{path}/reply")
    typed = {**ANSWERED, "answer-1": "other", "other-1": "Svelte"}
    page = await ended(ada, form, **typed)
    assert told(page) == {
        "Which name?": "Iris",
        "Which framework?": "Svelte",
        "Which browsers?": "Safari",
    }
    assert "Answer" in page.words, "what the form does"
    assert "gone then" in page.words, "a warning before it is left"
    await ada.send(page.form(f"{path}/reply"))
    assert "Which framework? Svelte" in (await ada.get(path)).words


async def test_choices_are_told_in_words_and_texts_can_be_mended(ada: Person) -> None:
    new = "/app/tasks/new"
    form = (await ada.get(f"{new}?engagement=claim")).form(new)
    page = await ended(ada, form, title="T", description="D", price_cents="5", fee_on_top="yes")
    assert told(page)["For whom"] == "Whoever comes first"
    shown = page.form(new).values
    assert (shown["title"], shown["price_cents"]) == ("T", "5")
    labels = [one.attributes.get("for", "") for one in page.elements if one.tag == "label"]
    assert len([one for one in labels if one.startswith("kept-")]) == 3
    looked = page_of(await ada.send(page.form(new), 200, title="Mended"))
    assert looked.form(new).values["title"] == "Mended"


async def test_secrets_are_neither_kept_nor_echoed(ada: Person) -> None:
    at = "/app/settings/password"
    form = (await ada.get("/app/settings")).form(at)
    page = await ended(ada, form, old="a secret of old", new="a secret anew")
    assert "a secret" not in page.text
    assert "the old password, the new password" in " ".join(page.words.split())


async def test_a_form_is_sent_for_the_organization_that_it_was_opened_for(
    ada: Person, bob: Person, hall: Hall
) -> None:
    hers, his = await both(hall, ada, bob)
    await switch(bob, his)
    new = "/app/tasks/new"
    look = {"title": "Label", "description": "All", "price_cents": "50", "step": "look"}
    shown = page_of(await bob.sends(f"{new}?engagement=claim", new, 200, **look)).form(new)
    await switch(bob, hers)
    page = page_of(await bob.send(shown, 409, step="post"), 409)
    for name in ("Bob", "Ada"):
        assert name in page.words
    assert "Nothing was done" in page.words
    assert told(page)["Title"] == "Label"
    for one in (ada, bob):
        account = await money.account_view(hall, actor=await actor(hall, one))
        assert account.held_cents == 0
    asked_again = page_of(await bob.send(page.form("/app/again"), 200))
    await bob.send(asked_again.form(new), step="post")
    account = await money.account_view(hall, actor=await actor(hall, bob))
    assert (account.held_cents, (await actor(hall, bob)).organization_id) == (5_000, his)


async def test_who_signs_in_for_another_organization_is_asked_first(
    ada: Person, bob: Person, hall: Hall, worker: Worker
) -> None:
    hers, his = await both(hall, ada, bob)
    await switch(bob, hers)
    path = await posts(bob)
    await worker.messages("Which colour?")
    form = (await bob.get(path)).form(f"{path}/reply")
    await switch(bob, his)
    await bob.get(path, 404)
    page = await ended(bob, form, message="Red, of course")
    again = page if page.forms[-1].action == f"{path}/reply" else None
    if again is None:
        assert "Which colour?" in told(page)
        again = page_of(await bob.send(page.form("/app/again"), 200))
    await bob.send(again.form(f"{path}/reply"))
    assert "Red, of course" in (await ada.get(path)).words


async def test_what_is_anothers_can_only_be_read(ada: Person, bob: Person, worker: Worker) -> None:
    path = await posts(ada)
    await worker.messages("Which colour?")
    values = (await ada.get(path)).form(f"{path}/reply").values
    csrf = (await bob.get("/app")).form("/signout").values["csrf"]
    answer = await bob.http.post(
        f"{path}/reply", data={**values, "csrf": csrf, "message": "A word"}
    )
    page = page_of(answer, 409)
    assert "cannot be sent from here" in page.words
    assert told(page) == {"Your answer": "A word"}
    assert {one.action for one in page.forms} == {"/signout"}


async def test_ones_own_account_is_no_organizations(ada: Person, bob: Person, hall: Hall) -> None:
    hers, his = await both(hall, ada, bob)
    await switch(bob, his)
    forms = (await bob.get("/app/settings")).forms
    await switch(bob, hers)
    stale = next(one for one in forms if one.values.get("organization_id") == hers)
    await bob.send(stale)


async def test_what_is_kept_and_cannot_be_read_leads_home(ada: Person) -> None:
    token = (await ada.get("/app")).form("/signout").values["csrf"]
    for kept in ("", "x", "{}", '["/elsewhere",[]]', "[1,2]", '["//evil.example/app/",[]]'):
        answer = await ada.http.post("/app/again", data={"csrf": token, "kept": kept})
        assert (answer.status_code, answer.headers["location"]) == (303, "/app")


async def test_line_comments_are_told_with_their_line(
    ada: Person, hall: Hall, worker: Worker
) -> None:
    at = f"{await delivered(ada, hall, worker, PATCH)}/changes"
    form = (await ada.get(at)).form(at)
    typed = {"c-2": "Why?", "c-3": "Not so", "overall": "Well", "send": "yes", "line": ""}
    page = await ended(ada, form, **typed)
    for label in ("Of line 2 in src/a b.py", "Of all of it"):
        assert label in page.words
    await ada.send(page.form(at))
    assert "line 2 before the change:" in (await ada.get(at.partition("/deliverables")[0])).words


async def test_an_address_that_only_takes_forms_leads_to_its_page(ada: Person) -> None:
    path = await posts(ada)
    for only, shows in (
        (f"{path}/reply", path),
        (f"{path}/disputes/x/agree", path),
        (f"{path}/proposals/p/shortlist", f"{path}/proposals/p"),
        ("/app/settings/keys/x/revoke", "/app/settings/keys"),
        ("/app/forces/f/parts/p/accept", "/app/forces/f/parts/p"),
        ("/app/again", "/app"),
        ("/app/tasks/%E2%80%A6%20/reply", "/app/tasks/%E2%80%A6%20"),
    ):
        for method in ("GET", "HEAD"):
            answer = await ada.http.request(method, only)
            assert (answer.status_code, answer.headers["location"]) == (303, shows)
    assert (await ada.http.put(f"{path}/reply")).status_code == 405
    assert (await ada.http.get("/app/nothing/reply")).status_code == 404
