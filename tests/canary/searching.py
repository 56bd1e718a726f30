"""Looks for secrets in every byte that a hall leaves behind, in every spelling of them."""

import asyncio
import base64
import os
import re
import subprocess
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

import asyncpg

from hiringhall.workers.masking import forms_of
from tests.sandboxes.processes import family_of


def spellings(secret: str | bytes) -> set[bytes]:
    """A secret as it is, in base 64 at every offset, in hex, in URLs, in JSON, turned around."""
    if isinstance(secret, bytes):
        forms = {secret, secret.hex().encode(), secret.hex().upper().encode()}
        for offset in range(3):
            coded = base64.b64encode(bytes(offset) + secret)
            stable = coded[(offset * 8 + 5) // 6 : (offset + len(secret)) * 8 // 6]
            forms |= {stable, stable.translate(bytes.maketrans(b"+/", b"-_"))}
        return forms
    return forms_of(secret) | {secret[::-1].encode(), secret.encode("utf-16-le")}


class Search:
    """Where which secret was found; `secrets` have names, so that no secret is ever printed."""

    def __init__(self, secrets: Mapping[str, str | bytes]) -> None:
        self._names: dict[bytes, str] = {}
        self.know(secrets)
        self.found: set[str] = set()
        self.looked_bytes = 0

    def know(self, secrets: Mapping[str, str | bytes]) -> None:
        """Look for these, too, from now on."""
        self._names |= {form: name for name, one in secrets.items() for form in spellings(one)}
        ordered = sorted(self._names, key=len, reverse=True)
        self._pattern = re.compile(b"|".join(map(re.escape, ordered)))

    def look(self, content: bytes, where: str) -> None:
        """Look through some bytes."""
        self.looked_bytes += len(content)
        for match in self._pattern.finditer(content):
            around = content[max(0, match.start() - 40) : match.start()]
            self.found.add(f"{self._names[match[0]]} in {where}, after {around!r}")

    def look_below(self, folder: Path, *, but: frozenset[Path] = frozenset()) -> None:
        """All files of a folder, their names, and what git has packed in it."""
        for path in sorted(folder.rglob("*")):
            self.look(os.fsencode(path.relative_to(folder)), f"the name {path}")
            if path.is_file() and not path.is_symlink() and path not in but:
                self.look(path.read_bytes(), str(path))
            if path.is_dir() and (path / "objects").is_dir():
                self.look(_objects(path), f"git's objects of {path}")

    async def look_at_postgresql(self, url: str) -> None:
        """Every column of every row of every table."""
        connection: Any = await asyncpg.connect(url)
        try:
            tables = await connection.fetch(
                "SELECT quote_ident(table_schema) || '.' || quote_ident(table_name) AS name "
                "FROM information_schema.tables WHERE table_schema NOT LIKE 'pg_%' "
                "AND table_schema <> 'information_schema' AND table_type = 'BASE TABLE'"
            )
            assert len(tables) > 20
            for table in tables:
                for row in await connection.fetch(f"SELECT * FROM {table['name']}"):  # noqa: S608
                    for column, value in row.items():
                        content = value if isinstance(value, bytes) else str(value).encode()
                        self.look(content, f"column {column} of {table['name']}")
        finally:
            await connection.close()


def _objects(repository: Path) -> bytes:
    """All objects of a repository, unpacked."""
    listing = ["git", "cat-file", "--batch-all-objects", "--batch"]
    environ = {"PATH": os.environ["PATH"], "GIT_DIR": str(repository), "HOME": "/nonexistent"}
    done = subprocess.run(listing, capture_output=True, env=environ, check=False)
    return done.stdout


class Watch:
    """Looks, again and again, at the arguments and the environment of all that a process starts."""

    def __init__(self, pid: int, search: Search) -> None:
        self._pid = pid
        self._search = search
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.seen: set[int] = set()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.002):
            for path, content in self._read():
                self._search.look(content, path)

    def _read(self) -> Iterator[tuple[str, bytes]]:
        try:
            members = family_of(self._pid)
        except OSError:
            return
        own = Path(f"/proc/{self._pid}/cmdline").read_bytes()
        for pid in members:
            self.seen.add(pid)
            try:
                words = Path(f"/proc/{pid}/cmdline").read_bytes()
                given = Path(f"/proc/{pid}/environ").read_bytes()
                again = Path(f"/proc/{pid}/cmdline").read_bytes()
                name = Path(f"/proc/{pid}/comm").read_text().strip()
            except OSError:
                continue
            yield "arguments", words
            # What the server was given is its own, also in the moment before a child of its becomes
            # another program; what it gives on is looked at.
            if own not in {words, again} and words and again:
                # Git, or the shell that bounds it and becomes it.
                is_git = name.startswith("git") or b"ulimit -c 0" in words
                who = "git" if is_git else repr(words[:80])
                yield f"the environment of {who}", given


def run(search: Search, url: str) -> None:
    """Look at a PostgreSQL database, from where there is no event loop."""
    asyncio.run(search.look_at_postgresql(url))
