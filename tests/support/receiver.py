"""A receiver of webhooks on loopback, which keeps what comes and answers as a test says."""

import asyncio
import contextlib
import ssl
from collections import deque
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from standardwebhooks import Webhook


@dataclass(frozen=True)
class Received:
    """One request as it came."""

    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    def verified(self, secret: str) -> bool:
        """Whether a signature of a secret is on it, by the library of those who receive."""
        signature = Webhook(secret)
        expected = signature.sign(self.id, _moment(self.headers["webhook-timestamp"]), self.text)
        return expected in self.headers["webhook-signature"].split(" ")

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass
class Receiver:
    """`answers` are whole HTTP answers, the last repeating; `hangs`: it does not answer."""

    url: str
    port: int
    received: list[Received] = field(default_factory=list[Received])
    answers: deque[bytes] = field(default_factory=deque[bytes])
    hangs: bool = False

    def answer(self, status: int, *headers: str, body: bytes = b"ok") -> None:
        """Answer so from now on."""
        self.answers.clear()
        lines = [f"HTTP/1.1 {status} X", f"content-length: {len(body)}", *headers]
        self.answers.append("\r\n".join(lines).encode() + b"\r\n\r\n" + body)


@contextlib.asynccontextmanager
async def receiving(context: ssl.SSLContext | None = None) -> AsyncGenerator[Receiver]:
    """A receiver, listening; with a context by TLS."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            first, *lines = head.split("\r\n")
            pairs = [line.partition(": ") for line in lines if line]
            headers = {name.lower(): value for name, _, value in pairs}
            body = await reader.readexactly(int(headers["content-length"]))
            receiver.received.append(Received(first.split(" ")[1], headers, body))
            if receiver.hangs:
                await reader.read()
            elif receiver.answers:
                answer = receiver.answers[0]
                if len(receiver.answers) > 1:
                    receiver.answers.popleft()
                writer.write(answer)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    receiver = Receiver(f"http://127.0.0.1:{port}/hook?token=hush", port)
    receiver.answer(200)
    async with server:
        yield receiver


def _moment(text: str):  # noqa: ANN202
    from datetime import UTC, datetime

    return datetime.fromtimestamp(int(text), UTC)
