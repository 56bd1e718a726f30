"""Styles and scripts: named by what is in them, so that a browser may keep them for ever."""

import functools
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hiringhall.domain.errors import NotFound
from hiringhall.doors.kit import Call, Door, Raw, Route
from hiringhall.doors.neutral import ENVELOPES, ERRORS, envelope

_HERE = Path(__file__).parent
_STYLE, _SCRIPT = b"text/css; charset=utf-8", b"text/javascript; charset=utf-8"
_MADE_OF: dict[str, tuple[bytes, str]] = {
    "hall.css": (_STYLE, "static/css/*.css"),
    "hall.js": (_SCRIPT, "static/js/*.js"),
    "hall.svg": (b"image/svg+xml", "static/hall.svg"),
    "htmx.js": (_SCRIPT, "built/htmx.js"),
}
"""An asset by its name: what it is, and the files that it is made of, one behind the other."""

_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"public, max-age=31536000, immutable"),
)


@dataclass(frozen=True, slots=True)
class _Assets:
    """What is served by its name with a digest in it, and that name by the plain one."""

    served: dict[str, Raw]
    addresses: dict[str, str]


@functools.cache
def _assets() -> _Assets:
    found = _Assets({}, {})
    for name, (content_type, pattern) in _MADE_OF.items():
        paths = sorted(_HERE.glob(pattern))
        if not paths:
            continue
        body = b"\n".join(path.read_bytes() for path in paths)
        stem, _, ending = name.partition(".")
        digest = hashlib.sha256(body).hexdigest()[:16]
        named = f"{stem}.{digest}.{ending}"
        found.served[named] = Raw(body, 200, content_type, _HEADERS)
        found.addresses[name] = f"/assets/{named}"
    return found


def address_of(name: str) -> str | None:
    """Where an asset is served; None for one that was not built."""
    return _assets().addresses.get(name)


def lacks_script() -> str | None:
    """What the pages do without because it was not built; None where all is there."""
    if address_of("htmx.js") is not None:
        return None
    return (
        "The pages do without their script (they work, and do not renew themselves): "
        "it was not built into this installation; 'make setup' builds it"
    )


async def _show(desk: object, call: Call[None, None]) -> Raw:
    found = _assets().served.get(call.path["name"])
    if found is None:
        raise NotFound("asset")
    return found


ASSETS: Door[Any] = Door(
    name="assets",
    title="Hiringhall: assets",
    description="Styles and scripts of the pages.",
    errors=ERRORS,
    envelope=envelope,
    envelopes=ENVELOPES,
    routes=(Route("GET", "/assets/{name}", _show, {200: None}, "A style or a script"),),
)
