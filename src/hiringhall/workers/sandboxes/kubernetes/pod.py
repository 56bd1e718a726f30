"""What a Pod is made of, and one that runs."""

import asyncio
import contextlib
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hiringhall.workers.sandboxes.contained import Engine, Outlet
from hiringhall.workers.sandboxes.kubernetes.api import KubernetesApi, KubernetesError
from hiringhall.workers.sandboxes.port import MIB, SandboxError, SandboxSpec
from hiringhall.workers.sandboxes.profile import (
    ENVIRONMENT,
    INSIDE,
    checked,
    command_of,
    folder_of,
)
from hiringhall.workers.sandboxes.pulse import PLACE, Pulse

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

MANAGED = "app.kubernetes.io/managed-by"
OWNER = "hiringhall/hall"
RUN = "hiringhall/run"
START_S = 300.0
"""How long a Pod may take to be placed and to have its image."""
END_S = 60.0
_LOOK_S = 0.2
_SLACK_S = 60
_USER = 1000
_CHUNK_BYTES = 32 * 1024
_IN, _OUT, _ERR, _CLOSE = 0, 1, 2, 255

_HOPELESS = frozenset(
    {
        "ErrImagePull",
        "ImagePullBackOff",
        "InvalidImageName",
        "CreateContainerConfigError",
        "CreateContainerError",
    }
)

# Nothing runs before somebody listens: what is written before would be lost.
_HOLD = 'read -r go && exec "$@"'
_GO = b"go\n"


def pod_of(
    spec: SandboxSpec, *, image: str, owner: str, claim: str, root: Path, pulse: Pulse
) -> dict[str, Any]:
    """The manifest of a run's Pod. `root` is the folder of the hall that the claim holds.

    Raises SandboxError for what a Pod cannot be shown.
    """
    if spec.sockets is not None or spec.relays:
        raise SandboxError(
            "A Pod cannot reach the hall's sockets: coding agents do not run under kubernetes; "
            "the runtimes builtin and command do."
        )
    if spec.read_only:
        raise SandboxError(
            "A Pod cannot be shown folders of the hall's host: put them in the image."
        )
    # A cluster takes no root; what a hall that is root has made, its Pods cannot write.
    user, group = os.getuid() or _USER, os.getgid() or _USER
    limits = spec.limits
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"hall-{owner[:12]}-{secrets.token_hex(6)}",
            "labels": {MANAGED: "hiringhall", OWNER: owner, RUN: spec.name},
        },
        "spec": {
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "hostNetwork": False,
            "hostPID": False,
            "hostIPC": False,
            "hostname": "hall",
            "terminationGracePeriodSeconds": 1,
            # The hall's own clock ends it sooner, and so does the pulse of a hall that is dead.
            "activeDeadlineSeconds": int(limits.wall_s) + int(START_S) + _SLACK_S,
            "securityContext": {
                "runAsUser": user,
                "runAsGroup": group,
                "fsGroup": group,
                "fsGroupChangePolicy": "OnRootMismatch",
            },
            "containers": [_container(spec, image, root, pulse)],
            "volumes": [
                {"name": "data", "persistentVolumeClaim": {"claimName": claim}},
                _memory("tmp", max(limits.tmp_bytes, 1)),
                _memory("run", max(limits.tmp_bytes // 8, MIB)),
            ],
        },
    }


def _container(spec: SandboxSpec, image: str, root: Path, pulse: Pulse) -> dict[str, Any]:
    limits = spec.limits
    environment: Mapping[str, str] = {**ENVIRONMENT, **spec.environment}
    return {
        "name": "work",
        "image": image,
        "command": pulse.watched(["/bin/sh", "-c", _HOLD, "sh", *command_of(spec)]),
        "workingDir": INSIDE.workspace,
        "env": [
            {"name": checked(name), "value": checked(value).replace("$(", "$$(")}
            for name, value in environment.items()
        ],
        "stdin": True,
        "stdinOnce": True,
        "tty": False,
        "resources": {
            "limits": {
                "memory": str(limits.memory_bytes),
                "ephemeral-storage": str(limits.tmp_bytes + 64 * MIB),
            },
            "requests": {"memory": str(limits.memory_bytes // 4), "cpu": "100m"},
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "privileged": False,
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "capabilities": {"drop": ["ALL"]},
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "volumeMounts": [
            _of_claim(spec.workspace, INSIDE.workspace, root),
            _of_claim(spec.session, INSIDE.session, root),
            {**_of_claim(pulse.folder, PLACE, root), "readOnly": True},
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108
            {"name": "run", "mountPath": "/run"},
        ],
    }


def _of_claim(folder: Path, place: str, root: Path) -> dict[str, Any]:
    real = Path(folder_of(folder))
    if not real.is_relative_to(root.resolve()):
        raise SandboxError(f"{folder} is not in the hall's data folder, which the claim holds.")
    return {"name": "data", "mountPath": place, "subPath": str(real.relative_to(root.resolve()))}


def _memory(name: str, size_bytes: int) -> dict[str, Any]:
    return {"name": name, "emptyDir": {"medium": "Memory", "sizeLimit": str(size_bytes)}}


class Pod(Engine):
    """A Pod that was made, and runs once somebody is attached."""

    def __init__(self, api: KubernetesApi, name: str) -> None:
        self._api = api
        self._name = name
        self._path = f"pods/{name}"
        self._streams: ClientConnection | None = None

    async def begin(self) -> None:
        """Wait until it is placed, attach, and let it go. Raises KubernetesError."""
        try:
            async with asyncio.timeout(START_S):
                while (status := await self._status()).get("phase") == "Pending":
                    _refuse_hopeless(status)
                    await asyncio.sleep(_LOOK_S)
        except TimeoutError as error:
            raise KubernetesError(f"No node took the Pod within {START_S:.0f} s") from error
        self._streams = await self._api.attach(self._name)
        await self.send(_GO)

    async def send(self, data: bytes) -> None:
        from websockets.exceptions import ConnectionClosed

        assert self._streams is not None
        try:
            for start in range(0, len(data), _CHUNK_BYTES):
                await self._streams.send(bytes([_IN]) + data[start : start + _CHUNK_BYTES])
        except ConnectionClosed as error:
            raise ConnectionResetError from error

    async def end_input(self) -> None:
        from websockets.exceptions import ConnectionClosed

        assert self._streams is not None
        with contextlib.suppress(ConnectionClosed):
            await self._streams.send(bytes([_CLOSE, _IN]))

    async def pour(self, out: Outlet, err: Outlet) -> None:
        from websockets.exceptions import ConnectionClosed

        assert self._streams is not None
        outlets = {_OUT: out, _ERR: err}
        with contextlib.suppress(ConnectionClosed):
            async for message in self._streams:
                outlet = outlets.get(message[0]) if isinstance(message, bytes) and message else None
                if outlet is not None and isinstance(message, bytes):
                    await outlet.feed(message[1:])

    async def ended(self) -> tuple[int, bool]:
        """Look until it has ended; a Pod that is gone was ended by somebody."""
        misses = 0
        while True:
            try:
                status = await self._status()
            except KubernetesError as error:
                misses += 1
                if error.status == 404:
                    return 137, False
                if misses * _LOOK_S > END_S:
                    raise ConnectionError(error.sentence) from error
            else:
                misses = 0
                done = _terminated(status)
                if done is not None:
                    return int(done.get("exitCode", 255)), done.get("reason") == "OOMKilled"
                if status.get("phase") in ("Succeeded", "Failed"):
                    return 137, False
            await asyncio.sleep(_LOOK_S)

    async def kill(self) -> None:
        with contextlib.suppress(KubernetesError):
            await self._delete()

    async def remove(self) -> None:
        """Delete it, and wait until its node says that it has ended."""
        if self._streams is not None:
            await self._streams.close()
        await remove(self._api, self._name)

    async def _delete(self) -> None:
        await self._api.call("DELETE", self._path, {"gracePeriodSeconds": 1})

    async def _status(self) -> Any:
        return (await self._api.call("GET", self._path)).get("status") or {}


async def remove(api: KubernetesApi, name: str) -> None:
    """End a Pod and wait until it is gone. Not by force: that only forgets it, and it may go on."""
    try:
        await api.call("DELETE", f"pods/{name}", {"gracePeriodSeconds": 1})
        async with asyncio.timeout(END_S):
            while True:
                await api.call("GET", f"pods/{name}")
                await asyncio.sleep(_LOOK_S)
    except KubernetesError as error:
        if error.status != 404:
            raise ConnectionError(error.sentence) from error
    except TimeoutError as error:
        raise ConnectionError(f"The Pod {name} does not end; is its node there?") from error


def _refuse_hopeless(status: Any) -> None:
    """Raises KubernetesError for a Pod that waits for what will not come."""
    for state in _states(status):
        waiting: Any = state.get("waiting")
        if waiting and waiting.get("reason") in _HOPELESS:
            said = f"{waiting['reason']} {waiting.get('message', '')}".strip()
            raise KubernetesError(f"The Pod cannot begin: {said}")


def _terminated(status: Any) -> Any:
    """How the container ended; None while it has not."""
    for state in _states(status):
        if state.get("terminated") is not None:
            return state["terminated"]
    return None


def _states(status: Any) -> list[Any]:
    listed: list[Any] = status.get("containerStatuses") or []
    return [one["state"] for one in listed if one.get("state")]
