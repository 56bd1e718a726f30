"""A request as a handler sees it: who asks, the path's words, body and query already typed."""

import hashlib
from typing import Generic, TypeVar

from starlette.types import Scope

from hiringhall.domain.policy import Actor

B = TypeVar("B")
Q = TypeVar("Q")


class Call(Generic[B, Q]):
    """One request to one route; `body` and `query` are what the route declared, else None.

    Where a route takes the head of a body that is too large, `is_cut` says that this is one.
    """

    __slots__ = (
        "_actor",
        "body",
        "door",
        "headers",
        "is_cut",
        "path",
        "query",
        "raw_body",
        "request_id",
        "scope",
        "summary",
        "template",
    )

    def __init__(
        self,
        *,
        door: str,
        scope: Scope,
        headers: dict[bytes, bytes],
        path: dict[str, str],
        template: str,
        request_id: str,
        summary: str = "",
    ) -> None:
        self.door = door
        self.scope = scope
        self.headers = headers
        self.path = path
        self.template = template
        self.request_id = request_id
        self.summary = summary
        """What the route does, in the words that its door describes it by."""
        self.raw_body = b""
        self.is_cut = False
        self.body: B
        self.query: Q
        self._actor: Actor | None = None

    @property
    def actor(self) -> Actor:
        """Who asks; only routes that say `who` have one."""
        if self._actor is None:
            raise RuntimeError(f"{self.template} asks for an actor and declares none")
        return self._actor

    @property
    def has_actor(self) -> bool:
        """Whether the route says `who`."""
        return self._actor is not None

    @actor.setter
    def actor(self, actor: Actor) -> None:
        self._actor = actor

    @property
    def target(self) -> str:
        """What was asked, whichever way the path was written: door, method, and the route's path.

        Idempotency keys are kept under it, so one key on two tasks names two requests.
        """
        path = self.template.format_map(self.path)
        return f"{self.door} {self.scope['method']} {path}"

    def header(self, name: bytes) -> str | None:
        """The last header of a lower-case name, as latin-1 text; None where it is not there."""
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")

    def body_sha256(self) -> bytes:
        """The digest of the body as it came, byte for byte."""
        return hashlib.sha256(self.raw_body).digest()
