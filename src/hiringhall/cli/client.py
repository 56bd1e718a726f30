"""Speaks a door's HTTP with any hall, and turns its refusals into plain endings."""

import importlib.metadata
import json
from collections.abc import Generator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self, cast

import httpx

from hiringhall.cli.credentials import Credentials
from hiringhall.cli.outcome import CommandError, Exit
from hiringhall.cli.screen import one_line

TIMEOUT_S = 60.0

AGENTWORK = "/api/v1"
NATIVE = "/hall/v1"

_CODES = {
    401: Exit.UNAUTHORIZED,
    403: Exit.UNAUTHORIZED,
    404: Exit.NOT_FOUND,
    410: Exit.NOT_FOUND,
    400: Exit.REFUSED,
    402: Exit.REFUSED,
    409: Exit.REFUSED,
    413: Exit.REFUSED,
    429: Exit.LATER,
    502: Exit.LATER,
    503: Exit.LATER,
}
_HINTS = {
    401: " Log in again with 'hiringhall login', or check the key.",
    402: " See 'hiringhall account balance'; 'hiringhall account deposit' adds to it.",
}
_LIST = " See 'hiringhall tasks list'."


class HallClient:
    """A connection to one door of a hall.

    Answers are decoded JSON objects; failures are `CommandError`.
    """

    def __init__(self, url: str, key: str | None = None, *, door: str = AGENTWORK) -> None:
        self.url = url
        self.door = door
        version = importlib.metadata.version("hiringhall")
        headers = {"User-Agent": f"hiringhall/{version}", "Accept": "application/json"}
        if door == NATIVE:
            # A mistyped field, such as one of a file's, is refused and not passed over.
            headers["Prefer"] = "handling=strict"
        if key is not None:
            headers["Authorization"] = f"Bearer {key}"
        # No redirects: what a key is sent to is what the user named.
        self._http = httpx.Client(headers=headers, timeout=TIMEOUT_S, follow_redirects=False)

    @classmethod
    def of(cls, credentials: Credentials) -> Self:
        """A client that acts with a key."""
        return cls(credentials.url, credentials.key)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def get(self, path: str) -> dict[str, Any]:
        """`GET` below the door."""
        return self._call("GET", path)

    def patch(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """`PATCH` below the door."""
        return self._call("PATCH", path, body)

    def put(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """`PUT` below the door."""
        return self._call("PUT", path, body)

    def delete(self, path: str) -> dict[str, Any]:
        """`DELETE` below the door."""
        return self._call("DELETE", path)

    def post(
        self, path: str, body: dict[str, Any], *, idempotency_key: str | None = None
    ) -> dict[str, Any]:
        """`POST` below the door."""
        headers = {} if idempotency_key is None else {"Idempotency-Key": idempotency_key}
        return self._call("POST", path, body, headers)

    @contextmanager
    def stream(self, path: str, *, silence_s: float) -> Generator[httpx.Response]:
        """A `GET` whose answer comes piece by piece; a refusal is a `CommandError` here, too.

        What breaks while it is read is the reader's to judge, as httpx says it: also a silence.
        """
        timeout = httpx.Timeout(TIMEOUT_S, read=silence_s)
        request = self._http.build_request(
            "GET",
            f"{self.url}{self.door}{path}",
            headers={"Accept": "text/event-stream"},
            timeout=timeout,
        )
        try:
            response = self._http.send(request, stream=True)
        except httpx.ReadTimeout:
            raise
        except httpx.HTTPError as error:
            raise self._unreachable("GET", error) from None
        try:
            if not response.is_success:
                response.read()
                raise self.refusal(response)
            yield response
        finally:
            response.close()

    def _call(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        sent = dict(headers or {})
        content: bytes | None = None
        if body is not None:
            sent["Content-Type"] = "application/json"
            # ASCII escapes: whatever the arguments hold can be sent, and is the hall's to judge.
            content = json.dumps(body).encode("ascii")
        try:
            response = self._http.request(
                method, f"{self.url}{self.door}{path}", content=content, headers=sent
            )
        except httpx.HTTPError as error:
            raise self._unreachable(method, error) from None
        if not response.is_success:
            raise self.refusal(response)
        answer = _decoded(response)
        if answer is None:
            raise CommandError(
                f"{self.url} answered, but not as a hall does. Check the address.", Exit.UNREACHABLE
            )
        return answer

    def refusal(self, response: httpx.Response) -> CommandError:
        """The ending of a command that a hall refused."""
        status = response.status_code
        body = _decoded(response) or {}
        hint = _LIST if status == 404 and self.door == AGENTWORK else _HINTS.get(status, "")
        text = f"The hall says: {_said(body, status)}.{hint}"
        if 300 <= status < 400:
            text = (
                f"The hall at this address sends elsewhere ({status}); "
                "name that address with --url."
            )
        if status == 429 and response.headers.get("Retry-After", "").isdigit():
            text += f" Try again in {response.headers['Retry-After']} seconds."
        if request_id := body.get("request_id"):
            text += f" (request {one_line(str(request_id), 40)})"
        return CommandError(text, _CODES.get(status, Exit.FAILED))

    def _unreachable(self, method: str, error: httpx.HTTPError) -> CommandError:
        unsure = (
            " It may have been done all the same: look first."
            if method in ("POST", "PATCH")
            else ""
        )
        if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
            text = (
                f"No hall answers at {self.url}. Start one with 'hiringhall serve', or name "
                "another with --url."
            )
        elif isinstance(error, httpx.TimeoutException):
            text = f"{self.url} did not answer within {TIMEOUT_S:.0f} seconds.{unsure}"
        else:
            text = f"The connection to {self.url} broke before an answer came.{unsure}"
        return CommandError(text, Exit.UNREACHABLE)


def _decoded(response: httpx.Response) -> dict[str, Any] | None:
    try:
        body = json.loads(response.content)
    except ValueError:
        return None
    return cast("dict[str, Any]", body) if isinstance(body, dict) else None


def _said(body: dict[str, Any], status: int) -> str:
    """What a refusal says: problem details, or the envelope of another door."""
    inner = body.get("error")
    message = cast("dict[str, Any]", inner).get("message") if isinstance(inner, dict) else None
    text = one_line(str(body.get("detail") or message or f"it answered {status}")).rstrip(".")
    fields: object = body.get("fields")
    if isinstance(fields, dict) and fields:
        said = cast("dict[str, Any]", fields).items()
        named = "; ".join(f"{one_line(name, 60)}: {one_line(str(why), 120)}" for name, why in said)
        text += f" ({named})"
    return text
