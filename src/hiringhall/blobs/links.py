"""Links to files that work without a key for a while, and cannot be altered."""

import base64
import hashlib
import hmac
import os
import secrets
import stat
from pathlib import Path

KEY_BYTES = 32


class FileLinks:
    """Signs and checks links. The key never leaves; each purpose has its own, made from one."""

    def __init__(self, secret_key: bytes) -> None:
        if len(secret_key) < KEY_BYTES:
            raise ValueError(f"the secret key has at least {KEY_BYTES} bytes")
        self._key = hmac.digest(secret_key, b"hiringhall file links", hashlib.sha256)

    def sign(self, file_id: str, expires_at_s: int) -> str:
        """The signature of a link to a file until a time (seconds since 1970, UTC)."""
        message = f"{expires_at_s}\n{file_id}".encode("utf-8", "surrogatepass")
        digest = hmac.digest(self._key, message, hashlib.sha256)
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def verify(self, file_id: str, expires_at_s: int, signature: str, *, now_s: float) -> bool:
        """Whether a link is one of ours, unaltered, and its time is not over."""
        wanted = self.sign(file_id, expires_at_s).encode()
        given = signature.encode("utf-8", "surrogatepass")
        return hmac.compare_digest(wanted, given) and now_s < expires_at_s


def read_secret_key(path: Path) -> bytes:
    """The hall's secret key from its file, which is made when it is not there.

    Raises:
        PermissionError: others than the owner may read the file.
        ValueError: it does not hold a key.
    """
    if not path.exists():
        _make(path)
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_CLOEXEC), "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise ValueError(f"the secret key file {path} is no plain file")
        if found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise PermissionError(f"others may read the secret key file {path}: chmod 600 it")
        text = file.read(1024).strip()
    try:
        key = base64.b64decode(text, validate=True)
    except ValueError:
        key = b""
    if len(key) < KEY_BYTES:
        raise ValueError(f"the secret key file {path} holds no key of {KEY_BYTES} bytes in base 64")
    return key


def _make(path: Path) -> None:
    """Write a new key under its name in one step: two processes that start at once agree."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(fresh, flags, 0o600), "wb") as file:
        file.write(base64.b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
