"""The one ASGI app of a door: finds the route, reads, asks the handler, spells what comes out."""

import traceback
from collections import Counter
from typing import Any, Generic, TypeVar

import msgspec
import structlog
from starlette.types import Receive, Scope, Send

from hiringhall.domain.errors import HallError, OutOfCredits, TooManyAttempts, Unavailable
from hiringhall.doors.kit.answers import (
    JSON,
    Answer,
    LiveStreams,
    Raw,
    Reply,
    Stream,
    encode_json,
)
from hiringhall.doors.kit.bodies import Limits, read_body, refuse_announced
from hiringhall.doors.kit.calls import Call
from hiringhall.doors.kit.door import Door
from hiringhall.doors.kit.ignored import tell_ignored
from hiringhall.doors.kit.refusals import (
    ClientGone,
    Header,
    Refusal,
    Refused,
    see_above,
    unknown_path,
    wrong_method,
)
from hiringhall.doors.kit.routes import Paths, Prepared
from hiringhall.hall import Replayed

D = TypeVar("D")

_log: Any = structlog.get_logger("hiringhall.doors")

_INTERNAL = "An internal error occurred while processing your request."

_REPLAYED = ((b"idempotency-replayed", b"true"),)

_LOOKING = ("GET", "HEAD")


class DoorApp(Generic[D]):
    """A door, served: `desk` is what its handlers are handed, `headers` stand on every answer.

    `counts` holds how many answers were given by (method, path template, status), for metrics.
    """

    def __init__(
        self,
        door: Door[D],
        desk: D,
        *,
        live: LiveStreams | None = None,
        headers: tuple[Header, ...] = (),
    ) -> None:
        self.door = door
        self.counts: Counter[tuple[str, str, int]] = Counter()
        self._desk = desk
        self._paths = Paths(door.routes)
        self._headers = (*door.headers, *headers)
        self._limits = door.limits
        self._live = live or LiveStreams()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request; whatever goes wrong is said in the door's envelope."""
        reply = Reply(send, head=scope["method"] == "HEAD", constant=self._headers)
        try:
            await self._answer(scope, receive, reply)
        except ClientGone:
            return
        except Exception as error:  # noqa: BLE001  the one place that answers for our own faults
            await self._broke(reply, scope, error)
        self.counts[scope["method"], reply.template, reply.status] += 1

    async def _answer(self, scope: Scope, receive: Receive, reply: Reply) -> None:
        try:
            headers = dict(scope["headers"])
            prepared, call = self._find(scope, headers, reply.request_id)
            reply.template = call.template
            limits = await self._limits_of(prepared, call)
            if refuse_announced(headers, limits):
                call.is_cut = True
                reply.comes_before(receive)
            value = await self._handle(prepared, call, receive, limits, reply)
            if isinstance(value, msgspec.Struct | list):
                await reply.whole(prepared.status, encode_json(value))
            else:
                await self._send_special(reply, value, receive)
        except HallError as error:
            if isinstance(error, Unavailable):
                _log.error("unavailable", request_id=reply.request_id, reason=str(error))
            await self._refuse(reply, self._spell(error, reply.request_id))
        except Replayed as again:
            await reply.whole(again.status, again.body, JSON, _REPLAYED)
        except Refused as error:
            await self._refuse_unread(reply, error, receive)

    def _find(
        self, scope: Scope, headers: dict[bytes, bytes], request_id: str
    ) -> tuple[Prepared[D], Call[Any, Any]]:
        found = self._paths.find(scope["path"])
        prepared = None if found is None else found[0].methods.get(scope["method"])
        if prepared is None:
            refuse_announced(headers, self._limits)
        if found is None:
            raise unknown_path()
        resource, values = found
        if prepared is None:
            above = self._paths.above(scope["path"]) if self.door.leads_back else None
            if above is not None and scope["method"] in _LOOKING:
                raise see_above(above)
            raise wrong_method(resource.allow)
        call: Call[Any, Any] = Call(
            door=self.door.name,
            scope=scope,
            headers=headers,
            path=values,
            template=resource.template,
            request_id=request_id,
            summary=prepared.route.summary,
        )
        return prepared, call

    async def _limits_of(self, prepared: Prepared[D], call: Call[Any, Any]) -> Limits:
        room = prepared.route.room
        return self._limits if room is None else await room(self._desk, call)

    async def _handle(
        self,
        prepared: Prepared[D],
        call: Call[Any, Any],
        receive: Receive,
        limits: Limits,
        reply: Reply,
    ) -> object:
        """Who asks comes before what is asked: a stranger learns nothing about its input."""
        route = prepared.route
        if route.who is not None:
            call.actor = await route.who(self._desk, call)
        if prepared.read_query is not None:
            call.query = prepared.read_query(call.scope["query_string"])
        if prepared.takes_body:
            body = await read_body(receive, limits, is_larger=call.is_cut)
            call.raw_body, call.is_cut = body.raw, body.is_cut
            if call.is_cut:
                reply.comes_before(receive)
            if prepared.read_body is not None:
                raw = call.raw_body
                if route.may_be_empty and not raw.strip():
                    raw = b"{}"
                call.body = prepared.read_body(raw)
                if self.door.tells_ignored:
                    reply.also = tell_ignored(raw, call.body, call.headers)
        return await route.handler(self._desk, call)

    async def _send_special(self, reply: Reply, value: object, receive: Receive) -> None:
        match value:
            case Answer():
                body = encode_json(value.value)
                await reply.whole(value.status, body, JSON, value.headers)
            case Raw():
                await reply.whole(value.status, value.body, value.content_type, value.headers)
            case Stream():
                await reply.stream(value, receive, self._live)
            case _:
                raise TypeError(f"a handler answered with {type(value).__name__}")

    def _spell(self, error: HallError, request_id: str) -> Refusal:
        spelling = self.door.spelling(type(error))
        headers: tuple[Header, ...] = ()
        if isinstance(error, TooManyAttempts | OutOfCredits | Unavailable):
            headers = ((b"retry-after", b"%d" % max(1, error.retry_after_s)),)
        if isinstance(error, TooManyAttempts) and error.most:
            headers += _rate_limit(error)
        if spelling.status == 401:
            headers = ((b"www-authenticate", b"Bearer"),)
        return Refusal(
            status=spelling.status,
            code=spelling.code or error.code,
            message=error.message,
            request_id=request_id,
            fields=getattr(error, "fields", {}),
            headers=headers,
            error=error,
        )

    async def _refuse(self, reply: Reply, refusal: Refusal) -> None:
        body = self._spelled(refusal)
        await reply.whole(refusal.status, body, self.door.refusal_type, refusal.headers)

    def _spelled(self, refusal: Refusal) -> bytes:
        value = self.door.envelope(refusal)
        return value if isinstance(value, bytes) else encode_json(value)

    async def _refuse_unread(self, reply: Reply, error: Refused, receive: Receive) -> None:
        """Refuse what the kit itself refuses, perhaps while a body is still coming."""
        refusal = Refusal(
            status=error.status,
            code=error.code,
            message=error.message,
            request_id=reply.request_id,
            fields=error.fields,
            headers=error.headers,
        )
        if error.drain:
            reply.comes_before(receive)
        await self._refuse(reply, refusal)

    async def _broke(self, reply: Reply, scope: Scope, error: Exception) -> None:
        """Say that it is our fault, and log where: never a body, a header or a variable."""
        _log.error(
            "request failed",
            door=self.door.name,
            method=scope["method"],
            route=reply.template,
            request_id=reply.request_id,
            traceback="".join(traceback.format_exception(error)),
        )
        if reply.started:
            return  # too late for a status: the server cuts an answer that does not end
        await self._refuse(reply, Refusal(500, "internal_error", _INTERNAL, reply.request_id))


def _rate_limit(error: TooManyAttempts) -> tuple[Header, ...]:
    """What is let through, and what is left of it (draft-ietf-httpapi-ratelimit-headers-10)."""
    return (
        (b"ratelimit-policy", b'"default";q=%d;w=%d' % (error.most, error.window_s)),
        (b"ratelimit", b'"default";r=0;t=%d' % max(1, error.retry_after_s)),
    )
