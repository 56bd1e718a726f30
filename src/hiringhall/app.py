"""The composition root: settings become a database, files, workers and one hall."""

import contextlib
import ipaddress
import os
import time
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass

from hiringhall.actions.hall import Hall, Registration, Rules, Staffing
from hiringhall.actions.passwords import Passwords
from hiringhall.blobs import Blobs, FileLinks, open_blobs, read_secret_key
from hiringhall.domain import ids
from hiringhall.domain.runs import Run, RunToken
from hiringhall.engine.local import LocalEngine
from hiringhall.node import Node, take_node
from hiringhall.settings import Settings, SettingsError, SpecApproval
from hiringhall.signals import Signals
from hiringhall.store.database import Database, open_database
from hiringhall.workers.runner import Runner
from hiringhall.workers.runtimes.port import Runtime
from hiringhall.workers.runtimes.rehearsal import BUILT_IN, Rehearsal, read_script

NO_WORKER = (
    "No worker is set up: this hall has no model and no default runtime. To see a task played, "
    "start it with HIRINGHALL_RUNTIME=rehearsal; for real work, add a role that runs a command "
    "(hiringhall admin role set --help) and name it when you post a task."
)


@dataclass(frozen=True, slots=True)
class App:
    """Everything that one process of the hall consists of."""

    settings: Settings
    node: Node
    hall: Hall
    blobs: Blobs
    links: FileLinks
    engine: LocalEngine[Run]
    runner: Runner

    async def carry(self) -> None:
        """Recover what an earlier process left, then carry runs and timers until cancelled."""
        await self.runner.recover()
        await self.engine.carry(self.runner)


class HallEngine:
    """What actions may ask of the engine and its runner, which are made after the hall."""

    def __init__(self, engine: LocalEngine[Run]) -> None:
        self._engine = engine
        self.runner: Runner | None = None

    def wake(self) -> None:
        """Something may be ready to start, or a timer was set."""
        self._engine.wake()

    def stop_run(self, token: RunToken) -> None:
        """Have the runner end a run that was cancelled."""
        if self.runner is not None:
            self.runner.stop(token)


def now_us() -> int:
    """The wall clock in microseconds UTC."""
    return time.time_ns() // 1000


def new_id() -> str:
    """A fresh UUIDv7."""
    return ids.uuid7(now_us(), os.urandom(10))


@contextlib.asynccontextmanager
async def open_app(settings: Settings) -> AsyncGenerator[App]:
    """Open a hall: its data folder is made and locked, its database brought up to date.

    Raises SettingsError, NodeBusy where another process has the data folder, and StoreError.
    """
    node = take_node(settings.data_dir)
    try:
        database = await open_database(settings.database)
        try:
            yield _compose(settings, node, database)
        finally:
            await database.close()
    finally:
        node.release()


def _compose(settings: Settings, node: Node, database: Database) -> App:
    try:
        blobs = open_blobs(settings.blobs, folder=settings.data_dir / "blobs")
        key_file = settings.secret_key_file or settings.data_dir / "secret.key"
        links = FileLinks(read_secret_key(key_file))
    except (ValueError, OSError) as error:
        raise SettingsError(str(error)) from error
    engine = LocalEngine[Run](slots=settings.local_runs)
    carrier = HallEngine(engine)
    runtimes = _runtimes(settings)
    hall = Hall(
        database=database,
        clock=now_us,
        new_id=new_id,
        random=os.urandom,
        signals=Signals(),
        engine=carrier,
        staffing=_staffing(settings, dict.fromkeys(runtimes, "")),
        rules=_rules(settings),
        passwords=Passwords(),
    )
    runner = Runner(hall, blobs=blobs, runtimes=runtimes, node_id=node.id)
    carrier.runner = runner
    return App(settings, node, hall, blobs, links, engine, runner)


def _runtimes(settings: Settings) -> dict[str, Runtime]:
    script = settings.rehearsal_script
    rehearsal = Rehearsal(BUILT_IN if script is None else read_script(script))
    return {rehearsal.name: rehearsal}


def _staffing(settings: Settings, hindrances: Mapping[str, str]) -> Staffing:
    if settings.runtime is not None and settings.runtime not in hindrances:
        known = ", ".join(sorted(hindrances))
        raise SettingsError(f"HIRINGHALL_RUNTIME cannot be '{settings.runtime}': it takes {known}")
    return Staffing(settings.runtime, NO_WORKER, hindrances)


def _rules(settings: Settings) -> Rules:
    registration = settings.registration
    if registration is None:
        registration = Registration.OPEN if is_loopback(settings.host) else Registration.CLOSED
    return Rules(
        registration=registration,
        spec_approval_always=settings.spec_approval is SpecApproval.ALWAYS,
        credits_per_day=settings.credits_per_day,
        opening_balance_cents=settings.opening_balance_cents,
        registrations_per_hour=settings.registrations_per_hour,
        sign_ins_per_hour=settings.sign_ins_per_hour,
        sign_ins_per_email=settings.sign_ins_per_email,
    )


def is_loopback(host: str) -> bool:
    """Whether an address to listen on is reached from this machine alone."""
    if host == "localhost":
        return True
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return False
