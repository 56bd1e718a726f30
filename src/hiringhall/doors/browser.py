"""What a browser brings with a request: the secret of its sign-in, and whose page had it ask."""

import base64
import contextlib
import hashlib
import re
from typing import Any
from urllib.parse import urlsplit

from hiringhall.actions import signing_in
from hiringhall.domain.errors import HallError, Unauthorized
from hiringhall.domain.policy import Actor
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Call, Refused
from hiringhall.queries.sign_ins import SignIn, actor_of, signed_in

COOKIE = "hall"
SECURE_COOKIE = "__Host-hall"
"""Where the hall is reached by https: only it can have set this one, for its own host alone."""

_SECRET = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_SAFE = frozenset({"GET", "HEAD"})
_OWN_SITES = frozenset({b"same-origin", b"none"})
"""What `Sec-Fetch-Site` says of a page of ours, and of an address that a person typed."""


class Browser:
    """One request, as far as a browser sent it. `secret` is None without a cookie of ours."""

    def __init__(self, desk: Desk, call: Call[Any, Any]) -> None:
        self._desk = desk
        self._call = call
        self.is_secure = desk.base_url(call).startswith("https:")
        self.cookie = (SECURE_COOKIE if self.is_secure else COOKIE).encode()
        self.secret = _cookie_of(call, self.cookie)

    @property
    def is_from_here(self) -> bool:
        """Whether the browser says that a page of this hall's address sent this."""
        site = self._call.headers.get(b"sec-fetch-site")
        return self._origin_is_ours() if site is None else site == b"same-origin"

    async def who(self) -> SignIn | None:
        """Who is signed in, if anybody is, and stays so by being seen."""
        if self.secret is None:
            return None
        hall = self._desk.hall
        try:
            found = await signed_in(hall, secret=self.secret)
        except Unauthorized:
            return None
        if hall.clock() - found.seen_at_us >= signing_in.SEEN_EVERY_US:
            # Whoever asks is answered all the same.
            with contextlib.suppress(HallError):
                await signing_in.stay(hall, sign_in=found)
        return found

    def check_script(self) -> None:
        """Refuse what no script of a page of ours has sent; raises Refused.

        Every browser sends the cookie along, whoever's page asks. What changes something has to
        name this hall as its origin, and to be JSON, which a form cannot send and another site's
        script not without asking first; what only reads may not say that it comes from elsewhere.
        """
        site = self._call.headers.get(b"sec-fetch-site")
        changes = self._call.scope["method"] not in _SAFE
        if (site is not None and site not in _OWN_SITES) or (
            changes and not (self._origin_is_ours() and site in (None, b"same-origin"))
        ):
            raise Refused(
                403,
                "foreign_origin",
                "A sign-in counts for pages of this hall alone: the request has to say by Origin "
                "that one of them sent it; a key in Authorization works from anywhere",
            )
        kind = self._call.headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
        if changes and kind != b"application/json":
            raise Refused(
                403,
                "json_only",
                "With a sign-in, what changes something says Content-Type: application/json, "
                "also where it has no body",
            )

    def _origin_is_ours(self) -> bool:
        origin = self._call.header(b"origin")
        if origin is None:
            return False
        if origin == _origin_of(self._desk.public_url):
            return True
        schemes = ("https",) if self.is_secure else ("http", "https")
        host = self._call.header(b"host")
        return origin in [f"{scheme}://{host}" for scheme in schemes]


def form_token(secret: str) -> str:
    """What a form of a browser carries: it follows from its secret, and not the reverse."""
    digest = hashlib.sha256(b"form:" + secret.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


async def signed_in_person(desk: Desk, call: Call[Any, Any]) -> Actor:
    """Whoever is signed in at the pages, where one of these asks; raises Unauthorized, Refused."""
    browser = Browser(desk, call)
    if browser.secret is None:
        raise Unauthorized("Invalid or missing API key")
    browser.check_script()
    who = await browser.who()
    if who is None:
        raise Unauthorized("Nobody is signed in: sign in at the pages, or come with an API key")
    return actor_of(who)


def _origin_of(url: str | None) -> str | None:
    if url is None:
        return None
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _cookie_of(call: Call[Any, Any], name: bytes) -> str | None:
    for part in call.headers.get(b"cookie", b"").split(b";"):
        known, _, value = part.strip().partition(b"=")
        text = value.decode("latin-1")
        if known == name and _SECRET.fullmatch(text):
            return text
    return None
