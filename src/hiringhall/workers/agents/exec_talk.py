"""Talks with an agent by running it once for each turn: prompt in, JSON lines out."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from string import Template
from typing import Any

from hiringhall.workers.agents.hearing import Hearing
from hiringhall.workers.agents.lines import JsonLines, LineTooLong
from hiringhall.workers.agents.profile import Exec, Lines
from hiringhall.workers.agents.talk import Start, Stop, TurnEnd
from hiringhall.workers.runlog import RunLog
from hiringhall.workers.sandboxes.port import WHY, ExitReason, Sandboxed, read_output

COMPLAINT_BYTES = 20_000


class ExecTalk:
    """A conversation of one process a turn; the agent keeps it in its own session files."""

    def __init__(
        self,
        start: Start,
        exec_: Exec,
        *,
        known: Mapping[str, str],
        earlier: str | None,
        hearing: Hearing,
        run_log: RunLog,
        when_named: Callable[[str], None],
    ) -> None:
        self._start = start
        self._when_named = when_named
        self._exec = exec_
        self._known = known
        self._hearing = hearing
        self._log = run_log
        self._session_id = earlier
        self._goes_on = earlier is not None
        self._running: Sandboxed | None = None

    @property
    def session_id(self) -> str | None:
        return self._session_id

    @property
    def goes_on(self) -> bool:
        return self._goes_on

    async def turn(self, prompt: str) -> TurnEnd:
        self._log.write(">", prompt)
        sandboxed = await self._start(self._argv(), prompt.encode())
        self._running = sandboxed
        reading = _READERS[self._exec.lines](self._hearing)
        try:
            _, said, ended = await asyncio.gather(
                self._read(sandboxed, reading),
                read_output(sandboxed.stderr, COMPLAINT_BYTES),
                sandboxed.wait(),
            )
        finally:
            await asyncio.shield(sandboxed.kill())
            self._running = None
        self._log.write("!", said.text)
        if ended.reason != ExitReason.EXITED or ended.code != 0 or reading.failed:
            last = said.text.strip().splitlines()[-5:]
            how = WHY.get(ended.reason, f"it ended with exit {ended.code}")
            why = reading.failed or "\n".join([how, *last])
            return TurnEnd(Stop.BROKEN, why)
        return TurnEnd(Stop.ENDED)

    async def _read(self, sandboxed: Sandboxed, reading: "_Reading") -> None:
        lines = JsonLines(sandboxed.stdout, None, self._log)
        try:
            while (message := await lines.receive()) is not None:
                # What an agent writes may have any shape at all.
                with contextlib.suppress(AttributeError, KeyError, TypeError, ValueError):
                    reading.hear(message)
                if reading.session_id is not None and reading.session_id != self._session_id:
                    self._session_id = reading.session_id
                    self._when_named(reading.session_id)
        except LineTooLong as error:
            reading.failed = str(error)
            await sandboxed.kill()

    async def interrupt(self) -> None:
        await self.close()

    async def close(self) -> None:
        if self._running is not None:
            await self._running.kill()

    def _argv(self) -> list[str]:
        words = [*self._exec.argv]
        if self._known.get("model"):
            words += self._exec.model
        if self._session_id is not None:
            words += self._exec.again
        words += self._exec.last
        known = {**self._known, "session": self._session_id or ""}
        return [Template(word).substitute(known) for word in words]


class _Reading:
    """What an agent's lines have said so far."""

    def __init__(self, hearing: Hearing) -> None:
        self.hearing = hearing
        self.session_id: str | None = None
        self.failed = ""

    def hear(self, message: dict[str, Any]) -> None:
        raise NotImplementedError


class _Claude(_Reading):
    """`claude -p --output-format stream-json`."""

    def hear(self, message: dict[str, Any]) -> None:
        if isinstance(message.get("session_id"), str):
            self.session_id = message["session_id"]
        match message.get("type"):
            case "assistant":
                for part in message["message"]["content"]:
                    if part["type"] == "text":
                        self.hearing.message(part["text"])
                    elif part["type"] == "tool_use":
                        self.hearing.tool(_tool_title(part["name"], part.get("input")))
            case "result":
                self.failed = str(message.get("result") or "") if message.get("is_error") else ""
            case _:
                pass


class _Codex(_Reading):
    """`codex exec --json`."""

    def hear(self, message: dict[str, Any]) -> None:
        match message.get("type"):
            case "thread.started":
                self.session_id = str(message["thread_id"])
            case "item.started":
                self._begun(message["item"])
            case "item.completed":
                if message["item"]["type"] == "agent_message":
                    self.hearing.message(message["item"]["text"])
            case "turn.failed":
                self.failed = str(message["error"]["message"])
            case "turn.completed":
                self.failed = ""
            case "error":
                self.hearing.complaint(str(message["message"]))
            case _:
                pass

    def _begun(self, item: dict[str, Any]) -> None:
        match item["type"]:
            case "command_execution":
                self.hearing.tool(f"Running {item['command']}")
            case "mcp_tool_call":
                self.hearing.tool(f"mcp__{item['server']}__{item['tool']}")
            case "todo_list":
                steps = [(entry["text"], entry["completed"]) for entry in item["items"]]
                self.hearing.plan(
                    [(t, "completed" if done else "in_progress") for t, done in steps]
                )
            case _:
                pass


def _tool_title(name: str, given: Any) -> str:
    """A tool's name with the one thing that tells most of what it is used for."""
    for key in ("command", "file_path", "path", "pattern", "url", "description"):
        if isinstance(given, dict) and isinstance(given.get(key), str):  # pyright: ignore[reportUnknownMemberType]
            return f"{name}: {given[key]}"
    return name


_READERS: Mapping[Lines, Callable[[Hearing], _Reading]] = {"claude": _Claude, "codex": _Codex}
