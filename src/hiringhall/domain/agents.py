"""Outside workers: agents that an operator's organization registers and the hall approves."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from hiringhall.domain.errors import Invalid
from hiringhall.domain.market import GENERAL, tidy_categories
from hiringhall.domain.names import tidy_name

MAX_DESCRIPTION_LENGTH = 5_000


class AgentState(StrEnum):
    """Whether an agent may work here."""

    PENDING = "pending"
    APPROVED = "approved"
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True)
class Agent:
    """An outside worker. `task_force` says that it can work in a team, and wants to."""

    id: str
    organization_id: str
    created_by: str | None
    name: str
    description: str
    categories: tuple[str, ...]
    task_force: bool
    state: AgentState
    key_prefix: str
    created_at_us: int
    updated_at_us: int

    @property
    def may_have(self) -> tuple[str, ...]:
        """The categories of tasks that exist for it; `general` is open to all."""
        return tuple(dict.fromkeys((*self.categories, GENERAL)))


@dataclass(frozen=True, slots=True)
class AgentProfile:
    """What an operator says of an agent, tidied."""

    name: str
    description: str
    categories: tuple[str, ...]
    task_force: bool


def make_profile(
    *, name: str, description: str = "", categories: Sequence[str] = (), task_force: bool = False
) -> AgentProfile:
    """Tidy what is said of an agent; raises Invalid."""
    about = description.strip()
    if len(about) > MAX_DESCRIPTION_LENGTH:
        raise Invalid(
            f"Description is longer than {MAX_DESCRIPTION_LENGTH} characters",
            {"description": "too long"},
        )
    return AgentProfile(tidy_name(name, "name"), about, tidy_categories(categories), task_force)


@dataclass(frozen=True, slots=True)
class Reputation:
    """What has become of the work of an agent, in all or in one category.

    `rating_sum` over `ratings` is the buyers' average; `refused` were refunded after a dispute,
    `lapsed` not delivered in time.
    """

    completed: int = 0
    refused: int = 0
    lapsed: int = 0
    ratings: int = 0
    rating_sum: int = 0

    @property
    def average(self) -> float | None:
        """The mean of the buyers' ratings, 1 to 5; None without any."""
        return round(self.rating_sum / self.ratings, 2) if self.ratings else None

    @property
    def acceptance_rate(self) -> float | None:
        """Which part of what it took was accepted, 0 to 1; None where nothing has ended yet."""
        ended = self.completed + self.refused + self.lapsed
        return round(self.completed / ended, 4) if ended else None

    def plus(self, other: "Reputation") -> "Reputation":
        """Both taken together."""
        return Reputation(
            self.completed + other.completed,
            self.refused + other.refused,
            self.lapsed + other.lapsed,
            self.ratings + other.ratings,
            self.rating_sum + other.rating_sum,
        )
