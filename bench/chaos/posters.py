"""The workload: clients that register, post tasks, answer, decide, cancel, and never give up."""

import asyncio
import itertools
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from bench.chaos.asking import Asking, Moments
from bench.chaos.plot import Kind, Story, draw_story

_POLL_S = (0.04, 0.14)
_CLIENT = httpx.Limits(max_connections=None, max_keepalive_connections=32)


@dataclass
class Account:
    """Who posts: an organization of its own, and all its tasks."""

    email: str
    asking: Asking
    stories: list[Story] = field(default_factory=list[Story])


@dataclass
class Posters:
    """Every client of one hall. `repository` is what commands work on."""

    url: str
    chance: random.Random
    repository: Path
    moments: Moments = field(init=False)
    counts: Counter[str] = field(default_factory=Counter[str])
    accounts: list[Account] = field(default_factory=list[Account])
    troubles: list[str] = field(default_factory=list[str])
    at_work: int = 0
    _http: httpx.AsyncClient = field(init=False)
    _open: asyncio.Event = field(default_factory=asyncio.Event)
    _names: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _playing: list[asyncio.Task[None]] = field(default_factory=list[asyncio.Task[None]])

    def __post_init__(self) -> None:
        self.moments = Moments(self.chance)
        self._http = httpx.AsyncClient(base_url=self.url, limits=_CLIENT, timeout=60)

    @property
    def stories(self) -> Iterator[tuple[Account, Story]]:
        """Every task with whose it is."""
        return ((account, story) for account in self.accounts for story in account.stories)

    async def register(self) -> Account:
        """A new account; where the answer was lost, another address, since the key was too."""
        asking = Asking(self._http, self.moments, self.counts)
        while True:
            email = f"poster-{next(self._names)}@example.org"
            body = {"email": email, "name": "Poster"}
            answer = await asking.refused_or("/api/v1/auth/register", body, 201)
            if answer is not None:
                self.counts["acknowledged"] += 1
                asking.key = str(answer["api_key"])
                account = Account(email, asking)
                self.accounts.append(account)
                return account

    def begin(self, account: Account, kinds: Sequence[Kind], clients: int) -> None:
        """Have some clients of an account post one task after the other."""
        for _ in range(clients):
            self._playing.append(asyncio.create_task(self._post_for_ever(account, kinds)))

    def open(self) -> None:
        """Let new tasks be posted."""
        self._open.set()

    def pause(self) -> None:
        """Let no new task be posted: those that there are come to their end."""
        self._open.clear()

    async def idle(self, within_s: float) -> bool:
        """Wait until every task is at its end; False when some are not in time."""
        until_s = time.monotonic() + within_s
        while self.at_work and time.monotonic() < until_s:  # noqa: ASYNC110  nothing tells but a look
            await asyncio.sleep(0.05)
        return not self.at_work

    async def close(self) -> None:
        """Send every client home."""
        for playing in self._playing:
            playing.cancel()
        await asyncio.gather(*self._playing, return_exceptions=True)
        await self._http.aclose()

    async def _post_for_ever(self, account: Account, kinds: Sequence[Kind]) -> None:
        while True:
            while not self._open.is_set():  # it may be closed again before this one wakes
                await self._open.wait()
            story = draw_story(f"story-{next(self._names)}", self.chance.choice(kinds), self.chance)
            account.stories.append(story)
            self.at_work += 1
            try:
                await self._play(account.asking, story)
            except Exception as error:  # noqa: BLE001  it is told, and ends the campaign
                self.troubles.append(f"{story.name} ({story.kind}, {story.task_id}): {error!r}")
                return
            finally:
                self.at_work -= 1

    async def _play(self, asking: Asking, story: Story) -> None:
        body: dict[str, Any] = {"title": story.name, "description": f"What {story.name} wants."}
        if story.kind.is_command:
            body["role"] = story.kind.value
        if story.kind.has_repository:
            body["repository"] = str(self.repository)
        body["require_spec_approval"] = story.kind is Kind.PLANNED
        created = await asking.post("/api/v1/tasks/", body, once=story.name, status=201)
        story.task_id = str(created["task_id"])
        began_s = time.monotonic()
        while story.ended is None:
            if _wants_out(story, time.monotonic() - began_s):
                await self._tell(asking, story, "cancel", None, status=200)
                story.cancelled = True
            shown = await asking.get(f"/api/v1/tasks/{story.task_id}")
            await self._react(asking, story, shown)
            await asyncio.sleep(self.chance.uniform(*_POLL_S))

    async def _react(self, asking: Asking, story: Story, shown: dict[str, Any]) -> None:
        match shown["status"]:
            case "awaiting_reply":
                await self._tell(asking, story, "message", _reply(story, shown), status=201)
                story.told += 1
            case "awaiting_spec_approval" | "awaiting_solution_approval" as status:
                path = "spec-status" if "spec" in status else "solution-status"
                await self._tell(asking, story, path, _decision(story), status=200)
                story.told += 1
            case "completed" | "cancelled" as ended:
                story.ended = ended
            case _:
                pass

    async def _tell(
        self, asking: Asking, story: Story, what: str, body: dict[str, Any] | None, *, status: int
    ) -> None:
        path = f"/api/v1/tasks/{story.task_id}/{what}"
        await asking.post(path, body, once=f"{story.name}-{what}-{story.told}", status=status)


def _wants_out(story: Story, since_s: float) -> bool:
    """Whether its poster withdraws it now, and it cannot have ended before."""
    after_s = story.cancels_after_s
    if after_s is None or since_s < after_s or story.cancelled:
        return False
    return story.kind is not Kind.FAIL and story.told < len(story.poster_lines)


def _reply(story: Story, shown: dict[str, Any]) -> dict[str, Any]:
    text = story.next_line.text
    if shown["question"]["type"] == "TO_CUSTOMER":
        return {"message": text}
    answers: list[dict[str, Any]] = [
        {"question_index": 0, "selected": "red"},
        {"question_index": 1, "selected": text},
    ]
    return {"answers": answers}


def _decision(story: Story) -> dict[str, Any]:
    text = story.next_line.text
    if text in ("CONFIRMED", "Plan approved"):
        return {"status": "CONFIRMED"}
    return {"status": "REJECTED", "rejection_reason": text.partition(": ")[2]}
