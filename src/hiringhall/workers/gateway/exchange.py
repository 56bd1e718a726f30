"""One call to a provider: forwarded with the hall's key, passed back as it comes, and settled."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

import structlog

from hiringhall.actions.runs import spending
from hiringhall.domain.compute import cost_micros
from hiringhall.store.budgets import ModelCall
from hiringhall.workers.gateway.asking import Asking
from hiringhall.workers.gateway.paths import Dialect, Path, kept_query
from hiringhall.workers.gateway.providers import Endpoint, key_header
from hiringhall.workers.gateway.reading import MOST_BYTES, Lines, Reading
from hiringhall.workers.gateway.refusals import Refused, refusal_body
from hiringhall.workers.gateway.stops import ProviderBusy, Stop, busy_until_us

if TYPE_CHECKING:
    import httpx

    from hiringhall.workers.gateway.gateway import Gateway

log = structlog.get_logger()

MOST_ERROR_BYTES = 1 << 20
BUSY = frozenset({429, 529})
_NO_KEY = frozenset({401, 403})

_FORWARDED = (
    b"accept",
    b"content-type",
    b"user-agent",
    b"anthropic-version",
    b"anthropic-beta",
    b"openai-beta",
    b"x-goog-api-client",
)
_PASSED_BACK = (
    "content-type",
    "content-encoding",
    "cache-control",
    "retry-after",
    "retry-after-ms",
    "request-id",
    "x-request-id",
    "x-should-retry",
)


async def refuse(send: Any, dialect: Dialect, refused: Refused) -> None:
    """Answer with an error of the gateway's own, as clients of the dialect read it."""
    body = refusal_body(dialect, refused.status, refused.message)
    headers = {"content-type": "application/json"}
    if refused.retry_after_s is not None:
        headers["retry-after"] = str(refused.retry_after_s)
    # Only waiting for a provider is worth another try; SDKs ask this header first.
    headers["x-should-retry"] = "true" if refused.status == 429 else "false"
    await _whole(send, refused.status, headers, body)


async def _whole(send: Any, status: int, headers: Mapping[str, str], body: bytes) -> None:
    await _start(send, status, {**headers, "content-length": str(len(body))})
    await send({"type": "http.response.body", "body": body})


async def _start(send: Any, status: int, headers: Mapping[str, str]) -> None:
    encoded = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": encoded})


class Asker(Protocol):
    """Who asks: a run's agent, or the hall itself."""

    @property
    def gateway(self) -> "Gateway":
        """The way to the provider."""
        ...

    @property
    def runtime(self) -> str:
        """What the call is counted under."""
        ...

    def stop(self, because: Stop) -> None:
        """Ask no more, and why."""
        ...


class Exchange:
    """One request of an agent's on its way to a provider, and the answer on its way back.

    `call` is what was put by for it; None where it costs nothing.
    """

    def __init__(
        self,
        run: Asker,
        endpoint: Endpoint,
        path: Path,
        asking: Asking | None,
        call: ModelCall | None,
        send: Any,
    ) -> None:
        self._run = run
        self._endpoint = endpoint
        self._path = path
        self._asking = asking
        self._call = call
        self._send = send
        self._reading = Reading(path.dialect)
        self._settling: asyncio.Task[Any] | None = None

    async def forward(self, query: bytes, headers: Mapping[bytes, bytes]) -> None:
        """Have the provider answer, and pass that back. Raises Refused before the first byte."""
        import httpx

        try:
            response = await self._ask(query, headers)
            try:
                await self._pass_back(response)
            finally:
                await asyncio.shield(response.aclose())
        except httpx.HTTPError as error:
            # Ended without an end: the server hangs up, so that the client sees that too.
            await self._settle_broken()
            provider = self._endpoint.provider.value
            log.warning("gateway.broken", provider=provider, error=type(error).__name__)
        except BaseException:
            # It broke off, or the client went away: what was used, nobody knows.
            await self._settle_broken()
            raise

    async def _ask(self, query: bytes, headers: Mapping[bytes, bytes]) -> "httpx.Response":
        import httpx

        client = await self._run.gateway.client()
        asking = self._asking
        rest = self._path.rest if asking is None else asking.rest
        request = client.build_request(
            "GET" if asking is None else "POST",
            f"{self._endpoint.base_url.rstrip('/')}{rest}{kept_query(query)}",
            headers=self._headers(headers),
            content=None if asking is None else asking.body,
        )
        try:
            return await client.send(request, stream=True)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            await self._release()
            raise self._unreached(error) from error
        except httpx.HTTPError as error:
            raise self._unreached(error) from error

    def _headers(self, given: Mapping[bytes, bytes]) -> dict[str, str]:
        kept = {
            name.decode(): given[name].decode("latin-1") for name in _FORWARDED if name in given
        }
        # As it is: figures are read out of it.
        kept["accept-encoding"] = "identity"
        if self._endpoint.key:
            name, value = key_header(self._endpoint.provider, self._endpoint.key)
            kept[name] = value
        return kept

    def _unreached(self, error: Exception) -> Refused:
        # Its class alone: the message of an error may tell more than an agent is to know.
        provider = self._endpoint.provider.value
        log.warning("gateway.unreached", provider=provider, error=type(error).__name__)
        return Refused(502, f"The model's provider ({provider}) was not reached")

    async def _pass_back(self, response: "httpx.Response") -> None:
        status = response.status_code
        if status >= 400:
            await self._pass_error(response)
            return
        if status >= 300:
            await self._release()
            raise Refused(502, "The model's provider answers from elsewhere: the base URL is wrong")
        streams = self._asking is not None and self._asking.stream
        if streams and response.headers.get("content-type", "").startswith("text/event-stream"):
            await self._pass_events(response)
        elif streams:
            await self._pass_array(response)
        else:
            await self._pass_whole(response)

    async def _pass_error(self, response: "httpx.Response") -> None:
        status = response.status_code
        body = await _bounded(response)
        await self._release()
        if status in BUSY:
            now_us = self._run.gateway.hall.clock()
            until_us = busy_until_us(response.headers, body, now_us=now_us)
            self._run.stop(ProviderBusy(self._endpoint.provider.value, status, until_us))
        if status in _NO_KEY:
            # What a provider says of a key quotes it, in part or whole.
            provider = self._endpoint.provider.value
            log.warning("gateway.key_refused", provider=provider, status=status)
            raise Refused(status, f"The provider ({provider}) refuses the key it was called with")
        body = self._run.gateway.masked(body, self._endpoint)
        await _whole(self._send, status, _kept(response), body)

    async def _pass_events(self, response: "httpx.Response") -> None:
        """Pass events on byte for byte, and settle before the last of them."""
        adds_usage = self._asking is not None and self._asking.adds_usage
        lines = Lines(self._reading, drops_usage=adds_usage)
        await _start(self._send, response.status_code, _kept(response))
        async for chunk in response.aiter_raw():
            passed = lines.feed(chunk)
            if self._reading.ended:
                await self._settle()
            if self._reading.busy:
                self._stop_busy()
            if passed:
                await self._more(passed)
        rest = lines.end()
        await self._settle()
        await self._send({"type": "http.response.body", "body": rest})

    async def _pass_array(self, response: "httpx.Response") -> None:
        """Pass on a stream that is one JSON array, as Gemini's is without `alt=sse`."""
        await _start(self._send, response.status_code, _kept(response))
        read = b""
        async for chunk in response.aiter_raw():
            read = read + chunk if len(read) <= MOST_BYTES else b""
            await self._more(chunk)
        if self._path.dialect is Dialect.GEMINI:
            self._reading.read_list(read)
        else:
            self._reading.read(read)
        await self._settle()
        await self._send({"type": "http.response.body", "body": b""})

    async def _pass_whole(self, response: "httpx.Response") -> None:
        body = b"".join([chunk async for chunk in response.aiter_raw()])
        self._reading.read(body)
        await self._settle()
        await _whole(self._send, response.status_code, _kept(response), body)

    async def _more(self, body: bytes) -> None:
        await self._send({"type": "http.response.body", "body": body, "more_body": True})

    def _stop_busy(self) -> None:
        hall = self._run.gateway.hall
        until_us = busy_until_us({}, b"", now_us=hall.clock())
        self._run.stop(ProviderBusy(self._endpoint.provider.value, 529, until_us))

    async def _settle(self) -> None:
        """Settle at what was used; where the answer did not say, at what was put by."""
        tokens = self._reading.tokens
        if self._call is None or self._settling is not None:
            return
        if tokens is None:
            await self._settle_broken()
            return
        gateway = self._run.gateway
        await self._once(
            spending.settle_call(
                gateway.hall,
                call=self._call,
                runtime=self._run.runtime,
                cost_micros=cost_micros(gateway.prices.of(self._call.model), tokens),
                tokens=tokens,
            )
        )

    async def _settle_broken(self) -> None:
        if self._call is not None and self._settling is None:
            await self._once(
                spending.settle_broken_call(
                    self._run.gateway.hall, call=self._call, runtime=self._run.runtime
                )
            )

    async def _release(self) -> None:
        if self._call is not None and self._settling is None:
            await self._once(spending.release_call(self._run.gateway.hall, call=self._call))

    async def _once(self, settling: Any) -> None:
        """Settle, to its end also where the client goes away meanwhile."""
        self._settling = begun = asyncio.ensure_future(settling)
        await asyncio.shield(begun)


async def _bounded(response: "httpx.Response") -> bytes:
    body = b""
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > MOST_ERROR_BYTES:
            return body[:MOST_ERROR_BYTES]
    return body


def _kept(response: "httpx.Response") -> dict[str, str]:
    return {name: response.headers[name] for name in _PASSED_BACK if name in response.headers}
