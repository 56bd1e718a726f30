"""Passwords: hashed with argon2 off the event loop, two at a time, whoever asks."""

import asyncio
from dataclasses import dataclass, field

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from hiringhall.domain.errors import Invalid

MIN_LENGTH = 8
MAX_LENGTH = 1024

NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$" + "A" * 43
"""A hash that no password has: verified where there is no account, so that both cases take
the same time."""


@dataclass(frozen=True)
class Passwords:
    """Hashes and verifies; each hash takes 64 MiB and a core for some time, so few run at once."""

    _hasher: PasswordHasher = field(default_factory=PasswordHasher)
    _at_once: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(2))

    async def hash(self, password: str) -> str:
        """The text to keep for a password; Invalid when it is too short or too long."""
        if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
            raise Invalid(
                f"A password has {MIN_LENGTH} to {MAX_LENGTH} characters", {"password": "length"}
            )
        async with self._at_once:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether a password is the one; None stands for an account that has none."""
        if len(password) > MAX_LENGTH:
            return False
        async with self._at_once:
            try:
                await asyncio.to_thread(self._hasher.verify, password_hash or NOBODY, password)
            except (VerificationError, InvalidHashError):
                return False
        return password_hash is not None
