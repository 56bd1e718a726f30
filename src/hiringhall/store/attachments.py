"""Files that wait for a task's next deliverable, one of each name."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, delete, select

from hiringhall.store.database import Tx
from hiringhall.store.statements import Statement
from hiringhall.store.tables import attachments


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that was attached; its bytes lie under `blob_key` already."""

    id: str
    task_id: str
    name: str
    size_bytes: int
    sha256: bytes
    blob_key: str
    attached_at_us: int


_put = Statement(
    lambda insert: (
        insert(attachments)
        .values({column.name: bindparam(column.name) for column in attachments.columns})
        .on_conflict_do_update(
            index_elements=["task_id", "name"],
            set_={
                name: bindparam(name)
                for name in ("size_bytes", "sha256", "blob_key", "attached_at_us")
            },
        )
    ),
    name="put_attachment",
)
_of_task = Statement(
    select(attachments)
    .where(attachments.c.task_id == bindparam("task_id"))
    .order_by(attachments.c.name),
    name="attachments_of_task",
)
_forget = Statement(
    delete(attachments).where(attachments.c.task_id == bindparam("of_task")),
    name="forget_attachments",
)


async def put(tx: Tx, attachment: Attachment) -> None:
    """Lay a file by, in the place of one of the same name."""
    await tx.run(
        _put,
        id=attachment.id,
        task_id=attachment.task_id,
        name=attachment.name,
        size_bytes=attachment.size_bytes,
        sha256=attachment.sha256,
        blob_key=attachment.blob_key,
        attached_at_us=attachment.attached_at_us,
    )


async def of_task(tx: Tx, task_id: str) -> Sequence[Attachment]:
    """What is laid by for a task, by name."""
    return [_to_attachment(row) for row in await tx.all(_of_task, task_id=task_id)]


async def forget(tx: Tx, task_id: str) -> None:
    """They were handed in, or will not be."""
    await tx.run(_forget, of_task=task_id)


def _to_attachment(row: Any) -> Attachment:
    return Attachment(
        row.id,
        row.task_id,
        row.name,
        row.size_bytes,
        bytes(row.sha256),
        row.blob_key,
        row.attached_at_us,
    )
