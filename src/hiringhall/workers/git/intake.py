"""Takes a bundle that a sandbox made into the hall's own repository, believing nothing it says.

The bundle's header is read by our own few lines; its pack goes through `index-pack --strict` into a
repository of its own, where it is judged (links whole, sizes, numbers, no live secret), and only
then is the pack moved beside the others.
"""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from hiringhall.workers.git import skeleton
from hiringhall.workers.git.command import MIB, Git
from hiringhall.workers.git.errors import LiveSecret, TooLarge, WorkUnreadable, clean
from hiringhall.workers.git.leaks import Needles

_HEADER_BYTES = 1 << 16
_FIRST_LINE = b"# v2 git bundle\n"
_PREREQUISITE = re.compile(rb"-([0-9a-f]{40})(?: [^\n]*)?")
_REF = re.compile(rb"([0-9a-f]{40}) ([^\n]+)")


@dataclass(frozen=True, slots=True)
class Allowance:
    """How much one run's work may be."""

    pack_bytes: int = 512 * MIB
    object_bytes: int = 100 * MIB
    """One file, in one version; what well-known hosts take."""
    total_bytes: int = 2048 * MIB
    objects: int = 500_000
    changed_files: int = 50_000
    patch_bytes: int = MIB
    time_s: float = 120

    @classmethod
    def of(cls, mib: int) -> "Allowance":
        """So much, packed, and four times as much unpacked; one file has to fit in alone."""
        usual = cls()
        return cls(
            pack_bytes=mib * MIB,
            object_bytes=min(usual.object_bytes, mib * MIB),
            total_bytes=4 * mib * MIB,
        )

    @property
    def refusal(self) -> str:
        """What is said of work that is more than that."""
        return (
            f"The work is larger than the {self.pack_bytes // MIB} MiB, packed, that this hall "
            "takes of one run (HIRINGHALL_WORK_MIB), so nothing of it was taken."
        )


def read_header(file: BinaryIO, *, ref: str) -> str:
    """Read a bundle's header and leave the file where its pack begins; returns its one ref's tip.

    Raises:
        WorkUnreadable: it is no bundle, or holds another ref than the one.
    """
    head = file.read(_HEADER_BYTES)
    end = head.find(b"\n\n")
    if not head.startswith(_FIRST_LINE) or end < 0:
        raise WorkUnreadable("What the sandbox made is not a git bundle.")
    tips: list[str] = []
    for line in head[len(_FIRST_LINE) : end].split(b"\n"):
        if _PREREQUISITE.fullmatch(line):
            continue
        match = _REF.fullmatch(line)
        if match is None or match[2] != ref.encode():
            raise WorkUnreadable("The bundle holds another ref than the run's own branch.")
        tips.append(match[1].decode())
    if len(tips) != 1:
        raise WorkUnreadable("The bundle does not hold exactly the run's own branch.")
    file.seek(end + 2)
    return tips[0]


@dataclass(frozen=True, slots=True)
class Intake:
    """One run's work on its way in. `folder` is a new repository that borrows from `work`.

    What is not to be kept is judged all the same, and stays in `folder`.
    """

    git: Git
    folder: Path
    work: Path
    allowance: Allowance
    keeps: bool = True

    async def take(self, bundle: BinaryIO, *, ref: str, known: Path, secrets: Sequence[str]) -> str:
        """Judge a bundle and keep its objects; returns the tip of its ref.

        `known` is a file of `^commit` lines: what the repository has already, and what is
        therefore not published by this work.

        Raises:
            WorkUnreadable, TooLarge, LiveSecret: it is not taken, and nothing of it is kept.
        """
        tip = await asyncio.to_thread(read_header, bundle, ref=ref)
        await self._index(bundle)
        await self.judge(tip, known=known, secrets=secrets)
        if self.keeps:
            await asyncio.to_thread(self._keep)
        return tip

    async def _index(self, file: BinaryIO) -> None:
        answer = await self.git.run(
            "index-pack",
            "--stdin",
            "--fix-thin",
            "--strict",
            f"--max-input-size={self.allowance.pack_bytes}",
            repository=self.folder,
            stdin=file,
            config=[("core.fsync", "committed")],
            bounds=self.git.within(
                time_s=self.allowance.time_s, file_bytes=2 * self.allowance.pack_bytes
            ),
        )
        if answer.code == 0:
            return
        said = clean(answer.err)
        if re.search(
            r"maximum allowed size|out of memory|signal|file too large", said, re.IGNORECASE
        ):
            raise TooLarge(f"{self.allowance.refusal} git said: {said}")
        raise WorkUnreadable(f"git does not take the commits that were made: {said}")

    async def judge(self, tip: str, *, known: Path, secrets: Sequence[str]) -> None:
        """Look at every object that `tip` would publish, in whichever repository it lies.

        Raises:
            WorkUnreadable, TooLarge, LiveSecret: as for `take`.
        """
        kind = await self.git.run("cat-file", "-t", tip, repository=self.folder)
        if kind.text != "commit":
            raise WorkUnreadable("The branch does not end at a commit.")
        wanted = f"{tip}\n".encode() + await asyncio.to_thread(known.read_bytes)
        listing = self.folder.with_name("published")
        with listing.open("w+b") as listed:
            answer = await self.git.run(
                "rev-list", "--objects", "--no-object-names", "--stdin",
                repository=self.folder, stdin=wanted, stdout=listed,
                bounds=self.git.within(time_s=self.allowance.time_s),
            )  # fmt: skip
            if answer.code != 0:
                raise WorkUnreadable(f"The commits are not whole: {clean(answer.err)}")
            if listing.stat().st_size > 41 * self.allowance.objects:
                raise TooLarge(f"The work has more than {self.allowance.objects:,} objects.")
            listed.seek(0)
            await self._read_all(listed, Needles.of(secrets))

    async def _read_all(self, listed: BinaryIO, needles: Needles) -> None:
        """Sizes always, contents only when there is something to look for."""
        mode = "--batch" if needles.some else "--batch-check"
        async with self.git.started(
            "cat-file", mode, "--buffer",
            repository=self.folder, stdin=listed,
            bounds=self.git.within(time_s=self.allowance.time_s),
        ) as running:  # fmt: skip
            total = 0
            while header := await running.stdout.readline():
                size = self._size(header)
                total += size
                if total > self.allowance.total_bytes:
                    raise TooLarge(
                        f"The work unpacks to more than {self.allowance.total_bytes >> 20} MiB "
                        "(four times HIRINGHALL_WORK_MIB)."
                    )
                if needles.some and await needles.found_in(running.stdout, size + 1):
                    raise LiveSecret(
                        "The work contains a secret that is in use (a token or a key), so it was "
                        "neither kept nor pushed: the secret must not appear in any file or "
                        "message, of any commit."
                    )
            code, said = await running.ended()
            if code != 0:
                raise WorkUnreadable(f"The objects are not whole: {clean(said)}")

    def _size(self, header: bytes) -> int:
        parts = header.split()
        if len(parts) != 3 or not parts[2].isdigit():
            raise WorkUnreadable("An object of the work is missing.")
        size = int(parts[2])
        if size > self.allowance.object_bytes:
            raise TooLarge(
                f"A file in the work's commits has {size >> 20} MiB; at most "
                f"{self.allowance.object_bytes >> 20} MiB are taken."
            )
        return size

    def _keep(self) -> None:
        """Move the pack beside the others: its index last, since that is what makes it seen."""
        target = self.work / "objects/pack"
        for suffix in (".pack", ".rev", ".idx"):
            for source in (self.folder / "objects/pack").glob(f"pack-*{suffix}"):
                source.replace(target / source.name)
        skeleton.sync_folder(target)
