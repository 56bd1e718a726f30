"""The reference of each door, taken from what it says of itself (OpenAPI), in parts to be read."""

import functools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hiringhall.doors.kit import Door, openapi


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter, or a field of a body."""

    name: str
    kind: str
    needed: bool
    about: str
    where: str = ""


@dataclass(frozen=True, slots=True)
class Shape:
    """What is sent, or comes back."""

    name: str
    about: str
    fields: list[Field]


@dataclass(frozen=True, slots=True)
class Operation:
    """One call."""

    id: str
    method: str
    path: str
    summary: str
    about: list[str]
    has_key: bool
    parameters: list[Field]
    body: str
    answers: list[tuple[str, str, str]]
    """Status, what it says, and the name of the shape that comes with it."""


@dataclass(frozen=True, slots=True)
class Part:
    """The calls about one thing, and the shapes that they speak of."""

    name: str
    operations: list[Operation]
    shapes: list[Shape]


class Reference:
    """One door's, read from its document when it is first asked for."""

    def __init__(self, door: Door[Any], *, at: str, version: str) -> None:
        self.name = door.name
        self.title = door.title
        self.about = door.description
        self.at = at
        self._door = door
        self._version = version

    @functools.cached_property
    def parts(self) -> dict[str, Part]:
        """The parts by their names, in the order of the paths."""
        document = openapi(self._door, version=self._version, servers=(self.at or "/",))
        schemas: Mapping[str, Any] = document["components"]["schemas"]
        found: dict[str, list[Operation]] = {}
        for path, operations in document["paths"].items():
            for method, said in operations.items():
                found.setdefault(_thing(path), []).append(_operation(path, method, said))
        return {
            name: Part(name, operations, list(_shapes(operations, schemas)))
            for name, operations in sorted(found.items())
        }


def _thing(path: str) -> str:
    """What a call is about: the first word of its path that is no part of the API's name."""
    words = [one for one in path.split("/") if one and "{" not in one]
    words = [one for one in words if one not in {"api", "agent", "v1"}] or words or ["root"]
    return words[0]


def _operation(path: str, method: str, said: Mapping[str, Any]) -> Operation:
    body = said.get("requestBody", {}).get("content", {}).get("application/json", {})
    return Operation(
        id=said["operationId"],
        method=method.upper(),
        path=path,
        summary=said["summary"],
        about=said["description"].split("\n\n"),
        has_key="security" in said,
        parameters=[
            Field(
                one["name"],
                _kind(one["schema"]),
                bool(one.get("required")),
                one.get("description", ""),
                one["in"],
            )
            for one in said.get("parameters", ())
        ],
        body=_name(body.get("schema", {})),
        answers=[
            (status, one["description"], _shape_of(one))
            for status, one in said["responses"].items()
        ],
    )


def _shape_of(response: Mapping[str, Any]) -> str:
    for content in response.get("content", {}).values():
        return _name(content.get("schema", {}))
    return ""


def _name(schema: Mapping[str, Any]) -> str:
    if schema.get("type") == "array":
        return _name(schema.get("items", {}))
    return str(schema.get("$ref", "")).rpartition("/")[2]


def _shapes(operations: list[Operation], schemas: Mapping[str, Any]) -> Iterator[Shape]:
    """Every shape that the calls speak of, and those within them."""
    wanted = [one.body for one in operations]
    wanted += [name for one in operations for _, _, name in one.answers]
    seen: set[str] = set()
    while wanted:
        name = wanted.pop(0)
        schema = schemas.get(name)
        if schema is None or name in seen:
            continue
        seen.add(name)
        needed = schema.get("required", ())
        fields = schema.get("properties", {})
        yield Shape(
            name,
            schema.get("description", ""),
            [
                Field(field, _kind(one), field in needed, one.get("description", ""))
                for field, one in fields.items()
            ],
        )
        wanted += [inner for one in fields.values() for inner in _names_in(one)]


def _names_in(schema: Mapping[str, Any]) -> Iterator[str]:
    yield _name(schema)
    for one in schema.get("anyOf", ()):
        yield _name(one)


def _kind(schema: Mapping[str, Any]) -> str:
    """A schema in a few words."""
    if "$ref" in schema:
        return _name(schema)
    if "anyOf" in schema:
        return " or ".join(_kind(one) for one in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(json.dumps(one, ensure_ascii=False) for one in schema["enum"])
    if schema.get("type") == "array":
        return f"array of {_kind(schema.get('items', {}))}"
    return str(schema.get("type", "any"))
