"""A door together with its own documentation: `openapi.json` and a page to read."""

from dataclasses import replace
from typing import Any, TypeVar

import msgspec

from hiringhall.doors.kit.answers import Raw
from hiringhall.doors.kit.calls import Call
from hiringhall.doors.kit.docs import docs_page
from hiringhall.doors.kit.door import Door
from hiringhall.doors.kit.openapi import openapi
from hiringhall.doors.kit.routes import Route

D = TypeVar("D")


def documented(door: Door[D], *, version: str, server: str) -> Door[D]:
    """The door with `/openapi.json`, and `/docs`, which is its first page, too.

    `server` is the path it is served under, where it has no host name of its own.
    """
    document = openapi(door, version=version, servers=(server or "/",))
    data = Raw(msgspec.json.format(msgspec.json.encode(document), indent=1))
    pages = {at: docs_page(document, at=at) for at in ("", server)}

    async def show_data(desk: D, call: Call[Any, Any]) -> Raw:
        return data

    async def show_page(desk: D, call: Call[Any, Any]) -> Raw:
        return pages.get(call.scope.get("root_path", ""), pages[""])

    described: tuple[Route[D], ...] = (
        Route("GET", "/openapi.json", show_data, {200: None}, "OpenAPI", hidden=True),
        Route("GET", "/docs", show_page, {200: None}, "Documentation", hidden=True),
        Route("GET", "/", show_page, {200: None}, "Documentation", hidden=True),
    )
    return replace(door, routes=(*door.routes, *described))
