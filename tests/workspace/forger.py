"""A sandbox that hands out whatever a test forged: what the host must never believe."""

import asyncio
import hashlib
import struct
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

from hiringhall.workers.sandboxes.port import Exit, ExitReason, Places, Probe, SandboxSpec

Forge = Callable[[SandboxSpec], int | None]
"""Writes into `spec.session` and returns the exit code, 0 when None."""


class Forged:
    """A sandbox that has already ended."""

    pid = 0
    stdin = None

    def __init__(self, code: int) -> None:
        self._code = code
        self.stdout = asyncio.StreamReader()
        self.stderr = asyncio.StreamReader()
        for stream in (self.stdout, self.stderr):
            stream.feed_eof()

    async def wait(self) -> Exit:
        return Exit(self._code, ExitReason.EXITED)

    async def kill(self) -> Exit:
        return await self.wait()


class Forger:
    """A provider of them; it keeps what it was asked to run."""

    name = "forger"

    def __init__(self, forge: Forge) -> None:
        self.forge = forge
        self.asked: list[SandboxSpec] = []

    def places(self, *, workspace: Path, session: Path, sockets: Path | None) -> Places:
        return Places("/workspace", "/session", "/run/hall")

    def check_mounts(self, read_only: Sequence[tuple[Path, str]]) -> None: ...

    def lacks_program(
        self, program: str, *, path: str | None, read_only: Sequence[tuple[Path, str]]
    ) -> bool:
        return False

    def view(self, path: str | None) -> str:
        return "It shows nothing."

    async def probe(self) -> Probe:
        return Probe(ok=True, sentence="It forges.")

    async def start(self, spec: SandboxSpec) -> Forged:
        self.asked.append(spec)
        return Forged(self.forge(spec) or 0)

    async def close(self) -> None: ...


COMMIT, TREE, BLOB, TAG, REF_DELTA = 1, 2, 3, 4, 7
_NAMES = {COMMIT: "commit", TREE: "tree", BLOB: "blob", TAG: "tag"}


def object_id(kind: int, content: bytes) -> str:
    whole = f"{_NAMES[kind]} {len(content)}\0".encode() + content
    return hashlib.sha1(whole, usedforsecurity=False).hexdigest()


def pack(objects: Sequence[tuple[int, bytes] | tuple[int, bytes, str]]) -> bytes:
    """A pack of objects (kind, content), or deltas (kind, instructions, base)."""
    data = struct.pack(">4sII", b"PACK", 2, len(objects))
    for kind, content, *base in objects:
        size = len(content)
        byte = kind << 4 | size & 15
        size >>= 4
        while size:
            data += bytes([byte | 128])
            byte = size & 127
            size >>= 7
        data += bytes([byte])
        for name in base:
            data += bytes.fromhex(str(name))
        data += zlib.compress(content)
    return data + hashlib.sha1(data, usedforsecurity=False).digest()


def bundle(branch: str, tip: str, packed: bytes, *more: str) -> bytes:
    lines = [f"{tip} refs/heads/{branch}", *more]
    return b"# v2 git bundle\n" + "".join(f"{line}\n" for line in lines).encode() + b"\n" + packed


def tree(*entries: tuple[str, str, str]) -> bytes:
    """A tree's content from (mode, name, object id)."""
    return b"".join(
        f"{mode} {name}".encode() + b"\0" + bytes.fromhex(one) for mode, name, one in entries
    )


def commit(tree_id: str, *, message: str = "forged", parent: str | None = None) -> bytes:
    lines = [f"tree {tree_id}"]
    if parent is not None:
        lines.append(f"parent {parent}")
    lines += [
        "author M <m@example.org> 1 +0000",
        "committer M <m@example.org> 1 +0000",
        "",
        message,
    ]
    return "\n".join(lines).encode() + b"\n"


def delta(base_size: int, result_size: int, copies: int, chunk: int) -> bytes:
    """Instructions that build a result from many copies of the first `chunk` bytes of a base."""
    copy = bytes([0b1111_0000]) + struct.pack("<I", chunk)[:3]
    return _varint(base_size) + _varint(result_size) + copy * copies


def _varint(number: int) -> bytes:
    out = b""
    while number >= 128:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])
