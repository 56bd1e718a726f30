"""How a run talks with an agent, whatever the agent speaks: turn by turn."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from hiringhall.workers.sandboxes.port import Sandboxed


class Stop(StrEnum):
    """Why an agent's turn is over."""

    ENDED = "ended"
    """By itself, as far as it is concerned in order."""
    REFUSED = "refused"
    """It would not, or its model would not."""
    BROKEN = "broken"
    """It died, or could not reach its model."""


@dataclass(frozen=True, slots=True)
class TurnEnd:
    """How a turn ended; `why` is for people, and empty where there is nothing to say."""

    stop: Stop
    why: str = ""


class CannotTalk(Exception):
    """An agent that could not be brought to talk; `why` is a sentence for people."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


Start = Callable[[Sequence[str], bytes | None], Awaitable[Sandboxed]]
"""Starts a program in the run's sandbox: its words, and all of its input; None: by and by."""


class Talk(Protocol):
    """One run's conversation with its agent."""

    @property
    def session_id(self) -> str | None:
        """The agent's own id of the conversation, as soon as it has said it."""
        ...

    @property
    def goes_on(self) -> bool:
        """Whether an earlier conversation was taken up again."""
        ...

    async def turn(self, prompt: str) -> TurnEnd:
        """Say something and listen to the end of what follows; cancelled, it is interrupted."""
        ...

    async def interrupt(self) -> None:
        """Have the agent stop, so that its session is in order; bounded, never raises."""
        ...

    async def close(self) -> None:
        """End every process of it."""
        ...
