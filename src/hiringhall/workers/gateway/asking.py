"""A request as the gateway judges it: its model, what it can cost, and what of it is forwarded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from hiringhall.workers.gateway.models import RunModels
from hiringhall.workers.gateway.paths import Dialect, Path, with_model
from hiringhall.workers.gateway.refusals import Refused

Fields = dict[str, msgspec.Raw]

BYTES_A_TOKEN = 3
"""Fewer than text and code have on average (about four), so that the estimate is seldom short."""
UNSAID_OUTPUT_TOKENS = 16_000
"""Put by for the answer to a request that sets no bound."""
MOST_OUTPUT_TOKENS = 1_000_000

# Things that would cost otherwise than the table says.
_DROPPED = frozenset({"service_tier", "speed"})
# Things that lead past the run: another conversation of the same key, servers elsewhere.
_REFUSED: Mapping[Dialect, frozenset[str]] = {
    Dialect.MESSAGES: frozenset({"mcp_servers", "container"}),
    Dialect.CHAT: frozenset({"web_search_options"}),
    Dialect.RESPONSES: frozenset({"previous_response_id", "conversation", "background", "prompt"}),
    Dialect.GEMINI: frozenset({"cachedContent", "cached_content"}),
}
_BOUNDS: Mapping[Dialect, Sequence[str]] = {
    Dialect.MESSAGES: ("max_tokens",),
    Dialect.CHAT: ("max_completion_tokens", "max_tokens"),
    Dialect.RESPONSES: ("max_output_tokens",),
}
_HOSTED = ("web_search", "web_fetch", "code_execution", "mcp", "file_search", "code_interpreter",
           "image_generation", "computer_use_preview")  # fmt: skip
"""How the kinds of tools begin that a provider runs itself, with a network of its own."""
_EMPTY = frozenset({b"null", b"false", b"[]", b"{}", b'""'})


@dataclass(frozen=True, slots=True)
class Asking:
    """A request that may be forwarded.

    `adds_usage` says that the gateway asked for figures the client did not ask for.
    """

    model: str
    rest: str
    body: bytes
    stream: bool
    input_tokens: int
    output_tokens: int
    adds_usage: bool = False


class _Generation(msgspec.Struct):
    maxOutputTokens: int | None = None  # noqa: N815  Gemini's own names
    candidateCount: int | None = None  # noqa: N815


class _StreamOptions(msgspec.Struct):
    include_usage: bool | None = None


class _Tool(msgspec.Struct):
    type: str | None = None


def judge(path: Path, body: bytes, models: RunModels, *, hosted_tools: bool) -> Asking:
    """A request as it will be forwarded; raises Refused."""
    fields = _fields(body)
    for name in _REFUSED[path.dialect] & fields.keys():
        if bytes(fields.pop(name)) not in _EMPTY:
            raise Refused(400, f"The hall's gateway takes no '{name}'")
    for name in _DROPPED & fields.keys():
        del fields[name]
    if not hosted_tools and "tools" in fields:
        _leave_out_hosted(path.dialect, fields)
    asked = path.model or _one(fields, "model", str, None)
    if not asked:
        raise Refused(400, "A request names its model")
    model = models.choose(asked)
    if model is None:
        raise Refused(403, f"The model '{asked}' is not allowed here")
    rest = path.rest
    if path.model is not None:
        rest = with_model(path, model)
    else:
        fields["model"] = _raw(model)
    stream = path.stream or bool(_one(fields, "stream", bool, default=False))
    adds_usage = stream and path.dialect is Dialect.CHAT and _ask_for_usage(fields)
    forwarded = msgspec.json.encode(fields)
    return Asking(
        model=model,
        rest=rest,
        body=forwarded,
        stream=stream,
        input_tokens=len(forwarded) // BYTES_A_TOKEN + 1,
        output_tokens=_most_output(path.dialect, fields),
        adds_usage=adds_usage,
    )


def _fields(body: bytes) -> Fields:
    # Written anew for the provider: of a name given twice it reads what was judged here.
    try:
        return msgspec.json.decode(body, type=Fields)
    except msgspec.DecodeError:
        raise Refused(400, "The body is no JSON object") from None


def _one(fields: Fields, name: str, kind: Any, default: Any) -> Any:
    if name not in fields:
        return default
    try:
        value = msgspec.json.decode(fields[name], type=kind | None)
    except msgspec.DecodeError:
        raise Refused(400, f"'{name}' is not what it can be") from None
    return default if value is None else value


def _raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))


def _most_output(dialect: Dialect, fields: Fields) -> int:
    """How many tokens the answer can have, as the request bounds it."""
    if dialect is Dialect.GEMINI:
        told = _one(fields, "generationConfig", _Generation, _Generation())
        bound, times = told.maxOutputTokens, told.candidateCount
    else:
        bounds = [_one(fields, name, int, None) for name in _BOUNDS[dialect]]
        bound = next((one for one in bounds if one is not None), None)
        times = _one(fields, "n", int, 1)
    tokens = UNSAID_OUTPUT_TOKENS if bound is None else bound
    return min(MOST_OUTPUT_TOKENS, max(0, tokens)) * min(128, max(1, times or 1))


def _ask_for_usage(fields: Fields) -> bool:
    """Have a Chat Completions stream end with its figures; False where the client asked itself."""
    options = _one(fields, "stream_options", _StreamOptions, _StreamOptions())
    if options.include_usage:
        return False
    given = _one(fields, "stream_options", dict[str, Any], {})
    fields["stream_options"] = _raw({**given, "include_usage": True})
    return True


def _leave_out_hosted(dialect: Dialect, fields: Fields) -> None:
    """Drop the tools that the provider would run itself: they reach a network the run has not."""
    tools = _one(fields, "tools", list[msgspec.Raw], [])
    if dialect is Dialect.GEMINI:
        kept = [_raw(own) for tool in tools if (own := _declared_only(tool))]
    else:
        kept = [tool for tool in tools if not _is_hosted(tool)]
    if kept:
        fields["tools"] = _raw(kept)
        return
    del fields["tools"]
    for name in ("tool_choice", "toolConfig", "parallel_tool_calls"):
        fields.pop(name, None)


def _declared_only(tool: msgspec.Raw) -> Fields:
    own = _one({"tools": tool}, "tools", Fields, {})
    names = ("functionDeclarations", "function_declarations")
    return {name: own[name] for name in names if name in own}


def _is_hosted(tool: msgspec.Raw) -> bool:
    kind = _one({"tools": tool}, "tools", _Tool, _Tool()).type
    return kind is not None and kind.startswith(_HOSTED)
