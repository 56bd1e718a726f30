"""What a door says when it refuses, before the door spells it in its own envelope."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from hiringhall.domain.errors import HallError

Header = tuple[bytes, bytes]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal on its way out: status, a code, a sentence for a person, and what went wrong where.

    `error` is the domain error behind it, None where the kit itself refused (an unknown path, a
    body too large). `request_id` stands in the answer's `X-Request-Id` and in the log.
    """

    status: int
    code: str
    message: str
    request_id: str = ""
    fields: Mapping[str, str] = field(default_factory=dict[str, str])
    headers: tuple[Header, ...] = ()
    error: HallError | None = None


class Refused(Exception):
    """The kit's own refusals, which no domain error stands for."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        fields: Mapping[str, str] | None = None,
        headers: tuple[Header, ...] = (),
        drain: bool = False,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.fields = dict(fields or {})
        self.headers = headers
        self.drain = drain
        """Whether a body is still on its way, to be thrown away after the answer."""


class ClientGone(Exception):
    """The client hung up; there is nobody left to answer."""


def malformed(message: str, fields: Mapping[str, str] | None = None) -> Refused:
    """Input that cannot be read as what the route takes: 400 at every door."""
    return Refused(400, "malformed", message, fields=fields)


def unknown_path() -> Refused:
    """A path that no route of the door has."""
    return Refused(404, "unknown_path", "Not Found")


def wrong_method(allow: bytes) -> Refused:
    """A path the door has, asked with a method it does not have (RFC 9110, 15.5.6)."""
    return Refused(405, "wrong_method", "Method Not Allowed", headers=((b"allow", allow),))


def see_above(path: str) -> Refused:
    """A path that takes only forms, looked at: what it belongs to is shown at another one."""
    where = quote(path, safe="/").encode()
    headers = ((b"location", where), (b"cache-control", b"no-store"))
    return Refused(303, "see_other", f"See {path}", headers=headers)


def too_large(limit_bytes: int) -> Refused:
    """A body above the limit, announced or counted."""
    message = f"The request body is larger than {limit_bytes} bytes"
    return Refused(413, "too_large", message, drain=True)


def too_slow(limit_s: float) -> Refused:
    """A body that did not arrive in time."""
    message = f"The request body did not arrive within {limit_s:g} seconds"
    return Refused(408, "too_slow", message, headers=((b"connection", b"close"),))
