"""Which models a run may call: what the operator allows, and what a role chooses among it."""

import fnmatch
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from hiringhall.domain.errors import Invalid


@dataclass(frozen=True, slots=True)
class ModelRules:
    """`forced` takes the place of whatever is asked for; `allowed` are names or globs, () any."""

    forced: str | None = None
    allowed: tuple[str, ...] = ()

    def may(self, model: str) -> bool:
        """Whether a model may be called."""
        return not self.allowed or any(
            fnmatch.fnmatchcase(model.lower(), name.lower()) for name in self.allowed
        )

    def of_role(self, config: Mapping[str, Any]) -> "RunModels":
        """The rules of one run: a role's `model` and `models`, within what the hall allows."""
        model, models = read_role_models(config)
        return RunModels(self, ModelRules(model, models))


@dataclass(frozen=True, slots=True)
class RunModels:
    """The hall's rules and the role's, both of which hold."""

    hall: ModelRules
    role: ModelRules

    def choose(self, asked: str) -> str | None:
        """The model that a call is made with, or None where it may not be made."""
        model = self.hall.forced or self.role.forced or asked
        return model if self.hall.may(model) and self.role.may(model) else None


def read_role_models(config: Mapping[str, Any]) -> tuple[str | None, tuple[str, ...]]:
    """What a role's settings say of models; raises Invalid where they cannot be meant."""
    model: Any = config.get("model")
    models: Any = config.get("models") or []
    if model is not None and not (isinstance(model, str) and model.strip()):
        raise Invalid("A role's 'model' is the name of a model", {"model": "not a name"})
    try:
        return model, msgspec.convert(models, tuple[str, ...])
    except msgspec.ValidationError:
        raise Invalid("A role's 'models' are names of models", {"models": "not names"}) from None
