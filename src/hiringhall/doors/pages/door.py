"""The pages, put together; what they refuse is a page, too."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec

from hiringhall.domain.errors import HallError, NotFound
from hiringhall.doors import neutral
from hiringhall.doors.desk import Desk
from hiringhall.doors.keeping import FILES
from hiringhall.doors.kit import Door, Refusal, Spelling
from hiringhall.doors.look import HEADERS, HTML, render, word
from hiringhall.doors.pages import crew, floor, office, routes_start
from hiringhall.doors.pages.plain import in_words
from hiringhall.doors.pages.reference import Reference
from hiringhall.doors.pages.routes_docs import reference_routes

PATHS = ("/app", "/signin", "/signout", "/signup", "/setup", "/join", "/guide")
"""What of the root is the pages', beside `/` itself."""

ERRORS: Mapping[type[HallError], Spelling] = neutral.ERRORS


def envelope(refusal: Refusal) -> bytes:
    """A refusal as a page, for who sees none of their own forms again."""
    missing = refusal.status == 404
    told = refusal.message if refusal.error is None else in_words(refusal.error)
    said = word("problem.not_found") if missing else f"{told.rstrip('.')}."
    if refusal.status == 413:
        said = word("problem.too_large", most=FILES.body_bytes >> 20)
    if isinstance(refusal.error, NotFound):
        said = word("problem.not_found")
    return render(
        "message.html",
        who=None,
        heading=word("problem.title_404" if missing else "problem.title"),
        said=said,
        request_id=refusal.request_id if refusal.status >= 500 else None,
        leads_to="/",
        leads_name=word("problem.home"),
        errors={},
        form_token="",
        problem_said="",
        typed={},
    )


ENVELOPES: Mapping[int, type[msgspec.Struct]] = neutral.ENVELOPES

DOOR: Door[Desk] = Door(
    name="pages",
    title="Hiringhall: pages",
    description="The hall for people.",
    errors=ERRORS,
    envelope=envelope,
    envelopes=ENVELOPES,
    refusal_type=HTML,
    headers=HEADERS,
    leads_back=True,
    routes=(*routes_start.ROUTES, *floor.ROUTES, *crew.ROUTES, *office.ROUTES),
)

LOST: Door[Desk] = replace(DOOR, name="lost", title="Hiringhall: lost", routes=())
"""Answers a browser where nothing is: 404, as a page."""


def with_first_page(doors: Mapping[str, Door[Any]], *, tools: str, version: str) -> Door[Desk]:
    """The pages with `/`, which tells of the other doors by where they are and of the tools.

    Each door has its reference.
    """
    first = routes_start.first_page(doors, tools=tools, version=version)
    references = [Reference(one, at=at, version=version) for at, one in doors.items()]
    return replace(DOOR, routes=(first, *reference_routes(references), *DOOR.routes))
