"""What a delivery changed, at its page: seen by lines, spoken of by lines, and sent back so."""

from typing import Any

import pytest

from hiringhall.actions.runs import outcomes
from hiringhall.actions.runs.outcomes import NewPatch
from hiringhall.domain.tasks import State
from hiringhall.doors.pages.routes_changes import LINES
from hiringhall.hall import Hall
from hiringhall.queries.deliveries import deliveries_of
from tests.domain.test_patches import PATCH
from tests.doors.conftest import Worker
from tests.doors.pages.conftest import Person, page_of
from tests.doors.pages.test_home import PAYLOADS, actor
from tests.doors.pages.test_market_tasks import harmless, state_of
from tests.support.halls import post

pytestmark = pytest.mark.anyio


async def delivered(
    person: Person, hall: Hall, worker: Worker, patch: str | bytes, *, is_cut: bool = False
) -> str:
    """A task whose worker has changed something: the address of its delivery."""
    me = await actor(hall, person)
    task = await post(hall, me)
    run = await worker.begins()
    content = patch.encode() if isinstance(patch, str) else patch
    key = hall.new_id()
    stored = await worker.blobs.put(key, content)
    await outcomes.deliver(
        hall,
        token=run.token,
        text="Done.",
        branch="worker/x",
        commit="a" * 40,
        patch=NewPatch(3, stored.size_bytes, stored.sha256, key, is_cut),
    )
    (made,) = await deliveries_of(hall, actor=me, task_id=task.id)
    return f"/app/tasks/{task.id}/deliverables/{made.deliverable.id}"


async def test_changes_are_looked_at_and_sent_back_line_by_line(
    ada: Person, hall: Hall, worker: Worker
) -> None:
    at = f"{await delivered(ada, hall, worker, PATCH, is_cut=True)}/changes"
    task = at.partition("/deliverables")[0]
    assert at in (await ada.get(task)).links()
    page = await ada.get(at)
    harmless(page)
    for words in ("src/a b.py", "-gone", "Binary files", "3 files, 3 lines more", "in the middle"):
        assert words in page.words
    assert "one<U+2028>still one" in page.words
    form = page.form(at)
    opened = page_of(await ada.send(form, 200, line="2"))
    assert "To line 2" in opened.words
    more = page_of(await ada.send(opened.form(at), 200, line="3", **{"c-2": "Why?"}))
    assert more.form(at).values["c-2"] == "Why?"
    empty = await ada.send(form, 400, send="yes")
    assert 'id="overall-wrong"' in page_of(empty, 400).text
    typed: dict[str, Any] = {"c-3": "<b>Not so</b>", "overall": "On the whole.", "send": "yes"}
    sent = await ada.send(more.form(at), **typed)
    assert sent.headers["location"] == task
    assert await state_of(hall, ada, task.rpartition("/")[2]) is State.REVISING
    page = await ada.get(task)
    for words in ("On the whole.", "line 2 before the change:", "    - gone", "<b>Not so</b>"):
        assert words in page.words
    late = page_of(await ada.send(more.form(at), 409, **typed), 409)
    assert "<b>Not so</b>" in late.words, "what was typed is not lost"
    assert "Send it back" not in (await ada.get(at)).words


async def test_a_long_patch_comes_in_parts_and_keeps_what_was_written(
    ada: Person, hall: Hall, worker: Worker
) -> None:
    lines = "".join(f"+<&>{n}\n" for n in range(LINES * 3))
    patch = f"diff --git a/x b/x\n@@ -0,0 +1,{LINES * 3} @@\n{lines}"
    at = f"{await delivered(ada, hall, worker, patch)}/changes"
    page = await ada.get(at)
    assert "Part 1 of" in page.words
    assert len(page.text) < 150_000
    second = page_of(await ada.send(page.form(at), 200, go="1", **{"c-5": "Here"}))
    assert "Part 2 of" in second.words
    assert f"+<&>{LINES}" in second.words
    assert second.form(at).values["c-5"] == "Here"
    await ada.send(second.form(at), send="yes")
    assert "x, line 5:" in (await ada.get(at.partition("/deliverables")[0])).words
    assert "Part 2 of" in (await ada.get(f"{at}?part=1")).words
    assert "Part" in (await ada.get(f"{at}?part=9999999")).words
    kept = await ada.http.get(f"{at}.patch")
    assert kept.text == patch
    assert kept.headers["content-disposition"].startswith("attachment")


async def test_a_delivery_without_a_patch_says_so(ada: Person, hall: Hall, worker: Worker) -> None:
    me = await actor(hall, ada)
    task = await post(hall, me)
    await worker.solves("Done.")
    (made,) = await deliveries_of(hall, actor=me, task_id=task.id)
    at = f"/app/tasks/{task.id}/deliverables/{made.deliverable.id}/changes"
    assert "No changes are kept" in (await ada.get(at)).words
    await ada.get(f"{at}.patch", 404)


async def test_changes_are_their_organizations_alone(
    ada: Person, bob: Person, hall: Hall, worker: Worker
) -> None:
    at = f"{await delivered(ada, hall, worker, PATCH)}/changes"
    token = (await bob.get("/app")).form("/signout").values["csrf"]
    for path in (at, f"{at}.patch"):
        page_of(await bob.http.get(path), 404)
    page_of(await bob.http.post(at, data={"csrf": token, "overall": "x", "send": "yes"}), 404)
    task = at.partition("/deliverables")[0]
    assert await state_of(hall, ada, task.rpartition("/")[2]) is State.IN_REVIEW


@pytest.mark.parametrize("payload", [*PAYLOADS, "\u202e//\u2066", "a\rb", "\x1b[31m"])
async def test_names_and_lines_of_strangers_run_nowhere_and_hide_nothing(
    ada: Person, hall: Hall, worker: Worker, payload: str
) -> None:
    patch = (
        f"diff --git a/{payload} b/{payload}\nnew file mode {payload}\n"
        f"@@ -0,0 +1,2 @@ {payload}\n+{payload}\n+second\n"
    )
    at = f"{await delivered(ada, hall, worker, patch)}/changes"
    page = page_of(await ada.sends(at, at, 200, line="1", **{"c-1": payload, "overall": payload}))
    harmless(page)
    for hidden in "\u202e\u2066\x1b":
        assert hidden not in page.words.replace(payload, "", 2)
    await ada.send(page.form(at), send="yes")
    harmless(await ada.get(at.partition("/deliverables")[0]))


async def test_bytes_that_are_no_text_are_shown_as_far_as_they_are(
    ada: Person, hall: Hall, worker: Worker
) -> None:
    patch = b"diff --git a/x b/x\n@@ -0,0 +1 @@\n+\xff\xfe\x00\n"
    page = await ada.get(f"{await delivered(ada, hall, worker, patch)}/changes")
    harmless(page)
    assert "<U+0000>" in page.words
