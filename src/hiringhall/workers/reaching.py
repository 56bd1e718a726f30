"""Opens the hall to one sandboxed run: its desk with the tools, the models, and nothing else."""

import contextlib
import functools
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

from starlette.types import ASGIApp

from hiringhall.hall import Hall
from hiringhall.workers.coordination.desk import Desk, SeenWorkspace
from hiringhall.workers.coordination.desks import Desks
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

HELPER = "hall"
"""What scripts use the tools by, beside the sockets."""

_LOCAL = "127.0.0.1,localhost"


@dataclass(frozen=True, slots=True)
class Opens:
    """What is open to a run: models, hosts of the network by its role, and to its tools files."""

    hosts: Sequence[str] = ()
    models: bool = True
    workspace: SeenWorkspace | None = None


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
    desks: Desks
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
        desk = Desk(
            ways.hall,
            stretch.brief,
            stretch.mask,
            attach=stretch.attach,
            workspace=opens.workspace,
        )
        models = ways.gateway.app_for(stretch.brief)
        apps: dict[str, ASGIApp] = {WORK: ways.work_app(desk)}
        if opens.models:
            apps[MODEL] = models
        streams: dict[str, StreamHandler] = {}
        if opens.hosts:
            way_out = RunEgress.of(ways.egress, opens.hosts, lambda text: run_log.write("!", text))
            streams[EGRESS] = way_out.talk
        async with await ways.sockets.open(apps, streams) as sockets:
            _lay_down_helper(sockets.folder)
            with ways.desks.open(desk):
                yield Reached(desk, models, sockets)


def _lay_down_helper(folder: Path) -> None:
    """Put the little program for scripts beside the sockets, where nobody inside can change it."""
    path = folder / HELPER
    path.write_bytes(_helper())
    path.chmod(0o555)


@functools.cache
def _helper() -> bytes:
    return resources.files("hiringhall.workers.coordination").joinpath("hall.sh").read_bytes()
