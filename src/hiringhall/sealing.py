"""Secrets that the hall keeps for others: sealed with a key that is not where they are kept."""

import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_FORM = b"\x01"
_NONCE_BYTES = 12


class CannotOpen(Exception):
    """What was sealed was sealed with another key, or for another place, or was altered."""


class Sealer:
    """Seals and opens texts (AES-256-GCM), each for the one place that it is kept at.

    The key is made from the hall's secret key for this purpose alone; it never leaves.
    """

    def __init__(self, secret_key: bytes) -> None:
        self._aes = AESGCM(hmac.digest(secret_key, b"hiringhall sealed secrets", hashlib.sha256))

    def seal(self, text: str, *, place: str) -> bytes:
        """A text as it may be kept. `place` says whose it is; opened elsewhere, it is nothing."""
        nonce = os.urandom(_NONCE_BYTES)
        return _FORM + nonce + self._aes.encrypt(nonce, text.encode(), place.encode())

    def open(self, sealed: bytes, *, place: str) -> str:
        """The text that was sealed for a place; raises CannotOpen."""
        if sealed[:1] != _FORM:
            raise CannotOpen("A kept secret is in no form that this hall knows")
        nonce, rest = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            return self._aes.decrypt(nonce, rest, place.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise CannotOpen(
                "A kept secret was sealed with another key than this hall's"
            ) from error
