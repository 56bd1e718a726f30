"""The door of whoever works elsewhere: a run's tools by MCP and plain HTTP, by its service key."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hiringhall.domain import errors
from hiringhall.domain.errors import HallError
from hiringhall.domain.policy import Actor
from hiringhall.doors.caller import check_host, worker
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Call, Door, Limits, Raw, Route, Spelling
from hiringhall.doors.neutral import ENVELOPES, envelope
from hiringhall.doors.neutral import ERRORS as NEUTRAL
from hiringhall.workers.coordination import mcp, plain
from hiringhall.workers.coordination.desk import Desk as RunDesk
from hiringhall.workers.coordination.desks import Desks
from hiringhall.workers.coordination.serving import MOST_BODY_BYTES


@dataclass(frozen=True, slots=True)
class WorkDesk:
    """The house's desk, and those of the runs."""

    house: Desk
    desks: Desks


async def _run(desk: WorkDesk, call: Call[Any, Any]) -> Actor:
    """The run behind a service key; a customer's key opens nothing here."""
    check_host(desk.house, call)
    return await worker(desk.house, call)


async def by_mcp(desk: WorkDesk, call: Call[None, None]) -> Raw:
    """Answer one message of the Model Context Protocol."""
    version = call.header(b"mcp-protocol-version")
    return _raw(*await mcp.answer(await _desk_of(desk, call), call.raw_body, version=version))


async def tools(desk: WorkDesk, call: Call[None, None]) -> Raw:
    """Say what tools there are."""
    return Raw(plain.listed())


async def use(desk: WorkDesk, call: Call[None, None]) -> Raw:
    """Use one of them."""
    content_type = call.headers.get(b"content-type", b"")
    run_desk = await _desk_of(desk, call)
    return _raw(*await plain.use(run_desk, call.path["tool"], content_type, call.raw_body))


async def _desk_of(desk: WorkDesk, call: Call[Any, Any]) -> RunDesk:
    token = call.actor.run
    assert token is not None, "a run comes with its token"
    return await desk.desks.of(token)


def _raw(status: int, body: bytes) -> Raw:
    return Raw(body, status)


ERRORS: Mapping[type[HallError], Spelling] = {
    **NEUTRAL,
    # A key that has died with its run opens nothing; the sentence says which of the two it is.
    errors.Superseded: Spelling(401),
}

DOOR: Door[WorkDesk] = Door(
    name="work",
    title="Hiringhall: work",
    description="The tools of whoever works on a task, by the service key of their run.",
    errors=ERRORS,
    envelope=envelope,
    envelopes=ENVELOPES,
    limits=Limits(body_bytes=MOST_BODY_BYTES),
    routes=(
        Route("POST", "/mcp/work", by_mcp, {200: None, 202: None}, "Tools by MCP", who=_run),
        Route("GET", "/mcp/work/tools", tools, {200: None}, "What tools there are", who=_run),
        Route("POST", "/mcp/work/tools/{tool}", use, {200: None}, "Use a tool", who=_run),
    ),
)
