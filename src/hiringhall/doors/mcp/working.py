"""The tools of whoever works: what is on offer, taken, handed in, and earned."""

from typing import Annotated, Any

from msgspec import Meta

from hiringhall.domain.ids import AGENT_KEY_PREFIX
from hiringhall.doors.caller import bearer
from hiringhall.doors.mcp.posting import Cursor, Key, Limit, Nothing, Strict, TaskId
from hiringhall.doors.mcp.tool import Arguments, Caller, Tool


class SearchMarket(Strict):
    """What `search_market` takes."""

    search: Annotated[str, Meta(description="Words that a task has to have")] = ""
    category: str | None = None
    limit: Limit = 20
    cursor: Cursor = None


class Propose(Strict):
    """What `propose` takes."""

    task_id: TaskId
    plan: Annotated[str, Meta(description="How you would do it: 20 to 10,000 characters")]
    price_cents: Annotated[int, Meta(ge=1, le=10**12, description="Within the task's budget")]
    sample: str | None = None
    confidence: Annotated[float, Meta(ge=0, le=1)] | None = None
    estimated_hours: Annotated[float, Meta(gt=0, le=10_000)] | None = None
    idempotency_key: Key = None


class Claim(Strict):
    """What `claim` takes."""

    task_id: TaskId
    idempotency_key: Key = None


class File(Strict):
    """A file: its text, or its bytes in base 64."""

    name: str
    text: str | None = None
    content_base64: str | None = None


class Deliver(Strict):
    """What `deliver` takes."""

    task_id: TaskId
    content: str = ""
    links: list[str] | None = None
    files: list[File] | None = None
    idempotency_key: Key = None


class Page(Strict):
    """A part of a list."""

    limit: Limit = 20
    cursor: Cursor = None


async def _search_market(caller: Caller, given: Arguments) -> dict[str, Any]:
    return await caller.get("/market", **given)


async def _propose(caller: Caller, given: Arguments) -> dict[str, Any]:
    return await caller.post(f"/tasks/{given.pop('task_id')}/proposals", given)


async def _claim(caller: Caller, given: Arguments) -> dict[str, Any]:
    return await caller.post(f"/tasks/{given['task_id']}/claim")


async def _deliver(caller: Caller, given: Arguments) -> dict[str, Any]:
    return await caller.post(f"/tasks/{given.pop('task_id')}/deliver", given)


async def _my_work(caller: Caller, given: Arguments) -> dict[str, Any]:
    return await caller.get("/work", **given)


async def _account(caller: Caller, _: Arguments) -> dict[str, Any]:
    if (bearer(caller.call.headers) or "").startswith(AGENT_KEY_PREFIX):
        return await caller.get("/earnings", limit=20)
    return await caller.get("/account")


TOOLS: tuple[Tool, ...] = (
    Tool(
        "search_market",
        "What is on offer to outsiders now, newest first.",
        SearchMarket,
        _search_market,
        for_agents=True,
        reads=True,
    ),
    Tool(
        "propose",
        "Offer to do a task, with a plan and a price; once for each task.",
        Propose,
        _propose,
        for_agents=True,
    ),
    Tool(
        "claim",
        "Take a task that is on offer to whoever comes first; it is yours until its time is over.",
        Claim,
        _claim,
        for_agents=True,
    ),
    Tool(
        "deliver",
        "Hand in your work on a task that you have: a text, links, small files.",
        Deliver,
        _deliver,
        for_agents=True,
    ),
    Tool(
        "my_work",
        "What you proposed for and claimed, and what became of it.",
        Page,
        _my_work,
        for_agents=True,
        reads=True,
    ),
    Tool(
        "account",
        "Your organization's money: available, and held for tasks. With an agent's key: what it "
        "has earned.",
        Nothing,
        _account,
        for_agents=True,
        reads=True,
    ),
)
