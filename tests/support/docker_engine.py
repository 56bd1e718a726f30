"""Stands in for a Docker Engine: the part of its API that the hall uses, with real processes.

Written after the Engine API's reference (v1.41 and later). It judges what it is given as the engine
does, and starts it by bubblewrap; what only a kernel's control groups can do, it only writes down.
"""

import asyncio
import contextlib
import json
import secrets
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.support.boxes import Box, Mount

IMAGE = "hiringhall-sandbox:test"


@dataclass
class Container:
    id: str
    body: dict[str, Any]
    box: Box
    streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
    out_of_memory: bool = False
    started: bool = False
    tasks: list[asyncio.Task[None]] = field(default_factory=list[asyncio.Task[None]])


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    query: dict[str, list[str]]
    body: Any


class Refused(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class DockerEngine:
    """An engine at `socket`; `containers` are those that are not removed."""

    def __init__(self, socket: Path) -> None:
        self.socket = socket
        self.images = {IMAGE}
        self.containers: dict[str, Container] = {}
        self.created: list[dict[str, Any]] = []
        self.memory_runs_out = False

    @property
    def pids(self) -> list[int]:
        return [one.box.pid for one in self.containers.values() if one.box.pid]

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                asked = await _read(reader)
                if asked.path.endswith("/attach"):
                    if await self._attach(asked, reader, writer):
                        return
                    continue
                try:
                    status, answer = await self._answer(asked, writer)
                except Refused as refused:
                    status, answer = refused.status, {"message": str(refused)}
                if status:
                    await _write(writer, status, answer)
        writer.close()

    async def _answer(self, asked: Asked, writer: asyncio.StreamWriter) -> tuple[int, Any]:
        parts = asked.path.strip("/").split("/")
        if parts[0] == "images":
            name = unquote("/".join(parts[1:-1]))
            if name not in self.images:
                raise Refused(404, f"No such image: {name}")
            return 200, {"Id": "sha256:1", "RepoTags": [name]}
        if asked.path == "/containers/create":
            return 201, {"Id": self._create(asked.body), "Warnings": []}
        if asked.path == "/containers/json":
            return 200, self._list(json.loads(asked.query.get("filters", ["{}"])[0]))
        container = self.containers.get(parts[1])
        if container is None:
            raise Refused(404, f"No such container: {parts[1]}")
        if asked.method == "DELETE":
            return await self._remove(container)
        return await self._of_container(container, parts[2], writer)

    async def _of_container(
        self, container: Container, verb: str, writer: asyncio.StreamWriter
    ) -> tuple[int, Any]:
        box = container.box
        if verb == "start":
            await self._start(container)
            return 204, None
        if verb == "json":
            state = {
                "Running": bool(box.pid),
                "Pid": box.pid,
                "ExitCode": box.code,
                "OOMKilled": container.out_of_memory,
            }
            return 200, {"Id": container.id, "State": state}
        if verb == "kill":
            if not box.pid:
                raise Refused(409, f"Container {container.id} is not running")
            box.kill()
            return 204, None
        assert verb == "wait"
        # The head comes at once, the answer when it has ended.
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n"
        )
        await writer.drain()
        await box.ended.wait()
        answer = json.dumps({"StatusCode": box.code}).encode()
        writer.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(answer), answer))
        await writer.drain()
        return 0, None

    def _create(self, body: dict[str, Any]) -> str:
        if body["Image"] not in self.images:
            raise Refused(404, f"No such image: {body['Image']}")
        host = body["HostConfig"]
        for mount in host["Mounts"]:
            if not Path(mount["Source"]).exists():
                raise Refused(400, f"bind source path does not exist: {mount['Source']}")
        if len({mount["Target"] for mount in host["Mounts"]}) != len(host["Mounts"]):
            raise Refused(400, "Duplicate mount point")
        uid, _, gid = body["User"].partition(":")
        limits = {one["Name"]: one["Hard"] for one in host["Ulimits"]}
        box = Box(
            argv=[*body["Entrypoint"], *body["Cmd"]],
            environment=dict(entry.split("=", 1) for entry in body["Env"]),
            folder=body["WorkingDir"],
            uid=int(uid),
            gid=int(gid),
            mounts=[Mount(one["Source"], one["Target"], one["ReadOnly"]) for one in host["Mounts"]],
            tmpfs={place: _size(options) for place, options in host["Tmpfs"].items()}
            | {"/dev/shm": host["ShmSize"]},  # noqa: S108  inside
            file_bytes=limits["fsize"],
            network=host["NetworkMode"] != "none",
        )
        id_ = secrets.token_hex(32)
        self.containers[id_] = Container(id_, body, box)
        self.created.append(body)
        return id_

    def _list(self, filters: dict[str, list[str]]) -> list[dict[str, Any]]:
        wanted = dict(label.split("=", 1) for label in filters.get("label", []))
        return [
            {"Id": one.id, "Labels": one.body["Labels"]}
            for one in self.containers.values()
            if wanted.items() <= one.body["Labels"].items()
        ]

    async def _start(self, container: Container) -> None:
        if container.started:
            raise Refused(409, "already started")
        container.started = True
        await container.box.start()
        container.tasks.append(asyncio.create_task(self._carry(container)))

    async def _carry(self, container: Container) -> None:
        """Carry its streams to whoever is attached, and its end."""
        process = container.box.process
        assert process is not None
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdin is not None
        if container.streams is not None:
            reader, writer = container.streams
            feeding = asyncio.create_task(_feed(reader, process.stdin))
            await asyncio.gather(
                _frame(1, process.stdout, writer), _frame(2, process.stderr, writer)
            )
            await container.box.ended.wait()
            feeding.cancel()
            writer.close()
        await container.box.ended.wait()
        container.out_of_memory = self.memory_runs_out

    async def _attach(
        self, asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        container = self.containers.get(asked.path.split("/")[2])
        if container is None:
            await _write(writer, 404, {"message": "No such container"})
            return False
        writer.write(
            b"HTTP/1.1 101 UPGRADED\r\n"
            b"Content-Type: application/vnd.docker.multiplexed-stream\r\n"
            b"Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
        )
        await writer.drain()
        container.streams = (reader, writer)
        return True

    async def _remove(self, container: Container) -> tuple[int, Any]:
        self.containers.pop(container.id, None)
        await container.box.end()
        await asyncio.gather(*container.tasks, return_exceptions=True)
        if container.streams is not None:
            container.streams[1].close()
        return 204, None

    async def close(self) -> None:
        for container in list(self.containers.values()):
            await self._remove(container)


@contextlib.asynccontextmanager
async def docker_engine(folder: Path) -> AsyncGenerator[DockerEngine]:
    """An engine that listens in a folder."""
    engine = DockerEngine(folder / "docker.sock")
    server = await asyncio.start_unix_server(engine.handle, engine.socket)
    try:
        yield engine
    finally:
        server.close()
        await engine.close()


async def _read(reader: asyncio.StreamReader) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    first, *lines = head.split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)}
    raw = await reader.readexactly(int(headers.get("content-length") or 0))
    url = urlsplit(target)
    return Asked(method, url.path, parse_qs(url.query), json.loads(raw) if raw else None)


async def _write(writer: asyncio.StreamWriter, status: int, answer: Any) -> None:
    body = b"" if answer is None else json.dumps(answer).encode()
    writer.write(
        f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n".encode()
        + f"Content-Length: {len(body)}\r\n\r\n".encode()
        + body
    )
    await writer.drain()


async def _feed(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
    sink.close()


async def _frame(stream: int, source: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await source.read(65536):
            writer.write(bytes([stream, 0, 0, 0]) + len(data).to_bytes(4, "big") + data)
            await writer.drain()


def _size(options: str) -> int:
    return int(next(one for one in options.split(",") if one.startswith("size="))[5:])
