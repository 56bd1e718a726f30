"""Looks for secrets that are in use, in a stream of bytes, plain or in base 64."""

import asyncio
import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass

from hiringhall.workers.git.errors import WorkUnreadable

SHORTEST_SECRET = 8
"""Shorter texts are words that stand in honest files."""

_CHUNK_BYTES = 1 << 18


@dataclass(frozen=True, slots=True)
class Needles:
    """What is looked for, as one expression."""

    pattern: re.Pattern[bytes] | None
    longest: int

    @classmethod
    def of(cls, secrets: Sequence[str]) -> "Needles":
        """The secrets and their base-64 forms at each of the three offsets they can stand at."""
        forms: set[bytes] = set()
        for secret in secrets:
            if len(secret) < SHORTEST_SECRET:
                continue
            plain = secret.encode("utf-8", "surrogateescape")
            forms.add(plain)
            forms.update(_in_base64(plain))
        if not forms:
            return cls(pattern=None, longest=0)
        ordered = sorted(forms, key=len, reverse=True)
        return cls(re.compile(b"|".join(re.escape(form) for form in ordered)), len(ordered[0]))

    @property
    def some(self) -> bool:
        """Whether there is anything to look for."""
        return self.pattern is not None

    def found_in_bytes(self, content: bytes) -> bool:
        """Whether a secret stands in these bytes."""
        return self.pattern is not None and self.pattern.search(content) is not None

    async def found_in(self, stream: asyncio.StreamReader, size: int) -> bool:
        """Whether a secret stands in the next `size` bytes of a stream, which are read.

        Raises:
            WorkUnreadable: the stream ends before.
        """
        tail = b""
        while size > 0:
            chunk = await stream.read(min(size, _CHUNK_BYTES))
            if not chunk:
                raise WorkUnreadable("An object of the work could not be read to its end.")
            size -= len(chunk)
            window = tail + chunk
            if self.found_in_bytes(window):
                return True
            tail = window[-(self.longest - 1) :] if self.longest > 1 else b""
        return False


def _in_base64(plain: bytes) -> list[bytes]:
    """The part of each base-64 spelling that does not depend on what stands around the secret."""
    forms: list[bytes] = []
    for offset in range(3):
        encoded = base64.b64encode(bytes(offset) + plain)
        first = (offset * 8 + 5) // 6
        last = (offset + len(plain)) * 8 // 6
        stable = encoded[first:last]
        if len(stable) >= SHORTEST_SECRET:
            forms += [stable, stable.translate(bytes.maketrans(b"+/", b"-_"))]
    return forms
