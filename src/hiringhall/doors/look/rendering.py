"""Templates into pages: everything that is put in is escaped, and nothing from elsewhere loads."""

import functools
from typing import Any, cast

from jinja2 import Environment, PackageLoader, StrictUndefined

from hiringhall.doors.kit import Header
from hiringhall.doors.look import filters
from hiringhall.doors.look.assets import address_of
from hiringhall.doors.look.words import word, word_or

HTML = b"text/html; charset=utf-8"

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Nothing inline, nothing from another host: a script that got into a page would not run."""

HEADERS: tuple[Header, ...] = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)
"""What stands on every page."""


@functools.cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("hiringhall.doors.look", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    cast("dict[str, Any]", made.globals).update(t=word, t_or=word_or, asset=address_of)
    made.filters.update(filters.ALL)
    return made


def render(template: str, /, **context: Any) -> bytes:
    """A page, or a part of one, out of its template."""
    return _environment().get_template(template).render(**context).encode()
