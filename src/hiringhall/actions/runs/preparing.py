"""What a run lays by before it hands in: files, and what it found of each accept criterion."""

from hiringhall.actions.runs.ending import load_fenced
from hiringhall.actions.runs.outcomes import MAX_FILES, NewFile
from hiringhall.actions.transaction import action
from hiringhall.domain.criteria import Check, make_check, read_criteria
from hiringhall.domain.errors import Forbidden
from hiringhall.domain.runs import RunToken
from hiringhall.hall import Hall
from hiringhall.store import attachments, criteria
from hiringhall.store.attachments import Attachment
from hiringhall.store.database import Tx

MAX_ATTACHED_BYTES = 256 * 1024 * 1024
"""Of one deliverable."""


@action
async def attach_file(tx: Tx, hall: Hall, *, token: RunToken, file: NewFile) -> None:
    """Lay a file by for the task's next deliverable, in the place of one of the same name.

    Raises:
        Superseded: the run has ended, or another has taken its place.
        Forbidden: there are as many, or as large, as a deliverable may have.
    """
    task, _ = await load_fenced(tx, token)
    others = [one for one in await attachments.of_task(tx, task.id) if one.name != file.name]
    if len(others) >= MAX_FILES:
        raise Forbidden(f"A deliverable has at most {MAX_FILES} files")
    if sum(one.size_bytes for one in others) + file.size_bytes > MAX_ATTACHED_BYTES:
        raise Forbidden(f"A deliverable's files have at most {MAX_ATTACHED_BYTES} bytes in all")
    await attachments.put(
        tx,
        Attachment(
            id=hall.new_id(),
            task_id=task.id,
            name=file.name,
            size_bytes=file.size_bytes,
            sha256=file.sha256,
            blob_key=file.blob_key,
            attached_at_us=hall.clock(),
        ),
    )


@action
async def check_criterion(
    tx: Tx, hall: Hall, *, token: RunToken, number: int, met: bool, evidence: str
) -> dict[int, Check]:
    """Write down whether a criterion, counted from 1, is met; all that was found in this round.

    Raises Superseded and Invalid.
    """
    task, _ = await load_fenced(tx, token)
    check = make_check(read_criteria(task.accept_criteria), number, met=met, evidence=evidence)
    await criteria.put(tx, check, task_id=task.id, round_=task.revisions, at_us=hall.clock())
    return await criteria.of_round(tx, task.id, round_=task.revisions)
