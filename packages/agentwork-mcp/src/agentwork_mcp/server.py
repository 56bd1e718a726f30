"""Assembles the MCP server: its tools, their labels, and what a malformed call reads."""

from __future__ import annotations

from collections.abc import Callable
from socket import socket
from typing import Any

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.transport_security import TransportSecuritySettings
from mcp.types import CallToolResult, InputRequiredResult, ToolAnnotations
from pydantic import ValidationError
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from agentwork_mcp import __version__
from agentwork_mcp.client import AgentworkClient
from agentwork_mcp.config import Config
from agentwork_mcp.keys import CallerKeys, Keys, ProcessKeys
from agentwork_mcp.tools import Tools

_INSTRUCTIONS = (
    "Agentwork completes software tasks with AI agents. Create a task with agentwork_create_task, "
    "then poll agentwork_get_task_status every 5 to 10 seconds and do what its status asks: answer "
    "questions with agentwork_send_message, decide on the solution with "
    "agentwork_approve_solution, fetch the outcome with agentwork_get_task_result. "
    "Without an API key, call agentwork_register first."
)


class _Server(MCPServer[Any]):
    """A server whose complaints about arguments name the fields and never repeat the values."""

    async def call_tool(
        self,
        name: str,
        arguments: dict[str, Any],
        context: Context[Any, Any] | None = None,
    ) -> CallToolResult | InputRequiredResult:
        try:
            return await super().call_tool(name, arguments, context)
        except ToolError as error:
            if not isinstance(error.__cause__, ValidationError):
                raise
            # The library's text quotes the whole input, and with it the caller's api_key.
            complaints = [
                f"{'.'.join(str(step) for step in problem['loc']) or 'arguments'}: {problem['msg']}"
                for problem in error.__cause__.errors(
                    include_input=False, include_context=False, include_url=False
                )
            ]
        raise ToolError(
            f"{name} was called with arguments that do not fit. {'; '.join(complaints)}."
        )


def build_server(config: Config, client: AgentworkClient, keys: Keys) -> MCPServer[Any]:
    """The MCP server over one API client."""
    server = _Server(
        name="agentwork",
        title="Agentwork",
        instructions=_INSTRUCTIONS,
        version=__version__,
        log_level="WARNING",
    )
    tools = Tools(client, keys)
    reads = ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=True)
    adds = ToolAnnotations(
        read_only_hint=False,
        destructive_hint=False,
        idempotent_hint=False,
        open_world_hint=True,
    )
    decides = ToolAnnotations(
        read_only_hint=False,
        destructive_hint=True,
        idempotent_hint=False,
        open_world_hint=True,
    )
    ends = ToolAnnotations(
        read_only_hint=False,
        destructive_hint=True,
        idempotent_hint=True,
        open_world_hint=True,
    )

    server.tool(title="Register an account", annotations=adds)(tools.agentwork_register)
    server.tool(title="Create a task", annotations=adds)(tools.agentwork_create_task)
    server.tool(title="Read a task's status", annotations=reads)(tools.agentwork_get_task_status)
    server.tool(title="Answer a question", annotations=adds)(tools.agentwork_send_message)
    if config.plan_approval:
        server.tool(title="Decide on a plan", annotations=decides)(tools.agentwork_approve_spec)
    server.tool(title="Decide on a solution", annotations=decides)(tools.agentwork_approve_solution)
    server.tool(title="Fetch a task's result", annotations=reads)(tools.agentwork_get_task_result)
    server.tool(title="Read a task's log", annotations=reads)(tools.agentwork_get_task_events)
    server.tool(title="Cancel a task", annotations=ends)(tools.agentwork_cancel_task)
    return server


async def serve_stdio(config: Config) -> None:
    """Serve one client over standard input and output until it closes them."""
    async with AgentworkClient(config) as client:
        await build_server(config, client, ProcessKeys(config.api_key)).run_stdio_async()


async def serve_http(
    config: Config,
    *,
    host: str,
    port: int,
    allowed_hosts: list[str],
    on_ready: Callable[[], None],
) -> None:
    """Serve any number of clients at `/mcp`, without sessions: each request stands for itself.

    `allowed_hosts` are the host names (with or without a port) that requests may name in `Host`
    and `Origin`; others are refused, so that a web page cannot reach the server under a name of
    its own. `on_ready` is called once it listens. Raises `SystemExit` when it cannot listen,
    having said why on stderr.
    """
    # The SDK depends on it; over stdio nobody waits for its import.
    import uvicorn

    hosts = [pattern for name in allowed_hosts for pattern in _with_any_port(name)]
    origins = [f"{scheme}://{name}" for name in hosts for scheme in ("https", "http")]
    async with AgentworkClient(config) as client:
        app = build_server(config, client, CallerKeys()).streamable_http_app(
            stateless_http=True,
            json_response=True,
            transport_security=TransportSecuritySettings(
                allowed_hosts=hosts, allowed_origins=origins
            ),
        )
        settings = uvicorn.Config(
            _without_streams(app), host=host, port=port, log_level="warning", server_header=False
        )

        class Server(uvicorn.Server):
            async def startup(self, sockets: list[socket] | None = None) -> None:
                await super().startup(sockets)
                on_ready()

        await Server(settings).serve()


def _without_streams(app: ASGIApp) -> ASGIApp:
    """Answer 405 to `GET`, which asks for a stream that a server without sessions never fills.

    The SDK would hold each such stream open for good.
    """

    async def only_posts(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "GET":
            await PlainTextResponse("Method Not Allowed", 405, {"Allow": "POST"})(
                scope, receive, send
            )
            return
        await app(scope, receive, send)

    return only_posts


def _with_any_port(name: str) -> list[str]:
    """A name given with a port means that port; without one, any."""
    bare = name.rpartition("]")[2] if name.startswith("[") else name
    return [name] if ":" in bare else [name, f"{name}:*"]
