"""Mail: handed in at an SMTP server that plays its part on loopback, or printed."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from structlog.testing import capture_logs

from hiringhall.mail import ConsoleMail, Letter, Mail, SmtpMail, SmtpServer, open_mail, read_server

pytestmark = pytest.mark.anyio

LETTER = Letter("agent@example.com", "Confirm", "Open https://hall.example/register/reg_x\n")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Postbox:
    """Takes letters; `refusals` are what it answers first, one a letter."""

    def __init__(self, *refusals: str) -> None:
        self.refusals = [*refusals]
        self.letters: list[Envelope] = []
        self.users: list[bytes] = []
        self.arrived = asyncio.Event()

    async def handle_RCPT(  # noqa: N802  aiosmtpd's own name
        self, server: Any, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.startswith("nobody"):
            return "550 No such person"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, server: Any, session: Session, envelope: Envelope
    ) -> str:
        if self.refusals:
            return self.refusals.pop(0)
        self.letters.append(envelope)
        self.arrived.set()
        return "250 OK"

    def let_in(
        self, server: Any, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        self.users.append(data.login)
        return AuthResult(success=data.password == b"p@ss word")


@contextlib.asynccontextmanager
async def serving(postbox: Postbox, **options: Any) -> AsyncGenerator[int]:
    def session() -> SMTP:
        return SMTP(postbox, hostname="mail.test", loop=asyncio.get_running_loop(), **options)

    server = await asyncio.get_running_loop().create_server(session, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def settled(mail: Mail) -> None:
    async with asyncio.timeout(30):
        await mail.close()


async def test_a_letter_is_handed_in() -> None:
    postbox = Postbox()
    async with serving(postbox) as port:
        mail = open_mail(f"smtp://127.0.0.1:{port}", sender="hall@example.org")
        mail.post(LETTER)
        await settled(mail)
    (letter,) = postbox.letters
    assert (letter.mail_from, letter.rcpt_tos) == ("hall@example.org", ["agent@example.com"])
    assert isinstance(letter.content, bytes)
    written = letter.content.decode()
    assert "Subject: Confirm\r\n" in written
    assert "To: agent@example.com\r\n" in written
    assert "Auto-Submitted: auto-generated\r\n" in written
    assert LETTER.text.strip() in written


# On loopback the stand-in may do what a mail server must not.
@pytest.mark.filterwarnings("ignore:Requiring AUTH:UserWarning")
async def test_it_is_handed_in_by_who_may() -> None:
    postbox = Postbox()
    options = {"auth_required": True, "auth_require_tls": False, "authenticator": postbox.let_in}
    async with serving(postbox, **options) as port:
        mail = open_mail(f"smtp://hall%40example.org:p%40ss%20word@127.0.0.1:{port}")
        mail.post(LETTER)
        await settled(mail)
    assert postbox.users == [b"hall@example.org"]
    assert [letter.mail_from for letter in postbox.letters] == ["hall@example.org"]


async def test_a_server_that_has_a_bad_moment_is_asked_again() -> None:
    postbox = Postbox("451 Try again later", "421 Going down")
    async with serving(postbox) as port:
        server = SmtpServer("127.0.0.1", port, "hall@example.org")
        mail = SmtpMail(server, tries_after_s=(0, 0, 0))
        mail.post(LETTER)
        await settled(mail)
    assert len(postbox.letters) == 1


@pytest.mark.parametrize("letter", [LETTER, Letter("nobody@example.com", "x", "secret-canary")])
async def test_a_letter_that_cannot_be_sent_is_told_of_and_stands_in_no_log(
    letter: Letter,
) -> None:
    postbox = Postbox(*["554 Refused: " + LETTER.text.strip()] * 3)
    with capture_logs() as logs:
        async with serving(postbox) as port:
            server = SmtpServer("127.0.0.1", port, "hall@example.org")
            mail = SmtpMail(server, tries_after_s=(0, 0, 0))
            mail.post(letter)
            await settled(mail)
    assert [log["event"] for log in logs] == ["a letter could not be sent"]
    assert letter.text not in str(logs)
    assert "reg_x" not in str(logs)
    assert letter.to not in str(logs)


async def test_a_password_goes_over_no_open_network() -> None:
    """Not one that it could be sent over, for the test: whose name is no loopback address."""
    assert read_server("smtp://a:b@mail.example.org").start_tls is True
    assert read_server("smtp://mail.example.org").start_tls is None
    assert read_server("smtp://a:b@127.0.0.1").start_tls is None
    assert read_server("smtps://a:b@mail.example.org").start_tls is False
    postbox = Postbox()
    with capture_logs() as logs:
        async with serving(postbox) as port:
            server = SmtpServer("localhost.", port, "h@example.org", username="a", password="b")
            mail = SmtpMail(server, tries_after_s=(0,))
            mail.post(LETTER)
            await settled(mail)
    assert (postbox.letters, postbox.users) == ([], [])
    assert len(logs) == 1


def test_where_letters_go_is_read_from_an_address() -> None:
    assert read_server("smtp://mail.example.org") == SmtpServer(
        "mail.example.org", 25, "hiringhall@mail.example.org"
    )
    assert read_server("smtp://me@mail.example.org").port == 587
    server = read_server("smtps://me%40example.org:p%2Fw@mail.example.org", sender="x@y")
    assert server == SmtpServer(
        "mail.example.org", 465, "x@y", tls=True, username="me@example.org", password="p/w"
    )
    for wrong in ("", "mail.example.org", "http://x", "smtp://", "smtp://x:y", "smtp://x/y?z"):
        with pytest.raises(ValueError):  # noqa: PT011  what is wrong is in no fixed words
            read_server(wrong)


async def test_a_hall_of_ones_own_prints_it() -> None:
    printed: list[str] = []
    mail = ConsoleMail(printed.append)
    mail.post(LETTER)
    await mail.close()
    assert printed == [f"\nMail to agent@example.com: Confirm\n\n{LETTER.text}\n\n"]
