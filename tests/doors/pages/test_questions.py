"""A worker's questions at their form: own words, gaps, and what is told to who was too late."""

from typing import Any

import pytest

from hiringhall.actions.tasks import answer
from hiringhall.domain.questions import Answer
from hiringhall.hall import Hall
from tests.doors.conftest import Worker
from tests.doors.pages.conftest import Person, page_of
from tests.doors.pages.reading import Page
from tests.doors.pages.test_tasks import ASKED, actor, posts

pytestmark = pytest.mark.anyio

ANSWERED: dict[str, Any] = {"answer-0": "Iris", "answer-1": "0", "answer-2": ["1"]}


async def asked(person: Person, worker: Worker) -> str:
    """A task whose worker has three questions; its page."""
    path = await posts(person)
    await worker.asks(*ASKED)
    return path


def wrong_at(page: Page) -> dict[str, str]:
    """What is said beside each field."""
    ids = [one.attributes.get("id", "") for one in page.elements]
    found = [one.removesuffix("-wrong") for one in ids if one.endswith("-wrong")]
    return {one: page.text.partition(f'id="{one}-wrong">')[2].partition("<")[0] for one in found}


def is_ticked(page: Page, name: str, value: str) -> bool:
    return any(
        one.tag == "input"
        and one.attributes.get("name") == name
        and one.attributes.get("value") == value
        and "checked" in one.attributes
        for one in page.elements
    )


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"answer-1": [], "other-1": "Svelte"}, "Which framework? Svelte"),
        ({"answer-1": "other", "other-1": "Svelte"}, "Which framework? Svelte"),
        ({"answer-1": "0", "other-1": "Svelte"}, "Which framework? Svelte"),
        ({"answer-1": "0", "other-1": " "}, "Which framework? React"),
        ({"answer-2": ["0"], "other-2": "Chrome"}, "Which browsers? Firefox, Chrome"),
        ({"answer-2": [], "other-2": "Chrome"}, "Which browsers? Chrome"),
        ({"answer-2": ["0", "other"], "other-2": "Firefox"}, "Which browsers? Firefox"),
    ],
)
async def test_a_text_of_ones_own_is_other(
    ada: Person, worker: Worker, typed: dict[str, Any], said: str
) -> None:
    path = await asked(ada, worker)
    await ada.sends(path, f"{path}/reply", **{**ANSWERED, **typed})
    assert said in (await ada.get(path)).words


async def test_each_gap_is_said_beside_its_question_and_nothing_is_lost(
    ada: Person, worker: Worker
) -> None:
    path = await asked(ada, worker)
    refused = await ada.sends(
        path, f"{path}/reply", 400, **{"answer-1": "other", "other-1": " ", "other-2": ""}
    )
    page = page_of(refused, 400)
    assert wrong_at(page).keys() == {"answer-0", "answer-1", "answer-2"}
    assert "own words" in wrong_at(page)["answer-1"]
    assert "no answer" in wrong_at(page)["answer-2"]
    refused = await ada.sends(
        path, f"{path}/reply", 400, **{"answer-0": "Iris", "other-1": "Svelte"}
    )
    page = page_of(refused, 400)
    assert wrong_at(page).keys() == {"answer-2"}
    values = page.form(f"{path}/reply").values
    assert (values["answer-0"], values["other-1"]) == ("Iris", "Svelte")
    assert is_ticked(page, "answer-1", "other")


async def test_what_is_shown_again_is_what_would_be_taken(ada: Person, worker: Worker) -> None:
    path = await asked(ada, worker)
    typed: dict[str, Any] = {"answer-1": "0", "other-1": "Svelte", "answer-2": ["0"]}
    refused = await ada.sends(path, f"{path}/reply", 400, **typed, **{"other-2": "Chrome"})
    page = page_of(refused, 400)
    assert wrong_at(page).keys() == {"answer-0"}
    assert is_ticked(page, "answer-1", "other")
    assert not is_ticked(page, "answer-1", "0")
    assert is_ticked(page, "answer-2", "0")
    assert is_ticked(page, "answer-2", "other")
    values = page.form(f"{path}/reply").values
    assert (values["other-1"], values["other-2"]) == ("Svelte", "Chrome")


async def test_programs_choose_what_they_answer(ada: Person, hall: Hall, worker: Worker) -> None:
    path = await asked(ada, worker)
    me, task_id = await actor(hall, ada), path.rpartition("/")[2]
    await answer.reply(hall, actor=me, task_id=task_id, answers=[Answer(1, "Vue")])
    assert "Which framework? Vue" in (await ada.get(path)).words


async def test_who_was_too_late_reads_what_they_chose_in_words(
    ada: Person, hall: Hall, worker: Worker
) -> None:
    path = await asked(ada, worker)
    form = (await ada.get(path)).form(f"{path}/reply")
    me, task_id = await actor(hall, ada), path.rpartition("/")[2]
    await answer.reply(hall, actor=me, task_id=task_id, text="As you like")
    typed: dict[str, Any] = {
        "answer-0": "Iris",
        "answer-1": "1",
        "answer-2": ["0", "other"],
        "other-2": "Chrome",
    }
    text = page_of(await ada.send(form, 409, **typed), 409).text
    unsent = text.partition("which was not sent")[2].partition("</section>")[0]
    for question, said in (
        ("Which name?", "Iris"),
        ("Which framework?", "Vue"),
        ("Which browsers?", "Firefox, Chrome"),
    ):
        assert f'<dt>{question}</dt><dd><pre class="plain">{said}</pre></dd>' in unsent
    assert form.values["question_id"] not in unsent
    assert ">other<" not in unsent
