"""Where the kills go: some at any time, some at what a client does, some at what a run is doing."""

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from bench.chaos.asking import Moments, Point

_LOOK_S = 0.001
_PATIENCE_S = 4.0
"""How long an aimed kill waits for its moment; then it is one at any time."""


class Aim(StrEnum):
    """A kind of kill point."""

    ANY = "at any time"
    HALF_SENT = Point.HALF_SENT.value
    SENT = Point.SENT.value
    ANSWERED = Point.ANSWERED.value
    STARTING = "while it starts"
    RECOVERING = "just when it is ready"
    KEEPING = "while a file is stored"
    FETCHING = "while a repository is fetched"
    COMMAND = "during a sandboxed command"
    REPORTED = "between report and delivery"
    COLLECTING = "while work is collected"
    PUSHED = "between push and delivery"
    CLEARING = "after delivery, while a run clears up"


ALWAYS = (
    Aim.ANY, Aim.HALF_SENT, Aim.SENT, Aim.ANSWERED, Aim.STARTING, Aim.RECOVERING, Aim.KEEPING,
)  # fmt: skip
WITH_COMMANDS = (
    Aim.FETCHING, Aim.COMMAND, Aim.REPORTED, Aim.COLLECTING, Aim.PUSHED, Aim.CLEARING,
)  # fmt: skip


def draw_aims(count: int, *, with_commands: bool, chance: random.Random) -> list[Aim]:
    """That many kill points, each kind as often as the others, in an order drawn by lot."""
    kinds = ALWAYS + (WITH_COMMANDS if with_commands else ())
    aims = [kinds[n % len(kinds)] for n in range(count)]
    chance.shuffle(aims)
    return aims


@dataclass(frozen=True)
class Sight:
    """What can be seen of a hall from outside: its clients' requests, and its folders."""

    moments: Moments
    data_dir: Path
    repository: Path
    chance: random.Random

    async def strike(self, aim: Aim, kill: Callable[[], None]) -> str:
        """Kill when the moment has come; what was hit, in words."""
        if aim in (Aim.HALF_SENT, Aim.SENT, Aim.ANSWERED):
            return await self._at_a_request(aim, kill)
        if aim in _SEEN:
            return await self._at_a_sight(aim, kill)
        most_s = {Aim.RECOVERING: 0.1, Aim.STARTING: 1.5}.get(aim, 1.0)
        await asyncio.sleep(self.chance.uniform(0, most_s))
        kill()
        return aim.value

    async def _at_a_request(self, aim: Aim, kill: Callable[[], None]) -> str:
        # Not at the first request that comes: they all come at once when a server is back.
        await asyncio.sleep(self.chance.uniform(0, 0.8))
        hit: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        def strike(what: str) -> None:
            kill()
            if not hit.done():
                hit.set_result(what)

        self.moments.arm(Point(aim.value), strike)
        try:
            async with asyncio.timeout(_PATIENCE_S):
                return f"{aim.value} ({await hit})"
        except TimeoutError:
            self.moments.disarm()
            kill()
            return _missed(aim)

    async def _at_a_sight(self, aim: Aim, kill: Callable[[], None]) -> str:
        look, most_s = _SEEN[aim]
        # What is there already may be long past its moment, or left by an earlier death.
        await asyncio.sleep(self.chance.uniform(0.1, 0.6))
        before = look(self)
        until_s = time.monotonic() + _PATIENCE_S
        while time.monotonic() < until_s:
            now = look(self)
            if (before - now) if aim is Aim.CLEARING else (now - before):
                await asyncio.sleep(self.chance.uniform(0, most_s))
                kill()
                return aim.value
            before &= now
            await asyncio.sleep(_LOOK_S)
        kill()
        return _missed(aim)

    def _named(self, pattern: str) -> set[str]:
        return {str(path) for path in self.data_dir.glob(pattern)}

    def _branches(self) -> set[str]:
        """Each branch that was pushed, with when it was last moved."""
        folder = self.repository / "refs/heads/worker"
        found: set[str] = set()
        for path in folder.glob("task_*"):
            try:
                found.add(f"{path.name} {path.stat().st_mtime_ns}")
            except OSError:
                continue
        return found


_SEEN: dict[Aim, tuple[Callable[[Sight], set[str]], float]] = {
    Aim.KEEPING: (lambda sight: sight._named("blobs/coming/*"), 0.0),
    Aim.FETCHING: (lambda sight: sight._named("work/runs/.new-*"), 0.06),
    Aim.COMMAND: (lambda sight: sight._named("runs/sessions/*"), 0.3),
    Aim.REPORTED: (lambda sight: sight._named("runs/reports/*.json"), 0.2),
    Aim.COLLECTING: (lambda sight: sight._named("work/runs/*/collect-*"), 0.08),
    Aim.PUSHED: (Sight._branches, 0.03),
    Aim.CLEARING: (lambda sight: sight._named("runs/reports/*.json"), 0.01),
}
"""What to look for, and how many seconds behind its coming (or going) the kill may be at most."""


def _missed(aim: Aim) -> str:
    return f"{Aim.ANY.value} (nothing came: {aim.value})"
