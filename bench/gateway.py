"""What the model gateway adds to the first byte of a streamed call, against calling directly."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from bench.figures import Line, p50_p99, percentile
from bench.places import Place
from bench.processes import BenchError, Server
from bench.scale import Plan

ADDED_MS = 3.0
BODY = {
    "model": "test-model",
    "stream": True,
    "max_tokens": 1000,
    "messages": [{"role": "user", "content": "What is there to say? " * 3000}],
}
"""As long as an agent's usual request: some 60 kB."""


def measure(plan: Plan, place: Place) -> Iterator[Line]:
    """The same call by turns directly and through the gateway, which keeps its books meanwhile."""
    plan.say(f"{place.name}: the model gateway against the model server itself")
    made = place.make("gateway", plan.scale.thousand)
    # A socket's path ends at 107 bytes.
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        Server(["-m", "bench.gateway_served", "models"], folder=made.folder) as models,
    ):
        model_url = f"http://{models.host}:{models.port}"
        path = str(Path(folder) / "model.sock")
        command = ["-m", "bench.gateway_served", "hall", made.url, path, model_url]
        with (
            Server(command, folder=made.folder),
            httpx.Client(base_url=model_url) as direct,
            httpx.Client(
                base_url="http://model", transport=httpx.HTTPTransport(uds=path)
            ) as through,
        ):
            pairs = [(_first_byte_ms(direct), _first_byte_ms(through)) for _ in range(_calls(plan))]
    kept = pairs[len(pairs) // 10 :]
    alone_ms, with_ms = [one for one, _ in kept], [other for _, other in kept]
    added = {
        f"p{share * 100:.0f}": percentile(with_ms, share) - percentile(alone_ms, share)
        for share in (0.5, 0.99)
    }
    yield Line(
        f"{place.name}: the gateway's part of a stream's first byte, p50",
        added["p50"],
        "ms",
        ADDED_MS,
        cells={"hall_ms": p50_p99(with_ms), "against_ms": p50_p99(alone_ms)},
        details={"added_ms": added, "calls": len(kept)},
    )


def _calls(plan: Plan) -> int:
    return plan.scale.gets


def _first_byte_ms(client: httpx.Client) -> float:
    """From sending a request until the first byte of its stream, which is read to its end."""
    begun_s = time.perf_counter()
    took_ms = 0.0
    with client.stream("POST", "/v1/messages", json=BODY) as response:
        for _ in response.iter_raw():
            took_ms = took_ms or (time.perf_counter() - begun_s) * 1000
    if response.status_code != 200:
        raise BenchError(f"the model was not answered: {response.status_code}")
    return took_ms
