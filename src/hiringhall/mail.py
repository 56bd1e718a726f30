"""Letters to people: by an SMTP server where one is set, else printed where the hall runs."""

import asyncio
import sys
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from ipaddress import ip_address
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

import structlog

_log: Any = structlog.get_logger("hiringhall.mail")

CONSOLE = "console"
TRIES_AFTER_S = (0.0, 5.0, 30.0)
"""When a letter is tried to be sent; after the last it is given up, which the log says."""
MOST_WAITING = 1_000
_SEND_S = 20.0
_CLOSE_S = 5.0


@dataclass(frozen=True, slots=True)
class Letter:
    """Plain text to one address. It may hold a secret: it stands in no log."""

    to: str
    subject: str
    text: str


class Mail(Protocol):
    """Takes letters; whether they arrive, nobody can promise."""

    @property
    def is_sent(self) -> bool:
        """Whether letters leave the hall at all."""
        ...

    def post(self, letter: Letter) -> None:
        """Have a letter sent; returns at once, and never raises."""
        ...

    async def close(self) -> None:
        """Give what is under way a moment, then let go of it."""
        ...


@dataclass(frozen=True)
class ConsoleMail:
    """Prints letters, for a hall on one's own machine and for tests."""

    write: Callable[[str], object] = sys.stderr.write

    @property
    def is_sent(self) -> bool:
        """They stay where the hall runs."""
        return False

    def post(self, letter: Letter) -> None:
        """Print it."""
        self.write(f"\nMail to {letter.to}: {letter.subject}\n\n{letter.text}\n\n")

    async def close(self) -> None:
        """Nothing is under way."""


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where letters are handed in, and by whom.

    With `tls` the connection begins encrypted. Without, it is encrypted where the server can; a
    password goes over a network in no other way.
    """

    host: str
    port: int
    sender: str
    tls: bool = False
    username: str | None = None
    password: str | None = None

    @property
    def start_tls(self) -> bool | None:
        """Whether it has to become encrypted; None: if the server offers it."""
        if self.tls:
            return False
        return True if self.password is not None and not _is_loopback(self.host) else None


class SmtpMail:
    """Hands letters to an SMTP server, each by itself and in the background."""

    def __init__(
        self, server: SmtpServer, *, tries_after_s: tuple[float, ...] = TRIES_AFTER_S
    ) -> None:
        self._server = server
        self._tries_after_s = tries_after_s
        self._waiting: set[asyncio.Task[None]] = set()

    @property
    def is_sent(self) -> bool:
        """A server takes them."""
        return True

    def post(self, letter: Letter) -> None:
        """Send it soon; a letter too many is dropped, and the log says so."""
        if len(self._waiting) >= MOST_WAITING:
            _log.error("a letter was dropped", because="too many are waiting to be sent")
            return
        sending = asyncio.get_running_loop().create_task(self._send(letter))
        self._waiting.add(sending)
        sending.add_done_callback(self._waiting.discard)

    async def close(self) -> None:
        """Wait a moment for what is under way."""
        if not self._waiting:
            return
        _, late = await asyncio.wait(self._waiting, timeout=_CLOSE_S)
        for sending in late:
            sending.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def _send(self, letter: Letter) -> None:
        import aiosmtplib

        because = ""
        for after_s in self._tries_after_s:
            await asyncio.sleep(after_s)
            try:
                await self._hand_in(letter)
            except aiosmtplib.SMTPRecipientsRefused:
                because = "the server takes no mail for that address"
                break
            except (aiosmtplib.SMTPException, OSError, ValueError) as error:
                # Its kind alone: what a server says may quote the letter.
                because = type(error).__name__
            else:
                return
        _log.error("a letter could not be sent", because=because, server=self._server.host)

    async def _hand_in(self, letter: Letter) -> None:
        import aiosmtplib

        server = self._server
        message = EmailMessage()
        message["From"] = server.sender
        message["To"] = letter.to
        message["Subject"] = letter.subject
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.text)
        await aiosmtplib.send(
            message,
            sender=server.sender,
            recipients=[letter.to],
            hostname=server.host,
            port=server.port,
            username=server.username,
            password=server.password,
            local_hostname="hiringhall",
            timeout=_SEND_S,
            use_tls=server.tls,
            start_tls=server.start_tls,
        )


def read_server(url: str, *, sender: str | None = None) -> SmtpServer:
    """The server of an `smtp://user:password@host:port` or `smtps://…`; raises ValueError.

    The sender is the user where that is an address, else `hiringhall@` the host.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ValueError("not an smtp:// or smtps:// address")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError("an smtp address ends with its port")
    tls = parts.scheme == "smtps"
    username = None if parts.username is None else unquote(parts.username)
    usual = username if username and "@" in username else f"hiringhall@{parts.hostname}"
    return SmtpServer(
        host=parts.hostname,
        port=parts.port or (465 if tls else 587 if username else 25),
        sender=sender or usual,
        tls=tls,
        username=username,
        password=None if parts.password is None else unquote(parts.password),
    )


def open_mail(setting: str, *, sender: str | None = None) -> Mail:
    """What the setting asks for: `console`, or an SMTP server's address; raises ValueError."""
    if setting == CONSOLE:
        return ConsoleMail()
    return SmtpMail(read_server(setting, sender=sender))


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
