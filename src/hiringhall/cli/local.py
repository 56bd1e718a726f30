"""Reaches the hall of a data folder: through its server while one runs, else by opening it."""

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from hiringhall.cli.outcome import CommandError, Exit, sentence
from hiringhall.cli.screen import Screen

if TYPE_CHECKING:
    from hiringhall.settings import Settings

_CODES = {
    "not_found": Exit.NOT_FOUND,
    "unauthorized": Exit.UNAUTHORIZED,
    "forbidden": Exit.UNAUTHORIZED,
    "too_many_attempts": Exit.LATER,
    "store": Exit.FAILED,
    "unknown_operation": Exit.FAILED,
}
# A server has the lock a moment before its socket is there.
_PATIENCE_S = 5.0


def settings_of(data_dir: Path | None, database_url: str | None, **more: Any) -> "Settings":
    """The settings of this command; a wrong one is a usage error, an unknown one is told of."""
    from hiringhall.settings import SettingsError, read_settings, strange_variables

    for variable, meant in strange_variables(os.environ).items():
        hint = f"; {meant} may be meant" if meant else ", see docs/settings.md"
        Screen().note(f"warning: There is no setting {variable}{hint}.")
    try:
        return read_settings(os.environ, data_dir=data_dir, database_url=database_url, **more)
    except SettingsError as error:
        raise CommandError(sentence(error), Exit.USAGE) from None


def require_hall(settings: "Settings") -> None:
    """Refuse a folder with no hall in it, so that a mistyped one does not become a hall."""
    if settings.database_url is not None:
        return
    folder = settings.data_dir
    try:
        (folder / "hall.db").stat()
    except FileNotFoundError:
        raise CommandError(
            f"There is no hall in {folder}. Start one with 'hiringhall serve', or name its folder "
            "with --data-dir.",
            Exit.NOT_FOUND,
        ) from None
    except OSError as error:
        raise CommandError(
            f"The data folder {folder} cannot be read: {error.strerror}.", Exit.USAGE
        ) from None


def operate(settings: "Settings", name: str, /, **arguments: Any) -> dict[str, Any]:
    """Carry out an operation on the hall of a data folder; its value. Raises CommandError."""
    from hiringhall.doors.server import run
    from hiringhall.node import FolderUnusable, NodeBusy
    from hiringhall.settings import SettingsError
    from hiringhall.store.errors import StoreError

    try:
        return _value(run(_on_our_own(settings, name, arguments)))
    except NodeBusy as busy:
        return _value(_through_the_server(settings.data_dir, name, arguments, str(busy)))
    except (SettingsError, FolderUnusable) as error:
        raise CommandError(sentence(error), Exit.USAGE) from None
    except StoreError as error:
        raise CommandError(sentence(error)) from None


async def _on_our_own(settings: "Settings", name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    from hiringhall.app import open_app
    from hiringhall.cli.operations import carry_out

    async with open_app(settings) as app:
        return await carry_out(app.hall, name, arguments)


def _through_the_server(
    folder: Path, name: str, arguments: dict[str, Any], busy: str
) -> dict[str, Any]:
    from hiringhall.cli.adminsocket import NAME, SocketError, ask

    deadline = time.monotonic() + _PATIENCE_S
    while not (folder / NAME).exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    try:
        return ask(folder, name, arguments)
    except SocketError:
        raise CommandError(f"{busy}; it does not answer.", Exit.LATER) from None


def _value(line: dict[str, Any]) -> dict[str, Any]:
    if "error" in line:
        error = cast("dict[str, Any]", line["error"])
        code = _CODES.get(str(error.get("code")), Exit.REFUSED)
        raise CommandError(sentence(error.get("message")), code)
    return cast("dict[str, Any]", line.get("value") or {})
