"""What a runtime does its stretch of work with: every word and file of it goes through here."""

import asyncio
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from hiringhall.actions.runs import preparing, working
from hiringhall.actions.runs.outcomes import NewFile
from hiringhall.actions.runs.working import RunBrief
from hiringhall.blobs import Blobs
from hiringhall.hall import Hall
from hiringhall.queries.work import attached_names
from hiringhall.workers.file_names import safe_name
from hiringhall.workers.masking import LiveSecrets, MaskedStream, Masker, masked_file


@dataclass(frozen=True, slots=True)
class RunningStretch:
    """A stretch of work as its runtime sees it; nothing leaves it with a live secret in it."""

    hall: Hall
    blobs: Blobs
    brief: RunBrief
    secrets: LiveSecrets = field(default_factory=LiveSecrets)
    _names: set[str] = field(default_factory=set[str])

    @property
    def _masker(self) -> Masker:
        return self.secrets.masker(self.brief.task.organization_id)

    def mask(self, text: str) -> str:
        """A text that came from the worker, without live secrets."""
        return self._masker.text(text)

    def masked_stream(self) -> MaskedStream:
        """Masks what a worker's process prints, piece by piece."""
        return self._masker.stream()

    async def progress(self, text: str) -> None:
        """Tell the poster how far it is."""
        await working.report_progress(self.hall, token=self.brief.run.token, text=self.mask(text))

    async def keep_file(self, name: str, content: bytes | Path) -> NewFile:
        """Store a file to deliver, under a name that a client may save it by."""
        named = safe_name(self.mask(name), taken=self._names)
        self._names.add(named)
        return await self._keep(named, content)

    async def _keep(self, named: str, content: bytes | Path) -> NewFile:
        key = self.hall.new_id()
        if isinstance(content, bytes):
            kept = await self.blobs.put(key, self._masker.content(content))
            return NewFile(named, kept.size_bytes, kept.sha256, key)
        with tempfile.TemporaryDirectory(prefix="hall-") as folder:
            copy = await asyncio.to_thread(masked_file, content, self._masker, Path(folder))
            kept = await self.blobs.put(key, copy or content)
        return NewFile(named, kept.size_bytes, kept.sha256, key)

    async def attach(self, name: str, content: bytes | Path) -> str:
        """Lay a file by for the next deliverable; the name that it has there."""
        file = await self._keep(safe_name(self.mask(name)), content)
        await preparing.attach_file(self.hall, token=self.brief.run.token, file=file)
        return file.name

    async def attached(self) -> set[str]:
        """The names of files that are laid by; no other file to deliver is given one of them."""
        names = await attached_names(self.hall, task_id=self.brief.task.id)
        self._names.update(names)
        return names

    async def used(self, *, input_tokens: int, output_tokens: int) -> None:
        """Meter what a model used; command and rehearsal cost no credits."""
        await working.record_usage(
            self.hall,
            token=self.brief.run.token,
            input_tokens=input_tokens,
            output_tokens=output_tokens,
            charged=0,
        )
