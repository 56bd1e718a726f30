"""Opens the hall to one sandboxed run: its desk with the tools, the models, and nothing else."""

import contextlib
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field

from starlette.types import ASGIApp

from hiringhall.hall import Hall
from hiringhall.workers.coordination.desk import Desk
from hiringhall.workers.egress.proxy import Egress, RunEgress
from hiringhall.workers.gateway import Gateway, GatewayRun
from hiringhall.workers.runlog import RunLog
from hiringhall.workers.runtimes.port import Stretch
from hiringhall.workers.sockets import (
    EGRESS,
    MODEL,
    PORTS,
    WORK,
    RunSockets,
    Sockets,
    StreamHandler,
)

_LOCAL = "127.0.0.1,localhost"


@dataclass(frozen=True, slots=True)
class Opens:
    """What is open to a run beside its desk: models, and hosts of the network by its role."""

    hosts: Sequence[str] = ()
    models: bool = True


@dataclass(frozen=True, slots=True)
class Reached:
    """The hall as one run reaches it."""

    desk: Desk
    models: GatewayRun
    sockets: RunSockets

    @property
    def environment(self) -> dict[str, str]:
        """What programs inside have to know of the way out; nothing where there is none."""
        if EGRESS not in self.sockets.names:
            return {}
        proxy = f"http://127.0.0.1:{PORTS[EGRESS]}"
        names = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")
        return {**dict.fromkeys(names, proxy), "NO_PROXY": _LOCAL, "no_proxy": _LOCAL}


@dataclass(frozen=True, slots=True)
class Ways:
    """What runs are let in by, made once for all of them."""

    hall: Hall
    gateway: Gateway
    sockets: Sockets
    work_app: Callable[[Desk], ASGIApp]
    egress: Egress = field(default_factory=Egress)


class Reaching:
    """Lets runs in, once the hall is composed: runtimes are made before it."""

    def __init__(self) -> None:
        self.ways: Ways | None = None

    @contextlib.asynccontextmanager
    async def __call__(
        self, stretch: Stretch, run_log: RunLog, opens: Opens
    ) -> AsyncGenerator[Reached]:
        """Let a run in as long as the block lasts, and out to what its role opens."""
        ways = self.ways
        assert ways is not None, "a run began before the hall was composed"
        desk = Desk(ways.hall, stretch.brief, stretch.mask)
        models = ways.gateway.app_for(stretch.brief)
        apps: dict[str, ASGIApp] = {WORK: ways.work_app(desk)}
        if opens.models:
            apps[MODEL] = models
        streams: dict[str, StreamHandler] = {}
        if opens.hosts:
            way_out = RunEgress.of(ways.egress, opens.hosts, lambda text: run_log.write("!", text))
            streams[EGRESS] = way_out.talk
        async with await ways.sockets.open(apps, streams) as sockets:
            yield Reached(desk, models, sockets)
