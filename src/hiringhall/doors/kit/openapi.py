"""A door's OpenAPI 3.1 document, made from its routes and structs so that it cannot drift."""

import inspect
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

import msgspec

from hiringhall.doors.kit.door import Door
from hiringhall.doors.kit.routes import Route

_REF = "#/components/schemas/{name}"

_IDEMPOTENCY_KEY: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A repetition with the same key and body within 24 hours gets the first answer.",
    "schema": {
        "type": "string",
        "minLength": 1,
        "maxLength": 255,
        "pattern": "^[!-~]+$",
    },
}


def openapi(door: Door[Any], *, version: str, servers: Iterable[str] = ()) -> dict[str, Any]:
    """The document as plain values; `servers` are base addresses, relative ones allowed."""
    structs = tuple(_structs(door))
    refs, components = msgspec.json.schema_components(structs, ref_template=_REF)
    schemas = dict(zip(structs, refs, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for route in _shown(door):
        operation = _operation(door, route, schemas)
        paths.setdefault(route.path, {})[route.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": door.title,
            "version": version,
            "description": door.description,
        },
        "servers": [{"url": url} for url in servers],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": _schemes(door),
        },
    }


def _schemes(door: Door[Any]) -> dict[str, dict[str, str]]:
    """How somebody proves who they are, by name: each route that asks takes any of them."""
    schemes = {"bearer": {"type": "http", "scheme": "bearer"}}
    if door.cookie:
        schemes["session"] = {
            "type": "apiKey",
            "in": "cookie",
            "name": door.cookie,
            "description": "A sign-in at the pages, for scripts of these pages alone: what changes "
            "something comes with an `Origin` of this hall and as `application/json`. Over plain "
            "http its name has no `__Host-`. `Authorization` stands over it.",
        }
    return schemes


def _shown(door: Door[Any]) -> Iterable[Route[Any]]:
    return (route for route in door.routes if not route.hidden)


def _structs(door: Door[Any]) -> Iterable[type[msgspec.Struct]]:
    found: dict[type[msgspec.Struct], None] = {}
    for route in _shown(door):
        for struct in (route.body, *route.answers.values()):
            if struct is not None:
                found[struct] = None
    for struct in door.envelopes.values():
        found[struct] = None
    return found


def _operation(
    door: Door[Any],
    route: Route[Any],
    schemas: dict[type[msgspec.Struct], dict[str, Any]],
) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": getattr(route.handler, "__name__", route.path),
        "summary": route.summary,
        "description": inspect.getdoc(route.handler) or route.summary,
        "responses": _responses(door, route, schemas),
    }
    parameters = [*_path_parameters(route), *_query_parameters(route)]
    if route.once:
        parameters.append(_IDEMPOTENCY_KEY)
    if parameters:
        operation["parameters"] = parameters
    if route.body is not None:
        content = {"application/json": {"schema": schemas[route.body]}}
        operation["requestBody"] = {"required": not route.may_be_empty, "content": content}
    if route.who is not None:
        operation["security"] = [{name: []} for name in _schemes(door)]
    return operation


def _path_parameters(route: Route[Any]) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in route.parameters
    ]


def _query_parameters(route: Route[Any]) -> list[dict[str, Any]]:
    if route.query is None:
        return []
    _, components = msgspec.json.schema_components([route.query], ref_template=_REF)
    schema = components[route.query.__name__]
    required = schema.get("required", [])
    return [
        {
            "name": name,
            "in": "query",
            "required": name in required,
            "description": one.get("description", ""),
            "schema": _without_null(one),
        }
        for name, one in schema["properties"].items()
    ]


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A query cannot say null: leaving a name out is how it is not given."""
    kept = {
        key: value
        for key, value in schema.items()
        if key not in ("default", "description", "anyOf")
    }
    for one in schema.get("anyOf", ()):
        if one != {"type": "null"}:
            kept.update(one)
    return kept


def _responses(
    door: Door[Any],
    route: Route[Any],
    schemas: dict[type[msgspec.Struct], dict[str, Any]],
) -> dict[str, Any]:
    responses: dict[int, dict[str, Any]] = {}
    for status, struct in route.answers.items():
        responses[status] = {"description": HTTPStatus(status).phrase}
        if struct is not None:
            schema = schemas[struct]
            if route.many and status == route.status:
                schema = {"type": "array", "items": schema}
            responses[status]["content"] = {"application/json": {"schema": schema}}
    for status in sorted(_refusals(door, route)):
        if status not in responses:
            kind = door.refusal_type.decode()
            content = {kind: {"schema": schemas[door.envelope_of(status)]}}
            responses[status] = {
                "description": HTTPStatus(status).phrase,
                "content": content,
            }
    return {str(status): responses[status] for status in sorted(responses)}


def _refusals(door: Door[Any], route: Route[Any]) -> set[int]:
    statuses = {door.spelling(error).status for error in route.raises}
    statuses |= {413, 500}
    if route.who is not None and door.cookie:
        statuses.add(403)
    if route.body is not None or route.query is not None or route.once:
        statuses.add(400)
    if route.method != "GET":
        statuses.add(408)
    return statuses
