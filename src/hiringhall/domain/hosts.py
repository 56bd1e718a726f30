"""Reads what a role opens and what a program asks for: names of hosts, each in one spelling."""

import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hiringhall.domain.errors import Invalid

USUAL_PORTS = frozenset({80, 443})
MOST_PATTERNS = 200
ANY = "*"
"""Every name, at every port: for the operator's word alone."""

_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMERIC = re.compile(r"(?:[0-9]+|0[xX][0-9A-Fa-f]*)")
_PORT = re.compile(r"[0-9]{1,5}")


class NoHost(ValueError):
    """A text that names no host in the one spelling that cannot be read in two ways."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a program wants to go; `literal` is a network address, and no name."""

    host: str
    port: int
    literal: bool

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Pattern:
    """A host that may be reached, or with `below` all hosts below a name; `port` None: 80, 443."""

    host: str
    below: bool
    port: int | None

    def __str__(self) -> str:
        name = f"*.{self.host}" if self.below and self.host != ANY else self.host
        return name if self.port is None else f"{name}:{self.port}"

    def covers(self, other: "Pattern") -> bool:
        """Whether it leads to all that another leads to."""
        if self.host == ANY:
            return True
        if self.port != other.port:
            return False
        within = other.host == self.host or other.host.endswith(f".{self.host}")
        if other.below:
            return self.below and within
        return other.host.endswith(f".{self.host}") if self.below else other.host == self.host

    def opens(self, target: Target) -> bool:
        """Whether it leads to a target."""
        if self.host == ANY:
            return not target.literal
        if target.port not in (USUAL_PORTS if self.port is None else {self.port}):
            return False
        if self.below:
            return not target.literal and target.host.endswith(f".{self.host}")
        return target.host == self.host


def read_target(text: str, *, port: int | None = None) -> Target:
    """A `host:port` as it stands in a request; `port` is the one that goes without saying.

    Raises NoHost.
    """
    bare, _, written = _split(text)
    if written:
        if not _PORT.fullmatch(written):
            raise NoHost(text)
        port = int(written)
    if port is None or not 1 <= port <= 65_535:
        raise NoHost(text)
    host, literal = _host(bare)
    return Target(host, port, literal)


def read_patterns(texts: Iterable[str]) -> tuple[Pattern, ...]:
    """What a role opens: `host`, `*.name` for all below a name, each with `:port` or without.

    Without one these are 80 and 443. Raises Invalid.
    """
    listed = list(texts)
    if len(listed) > MOST_PATTERNS:
        raise Invalid(f"A role opens at most {MOST_PATTERNS} hosts", {"hosts": "count"})
    return tuple(_pattern(text) for text in listed)


def read_bound(texts: Sequence[str]) -> tuple[Pattern, ...]:
    """What customers' roles may open: the same, or `*` for any name. Raises Invalid."""
    if ANY in texts:
        return (Pattern(ANY, below=True, port=None),)
    return read_patterns(texts)


def check_within(hosts: Iterable[str], bound: Sequence[Pattern]) -> None:
    """Refuse what a customer's role may not open; raises Invalid."""
    for one in read_patterns(hosts):
        if not any(pattern.covers(one) for pattern in bound):
            allowed = ", ".join(map(str, bound)) or "none"
            raise Invalid(
                f"The hall's operator lets roles open {allowed}, and not {one} "
                "(HIRINGHALL_EGRESS_HOSTS)",
                {"hosts": "not allowed"},
            )


def any_opens(patterns: Sequence[Pattern], target: Target) -> bool:
    """Whether one of them leads to a target."""
    return any(pattern.opens(target) for pattern in patterns)


def _pattern(text: str) -> Pattern:
    bare, has_port, written = _split(text)
    port = int(written) if _PORT.fullmatch(written) else None
    below = bare.startswith("*.")
    try:
        host, literal = _host(bare.removeprefix("*."))
    except NoHost:
        host, literal = "", False
    odd_port = has_port and (port is None or not 1 <= port <= 65_535)
    if not host or odd_port or (below and (literal or "." not in host)):
        raise Invalid(
            f"hosts takes names such as example.org, example.org:8443 or *.example.org, "
            f"and not {text[:100]!r}",
            {"hosts": "shape"},
        )
    return Pattern(host, below, port)


def _split(text: str) -> tuple[str, bool, str]:
    """Host and port, as they are written; an IPv6 address stands in brackets."""
    if text.startswith("["):
        bare, closed, rest = text.partition("]")
        if not closed or (rest and not rest.startswith(":")):
            return "", False, ""
        return f"{bare}]", bool(rest), rest.removeprefix(":")
    bare, colon, written = text.partition(":")
    return bare, bool(colon), written


def _host(text: str) -> tuple[str, bool]:
    """A host in one spelling, and whether it is a network address. Raises NoHost."""
    host = text.lower()
    try:
        if host.startswith("[") and "%" not in host:
            return str(ipaddress.IPv6Address(host[1:-1])), True
        host = host.removesuffix(".")
        labels = host.split(".")
        if _NUMERIC.fullmatch(labels[-1]):
            # Only four plain decimal numbers: others read octal, hex and short forms.
            return str(ipaddress.IPv4Address(host)), True
    except ValueError:
        raise NoHost(text) from None
    if len(host) > 253 or not host.isascii() or not all(_LABEL.fullmatch(one) for one in labels):
        raise NoHost(text)
    return host, False
