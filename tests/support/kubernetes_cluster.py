"""Stands in for a Kubernetes API server and one node: what the hall uses, with real processes.

Written after the API's reference. It judges Pods as the admission of the `restricted` profile does,
and starts them by bubblewrap, with no network, as under a policy that lets nothing through.
"""

import asyncio
import contextlib
import socket
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from tests.support.boxes import Box, Mount

TOKEN = "a-service-accounts-token"
NAMESPACE = "hall"
CLAIM = "hall-data"
IMAGE = "hiringhall-sandbox:test"
POLICY: dict[str, Any] = {
    "spec": {
        "podSelector": {"matchLabels": {"app.kubernetes.io/managed-by": "hiringhall"}},
        "policyTypes": ["Ingress", "Egress"],
    }
}


@dataclass
class Pod:
    manifest: dict[str, Any]
    box: Box
    phase: str = "Pending"
    waiting: str = ""
    out_of_memory: bool = False
    tasks: list[asyncio.Task[None]] = field(default_factory=list[asyncio.Task[None]])

    def shown(self) -> dict[str, Any]:
        state: dict[str, Any] = {"running": {}}
        if self.phase == "Pending":
            state = {"waiting": {"reason": self.waiting or "ContainerCreating"}}
        elif self.box.ended.is_set():
            reason = "OOMKilled" if self.out_of_memory else "Completed"
            state = {"terminated": {"exitCode": self.box.code, "reason": reason}}
        status = {"phase": self.phase, "containerStatuses": [{"name": "work", "state": state}]}
        return {**self.manifest, "status": status}


class Cluster:
    """A cluster at `url`; `containers` are its Pods by name."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.url = ""
        self.containers: dict[str, Pod] = {}
        self.created: list[dict[str, Any]] = []
        self.policies = [POLICY]
        self.memory_runs_out = False
        base = "/api/v1/namespaces/{namespace}/pods"
        self.app = Starlette(
            routes=[
                Route(base, self._pods, methods=["GET", "POST"]),
                Route(base + "/{name}", self._pod, methods=["GET", "DELETE"]),
                WebSocketRoute(base + "/{name}/attach", self._attach),
                Route(
                    "/apis/networking.k8s.io/v1/namespaces/{namespace}/networkpolicies",
                    self._policies,
                ),
            ]
        )

    @property
    def pids(self) -> list[int]:
        return [pod.box.pid for pod in self.containers.values() if pod.box.pid]

    async def _policies(self, request: Request) -> JSONResponse:
        return _refusal(request) or JSONResponse({"items": self.policies})

    async def _pods(self, request: Request) -> JSONResponse:
        if (refused := _refusal(request)) is not None:
            return refused
        if request.method == "GET":
            name, _, value = request.query_params["labelSelector"].partition("=")
            found = [
                pod.shown()
                for pod in self.containers.values()
                if pod.manifest["metadata"]["labels"].get(name) == value
            ]
            return JSONResponse({"items": found})
        manifest = await request.json()
        why = _violation(manifest["spec"]) or self._misses(manifest["spec"])
        if why:
            return _error(403, why)
        pod = Pod(manifest, self._box(manifest["spec"]))
        self.containers[manifest["metadata"]["name"]] = pod
        self.created.append(manifest)
        pod.tasks.append(asyncio.create_task(self._place(pod)))
        return JSONResponse(pod.shown(), 201)

    async def _pod(self, request: Request) -> JSONResponse:
        if (refused := _refusal(request)) is not None:
            return refused
        name = request.path_params["name"]
        pod = self.containers.get(name)
        if pod is None:
            return _error(404, f'pods "{name}" not found')
        if request.method == "DELETE":
            grace_s = (await request.json())["gracePeriodSeconds"]
            assert grace_s > 0, "by force a Pod is only forgotten"
            pod.tasks.append(asyncio.create_task(self._end(name, pod, grace_s)))
        return JSONResponse(pod.shown())

    async def _end(self, name: str, pod: Pod, grace_s: float) -> None:
        """As a node does: asked first, then killed, and only then is the Pod gone."""
        if pod.phase != "Pending":
            pod.box.ask_to_end()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(pod.box.ended.wait(), grace_s)
            await pod.box.end()
        self.containers.pop(name, None)

    async def _place(self, pod: Pod) -> None:
        if pod.manifest["spec"]["containers"][0]["image"] != IMAGE:
            pod.waiting = "ImagePullBackOff"
            return
        await asyncio.sleep(0.05)
        await pod.box.start()
        pod.phase = "Running"
        await pod.box.ended.wait()
        pod.out_of_memory = self.memory_runs_out
        pod.phase = "Failed" if pod.box.code else "Succeeded"

    async def _attach(self, ws: WebSocket) -> None:
        pod = self.containers.get(ws.path_params["name"])
        known = ws.headers.get("authorization") == f"Bearer {TOKEN}"
        if pod is None or not known or "v5.channel.k8s.io" not in ws.scope["subprotocols"]:
            await ws.close(1008)
            return
        await ws.accept("v5.channel.k8s.io")
        process = pod.box.process
        assert process is not None
        assert process.stdout is not None
        assert process.stderr is not None
        feeding = asyncio.create_task(_feed(ws, process.stdin))
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            await asyncio.gather(_show(ws, 1, process.stdout), _show(ws, 2, process.stderr))
            await pod.box.ended.wait()
            await ws.send_bytes(b'\x03{"status":"Success"}')
            await ws.close()
        feeding.cancel()
        await asyncio.gather(feeding, return_exceptions=True)

    def _misses(self, spec: dict[str, Any]) -> str:
        claims = [v["persistentVolumeClaim"] for v in spec["volumes"] if "emptyDir" not in v]
        if claims != [{"claimName": CLAIM}]:
            return f"persistentvolumeclaim not found: {claims}"
        for mount in spec["containers"][0]["volumeMounts"]:
            if "subPath" in mount and not (self.root / mount["subPath"]).is_dir():
                return f"failed to prepare subPath {mount['subPath']}"
        return ""

    def _box(self, spec: dict[str, Any]) -> Box:
        (container,) = spec["containers"]
        memory = {v["name"]: v["emptyDir"]["sizeLimit"] for v in spec["volumes"] if "emptyDir" in v}
        mounts = container["volumeMounts"]
        return Box(
            argv=container["command"],
            environment={one["name"]: one["value"] for one in container["env"]},
            folder=container["workingDir"],
            uid=spec["securityContext"]["runAsUser"],
            gid=spec["securityContext"]["runAsGroup"],
            mounts=[
                Mount(str(self.root / one["subPath"]), one["mountPath"], one.get("readOnly", False))
                for one in mounts
                if "subPath" in one
            ],
            tmpfs={
                one["mountPath"]: int(memory[one["name"]])
                for one in mounts
                if one["name"] in memory
            },
            file_bytes=1 << 40,
        )

    async def close(self) -> None:
        for pod in list(self.containers.values()):
            await pod.box.end()
            for task in pod.tasks:
                task.cancel()
            await asyncio.gather(*pod.tasks, return_exceptions=True)


@contextlib.asynccontextmanager
async def cluster(root: Path) -> AsyncGenerator[Cluster]:
    """A cluster whose claim holds a folder."""
    standin = Cluster(root)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        standin.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        config = uvicorn.Config(
            standin.app, lifespan="off", log_config=None, access_log=False,
            ws="websockets-sansio", ws_max_size=1 << 26, timeout_graceful_shutdown=1,
        )  # fmt: skip
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield standin
        finally:
            await standin.close()
            server.should_exit = True
            await serving


def _refusal(request: Request) -> JSONResponse | None:
    if request.headers.get("authorization") != f"Bearer {TOKEN}":
        return _error(401, "Unauthorized")
    if request.path_params["namespace"] != NAMESPACE:
        return _error(403, "forbidden: in this namespace")
    return None


def _error(status: int, message: str) -> JSONResponse:
    return JSONResponse({"kind": "Status", "message": message, "code": status}, status)


def _violation(spec: dict[str, Any]) -> str:
    """What the `restricted` profile has against a Pod."""
    (container,) = spec["containers"]
    own = container["securityContext"]
    wrong = {
        "allowPrivilegeEscalation": own.get("allowPrivilegeEscalation") is not False,
        "capabilities": own.get("capabilities") != {"drop": ["ALL"]},
        "runAsNonRoot": own.get("runAsNonRoot") is not True
        or spec["securityContext"].get("runAsUser") == 0,
        "seccompProfile": own.get("seccompProfile") != {"type": "RuntimeDefault"},
        "host namespaces": any(spec.get(name) for name in ("hostNetwork", "hostPID", "hostIPC")),
        "volumes": any(set(v) - {"name", "emptyDir", "persistentVolumeClaim"}
                       for v in spec["volumes"]),
    }  # fmt: skip
    broken = [name for name, is_wrong in wrong.items() if is_wrong]
    return f'violates PodSecurity "restricted:latest": {", ".join(broken)}' if broken else ""


async def _feed(ws: WebSocket, sink: asyncio.StreamWriter | None) -> None:
    assert sink is not None
    with contextlib.suppress(WebSocketDisconnect, ConnectionError, RuntimeError):
        while True:
            message = await ws.receive_bytes()
            if message[0] == 255:
                break
            sink.write(message[1:])
            await sink.drain()
    sink.close()


async def _show(ws: WebSocket, channel: int, source: asyncio.StreamReader) -> None:
    while data := await source.read(32768):
        await ws.send_bytes(bytes([channel]) + data)
