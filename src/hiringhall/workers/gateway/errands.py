"""A question that the hall itself asks a model, on behalf of a task: held and metered like any."""

import asyncio
from dataclasses import dataclass
from typing import Any

import msgspec

from hiringhall.actions.runs import spending
from hiringhall.domain.compute import CapReached, Spender, most_micros
from hiringhall.workers.gateway.asking import judge
from hiringhall.workers.gateway.exchange import Exchange
from hiringhall.workers.gateway.gateway import Gateway
from hiringhall.workers.gateway.paths import Dialect, Path, find_path
from hiringhall.workers.gateway.refusals import Refused
from hiringhall.workers.gateway.stops import Stop

ANSWER_S = 180.0
RUNTIME = "hall"
"""What such calls are counted under, in place of a run's runtime."""
MOST_ANSWER_BYTES = 4 << 20

_HEADERS = {b"content-type": b"application/json", b"anthropic-version": b"2023-06-01"}


class NoAnswer(Exception):
    """No model answered; the message says why. `may_retry`: it may in a while."""

    def __init__(self, message: str, *, may_retry: bool) -> None:
        super().__init__(message)
        self.message = message
        self.may_retry = may_retry


class _Block(msgspec.Struct):
    type: str = ""
    text: str | None = None


class _Message(msgspec.Struct):
    content: str | None = None


class _Choice(msgspec.Struct):
    message: _Message


class _Messages(msgspec.Struct):
    content: list[_Block]


class _Chat(msgspec.Struct):
    choices: list[_Choice]


@dataclass(slots=True)
class _Asker:
    """Who asks, as an exchange wants to know it."""

    gateway: Gateway
    runtime: str = RUNTIME
    stopped: Stop | None = None

    def stop(self, because: Stop) -> None:
        """The provider is busy: there will be no answer."""
        self.stopped = because


class _Heard:
    """Takes the answer in, as an ASGI server would."""

    def __init__(self) -> None:
        self.status = 0
        self.body = b""
        self.ended = False

    async def __call__(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            return
        self.body += message.get("body", b"")
        self.ended = not message.get("more_body", False)
        if len(self.body) > MOST_ANSWER_BYTES:
            raise Refused(502, "The model's answer is longer than anybody asked for")


async def ask_model(
    gateway: Gateway,
    *,
    spender: Spender,
    model: str,
    speaks: str,
    system: str,
    question: str,
    most_output_tokens: int,
) -> str:
    """What a model says to one question; `speaks` is `anthropic` or `openai`.

    It is paid for out of the spender's budgets. Raises NoAnswer.
    """
    path = _path(speaks)
    body = msgspec.json.encode(_request(path, model, system, question, most_output_tokens))
    try:
        async with asyncio.timeout(ANSWER_S):
            heard = await _exchange(gateway, spender, path, body)
    except Refused as refused:
        raise NoAnswer(refused.message, may_retry=refused.status >= 429) from refused
    except TimeoutError as error:
        raise NoAnswer("The model was silent for too long", may_retry=True) from error
    if not heard.ended:
        raise NoAnswer("The model's answer broke off", may_retry=True)
    if heard.status != 200:
        again = heard.status in (408, 409, 429) or heard.status >= 500
        raise NoAnswer(f"The model's provider answered {heard.status}", may_retry=again)
    return _text(path, heard.body)


async def _exchange(gateway: Gateway, spender: Spender, path: Path, body: bytes) -> _Heard:
    asking = judge(path, body, gateway.models.of_role({}), hosted_tools=False)
    endpoint = await gateway.endpoint_for(spender, path.provider)
    amount_micros = most_micros(
        gateway.prices.of(asking.model),
        input_tokens=asking.input_tokens,
        output_tokens=asking.output_tokens,
    )
    call = await spending.reserve_errand(
        gateway.hall,
        spender=spender,
        provider=path.provider.value,
        model=asking.model[:200],
        amount_micros=amount_micros,
    )
    if isinstance(call, CapReached):
        raise Refused(402, call.text)
    heard = _Heard()
    await Exchange(_Asker(gateway), endpoint, path, asking, call, heard).forward(b"", _HEADERS)
    return heard


def _path(speaks: str) -> Path:
    where = "/v1/messages" if speaks == "anthropic" else "/v1/chat/completions"
    path = find_path("POST", where, {})
    assert path is not None, "the gateway forwards both"
    return path


def _request(
    path: Path, model: str, system: str, question: str, most_output_tokens: int
) -> dict[str, Any]:
    asked = {"role": "user", "content": question}
    if path.dialect is Dialect.MESSAGES:
        return {
            "model": model,
            "max_tokens": most_output_tokens,
            "system": system,
            "messages": [asked],
        }
    return {
        "model": model,
        "max_completion_tokens": most_output_tokens,
        "messages": [{"role": "system", "content": system}, asked],
    }


def _text(path: Path, body: bytes) -> str:
    try:
        if path.dialect is Dialect.MESSAGES:
            blocks = msgspec.json.decode(body, type=_Messages).content
            text = "".join(one.text or "" for one in blocks if one.type == "text")
        else:
            choices = msgspec.json.decode(body, type=_Chat).choices
            text = (choices[0].message.content if choices else None) or ""
    except msgspec.DecodeError as error:
        raise NoAnswer("The model's answer cannot be read", may_retry=True) from error
    if not text.strip():
        raise NoAnswer("The model said nothing", may_retry=True)
    return text
