"""The app at a run's `work.sock`: its tools by MCP at `/mcp`, by plain HTTP at `/tools`.

The run's own socket says whose desk it is, so nobody has to prove anything here.
"""

from starlette.types import ASGIApp, Receive, Scope, Send

from hiringhall.workers.coordination import mcp, plain
from hiringhall.workers.coordination.desk import Desk

MOST_BODY_BYTES = 4 * 1024 * 1024
"""More than other doors take: whoever works elsewhere sends their files in `attach_file`."""

_JSON = (b"content-type", b"application/json")
_POST = ((b"allow", b"POST"),)
_GET = ((b"allow", b"GET"),)


def work_app(desk: Desk) -> ASGIApp:
    """The app for one run."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        path, is_post = scope["path"].rstrip("/"), scope["method"] == "POST"
        if path == "/tools":
            if scope["method"] == "GET":
                await _answer(send, 200, plain.listed())
            else:
                await _answer(send, *plain.refusal(405, "wrong_method", "GET it"), more=_GET)
        elif path != "/mcp" and not path.startswith("/tools/"):
            await _answer(send, *plain.refusal(404, "not_found", "There are /mcp and /tools here"))
        elif not is_post:
            # Streams of the server's own are not offered; clients ask, and go on without.
            await _answer(send, *plain.refusal(405, "wrong_method", "POST to it"), more=_POST)
        else:
            body = await _read(receive)
            if body is None:
                return
            if len(body) > MOST_BODY_BYTES:
                said = f"A request has at most {MOST_BODY_BYTES} bytes"
                await _answer(send, *plain.refusal(413, "too_large", said))
            elif path == "/mcp":
                version = _header(scope, b"mcp-protocol-version")
                spoken = None if version is None else version.decode("latin-1")
                await _answer(send, *await mcp.answer(desk, body, version=spoken))
            else:
                name = path.removeprefix("/tools/")
                kind = _header(scope, b"content-type") or b""
                await _answer(send, *await plain.use(desk, name, kind, body))

    return app


def _header(scope: Scope, name: bytes) -> bytes | None:
    return dict(scope["headers"]).get(name)


async def _read(receive: Receive) -> bytes | None:
    """A request's body, a little more of it than is taken; None where the client went away."""
    body = bytearray()
    while len(body) <= MOST_BODY_BYTES:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    return bytes(body)


async def _answer(
    send: Send, status: int, body: bytes, *, more: tuple[tuple[bytes, bytes], ...] = ()
) -> None:
    headers = [(b"content-length", str(len(body)).encode()), *more]
    if body:
        headers.append(_JSON)
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
