"""A command in a real sandbox uses the hall's tools: by curl, and by the little program there."""

import pytest

from hiringhall.actions.tasks.answer import reply
from hiringhall.domain.tasks import State
from hiringhall.queries.tasks import task_result
from tests.workers.shop import Shop

pytestmark = [pytest.mark.anyio, pytest.mark.sandbox]

CURL = "curl -sS --unix-socket /run/hall/work.sock http://hall/tools"


async def test_it_asks_and_goes_on_with_the_answer(shop: Shop) -> None:
    await shop.role(
        'if grep -q "## Reply" "$HIRINGHALL_BRIEF"; then\n'
        '  /run/hall/hall deliver "Painted: $(cat draft.txt)" page.txt\n'
        "else\n"
        "  echo so far >draft.txt; echo page >page.txt; echo more >other.txt\n"
        "  /run/hall/hall progress 'Half \"way\" & on'\n"
        "  /run/hall/hall ask 'Which colour?' 'Light blue' Red\n"
        "  echo it goes on; exit 3\n"
        "fi"
    )
    task = await shop.post()
    row = await shop.house.until(shop.ada, task.id, State.AWAITING_REPLY, State.FAILED)
    assert row.question is not None, await shop.words(task)
    asked = row.question.questions[0]
    assert (asked.question, asked.options) == ("Which colour?", ("Light blue", "Red"))
    assert 'Half "way" & on' in await shop.words(task)
    await reply(shop.app.hall, actor=shop.ada, task_id=task.id, text="Red")
    row = await shop.house.until(shop.ada, task.id, State.IN_REVIEW, State.FAILED)
    assert row.deliverable_text is not None, await shop.words(task)
    assert row.deliverable_text.startswith("Painted: so far")
    result = await task_result(shop.app.hall, actor=shop.ada, task_id=task.id)
    assert [file.name for file in result.files] == ["page.txt"]


async def test_it_attaches_what_is_there_now_and_hands_in_by_curl(shop: Shop) -> None:
    await shop.role(
        "set -e; echo first >a.txt; /run/hall/hall attach a.txt; echo second >a.txt\n"
        'printf %s \'{"path":"b.txt","content":"sent"}\' >/tmp/body\n'
        f"{CURL}/attach_file -d @/tmp/body\n"
        f"{CURL}/get_context -d '' | grep -o 'worker/task_[a-z0-9]*' >/dev/null\n"
        f"{CURL}/post_message -H 'content-type: text/plain' -d 'Nearly there'\n"
        f"{CURL}/deliver --data-urlencode 'text=By curl' -d files=a.txt\n"
        "sleep 600"
    )
    task = await shop.post()
    row = await shop.house.until(shop.ada, task.id, State.IN_REVIEW, State.FAILED)
    assert row.deliverable_text is not None, await shop.words(task)
    result = await task_result(shop.app.hall, actor=shop.ada, task_id=task.id)
    sizes = {file.name: file.size_bytes for file in result.files}
    assert sizes == {"a.txt": len("first\n"), "b.txt": len("sent")}
    assert "Nearly there" in await shop.words(task)


async def test_it_gives_up_in_its_own_words(shop: Shop) -> None:
    await shop.role("echo 'No paint' | /run/hall/hall fail -; exit 0")
    task = await shop.post()
    await shop.house.until(shop.ada, task.id, State.FAILED, State.IN_REVIEW)
    assert "No paint" in await shop.words(task)


async def test_what_is_refused_is_said_and_what_nobody_says_is_as_it_was(shop: Shop) -> None:
    await shop.role(
        "/run/hall/hall use post_message text=; echo $?\n"
        "/run/hall/hall dance 2>/dev/null; echo $?\n"
        "/run/hall/hall check 1 yes Looked; echo $?\n"
        "/run/hall/hall task | head -c 9; echo; touch /run/hall/x 2>/dev/null || echo shut"
    )
    task = await shop.post()
    row = await shop.house.until(shop.ada, task.id, State.IN_REVIEW, State.FAILED)
    assert row.deliverable_text is not None, await shop.words(task)
    lines = row.deliverable_text.splitlines()
    assert "cannot be empty" in lines[0]
    assert lines[1:3] == ["1", "2"]
    assert "no accept criteria" in lines[3]
    assert lines[4:7] == ["1", '{"text":"', "shut"]
