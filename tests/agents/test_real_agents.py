"""Real Claude Code and Codex do a task in a real repository, in the sandbox, to its end.

Their model is a script. What it says next depends on how often it has spoken in the conversation,
so a session that was not taken up again would begin from the beginning, and the test would fail.
"""

import asyncio
from pathlib import Path

import pytest

from hiringhall.actions.roles import set_role
from hiringhall.actions.tasks import answer
from hiringhall.blobs.port import read_all
from hiringhall.domain.errors import Invalid
from hiringhall.domain.ids import branch_of
from hiringhall.domain.tasks import State, Waiting
from hiringhall.queries.audit import audit_all
from hiringhall.queries.tasks import task_result
from tests.agents.conftest import KEY, OpenShop
from tests.support.halls import post
from tests.support.models import Heard, Turn, Usage, call, model_server, write_file
from tests.workers.shop import EMAIL, Shop

pytestmark = [pytest.mark.anyio, pytest.mark.sandbox]

RUNTIMES = ("acp:claude-code", "acp:codex", "exec:claude-code", "exec:codex")
QUESTION = {
    "type": "single_select",
    "question": "Which greeting?",
    "options": ["Hello", "Good day"],
}
STORY = (
    Turn("I look around first.", [call("report_progress", text="Looking around")]),
    Turn("I have to ask.", [call("ask", questions=[QUESTION])]),
    Turn("I wait for the answer."),
    Turn("Now I write.", [write_file("greeting.txt", "Good day\n")]),
    Turn("It is done.", [call("deliver", text="greeting.txt says Good day.")]),
    Turn("I have delivered."),
)


async def hire(shop: Shop, runtime: str, **config: object) -> None:
    await set_role(shop.app.hall, email=EMAIL, name="worker", runtime=runtime, config={**config})


def texts_below(folder: Path) -> bytes:
    """All that stands in the files of a folder."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return b"\n".join(path.read_bytes() for path in files)


@pytest.mark.parametrize("runtime", RUNTIMES)
async def test_it_asks_goes_on_with_the_answer_and_delivers_a_pushed_branch(
    open_shop: OpenShop, runtime: str, tmp_path: Path
) -> None:
    with model_server(*STORY) as models:
        async with open_shop(models) as shop:
            await hire(shop, runtime)
            task = await shop.post(repository=True, title="Greet", description="In a file.")
            row = await shop.house.until(shop.ada, task.id, State.AWAITING_REPLY, State.FAILED)
            assert row.question is not None, await shop.words(task)
            assert row.question.text.startswith("Which greeting?")
            await shop.house.until_idle()
        # Another process, another sandbox: only what is on the disk goes on.
        async with open_shop(models) as shop:
            await answer.reply(shop.app.hall, actor=shop.ada, task_id=task.id, text="Good day")
            await shop.house.until(shop.ada, task.id, State.IN_REVIEW, State.FAILED)
            result = await task_result(shop.app.hall, actor=shop.ada, task_id=task.id)
            assert result.text == "greeting.txt says Good day.", await shop.words(task)
            assert [file.name for file in result.files] == ["greeting.txt"]
            assert await read_all(shop.app.blobs, result.files[0].blob_key) == b"Good day\n"
            assert shop.git("show", f"{branch_of(task.id)}:greeting.txt") == "Good day\n"
            assert "Looking around" in await shop.words(task)
            assert (await audit_all(shop.app.hall.database)).ok
    assert models.problems == []
    assert any("Good day" in request.body.decode() for request in models.requests)
    # The real key went to the provider, and is nowhere that the agent was.
    assert all(KEY in " ".join(request.headers.values()) for request in models.requests)
    for place in ("data/runs", "data/work", "repository"):
        assert KEY.encode() not in texts_below(tmp_path / place)
    if "codex" in runtime:
        assert list((tmp_path / "data/runs/sessions").rglob("shell_snapshots")) == []


@pytest.mark.parametrize("runtime", RUNTIMES)
async def test_at_a_cap_it_pauses_and_goes_on_in_the_same_session_when_more_is_allowed(
    open_shop: OpenShop, runtime: str
) -> None:
    # At the tests' price 1.00, and the next call may cost more than is left of the cap. Not more
    # tokens at a lower price: agents sum a conversation up before it grows too long for a model.
    dear = Usage(input_tokens=50_000, output_tokens=10)
    begun_again: list[int] = []

    def has_more(heard: Heard) -> bool:
        """The poster has added: from here on the rounds are counted, an interruption may be one."""
        if "Add 2.00" in heard.last:
            begun_again.append(heard.rounds)
        return "Add 2.00" in heard.last

    story = (
        Turn("I go on.", [write_file("b.txt", "two\n")], when=has_more),
        Turn(
            "And deliver.",
            [call("deliver", text="It is there.")],
            when=lambda heard: heard.rounds - 1 in begun_again,
        ),
        Turn("I write.", [write_file("a.txt", "one\n")], usage=dear, when=lambda h: h.rounds == 0),
        Turn("Done."),
    )
    with model_server(*story) as models:
        async with open_shop(models, task_cap_cents=120) as shop:
            await hire(shop, runtime)
            task = await shop.post(repository=True)
            row = await shop.house.until(shop.ada, task.id, State.AWAITING_REPLY, State.FAILED)
            assert row.task.waiting_for is Waiting.BUDGET_DECISION, await shop.words(task)
            assert row.question is not None
            add = row.question.questions[0].options[0]
            called = len(models.requests)
            await asyncio.sleep(1)  # nobody spends while the poster thinks
            assert len(models.requests) == called
            await answer.reply(shop.app.hall, actor=shop.ada, task_id=task.id, text=add)
            await shop.house.until(shop.ada, task.id, State.IN_REVIEW, State.FAILED)
            assert shop.git("show", f"{branch_of(task.id)}:b.txt") == "two\n"
            result = await task_result(shop.app.hall, actor=shop.ada, task_id=task.id)
            assert result.text == "It is there."
    assert models.problems == []
    assert begun_again[0] > 0, "the conversation was not the same one"


@pytest.mark.parametrize("runtime", ["acp:claude-code"])
async def test_it_asks_the_requester_before_it_writes_where_the_role_says_so(
    open_shop: OpenShop, runtime: str
) -> None:
    write, allowed = write_file("c.txt", "three\n"), list[int]()

    def may(heard: Heard) -> bool:
        if "Allow" in heard.last:
            allowed.append(heard.rounds)
        return "Allow" in heard.last

    story = (
        Turn("Allowed.", [write], when=may),
        Turn(
            "Delivered.",
            [call("deliver", text="Written.")],
            when=lambda heard: heard.rounds - 1 in allowed,
        ),
        Turn("I want to write.", [write], when=lambda heard: heard.rounds == 0),
        Turn("Well."),
    )
    with model_server(*story) as models:
        async with open_shop(models) as shop:
            await hire(shop, runtime, permissions="ask")
            task = await shop.post(repository=True)
            row = await shop.house.until(shop.ada, task.id, State.AWAITING_REPLY, State.FAILED)
            assert row.question is not None, await shop.words(task)
            assert "c.txt" in row.question.text
            await answer.reply(shop.app.hall, actor=shop.ada, task_id=task.id, text="Allow")
            await shop.house.until(shop.ada, task.id, State.IN_REVIEW, State.FAILED)
            assert shop.git("show", f"{branch_of(task.id)}:c.txt") == "three\n"


@pytest.mark.parametrize("runtime", ["acp:codex", "exec:claude-code", "exec:codex"])
async def test_a_role_that_cannot_be_made_to_ask_is_refused(
    open_shop: OpenShop, runtime: str
) -> None:
    with model_server() as models:
        async with open_shop(models) as shop:
            with pytest.raises(Invalid, match="cannot be made to ask"):
                await hire(shop, runtime, permissions="ask")


async def test_a_task_that_names_no_role_is_done_by_the_agent_that_is_here(
    open_shop: OpenShop,
) -> None:
    story = (Turn("Easy.", [call("deliver", text="It was easy.")]), Turn("Done."))
    with model_server(*story) as models:
        async with open_shop(models) as shop:
            assert shop.app.hall.staffing.default_runtime == "acp:claude-code"
            task = await post(shop.app.hall, shop.ada)
            row = await shop.house.until(shop.ada, task.id, State.IN_REVIEW, State.FAILED)
            assert (row.deliverable_text or "").startswith("It was easy.")
