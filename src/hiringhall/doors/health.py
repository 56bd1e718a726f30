"""What operators ask a hall: whether it lives, whether it is ready and why not, what it counts."""

import hmac
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

import msgspec
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from hiringhall.domain.errors import Forbidden
from hiringhall.doors.caller import bearer
from hiringhall.doors.kit import Answer, Call, Door, DoorApp, Raw, Route
from hiringhall.doors.neutral import ENVELOPES, ERRORS, envelope


class HealthAnswer(msgspec.Struct):
    """The process answers."""

    status: str


class ReadyAnswer(msgspec.Struct):
    """Whether work can be taken and done; `reasons` says by part what is missing, else empty."""

    ready: bool
    reasons: dict[str, str]


@dataclass(frozen=True, slots=True)
class Health:
    """What the health door is handed.

    `unready` gives by part why the hall cannot serve (empty: it can); `notes` what it can do
    without for now, such as a worker. `metrics_token` opens `/metrics` from elsewhere than
    loopback.
    """

    unready: Callable[[], Awaitable[Mapping[str, str]]]
    notes: Callable[[], Mapping[str, str]]
    registry: CollectorRegistry
    metrics_token: str | None = None


async def healthz(health: Health, call: Call[None, None]) -> HealthAnswer:
    """Say that the process answers; it asks nothing of anybody."""
    return HealthAnswer("ok")


async def readyz(health: Health, call: Call[None, None]) -> Answer:
    """Say whether the hall can serve, and what keeps it or its workers from it."""
    hindrances = dict(await health.unready())
    reasons = {**health.notes(), **hindrances}
    return Answer(ReadyAnswer(not hindrances, reasons), 503 if hindrances else 200)


async def metrics(health: Health, call: Call[None, None]) -> Raw:
    """Give the counters in Prometheus' text form: on loopback, or to the bearer of the token."""
    if not (_is_local(call) or _has_token(health, call)):
        raise Forbidden("Metrics are for loopback and for the bearer of their token")
    return Raw(generate_latest(health.registry), 200, CONTENT_TYPE_LATEST.encode())


def _is_local(call: Call[Any, Any]) -> bool:
    """Whether the request began on this machine; what a proxy passed on did not."""
    client = call.scope.get("client")
    if not client or call.headers.keys() & {b"x-forwarded-for", b"forwarded", b"via"}:
        return False
    try:
        return ip_address(client[0]).is_loopback
    except ValueError:
        return False


def _has_token(health: Health, call: Call[Any, Any]) -> bool:
    given = bearer(call.headers)
    if given is None or not health.metrics_token:
        return False
    return hmac.compare_digest(given.encode(), health.metrics_token.encode())


class DoorCollector(Collector):
    """The doors' counts, read only when somebody asks."""

    def __init__(self, apps: Iterable[DoorApp[Any]]) -> None:
        self._apps = tuple(apps)

    def collect(self) -> Iterable[Metric]:
        """Count what was answered, by door, route and status."""
        family = CounterMetricFamily(
            "hiringhall_answers",
            "Answers given, by door, method, route and status.",
            labels=("door", "method", "route", "status"),
        )
        counts: dict[tuple[str, str, str, str], int] = {}
        for app in self._apps:
            for (method, route, status), count in tuple(app.counts.items()):
                key = (app.door.name, method, route, str(status))
                counts[key] = counts.get(key, 0) + count
        for key, count in counts.items():
            family.add_metric(key, count)
        yield family


DOOR: Door[Health] = Door(
    name="health",
    title="Hiringhall: health",
    description="Health, readiness and metrics.",
    errors=ERRORS,
    envelope=envelope,
    envelopes=ENVELOPES,
    routes=(
        Route("GET", "/healthz", healthz, {200: HealthAnswer}, "Health"),
        Route("GET", "/readyz", readyz, {200: ReadyAnswer, 503: ReadyAnswer}, "Readiness"),
        Route("GET", "/metrics", metrics, {200: None}, "Metrics"),
    ),
)
