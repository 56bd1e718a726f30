"""Compute: tokens, what they cost, and the caps that hold it; all of it whole numbers.

An amount is in micros, millionths of the hall's currency, and a price in micros for a million
tokens: 3.00 a million is 3,000,000.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

MICROS_PER_CENT = 10_000
MILLION = 1_000_000
MOST_CAP_MICROS = 10**15
"""No typing error goes past what the database counts."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a call used, as its provider counts it.

    `input` is all that was read: `cached` of it came out of a cache, `written` went into one for
    some minutes and `written_long` for an hour. `output` is all that was written, thinking too.
    """

    input: int = 0
    output: int = 0
    cached: int = 0
    written: int = 0
    written_long: int = 0


@dataclass(frozen=True, slots=True)
class Price:
    """Micros for a million tokens of each kind.

    Where the input is longer than `long_over` tokens, all of the call costs as `long` says.
    """

    input: int
    output: int
    cached: int
    written: int
    written_long: int
    long_over: int | None = None
    long: "Price | None" = None


FREE = Price(0, 0, 0, 0, 0)


def cost_micros(price: Price, tokens: Tokens) -> int:
    """What a call costs, a part of a micro counted as a whole one."""
    if price.long is not None and price.long_over is not None and tokens.input > price.long_over:
        price = price.long
    plain = max(0, tokens.input - tokens.cached - tokens.written - tokens.written_long)
    millionths = (
        plain * price.input
        + tokens.cached * price.cached
        + tokens.written * price.written
        + tokens.written_long * price.written_long
        + tokens.output * price.output
    )
    return -(-millionths // MILLION)


def most_micros(price: Price, *, input_tokens: int, output_tokens: int) -> int:
    """What a call can cost at most, however much of its input goes into a cache."""
    kinds = (
        Tokens(input_tokens, output_tokens),
        Tokens(input_tokens, output_tokens, written=input_tokens),
    )
    return max(cost_micros(price, tokens) for tokens in kinds)


def credits_of(spent_micros: int, *, calls: int, credit_micros: int) -> int:
    """The credits of a run that has called a model so often: at least 1 (product.md, "Money")."""
    return max(1, -(-spent_micros // credit_micros)) if calls else 0


class CapScope(StrEnum):
    """Whose compute a cap holds, from the narrowest."""

    RUN = "run"
    TASK = "task"
    TEAM = "team"
    ORGANIZATION = "organization"
    OWN = "own"
    """What the hall itself asks, all of it, in one UTC day."""


SHARED = frozenset({CapScope.TEAM, CapScope.ORGANIZATION})
"""What many tasks draw on: its owners may hold it to less than the hall does, and nobody to more.

A run's and a task's caps are raised by whoever posted the task.
"""


@dataclass(frozen=True, slots=True)
class Spender:
    """Whom a call is counted for; `user_id` is whose credits it takes.

    Without a run it is the hall itself that asks, on behalf of a task: its other budgets hold it,
    and the hall's own of the UTC day `own_day`, counted from 1970-01-01.
    """

    run_id: str | None
    task_id: str
    team_id: str
    organization_id: str
    user_id: str | None
    own_day: int | None = None

    def budgets(self) -> dict[CapScope, str]:
        """The id of the budget in each scope."""
        keys: Mapping[CapScope, str | None] = {
            CapScope.RUN: self.run_id,
            CapScope.TASK: self.task_id,
            CapScope.TEAM: self.team_id,
            CapScope.ORGANIZATION: self.organization_id,
            CapScope.OWN: None if self.own_day is None else str(self.own_day),
        }
        return {scope: budget_id(scope, key) for scope, key in keys.items() if key is not None}


def budget_id(scope: CapScope, key: str) -> str:
    """The id of the budget of a run, a task, a team, an organization, or one of the hall's days."""
    return f"{scope.value}:{key}"


@dataclass(frozen=True, slots=True)
class Budget:
    """What one of them may spend, has spent, and has put by for calls under way.

    Without a `cap_micros` of its own the hall's cap for its scope holds it. `owners_cap_micros` is
    what the organization's owners hold it to. `calls` counts those that were settled.
    """

    id: str
    scope: CapScope
    cap_micros: int | None
    owners_cap_micros: int | None
    spent_micros: int
    reserved_micros: int
    calls: int

    @property
    def key(self) -> str:
        """Whose it is: the id of the run, the task, the team, the organization."""
        return self.id.partition(":")[2]

    @property
    def taken_micros(self) -> int:
        """What is spent or put by."""
        return self.spent_micros + self.reserved_micros

    def ceiling(self, usual_micros: int | None) -> int | None:
        """What the hall holds it to, where its usual cap for the scope is known."""
        return usual_micros if self.cap_micros is None else self.cap_micros

    def holds(self, usual_micros: int | None) -> int | None:
        """The cap that holds it: the smaller of the hall's and the owners'; None: there is none."""
        caps = (self.ceiling(usual_micros), self.owners_cap_micros)
        return min((one for one in caps if one is not None), default=None)


@dataclass(frozen=True, slots=True)
class CapChange:
    """A cap of a team's or an organization's was set: by whom, and what it was before.

    `is_halls` where it is the hall's cap; `user_id` is None where whoever runs the hall set it from
    its machine. Without a team it is the whole organization's.
    """

    id: str
    organization_id: str
    team_id: str | None
    is_halls: bool
    was_micros: int | None
    cap_micros: int | None
    user_id: str | None
    at_us: int


@dataclass(frozen=True, slots=True)
class CapReached:
    """A call was not let through: it could have cost more than is left under a cap.

    `ceiling_micros` is what the hall holds it to, where it does.
    """

    scope: CapScope
    cap_micros: int
    spent_micros: int
    needed_micros: int
    ceiling_micros: int | None = None

    @property
    def is_halls(self) -> bool:
        """Whether it is a cap that nobody raises but whoever runs the hall."""
        return (
            self.scope in SHARED
            and self.ceiling_micros is not None
            and self.ceiling_micros <= self.cap_micros
        )

    @property
    def text(self) -> str:
        """For whoever is asked to raise it; what all of the hall spends is not theirs to know."""
        if self.scope is CapScope.OWN:
            return "The hall asks models no more today by itself: its own cap for that is reached"
        return (
            f"The {self.scope.value}'s cap of {money(self.cap_micros)} for models is reached: "
            f"{money(self.spent_micros)} are spent or put by, and the next call may cost up to "
            f"{money(self.needed_micros)}"
        )


def money(micros: int) -> str:
    """An amount as people write it, to the cent, and to the last digit below one."""
    if 0 < micros < MICROS_PER_CENT:
        return f"{micros / MILLION:.6f}".rstrip("0")
    cents = -(-micros // MICROS_PER_CENT)
    return f"{cents // 100}.{cents % 100:02}"
