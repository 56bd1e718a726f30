"""What one run's agent works with: its sandbox, its poster, its plan and what it has checked."""

import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from pydantic_ai.messages import ModelMessage, ToolCallPart

from hiringhall.workers.builtin.tools import Run
from hiringhall.workers.builtin.wire import Checked

PLAN = "plan"


@dataclass
class Work:
    """The state of one run; `given` are the task's own criteria, which no plan leaves out."""

    run: Run
    tell: Callable[[str], Awaitable[None]]
    note: Callable[[Checked], Awaitable[None]]
    """Writes down what was found of one of `given`, by its number."""
    given: tuple[str, ...] = ()
    criteria: list[str] = field(default_factory=list[str])
    checked: dict[int, bool] = field(default_factory=dict[int, bool])
    """By the criterion's number, from 1: whether it was met when last looked at."""

    def __post_init__(self) -> None:
        """The task's own criteria hold before there is a plan."""
        self.plan(())

    def plan(self, criteria: Sequence[str]) -> None:
        """Begin with new criteria behind the task's own, none of them checked."""
        known = {one.casefold() for one in self.given}
        tidy = [one.strip() for one in criteria if one.strip()]
        self.criteria = [*self.given, *(one for one in tidy if one.casefold() not in known)]
        self.checked = {}

    def check(self, number: int, *, met: bool) -> bool:
        """Write down what was seen; False where there is no such criterion."""
        if not 1 <= number <= len(self.criteria):
            return False
        self.checked[number] = met
        return True

    def is_given(self, number: int) -> bool:
        """Whether that criterion is the task's own."""
        return 1 <= number <= len(self.given)

    @property
    def unchecked(self) -> list[str]:
        """The criteria nobody has looked at yet."""
        return self._numbered(lambda number: number not in self.checked)

    @property
    def unmet(self) -> list[str]:
        """The criteria that did not hold when they were looked at."""
        return self._numbered(lambda number: self.checked.get(number) is False)

    def _numbered(self, wanted: Callable[[int], bool]) -> list[str]:
        numbered = enumerate(self.criteria, 1)
        return [f"{number}. {one}" for number, one in numbered if wanted(number)]

    def remember(self, messages: Sequence[ModelMessage]) -> None:
        """Take the plan out of an earlier run's conversation; what was checked then is not kept."""
        for message in messages:
            for part in message.parts:
                if isinstance(part, ToolCallPart) and part.tool_name == PLAN:
                    # A call that was refused is no plan.
                    with contextlib.suppress(KeyError, TypeError, ValueError, AssertionError):
                        self.plan([str(one) for one in part.args_as_dict()["criteria"]])
