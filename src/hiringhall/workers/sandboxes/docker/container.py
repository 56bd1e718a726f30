"""What a container is created with, and one that runs."""

import asyncio
import contextlib
import os
from collections.abc import Mapping
from typing import Any

from hiringhall.workers.sandboxes.contained import Engine, Outlet
from hiringhall.workers.sandboxes.docker.api import DockerApi, DockerError
from hiringhall.workers.sandboxes.port import SandboxSpec
from hiringhall.workers.sandboxes.profile import (
    AGENTS,
    ENVIRONMENT,
    INSIDE,
    check_mount,
    checked,
    command_of,
    folder_of,
)
from hiringhall.workers.sandboxes.pulse import PLACE, PROCESSES, Pulse

OWNER = "hiringhall.hall"
RUN = "hiringhall.run"
_OPEN_FILES = 16384
_OURS = 8 + PROCESSES
"""Processes of ours beside the worker's: the init, the shells, a relay or two, the watch."""


def container_of(
    spec: SandboxSpec, *, image: str, owner: str, forbidden: tuple[Any, ...], pulse: Pulse
) -> dict[str, Any]:
    """The body of `POST /containers/create`. Raises SandboxError (BadMount)."""
    limits = spec.limits
    small = max(limits.tmp_bytes // 8, 1)
    environment: Mapping[str, str] = {**ENVIRONMENT, **spec.environment}
    return {
        "Image": image,
        "Entrypoint": [],
        "Cmd": pulse.watched(command_of(spec)),
        "Env": [f"{checked(name)}={checked(value)}" for name, value in environment.items()],
        "WorkingDir": INSIDE.workspace,
        "User": f"{os.getuid()}:{os.getgid()}",
        "Hostname": "hall",
        "Tty": False,
        "OpenStdin": True,
        "StdinOnce": True,
        "AttachStdin": True,
        "AttachStdout": True,
        "AttachStderr": True,
        "Labels": {OWNER: owner, RUN: spec.name},
        "HostConfig": {
            "NetworkMode": "none",
            "ReadonlyRootfs": True,
            "CapDrop": ["ALL"],
            "SecurityOpt": ["no-new-privileges"],
            "Privileged": False,
            "IpcMode": "private",
            "Init": True,
            "PidsLimit": limits.processes + _OURS,
            "Memory": limits.memory_bytes,
            "MemorySwap": limits.memory_bytes,
            "ShmSize": small,
            "Tmpfs": {
                "/tmp": f"rw,nosuid,nodev,exec,size={max(limits.tmp_bytes, 1)},mode=1777",  # noqa: S108
                "/run": f"rw,nosuid,nodev,size={small},mode=755",
            },
            "Ulimits": [
                {"Name": "core", "Soft": 0, "Hard": 0},
                {"Name": "fsize", "Soft": limits.file_bytes, "Hard": limits.file_bytes},
                {"Name": "nofile", "Soft": _OPEN_FILES, "Hard": _OPEN_FILES},
            ],
            # Endless output would fill the engine's disk.
            "LogConfig": {"Type": "none"},
            "RestartPolicy": {"Name": "no"},
            "AutoRemove": False,
            "Mounts": [*_mounts(spec, forbidden), _mount(folder_of(pulse.folder), PLACE)],
        },
    }


def _mounts(spec: SandboxSpec, forbidden: tuple[Any, ...]) -> list[dict[str, Any]]:
    shown = [
        _mount(folder_of(spec.workspace), INSIDE.workspace, writable=True),
        _mount(folder_of(spec.session), INSIDE.session, writable=True),
    ]
    if spec.sockets is not None:
        shown.append(_mount(folder_of(spec.sockets), INSIDE.sockets))
    if spec.agents is not None:
        shown.append(_mount(folder_of(spec.agents), str(AGENTS)))
    for source, destination in spec.read_only:
        real, place = check_mount(source, destination, forbidden=forbidden)
        shown.append(_mount(real, place))
    return shown


def _mount(source: str, target: str, *, writable: bool = False) -> dict[str, Any]:
    return {
        "Type": "bind",
        "Source": source,
        "Target": target,
        "ReadOnly": not writable,
        "BindOptions": {"Propagation": "rprivate"},
    }


class Container(Engine):
    """A container that was created, and is started by `begin`."""

    def __init__(self, api: DockerApi, id_: str) -> None:
        self._api = api
        self._id = id_
        self._path = f"/containers/{id_}"
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def begin(self) -> None:
        """Attach, then start: nothing of its output is missed. Raises DockerError."""
        self._reader, self._writer = await self._api.attach(self._id)
        await self._api.call("POST", f"{self._path}/start")
        state = (await self._api.call("GET", f"{self._path}/json"))["State"]
        self.pid = int(state.get("Pid") or 0)

    async def send(self, data: bytes) -> None:
        assert self._writer is not None
        self._writer.write(data)
        await self._writer.drain()

    async def end_input(self) -> None:
        assert self._writer is not None
        self._writer.write_eof()

    async def pour(self, out: Outlet, err: Outlet) -> None:
        """Take the two streams apart: a head of eight bytes says whose piece it is and how long."""
        assert self._reader is not None
        outlets = {1: out, 2: err}
        with contextlib.suppress(EOFError, OSError):
            while True:
                head = await self._reader.readexactly(8)
                left = int.from_bytes(head[4:], "big")
                while left:
                    piece = await self._reader.read(min(left, 64 * 1024))
                    if not piece:
                        return
                    left -= len(piece)
                    outlet = outlets.get(head[0])
                    if outlet is not None:
                        await outlet.feed(piece)

    async def ended(self) -> tuple[int, bool]:
        try:
            await self._api.call("POST", f"{self._path}/wait", timeout_s=None)
            state = (await self._api.call("GET", f"{self._path}/json"))["State"]
        except DockerError as error:
            raise ConnectionError(error.sentence) from error
        return int(state["ExitCode"]), bool(state.get("OOMKilled"))

    async def kill(self) -> None:
        # 404 and 409: it has ended, or is gone.
        with contextlib.suppress(DockerError):
            await self._api.call("POST", f"{self._path}/kill", query={"signal": "KILL"})

    async def remove(self) -> None:
        if self._writer is not None:
            self._writer.transport.abort()
        await remove(self._api, self._id)


async def remove(api: DockerApi, id_: str) -> None:
    """End a container and take it away; harmless when it is gone."""
    try:
        await api.call("DELETE", f"/containers/{id_}", query={"force": "true", "v": "true"})
    except DockerError as error:
        if error.status not in (404, 409):
            raise ConnectionError(error.sentence) from error
