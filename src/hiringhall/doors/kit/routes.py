"""Routes as data, and the tree of path segments that finds one without trying each."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec

from hiringhall.domain.errors import HallError
from hiringhall.domain.policy import Actor
from hiringhall.doors.kit.bodies import Limits, body_reader, query_reader
from hiringhall.doors.kit.calls import Call

D = TypeVar("D")

_METHODS_WITH_BODY = frozenset({"POST", "PUT", "PATCH", "DELETE"})


@dataclass(frozen=True, slots=True)
class Route(Generic[D]):
    """One method on one path: who may come, what is read, what is answered.

    `D` is what the door's handlers are handed beside the call. `answers` maps a status to the
    struct it carries, None where the answer is no JSON of ours; the first is the status of a
    handler that just returns a struct; with `many` it returns a list of them, and that status
    carries an array. `raises` lists the domain errors worth documenting; the
    door's table spells them all, listed or not. `once`: the route takes an `Idempotency-Key`.
    `may_be_empty`: no body at all is an empty object. `room` says how large a body this caller may
    send, where that is not as at the rest of the door.
    `hidden` routes are no part of the documented API: the documentation itself.
    """

    method: str
    path: str
    handler: Callable[[D, Call[Any, Any]], Awaitable[object]]
    answers: Mapping[int, type[msgspec.Struct] | None]
    summary: str
    body: type[msgspec.Struct] | None = None
    query: type[msgspec.Struct] | None = None
    who: Callable[[D, Call[Any, Any]], Awaitable[Actor]] | None = None
    raises: tuple[type[HallError], ...] = ()
    once: bool = False
    hidden: bool = False
    many: bool = False
    may_be_empty: bool = False
    room: Callable[[D, Call[Any, Any]], Awaitable[Limits]] | None = None

    @property
    def status(self) -> int:
        """The status of a plain answer."""
        return next(iter(self.answers))

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names between braces in the path, in order."""
        segments = self.path.split("/")
        return tuple(one[1:-1] for one in segments if one.startswith("{"))


class Prepared(Generic[D]):
    """A route with its readers built, as the dispatcher wants it."""

    __slots__ = ("read_body", "read_query", "route", "status", "takes_body")

    def __init__(self, route: Route[D]) -> None:
        self.route = route
        self.status = route.status
        self.takes_body = route.method in _METHODS_WITH_BODY
        self.read_body = body_reader(route.body) if route.body else None
        self.read_query = query_reader(route.query) if route.query else None


class Resource(Generic[D]):
    """Everything that can be done at one path."""

    __slots__ = ("allow", "methods", "names", "template")

    def __init__(self, template: str, names: tuple[str, ...]) -> None:
        self.template = template
        self.names = names
        self.methods: dict[str, Prepared[D]] = {}
        self.allow = b""

    def add(self, route: Route[D]) -> None:
        """Take one more method; HEAD comes with GET."""
        if route.method in self.methods:
            raise ValueError(f"{route.method} {route.path} is declared twice")
        self.methods[route.method] = prepared = Prepared(route)
        if route.method == "GET":
            self.methods["HEAD"] = prepared
        self.allow = ", ".join(sorted(self.methods)).encode()


class _Node(Generic[D]):
    __slots__ = ("literals", "parameter", "resource")

    def __init__(self) -> None:
        self.literals: dict[str, _Node[D]] = {}
        self.parameter: _Node[D] | None = None
        self.resource: Resource[D] | None = None


class Paths(Generic[D]):
    """The tree: at each segment a literal wins over a parameter, and nothing is tried twice."""

    def __init__(self, routes: Iterable[Route[D]]) -> None:
        self._root: _Node[D] = _Node()
        for route in routes:
            self._add(route)

    def _add(self, route: Route[D]) -> None:
        node = self._root
        for segment in route.path.strip("/").split("/"):
            if segment.startswith("{"):
                node.parameter = node.parameter or _Node()
                node = node.parameter
            else:
                node = node.literals.setdefault(segment, _Node())
        if node.resource is None:
            node.resource = Resource(route.path, route.parameters)
        if node.resource.names != route.parameters:
            raise ValueError(f"{route.path} names its parameters in two ways")
        node.resource.add(route)

    def above(self, path: str) -> str | None:
        """The nearest path above one that can be looked at; None where there is none."""
        while path := path.rstrip("/").rpartition("/")[0]:
            found = self.find(path)
            if found is not None and "GET" in found[0].methods:
                return path
        return None

    def find(self, path: str) -> tuple[Resource[D], dict[str, str]] | None:
        """The resource of a path, with or without a trailing slash, and its parameters."""
        node = self._root
        values: list[str] = []
        segments = path.split("/")
        if segments[0]:
            return None
        last = len(segments) - 1
        for index in range(1, last + 1):
            segment = segments[index]
            if not segment and index == last and last > 1:
                break
            child = node.literals.get(segment)
            if child is None:
                child = node.parameter
                if child is None or not segment:
                    return None
                values.append(segment)
            node = child
        resource = node.resource
        if resource is None:
            return None
        return resource, dict(zip(resource.names, values, strict=True))
