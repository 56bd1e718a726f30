"""One hall on one database: killed, started again and looked at, until every kill was survived."""

import asyncio
import json
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.chaos import checks
from bench.chaos.asking import Unanswered
from bench.chaos.plot import COMMANDS, SCRIPT, Kind, Story
from bench.chaos.posters import Account, Posters
from bench.chaos.served import DidNotServe, Life, Served, end
from bench.chaos.strikes import Aim, Sight, draw_aims
from hiringhall.cli import adminsocket

_MOST_VIOLATIONS = 20
_GIT = ["git", "-c", "user.name=Poster", "-c", "user.email=poster@example.org"]


@dataclass(frozen=True)
class Orders:
    """What a campaign is to do. Times are what is allowed; `calm_every` counts kills.

    `false_starts` are deaths on the way of the very first start, beside the kill points.
    `survivors_s` should be shorter than the longest command (3 s), and `settle_s` than a run's
    lease (30 s): what ends or is found only by those was not ended or found when it should be.
    """

    name: str
    folder: Path
    seed: int
    kills: int
    database_url: str | None = None
    with_commands: bool = True
    false_starts: int = 3
    clients: int = 5
    restart_s: float = 5.0
    survivors_s: float = 2.0
    settle_s: float = 25.0
    calm_every: int = 10


@dataclass
class Outcome:
    """What came of a campaign; `late` counts restarts that took longer than allowed."""

    kills: Counter[str] = field(default_factory=Counter[str])
    restarts_s: list[float] = field(default_factory=list[float])
    cleared_s: list[float] = field(default_factory=list[float])
    settled_s: list[float] = field(default_factory=list[float])
    counts: Counter[str] = field(default_factory=Counter[str])
    late: int = 0
    violations: list[str] = field(default_factory=list[str])


class Campaign:
    """Kills a hall as ordered; `say` is told how it goes. Without `aims` they are drawn by lot."""

    def __init__(
        self, orders: Orders, say: Callable[[str], None], *, aims: Sequence[Aim] = ()
    ) -> None:
        self.orders = orders
        self.outcome = Outcome()
        self._say = say
        self._chance = random.Random(f"{orders.seed} {orders.name}")
        self._aims = aims or draw_aims(
            orders.kills, with_commands=orders.with_commands, chance=self._chance
        )
        self._repository = orders.folder / "project.git"
        self._served = Served(
            orders.folder, self._settings(), start_s=max(60.0, 4 * orders.restart_s)
        )
        self._posters = Posters(self._served.url, self._chance, self._repository)
        self._sight = Sight(
            self._posters.moments, self._served.data_dir, self._repository, self._chance
        )
        self._done: set[str] = set()
        self._told: set[str] = set()
        self._read_to = 0

    async def run(self) -> Outcome:
        """Carry the orders out, or end early where too much has gone wrong."""
        await asyncio.to_thread(self._set_the_scene)
        try:
            await self._begin()
            for number, aim in enumerate(self._aims, start=1):
                await self._kill(number, aim)
                if number % self.orders.calm_every == 0 and number < len(self._aims):
                    await self._calm()
                if len(self.outcome.violations) > _MOST_VIOLATIONS or self._posters.troubles:
                    break
            for trouble in self._posters.troubles:
                self._violation(trouble)
            await self._calm()
            await self._finish()
        except (DidNotServe, Unanswered, TimeoutError) as error:
            self._violation(f"{type(error).__name__}: {error}")
        finally:
            await self._posters.close()
            await self._served.close()
            self.outcome.counts.update(self._posters.counts)
        return self.outcome

    # ── the scene ─────────────────────────────────────────────────────────────────────────────

    def _settings(self) -> dict[str, str]:
        settings = {
            "HIRINGHALL_RUNTIME": "rehearsal",
            "HIRINGHALL_REHEARSAL_SCRIPT": str(self.orders.folder / "script.json"),
            "HIRINGHALL_ALLOW_LOCAL_REPOSITORIES": "1",
            "HIRINGHALL_REQUIRE_SANDBOX": str(int(self.orders.with_commands)),
            "HIRINGHALL_REGISTRATIONS_PER_HOUR": "1000000",
            "HIRINGHALL_LOCAL_RUNS": "6",
        }
        if self.orders.database_url is not None:
            settings["HIRINGHALL_DATABASE_URL"] = self.orders.database_url
        return settings

    @property
    def _database_url(self) -> str:
        return self.orders.database_url or f"sqlite:///{self._served.data_dir / 'hall.db'}"

    def _set_the_scene(self) -> None:
        """The script, and a repository with one commit."""
        folder = self.orders.folder
        (folder / "script.json").write_text(json.dumps(SCRIPT))
        seed = folder / "seed"
        seed.mkdir()
        (seed / "log.txt").touch()
        (seed / "README.md").write_text("# A project to work on\n")
        for words in (
            ["init", "--quiet", "--initial-branch=main"],
            ["add", "."],
            ["commit", "--quiet", "--message=Begin"],
            ["clone", "--quiet", "--bare", ".", str(self._repository)],
        ):
            subprocess.run([*_GIT, *words], cwd=seed, check=True, timeout=60)

    async def _begin(self) -> None:
        """A first start, after some that did not come far; two accounts, and clients at work."""
        for _ in range(self.orders.false_starts):
            life = await self._served.spawn()
            await asyncio.sleep(self._chance.uniform(0.2, 1.5))
            self._served.kill()
            await self._clear(life)
        await self._start()
        rehearsing = await self._posters.register()
        self._posters.begin(rehearsing, (Kind.REHEARSED, Kind.PLANNED), self.orders.clients)
        if self.orders.with_commands:
            commanding = await self._posters.register()
            for kind, argv in COMMANDS.items():
                role = {"email": commanding.email, "name": kind.value}
                config = {"argv": argv}
                await self._operate("set_role", **role, team=None, runtime="command", config=config)
            # Twice as much of what has most to lose.
            kinds = (Kind.APPEND, Kind.COMMIT, Kind.APPEND, Kind.COMMIT, Kind.MAKE, Kind.FAIL)
            self._posters.begin(commanding, kinds, self.orders.clients)
        self._posters.open()

    async def _operate(self, operation: str, **arguments: object) -> None:
        """Through the admin socket, whose file outlives a killed server."""
        line = await asyncio.to_thread(
            adminsocket.ask, self._served.data_dir, operation, dict(arguments)
        )
        if "error" in line:
            self._violation(f"{operation} was refused: {line['error']}")

    # ── a death ───────────────────────────────────────────────────────────────────────────────

    async def _kill(self, number: int, aim: Aim) -> None:
        life = self._served.life
        assert life is not None
        if aim is Aim.STARTING:
            # Killed, started, and killed again on the way: one kill point, two deaths.
            self._served.kill()
            await life.ended
            clearing = asyncio.create_task(self._clear(life))
            life = await self._served.spawn()
        else:
            clearing = None
        hit = await self._sight.strike(aim, self._served.kill)
        if (code := await life.ended) != -signal.SIGKILL:
            self._violation(f"kill {number}: the server had ended by itself, with {code}")
        registering = asyncio.create_task(self._posters.register())
        cleared = await self._clear_while_starting(life)
        if clearing is not None:
            await clearing
        self.outcome.kills[hit.partition(" (")[0]] += 1
        await registering
        under_way = self._posters.at_work
        problems = await self._look()
        self._say(
            f"{number}/{self.orders.kills} killed {hit}: ready in "
            f"{self.outcome.restarts_s[-1]:.2f} s, nothing of it left after {cleared:.3f} s, "
            f"{under_way} tasks under way" + (f", {len(problems)} VIOLATIONS" if problems else "")
        )
        for problem in problems:
            self._violation(f"kill {number}, {hit}: {problem}")

    async def _clear_while_starting(self, life: Life) -> float:
        clearing = asyncio.create_task(self._clear(life))
        await self._start()
        return await clearing

    async def _start(self) -> None:
        await self._served.spawn()
        took_s = await self._served.ready()
        self.outcome.restarts_s.append(took_s)
        if took_s > self.orders.restart_s:
            self.outcome.late += 1

    async def _clear(self, life: Life) -> float:
        """Wait until nothing that a dead server started lives any more; seconds since its death."""
        try:
            async with asyncio.timeout(self.orders.survivors_s):
                done_at_s = await asyncio.shield(life.cleared)
            took_s = done_at_s - (life.killed_at_s or done_at_s)
            self.outcome.cleared_s.append(took_s)
        except TimeoutError:
            took_s = self.orders.survivors_s
            self._violation(f"a dead server left {self._served.left(life)}")
        await end(life)
        return took_s

    # ── looking ───────────────────────────────────────────────────────────────────────────────

    async def _look(self) -> list[str]:
        """Everything that changed since the last look, the books, and the server's own words."""
        problems: list[str] = []
        for account, story in list(self._posters.stories):
            if story.task_id is None or story.name in self._done:
                continue
            if story.ended is not None:
                self._done.add(story.name)
            problems += await self._look_at(account, story)
        problems += await checks.check_books(self._database_url)
        problems += self._faults()
        return problems

    async def _look_at(self, account: Account, story: Story) -> list[str]:
        """What is wrong with one task, unless that was told before."""
        if story.name in self._told:
            return []
        try:
            problems = await checks.check_story(account.asking, story)
            if story.ended is not None and not problems:
                problems = await checks.check_result(account.asking, story)
        except Unanswered as error:
            problems = [f"{story.name} ({story.kind}): {error}"]
        if problems:
            self._told.add(story.name)
        return problems

    def _faults(self) -> list[str]:
        with self._served.log.open(errors="replace") as log:
            log.seek(self._read_to)
            found = checks.faults(log.readlines())
            self._read_to = log.tell()
        return found

    async def _calm(self) -> None:
        """Let every task come to its end, and look whether anything is left of the work."""
        began_s = time.monotonic()
        self._posters.pause()
        if not await self._posters.idle(self.orders.settle_s) and not self._posters.troubles:
            stuck = [
                f"{story.name} ({story.kind}, {story.task_id})"
                for _, story in self._posters.stories
                if story.ended is None
            ]
            self._violation(f"not at their end {self.orders.settle_s:g} s after a start: {stuck}")
        if left := await self._left_behind(began_s + self.orders.settle_s):
            self._violation(f"left behind with nothing to do: {left}")
        self.outcome.settled_s.append(time.monotonic() - began_s)
        await self._operate("list_users")
        for problem in await self._look():
            self._violation(problem)
        self._posters.open()

    async def _left_behind(self, until_s: float) -> list[str]:
        """What is still there of the work when its time is up."""
        while left := checks.leftovers(self._served.data_dir):
            if time.monotonic() > until_s:
                return left
            await asyncio.sleep(0.05)
        return []

    async def _finish(self) -> None:
        """The end of a campaign: everything once more, a polite stop, and the books."""
        self._posters.pause()
        await self._posters.idle(self.orders.settle_s)
        stories = [story for _, story in self._posters.stories]
        for account in self._posters.accounts:
            for problem in await self._last_look(account):
                self._violation(problem)
        for problem in await checks.check_branches(self._database_url, self._repository, stories):
            self._violation(problem)
        life = self._served.life
        assert life is not None
        code = await self._served.stop(30)
        if code != 0:
            self._violation(f"asked to stop, the server ended with {code}")
        await self._clear(life)
        for problem in [*self._faults(), *await checks.check_books(self._database_url)]:
            self._violation(problem)
        self.outcome.counts["tasks"] = len(stories)
        self.outcome.counts["completed"] = sum(story.ended == "completed" for story in stories)

    async def _last_look(self, account: Account) -> list[str]:
        problems = await checks.check_list(account)
        for story in account.stories:
            if story.ended is None:
                problems.append(f"{story.name} ({story.kind}, {story.task_id}) has not ended")
            problems += await self._look_at(account, story)
        return problems

    def _violation(self, what: str) -> None:
        self.outcome.violations.append(what)
        self._say(f"VIOLATION: {what}")
