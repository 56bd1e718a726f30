"""Sandboxes by a Docker Engine on this host, whose containers see no network and nothing of it."""

import asyncio
import contextlib
import json
import os
from collections.abc import Sequence
from pathlib import Path

import structlog

from hiringhall.workers.sandboxes.contained import Contained
from hiringhall.workers.sandboxes.docker.api import DockerApi, DockerError
from hiringhall.workers.sandboxes.docker.container import OWNER, Container, container_of, remove
from hiringhall.workers.sandboxes.port import Places, Probe, SandboxError, SandboxSpec
from hiringhall.workers.sandboxes.profile import ENVIRONMENT, INSIDE, check_mount
from hiringhall.workers.sandboxes.pulse import Pulse
from hiringhall.workers.sandboxes.walls import try_walls

log = structlog.get_logger()

AS_ROOT = (
    "The hall runs as root, so what runs in its containers has root's number, though none of its "
    "powers: run the hall as an ordinary user."
)
TRIED = "This provider was tried against a stand-in of Docker's API only."


class Docker:
    """Sandboxes by the engine at `socket`, of `image`.

    `owner` names this hall in the labels of its containers, the same after each start: what a dead
    one left is found by it. `forbidden` are folders of the hall that no role may mount. `pulse`
    ends containers whose hall does not run.
    """

    name = "docker"

    def __init__(
        self,
        *,
        socket: str,
        image: str,
        owner: str,
        pulse: Pulse,
        forbidden: Sequence[Path] = (),
    ) -> None:
        self._api = DockerApi(socket)
        self._image = image
        self._owner = owner
        self._pulse = pulse
        self._forbidden = tuple(forbidden)
        self._running: set[Contained] = set()
        self._sweeping = asyncio.Lock()
        self._swept = False

    def places(self, *, workspace: Path, session: Path, sockets: Path | None) -> Places:
        return INSIDE

    def check_mounts(self, read_only: Sequence[tuple[Path, str]]) -> None:
        for source, destination in read_only:
            check_mount(source, destination, forbidden=self._forbidden)

    def lacks_program(
        self, program: str, *, path: str | None, read_only: Sequence[tuple[Path, str]]
    ) -> bool:
        """What an image holds is never certain from here."""
        return False

    def view(self, path: str | None) -> str:
        return (
            f"A command sees the image {self._image} and what --mount shows; its PATH is "
            f"{path or ENVIRONMENT['PATH']}."
        )

    async def probe(self) -> Probe:
        try:
            await self._sweep()
            await self._api.call("GET", f"/images/{self._image}/json")
        except DockerError as error:
            if error.status == 404:
                return Probe(
                    ok=False,
                    sentence=f"The Docker Engine has no image {self._image}; docs/operators.md "
                    "says how to build it.",
                )
            return Probe(ok=False, sentence=error.sentence)
        probe = await try_walls(self.start, f"Docker containers of {self._image}")
        own = (TRIED, AS_ROOT) if os.getuid() == 0 else (TRIED,)
        return Probe(probe.ok, probe.sentence, (*probe.warnings, *own))

    async def start(self, spec: SandboxSpec) -> Contained:
        await self._pulse.begin()
        body = container_of(
            spec,
            image=self._image,
            owner=self._owner,
            forbidden=self._forbidden,
            pulse=self._pulse,
        )
        # To its end, even when whoever wants it goes away: what was created is known by then.
        beginning = asyncio.create_task(self._begin(body))
        try:
            container = await asyncio.shield(beginning)
        except asyncio.CancelledError:
            with contextlib.suppress(SandboxError):
                await (await beginning).remove()
            raise
        contained = Contained(container, spec, self._running.discard)
        self._running.add(contained)
        return contained

    async def _begin(self, body: object) -> Container:
        await self._sweep()
        created = await self._api.call("POST", "/containers/create", body)
        container = Container(self._api, str(created["Id"]))
        try:
            await container.begin()
        except BaseException:
            with contextlib.suppress(OSError):
                await container.remove()
            raise
        return container

    async def _sweep(self) -> None:
        """Once, before anything is started: remove what a dead hall of the same name left."""
        async with self._sweeping:
            if self._swept:
                return
            filters = json.dumps({"label": [f"{OWNER}={self._owner}"]})
            query = {"all": "true", "filters": filters}
            for left in await self._api.call("GET", "/containers/json", query=query) or ():
                log.info("sandbox.leftover_removed", container=str(left["Id"])[:12])
                await remove(self._api, str(left["Id"]))
            self._swept = True

    async def close(self) -> None:
        await asyncio.gather(*(one.kill() for one in tuple(self._running)), return_exceptions=True)
        await self._pulse.end()
        await self._api.close()
