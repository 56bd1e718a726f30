"""What an agent may do when it asks: everything in its sandbox, or what the requester allows."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

Policy = Literal["allow", "ask"]
MOST_CHARACTERS = 400
_HALLS_OWN = re.compile(r"mcp__hall__\w+")
"""The tools by which it asks and delivers: nobody is asked whether it may ask."""
ALLOW, REFUSE = "Allow", "Refuse"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Something that an agent asks for: a kind of action and its title, in its own words."""

    kind: str
    title: str

    @property
    def what(self) -> str:
        """By which the same wish is known again."""
        return f"{self.kind}: {self.title}"[:MOST_CHARACTERS]


@dataclass(slots=True)
class Permissions:
    """The policy of one run. `when_held` is called with the first wish that nobody has allowed."""

    policy: Policy
    allowed: frozenset[str]
    when_held: Callable[[Wanted], None]
    refused: frozenset[str] = frozenset()
    held: Wanted | None = field(default=None)

    def judge(self, wanted: Wanted) -> bool | None:
        """True: it may; False: it may not; None: somebody has to be asked, and the turn ends."""
        if self.policy == "allow" or wanted.what in self.allowed:
            return True
        if _HALLS_OWN.fullmatch(wanted.title):
            return True
        if wanted.what in self.refused:
            return False
        if self.held is None:
            self.held = wanted
            self.when_held(wanted)
        return None


def question_of(wanted: Wanted, agent: str) -> str:
    """What the requester is asked."""
    return f"{agent} wants to do this in its sandbox ({wanted.kind}): {wanted.title}. May it?"[:900]
