"""The head of a request to the proxy: where it wants to go, and what the other side is told."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from hiringhall.domain.hosts import NoHost, Target, read_target

MOST_HEAD_BYTES = 32 * 1024

_LINE = re.compile(rb"([A-Z]{1,20}) ([!-~]{1,8192}) HTTP/1\.[01]")
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n\x00]*)")
_OURS = frozenset({b"connection", b"proxy-connection", b"proxy-authorization", b"keep-alive"})
"""What is said to a proxy and ends there; the host is written anew from what was judged."""


class NoRequest(ValueError):
    """Not a request that a proxy takes; the message says why."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: a tunnel, or with `head` a plain one, of which this is what the host is told."""

    target: Target
    head: bytes = b""

    @property
    def is_tunnel(self) -> bool:
        """Whether the two sides are left to talk by themselves."""
        return not self.head


def read_request(head: bytes) -> Asked:
    """Read a request's head, up to and with the empty line. Raises NoRequest."""
    if len(head) > MOST_HEAD_BYTES:
        raise NoRequest("The request's head is too long")
    lines = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    line = _LINE.fullmatch(lines[0])
    if line is None:
        raise NoRequest("This is no HTTP/1.1 request")
    method, where = line[1], line[2].decode("ascii")
    try:
        if method == b"CONNECT":
            return Asked(read_target(where))
        return _plain(method, where, lines[1:])
    except NoHost:
        raise NoRequest("The request names no host that can be read") from None


def _plain(method: bytes, where: str, lines: list[bytes]) -> Asked:
    try:
        parts = urlsplit(where)
    except ValueError:
        raise NoHost(where) from None
    if parts.scheme != "http" or "@" in parts.netloc:
        raise NoRequest("A proxy takes CONNECT host:port, or an http:// address in full")
    target = read_target(parts.netloc, port=80)
    kept: list[bytes] = []
    for text in lines:
        header = _HEADER.fullmatch(text)
        if header is None:
            raise NoRequest("A header of the request cannot be read")
        name = header[1].lower()
        if name not in _OURS and name != b"host":
            kept.append(text)
    path = parts.path or "/"
    asked = f"{path}?{parts.query}" if parts.query else path
    host = parts.netloc.rpartition("@")[2]
    first = method + b" " + asked.encode("ascii") + b" HTTP/1.1"
    # One request a connection: the next may be for another host, which is to be judged, too.
    told = [first, b"Host: " + host.encode("ascii"), *kept, b"Connection: close"]
    return Asked(target, b"\r\n".join(told) + b"\r\n\r\n")
