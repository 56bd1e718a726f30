"""This process among the nodes of its hall: said to the others, and theirs known here."""

import contextlib
import hashlib
import hmac
import os
import platform

import structlog

from hiringhall.actions import nodes
from hiringhall.domain.nodes import Node, other_lease
from hiringhall.hall import Hall
from hiringhall.store.errors import StoreError

log = structlog.get_logger()


class Presence:
    """Keeps a node's row fresh, and `hall.staffing.elsewhere` after the others'."""

    def __init__(self, hall: Hall, node: Node) -> None:
        self._hall = hall
        self._node = node
        self.others: tuple[Node, ...] = ()
        self.other_lease = ""
        """That others have another lease, with what to do; empty where they have not."""

    @property
    def at_work(self) -> bool:
        """Whether another node takes runs."""
        return any(one.places for one in self.others)

    async def join(self) -> None:
        """Come to the others; raises CannotJoin."""
        others = await nodes.join(self._hall, node=self._node)
        self._know(others)

    async def beat(self) -> bool:
        """Say that this node is there; whether what the others can do has changed."""
        others = await nodes.still_here(self._hall, node=self._node)
        return self._know(others)

    async def leave(self) -> None:
        """Go; where that cannot be said, silence says it."""
        with contextlib.suppress(StoreError):
            await nodes.leave(self._hall, node_id=self._node.id)

    def _know(self, others: list[Node]) -> bool:
        for name in sorted({one.name for one in self.others} ^ {one.name for one in others}):
            log.info("node.change", name=name, nodes=len(others) + 1)
        self.others = tuple(others)
        differs = other_lease(self._node, others)
        if differs and differs != self.other_lease:
            log.warning("node.other_lease", why=differs)
        self.other_lease = differs
        elsewhere = self._hall.staffing.elsewhere
        was = (elsewhere.runtimes, elsewhere.default_runtime)
        at_work = [one for one in others if one.places]
        elsewhere.runtimes = frozenset(name for one in at_work for name in one.runtimes)
        usual = sorted({one.default_runtime for one in at_work if one.default_runtime})
        elsewhere.default_runtime = usual[0] if usual else None
        return was != (elsewhere.runtimes, elsewhere.default_runtime)


def presence_of(
    hall: Hall, *, node_id: str, places: int, secret_key: bytes, files: str | None, lease_s: int
) -> Presence | None:
    """This process among the hall's nodes; None on SQLite, where there are no others.

    `files` is where it keeps them, None in a folder of its own.
    """
    if hall.database.dialect == "sqlite":
        return None
    now_us = hall.clock()
    node = Node(
        id=node_id,
        name=f"{platform.node()}:{os.getpid()}",
        places=places,
        runtimes=hall.staffing.ready,
        default_runtime=hall.staffing.default_runtime,
        key_check=hmac.digest(secret_key, b"hiringhall key check", hashlib.sha256).hex(),
        files=files or f"the folder of {node_id}",
        lease_s=lease_s,
        started_at_us=now_us,
        seen_at_us=now_us,
    )
    return Presence(hall, node)
