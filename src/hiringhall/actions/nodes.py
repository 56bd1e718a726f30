"""Nodes come, say that they are there, and go; rows for each other, where a database is shared."""

from dataclasses import replace

from hiringhall.actions.transaction import action
from hiringhall.domain.nodes import CannotJoin, Node, cannot_join
from hiringhall.hall import Hall
from hiringhall.store import nodes
from hiringhall.store.database import Tx


@action
async def join(tx: Tx, hall: Hall, *, node: Node) -> list[Node]:
    """Be one of the hall's nodes from now on; the others that were heard of lately.

    Raises CannotJoin where one of them has another key, or keeps files elsewhere.
    """
    others = await _others(tx, hall, node.id)
    if why := cannot_join(node, others):
        raise CannotJoin(why)
    await nodes.say(tx, replace(node, seen_at_us=hall.clock()))
    return others


@action
async def still_here(tx: Tx, hall: Hall, *, node: Node) -> list[Node]:
    """Say that a node is there; the others that were heard of lately."""
    await nodes.say(tx, replace(node, seen_at_us=hall.clock()))
    return await _others(tx, hall, node.id)


@action
async def leave(tx: Tx, hall: Hall, *, node_id: str) -> None:
    """A node goes of its own accord."""
    await nodes.forget(tx, node_id)


async def _others(tx: Tx, hall: Hall, node_id: str) -> list[Node]:
    return [node for node in await nodes.there(tx, hall.clock()) if node.id != node_id]
