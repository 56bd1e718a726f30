"""Talks with an agent by the Agent Client Protocol, version 1, over a sandbox's pipes."""

import asyncio
import contextlib
import importlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import structlog

from hiringhall.workers.agents.hearing import Hearing
from hiringhall.workers.agents.lines import JsonLines
from hiringhall.workers.agents.permissions import Calls, Permissions
from hiringhall.workers.agents.talk import CannotTalk, Start, Stop, TurnEnd
from hiringhall.workers.runlog import RunLog
from hiringhall.workers.sandboxes.port import WHY, Exit, Output, Sandboxed, read_output

if TYPE_CHECKING:
    from acp.client.connection import ClientSideConnection
    from acp.schema import PermissionOption, ToolCallUpdate

log = structlog.get_logger()

PROTOCOL = 1
BEGIN_S = 120.0
"""For an agent to start, and to make or load a session."""
INTERRUPT_S = 10.0
COMPLAINT_BYTES = 20_000


class AcpTalk:
    """One agent process, one session in it."""

    def __init__(
        self,
        sandboxed: Sandboxed,
        connection: "ClientSideConnection",
        listener: "_Listener",
        complaints: "asyncio.Task[Output]",
    ) -> None:
        self._sandboxed = sandboxed
        self._connection = connection
        self._listener = listener
        self._complaints = complaints
        self._session_id: str | None = None
        self._goes_on = False
        self._can_load = False

    @property
    def session_id(self) -> str | None:
        return self._session_id

    @property
    def goes_on(self) -> bool:
        return self._goes_on

    async def begin(
        self,
        *,
        workspace: str,
        mcp_url: str | None,
        earlier: str | None,
        mode: str,
        settle_s: float,
    ) -> None:
        """Make a session, or take up an earlier one; raises CannotTalk."""
        try:
            async with asyncio.timeout(BEGIN_S):
                await self._initialize()
                if earlier is not None:
                    await self._load(earlier, workspace, mcp_url)
                    await asyncio.sleep(settle_s)
                if self._session_id is None:
                    made = await self._connection.new_session(
                        cwd=workspace, mcp_servers=_servers(mcp_url)
                    )
                    self._session_id = made.session_id
                if mode:
                    await self._connection.set_session_mode(
                        session_id=self._session_id, mode_id=mode
                    )
        except TimeoutError as error:
            raise CannotTalk(f"The agent did not begin within {BEGIN_S:.0f} seconds") from error
        except Exception as error:
            raise CannotTalk(
                f"The agent could not begin: {await self._explained(error)}"
            ) from error

    async def _initialize(self) -> None:
        from acp.schema import ClientCapabilities, FileSystemCapabilities, Implementation

        answer = await self._connection.initialize(
            protocol_version=PROTOCOL,
            # Its files are in its sandbox: it reads, writes and runs there by itself.
            client_capabilities=ClientCapabilities(
                fs=FileSystemCapabilities(read_text_file=False, write_text_file=False),
                terminal=False,
            ),
            client_info=Implementation(name="hiringhall", title="Hiringhall", version="1"),
        )
        if answer.protocol_version != PROTOCOL:
            raise ConnectionError(f"it speaks version {answer.protocol_version} of ACP")
        self._can_load = bool(answer.agent_capabilities and answer.agent_capabilities.load_session)

    async def _load(self, earlier: str, workspace: str, mcp_url: str | None) -> None:
        from acp.exceptions import RequestError

        if not self._can_load:
            return
        try:
            await self._connection.load_session(
                cwd=workspace, session_id=earlier, mcp_servers=_servers(mcp_url)
            )
        except RequestError as error:
            log.warning("agents.session_not_loaded", why=str(error)[:500])
            return
        self._session_id, self._goes_on = earlier, True

    async def turn(self, prompt: str) -> TurnEnd:
        from acp import text_block
        from acp.exceptions import RequestError

        assert self._session_id is not None
        self._listener.listening = True
        try:
            answer = await self._connection.prompt(
                session_id=self._session_id, prompt=[text_block(prompt)]
            )
        except RequestError as error:
            return TurnEnd(Stop.BROKEN, _words(error))
        except ConnectionError as error:
            return TurnEnd(Stop.BROKEN, await self._explained(error))
        if answer.stop_reason == "refusal":
            return TurnEnd(Stop.REFUSED, "The model refused")
        return TurnEnd(Stop.ENDED, str(answer.stop_reason))

    async def interrupt(self) -> None:
        if self._session_id is None:
            return
        with contextlib.suppress(Exception):
            async with asyncio.timeout(INTERRUPT_S):
                await self._connection.cancel(session_id=self._session_id)

    async def close(self) -> None:
        self._listener.listening = False
        await self._sandboxed.kill()
        with contextlib.suppress(Exception):
            await self._connection.close()
        await asyncio.gather(self._complaints, return_exceptions=True)

    async def _explained(self, error: Exception) -> str:
        """What went wrong, with the agent's own last words where it has died."""
        ended: Exit | None = None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1.0 if isinstance(error, ConnectionError) else 0.01):
                ended = await self._sandboxed.wait()
        if ended is None:
            return _words(error)
        said = (await self._complaints).text.strip().splitlines()[-5:]
        how = WHY.get(ended.reason, f"it ended with exit {ended.code} ({ended.reason})")
        return "\n".join([how, *said])


async def open_acp(
    start: Start,
    argv: Sequence[str],
    *,
    hearing: Hearing,
    permissions: Permissions,
    run_log: RunLog,
) -> AcpTalk:
    """Start an agent that speaks ACP. Raises SandboxError."""
    # Its models take a second and tens of megabytes: a hall without agents does not pay for them,
    # and one with agents does it beside its loop.
    await asyncio.to_thread(importlib.import_module, "acp")
    from acp import connect_to_agent

    sandboxed = await start(argv, None)
    assert sandboxed.stdin is not None
    listener = _Listener(hearing, permissions)
    transport = JsonLines(sandboxed.stdout, sandboxed.stdin, run_log)
    connection = connect_to_agent(listener, transport)
    complaints = asyncio.create_task(read_output(sandboxed.stderr, COMPLAINT_BYTES))
    return AcpTalk(sandboxed, connection, listener, complaints)


class _Listener:
    """The client's side: what an agent may ask of us and tell us (`acp.Client`)."""

    def __init__(self, hearing: Hearing, permissions: Permissions) -> None:
        self._hearing = hearing
        self._permissions = permissions
        self._calls = Calls()
        self.listening = False
        """False while a loaded session tells its past."""

    async def session_update(self, session_id: str, update: Any, **_: Any) -> None:
        if not self.listening:
            return
        match update.session_update:
            case "agent_message_chunk":
                self._hearing.message(str(getattr(update.content, "text", "")))
            case "tool_call" | "tool_call_update":
                self._calls.hear(str(update.tool_call_id), update.title or "", update.raw_input)
                # What it is about is often known only with an update.
                if update.title:
                    self._hearing.tool(str(update.title))
            case "plan":
                self._hearing.plan([(entry.content, str(entry.status)) for entry in update.entries])
            case _:
                pass  # thoughts, modes and commands are in the run's log

    async def request_permission(
        self,
        session_id: str,
        tool_call: "ToolCallUpdate",
        options: "list[PermissionOption]",
        **_: Any,
    ) -> Any:
        from acp.schema import AllowedOutcome, DeniedOutcome, RequestPermissionResponse

        wanted = self._calls.wanted(
            str(tool_call.tool_call_id),
            str(tool_call.kind or "other"),
            tool_call.title or "",
            tool_call.raw_input,
        )
        verdict = self._permissions.judge(wanted)
        kinds = {True: ("allow_once", "allow_always"), False: ("reject_once", "reject_always")}
        for kind in kinds.get(verdict, ()) if verdict is not None else ():
            for option in options:
                if option.kind == kind:
                    outcome = AllowedOutcome(outcome="selected", option_id=option.option_id)
                    return RequestPermissionResponse(outcome=outcome)
        return RequestPermissionResponse(outcome=DeniedOutcome(outcome="cancelled"))

    async def write_text_file(self, *_: Any, **__: Any) -> None:
        _refuse("fs/write_text_file")

    async def read_text_file(self, *_: Any, **__: Any) -> Any:
        _refuse("fs/read_text_file")

    async def create_terminal(self, *_: Any, **__: Any) -> Any:
        _refuse("terminal/create")

    async def terminal_output(self, *_: Any, **__: Any) -> Any:
        _refuse("terminal/output")

    async def release_terminal(self, *_: Any, **__: Any) -> None:
        _refuse("terminal/release")

    async def wait_for_terminal_exit(self, *_: Any, **__: Any) -> Any:
        _refuse("terminal/wait_for_exit")

    async def kill_terminal(self, *_: Any, **__: Any) -> None:
        _refuse("terminal/kill")

    async def create_elicitation(self, *_: Any, **__: Any) -> Any:
        _refuse("elicitation/create")

    async def complete_elicitation(self, *_: Any, **__: Any) -> None:
        return

    async def ext_method(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        _refuse(method)

    async def ext_notification(self, method: str, params: dict[str, Any]) -> None:
        return

    def on_connect(self, conn: Any) -> None:
        return


def _refuse(method: str) -> NoReturn:
    from acp.exceptions import RequestError

    raise RequestError.method_not_found(method)


def _servers(mcp_url: str | None) -> list[Any]:
    from acp.schema import HttpMcpServer

    if mcp_url is None:
        return []
    return [HttpMcpServer(type="http", name="hall", url=mcp_url, headers=[])]


def _words(error: Exception) -> str:
    data = getattr(error, "data", None)
    text = str(error) if data is None else f"{error}: {data}"
    return text[:1000] or type(error).__name__
