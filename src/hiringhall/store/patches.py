"""What a delivery changed in a repository, as a patch: where its bytes lie."""

from dataclasses import dataclass

from sqlalchemy import bindparam, select

from hiringhall.store.database import Tx
from hiringhall.store.rows import insert_row
from hiringhall.store.statements import Statement
from hiringhall.store.tables import patches


@dataclass(frozen=True, slots=True)
class PatchRow:
    """A deliverable's patch: `files` is how many differ; where it `is_cut` it breaks off."""

    deliverable_id: str
    files: int
    size_bytes: int
    sha256: bytes
    blob_key: str
    is_cut: bool


_insert = Statement(insert_row(patches), name="insert_patch")
_by_id = Statement(
    select(patches).where(patches.c.deliverable_id == bindparam("deliverable_id")),
    name="patch_of_deliverable",
)


async def add(tx: Tx, patch: PatchRow) -> None:
    """Write down what a deliverable changed."""
    await tx.run(
        _insert,
        deliverable_id=patch.deliverable_id,
        changed_files=patch.files,
        size_bytes=patch.size_bytes,
        sha256=patch.sha256,
        blob_key=patch.blob_key,
        is_cut=int(patch.is_cut),
    )


async def of_deliverable(tx: Tx, deliverable_id: str) -> PatchRow | None:
    """What a deliverable changed; None where nothing is kept of that."""
    row = await tx.one(_by_id, deliverable_id=deliverable_id)
    if row is None:
        return None
    return PatchRow(
        row.deliverable_id,
        row.changed_files,
        row.size_bytes,
        bytes(row.sha256),
        row.blob_key,
        bool(row.is_cut),
    )
