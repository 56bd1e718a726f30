"""What streams of events cost: memory for each that is open, and how soon each hears of news."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass

import httpx

from bench.figures import Line, p50_p99, percentile
from bench.places import Place
from bench.processes import BenchError, Server
from bench.scale import Plan

MEMORY_KIB = 64.0
STREAMS_OF_KEY = 100
WAIT_S = 60.0
ROUNDS = 5


@dataclass
class Stream:
    """One open stream."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def hear(self) -> float:
        """When it has heard that the next task was posted."""
        async with asyncio.timeout(WAIT_S):
            while b'"task_published"' not in await self.reader.readuntil(b"\n\n"):
                pass
        return time.monotonic()


def measure(plan: Plan, place: Place) -> Iterator[Line]:
    """Streams of one organization, waiting; then one commit that all of them hear of."""
    count = plan.scale.streams
    plan.say(f"{place.name}: {count:,} streams of events")
    with place.make("streams", plan.scale.thousand).hall() as hall:
        kib, one_ms, all_ms = asyncio.run(_measure(hall, count))
    yield Line(f"{place.name}: memory of an open stream of events", kib, "KiB", MEMORY_KIB)
    yield Line(
        f"{place.name}: from a commit to the one stream that waits, p50",
        percentile(one_ms, 0.5),
        "ms",
        cells={"hall_ms": p50_p99(one_ms)},
    )
    yield Line(
        f"{place.name}: from a commit to each of all streams, p50",
        percentile(all_ms, 0.5),
        "ms",
        cells={"hall_ms": p50_p99(all_ms)},
        details={"streams": count, "last_ms": max(all_ms)},
    )


async def _measure(hall: Server, count: int) -> tuple[float, list[float], list[float]]:
    url = f"http://{hall.host}:{hall.port}"
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=WAIT_S) as client:
        keys = await _keys(client, -(-count // STREAMS_OF_KEY) + 1)
        client.headers["Authorization"] = f"Bearer {keys[0]}"
        # What the first few make the process keep is no stream's price.
        open_streams = [await _open(hall, keys[-1]) for _ in range(min(10, count))]
        one_ms: list[float] = []
        for _ in range(ROUNDS * 4):
            one_ms += await _commit(client, open_streams[:1], open_streams[1:])
        before_bytes = hall.memory_bytes()
        more = [await _open(hall, keys[at // STREAMS_OF_KEY]) for at in range(count)]
        kib = (hall.memory_bytes() - before_bytes) / 1024 / count
        all_ms: list[float] = []
        for _ in range(ROUNDS):
            all_ms += await _commit(client, more, open_streams)
        for stream in (*open_streams, *more):
            stream.writer.close()
    return kib, one_ms, all_ms


async def _keys(client: httpx.AsyncClient, count: int) -> list[str]:
    """Keys of one new organization."""
    account = {"email": "reader@example.com", "name": "Reader"}
    key = _of(await client.post("/api/v1/auth/register", json=account))["api_key"]
    own = {"Authorization": f"Bearer {key}"}
    made = [
        _of(await client.post("/api-keys", json={"name": f"key {number}"}, headers=own))["apiKey"]
        for number in range(count)
    ]
    return [key, *made]


async def _open(hall: Server, key: str) -> Stream:
    reader, writer = await asyncio.open_connection(hall.host, hall.port, limit=1 << 16)
    writer.write(
        b"GET /hall/v1/events?after=now HTTP/1.1\r\nHost: hall\r\n"
        b"Accept: text/event-stream\r\nAuthorization: Bearer " + key.encode() + b"\r\n\r\n"
    )
    head = await reader.readuntil(b"\r\n\r\n")
    if b" 200 " not in head.partition(b"\r\n")[0]:
        raise BenchError(f"a stream was answered with {head[:200]!r}")
    await reader.readuntil(b"\n\n")
    return Stream(reader, writer)


async def _commit(
    client: httpx.AsyncClient, measured: list[Stream], others: list[Stream]
) -> list[float]:
    """Milliseconds from the answer to a post until each of the measured streams had heard."""
    hearing = [asyncio.create_task(one.hear()) for one in (*measured, *others)]
    await asyncio.sleep(0.05)
    _of(await client.post("/api/v1/tasks/", json={"title": "Page", "description": "With a hero"}))
    answered_s = time.monotonic()
    heard = await asyncio.gather(*hearing)
    return [(at_s - answered_s) * 1e3 for at_s in heard[: len(measured)]]


def _of(answer: httpx.Response) -> dict[str, str]:
    if answer.status_code != 201:
        raise BenchError(f"{answer.request.url.path} answered {answer.status_code}: {answer.text}")
    return answer.json()
