"""The allowlist proxy of one run: judges where it goes, goes to the address that was judged."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from hiringhall.domain.addresses import Networks, is_listed, is_public
from hiringhall.domain.hosts import Pattern, Target, any_opens, read_patterns
from hiringhall.workers.egress.request import Asked, NoRequest, read_request
from hiringhall.workers.git.address import system_resolver

HEAD_S = 30.0
RESOLVE_S = 15.0
CONNECT_S = 15.0
IDLE_S = 300.0
MOST_BYTES = 4 * 1024 * 1024 * 1024
"""Of one run, both ways together."""
MOST_REQUESTS = 20_000
MOST_AT_ONCE = 32
MOST_NOTES = 500
"""Hosts that one run's log names."""
_PIECE_BYTES = 64 * 1024

Resolver = Callable[[str, int], Awaitable[list[str]]]


class Refused(Exception):
    """A request that is not carried out: `status` and a sentence that says what to do."""

    def __init__(self, status: int, sentence: str, because: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.because = because


@dataclass(frozen=True, slots=True)
class Egress:
    """The network as runs of this hall see it.

    `networks` are addresses that may be gone to although they are private, or named by number.
    """

    networks: Networks = ()
    resolver: Resolver = system_resolver

    def is_open(self, address: str) -> bool:
        """Whether this hall goes to a network address at all."""
        return is_public(address) or self.lists(address)

    def lists(self, address: str) -> bool:
        """Whether the operator has named it."""
        return is_listed(address, self.networks)


@dataclass(slots=True)
class RunEgress:
    """One run's way out. `note` writes to its log: which host, and whether it was let through."""

    egress: Egress
    hosts: tuple[Pattern, ...]
    note: Callable[[str], None]
    _left_bytes: int = field(default=MOST_BYTES, init=False)
    _left_requests: int = field(default=MOST_REQUESTS, init=False)
    _open: int = field(default=0, init=False)
    _noted: set[str] = field(default_factory=set[str], init=False)

    @classmethod
    def of(cls, egress: Egress, hosts: Sequence[str], note: Callable[[str], None]) -> "RunEgress":
        """The way out of a role that opens these hosts; raises Invalid."""
        return cls(egress, read_patterns(hosts), note)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection of a program inside."""
        try:
            asked = await _read(reader)
            async with self._connected(asked.target) as (from_host, to_host):
                if asked.is_tunnel:
                    writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                else:
                    to_host.write(asked.head)
                await self._join((reader, writer), (from_host, to_host))
        except Refused as refused:
            await _refuse(writer, refused)

    @contextlib.asynccontextmanager
    async def _connected(
        self, target: Target
    ) -> AsyncGenerator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """A connection to where a program wants to go, as long as the block lasts."""
        self._admit()
        self._open += 1
        try:
            addresses = await self._judge(target)
            from_host, to_host = await self._reach(target, addresses)
            try:
                yield from_host, to_host
            except BaseException:
                to_host.transport.abort()
                raise
            to_host.close()
        except Refused as refused:
            self._say(f"refused {target}: {refused.because}")
            raise
        finally:
            self._open -= 1

    def _admit(self) -> None:
        if self._open >= MOST_AT_ONCE:
            sentence = f"A run has at most {MOST_AT_ONCE} connections open at once: close some."
            raise Refused(429, sentence, "too many at once")
        if self._left_requests <= 0 or self._left_bytes <= 0:
            raise Refused(403, "This run has used up what it may send and receive.", "used up")
        self._left_requests -= 1

    async def _judge(self, target: Target) -> list[str]:
        """The network addresses that this run may go to for a target. Raises Refused."""
        if not any_opens(self.hosts, target):
            raise Refused(403, self._closed(target), "the role does not open it")
        if target.literal:
            if not self.egress.lists(target.host):
                sentence = (
                    f"{target.host} is a number: name the host, or have the operator list the "
                    "address (HIRINGHALL_EGRESS_NETWORKS)."
                )
                raise Refused(403, sentence, "it is a number")
            return [target.host]
        return await self._resolve(target)

    async def _resolve(self, target: Target) -> list[str]:
        try:
            async with asyncio.timeout(RESOLVE_S):
                found = await self.egress.resolver(target.host, target.port)
        except (OSError, UnicodeError, TimeoutError):
            found = []
        if not found:
            sentence = f"{target.host} has no network address just now."
            raise Refused(502, sentence, "it has no address")
        # One that is not open spoils all: a name that leads both ways is no honest one.
        if not all(self.egress.is_open(address) for address in found):
            sentence = (
                f"{target.host} leads to this machine or a private network, where no run goes "
                "unless the operator lists the address (HIRINGHALL_EGRESS_NETWORKS)."
            )
            raise Refused(403, sentence, "it leads to a private address")
        return found

    async def _reach(
        self, target: Target, addresses: Sequence[str]
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect to the first of the addresses that answers; no name is looked up any more."""
        for address in addresses:
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(CONNECT_S):
                    streams = await asyncio.open_connection(
                        address, target.port, limit=_PIECE_BYTES
                    )
                self._say(f"allowed {target}")
                return streams
        raise Refused(502, f"{target} does not answer.", "it does not answer")

    async def _join(
        self,
        inside: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        outside: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        """Pass on what either side says, until both have ended.

        Raises OSError where one hangs up, or neither says anything for too long.
        """
        loop = asyncio.get_running_loop()

        async def pour(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            while piece := await source.read(_PIECE_BYTES):
                quiet.reschedule(loop.time() + IDLE_S)
                self._left_bytes -= len(piece)
                if self._left_bytes < 0:
                    self._say("ended: this run has used up what it may send and receive")
                    raise ConnectionAbortedError
                sink.write(piece)
                await sink.drain()
            # RuntimeError: the other side has hung up altogether.
            with contextlib.suppress(RuntimeError):
                sink.write_eof()

        async with asyncio.timeout(IDLE_S) as quiet:
            pouring = {
                asyncio.create_task(pour(inside[0], outside[1])),
                asyncio.create_task(pour(outside[0], inside[1])),
            }
            try:
                done, _ = await asyncio.wait(pouring, return_when=asyncio.FIRST_EXCEPTION)
                for task in done:
                    task.result()
            finally:
                for task in pouring:
                    task.cancel()
                await asyncio.gather(*pouring, return_exceptions=True)

    def _closed(self, target: Target) -> str:
        opened = ", ".join(map(str, self.hosts)) or "none"
        return (
            f"This role does not open {target}. It opens: {opened}. Whoever keeps the role can "
            f"add it to its hosts (hiringhall admin role set … --host {target.host})."
        )

    def _say(self, text: str) -> None:
        """Note it once, and not without end: a host's name is what a program chose."""
        if text not in self._noted and len(self._noted) < MOST_NOTES:
            self._noted.add(text)
            self.note(f"egress: {text}")


async def _read(reader: asyncio.StreamReader) -> Asked:
    try:
        async with asyncio.timeout(HEAD_S):
            head = await reader.readuntil(b"\r\n\r\n")
        return read_request(head)
    except asyncio.LimitOverrunError:
        raise Refused(431, "The request's head is too long.", "too long") from None
    except asyncio.IncompleteReadError:
        raise ConnectionAbortedError from None
    except NoRequest as error:
        raise Refused(400, f"{error}.", "no request") from None


async def _refuse(writer: asyncio.StreamWriter, refused: Refused) -> None:
    words = {400: "Bad Request", 403: "Forbidden", 429: "Too Many Requests", 431: "Too Large"}
    body = f"{refused.sentence}\n".encode()
    head = (
        f"HTTP/1.1 {refused.status} {words.get(refused.status, 'Bad Gateway')}\r\n"
        "content-type: text/plain; charset=utf-8\r\n"
        f"content-length: {len(body)}\r\n"
        "connection: close\r\n\r\n"
    )
    writer.write(head.encode() + body)
    await writer.drain()
