"""Terms: what a task's poster offers and asks for on the market."""

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import bindparam, delete, select, update

from hiringhall.domain.market import Item, Terms
from hiringhall.store.database import Tx
from hiringhall.store.rows import insert_row
from hiringhall.store.statements import Statement
from hiringhall.store.tables import terms

_insert = Statement(insert_row(terms), name="insert_terms")
_of_task = Statement(select(terms).where(terms.c.task_id == bindparam("task")), name="terms")
_forget = Statement(delete(terms).where(terms.c.task_id == bindparam("task")), name="forget_terms")
_close_at = Statement(
    update(terms)
    .where(terms.c.task_id == bindparam("task"))
    .values(closes_at_us=bindparam("closes_at_us")),
    name="set_closing",
)


async def add(tx: Tx, new: Terms) -> None:
    """Write down a task's terms."""
    await tx.run(
        _insert,
        task_id=new.task_id,
        category=new.category,
        instructions=new.instructions,
        expected_output=new.expected_output,
        inputs=_items_text(new.inputs),
        assets=_items_text(new.assets),
        tags=json.dumps(new.tags, ensure_ascii=False),
        deadline_us=new.deadline_us,
        expires_in_us=new.expires_in_us,
        time_limit_min=new.time_limit_min,
        max_proposals=new.max_proposals,
        fee_on_top=int(new.fee_on_top),
        searched=new.searched,
        closes_at_us=new.closes_at_us,
    )


async def put(tx: Tx, new: Terms) -> None:
    """Write down a task's terms, in place of those that it had."""
    await tx.run(_forget, task=new.task_id)
    await add(tx, new)


async def remove(tx: Tx, task_id: str) -> None:
    """Forget a task's terms: it is none of the market's any more."""
    await tx.run(_forget, task=task_id)


async def of_task(tx: Tx, task_id: str) -> Terms | None:
    """A task's terms, or None where it is none of the market's."""
    row = await tx.one(_of_task, task=task_id)
    return None if row is None else to_terms(row)


async def set_closing(tx: Tx, task_id: str, *, closes_at_us: int) -> None:
    """Say when intake and claims end, now that the task is offered."""
    await tx.run(_close_at, task=task_id, closes_at_us=closes_at_us)


def to_terms(row: Any) -> Terms:
    """Terms out of a row that has all columns of the table."""
    return Terms(
        task_id=row.task_id,
        category=row.category,
        instructions=row.instructions,
        expected_output=row.expected_output,
        inputs=_items(row.inputs),
        assets=_items(row.assets),
        tags=tuple(json.loads(row.tags)),
        deadline_us=row.deadline_us,
        expires_in_us=row.expires_in_us,
        time_limit_min=row.time_limit_min,
        max_proposals=row.max_proposals,
        fee_on_top=bool(row.fee_on_top),
        searched=row.searched,
        closes_at_us=row.closes_at_us,
    )


def _items_text(items: Iterable[Item]) -> str:
    listed = [{"text": one.text, "name": one.name, "url": one.url} for one in items]
    return json.dumps(listed, ensure_ascii=False)


def _items(text: str) -> tuple[Item, ...]:
    return tuple(Item(**one) for one in json.loads(text))
