"""What a page says after a form: what was done, what is to be typed again, in people's words."""

from typing import Any

import pytest
from markupsafe import escape

from hiringhall.actions import roles
from hiringhall.domain.errors import (
    Conflict,
    HallError,
    IdempotencyConflict,
    Invalid,
    NotEnoughFunds,
    SecretNotRepeated,
)
from hiringhall.domain.escrow import Hold, Shown
from hiringhall.domain.proposals import make_bid
from hiringhall.domain.teams import merge_config
from hiringhall.doors.look.words import all_words
from hiringhall.doors.pages.plain import in_words, said_of
from hiringhall.doors.pages.told import UNTYPED, label_of
from hiringhall.hall import Hall
from hiringhall.queries.teams import list_teams, roles_of
from tests.doors.pages.conftest import Person, led_to, page_of
from tests.doors.pages.reading import Page
from tests.doors.pages.test_settings import key_of
from tests.doors.pages.test_tasks import actor, posts
from tests.doors.sweep.browsers import FIELDS
from tests.support.market import PLAN
from tests.support.teams import a_team

pytestmark = pytest.mark.anyio

NEW = "/app/tasks/new"


def done_of(page: Page) -> list[str]:
    """What is said to be done, where a reader of the screen hears it."""
    return [
        one
        for one in all_words()["done"].values()
        if f'role="status">{escape(one)}</p>' in page.text
    ]


async def sent(person: Person, path: str, action: str, **typed: Any) -> list[str]:
    answer = await person.sends(path, action, **typed)
    return done_of(await person.get(answer.headers["location"]))


async def test_what_was_done_is_said_on_the_page_it_leads_to(ada: Person, hall: Hall) -> None:
    team = await a_team(hall, await actor(hall, ada), name="Rockets")
    at = f"/app/teams/{team.id}"
    assert "playbook is saved" in (await sent(ada, f"{at}/playbook", f"{at}/playbook"))[0]
    assert "settings are saved" in (await sent(ada, f"{at}/settings", f"{at}/settings"))[0]
    role = await sent(ada, f"{at}/roles/new", f"{at}/roles/new", name="tester", systemPrompt="Test")
    assert "role is saved" in role[0]
    (found, *_) = await roles_of(hall, actor=await actor(hall, ada), team_id=team.id)
    words = f"{at}/roles/{found.id}/words"
    assert "role is saved" in (await sent(ada, f"{at}/roles/{found.id}", words))[0]
    for place in (f"{at}/settings", "/app/settings/budgets"):
        assert "cap is set" in (await sent(ada, place, f"{place}/cap", cap="5"))[0]
        assert "taken away" in (await sent(ada, place, f"{place}/cap", cap=""))[0]
    draft: dict[str, Any] = {"title": "T", "description": "D", "step": "draft"}
    kept = await ada.sends(NEW, NEW, **draft)
    path = led_to(kept)
    assert "draft is kept" in done_of(await ada.get(kept.headers["location"]))[0]
    assert "draft is kept" in (await sent(ada, f"{path}/draft", f"{path}/draft", **draft))[0]
    await key_of(ada)
    keys = await ada.get("/app/settings/keys")
    (revoke,) = [one for one in keys.forms if one.action.endswith("/revoke")]
    assert done_of(keys) == []
    assert "key is revoked" in (await sent(ada, "/app/settings/keys", revoke.action))[0]
    assert done_of(await ada.get("/app?done=nothing-there")) == []
    assert "<b>" not in (await ada.get("/app?done=%3Cb%3E")).text.partition("<main")[2][:300]


async def test_a_secret_that_a_refused_form_held_is_to_be_typed_again(
    ada: Person, hall: Hall
) -> None:
    team = await a_team(hall, await actor(hall, ada), name="Rockets")
    at = f"/app/teams/{team.id}/settings"
    typed = {"name": " ", "githubToken": "ghp_very_secret"}
    page = page_of(await ada.sends(at, at, 400, **typed), 400)
    assert page.words.count("secret and was not kept: type it again") == 1
    assert "ghp_very" not in page.text


async def test_refusals_speak_of_fields_by_their_labels(ada: Person, hall: Hall) -> None:
    team = await a_team(hall, await actor(hall, ada), name="Rockets")
    at = f"/app/teams/{team.id}/settings"
    page = page_of(await ada.sends(at, at, 400, maxWorkers="100000000"), 400)
    assert "maxWorkers" not in page.words
    assert "“Workers at once” is a whole number" in page.words
    minus = page_of(await ada.sends(at, at, 400, maxWorkers="-1"), 400)
    assert "This is no whole number" not in minus.words
    github = await ada.get(f"/app/teams/{team.id}/github")
    assert "gitRepoUrl" not in github.words
    assert "team's settings" in github.words


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (IdempotencyConflict("This Idempotency-Key was used with another body"), "sent before"),
        (SecretNotRepeated("ask again with another Idempotency-Key"), "shown then, once"),
        (NotEnoughFunds(4_500), "45.00 are needed, and less is available"),
        (Invalid("gitRepoUrl moves", {"githubToken": "needed again"}), "Type the token for the"),
        (
            Invalid("4500 cents and a file_name stay as somebody wrote them"),
            "4500 cents and a file",
        ),
    ],
)
def test_what_is_said_to_programs_is_said_in_peoples_words(error: HallError, told: str) -> None:
    plain = in_words(error)
    assert told in plain
    for name in ("Idempotency", "gitRepoUrl", "githubToken"):
        assert name not in plain


def test_a_refusal_says_the_same_to_programs_and_spells_its_amounts_and_fields_to_people() -> None:
    with pytest.raises(Invalid) as refused:
        make_bid(plan=PLAN, price_cents=5_001, budget_cents=5_000, confidence=2)
    error = refused.value
    assert error.message == "Confidence must be from 0 to 1"
    assert error.fields["price_cents"] == "Price must be within the budget of 5000 cents"
    assert said_of(error) == {
        "confidence": "Confidence must be from 0 % to 100 %",
        "price_cents": "Price must be within the budget of 50.00",
    }
    with pytest.raises(Invalid) as refused:
        merge_config({}, {"maxWorkers": -1})
    assert refused.value.message == "maxWorkers is a whole number from 0 to 1000"
    assert in_words(refused.value) == "“Workers at once” is a whole number from 0 to 1000"
    with pytest.raises(Conflict) as changed:
        Shown(5_000, "usd", "claim").check(
            Hold("t", "o", 6_000, 1_000, fee_on_top=False), currency="usd", engagement="claim"
        )
    assert "hold 6000 cents now, not the 5000 cents that were shown" in changed.value.message
    assert "hold 60.00 now, not the 50.00 that were shown" in in_words(changed.value)


def test_each_field_that_is_typed_has_a_label() -> None:
    words = all_words()
    lacking = {
        name
        for name in FIELDS.keys() - UNTYPED - {"acts_for", "files", "search", "least_price_cents"}
        if name not in words["typed"] and name not in words["field"] and name not in words["secret"]
    }
    assert lacking == set()
    assert label_of("part-1-brief") == "Part 2: What is to be done"


async def test_roles_are_chosen_from_those_that_there_are(ada: Person, hall: Hall) -> None:
    me = await actor(hall, ada)
    (first,) = await list_teams(hall, actor=me)
    await roles.create_role(
        hall, actor=me, team_id=first.id, name="stargazer", system_prompt="Look up."
    )
    other = await a_team(hall, me, name="Rockets")
    page = await ada.get(NEW)
    values = [one.attributes.get("value") for one in page.elements if one.tag == "option"]
    assert {"", "stargazer"} <= set(values)
    assert other.id in values
    refused = page_of(await ada.sends(NEW, NEW, 400, title="T", description="D", role="gone"), 400)
    assert refused.form(NEW).values["role"] == "gone"
    path = await posts(ada, role="stargazer")
    assert path.startswith("/app/tasks/")


@pytest.mark.parametrize("title", ["\u200b\u200d", "\u2060 \ufeff", "\u3164", "\u202e", "\u0301"])
async def test_a_title_that_nobody_can_see_is_none(ada: Person, title: str) -> None:
    for engagement in ("staff", "claim"):
        typed = {"title": title, "description": "D", "price_cents": "5"}
        answer = await ada.sends(f"{NEW}?engagement={engagement}", NEW, 400, **typed)
        assert 'id="title-wrong"' in page_of(answer, 400).text
