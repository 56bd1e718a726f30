"""The loop in its own process, against a scripted model server and a real sandbox."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from hiringhall.workers.builtin import host as host_module
from hiringhall.workers.builtin.host import LoopDied, LoopHost, Sides
from hiringhall.workers.builtin.loop.running import UNREADABLE
from hiringhall.workers.builtin.prompts import instructions
from hiringhall.workers.builtin.shell import Shell
from hiringhall.workers.builtin.wire import Begin, Checked, Outcome
from hiringhall.workers.sandboxes.bubblewrap import Bubblewrap
from tests.sandboxes.inside import Inside
from tests.support.models import Heard, ModelServer, Refuse, Turn, call, model_server
from tests.support.repository import ROOT

pytestmark = [pytest.mark.anyio, pytest.mark.sandbox]

PLAN = call("plan", steps=["Write it"], criteria=["The file says hello"])
WRITE = call("write_file", path="hello.txt", content="hello\n")
CHECK = call("check_criterion", number=1, met=True, evidence="cat says hello")
DELIVER = call("deliver", text="It says hello.")


@dataclass
class Desk:
    """A run's sides, with what was told and kept."""

    host: LoopHost
    inside: Inside
    folder: Path
    told: list[str] = field(default_factory=list[str])
    checks: list[tuple[int, bool, str]] = field(default_factory=list[tuple[int, bool, str]])
    history: bytes = b""
    keeps: int = 0
    speaks: Any = "anthropic"

    async def go(self, server: ModelServer, prompt: str = "Say hello", **more: Any) -> Outcome:
        shell = Shell(lambda argv: self.inside.start(*argv, interactive=True))
        async with reached(server, self.folder) as path:
            begin = Begin(
                "run", self.speaks, "model-test", str(path),
                instructions(system_prompt="", repository=False, workspace="/workspace",
                             branch="b", plan_first=bool(more.get("plan_first"))),
                prompt, self.history, more.get("plan_first", False), more.get("most_steps", 40),
                more.get("criteria", []), more.get("anew", ""),
            )  # fmt: skip
            try:
                return await self.host.run(begin, Sides(shell, self._tell, self._keep, self._check))
            finally:
                await shell.close()

    async def _check(self, checked: Checked) -> None:
        self.checks.append((checked.criterion, checked.met, checked.evidence))

    async def _tell(self, text: str) -> None:
        self.told.append(text)

    async def _keep(self, history: bytes) -> None:
        self.history = history
        self.keeps += 1


@contextlib.asynccontextmanager
async def reached(server: ModelServer, folder: Path) -> AsyncGenerator[Path]:
    """The model server on a Unix socket, as the gateway is."""
    host, _, port = server.url.removeprefix("http://").partition(":")

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection(host, int(port))
        except OSError:
            writer.close()
            return
        await asyncio.gather(_pour(reader, back), _pour(there, writer))

    path = folder / "model.sock"
    path.unlink(missing_ok=True)
    async with await asyncio.start_unix_server(relay, path):
        yield path


async def _pour(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
    sink.close()


@pytest.fixture(scope="module")
async def host() -> AsyncIterator[LoopHost]:
    host = LoopHost()
    yield host
    await host.close()


@pytest.fixture
async def desk(host: LoopHost, tmp_path: Path) -> AsyncIterator[Desk]:
    provider = Bubblewrap()
    yield Desk(host, Inside(provider, tmp_path), tmp_path)
    await provider.close()


@pytest.mark.parametrize("speaks", ["anthropic", "openai"])
async def test_it_plans_works_checks_and_delivers(desk: Desk, speaks: str) -> None:
    desk.speaks = speaks
    with model_server(
        Turn("Let me see.", calls=[call("search")]),
        Turn(calls=[PLAN]),
        Turn(calls=[WRITE, call("shell", command="cat hello.txt")]),
        Turn(calls=[CHECK]),
        Turn(calls=[DELIVER]),
    ) as server:
        outcome = await desk.go(server)
    assert server.problems == []
    assert outcome == Outcome("run", "delivered", "It says hello.")
    assert (desk.inside.workspace / "hello.txt").read_text() == "hello\n"
    assert desk.told == [
        "Plan: Write it",
        "Checked: The file says hello: holds. cat says hello",
    ]
    assert desk.keeps >= 10
    asked = server.asked("/messages" if speaks == "anthropic" else "/chat/completions")
    assert len(asked) == 5
    assert b"<poster>" not in asked[0].body
    assert b"nothing overrules them" in asked[0].body


async def test_no_delivery_without_a_plan_and_its_checks(desk: Desk) -> None:
    unmet = call("check_criterion", number=1, met=False, evidence="There is none")
    short = call("deliver", text="Half.", shortcomings="There is no file")
    with model_server(
        Turn(calls=[DELIVER]),
        Turn(calls=[PLAN], when="Call `plan` first"),
        Turn(calls=[DELIVER]),
        Turn(calls=[call("check_criterion", number=7, met=True, evidence="x")], when="has checked"),
        Turn(calls=[unmet], when="there is no 7"),
        Turn(calls=[DELIVER]),
        Turn(calls=[short], when="did not hold"),
        Turn(calls=[DELIVER]),
    ) as server:
        outcome = await desk.go(server)
    assert outcome.text == "Half.\n\nWhat falls short: There is no file"
    assert len(server.answered) == 7


async def test_the_tasks_own_criteria_are_checked_whatever_is_planned(desk: Desk) -> None:
    given = ["The file says hello", "It is short"]
    second = call("check_criterion", number=2, met=True, evidence="One line")
    calls = [DELIVER, PLAN, CHECK, DELIVER, second, DELIVER]
    with model_server(*(Turn(calls=[one]) for one in calls)) as server:
        outcome = await desk.go(server, criteria=given)
    assert outcome.kind == "delivered", outcome
    assert server.problems == []
    assert len(server.answered) == len(calls)
    # The task's own are written down; what the plan adds is the agent's own affair.
    assert desk.checks == [(1, True, "cat says hello"), (2, True, "One line")]


async def test_a_conversation_that_cannot_be_read_begins_anew(desk: Desk) -> None:
    desk.history = b'[{"kind": "of another version"}]'
    fail = Turn(calls=[call("fail", reason="No")], when="The whole brief")
    with model_server(fail) as server:
        outcome = await desk.go(server, "Go on", anew="The whole brief")
    assert outcome.kind == "gave_up", outcome
    assert desk.told == [UNREADABLE]
    assert b"No" in desk.history


async def test_a_process_that_nobody_needs_ends_and_comes_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host_module, "IDLE_S", 0.05)
    provider, host = Bubblewrap(), LoopHost()
    desk = Desk(host, Inside(provider, tmp_path), tmp_path)
    for _ in range(2):
        with model_server(Turn(calls=[call("fail", reason="No")])) as server:
            assert (await desk.go(server)).kind == "gave_up"
        desk.history = b""
        async with asyncio.timeout(30):
            while host.pid is not None:  # noqa: ASYNC110  nothing tells a test but a look
                await asyncio.sleep(0.02)
    await host.close()
    await provider.close()


async def test_it_asks_typed_questions_and_goes_on_with_the_answer(desk: Desk) -> None:
    wrong = call("ask", questions=[{"type": "text", "question": "Which?", "options": ["a"]}])
    right = call(
        "ask",
        questions=[
            {"type": "single_select", "question": "Which one?", "options": ["A", "B"]},
            {"question": "Why?"},
        ],
    )
    with model_server(Turn(calls=[wrong]), Turn(calls=[right])) as server:
        outcome = await desk.go(server)
    assert outcome.kind == "asked"
    assert [(one.type, one.options) for one in outcome.questions] == [
        ("single_select", ["A", "B"]),
        ("text", []),
    ]

    def knows_all(heard: Heard) -> bool:
        return "the answer is B" in heard.last and heard.rounds >= 2

    with model_server(
        Turn(calls=[PLAN], when=knows_all),
        Turn(calls=[CHECK], when="check each of these"),
        Turn(calls=[DELIVER], when="All are checked"),
    ) as server:  # fmt: skip
        outcome = await desk.go(server, "the answer is B")
    assert outcome.kind == "delivered"
    assert b"Which one?" in server.requests[0].body


async def test_a_plan_is_proposed_where_that_is_asked_for(desk: Desk) -> None:
    with model_server(Turn(calls=[call("propose_plan", text="I would write it")])) as server:
        outcome = await desk.go(server, plan_first=True)
    assert outcome == Outcome("run", "planned", "I would write it")
    offered = {tool["name"] for tool in server.requests[0].json["tools"]}
    assert not offered & {"write_file", "edit_file", "deliver"}


async def test_it_gives_up_with_a_reason(desk: Desk) -> None:
    with model_server(Turn(calls=[call("fail", reason="There is no such thing")])) as server:
        assert (await desk.go(server)).text == "There is no such thing"


async def test_what_a_tool_cannot_do_is_told_and_not_fatal(desk: Desk) -> None:
    wrong = [call("read_file", path="none"), call("edit_file", path="x", old="a", new="b")] * 6
    with model_server(
        Turn(calls=wrong), Turn(calls=[call("fail", reason="done")], when="did not work")
    ) as server:
        assert (await desk.go(server)).kind == "gave_up"


async def test_only_talking_is_no_end(desk: Desk) -> None:
    with model_server(Turn("I am done!")) as server:
        outcome = await desk.go(server)
    assert (outcome.kind, outcome.may_retry) == ("broke", False)
    assert "went astray" in outcome.text
    assert 2 <= len(server.answered) <= 6


async def test_steps_are_bounded(desk: Desk) -> None:
    with model_server(Turn(calls=[call("shell", command="true")])) as server:
        outcome = await desk.go(server, most_steps=5)
    assert "no end within 5 steps" in outcome.text
    assert len(server.answered) == 5


@pytest.mark.parametrize(("status", "may_retry"), [(400, False), (403, False), (500, True)])
async def test_a_model_that_refuses(desk: Desk, status: int, may_retry: bool) -> None:
    fault = Refuse(status, times=9, message="No such model", retry_after="0")
    with model_server(Turn(fault=fault)) as server:
        outcome = await desk.go(server)
    assert (outcome.kind, outcome.may_retry) == ("broke", may_retry)
    assert "No such model" in outcome.text


async def test_a_model_that_is_not_there(desk: Desk) -> None:
    with model_server() as server:
        pass
    outcome = await desk.go(server)
    assert (outcome.kind, outcome.may_retry) == ("broke", True)


async def test_a_run_that_is_cancelled_leaves_the_others_alone(desk: Desk) -> None:
    with model_server(Turn("…", first_byte_s=30)) as server:
        going = asyncio.create_task(desk.go(server))
        async with asyncio.timeout(30):
            while not server.requests:  # noqa: ASYNC110  nothing tells but a look
                await asyncio.sleep(0.02)
        pid = desk.host.pid
        going.cancel()
        with pytest.raises(asyncio.CancelledError):
            await going
    await test_it_gives_up_with_a_reason(desk)
    assert desk.host.pid == pid


async def test_a_dead_process_is_replaced_and_the_conversation_goes_on(desk: Desk) -> None:
    long = call("shell", command="echo begun > begun; sleep 600", timeout_s=900)
    with model_server(Turn(calls=[PLAN]), Turn(calls=[long])) as server:
        going = asyncio.create_task(desk.go(server))
        async with asyncio.timeout(30):
            while not (desk.inside.workspace / "begun").exists():  # noqa: ASYNC110  as above
                await asyncio.sleep(0.02)
        pid = desk.host.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(LoopDied):
            await going
    with model_server(
        Turn(calls=[CHECK], when="Go on"), Turn(calls=[DELIVER], when="All are checked")
    ) as server:
        outcome = await desk.go(server, "Go on")
    # The plan was remembered, and so was the command that nobody heard of again.
    assert outcome.kind == "delivered"
    assert b"sleep 600" in server.requests[0].body
    assert desk.host.pid not in (None, pid)


async def test_it_holds_nothing_of_the_halls(desk: Desk) -> None:
    await test_it_gives_up_with_a_reason(desk)
    process = held_by(desk.host.pid)
    assert process["environment"] == ["LANG", "PATH"]
    assert not any(str(ROOT) in name for name in process["files"])


def held_by(pid: int | None) -> dict[str, list[str]]:
    """What a process has: the names of its variables, and its open files."""
    about = Path(f"/proc/{pid}")
    variables = (about / "environ").read_text().split("\0")
    return {
        "environment": sorted(entry.partition("=")[0] for entry in variables if entry),
        "files": [str(path.readlink()) for path in (about / "fd").iterdir()],
    }


def test_it_ends_with_the_hall() -> None:
    ours, theirs = socket.socketpair()
    argv = [sys.executable, "-I", "-m", "hiringhall.workers.builtin.loop", str(theirs.fileno())]
    with subprocess.Popen(argv, pass_fds=[theirs.fileno()]) as process:
        theirs.close()
        ours.close()
        assert process.wait(timeout=60) == 0


def test_the_hall_itself_does_not_import_it() -> None:
    script = "import sys, hiringhall.app, hiringhall.workers.builtin.host; " + (
        "sys.exit(any(name.split('.')[0] in ('pydantic_ai', 'openai', 'anthropic') "
        "for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
