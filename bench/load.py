"""The client of the benchmarks: keep-alive connections that do as little as a client can.

A process of its own, so that a server's CPU is a server's alone: `python -m bench.load` reads one
job a line (`Job` as JSON) and answers each with one line (`Report`). It parses just enough of an
answer to know its status and its end, and keeps its connections from one job to the next.
"""

import asyncio
import os
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NoReturn, cast

import msgspec
import uvloop


class Job(msgspec.Struct):
    """Requests to be sent, each as the text of its head and body, over some connections.

    With `pace_s` they are sent one at a time and no faster than one in so many seconds.
    """

    host: str
    port: int
    requests: list[str]
    status: int
    connections: int = 1
    pace_s: float = 0
    deadline_s: float = 300


class Report(msgspec.Struct):
    """How long each request took; `wrong` holds the first answers that were not as expected."""

    latencies_ms: list[float]
    wrong: list[str]
    busy_share: float
    """The client's own CPU by the time it all took; near 1 the client was the limit."""


class _Lane(asyncio.Protocol):
    """One connection: sends the next request when the answer to the last is complete."""

    def __init__(self) -> None:
        self.lost = False
        self._transport: asyncio.Transport
        self._done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._received = b""
        self._sent_at_s = 0.0

    def go(self, job: Job, requests: Iterator[bytes], report: Report) -> asyncio.Future[None]:
        """Send requests until there are no more; the future is done with the last answer."""
        self._job, self._requests, self._report = job, requests, report
        self._done = asyncio.get_running_loop().create_future()
        self._next()
        return self._done

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by descent

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not found or len(body) < _content_length(head):
            return
        took_s = time.perf_counter() - self._sent_at_s
        self._report.latencies_ms.append(took_s * 1000)
        if int(head[9:12]) != self._job.status and len(self._report.wrong) < 3:
            self._report.wrong.append(self._received.decode(errors="replace"))
        self._received = b""
        if self._job.pace_s:
            wait_s = max(0.0, self._job.pace_s - took_s)
            asyncio.get_running_loop().call_later(wait_s, self._next)
        else:
            self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        if not self._done.done():
            self._done.set_exception(exc or ConnectionError("the server hung up"))

    def _next(self) -> None:
        request = next(self._requests, None)
        if request is not None:
            self._sent_at_s = time.perf_counter()
            self._transport.write(request)
        elif not self._done.done():
            self._done.set_result(None)


def _content_length(head: bytes) -> int:
    _, found, rest = head.lower().partition(b"\r\ncontent-length:")
    if not found:
        raise ConnectionError("an answer without a length")
    return int(rest.partition(b"\r\n")[0])


class _Client:
    """All connections, by server."""

    def __init__(self) -> None:
        self._lanes: dict[tuple[str, int], list[_Lane]] = {}

    async def carry_out(self, job: Job) -> Report:
        """Send a job's requests and wait for all answers."""
        asyncio.get_running_loop().set_exception_handler(_break_off)
        lanes = await self._connected(job)
        report = Report([], [], 0)
        requests = map(str.encode, iter(job.requests))
        begun_s, cpu_s = time.perf_counter(), time.process_time()
        async with asyncio.timeout(job.deadline_s):
            await asyncio.gather(*(lane.go(job, requests, report) for lane in lanes))
        took_s = max(time.perf_counter() - begun_s, 1e-9)
        report.busy_share = (time.process_time() - cpu_s) / took_s
        return report

    async def _connected(self, job: Job) -> list[_Lane]:
        loop, count = asyncio.get_running_loop(), 1 if job.pace_s else job.connections
        await asyncio.sleep(0.001)  # hear of those that the server has closed meanwhile
        kept = self._lanes.get((job.host, job.port), [])
        lanes = [lane for lane in kept if not lane.lost]
        while len(lanes) < count:
            _, lane = await loop.create_connection(_Lane, job.host, job.port)
            lanes.append(lane)
        self._lanes[job.host, job.port] = lanes
        return lanes[:count]


def _break_off(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> NoReturn:
    """End the process where asyncio would only log: the bench would wait for nothing."""
    print(context, file=sys.stderr, flush=True)
    os._exit(1)


def main() -> None:
    """Carry out jobs until the input ends."""
    client = _Client()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner, suppress(BrokenPipeError):
        for line in sys.stdin.buffer:
            report = runner.run(client.carry_out(msgspec.json.decode(line, type=Job)))
            sys.stdout.buffer.write(msgspec.json.encode(report) + b"\n")
            sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
