"""The paths that are forwarded, and no others: each with its dialect and what it is for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qsl, urlencode

from hiringhall.workers.gateway.providers import Provider


class Dialect(StrEnum):
    """How a request and its answer are written."""

    MESSAGES = "messages"
    CHAT = "chat"
    RESPONSES = "responses"
    GEMINI = "gemini"


class Use(StrEnum):
    """What a call is for: only an answer costs anything."""

    ANSWER = "answer"
    COUNT = "count"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class Path:
    """A path that is forwarded: `rest` comes behind the provider's base URL.

    `model` and `stream` are known where the path says them (Gemini), else the body does.
    """

    provider: Provider
    dialect: Dialect
    use: Use
    rest: str
    model: str | None = None
    stream: bool = False


_POSTED: Mapping[str, tuple[Provider, Dialect, Use]] = {
    "/messages": (Provider.ANTHROPIC, Dialect.MESSAGES, Use.ANSWER),
    "/messages/count_tokens": (Provider.ANTHROPIC, Dialect.MESSAGES, Use.COUNT),
    "/chat/completions": (Provider.OPENAI, Dialect.CHAT, Use.ANSWER),
    "/responses": (Provider.OPENAI, Dialect.RESPONSES, Use.ANSWER),
}
_GEMINI = re.compile(
    r"/(v1|v1beta)/models/([A-Za-z0-9][A-Za-z0-9._-]*):"
    r"(generateContent|streamGenerateContent|countTokens)"
)
_GEMINI_LIST = re.compile(r"/v1beta/models(/[A-Za-z0-9][A-Za-z0-9._-]*)?")
_LIST = re.compile(r"/models(/[A-Za-z0-9][A-Za-z0-9._:-]*)?")


def find_path(method: str, path: str, headers: Mapping[bytes, bytes]) -> Path | None:
    """What a request is, or None where the hall forwards nothing of the kind."""
    inner = path.removeprefix("/v1")
    if method == "POST":
        if (posted := _POSTED.get(inner)) is not None:
            provider, dialect, use = posted
            # Anthropic's base URL ends before the version, OpenAI's behind it.
            before = "/v1" if provider is Provider.ANTHROPIC else ""
            return Path(provider, dialect, use, before + inner)
        return _gemini(path)
    if method == "GET" and _GEMINI_LIST.fullmatch(path):
        return Path(Provider.GEMINI, Dialect.GEMINI, Use.LIST, path)
    if method == "GET" and _LIST.fullmatch(inner):
        if b"anthropic-version" in headers:
            return Path(Provider.ANTHROPIC, Dialect.MESSAGES, Use.LIST, f"/v1{inner}")
        return Path(Provider.OPENAI, Dialect.CHAT, Use.LIST, inner)
    return None


def _gemini(path: str) -> Path | None:
    found = _GEMINI.fullmatch(path)
    if found is None:
        return None
    _, model, verb = found.groups()
    use = Use.COUNT if verb == "countTokens" else Use.ANSWER
    streams = verb == "streamGenerateContent"
    return Path(Provider.GEMINI, Dialect.GEMINI, use, path, model, streams)


def with_model(path: Path, model: str) -> str:
    """The rest of a path that names its model, with another in its place."""
    before, _, verb = path.rest.rpartition(":")
    return f"{before.rpartition('/')[0]}/{model}:{verb}"


_QUERY = frozenset({"alt", "beta", "pageSize", "pageToken", "limit", "after_id", "before_id"})


def kept_query(query: bytes) -> str:
    """What of a query is forwarded: Gemini's `key`, for one, is not."""
    given = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    kept = [(name, value) for name, value in given if name in _QUERY]
    return f"?{urlencode(kept)}" if kept else ""
