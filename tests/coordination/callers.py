"""Desks of runs that have begun, and the clients that call their tools."""

from typing import Any

import httpx

from hiringhall.actions.runs import working
from hiringhall.domain.logged import LoggedEvent
from hiringhall.domain.policy import Actor, ActorKind
from hiringhall.hall import Hall
from hiringhall.queries.tasks import task_log
from hiringhall.workers.coordination.desk import Desk
from hiringhall.workers.coordination.serving import work_app
from hiringhall.workers.masking import Masker
from tests.support.halls import post, sign_up


class Client:
    """A client of one run: by MCP, and by plain HTTP."""

    def __init__(self, desk: Desk) -> None:
        transport = httpx.ASGITransport(work_app(desk))
        self.http = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:7101")

    async def say(self, method: str, **params: Any) -> Any:
        body = {"jsonrpc": "2.0", "id": 7, "method": method, "params": params}
        answer = await self.http.post("/mcp", json=body)
        assert answer.status_code == 200
        assert answer.json()["id"] == 7
        return answer.json()

    async def call(self, tool: str, **arguments: Any) -> tuple[str, bool]:
        """What the tool says, and whether it refused."""
        result = (await self.say("tools/call", name=tool, arguments=arguments))["result"]
        return result["content"][0]["text"], result["isError"]

    async def data(self, tool: str, **arguments: Any) -> Any:
        """What a tool that answers with data says."""
        result = (await self.say("tools/call", name=tool, arguments=arguments))["result"]
        assert not result["isError"], result
        return result["structuredContent"]

    async def use(self, tool: str, body: Any) -> httpx.Response:
        """One use of a tool by plain HTTP."""
        return await self.http.post(f"/tools/{tool}", json=body)


async def desk_of(hall: Hall, name: str = "ada", *, secret: str = "", **task: Any) -> Desk:
    """The desk of a run that has begun on a new task; `secret` is masked in what it says."""
    await post(hall, await sign_up(hall, name), **task)
    run = await working.claim_next_run(hall, node_id="n", lease_s=30, runtimes=["rehearsal"])
    assert run is not None
    mask = Masker([secret] if secret else []).text
    return Desk(hall, await working.start_run(hall, token=run.token), mask)


async def log_of(hall: Hall, desk: Desk) -> list[LoggedEvent]:
    """The task's log, as the hall itself reads it."""
    task = desk.brief.task
    ada = Actor(ActorKind.USER, task.organization_id, task.created_by)
    return await task_log(hall, actor=ada, task_id=task.id)
