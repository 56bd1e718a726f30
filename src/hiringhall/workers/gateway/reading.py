"""Reads what a provider says a call used, out of answers that pass through untouched."""

from dataclasses import dataclass, field
from typing import Any

import msgspec

from hiringhall.domain.compute import Tokens
from hiringhall.workers.gateway.paths import Dialect

MOST_BYTES = 64 * 1024 * 1024
"""Of one event, or of one answer in a piece: what is longer is passed on unread."""


class _Cache(msgspec.Struct):
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None


class _Lifetimes(msgspec.Struct):
    ephemeral_1h_input_tokens: int | None = None


class _Usage(msgspec.Struct):
    """The figures of every dialect but Gemini's; what one lacks stays None."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_creation: _Lifetimes | None = None
    input_tokens_details: _Cache | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: _Cache | None = None


class _GeminiUsage(msgspec.Struct):
    promptTokenCount: int | None = None  # noqa: N815  Gemini's own names
    candidatesTokenCount: int | None = None  # noqa: N815
    thoughtsTokenCount: int | None = None  # noqa: N815
    toolUsePromptTokenCount: int | None = None  # noqa: N815
    cachedContentTokenCount: int | None = None  # noqa: N815


class _Error(msgspec.Struct):
    type: str | None = None
    code: str | int | None = None


class _Inner(msgspec.Struct):
    usage: _Usage | None = None
    error: _Error | None = None


class _Event(msgspec.Struct):
    """An event of any stream, or an answer in one piece."""

    type: str | None = None
    usage: _Usage | None = None
    message: _Inner | None = None
    response: _Inner | None = None
    error: _Error | None = None
    choices: list[msgspec.Raw] | None = None
    usageMetadata: _GeminiUsage | None = None  # noqa: N815


_event = msgspec.json.Decoder(_Event)
_events = msgspec.json.Decoder(list[_Event])

_MARKS: dict[Dialect, tuple[bytes, ...]] = {
    Dialect.MESSAGES: (b'"usage"', b"message_stop", b'"error"'),
    Dialect.CHAT: (b'"usage"', b"[DONE]", b'"error"'),
    Dialect.RESPONSES: (b"response.completed", b"response.incomplete", b"response.failed"),
    Dialect.GEMINI: (b'"usageMetadata"', b'"error"'),
}
_BUSY = frozenset({"overloaded_error", "rate_limit_error", "rate_limit_exceeded", "429", "529"})
# Gemini has no word for it: its figures hold once the stream has come to its end.
_LAST = frozenset({"message_stop", "response.completed", "response.incomplete", "response.failed"})


@dataclass(slots=True)
class Reading:
    """What an answer has told so far.

    `ended` is that it said its last word; `busy` that the provider broke off for want of room.
    """

    dialect: Dialect
    ended: bool = False
    busy: bool = False
    _told: bool = False
    _usage: _Usage = field(default_factory=_Usage)
    _gemini: _GeminiUsage | None = None

    @property
    def tokens(self) -> Tokens | None:
        """The figures of the whole call; None while they are not there."""
        if self._gemini is not None:
            return _gemini_tokens(self._gemini)
        return _tokens(self.dialect, self._usage) if self._told else None

    def read(self, told: bytes) -> bool:
        """Read one event, or an answer in one piece; whether it holds figures and nothing else."""
        if told == b"[DONE]":
            self.ended = True
            return False
        try:
            event = _event.decode(told)
        except msgspec.DecodeError:
            return False
        self._take(event)
        # The last of a Chat Completions stream: no choice, only what was asked for.
        return event.choices == [] and event.usage is not None

    def read_list(self, told: bytes) -> None:
        """Read a stream that came as one JSON array."""
        try:
            events = _events.decode(told)
        except msgspec.DecodeError:
            return
        for event in events:
            self._take(event)

    def _take(self, event: _Event) -> None:
        inner = event.message or event.response
        usage = event.usage or (inner.usage if inner else None)
        if usage is not None:
            self._merge(usage)
            # Anthropic's first event has the input, and what is written only so far.
            self._told = self._told or event.type != "message_start"
        if event.usageMetadata is not None:
            self._gemini = event.usageMetadata
        error = event.error or (inner.error if inner else None)
        if error is not None:
            self.busy = self.busy or bool({str(error.type), str(error.code)} & _BUSY)
        self.ended = self.ended or event.type in _LAST

    def _merge(self, usage: _Usage) -> None:
        for name in usage.__struct_fields__:
            value: Any = getattr(usage, name)
            if value is not None:
                setattr(self._usage, name, value)


class Lines:
    """Cuts a stream of server-sent events into its lines, and hands those to a reading that matter.

    With `drops_usage` what is passed on lacks the event that only the gateway asked for.
    """

    def __init__(self, reading: Reading, *, drops_usage: bool = False) -> None:
        self._reading = reading
        self._marks = _MARKS[reading.dialect]
        self._drops_usage = drops_usage
        self._rest = b""

    def feed(self, chunk: bytes) -> bytes:
        """Take what came; what of it is to be passed on now."""
        if self._drops_usage:
            return self._filter(chunk)
        lines = (self._rest + chunk).split(b"\n")
        self._rest = lines.pop()
        if len(self._rest) > MOST_BYTES:
            self._rest = b""
        for line in lines:
            self._read(line)
        return chunk

    def end(self) -> bytes:
        """The stream is over: what was kept back."""
        rest, self._rest = self._rest, b""
        self._read(rest)
        return rest if self._drops_usage else b""

    def _read(self, line: bytes) -> bool:
        if line.startswith(b"data:") and any(mark in line for mark in self._marks):
            return self._reading.read(line[5:].strip())
        return False

    def _filter(self, chunk: bytes) -> bytes:
        """Whole events only, without the one that nobody asked for."""
        *events, self._rest = _split_events(self._rest + chunk)
        if len(self._rest) > MOST_BYTES:
            events, self._rest = [*events, self._rest], b""
        return b"".join(event for event in events if not self._is_extra(event))

    def _is_extra(self, event: bytes) -> bool:
        return any(self._read(line) for line in event.split(b"\n"))


def _split_events(data: bytes) -> list[bytes]:
    """Events with the empty line that ends each; the last is what is not whole yet."""
    events: list[bytes] = []
    start = 0
    while True:
        ends = [
            at + len(end) for end in (b"\n\n", b"\r\n\r\n") if (at := data.find(end, start)) >= 0
        ]
        if not ends:
            return [*events, data[start:]]
        events.append(data[start : min(ends)])
        start = min(ends)


def _tokens(dialect: Dialect, usage: _Usage) -> Tokens:
    if dialect is Dialect.MESSAGES:
        cached = usage.cache_read_input_tokens or 0
        written = usage.cache_creation_input_tokens or 0
        lives = usage.cache_creation
        long = 0 if lives is None else min(written, lives.ephemeral_1h_input_tokens or 0)
        return _bounded(
            # What was read from or put into a cache is counted beside the rest here.
            input=(usage.input_tokens or 0) + cached + written,
            output=usage.output_tokens or 0,
            cached=cached,
            written=written - long,
            written_long=long,
        )
    details = usage.input_tokens_details or usage.prompt_tokens_details or _Cache()
    return _bounded(
        input=usage.input_tokens or usage.prompt_tokens or 0,
        output=usage.output_tokens or usage.completion_tokens or 0,
        cached=details.cached_tokens or 0,
        written=details.cache_write_tokens or 0,
    )


def _gemini_tokens(usage: _GeminiUsage) -> Tokens:
    return _bounded(
        input=(usage.promptTokenCount or 0) + (usage.toolUsePromptTokenCount or 0),
        output=(usage.candidatesTokenCount or 0) + (usage.thoughtsTokenCount or 0),
        cached=usage.cachedContentTokenCount or 0,
    )


def _bounded(**counts: int) -> Tokens:
    return Tokens(**{name: min(max(0, count), 10**9) for name, count in counts.items()})
