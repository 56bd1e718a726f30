"""Runs of an agent over ACP, for real but for its model: sandbox, tools, sessions, git."""

import json
from pathlib import Path
from typing import Any

import pytest

from hiringhall.actions.roles import set_role
from hiringhall.actions.tasks import answer
from hiringhall.blobs.port import read_all
from hiringhall.domain.errors import Invalid
from hiringhall.domain.ids import branch_of
from hiringhall.domain.tasks import State
from hiringhall.queries.audit import audit_all
from hiringhall.queries.tasks import task_result
from tests.workers.agents_at_work import DONE, QUESTION, finished, play, session_folder
from tests.workers.shop import EMAIL, Shop

pytestmark = [pytest.mark.anyio, pytest.mark.sandbox]


async def test_what_an_agent_delivers_is_pushed_and_its_files_are_there(shop: Shop) -> None:
    await play(
        shop,
        [
            {"say": "I read the code first."},
            {"tool": True, "title": "Edit hello.txt"},
            {"write": ["/workspace/hello.txt", "HELLO\n"]},
            {"write": ["/workspace/b.txt", "two\n"]},
            {"call": ["report_progress", {"text": "Half way"}]},
            {"call": ["deliver", {"text": "It shouts now."}]},
        ],
    )
    task = await shop.post(repository=True)
    await finished(shop, task)
    result = await task_result(shop.app.hall, actor=shop.ada, task_id=task.id)
    assert result.text == "It shouts now."
    assert [file.name for file in result.files] == ["b.txt", "hello.txt"]
    assert await read_all(shop.app.blobs, result.files[1].blob_key) == b"HELLO\n"
    assert shop.git("show", f"{branch_of(task.id)}:hello.txt") == "HELLO\n"
    words = await shop.words(task)
    assert "Half way" in words
    assert any("I read the code first." in text or "Edit hello.txt" in text for text in words)
    assert (await audit_all(shop.app.hall.database)).ok


async def test_only_the_files_that_it_names_are_handed_in(shop: Shop) -> None:
    await play(
        shop,
        [
            {"write": ["/workspace/report.md", "# Report\n"]},
            {"write": ["/workspace/scratch.txt", "no\n"]},
            {"call": ["deliver", {"text": "See it.", "files": ["./report.md"]}]},
        ],
    )
    task = await shop.post()
    await finished(shop, task)
    result = await task_result(shop.app.hall, actor=shop.ada, task_id=task.id)
    assert [file.name for file in result.files] == ["report.md"]


async def test_it_is_told_its_role_the_task_and_what_was_said(shop: Shop) -> None:
    ask = [{"echo_prompt": "/workspace/first.txt"}, {"call": ["ask", {"questions": [QUESTION]}]}]
    await play(
        shop, ask, [{"echo_prompt": "/workspace/second.txt"}, *DONE], system_prompt="Be a pirate."
    )
    task = await shop.post(title="Paint it", description="The old shed.", repository=True)
    await shop.house.until(shop.ada, task.id, State.AWAITING_REPLY)
    await answer.reply(shop.app.hall, actor=shop.ada, task_id=task.id, text="Blue")
    await finished(shop, task)
    branch = branch_of(task.id)
    first = shop.git("show", f"{branch}:first.txt")
    assert first.startswith("Be a pirate.\n\n")
    assert "# Paint it\n\nThe old shed." in first
    assert f"on the branch `{branch}`" in first
    second = shop.git("show", f"{branch}:second.txt")
    assert second.startswith("Since you last worked on the task:")
    assert "## Reply\n\nBlue" in second
    assert "pirate" not in second


async def test_a_second_run_goes_on_with_the_same_session_in_the_same_place(shop: Shop) -> None:
    """The agent's own files say which turn it is: a new session would play the first again."""
    await play(
        shop,
        [{"write": ["/workspace/a.txt", "1\n"]}, *DONE],
        [{"write": ["/workspace/b.txt", "2\n"]}, *DONE],
    )
    task = await shop.post(repository=True)
    await finished(shop, task)
    first = json.loads((session_folder(shop, task) / "session.json").read_text())
    await answer.decide_deliverable(
        shop.app.hall, actor=shop.ada, task_id=task.id, accepted=False, reason="And b"
    )
    await shop.house.until(shop.ada, task.id, State.IN_PROGRESS)
    await finished(shop, task)
    assert shop.git("show", f"{branch_of(task.id)}:b.txt") == "2\n"
    second = json.loads((session_folder(shop, task) / "session.json").read_text())
    assert first["agent_session"] == second["agent_session"]
    words = await shop.words(task)
    assert not any("REPLAYED" in text for text in words)


async def test_a_session_that_is_not_to_be_loaded_is_begun_anew_with_the_whole_brief(
    shop: Shop,
) -> None:
    await play(shop, [{"echo_prompt": "/workspace/told.txt"}, *DONE])
    task = await shop.post(repository=True)
    await finished(shop, task)
    record = json.loads((session_folder(shop, task) / "session.json").read_text())
    (session_folder(shop, task) / "home/played" / record["agent_session"]).unlink()
    await answer.decide_deliverable(
        shop.app.hall, actor=shop.ada, task_id=task.id, accepted=False, reason="Once more"
    )
    await shop.house.until(shop.ada, task.id, State.IN_PROGRESS)
    await finished(shop, task)
    told = shop.git("show", f"{branch_of(task.id)}:told.txt")
    assert "# Build a page" in told
    assert "## Sent back\n\nOnce more" in told


async def test_one_that_stops_without_a_word_is_asked_once_to_finish(shop: Shop) -> None:
    await play(shop, [{"say": "I think I am done."}], [{"echo_prompt": "/workspace/x"}, *DONE])
    task = await shop.post(repository=True)
    await finished(shop, task)
    assert "Call one of" in shop.git("show", f"{branch_of(task.id)}:x")


async def test_one_that_stops_twice_fails_and_its_work_is_offered_to_the_next(shop: Shop) -> None:
    await play(shop, [{"write": ["/workspace/kept.txt", "kept\n"]}, {"say": "There."}])
    task = await shop.post(repository=True)
    await shop.house.until(shop.ada, task.id, State.FAILED)
    assert "ended without handing in" in (await shop.words(task))[-1]
    await shop.house.until_idle()
    mirrors = shop.app.settings.data_dir / "work/repositories"
    assert list(mirrors.glob("*/**/refs/wip/*")) != []


async def test_one_that_gives_up_says_why(shop: Shop) -> None:
    await play(shop, [{"call": ["fail", {"reason": "There is no shed."}]}])
    task = await shop.post()
    await shop.house.until(shop.ada, task.id, State.FAILED)
    assert (await shop.words(task))[-1] == "There is no shed."


async def test_one_that_dies_is_tried_again_and_its_last_words_are_told(shop: Shop) -> None:
    await play(shop, [{"write": ["/workspace/a", "a"]}, {"die": 3}], DONE)
    task = await shop.post(repository=True)
    await finished(shop, task)
    words = await shop.words(task)
    assert any("exit 3" in text and "I die" in text for text in words)
    assert shop.git("show", f"{branch_of(task.id)}:a") == "a"


async def test_past_its_time_it_is_interrupted_and_its_work_is_kept(shop: Shop) -> None:
    await play(shop, [{"write": ["/workspace/a", "a"]}, {"sleep": 600}], timeout_s=3)
    task = await shop.post(repository=True)
    await shop.house.until(shop.ada, task.id, State.FAILED)
    assert "took longer than its 3 s" in (await shop.words(task))[-1]
    await shop.house.until_idle()
    assert (session_folder(shop, task) / "home/played/cancelled").read_text() == "yes"


async def test_cancelling_ends_it_and_keeps_its_work(shop: Shop, tmp_path: Path) -> None:
    await play(
        shop,
        [
            {"write": ["/workspace/a", "a"]},
            {"say": "Begun."},
            {"tool": True, "title": "Wait"},
            {"sleep": 600},
        ],
    )
    task = await shop.post(repository=True)
    with shop.app.hall.signals.listening(task.id) as listener:
        while "Wait" not in await shop.words(task):
            assert await listener.wait(60)
    await answer.cancel_task(shop.app.hall, actor=shop.ada, task_id=task.id)
    await shop.house.until_idle()
    assert list((tmp_path / "data/work/runs").iterdir()) == []
    assert list((tmp_path / "data/runs/sockets").iterdir()) == []
    assert list((tmp_path / "data/work/repositories").glob("*/**/refs/wip/*")) != []


async def test_noise_and_nonsense_on_its_pipe_harm_nothing(shop: Shop) -> None:
    noise = 'warning: x\n5\n[]\n{"jsonrpc":"2.0","method":"session/update"}\n' + "{" * 2000 + "\n"
    await play(shop, [{"raw": noise}, *DONE])
    await finished(shop, await shop.post())


async def test_a_line_without_end_ends_the_run_not_the_hall(shop: Shop) -> None:
    await play(shop, [{"flood": 40}], DONE)
    task = await shop.post()
    await finished(shop, task)
    assert any("broke down" in text for text in await shop.words(task))


async def test_where_everything_is_allowed_it_gets_a_yes_for_once(shop: Shop) -> None:
    await play(shop, [{"want": {"kind": "execute", "title": "make"}}, *DONE])
    task = await shop.post(repository=True)
    await finished(shop, task)
    assert shop.git("show", f"{branch_of(task.id)}:permissions.txt") == "option-allow_once\n"


@pytest.mark.parametrize(("said", "got"), [("Allow", "allow_once"), ("Refuse", "reject_once")])
async def test_where_it_has_to_ask_the_requester_decides(shop: Shop, said: str, got: str) -> None:
    wants = [{"want": {"kind": "execute", "title": "make install"}}, *DONE]
    await play(shop, wants, wants, permissions="ask")
    task = await shop.post(repository=True)
    row = await shop.house.until(shop.ada, task.id, State.AWAITING_REPLY)
    assert row.question is not None
    assert "make install" in row.question.text
    await answer.reply(shop.app.hall, actor=shop.ada, task_id=task.id, text=said)
    await finished(shop, task)
    lines = shop.git("show", f"{branch_of(task.id)}:permissions.txt").split()
    assert lines == ["cancelled", f"option-{got}"]


async def test_where_a_plan_is_to_be_approved_it_is_proposed_first(shop: Shop) -> None:
    await play(
        shop,
        [
            {"echo_prompt": "/workspace/told.txt"},
            {"call": ["propose_plan", {"text": "I paint it blue."}]},
        ],
        [{"echo_prompt": "/workspace/after.txt"}, *DONE],
    )
    task = await shop.post(repository=True, require_spec_approval=True)
    row = await shop.house.until(shop.ada, task.id, State.AWAITING_REPLY)
    assert row.plan_text == "I paint it blue."
    await answer.decide_plan(shop.app.hall, actor=shop.ada, task_id=task.id, accepted=True)
    await finished(shop, task)
    branch = branch_of(task.id)
    assert "Change nothing yet" in shop.git("show", f"{branch}:told.txt")
    assert "## Plan (approved)" in shop.git("show", f"{branch}:after.txt")
    assert "Change nothing yet" not in shop.git("show", f"{branch}:after.txt")


async def test_a_run_has_a_log_for_operators(shop: Shop, tmp_path: Path) -> None:
    await play(shop, [{"say": "A word for the log."}, *DONE])
    task = await shop.post()
    await finished(shop, task)
    await shop.house.until_idle()
    (log,) = (tmp_path / "data/runs/logs").iterdir()
    text = log.read_text()
    assert "session/prompt" in text
    assert "A word for the log." in text


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"argv": []},
        {"argv": ["no-such-program"]},
        {"argv": ["sh"], "permissions": "maybe"},
        {"argv": ["sh"], "model": 'x"\ny'},
        {"argv": ["sh"], "timeout_s": 0},
        {"argv": ["sh"], "unknown": 1},
    ],
)
async def test_a_role_that_cannot_be_meant_is_refused(shop: Shop, config: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        await set_role(
            shop.app.hall, email=EMAIL, name="worker", runtime="acp:generic", config=config
        )


async def test_an_agent_that_is_not_here_waits_and_says_how_to_install_it(shop: Shop) -> None:
    await set_role(shop.app.hall, email=EMAIL, name="worker", runtime="acp:gemini", config={})
    task = await shop.post()
    assert task.state is State.OPEN
    assert "docs/agents.md says how to install it" in task.waiting_reason
