"""Opens the hall to one sandboxed run: its desk with the tools, the models, and nothing else."""

import contextlib
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass

from starlette.types import ASGIApp

from hiringhall.hall import Hall
from hiringhall.workers.coordination.desk import Desk
from hiringhall.workers.gateway import Gateway, GatewayRun
from hiringhall.workers.runtimes.port import Stretch
from hiringhall.workers.sockets import MODEL, WORK, RunSockets, Sockets


@dataclass(frozen=True, slots=True)
class Reached:
    """The hall as one run reaches it."""

    desk: Desk
    models: GatewayRun
    sockets: RunSockets


@dataclass(frozen=True, slots=True)
class Ways:
    """What runs are let in by, made once for all of them."""

    hall: Hall
    gateway: Gateway
    sockets: Sockets
    work_app: Callable[[Desk], ASGIApp]


class Reaching:
    """Lets runs in, once the hall is composed: runtimes are made before it."""

    def __init__(self) -> None:
        self.ways: Ways | None = None

    @contextlib.asynccontextmanager
    async def __call__(self, stretch: Stretch) -> AsyncGenerator[Reached]:
        """Let a run in as long as the block lasts."""
        ways = self.ways
        assert ways is not None, "a run began before the hall was composed"
        desk = Desk(ways.hall, stretch.brief, stretch.mask)
        models = ways.gateway.app_for(stretch.brief)
        apps: dict[str, ASGIApp] = {WORK: ways.work_app(desk), MODEL: models}
        async with await ways.sockets.open(apps) as sockets:
            yield Reached(desk, models, sockets)
