"""Blobs in a folder and in a store in memory, and the links to them."""

import asyncio
import hashlib
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from obstore.store import MemoryStore

from hiringhall.blobs import BlobMissing, Blobs, FileLinks, LocalBlobs, open_blobs, read_secret_key
from hiringhall.blobs.objects import ObjectBlobs
from hiringhall.blobs.port import CHUNK_BYTES, read_all

pytestmark = pytest.mark.anyio

KINDS: dict[str, Callable[[Path], Blobs]] = {
    "local": lambda folder: LocalBlobs(folder / "blobs"),
    "memory": lambda _: ObjectBlobs(MemoryStore()),
}


@pytest.fixture(params=sorted(KINDS))
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    return KINDS[request.param](tmp_path)


def fresh_key() -> str:
    return str(uuid.uuid4())


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES, 2 * CHUNK_BYTES + 17])
async def test_what_is_put_is_read_in_chunks(blobs: Blobs, tmp_path: Path, size: int) -> None:
    content = os.urandom(size)
    file = tmp_path / "source"
    file.write_bytes(content)
    for given in (content, file):
        key = fresh_key()
        stored = await blobs.put(key, given)
        assert stored.size_bytes == size
        assert stored.sha256 == hashlib.sha256(content).digest()
        async with blobs.open(key) as blob:
            chunks = [chunk async for chunk in blob.chunks]
        assert blob.size_bytes == size
        assert b"".join(chunks) == content


async def test_what_is_not_there_is_missing(blobs: Blobs) -> None:
    with pytest.raises(BlobMissing):
        async with blobs.open(fresh_key()):
            pass


async def test_deleting_is_harmless_to_repeat(blobs: Blobs) -> None:
    key = fresh_key()
    await blobs.put(key, b"x")
    await blobs.delete(key)
    await blobs.delete(key)
    with pytest.raises(BlobMissing):
        await read_all(blobs, key)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "..",
        "../../etc/passwd",
        "a" * 36,
        "A" * 8,
        "0193E7A2-7C3B-7D10-8A44-5B6C7D8E9F00",
        "x\0y",
    ],
)
async def test_only_keys_of_our_own_are_taken(blobs: Blobs, key: str) -> None:
    with pytest.raises(ValueError, match="key"):
        await blobs.put(key, b"x")
    with pytest.raises(ValueError, match="key"):
        async with blobs.open(key):
            pass
    with pytest.raises(ValueError, match="key"):
        await blobs.delete(key)
    with pytest.raises(ValueError, match="key"):
        await blobs.url(key, expires_s=1)


async def test_a_link_is_never_put(blobs: Blobs, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s")
    (tmp_path / "link").symlink_to(secret)
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "pipe"):
        with pytest.raises(OSError, match=r"link|plain"):
            await blobs.put(fresh_key(), tmp_path / name)


async def test_many_at_once_keep_apart(blobs: Blobs) -> None:
    contents = {fresh_key(): os.urandom(1000 + number) for number in range(50)}
    await asyncio.gather(*(blobs.put(key, content) for key, content in contents.items()))
    read = await asyncio.gather(*(read_all(blobs, key) for key in contents))
    assert read == list(contents.values())


async def test_a_folder_follows_no_link(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path / "blobs")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    key = fresh_key()
    (elsewhere / key).write_text("not ours")
    (tmp_path / "blobs").mkdir()
    (tmp_path / "blobs" / key[-2:]).symlink_to(elsewhere)
    with pytest.raises(BlobMissing):
        await read_all(blobs, key)
    with pytest.raises(OSError, match="directory"):
        await blobs.put(key, b"x")
    other = fresh_key()
    await blobs.put(other, b"x")
    path = tmp_path / "blobs" / other[-2:] / other
    path.unlink()
    path.symlink_to(elsewhere / key)
    with pytest.raises(BlobMissing):
        await read_all(blobs, other)


async def test_files_are_for_the_hall_alone(tmp_path: Path) -> None:
    key = fresh_key()
    await LocalBlobs(tmp_path / "blobs").put(key, b"x")
    path = tmp_path / "blobs" / key[-2:] / key
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o077 == 0


KILLED = """
import asyncio, sys
from pathlib import Path
from hiringhall.blobs import LocalBlobs

async def main():
    blobs = LocalBlobs(Path(sys.argv[1]))
    for line in sys.stdin:
        await blobs.put(line.strip(), bytes(1_000_000))
        print(line.strip(), flush=True)

asyncio.run(main())
"""


def test_a_killed_hall_leaves_no_half_file(tmp_path: Path) -> None:
    keys = [fresh_key() for _ in range(200)]
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path / "blobs")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write("\n".join(keys))
        child.stdin.flush()
        confirmed = [child.stdout.readline().strip() for _ in range(3)]
        child.send_signal(signal.SIGKILL)
        child.stdin.close()
        confirmed += [line.strip() for line in child.stdout if line.endswith("\n")]
    there = {path.name: path for path in (tmp_path / "blobs").glob("??/*")}
    assert set(confirmed) <= set(there)
    assert {path.stat().st_size for path in there.values()} == {1_000_000}
    asyncio.run(LocalBlobs(tmp_path / "blobs").clear_unfinished())
    assert not list((tmp_path / "blobs/coming").iterdir())


async def test_without_a_url_blobs_stand_in_the_folder(tmp_path: Path) -> None:
    blobs = open_blobs(None, folder=tmp_path / "b")
    key = fresh_key()
    await blobs.put(key, b"x")
    assert await blobs.url(key, expires_s=60) is None
    assert list((tmp_path / "b").glob(f"*/{key}"))
    with pytest.raises(ValueError, match="s3://"):
        open_blobs("ftp://files.example", folder=tmp_path)


def test_a_link_holds_until_its_time_and_for_its_file() -> None:
    links = FileLinks(b"k" * 32)
    signature = links.sign("file-1", 1000)
    assert links.verify("file-1", 1000, signature, now_s=999.9)
    assert not links.verify("file-1", 1000, signature, now_s=1000)
    assert not links.verify("file-1", 1001, signature, now_s=999)
    assert not links.verify("file-2", 1000, signature, now_s=999)
    assert not links.verify("file-1", 1000, signature[:-1], now_s=999)
    assert not links.verify("file-1", 1000, "\ud800é", now_s=999)
    assert not FileLinks(b"j" * 32).verify("file-1", 1000, signature, now_s=999)
    # What is signed has one reading only.
    assert links.sign("1\nx", 1) != links.sign("x", 11)
    with pytest.raises(ValueError, match="32"):
        FileLinks(b"short")


def test_the_secret_key_is_made_once_and_for_the_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    key = read_secret_key(path)
    assert len(key) == 32
    assert read_secret_key(path) == key
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["secret.key"]
    path.chmod(0o640)
    with pytest.raises(PermissionError, match="chmod 600"):
        read_secret_key(path)
    path.chmod(0o600)
    path.write_text("not base 64 at all\n")
    with pytest.raises(ValueError, match="holds no key"):
        read_secret_key(path)
    pipe = tmp_path / "folder"
    pipe.mkdir()
    with pytest.raises((ValueError, OSError)):
        read_secret_key(pipe)
