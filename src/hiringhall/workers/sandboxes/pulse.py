"""Ends what runs in an engine's containers when the hall's process does not run any more.

An engine keeps a container whose hall was killed or is stopped. So the hall writes something new
into a file at short intervals; each container is shown that file, and a few lines of shell beside
the work in it look at it. Who finds nothing new for too long kills all that is in there.
"""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from pathlib import Path

import structlog

log = structlog.get_logger()

PLACE = "/run/alive"
"""Where a container sees the folder, unchangeable."""
PROCESSES = 2
"""How many processes the watch is, beside the work."""
USUAL_SILENCE_S = 60.0
_LOOKS = 10
_NAME = "pulse"

# By reading what is there, and not its age: clocks of other machines may be off, and a machine that
# slept has missed nothing. PID 1 cannot be killed from inside, but ends with what it waits for.
_WATCHED = """
beat=$1 pause=$2 looks=$3
shift 3
exec 3<&0 </dev/null
(
  trap '' HUP INT TERM
  exec 3<&- >/dev/null 2>&1
  before= missed=0
  while [ "$missed" -lt "$looks" ]; do
    sleep "$pause"
    now=
    read -r now <"$beat"
    if [ "$now" = "$before" ]; then missed=$((missed + 1)); else before=$now missed=0; fi
  done
  kill -KILL -1
) &
"$@" <&3 3<&- &
wait "$!"
"""


class Pulse:
    """Shows in `folder` that this process runs; without it what is watched ends in `silence_s`."""

    def __init__(self, folder: Path, silence_s: float | None) -> None:
        self.folder = folder
        self._pause_s = (silence_s or USUAL_SILENCE_S) / _LOOKS
        self._beating: asyncio.Task[None] | None = None

    def watched(self, command: Sequence[str]) -> list[str]:
        """A command with the watch beside it, which ends with it."""
        # One look less, because the last may come just before a beat would have.
        watch = [f"{PLACE}/{_NAME}", f"{self._pause_s:g}", str(_LOOKS - 1)]
        return ["/bin/sh", "-c", _WATCHED, "sh", *watch, *command]

    async def begin(self) -> None:
        """Beat from now on; harmless when it does so already."""
        if self._beating is None:
            self.folder.mkdir(mode=0o755, parents=True, exist_ok=True)
            self._beat()
            self._beating = asyncio.create_task(self._keep_beating())

    async def end(self) -> None:
        """Beat no more."""
        if self._beating is not None:
            self._beating.cancel()
            await asyncio.gather(self._beating, return_exceptions=True)
            self._beating = None

    async def _keep_beating(self) -> None:
        while True:
            await asyncio.sleep(self._pause_s / 2)
            try:
                self._beat()
            except OSError as error:
                log.warning("sandbox.no_pulse", why=str(error))

    def _beat(self) -> None:
        """In place: a file that was replaced would be another to whoever has it mounted."""
        path = self.folder / _NAME
        with contextlib.ExitStack() as opened:
            try:
                file = opened.enter_context(path.open("r+b", buffering=0))
            except FileNotFoundError:
                file = opened.enter_context(path.open("xb", buffering=0))
                path.chmod(0o644)
            file.write(b"%020d\n" % time.time_ns())
