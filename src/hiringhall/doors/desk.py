"""What every door is handed: the hall, where its files are, and how it is reached from outside."""

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any, Protocol

from hiringhall.actions.following import Feeds
from hiringhall.blobs import Blobs, FileLinks
from hiringhall.doors.kit import Call
from hiringhall.hall import Hall
from hiringhall.workers.runlog import Part, read_part

LINK_S = 3_600
"""How long a signed link to a file works."""

Networks = tuple[IPv4Network | IPv6Network, ...]

_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:[0-9]{1,5})?")


class StoredFile(Protocol):
    """A file of a deliverable, and where its bytes are."""

    @property
    def id(self) -> str: ...

    @property
    def blob_key(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Desk:
    """The hall as doors have it.

    `public_url` is the base of absolute links, with no slash at its end; None where the operator
    named none and the hall does not listen on loopback alone: then the caller's own word for the
    host is used, in answers to that caller only. `feeds` knows who follows events here,
    `run_logs` is the folder of what was said with workers on this machine. To whoever runs the
    hall `facts` says what it is made of, and `notes` what it does without.
    """

    hall: Hall
    blobs: Blobs
    links: FileLinks
    public_url: str | None = None
    trusted_proxies: Networks = ()
    feeds: Feeds = field(default_factory=Feeds)
    run_logs: Path | None = None
    facts: Callable[[], Mapping[str, str]] = dict[str, str]
    notes: Callable[[], Mapping[str, str]] = dict[str, str]

    def base_url(self, call: Call[Any, Any]) -> str:
        """The base of absolute links in the answer to a call."""
        if self.public_url is not None:
            return self.public_url
        host = call.header(b"host") or ""
        if not _HOST.fullmatch(host):
            name, port = call.scope.get("server") or ("localhost", None)
            name = f"[{name}]" if ":" in name else name
            host = name if port is None else f"{name}:{port}"
        return f"{call.scope['scheme']}://{host}"

    def links_below(self, base_url: str) -> Callable[[str], str]:
        """From a file's id to a link that works for an hour, for whoever has it."""
        expires_at_s = self.hall.clock() // 1_000_000 + LINK_S
        return lambda file_id: self.file_url(base_url, file_id, expires_at_s)

    def links_for(self, call: Call[Any, Any]) -> Callable[[str], str]:
        """Such links, absolute, in the answer to a call."""
        return self.links_below(self.base_url(call))

    async def link_to(self, call: Call[Any, Any], file: StoredFile) -> str:
        """Such a link to one file: the file store's own, where it gives any."""
        stored = await self.blobs.url(file.blob_key, expires_s=LINK_S)
        return stored or self.links_for(call)(file.id)

    async def log_of(self, run_id: str, *, after: int | None, most_bytes: int) -> Part | None:
        """What was said with a run's worker, by lines: from behind a place, or the last of it.

        None where this machine keeps no log of it.
        """
        if self.run_logs is None:
            return None
        path = self.run_logs / f"{run_id}.log"
        return await asyncio.to_thread(read_part, path, after=after, most_bytes=most_bytes)

    def file_url(self, base_url: str, file_id: str, expires_at_s: int) -> str:
        """A link to a file that works for whoever has it, until a time."""
        signature = self.links.sign(file_id, expires_at_s)
        return f"{base_url}/files/{file_id}?expires={expires_at_s}&signature={signature}"
