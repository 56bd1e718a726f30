"""Which door answers a request: by host name, by prefix, by path, and last by the caller's key."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Receive, Scope, Send


@dataclass(frozen=True, slots=True)
class Mount:
    """A path and all below it, and who answers there.

    With `strip` the door sees its paths without the mount's. `by_key` maps the beginning of a
    bearer key, whether it opens anything or not, to another door that shares the path; answers
    there must say `Vary: Authorization`, so their apps are made with that header.
    """

    path: str
    app: ASGIApp
    strip: bool = False
    by_key: Mapping[bytes, ASGIApp] = field(default_factory=dict[bytes, ASGIApp])


class Mounts:
    """The outermost app. `hosts` maps host names to doors that have them for their own.

    Paths in `shared` (files, health) are the hall's at every host; `otherwise` answers what no
    mount has.
    """

    def __init__(
        self,
        mounts: Iterable[Mount],
        *,
        otherwise: ASGIApp,
        hosts: Mapping[str, ASGIApp] | None = None,
        shared: Iterable[str] = (),
    ) -> None:
        self._otherwise = otherwise
        self._hosts = {name.lower().encode(): app for name, app in (hosts or {}).items()}
        self._shared = frozenset(one.split("/")[1] for one in shared)
        self._mounts: dict[str, list[Mount]] = {}
        for mount in sorted(mounts, key=lambda one: len(one.path), reverse=True):
            self._mounts.setdefault(mount.path.split("/")[1], []).append(mount)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request to its door."""
        if scope["type"] != "http":
            await _no_http(scope, receive, send)
            return
        path: str = scope["path"]
        first = path.split("/", 2)[1] if path.startswith("/") else ""
        if self._hosts and first not in self._shared:
            app = self._hosts.get(_host(scope))
            if app is not None:
                await app(scope, receive, send)
                return
        for mount in self._mounts.get(first, ()):
            if path == mount.path or path.startswith(f"{mount.path}/"):
                if mount.strip:
                    scope = dict(scope)
                    scope["root_path"] = scope.get("root_path", "") + mount.path
                    scope["path"] = path[len(mount.path) :] or "/"
                app = _by_key(mount, scope) if mount.by_key else mount.app
                await app(scope, receive, send)
                return
        await self._otherwise(scope, receive, send)


class Nowhere:
    """Who answers at the root for a path that no door has.

    The hall's `own` paths have their apps; for any other the beginning of the caller's bearer key,
    whether it opens anything or not, says which door's client it is, and so in whose words
    (`by_key`). The rest is answered by `nobody`, or as a page where one is asked for (`browsers`).
    """

    def __init__(
        self,
        own: Mapping[str, ASGIApp],
        *,
        by_key: Mapping[bytes, ASGIApp],
        nobody: ASGIApp,
        browsers: ASGIApp,
    ) -> None:
        self._own = dict(own)
        self._keyed = Mount("/", nobody, by_key=by_key)
        self._shown = Mount("/", browsers, by_key=by_key)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on."""
        path: str = scope["path"]
        otherwise = self._shown if _wants_page(scope) else self._keyed
        app = self._own.get(path.rstrip("/") or "/") or _by_key(otherwise, scope)
        await app(scope, receive, send)


def _wants_page(scope: Scope) -> bool:
    return any(
        name == b"accept" and b"text/html" in value.lower() for name, value in scope["headers"]
    )


def _host(scope: Scope) -> bytes:
    for name, value in scope["headers"]:
        if name == b"host":
            host: bytes = value.lower()
            return host.rpartition(b":")[0] if b":" in host and host[-1:] != b"]" else host
    return b""


def _by_key(mount: Mount, scope: Scope) -> ASGIApp:
    for name, value in scope["headers"]:
        if name == b"authorization":
            _, _, key = value.partition(b" ")
            for beginning, app in mount.by_key.items():
                if key.strip().startswith(beginning):
                    return app
    return mount.app


async def _no_http(scope: Scope, receive: Receive, send: Send) -> None:
    """Nothing to do at start and end; no door speaks WebSocket."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1000})
        return
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
