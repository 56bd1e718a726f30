"""GitHub's API for pull requests, on loopback: it keeps what it is told, and refuses at a word."""

import json
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs

_PULLS = re.compile(r"/repos/([^/]+)/([^/]+)/pulls(?:/(\d+))?")


@dataclass
class Asked:
    """One request."""

    method: str
    path: str
    authorization: str | None
    body: dict[str, Any] = field(default_factory=dict[str, Any])


class GitHubStandIn(ThreadingHTTPServer):
    """`answer` is a status and body that it gives instead, `refuse_making` to new ones alone.

    `moved_to` is where it sends everybody.
    """

    daemon_threads = True

    def __init__(self, token: str) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        self.token = token
        self.pulls: list[dict[str, Any]] = []
        self.asked: list[Asked] = []
        self.answer: tuple[int, object] | None = None
        self.refuse_making: tuple[int, object] | None = None
        self.moved_to: str | None = None
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()


class _Request(BaseHTTPRequestHandler):
    server: GitHubStandIn  # pyright: ignore[reportIncompatibleVariableOverride]
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""

    def _handle(self) -> None:
        size = int(self.headers.get("content-length") or 0)
        body = json.loads(self.rfile.read(size) or b"{}")
        path, _, query = self.path.partition("?")
        said = self.headers.get("authorization")
        self.server.asked.append(Asked(self.command, path, said, body))
        if self.server.moved_to is not None:
            self._say(307, {}, {"Location": self.server.moved_to + self.path})
        elif self.server.answer is not None:
            self._say(*self.server.answer)
        elif said != f"Bearer {self.server.token}":
            self._say(401, {"message": "Bad credentials"})
        else:
            self._say(*self._answer(path, parse_qs(query), body))

    do_GET = do_POST = do_PATCH = _handle  # noqa: N815

    def _answer(
        self, path: str, query: dict[str, list[str]], body: dict[str, Any]
    ) -> tuple[int, object]:
        match = _PULLS.fullmatch(path)
        if match is None:
            return 404, {"message": "Not Found"}
        owner, number, pulls = match[1], match[3], self.server.pulls
        if self.command == "GET":
            head = query.get("head", [""])[0].removeprefix(f"{owner}:")
            found = [one for one in pulls if one["state"] == "open" and one["head"]["ref"] == head]
            return 200, found
        if self.command == "PATCH":
            pulls[int(number) - 1].update(body)
            return 200, pulls[int(number) - 1]
        if self.server.refuse_making is not None:
            return self.server.refuse_making
        made = {"number": len(pulls) + 1, "state": "open", **body, "head": {"ref": body["head"]}}
        pulls.append(made)
        return 201, made

    def _say(self, status: int, body: object, headers: dict[str, str] | None = None) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)
