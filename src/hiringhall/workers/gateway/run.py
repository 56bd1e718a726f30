"""One run at the gateway: an app for its agent, and the word for its runtime that it stopped."""

import asyncio
from typing import TYPE_CHECKING, Any

import structlog

from hiringhall.actions.runs import spending
from hiringhall.actions.runs.spending import OutOfCreditsToday
from hiringhall.actions.runs.working import RunBrief
from hiringhall.domain.compute import CapReached, Spender, most_micros
from hiringhall.domain.errors import Superseded
from hiringhall.store.budgets import ModelCall
from hiringhall.workers.gateway.asking import Asking, judge
from hiringhall.workers.gateway.exchange import Exchange, refuse
from hiringhall.workers.gateway.paths import Dialect, Path, Use, find_path
from hiringhall.workers.gateway.refusals import Refused
from hiringhall.workers.gateway.stops import Stop, retry_after_s
from hiringhall.workers.runtimes.port import OverBudget, Parked

if TYPE_CHECKING:
    from hiringhall.workers.gateway.gateway import Gateway

log = structlog.get_logger()

MOST_BODY_BYTES = 32 * 1024 * 1024
"""As much as the providers take."""


class GatewayRun:
    """A run at the gateway; it is itself the ASGI app.

    Once `stopped_because` says why, no call is let through any more: the runtime ends its agent
    and hands in `outcome()`.
    """

    def __init__(self, gateway: "Gateway", brief: RunBrief) -> None:
        run, task = brief.run, brief.task
        self.gateway = gateway
        self.token = run.token
        self.runtime = run.runtime
        self.spender = Spender(run.id, task.id, task.team_id, task.organization_id, task.created_by)
        self.models = gateway.models.of_role(brief.role.config if brief.role else {})
        self.stopped_because: Stop | None = None
        self._stopped = asyncio.Event()

    def stop(self, because: Stop) -> None:
        """Let no call through from now on; the first reason stays."""
        if self.stopped_because is None:
            self.stopped_because = because
            log.info("gateway.stopped", run_id=self.token.run_id, because=because.text)
            self._stopped.set()

    async def stopped(self) -> Stop:
        """Wait until no call is let through any more, and say why."""
        await self._stopped.wait()
        assert self.stopped_because is not None
        return self.stopped_because

    def outcome(self) -> OverBudget | Parked | None:
        """What the runtime hands in because of it; None while calls are let through."""
        stop = self.stopped_because
        if stop is None:
            return None
        if isinstance(stop, CapReached):
            return OverBudget(stop)
        return Parked(stop.until_us, stop.text)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request of the agent's."""
        if scope["type"] != "http":
            return
        headers: dict[bytes, bytes] = dict(scope["headers"])
        path = find_path(scope["method"], scope["path"], headers)
        if path is None:
            await refuse(send, Dialect.CHAT, Refused(404, "The gateway forwards no such path"))
            return
        try:
            body = await _read_body(headers, receive)
            if body is not None:
                await self._answer(path, scope["query_string"], headers, body, receive, send)
        except Refused as refused:
            await refuse(send, path.dialect, refused)

    async def _answer(
        self,
        path: Path,
        query: bytes,
        headers: dict[bytes, bytes],
        body: bytes,
        receive: Any,
        send: Any,
    ) -> None:
        gateway = self.gateway
        endpoint = await gateway.endpoint_for(self.spender, path.provider)
        asking = call = None
        if path.use is not Use.LIST:
            asking = judge(path, body, self.models, hosted_tools=gateway.hosted_tools)
        if path.use is Use.ANSWER and asking is not None:
            call = await self._reserve(path, asking)
        exchange = Exchange(self, endpoint, path, asking, call, send)
        await _while_listening(exchange.forward(query, headers), receive)

    async def _reserve(self, path: Path, asking: Asking) -> ModelCall:
        """Put by what a call may cost; raises Refused where it cannot be made."""
        hall = self.gateway.hall
        if self.stopped_because is None:
            amount_micros = most_micros(
                self.gateway.prices.of(asking.model),
                input_tokens=asking.input_tokens,
                output_tokens=asking.output_tokens,
            )
            try:
                reserved = await spending.reserve_call(
                    hall,
                    token=self.token,
                    spender=self.spender,
                    provider=path.provider.value,
                    model=asking.model[:200],
                    amount_micros=amount_micros,
                )
            except Superseded as error:
                raise Refused(403, error.message) from error
            if isinstance(reserved, ModelCall):
                return reserved
            self.stop(reserved)
        stop = self.stopped_because
        assert stop is not None
        status = 402 if isinstance(stop, CapReached | OutOfCreditsToday) else 429
        wait_s = retry_after_s(stop, now_us=hall.clock())
        raise Refused(status, stop.text, retry_after_s=wait_s)


async def _read_body(headers: dict[bytes, bytes], receive: Any) -> bytes | None:
    """A request's body; None where the client went away. Raises Refused for too long a one."""
    if headers.get(b"content-encoding", b"identity") != b"identity":
        raise Refused(400, "The gateway takes bodies only as they are, not compressed")
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        part: bytes = message.get("body", b"")
        size += len(part)
        if size > MOST_BODY_BYTES:
            raise Refused(413, f"A request has at most {MOST_BODY_BYTES} bytes")
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)


async def _while_listening(work: Any, receive: Any) -> None:
    """Do the work, and end it where the client goes away: nobody pays for what nobody reads."""

    async def gone() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    doing = asyncio.ensure_future(work)
    listening = asyncio.ensure_future(gone())
    try:
        await asyncio.wait((doing, listening), return_when=asyncio.FIRST_COMPLETED)
    finally:
        listening.cancel()
        if not doing.done():
            doing.cancel()
        await asyncio.gather(doing, listening, return_exceptions=True)
    if not doing.cancelled():
        doing.result()
