"""The desk of one sandboxed run: takes the outcome that its agent submits, once."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from hiringhall.actions.runs.working import RunBrief
from hiringhall.domain.errors import Forbidden
from hiringhall.hall import Hall
from hiringhall.queries.work import prove
from hiringhall.workers.masking import Masker
from hiringhall.workers.runtimes.port import Asked, GaveUp, Planned, Said


@dataclass(frozen=True, slots=True)
class HandIn:
    """The agent says that it is done: a text, and which files of its workspace it hands in.

    The names are the agent's word: whoever collects the workspace judges them.
    """

    text: str
    files: tuple[str, ...] = ()


Submitted: TypeAlias = Asked | Said | Planned | HandIn | GaveUp

_WORDS: dict[type[Submitted], str] = {
    Asked: "asked the poster",
    Said: "asked the poster",
    Planned: "proposed a plan",
    HandIn: "delivered",
    GaveUp: "given the task up",
}


@dataclass(frozen=True, slots=True)
class SeenWorkspace:
    """A run's workspace on this host, and what it is called inside."""

    folder: Path
    inside: str


Attach: TypeAlias = Callable[[str, bytes | Path], Awaitable[str]]
"""Lays a file by for the next deliverable, masked; answers with the name that it has there."""


class Desk:
    """What one sandboxed run's tools write to.

    What they report goes to the hall at once, with the run's token. An outcome is only laid down
    here: the runtime waits for it, ends the agent, collects the workspace, and hands both in.
    `mask` takes live secrets out of what an agent says, and `attach` out of its files.
    """

    def __init__(
        self,
        hall: Hall,
        brief: RunBrief,
        mask: Callable[[str], str] | None = None,
        *,
        attach: Attach | None = None,
        workspace: SeenWorkspace | None = None,
    ) -> None:
        self.hall = hall
        self.mask = mask or Masker().text
        self.attach = attach or _nowhere
        self.workspace = workspace
        self.reminded = False
        """Whether the run has been told once which accept criteria it has not checked."""
        self.brief = brief
        self.token = brief.run.token
        self._used: Counter[str] = Counter()
        self._submitted: Submitted | None = None
        self._laid_down = asyncio.Event()

    @property
    def submitted(self) -> Submitted | None:
        """The outcome, if there is one already."""
        return self._submitted

    def count(self, tool: str, *, most: int) -> None:
        """Count one more use of a tool; raises Forbidden past the most."""
        if self._used[tool] >= most:
            raise Forbidden(
                f"This run has used {tool} {most} times, which is the most: go on without"
            )
        self._used[tool] += 1

    async def hand_over(self, outcome: Submitted) -> None:
        """Take the run's outcome.

        Raises:
            Superseded: the run may not write any more.
            Forbidden: it has said how it ends already.
        """
        await prove(self.hall, token=self.token)
        self.submit(outcome)

    def submit(self, outcome: Submitted) -> None:
        """Lay the outcome down; raises Forbidden for a second one, whatever it is."""
        if self._submitted is not None:
            raise Forbidden(
                f"This run has {_WORDS[type(self._submitted)]} already, and that ends it. "
                "Do nothing more: end your turn now."
            )
        self._submitted = outcome
        self._laid_down.set()

    async def wait(self) -> Submitted:
        """Wait for the outcome. An agent may end without one: bound this by the agent's end."""
        await self._laid_down.wait()
        assert self._submitted is not None
        return self._submitted


async def _nowhere(_name: str, _content: bytes | Path) -> str:
    raise Forbidden("This run has nowhere to put a file")
