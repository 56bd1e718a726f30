"""Sandboxes by Pods of a cluster: restricted, without a token, and with no network by policy.

The workspace is on a volume that hall and Pods share: the claim holds the hall's data folder.
"""

import asyncio
import contextlib
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import structlog

from hiringhall.workers.sandboxes.contained import Contained
from hiringhall.workers.sandboxes.kubernetes.api import Access, KubernetesApi, KubernetesError
from hiringhall.workers.sandboxes.kubernetes.pod import MANAGED, OWNER, Pod, pod_of, remove
from hiringhall.workers.sandboxes.kubernetes.policies import lets_nothing_through
from hiringhall.workers.sandboxes.port import Places, Probe, SandboxError, SandboxSpec
from hiringhall.workers.sandboxes.profile import ENVIRONMENT, INSIDE, BadMount
from hiringhall.workers.sandboxes.pulse import Pulse
from hiringhall.workers.sandboxes.walls import try_walls

log = structlog.get_logger()

TRIED = "This provider was tried against a stand-in of the Kubernetes API only."
UNCOUNTED = (
    "How many processes a Pod may have is the node's setting (podPidsLimit), not the hall's."
)
NO_POLICY = (
    "No NetworkPolicy of the namespace {namespace} keeps Pods labelled "
    "app.kubernetes.io/managed-by=hiringhall from every network; docs/operators.md has one."
)


class Kubernetes:
    """Sandboxes by Pods of `image`. `owner` labels this hall's own; `root` is on the claim.

    `pulse`, in `root`, ends Pods whose hall does not run.
    """

    name = "kubernetes"

    def __init__(
        self, access: Access, *, image: str, owner: str, claim: str, root: Path, pulse: Pulse
    ) -> None:
        self._api = KubernetesApi(access)
        self._image = image
        self._owner = owner
        self._claim = claim
        self._root = root
        self._pulse = pulse
        self._running: set[Contained] = set()
        self._sweeping = asyncio.Lock()
        self._swept = False

    def places(self, *, workspace: Path, session: Path, sockets: Path | None) -> Places:
        return INSIDE

    def check_mounts(self, read_only: Sequence[tuple[Path, str]]) -> None:
        if read_only:
            raise BadMount(
                "A Pod cannot be shown folders of the hall's host: put them in the image."
            )

    def lacks_program(
        self, program: str, *, path: str | None, read_only: Sequence[tuple[Path, str]]
    ) -> bool:
        """What an image holds is never certain from here."""
        return False

    def view(self, path: str | None) -> str:
        return f"A command sees the image {self._image}; its PATH is {path or ENVIRONMENT['PATH']}."

    async def probe(self) -> Probe:
        try:
            await self._sweep()
            if not await self._has_policy():
                return Probe(ok=False, sentence=NO_POLICY.format(namespace=self._api.namespace))
        except (KubernetesError, ConnectionError) as error:
            return Probe(ok=False, sentence=str(error))
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="probe-", dir=self._root) as folder:
            probe = await try_walls(
                self.start, f"Pods of {self._image}", folder=Path(folder), own_network=True
            )
        return Probe(probe.ok, probe.sentence, (*probe.warnings, TRIED, UNCOUNTED))

    async def start(self, spec: SandboxSpec) -> Contained:
        await self._pulse.begin()
        manifest = pod_of(
            spec,
            image=self._image,
            owner=self._owner,
            claim=self._claim,
            root=self._root,
            pulse=self._pulse,
        )
        beginning = asyncio.create_task(self._begin(manifest))
        try:
            pod = await asyncio.shield(beginning)
        except asyncio.CancelledError:
            with contextlib.suppress(SandboxError, ConnectionError):
                await (await beginning).remove()
            raise
        contained = Contained(pod, spec, self._running.discard)
        self._running.add(contained)
        return contained

    async def _begin(self, manifest: dict[str, Any]) -> Pod:
        await self._sweep()
        await self._api.call("POST", "pods", manifest)
        pod = Pod(self._api, manifest["metadata"]["name"])
        try:
            await pod.begin()
        except BaseException:
            with contextlib.suppress(ConnectionError):
                await pod.remove()
            raise
        return pod

    async def _has_policy(self) -> bool:
        labels = {MANAGED: "hiringhall", OWNER: self._owner}
        return lets_nothing_through(await self._api.call("GET", "networkpolicies"), labels)

    async def _sweep(self) -> None:
        """Once, before anything is started: remove what a dead hall of the same name left."""
        async with self._sweeping:
            if self._swept:
                return
            query = {"labelSelector": f"{OWNER}={self._owner}"}
            found = await self._api.call("GET", "pods", query=query)
            names = [one["metadata"]["name"] for one in found.get("items") or ()]
            for name in names:
                log.info("sandbox.leftover_removed", pod=name)
            await asyncio.gather(*(remove(self._api, name) for name in names))
            self._swept = True

    async def close(self) -> None:
        await asyncio.gather(*(one.kill() for one in tuple(self._running)), return_exceptions=True)
        await self._pulse.end()
        await self._api.close()
