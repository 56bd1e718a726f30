"""What a role of the runtime `builtin` says, and which model it works with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import msgspec

from hiringhall.domain.errors import Invalid
from hiringhall.workers.runtimes.sandboxed_role import SandboxedRole, check_bounds
from hiringhall.workers.sandboxes.port import SandboxProvider

MOST_STEPS = 1_000
_MOST_PROMPT = 100_000

Speaks: TypeAlias = Literal["anthropic", "openai"]


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A model, and the dialect in which it is asked: Anthropic Messages or Chat Completions."""

    name: str
    speaks: Speaks


class BuiltinRole(SandboxedRole, forbid_unknown_fields=True, kw_only=True):
    """A role's settings.

    `system_prompt` is told to the agent beside the hall's terms. `model` is the one that every call
    is made with, asked as `speaks` says; `models` are names or globs of those that may be called.
    `steps` bounds how often the model is asked in one run.
    """

    system_prompt: str = ""
    model: str | None = None
    speaks: Speaks | None = None
    models: list[str] = msgspec.field(default_factory=list[str])
    steps: int = 200


def read_builtin_role(config: Mapping[str, Any]) -> BuiltinRole:
    """Raises Invalid."""
    try:
        return msgspec.convert(dict(config), BuiltinRole)
    except msgspec.ValidationError as error:
        raise Invalid(
            f"A role of the built-in agent cannot be read: {error}", {"config": "shape"}
        ) from error


def check_builtin_role(
    role: BuiltinRole, default: ModelChoice | None, sandbox: SandboxProvider
) -> None:
    """Refuse what could only fail at the role's first run; raises Invalid."""
    check_bounds(role, sandbox)
    if len(role.system_prompt) > _MOST_PROMPT:
        raise Invalid(f"system_prompt has at most {_MOST_PROMPT} characters", {"config": "length"})
    if not 1 <= role.steps <= MOST_STEPS:
        raise Invalid(f"steps is 1 to {MOST_STEPS}", {"steps": "range"})
    choose_model(role, default)


def choose_model(role: BuiltinRole, default: ModelChoice | None) -> ModelChoice:
    """The model of a role's runs: its own, else the hall's; raises Invalid where there is none."""
    if role.model is not None:
        return ModelChoice(role.model, role.speaks or guess_speech(role.model, default))
    if default is None:
        raise Invalid(
            "The built-in agent needs a model: the role's, or the hall's (HIRINGHALL_MODEL)",
            {"model": "missing"},
        )
    return ModelChoice(default.name, role.speaks or default.speaks)


def guess_speech(model: str, default: ModelChoice | None) -> Speaks:
    """How a model is asked, where nobody has said: as its name says, else as the hall's is."""
    if model.startswith("claude"):
        return "anthropic"
    return "openai" if default is None else default.speaks


def read_model(setting: str) -> ModelChoice:
    """A setting such as `claude-sonnet-5`, `openai:llama3.3:70b` or `anthropic:some-model`."""
    before, _, name = setting.partition(":")
    if before == "anthropic" and name:
        return ModelChoice(name, "anthropic")
    if before == "openai" and name:
        return ModelChoice(name, "openai")
    return ModelChoice(setting, guess_speech(setting, None))
