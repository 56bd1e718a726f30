"""Looks for secrets that are in use, in a stream of bytes, however they are spelled."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from hiringhall.workers.git.errors import WorkUnreadable
from hiringhall.workers.masking import Matcher

_CHUNK_BYTES = 1 << 18


@dataclass(frozen=True, slots=True)
class Needles:
    """What is looked for."""

    matcher: Matcher

    @classmethod
    def of(cls, secrets: Sequence[str]) -> "Needles":
        """The secrets in every spelling that `Matcher` knows."""
        return cls(Matcher.of(secrets))

    @property
    def some(self) -> bool:
        """Whether there is anything to look for."""
        return self.matcher.some

    def found_in_bytes(self, content: bytes) -> bool:
        """Whether a secret stands in these bytes."""
        return self.matcher.found_in_bytes(content)

    async def found_in(self, stream: asyncio.StreamReader, size: int) -> bool:
        """Whether a secret stands in the next `size` bytes of a stream, which are read.

        Raises:
            WorkUnreadable: the stream ends before.
        """
        tail = b""
        longest = self.matcher.longest
        while size > 0:
            chunk = await stream.read(min(size, _CHUNK_BYTES))
            if not chunk:
                raise WorkUnreadable("An object of the work could not be read to its end.")
            size -= len(chunk)
            window = tail + chunk
            if self.found_in_bytes(window):
                return True
            tail = window[-(longest - 1) :] if longest > 1 else b""
        return False
