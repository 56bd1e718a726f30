"""Serves a script on loopback, in a thread of its own, and remembers what it was asked."""

import asyncio
import json
import socket
import threading
from collections import Counter
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import uvicorn

from tests.support.models import anthropic, chat, gemini, responses
from tests.support.models.script import Answer, Break, Heard, Made, Refuse, Script, Tool, Turn

PATIENCE_S = 60.0

MODELS = ("claude-test", "gpt-test", "gemini-test")


@dataclass(frozen=True)
class Received:
    """A request as it came in; the names of its headers are in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)


@dataclass
class ModelServer:
    """A model server at `url`.

    `base_urls` are what clients of each provider take. `requests` is all that came in,
    `answered` the turns that were played, `problems` what the script wanted and could not have
    (such as a tool that was not offered).
    """

    url: str
    script: Script
    requests: list[Received] = field(default_factory=list[Received])
    answered: list[Turn] = field(default_factory=list[Turn])
    problems: list[str] = field(default_factory=list[str])
    hung_up: int = 0
    """How many clients went away before their answer was over."""
    _faults: Counter[int] = field(default_factory=Counter[int])
    _count: int = 0

    @property
    def base_urls(self) -> dict[str, str]:
        """The address as the clients of each provider take it."""
        return {"anthropic": self.url, "openai": f"{self.url}/v1", "gemini": self.url}

    def asked(self, path: str) -> list[Received]:
        """The requests whose path ends so."""
        return [request for request in self.requests if request.path.endswith(path)]

    def _fault_of(self, turn: Turn) -> Refuse | Break | None:
        """The turn's fault, as often as it is to happen."""
        if turn.fault is None or self._faults[id(turn)] >= turn.fault.times:
            return None
        self._faults[id(turn)] += 1
        return turn.fault

    def _make(self, turn: Turn, heard: Heard) -> Answer:
        self._count += 1
        calls: list[Made] = []
        text = turn.text
        for number, wanted in enumerate(turn.calls, 1):
            for name, arguments in wanted.choices.items():
                tool = heard.tool(name)
                if tool is not None:
                    made = arguments(heard) if callable(arguments) else arguments
                    calls.append(Made(f"call_{self._count}_{number}", tool, made))
                    break
            else:
                text = f"None of {list(wanted.choices)} is offered"
                self.problems.append(f"{text}, but {_names(heard.tools)}")
        self.answered.append(turn)
        return Answer(str(self._count), heard.model, text, tuple(calls), turn.usage)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        body = b""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
        query = scope["query_string"].decode()
        received = Received(scope["method"], scope["path"], query, headers, body)
        self.requests.append(received)
        await _Exchange(self, received, receive, send).answer()


def _names(tools: tuple[Tool, ...]) -> str:
    return ", ".join(f"{tool.namespace or ''}{tool.name}" for tool in tools) or "no tool"


class _Exchange:
    """One request and its answer."""

    def __init__(self, server: ModelServer, received: Received, receive: Any, send: Any) -> None:
        self._server = server
        self._received = received
        self._receive = receive
        self._send = send

    async def answer(self) -> None:
        if self._received.method != "POST":
            await self._list(self._received.path)
            return
        try:
            body = self._received.json
        except ValueError:
            await self._whole(400, {"error": {"message": "not JSON"}})
            return
        await self._post(self._received.path, body)

    async def _post(self, path: str, body: dict[str, Any]) -> None:
        model, _, verb = path.rpartition("/")[2].partition(":")
        if path.endswith("/messages"):
            await self._play(anthropic.hear(body), body, anthropic)
        elif path.endswith("/messages/count_tokens"):
            await self._whole(200, anthropic.count(anthropic.hear(body)))
        elif path.endswith("/chat/completions"):
            await self._play(chat.hear(body), body, chat)
        elif path.endswith("/responses"):
            await self._play(responses.hear(body), body, responses)
        elif verb in ("generateContent", "streamGenerateContent"):
            heard = gemini.hear(body, model=model, stream=verb == "streamGenerateContent")
            await self._play(heard, body, gemini)
        elif verb == "countTokens":
            heard = gemini.hear(body, model=model, stream=False)
            await self._whole(200, gemini.count(heard))
        else:
            await self._whole(404, {"error": {"message": f"no such path: {path}"}})

    async def _list(self, path: str) -> None:
        if path.endswith("/v1beta/models"):
            listed = {"models": [{"name": f"models/{name}"} for name in MODELS]}
        elif path.endswith("/models"):
            data = [{"id": name, "object": "model", "type": "model"} for name in MODELS]
            listed = {"object": "list", "data": data, "has_more": False}
        else:
            listed = {"ok": True}
        await self._whole(200, listed)

    async def _play(self, heard: Heard, body: dict[str, Any], dialect: Any) -> None:
        turn = self._server.script.choose(heard)
        fault = self._server._fault_of(turn)
        await asyncio.sleep(turn.first_byte_s)
        if isinstance(fault, Refuse):
            more = {} if fault.retry_after is None else {"retry-after": fault.retry_after}
            # The two dialects of OpenAI refuse alike.
            refuse = chat.error if dialect is responses else dialect.error
            await self._whole(fault.status, refuse(fault.status, fault.message), more)
            return
        answer = self._server._make(turn, heard)
        if not heard.stream:
            if isinstance(fault, Break):
                await self._start(200, {"content-type": "application/json"})
            else:
                await self._whole(200, dialect.whole(answer))
            return
        told = _streamed(dialect, answer, body, self._received.query)
        if isinstance(fault, Break):
            told = told[: fault.after_events]
            if fault.says:
                told.append(dialect.error_event("Overloaded"))
        await self._stream(told, turn, ends=fault is None)

    async def _stream(self, told: list[bytes], turn: Turn, *, ends: bool) -> None:
        gone = asyncio.ensure_future(self._receive())
        await self._start(200, {"content-type": "text/event-stream; charset=utf-8"})
        for number, event in enumerate(told):
            if turn.pause_s and number:
                await asyncio.wait([gone], timeout=turn.pause_s)
            if gone.done():
                self._server.hung_up += 1
                return
            await self._send({"type": "http.response.body", "body": event, "more_body": True})
        if ends:
            await self._send({"type": "http.response.body", "body": b""})
        gone.cancel()
        # Returning without an end is what breaks the connection.

    async def _whole(
        self, status: int, content: Any, headers: Mapping[str, str] | None = None
    ) -> None:
        body = json.dumps(content).encode()
        about = {"content-type": "application/json", "content-length": str(len(body))}
        await self._start(status, {**about, **(headers or {})})
        await self._send({"type": "http.response.body", "body": body})

    async def _start(self, status: int, headers: Mapping[str, str]) -> None:
        named = {"request-id": "req_1", "x-request-id": "req_1", "set-cookie": "a=1", **headers}
        await self._send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [(name.encode(), value.encode()) for name, value in named.items()],
            }
        )


def _streamed(dialect: Any, answer: Answer, body: dict[str, Any], query: str) -> list[bytes]:
    if dialect is chat:
        wanted = (body.get("stream_options") or {}).get("include_usage", False)
        return chat.events(answer, include_usage=wanted)
    if dialect is gemini:
        return gemini.events(answer, sse=parse_qs(query).get("alt") == ["sse"])
    return dialect.events(answer)


@contextmanager
def model_server(*turns: Turn, script: Script | None = None) -> Generator[ModelServer]:
    """Serve some turns, or a script, on a free port of loopback until the block ends."""
    # Said to be TCP, or asyncio leaves Nagle's algorithm on, and each stream waits 40 ms.
    with socket.socket(proto=socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        played = script or (Script(turns) if turns else Script())
        server = ModelServer(url, played)
        config = uvicorn.Config(
            server, log_level=60, access_log=False, lifespan="off", loop="asyncio",
            timeout_graceful_shutdown=1,
        )  # fmt: skip
        serving = uvicorn.Server(config)
        thread = threading.Thread(
            target=lambda: asyncio.run(serving.serve(sockets=[listening])),
            name="model server",
            daemon=True,
        )
        listening.listen(128)
        thread.start()
        try:
            yield server
        finally:
            serving.should_exit = True
            thread.join(PATIENCE_S)
        assert not thread.is_alive(), "the model server did not stop"
