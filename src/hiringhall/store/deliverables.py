"""Deliverables: numbered submissions of a task, with their files and the decision on each."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import bindparam, func, select, union_all, update

from hiringhall.store.database import Tx
from hiringhall.store.rows import insert_row
from hiringhall.store.statements import Statement, any_of
from hiringhall.store.tables import (
    attachments,
    deliverables,
    files,
    patches,
    saved_work,
    submissions,
)


@dataclass(frozen=True, slots=True)
class Deliverable:
    """A submission; `accepted` is None until it is decided, `commit` a full git object id.

    `links` are the addresses that somebody from outside handed in beside the text.
    """

    id: str
    task_id: str
    run_id: str | None
    number: int
    text: str
    branch: str | None
    commit: str | None
    accepted: bool | None
    reason: str | None
    submitted_at_us: int
    links: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        """The text with the addresses behind it, for whoever is shown a text and nothing else."""
        return told(self.text, self.links)


@dataclass(frozen=True, slots=True)
class FileRow:
    """A delivered file; its bytes lie under `blob_key`, its name stands only here."""

    id: str
    organization_id: str
    task_id: str
    deliverable_id: str
    name: str
    size_bytes: int
    sha256: bytes
    blob_key: str
    created_at_us: int


_insert = Statement(insert_row(deliverables), name="insert_deliverable")
_insert_file = Statement(insert_row(files), name="insert_file")
_count = Statement(
    select(func.count().label("count")).where(deliverables.c.task_id == bindparam("task_id")),
    name="count_deliverables",
)
_whole = select(deliverables, submissions.c.links).select_from(
    deliverables.outerjoin(submissions, submissions.c.deliverable_id == deliverables.c.id)
)
_by_id = Statement(
    _whole.where(deliverables.c.id == bindparam("deliverable_id")),
    name="deliverable_by_id",
)
_of_task = Statement(
    _whole.where(deliverables.c.task_id == bindparam("task_id")).order_by(deliverables.c.number),
    name="deliverables_of_task",
)
_by_ids = Statement(
    _whole.where(any_of(deliverables.c.id, "deliverable_ids")),
    name="deliverables_by_ids",
)
_ids_of_task = Statement(
    select(deliverables.c.id)
    .where(deliverables.c.task_id == bindparam("task_id"))
    .order_by(deliverables.c.number),
    name="deliverable_ids_of_task",
)
_files_of_many = Statement(
    select(files)
    .where(any_of(files.c.deliverable_id, "deliverable_ids"))
    .order_by(files.c.deliverable_id, files.c.name),
    name="files_of_deliverables",
)
_decide = Statement(
    update(deliverables)
    .where(deliverables.c.id == bindparam("deliverable_id"), deliverables.c.accepted.is_(None))
    .values(
        accepted=bindparam("was_accepted"),
        reason=bindparam("reason"),
        decided_at_us=bindparam("decided_at_us"),
    ),
    name="decide_deliverable",
)
_files = Statement(
    select(files)
    .where(files.c.deliverable_id == bindparam("deliverable_id"))
    .order_by(files.c.name),
    name="files_of_deliverable",
)
_of_blobs = Statement(
    union_all(
        *(
            select(of.c.blob_key).where(any_of(of.c.blob_key, "keys"))
            for of in (files, attachments, patches, saved_work)
        )
    ),
    name="rows_of_blobs",
)
_file = Statement(select(files).where(files.c.id == bindparam("file_id")), name="file_by_id")


async def add(tx: Tx, deliverable: Deliverable) -> None:
    """Write a submission down; the database refuses a second one of the same run."""
    await tx.run(
        _insert,
        id=deliverable.id,
        task_id=deliverable.task_id,
        run_id=deliverable.run_id,
        number=deliverable.number,
        text=deliverable.text,
        branch=deliverable.branch,
        commit_id=deliverable.commit,
        accepted=None,
        reason=None,
        submitted_at_us=deliverable.submitted_at_us,
        decided_at_us=None,
    )


async def add_files(tx: Tx, rows: Sequence[FileRow]) -> None:
    """Write down the files of a submission."""
    for row in rows:
        await tx.run(
            _insert_file,
            id=row.id,
            organization_id=row.organization_id,
            task_id=row.task_id,
            deliverable_id=row.deliverable_id,
            name=row.name,
            size_bytes=row.size_bytes,
            sha256=row.sha256,
            blob_key=row.blob_key,
            created_at_us=row.created_at_us,
        )


async def next_number(tx: Tx, task_id: str) -> int:
    """The number that the task's next submission has, from 1."""
    row = await tx.one(_count, task_id=task_id)
    return 1 if row is None else row.count + 1


async def by_id(tx: Tx, deliverable_id: str) -> Deliverable | None:
    """A submission."""
    row = await tx.one(_by_id, deliverable_id=deliverable_id)
    return None if row is None else to_deliverable(row)


async def of_task(tx: Tx, task_id: str) -> list[Deliverable]:
    """All submissions of a task, in their order."""
    return [to_deliverable(row) for row in await tx.all(_of_task, task_id=task_id)]


async def ids_of_task(tx: Tx, task_id: str) -> list[str]:
    """The submissions of a task by their ids alone, in their order."""
    return [row.id for row in await tx.all(_ids_of_task, task_id=task_id)]


async def by_ids(tx: Tx, deliverable_ids: Sequence[str]) -> list[Deliverable]:
    """Some submissions of a task, in their order."""
    if not deliverable_ids:
        return []
    rows = await tx.all(_by_ids, deliverable_ids=list(deliverable_ids))
    return sorted((to_deliverable(row) for row in rows), key=lambda one: one.number)


Submitted: TypeAlias = tuple[Deliverable | None, list[FileRow]]
"""A submission with its files, or none."""

NOTHING: Submitted = (None, [])


async def with_files(tx: Tx, deliverable_ids: Sequence[str]) -> dict[str, Submitted]:
    """Some submissions by their ids, each with its files: two statements, however many they are."""
    if not deliverable_ids:
        return {}
    attached = await files_of_many(tx, deliverable_ids)
    return {
        row.id: (to_deliverable(row), attached.get(row.id, []))
        for row in await tx.all(_by_ids, deliverable_ids=list(deliverable_ids))
    }


async def files_of_many(tx: Tx, deliverable_ids: Sequence[str]) -> dict[str, list[FileRow]]:
    """The files of some submissions, by name; those without any are left out."""
    attached: dict[str, list[FileRow]] = {}
    for row in await tx.all(_files_of_many, deliverable_ids=list(deliverable_ids)):
        attached.setdefault(row.deliverable_id, []).append(to_file(row))
    return attached


async def decide(
    tx: Tx, deliverable_id: str, *, accepted: bool, reason: str | None, at_us: int
) -> bool:
    """Keep the decision; False when there was one already."""
    return (
        await tx.run(
            _decide,
            deliverable_id=deliverable_id,
            was_accepted=int(accepted),
            reason=reason,
            decided_at_us=at_us,
        )
        == 1
    )


async def files_of(tx: Tx, deliverable_id: str) -> list[FileRow]:
    """The files of a submission, by name."""
    return [to_file(row) for row in await tx.all(_files, deliverable_id=deliverable_id)]


async def file_by_id(tx: Tx, file_id: str) -> FileRow | None:
    """A delivered file."""
    row = await tx.one(_file, file_id=file_id)
    return None if row is None else to_file(row)


def to_file(row: Any) -> FileRow:
    """A delivered file out of a row of the table."""
    return FileRow(
        row.id,
        row.organization_id,
        row.task_id,
        row.deliverable_id,
        row.name,
        row.size_bytes,
        bytes(row.sha256),
        row.blob_key,
        row.created_at_us,
    )


def to_deliverable(row: Any) -> Deliverable:
    """A submission out of a row of the table."""
    return Deliverable(
        row.id,
        row.task_id,
        row.run_id,
        row.number,
        row.text,
        row.branch,
        row.commit_id,
        None if row.accepted is None else bool(row.accepted),
        row.reason,
        row.submitted_at_us,
        links_of(row.links),
    )


def links_of(kept: str | None) -> tuple[str, ...]:
    """The addresses of a submission as they are kept; none where a worker of the hall's made it."""
    return () if kept is None else tuple(json.loads(kept))


def told(text: str, links: Sequence[str]) -> str:
    """A text with addresses behind it, one a line."""
    return "\n\n".join(part for part in (text, "\n".join(links)) if part)


async def known_blobs(tx: Tx, keys: Sequence[str]) -> set[str]:
    """Which of some keys hold bytes that the hall knows of: delivered, laid by, or saved."""
    return {row.blob_key for row in await tx.all(_of_blobs, keys=list(keys))}
