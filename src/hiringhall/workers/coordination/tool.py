"""What a tool is: a name, what it takes, how often, and what it does at the run's desk."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec

from hiringhall.domain import ids
from hiringhall.domain.errors import Invalid
from hiringhall.workers.coordination.desk import Desk

Said: TypeAlias = str | Mapping[str, Any]
"""What a tool answers: a sentence, or data."""

STOP = "It has reached the poster. Your work is over for now: end your turn, and do nothing more."

MOST_TEXT = 200_000
"""Characters of a solution or a plan."""
MOST_SENTENCE = 20_000
MOST_NAME = 1_000


_TEXTS: tuple[Any, ...] = (list[str], list[str] | None)


class Nothing(msgspec.Struct, forbid_unknown_fields=True):
    """No arguments."""


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool: `does` answers for the worker, and raises HallError to refuse.

    `text` is the argument that a plain text stands for; one run uses it at most `most` times.
    """

    name: str
    description: str
    takes: type[msgspec.Struct]
    properties: Mapping[str, Any]
    required: tuple[str, ...]
    does: Callable[[Desk, Any], Awaitable[Said]]
    text: str = ""
    most: int = 2_000

    def schema(self) -> dict[str, Any]:
        """Its arguments as JSON Schema."""
        return {
            "type": "object",
            "properties": self.properties,
            "required": list(self.required),
            "additionalProperties": False,
        }

    @property
    def many(self) -> frozenset[str]:
        """The arguments that it takes lists of texts for."""
        fields = msgspec.structs.fields(self.takes)
        return frozenset(field.name for field in fields if field.type in _TEXTS)

    async def call(self, desk: Desk, arguments: Mapping[str, Any], *, lax: bool = False) -> Said:
        """Use it; `lax` reads numbers out of texts. Raises HallError where it is refused."""
        desk.count(self.name, most=self.most)
        try:
            given = msgspec.convert(dict(arguments), self.takes, strict=not lax)
        except msgspec.ValidationError as error:
            raise Invalid(f"{self.name} cannot take this: {desk.mask(str(error))}") from error
        return await self.does(desk, given)


TEXT: Mapping[str, Any] = {"type": "string"}
WHOSE_THREAD = "`task` is the id of its parent or of a subtask, for that one's thread."


def some(text: str, what: str, *, most: int = MOST_TEXT) -> str:
    """A text that says something and is not endless. Raises Invalid."""
    if not text.strip():
        raise Invalid(f"A {what} cannot be empty")
    if len(text) > most:
        raise Invalid(f"A {what} has at most {most} characters; put the rest into a file")
    return text


def thread_named(task_id: str | None) -> str | None:
    """The task whose thread is meant, None for the run's own. Raises Invalid."""
    if task_id is not None and not ids.is_uuid(task_id):
        raise Invalid("`task` is the id of the task's parent or of a subtask", {"task": "unknown"})
    return task_id
