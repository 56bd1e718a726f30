"""A role: a kind of worker in a team, and the bounds of what can be said of one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hiringhall.domain.errors import Invalid
from hiringhall.domain.sentences import Field, sentence

DEFAULT_TIMEOUT_S = 600
"""How long a worker may take where its role does not say (seed 004, "Roles")."""

MAX_TIMEOUT_S = 86_400
MAX_PROMPT_LENGTH = 100_000
MAX_NAME_LENGTH = 100


@dataclass(frozen=True, slots=True)
class Role:
    """A role's row; `config` is what its runtime reads, its prompt and its timeout among it.

    Without a `runtime` its work is done by whatever does work that no role says otherwise of.
    """

    id: str
    team_id: str
    name: str
    runtime: str | None
    config: dict[str, Any] = field(default_factory=dict[str, Any])
    created_at_us: int = 0
    updated_at_us: int = 0

    @property
    def system_prompt(self) -> str:
        """What a worker is told before all else."""
        return str(self.config.get("system_prompt") or "")

    @property
    def timeout_s(self) -> int | None:
        """When a worker is stopped; None where the hall's own limit is the only one."""
        found = self.config.get("timeout_s")
        return found if isinstance(found, int) else None


def tidy_role_name(name: str) -> str:
    """A role's name in the form it is kept: it is shown and typed everywhere. Raises Invalid."""
    tidy = name.strip()
    if not tidy or len(tidy) > MAX_NAME_LENGTH:
        raise Invalid(f"A role's name has 1 to {MAX_NAME_LENGTH} characters", {"name": "length"})
    if "/" in tidy or "\\" in tidy or not tidy.isprintable():
        raise Invalid(
            "A role's name has no slashes and no control characters", {"name": "characters"}
        )
    return tidy


def tidy_prompt(prompt: str) -> str:
    """A system prompt in the form it is kept. Raises Invalid."""
    tidy = prompt.strip()
    if not tidy:
        raise Invalid(
            sentence(Field("systemPrompt"), " cannot be empty"), {"systemPrompt": "empty"}
        )
    if len(tidy) > MAX_PROMPT_LENGTH:
        raise Invalid(
            sentence(Field("systemPrompt"), f" is longer than {MAX_PROMPT_LENGTH} characters"),
            {"systemPrompt": "too long"},
        )
    return tidy


def check_timeout(timeout_s: int) -> int:
    """A timeout that can be meant. Raises Invalid."""
    if not 1 <= timeout_s <= MAX_TIMEOUT_S:
        raise Invalid(f"timeout is 1 to {MAX_TIMEOUT_S} seconds", {"timeout": "range"})
    return timeout_s


def merge_role_config(current: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """Put a change over a role's config, key by key; None takes a key away."""
    merged = {**current, **change}
    return {key: value for key, value in merged.items() if value is not None}
