"""The composition root: settings become a database, files, workers and one hall."""

import asyncio
import contextlib
import functools
import ipaddress
import os
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass

from hiringhall.blobs import Blobs, FileLinks, LocalBlobs, open_blobs, read_secret_key
from hiringhall.domain import ids
from hiringhall.domain.errors import Invalid
from hiringhall.domain.nodes import CannotJoin
from hiringhall.domain.runs import Run
from hiringhall.engine.local import LocalEngine
from hiringhall.engine.work import Carrier
from hiringhall.hall import Hall
from hiringhall.model_ways import errands_of, gateway_of
from hiringhall.node import Node, take_node
from hiringhall.outside import ways_out
from hiringhall.passwords import Passwords
from hiringhall.rules import rules_of
from hiringhall.sealing import Sealer
from hiringhall.settings import EngineKind, Settings, SettingsError
from hiringhall.signals import Signals
from hiringhall.staff import hire
from hiringhall.store.database import Database, open_database
from hiringhall.workers.access import TeamAccess
from hiringhall.workers.builtin.host import LoopHost
from hiringhall.workers.carrier import HallEngine
from hiringhall.workers.checking import Checker
from hiringhall.workers.coordination.desks import Desks
from hiringhall.workers.coordination.serving import work_app
from hiringhall.workers.egress.proxy import Egress
from hiringhall.workers.gateway import Gateway
from hiringhall.workers.git.address import system_resolver
from hiringhall.workers.git.checkout import Room
from hiringhall.workers.git.command import MIB, Bounds, Git
from hiringhall.workers.git.errors import WorkspaceError
from hiringhall.workers.git.intake import Allowance
from hiringhall.workers.git.ssh import read_ssh
from hiringhall.workers.masking import LiveSecrets
from hiringhall.workers.paying import pay_out
from hiringhall.workers.place import Place
from hiringhall.workers.planning import Planner
from hiringhall.workers.presence import Presence, presence_of
from hiringhall.workers.reaching import Reaching, Ways
from hiringhall.workers.runner import Runner
from hiringhall.workers.sandboxes.choose import Engines, choose_sandbox
from hiringhall.workers.sandboxes.port import Probe, SandboxError, SandboxProvider
from hiringhall.workers.sockets import Sockets
from hiringhall.workers.sweeping import Keeping, let_go, sweep
from hiringhall.workers.workspace import Workspaces


@dataclass(frozen=True, slots=True)
class App:
    """Everything that one process of the hall consists of."""

    settings: Settings
    node: Node
    hall: Hall
    blobs: Blobs
    links: FileLinks
    engine: Carrier[Run]
    runner: Runner
    sandbox: SandboxProvider
    probe: Probe
    workspaces: Workspaces
    gateway: Gateway
    sockets: Sockets
    desks: Desks
    place: Place
    loops: LoopHost
    presence: Presence | None
    checker: Checker
    planner: Planner

    @contextlib.asynccontextmanager
    async def joined(self) -> AsyncGenerator[None]:
        """Be one of the hall's nodes as long as the context lasts; raises SettingsError.

        On SQLite there are no others.
        """
        if self.presence is None:
            yield
            return
        try:
            await self.presence.join()
        except CannotJoin as error:
            raise SettingsError(str(error)) from error
        try:
            yield
        finally:
            await self.presence.leave()

    async def carry(self) -> None:
        """Recover what an earlier process left, then carry runs and timers until cancelled."""
        await self.runner.recover()
        async with asyncio.TaskGroup() as group:
            beside = (
                group.create_task(pay_out(self.hall)),
                group.create_task(self.checker.keep_checking()),
                group.create_task(self.planner.keep_planning()),
            )
            try:
                await self.engine.carry(self.runner)
            finally:
                for task in beside:
                    task.cancel()


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
    async with contextlib.AsyncExitStack() as opened:
        node = take_node(settings.data_dir)
        opened.callback(node.release)
        database = await open_database(settings.database)
        opened.push_async_callback(database.close)
        sandbox = _sandbox(settings, node)
        opened.push_async_callback(sandbox.close)
        app = await _compose(settings, node, database, sandbox)
        opened.push_async_callback(app.hall.mail.close)
        opened.push_async_callback(app.hall.github.close)
        opened.push_async_callback(app.hall.payments.close)
        opened.push_async_callback(app.gateway.close)
        opened.push_async_callback(app.sockets.close)
        opened.push_async_callback(app.loops.close)
        messenger = database.messenger(app.hall.signals.hear, app.hall.signals.hear_all)
        if messenger is not None:
            app.hall.signals.outwards = messenger.send
            opened.push_async_callback(messenger.close)
        yield app


async def _compose(
    settings: Settings, node: Node, database: Database, sandbox: SandboxProvider
) -> App:
    blobs, secret_key = await _keep_files(settings)
    links, sealer = FileLinks(secret_key), Sealer(secret_key)
    engine, signals = _engine(settings), Signals()
    carrier = HallEngine(engine, signals)
    probe = await _probed(settings, sandbox)
    workspaces = _workspaces(settings, sandbox)
    secrets = _live_secrets(settings)
    access = TeamAccess(secrets, lease_s=settings.lease_s)
    folder = settings.data_dir / "runs"
    place = Place(sandbox, workspaces, access, folder=folder, run_disk_mib=settings.run_disk_mib)
    reaching, loops = Reaching(), LoopHost()
    staff = await hire(settings, place, probe, reach=reaching, loops=loops)
    hall = Hall(
        database=database,
        clock=now_us,
        new_id=new_id,
        random=os.urandom,
        signals=signals,
        engine=carrier,
        staffing=staff.staffing,
        rules=rules_of(settings),
        passwords=Passwords(),
        sealer=sealer,
        **ways_out(settings),
        check_role=carrier.check_role,
        check_repository=_repository_check(workspaces),
        mask=secrets.text,
        look_up=system_resolver,
    )
    access.hall = hall
    if database.dialect != "sqlite":
        place.carry(hall, blobs, save_every_s=settings.save_every_s)
    gateway = gateway_of(settings, hall, secrets)
    sockets = _sockets(settings)
    desks = Desks(hall, blobs, secrets)
    reaching.ways = Ways(hall, gateway, sockets, desks, work_app, _egress(settings))
    runner = Runner(
        hall,
        blobs=blobs,
        runtimes=staff.runtimes,
        node_id=node.id,
        clean=functools.partial(sweep, hall, place, _keeping(settings), blobs=blobs),
        let_go=functools.partial(let_go, hall, place),
        secrets=secrets,
        lease_s=settings.lease_s,
        presence=_presence(settings, node, hall, secret_key),
    )
    carrier.runner = runner
    return App(
        settings,
        node,
        hall,
        blobs,
        links,
        engine,
        runner,
        sandbox,
        probe,
        workspaces,
        gateway,
        sockets,
        desks,
        place,
        loops,
        runner.presence,
        *errands_of(settings, hall, blobs, gateway),
    )


def _engine(settings: Settings) -> Carrier[Run]:
    """What carries runs to this node: itself, or jobs on PostgreSQL."""
    if settings.engine is not EngineKind.PROCRASTINATE:
        return LocalEngine(slots=settings.local_runs)
    if settings.database.startswith("sqlite:"):
        raise SettingsError("HIRINGHALL_ENGINE can be procrastinate on PostgreSQL alone")
    from hiringhall.engine.procrastinating import ProcrastinateEngine

    return ProcrastinateEngine(
        settings.database, slots=settings.local_runs, silence_s=settings.lease_s
    )


def _keeping(settings: Settings) -> Keeping:
    return Keeping(settings.repository_days, settings.repositories_mib)


async def _probed(settings: Settings, sandbox: SandboxProvider) -> Probe:
    probe = await sandbox.probe()
    if settings.require_sandbox and not probe.ok:
        raise SettingsError(f"HIRINGHALL_REQUIRE_SANDBOX is set, but: {probe.sentence}")
    return probe


def _presence(settings: Settings, node: Node, hall: Hall, secret_key: bytes) -> Presence | None:
    return presence_of(
        hall,
        node_id=node.id,
        places=settings.local_runs,
        secret_key=secret_key,
        files=settings.blobs,
        lease_s=settings.lease_s,
    )


async def _keep_files(settings: Settings) -> tuple[Blobs, bytes]:
    """Where files go, and the key that signs their addresses and seals secrets."""
    try:
        blobs = open_blobs(settings.blobs, folder=settings.data_dir / "blobs")
        if isinstance(blobs, LocalBlobs) and settings.blobs is None:
            # The folder is this process's alone: what is unfinished was a dead one's.
            await blobs.clear_unfinished()
        key_file = settings.secret_key_file or settings.data_dir / "secret.key"
        return blobs, read_secret_key(key_file)
    except (ValueError, OSError) as error:
        raise SettingsError(str(error)) from error


def _workspaces(settings: Settings, sandbox: SandboxProvider) -> Workspaces:
    """Where runs get their files from, and how much of them there may be."""
    try:
        ssh = read_ssh(settings.ssh_key_file, settings.ssh_known_hosts_file)
    except ValueError as error:
        raise SettingsError(str(error)) from error
    return Workspaces(
        settings.data_dir / "work",
        allow_local=settings.allow_local_repositories,
        sandbox=sandbox,
        own=settings.data_dir,
        ssh=ssh,
        git=Git(bounds=Bounds(file_bytes=settings.repository_mib * MIB)),
        allowance=Allowance.of(settings.work_mib),
        room=Room(bytes=settings.repository_mib * MIB),
    )


def _live_secrets(settings: Settings) -> LiveSecrets:
    """What no worker may be heard to say: the hall's own keys, to begin with."""
    secrets = LiveSecrets()
    for key in (
        settings.anthropic_api_key,
        settings.openai_api_key,
        settings.gemini_api_key,
        settings.stripe_secret_key,
        *settings.stripe_webhook_secret,
    ):
        secrets.hold(key)
    return secrets


def _sandbox(settings: Settings, node: Node) -> SandboxProvider:
    engines = Engines(
        owner=node.id,
        root=settings.data_dir,
        image=settings.sandbox_image,
        docker_socket=str(settings.docker_socket),
        kubernetes_url=settings.kubernetes_url,
        kubernetes_namespace=settings.kubernetes_namespace,
        kubernetes_claim=settings.kubernetes_claim,
    )
    try:
        return choose_sandbox(
            settings.sandbox,
            forbidden=(settings.data_dir,),
            engines=engines,
            # A lease is renewed three times in its length: with half of it a sandbox has ended
            # before anybody else begins.
            silence_s=None if settings.database.startswith("sqlite:") else settings.lease_s / 2,
        )
    except SandboxError as error:
        raise SettingsError(f"HIRINGHALL_SANDBOX: {error.sentence}") from error


def _sockets(settings: Settings) -> Sockets:
    """Where the sockets of runs go, without those that a dead process left."""
    sockets = Sockets(settings.data_dir / "runs" / "sockets")
    sockets.tidy()
    return sockets


def _egress(settings: Settings) -> Egress:
    """The network as runs see it, by the operator's word."""
    try:
        networks = [ipaddress.ip_network(text) for text in settings.egress_networks]
    except ValueError as error:
        raise SettingsError(f"HIRINGHALL_EGRESS_NETWORKS: {error}") from error
    return Egress(networks)


def _repository_check(workspaces: Workspaces) -> Callable[[str], str]:
    def check(repository: str) -> str:
        try:
            return workspaces.check_address(repository)
        except WorkspaceError as error:
            raise Invalid(error.reason, {"repository": "refused"}) from error

    return check
