"""Decides which repositories this hall goes to: parsed strictly, and checked again once resolved.

A repository's address comes from whoever posts a task, and git on the host would follow it
anywhere: into the machine, its network, or a program (`ext::`). So the address is taken apart by
our own strict rules, put together again, and git is held to the network address that was checked.
"""

import asyncio
import ipaddress
import os
import re
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from hiringhall.domain.addresses import is_public
from hiringhall.workers.git.errors import AddressRefused, Unreachable

LONGEST_ADDRESS = 2000
RESOLVE_TIME_S = 15.0
PORTS = {"https": 443, "http": 80, "ssh": 22}

type_of_resolver = Callable[[str, int], Awaitable[list[str]]]

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_SCP = re.compile(r"(?:([A-Za-z0-9._-]+)@)?([A-Za-z0-9.-]+):(?!/)(.+)")
_AUTHORITY = re.compile(
    r"(?:(?P<user>[^@/]*)@)?(?P<host>\[[0-9A-Fa-f:.]+\]|[^:@/\[\]]+)(?::(?P<port>[0-9]{1,5}))?"
)
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_PATH = re.compile(r"/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*")
_NUMERIC = re.compile(r"(?:[0-9]+|0[xX][0-9A-Fa-f]*)")


@dataclass(frozen=True, slots=True)
class Address:
    """A repository's address in the one form the hall uses; it never holds a credential.

    `url` is what git is given, `host` and `port` are unset for a folder of this machine.
    """

    url: str
    scheme: str
    host: str | None = None
    port: int | None = None

    @property
    def is_local(self) -> bool:
        """Whether it is a folder of this machine."""
        return self.scheme == "file"


def parse(text: str, *, allow_local: bool, ssh: bool = False, own: Path | None = None) -> Address:
    """Read an address.

    Args:
        text: as the poster wrote it.
        allow_local: the operator's word that folders and plain http are welcome.
        ssh: whether ssh is set up.
        own: the hall's own folder, in which other tenants' repositories lie.

    Raises:
        AddressRefused: it is not an address this hall goes to, and why.
    """
    text = text.strip()
    if not text or len(text) > LONGEST_ADDRESS:
        raise AddressRefused("A repository's address has between 1 and 2000 characters.")
    if text.startswith("/") or text[:7].lower() == "file://":
        return _local(text, allow_local=allow_local, own=own)
    if not text.isascii() or any(not c.isprintable() or c in " \\\"'`<>^{}|?#" for c in text):
        raise AddressRefused(
            "A repository's address has only plain letters, digits and URL punctuation: no "
            "spaces, quotes, `?` or `#` (write other letters percent-encoded, or in punycode)."
        )
    if text.startswith("-") or "::" in text.partition("[")[0]:
        raise AddressRefused("That is not the address of a repository.")
    scheme = _SCHEME.match(text)
    if scheme is None:
        return _scp_like(text, ssh=ssh)
    return _url(scheme[1].lower(), text[scheme.end() :], allow_local=allow_local, ssh=ssh)


def _local(text: str, *, allow_local: bool, own: Path | None) -> Address:
    if not allow_local:
        raise AddressRefused(
            "Repositories on this machine are not taken here. Give an https address (an operator "
            "may allow folders with HIRINGHALL_ALLOW_LOCAL_REPOSITORIES)."
        )
    path = text if text.startswith("/") else unquote(text[len("file://") :])
    if not path.startswith("/") or ".." in path.split("/") or not path.isprintable():
        raise AddressRefused("The path of a repository on this machine begins with `/`.")
    # Where the path leads, whatever links it goes through: this never fails.
    if own is not None and Path(os.path.realpath(path)).is_relative_to(os.path.realpath(own)):
        raise AddressRefused("That folder is the hall's own, and no task's repository.")
    return Address(url=path, scheme="file")


def _scp_like(text: str, *, ssh: bool) -> Address:
    match = _SCP.fullmatch(text)
    if match is None:
        raise AddressRefused("That is not the address of a repository: give one with https://.")
    user, host, path = match.groups()
    return _url("ssh", f"{user or 'git'}@{host}/{path}", allow_local=False, ssh=ssh)


def _url(scheme: str, rest: str, *, allow_local: bool, ssh: bool) -> Address:
    _check_scheme(scheme, allow_local=allow_local, ssh=ssh)
    authority, slash, path = rest.partition("/")
    match = _AUTHORITY.fullmatch(authority)
    if match is None:
        raise AddressRefused("The address names no host that can be read.")
    host = _host(match["host"])
    port = int(match["port"]) if match["port"] else None
    if port is not None and not 0 < port < 65536:
        raise AddressRefused("The address names a port that does not exist.")
    if port == PORTS[scheme]:
        port = None
    path = slash + path.rstrip("/")
    if not _PATH.fullmatch(path) or path == "/" or ".." in unquote(path).split("/"):
        raise AddressRefused("The address names no repository: its path is missing or odd.")
    if any(not c.isprintable() for c in unquote(path)):
        raise AddressRefused("The address's path holds control characters.")
    user = _login(scheme, match["user"])
    shown_port = f":{port}" if port else ""
    return Address(
        url=f"{scheme}://{user}{host}{shown_port}{path}",
        scheme=scheme,
        host=host.strip("[]"),
        port=port or PORTS[scheme],
    )


def _check_scheme(scheme: str, *, allow_local: bool, ssh: bool) -> None:
    if scheme == "https" or (scheme == "http" and allow_local) or (scheme == "ssh" and ssh):
        return
    if scheme == "ssh":
        raise AddressRefused(
            "Repositories over ssh are not set up in this hall: give the https address (an "
            "operator may set HIRINGHALL_SSH_KEY_FILE and HIRINGHALL_SSH_KNOWN_HOSTS_FILE)."
        )
    raise AddressRefused(f"Repositories over {scheme}: are not taken: give an https address.")


def _login(scheme: str, user: str | None) -> str:
    """What stands before the `@`: a login name for ssh. A password would be shown and kept."""
    if user is None:
        return "git@" if scheme == "ssh" else ""
    if scheme != "ssh":
        raise AddressRefused(
            "An address must not carry a name or a password: the token is given apart from it."
        )
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}", user):
        raise AddressRefused("The address's login name is odd; it never holds a password.")
    return f"{user}@"


def _host(text: str) -> str:
    """A host in the one spelling that cannot be read differently by anybody."""
    host = text.lower()
    odd = "The address names its host by an odd spelling of a number."
    try:
        if host.startswith("["):
            return f"[{ipaddress.IPv6Address(host[1:-1])}]"
        labels = host.removesuffix(".").split(".")
        if _NUMERIC.fullmatch(labels[-1]):
            # Only four plain decimal numbers: other readers take octal, hex and short forms.
            return str(ipaddress.IPv4Address(host))
    except ValueError as error:
        raise AddressRefused(odd) from error
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise AddressRefused("The address names no host that can be read.")
    return host.removesuffix(".")


async def system_resolver(host: str, port: int) -> list[str]:
    """Every network address of a host, as the system resolves it."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found))


async def resolve(
    address: Address, *, allow_local: bool, resolver: type_of_resolver = system_resolver
) -> list[str]:
    """The network addresses that git is to be held to; empty for a folder.

    Raises:
        AddressRefused: one of them belongs to this machine or to a private network.
        Unreachable: the name has no address.
    """
    if address.host is None or address.port is None:
        return []
    try:
        async with asyncio.timeout(RESOLVE_TIME_S):
            found = await resolver(address.host, address.port)
    except (OSError, UnicodeError, TimeoutError) as error:
        raise Unreachable(f"The host {address.host} has no network address just now.") from error
    if not found:
        raise Unreachable(f"The host {address.host} has no network address just now.")
    for text in found:
        if not allow_local and not is_public(text):
            raise AddressRefused(
                f"The host {address.host} is on this machine or a private network, where this "
                "hall takes no repositories from (an operator may allow it with "
                "HIRINGHALL_ALLOW_LOCAL_REPOSITORIES)."
            )
    return found


def pinned(address: Address, addresses: list[str]) -> list[tuple[str, str]]:
    """The git settings that hold an https request to the addresses that were checked."""
    if address.scheme not in {"https", "http"} or not addresses:
        return []
    listed = ",".join(f"[{one}]" if ":" in one else one for one in addresses)
    host = f"[{address.host}]" if ":" in (address.host or "") else address.host
    return [("http.curloptResolve", f"{host}:{address.port}:{listed}")]
