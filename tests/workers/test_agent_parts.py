"""The small parts of running agents: what is heard, what is logged, what is found, what is said."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hiringhall.workers.agents import hearing
from hiringhall.workers.agents.exec_talk import ExecTalk
from hiringhall.workers.agents.finding import Installed, find_agents
from hiringhall.workers.agents.hearing import Teller
from hiringhall.workers.agents.lines import JsonLines, LineTooLong
from hiringhall.workers.agents.permissions import (
    MOST_CALLS,
    MOST_CHARACTERS,
    Calls,
    Permissions,
    Wanted,
    question_of,
)
from hiringhall.workers.agents.profiles import ALL, CLAUDE_CODE, CODEX, GENERIC
from hiringhall.workers.runlog import LINE_BYTES, MOST_BYTES, RunLog, remove_old

pytestmark = pytest.mark.anyio

KNOWN = {
    "model_url": "http://127.0.0.1:1",
    "mcp_url": "http://127.0.0.1:2/mcp",
    "home": "/session",
    "key": "none",
    "model": "some-model",
}


def nobody() -> None:
    return


@pytest.fixture
def run_log(tmp_path: Path) -> Iterator[RunLog]:
    log = RunLog(tmp_path / "logs/run.log", lambda text: text)
    yield log
    log.close()


def test_what_codex_writes_down_of_its_environment_goes_with_no_session() -> None:
    assert {".codex/shell_snapshots", ".codex/auth.json"} <= set(CODEX.forget)


async def test_of_a_flood_the_poster_is_told_the_newest_now_and_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hearing, "EVERY_S", 0.01)
    told: list[str] = []

    async def tell(text: str) -> None:
        told.append(text)

    first: list[str] = []
    teller = Teller(tell, lambda: first.append("at work"))
    async with teller.telling():
        for number in range(1000):
            teller.tool(f"Reading file {number}")
            teller.tool("mcp__hall__report_progress")
        await asyncio.sleep(0.05)
        for word in ("Now I ", "write ", "it.\n" + "x" * 5000):
            teller.message(word)
    assert told[0] == "Reading file 999"
    assert told[1].startswith("Now I write it. xxx")
    assert len(told[1]) == hearing.MOST_CHARACTERS
    assert len(told) == 2
    assert first == ["at work"]


async def test_a_run_has_so_many_progress_events_and_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hearing, "EVERY_S", 0)
    monkeypatch.setattr(hearing, "MOST_PROGRESS", 3)
    told: list[str] = []

    async def tell(text: str) -> None:
        told.append(text)

    teller = Teller(tell, nobody)
    async with teller.telling():
        for number in range(10):
            teller.plan([(f"Step {number}", "in_progress"), ("Rest", "pending")])
            await asyncio.sleep(0.001)
    assert told == [f"Step 1 of 2: Step {number}" for number in range(3)]


def test_a_log_is_masked_bounded_and_its_lines_are(tmp_path: Path) -> None:
    path = tmp_path / "logs/run.log"
    log = RunLog(path, lambda text: text.replace("s3cret", "•"))
    log.write(">", "one\ntwo s3cret")
    log.write("<", "y" * (LINE_BYTES * 2))
    for _ in range(MOST_BYTES // LINE_BYTES + 10):
        log.write("<", "z" * LINE_BYTES)
    log.write("<", "after the end")
    log.close()
    text = path.read_text()
    assert "> one\\ntwo •" in text
    assert "more bytes" in text
    assert "after the end" not in text
    assert text.endswith("the log is full; the run goes on\n")
    assert len(text) < MOST_BYTES + 2 * LINE_BYTES


def test_a_log_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("a file in its way")
    log = RunLog(tmp_path / "logs/run.log", lambda text: text)
    log.write(">", "hello")
    log.close()


@pytest.mark.usefixtures("run_log")
def test_old_logs_go(tmp_path: Path) -> None:
    written_s = (tmp_path / "logs/run.log").stat().st_mtime
    remove_old(tmp_path / "logs", now_s=written_s + 13 * 86_400)
    assert (tmp_path / "logs/run.log").exists()
    remove_old(tmp_path / "logs", now_s=written_s + 15 * 86_400)
    assert not (tmp_path / "logs/run.log").exists()
    remove_old(tmp_path / "nowhere", now_s=0)


async def test_what_is_no_message_is_passed_over_and_an_endless_line_ends_it(
    run_log: RunLog,
) -> None:
    reader = asyncio.StreamReader(limit=100)
    reader.feed_data(b'warning: noise\n\n5\n[1]\n{"a": 1}\n{"b"' + b"[" * 50 + b"\n")
    reader.feed_data(b'{"c": 2}\n' + b"x" * 300)
    lines = JsonLines(reader, None, run_log)
    assert await lines.receive() == {"a": 1}
    assert await lines.receive() == {"c": 2}
    with pytest.raises(LineTooLong):
        await lines.receive()


def test_permissions_by_policy() -> None:
    held: list[Wanted] = []
    edit, run = Wanted("edit", "Edit a.txt"), Wanted("execute", "rm -rf /")
    everything = Permissions("allow", frozenset(), held.append)
    assert everything.judge(run) is True
    asking = Permissions("ask", frozenset({edit.what}), held.append, frozenset({"read: x"}))
    assert asking.judge(edit) is True
    assert asking.judge(Wanted("read", "x")) is False
    assert held == []
    assert asking.judge(run) is None
    assert asking.judge(Wanted("fetch", "y")) is None
    assert held == [run]
    assert asking.held == run


def test_a_wish_says_what_it_is_about_in_all_the_words_there_are() -> None:
    calls = Calls()
    calls.hear("1", "bash", {"command": "make install"})
    calls.hear("1", "", {})
    assert calls.wanted("1", "execute", "bash", {}).title == "bash: make install"
    assert calls.wanted("2", "execute", "Run make", {"command": ["make", "a b"]}).title == (
        "Run make: make 'a b'"
    )
    assert calls.wanted("3", "edit", "Write a.txt", {"file_path": "a.txt"}).title == "Write a.txt"
    assert calls.wanted("4", "other", "", None).title == "something"
    own = calls.wanted("5", "other", "mcp__hall__attach_file", {"path": "a.txt"})
    assert Permissions("ask", frozenset(), lambda _: None).judge(own) is True
    for number in range(MOST_CALLS):
        calls.hear(f"more-{number}", "Read", {"path": "x"})
    assert calls.wanted("1", "execute", "bash", {}).title == "bash"


def test_two_long_wishes_that_begin_alike_are_two() -> None:
    one, other = (Wanted("execute", "x" * 1000 + end) for end in ("a", "b"))
    assert one.what != other.what
    assert len(one.what) == len(other.what) == MOST_CHARACTERS
    question = question_of(one, "Codex")
    assert "(1001 characters)" in question
    assert question.endswith("May it?")


@pytest.mark.parametrize(
    "profile", [one for one in ALL if one.asking], ids=lambda profile: profile.name
)
def test_an_agent_that_has_to_ask_is_started_otherwise_and_is_the_same(profile: Any) -> None:
    asking = profile.that_asks()
    assert asking.mode != profile.mode or not profile.mode
    assert "--yolo" not in asking.acp
    assert asking.acp[:1] == profile.acp[:1]
    assert asking.environment.items() >= profile.environment.items()
    for text in (*asking.filled(asking.files, KNOWN).values(), *asking.environment.values()):
        if text.startswith("{"):
            json.loads(text)


def test_agents_are_found_in_a_folder_of_their_own(tmp_path: Path) -> None:
    assert find_agents(tmp_path / "nowhere").folder != tmp_path / "nowhere"
    own = tmp_path / "agents"
    (own / "node_modules/.bin").mkdir(parents=True)
    (own / "bin").mkdir()
    for path in (own / "bin/node", own / "node_modules/.bin/claude-agent-acp"):
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)
    (own / "bin/codex-acp").write_text("not to be run")
    found = find_agents(own)
    assert found.folder == own
    assert found.hindrance(CLAUDE_CODE, CLAUDE_CODE.acp) == ""
    assert "Codex is not installed" in found.hindrance(CODEX, CODEX.acp)
    assert found.hindrance(GENERIC, GENERIC.acp) == ""
    assert Installed(None).where("sh") is not None
    assert Installed(None).where("no-such-program") is None


@pytest.mark.parametrize("profile", ALL, ids=lambda profile: profile.name)
def test_every_profile_can_be_filled_in_and_keeps_its_files_in_the_session(profile: Any) -> None:
    for texts in (profile.environment, profile.files, profile.with_model):
        for text in profile.filled(texts, KNOWN).values():
            assert "$" not in text
    for name, text in profile.filled(profile.files, KNOWN).items():
        assert not Path(name).is_absolute()
        assert ".." not in Path(name).parts
        if name.endswith(".json"):
            json.loads(text)


async def no_sandbox(*_: Any) -> Any:
    raise AssertionError


@pytest.mark.parametrize(
    ("profile", "earlier", "words"),
    [
        (CLAUDE_CODE, None, "--model some-model"),
        (CLAUDE_CODE, "abc", "--model some-model --resume abc"),
        (CODEX, None, "--dangerously-bypass-approvals-and-sandbox -"),
        (CODEX, "abc", "--dangerously-bypass-approvals-and-sandbox resume abc -"),
    ],
)
def test_the_words_of_one_turn(
    run_log: RunLog, profile: Any, earlier: str | None, words: str
) -> None:
    talk = ExecTalk(
        no_sandbox,
        profile.exec,
        known=KNOWN,
        earlier=earlier,
        hearing=Teller(no_sandbox, nobody),
        run_log=run_log,
        when_named=lambda _: None,
    )
    assert " ".join(talk._argv()).endswith(words)
