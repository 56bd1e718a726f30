"""Servers that say back whatever secret they are told: a provider, GitHub, a mail server."""

import contextlib
import json
import socketserver
import threading
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class _Echo(BaseHTTPRequestHandler):
    """Answers with every header that it was sent, in the body and in a header of its own."""

    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None: ...  # noqa: A002

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("content-length") or 0))
        said = "; ".join(f"{name}: {value}" for name, value in self.headers.items())
        statuses: list[int] = self.server.statuses  # pyright: ignore[reportAttributeAccessIssue]
        status = statuses.pop(0) if statuses else 401
        error = {"type": "error", "message": f"These are no good: {said} {self.path}"}
        body = json.dumps({"type": "error", "error": error, "message": error["message"]}).encode()
        self.server.heard.append(said)  # pyright: ignore[reportAttributeAccessIssue]
        self.server.paths.append(self.path)  # pyright: ignore[reportAttributeAccessIssue]
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Said", said.replace("\n", " ")[:4000])
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = _answer  # noqa: N815


class EchoServer(ThreadingHTTPServer):
    """`heard` is every header of every request; `statuses` are answered first, then 401."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Echo)
        self.heard: list[str] = []
        self.paths: list[str] = []
        self.statuses: list[int] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Mail(socketserver.StreamRequestHandler):
    """Says no to whoever signs in, and repeats what was said, as it came and decoded."""

    def handle(self) -> None:
        self.wfile.write(b"220 mail.test ESMTP\r\n")
        while line := self.rfile.readline():
            word = line[:4].upper()
            if word == b"EHLO":
                self.wfile.write(b"250-mail.test\r\n250 AUTH PLAIN LOGIN\r\n")
            elif word == b"AUTH":
                self.server.heard.append(line.decode())  # pyright: ignore[reportAttributeAccessIssue]
                self.wfile.write(b"535 No such password: " + line.strip() + b"\r\n")
            elif word == b"QUIT":
                self.wfile.write(b"221 Bye\r\n")
                return
            else:
                self.wfile.write(b"530 Sign in first\r\n")


class MailServer(socketserver.ThreadingTCPServer):
    """A mail server that lets nobody in."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Mail)
        self.heard: list[str] = []

    @property
    def port(self) -> int:
        return int(self.server_address[1])


@contextlib.contextmanager
def serving(server: socketserver.BaseServer) -> Generator[None]:
    """Serve in a thread until the block ends."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
