"""What a client's tool is: typed arguments, who may use it, and what it asks of the native door."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import msgspec
from starlette.types import ASGIApp

from hiringhall.domain import ids
from hiringhall.domain.errors import Invalid, NotFound
from hiringhall.doors.kit import Call
from hiringhall.doors.mcp.inside import Told, ask

Arguments = dict[str, Any]


class Refused(Exception):
    """What the native door refused, as it said it."""

    def __init__(self, told: Told) -> None:
        problem = told.data
        fields = cast("dict[str, str]", problem.get("fields", {}))
        named = "".join(f"; {name}: {what}" for name, what in fields.items())
        super().__init__(f"{problem['detail']} ({problem['code']}{named})")


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever uses a tool, and the native door that their requests go to."""

    native: ASGIApp
    call: Call[Any, Any]
    key: str | None = None

    async def get(self, path: str, **query: Any) -> dict[str, Any]:
        """What there is at a path. Raises Refused."""
        return _good(await ask(self.native, self.call, "GET", path, query=query))

    async def post(self, path: str, body: Arguments | None = None) -> dict[str, Any]:
        """What a word to it led to. Raises Refused."""
        return _good(await ask(self.native, self.call, "POST", path, body=body or {}, key=self.key))


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool; `for_agents`: an agent's key has it too; `reads`: it changes nothing."""

    name: str
    description: str
    takes: type[msgspec.Struct]
    does: Callable[[Caller, Arguments], Awaitable[dict[str, Any]]]
    for_agents: bool = False
    reads: bool = False

    def listed(self) -> dict[str, Any]:
        """As `tools/list` tells it."""
        return {
            "name": self.name,
            "description": self.description,
            "inputSchema": schema_of(self.takes),
            "annotations": {"readOnlyHint": self.reads, "openWorldHint": False},
        }

    async def use(
        self, native: ASGIApp, call: Call[Any, Any], given: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Use it. Raises Invalid for arguments that it does not take, and Refused."""
        try:
            read = msgspec.convert(dict(given), self.takes)
        except msgspec.ValidationError as error:
            raise Invalid(f"{self.name} cannot take this: {error}") from None
        arguments: Arguments = {
            name: value for name, value in msgspec.to_builtins(read).items() if value is not None
        }
        key = arguments.pop("idempotency_key", None)
        if (task_id := arguments.get("task_id")) is not None and not ids.is_uuid(task_id):
            raise NotFound("task")
        return await self.does(Caller(native, call, key), arguments)


def schema_of(takes: type[msgspec.Struct]) -> dict[str, Any]:
    """A struct as the JSON Schema of an object."""
    schema = msgspec.json.schema(takes)
    definitions: dict[str, Any] = schema["$defs"]
    root: dict[str, Any] = definitions.pop(takes.__name__)
    root.pop("title", None)
    root.pop("description", None)
    return root | ({"$defs": definitions} if definitions else {})


def _good(told: Told) -> dict[str, Any]:
    if told.status >= 400:
        raise Refused(told)
    return told.data
