"""GET and POST on several servers, in turn and round by round, by the CPU of each server."""

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from bench.figures import Sample
from bench.fill import Population
from bench.lives import prose
from bench.load import Job
from bench.processes import Load, Server
from bench.scale import Plan

Kind = Literal["GET", "POST"]

KINDS: tuple[Kind, ...] = ("GET", "POST")


@dataclass(frozen=True, slots=True)
class Racer:
    """A server with what there is to ask it for."""

    server: Server
    population: Population


Results = dict[Kind, dict[str, list[Sample]]]
"""What each server took, by kind of request and name of server, round by round."""


def race(load: Load, racers: Mapping[str, Racer], plan: Plan) -> Results:
    """Let each server answer the same requests in each round, each time another one first."""
    results: Results = {kind: {name: [] for name in racers} for kind in KINDS}
    names = list(racers)
    scale, counts = plan.scale, {"GET": plan.scale.gets, "POST": plan.scale.posts}
    for number in range(plan.rounds + 1):
        plan.say(f"round {number} of {plan.rounds}" if number else "warming up")
        for kind in KINDS:
            for name in names:
                count = counts[kind] if number else scale.warm_up
                requests = _requests(kind, racers[name], count, seed=number)
                sample = _measure(load, racers[name].server, kind, requests, scale.connections)
                if number:
                    results[kind][name].append(sample)
        names.append(names.pop(0))
    return results


def _measure(
    load: Load, server: Server, kind: Kind, requests: list[str], connections: int
) -> Sample:
    job = Job(
        server.host,
        server.port,
        requests,
        status=200 if kind == "GET" else 201,
        connections=connections,
    )
    before_ns = server.cpu_ns()
    report = load.run(job)
    cpu_ns = server.cpu_ns() - before_ns
    return Sample(cpu_ns / 1000 / len(requests), tuple(report.latencies_ms))


def _requests(kind: Kind, racer: Racer, count: int, *, seed: int) -> list[str]:
    draw = random.Random(seed)
    if kind == "GET":
        keys, sample = racer.population.keys, racer.population.sample
        return [
            get_request(keys[organization_id], task_id)
            for task_id, organization_id in draw.choices(sample, k=count)
        ]
    return post_requests(racer.population, count, seed=seed)


def get_request(key: str, task_id: str) -> str:
    """`GET /api/v1/tasks/{id}` as it goes over the wire."""
    return f"GET /api/v1/tasks/{task_id} HTTP/1.1\r\n{_HEADERS}authorization: Bearer {key}\r\n\r\n"


def post_requests(population: Population, count: int, *, seed: int = 0) -> list[str]:
    """So many `POST /api/v1/tasks/`, in the name of all organizations by turns."""
    draw = random.Random(seed)
    keys: Sequence[str] = list(population.keys.values())
    return [_post(keys[number % len(keys)], draw) for number in range(count)]


def _post(key: str, draw: random.Random) -> str:
    return post_request(key, {"title": prose(draw, 6), "description": prose(draw, 25)})


def post_request(key: str, fields: Mapping[str, Any]) -> str:
    """`POST /api/v1/tasks/` as it goes over the wire."""
    body = json.dumps(fields)
    return (
        f"POST /api/v1/tasks/ HTTP/1.1\r\n{_HEADERS}authorization: Bearer {key}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n{body}"
    )


# What httpx, the client of the seed's example, sends too.
_HEADERS = (
    "host: 127.0.0.1\r\naccept: */*\r\naccept-encoding: gzip, deflate\r\n"
    "connection: keep-alive\r\nuser-agent: bench\r\n"
)
