"""Nodes: each says now and then that it is there; who has not for a while is taken for gone."""

import json
from typing import Any

from sqlalchemy import bindparam, delete, select

from hiringhall.domain.nodes import Node
from hiringhall.store.database import Tx
from hiringhall.store.statements import Statement
from hiringhall.store.tables import nodes

_SAID = [column.name for column in nodes.columns if column.name != "id"]

_say = Statement(
    lambda insert: (
        insert(nodes)
        .values({column.name: bindparam(column.name) for column in nodes.columns})
        .on_conflict_do_update(
            index_elements=["id"], set_={name: bindparam(name) for name in _SAID}
        )
    ),
    name="say_node",
)
_seen = Statement(
    select(nodes)
    .where(nodes.c.seen_at_us + nodes.c.lease_s * 1_000_000 >= bindparam("now_us"))
    .order_by(nodes.c.id)
    .limit(1_000),
    name="nodes_seen",
)
_forget = Statement(delete(nodes).where(nodes.c.id == bindparam("node_id")), name="forget_node")
_forget_old = Statement(
    delete(nodes).where(nodes.c.seen_at_us < bindparam("before_us")), name="forget_old_nodes"
)


async def say(tx: Tx, node: Node) -> None:
    """Write down what a node says of itself, in place of what it said before."""
    await tx.run(
        _say,
        id=node.id,
        name=node.name,
        places=node.places,
        runtimes=json.dumps(node.runtimes),
        default_runtime=node.default_runtime,
        key_check=node.key_check,
        files=node.files,
        lease_s=node.lease_s,
        started_at_us=node.started_at_us,
        seen_at_us=node.seen_at_us,
    )


async def there(tx: Tx, now_us: int) -> list[Node]:
    """The nodes that have said something within what they themselves call a silence."""
    return [_to_node(row) for row in await tx.all(_seen, now_us=now_us)]


async def forget(tx: Tx, node_id: str) -> None:
    """A node has gone of its own accord."""
    await tx.run(_forget, node_id=node_id)


async def forget_old(tx: Tx, *, before_us: int) -> int:
    """Drop nodes that have said nothing since a time; how many."""
    return await tx.run(_forget_old, before_us=before_us)


def _to_node(row: Any) -> Node:
    return Node(
        id=row.id,
        name=row.name,
        places=row.places,
        runtimes=tuple(json.loads(row.runtimes)),
        default_runtime=row.default_runtime,
        key_check=row.key_check,
        files=row.files,
        lease_s=row.lease_s,
        started_at_us=row.started_at_us,
        seen_at_us=row.seen_at_us,
    )
