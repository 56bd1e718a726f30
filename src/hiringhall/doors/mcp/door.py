"""The MCP door: one address, stateless, its tools by whose key it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp

from hiringhall.domain.errors import HallError
from hiringhall.domain.policy import Actor
from hiringhall.doors.caller import anybody, check_host
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Call, Door, Raw, Route
from hiringhall.doors.mcp import posting, working
from hiringhall.doors.mcp.tool import Refused, Tool
from hiringhall.doors.neutral import ENVELOPES, ERRORS, envelope
from hiringhall.workers.coordination.rpc import Result, answer, refused, said

PATH = "/mcp"

TOOLS: Mapping[str, Tool] = {one.name: one for one in (*posting.TOOLS, *working.TOOLS)}


@dataclass(frozen=True, slots=True)
class ClientDesk:
    """The house's desk, and the native door that tools ask."""

    house: Desk
    native: ASGIApp


@dataclass(frozen=True, slots=True)
class _Toolbox:
    """The tools of one caller."""

    desk: ClientDesk
    call: Call[Any, Any]

    @property
    def tools(self) -> dict[str, Tool]:
        agent = self.call.actor.agent_id is not None
        return {name: one for name, one in TOOLS.items() if one.for_agents or not agent}

    def listed(self) -> list[dict[str, Any]]:
        return [one.listed() for one in self.tools.values()]

    async def use(self, name: str, arguments: Mapping[str, Any]) -> Result | None:
        tool = TOOLS.get(name)
        if tool is None:
            return None
        if name not in self.tools:
            return refused(f"An agent's key does not post or decide: {name} takes a customer's")
        try:
            return said(await tool.use(self.desk.native, self.call, arguments))
        except Refused as error:
            return refused(str(error))
        except HallError as error:
            return refused(error.message)


async def _anybody(desk: ClientDesk, call: Call[Any, Any]) -> Actor:
    """A person by a customer's key, or an agent by its own; from no other site's page."""
    check_host(desk.house, call)
    return await anybody(desk.house, call)


async def by_mcp(desk: ClientDesk, call: Call[None, None]) -> Raw:
    """Answer one message of the Model Context Protocol."""
    version = call.header(b"mcp-protocol-version")
    status, body = await answer(_Toolbox(desk, call), call.raw_body, version=version)
    return Raw(body, status)


DOOR: Door[ClientDesk] = Door(
    name="mcp",
    title="Hiringhall: tools for agents",
    description="Posting and working as tools, by the Model Context Protocol.",
    errors=ERRORS,
    envelope=envelope,
    envelopes=ENVELOPES,
    routes=(Route("POST", PATH, by_mcp, {200: None, 202: None}, "Tools by MCP", who=_anybody),),
)
