"""Keeps keys where only their owner reads them, and finds the one that a command is to use."""

import json
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit, urlunsplit

from hiringhall.cli.outcome import CommandError, Exit

DEFAULT_URL = "http://127.0.0.1:8470"
KEY_VARIABLES = ("HIRINGHALL_API_KEY", "AGENTWORK_API_KEY")

# What a bearer key can consist of (RFC 6750). An HTTP library that is handed anything else would
# quote the header, and the key in it, in its error.
_KEY = re.compile(r"[A-Za-z0-9._~+/=-]{1,512}")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Credentials:
    """A hall's address and the key to act with; the key shows in no repr."""

    url: str
    key: str

    def __repr__(self) -> str:
        return f"Credentials(url={self.url!r}, key=…)"


def tidy_url(url: str | None) -> str:
    """The hall's address in the one form in which keys are kept for it."""
    text = (url or DEFAULT_URL).strip()
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise _bad_url(text) from None
    if parts.scheme not in {"http", "https"} or not host or parts.query or parts.fragment:
        raise _bad_url(text)
    if parts.username is not None or parts.password is not None:
        raise CommandError("An address must not carry a user name or password.", Exit.USAGE)
    name = f"[{host}]" if ":" in host else host
    place = name if port is None else f"{name}:{port}"
    return urlunsplit((parts.scheme, place, parts.path.rstrip("/"), "", ""))


def _bad_url(text: str) -> CommandError:
    shown = text if "@" not in text else "this"
    return CommandError(f"{shown} is no address of a hall: give http://HOST:PORT.", Exit.USAGE)


def in_the_clear(url: str) -> bool:
    """Whether a key sent there crosses a network unencrypted."""
    parts = urlsplit(url)
    return parts.scheme == "http" and (parts.hostname or "") not in _LOOPBACK


def find_key(url: str, key_file: Path | None, environ: Mapping[str, str]) -> str:
    """The key for a hall: the file that was named, the environment, else the one stored for it."""
    if key_file is not None:
        return tidy_key(_read_private(key_file), f"{key_file}")
    for variable in KEY_VARIABLES:
        if text := environ.get(variable, "").strip():
            return tidy_key(text, variable)
    stored = _stored(environ).get(url)
    if stored is not None:
        return tidy_key(str(stored.get("api_key", "")), str(store_path(environ)))
    raise CommandError(
        f"There is no key for {url}. Get one with 'hiringhall register' or 'hiringhall login', "
        f"or set {KEY_VARIABLES[0]}.",
        Exit.UNAUTHORIZED,
    )


def keep_key(url: str, *, key: str, email: str, environ: Mapping[str, str]) -> Path:
    """Store a key for a hall, in place of an earlier one."""
    entries = _stored(environ)
    entries[url] = {"api_key": key, "email": email}
    return _write(entries, environ)


def forget_key(url: str, environ: Mapping[str, str]) -> bool:
    """Remove what is stored for a hall; whether anything was."""
    entries = _stored(environ)
    if entries.pop(url, None) is None:
        return False
    _write(entries, environ)
    return True


def has_key(url: str, environ: Mapping[str, str]) -> bool:
    """Whether a key is stored for a hall."""
    return url in _stored(environ)


def keep_secret(  # what it is called, where it goes, and what to do should that fail
    secret: str,
    *,
    kind: str,
    name: str,
    place: Path | None,
    environ: Mapping[str, str],
    lost: str,
) -> Path:
    """Store what is shown once in a file that its owner alone reads; raises CommandError.

    `kind` names the folder beside the keys where no `place` is given. `lost` says how to get
    another where the file cannot be written.
    """
    safe = re.sub(r"[^0-9A-Za-z-]", "_", name)[:64]
    path = place or store_path(environ).parent / kind / f"{safe}.key"
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".kept-")
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(f"{secret}\n")
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except OSError as error:
        raise CommandError(
            f"{path} cannot be written: {error.strerror}. What it was to hold is lost. {lost}"
        ) from None
    return path


def store_path(environ: Mapping[str, str]) -> Path:
    """Where keys are stored (XDG base directories)."""
    base = environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "hiringhall" / "credentials.json"


def tidy_key(text: str, source: str) -> str:
    """A key as it is sent, refused when it cannot be one; `source` says where it came from."""
    key = text.strip()
    if not _KEY.fullmatch(key):
        raise CommandError(f"What {source} holds is not a key: copy it again.", Exit.UNAUTHORIZED)
    return key


def _read_private(path: Path) -> str:
    """A file's text, refused when others could have read it."""
    try:
        with path.open(encoding="utf-8") as file:
            mode = os.fstat(file.fileno()).st_mode
            if mode & 0o077:
                raise CommandError(
                    f"Others may read {path}, which holds a key. Make it yours: chmod 600 {path}",
                    Exit.UNAUTHORIZED,
                )
            return file.read(65_536)
    except FileNotFoundError:
        raise CommandError(f"There is no file {path}.", Exit.NOT_FOUND) from None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a text file"
        raise CommandError(f"{path} cannot be read: {reason}.", Exit.USAGE) from None


def _stored(environ: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    path = store_path(environ)
    if not path.exists():
        return {}
    try:
        entries = json.loads(_read_private(path))
    except ValueError:
        entries = None
    if not isinstance(entries, dict):
        raise CommandError(f"{path} is damaged; remove it and log in again.", Exit.UNAUTHORIZED)
    return cast("dict[str, dict[str, Any]]", entries)


def _write(entries: dict[str, dict[str, Any]], environ: Mapping[str, str]) -> Path:
    path = store_path(environ)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # mkstemp makes the file readable by its owner alone before anything is in it.
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".credentials-")
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(entries, file, indent=2)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}.") from None
    return path
