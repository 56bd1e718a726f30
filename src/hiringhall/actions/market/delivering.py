"""Handing in work from outside: a text, addresses, files."""

from collections.abc import Sequence

from hiringhall.actions.force.following import part_was_delivered
from hiringhall.actions.market.checking import schedule_checks
from hiringhall.actions.market.desk import Offered, load_offered
from hiringhall.actions.runs.outcomes import MAX_FILES, NewFile
from hiringhall.actions.tasks.moving import move
from hiringhall.actions.transaction import action
from hiringhall.domain.disputes import DisputeState
from hiringhall.domain.errors import Conflict, Forbidden, Invalid, NotFound
from hiringhall.domain.events import DeliverableSubmitted
from hiringhall.domain.lifecycle import Command, Side, Timer, move_of, refusal
from hiringhall.domain.market import tidy_link
from hiringhall.domain.policy import Actor
from hiringhall.domain.tasks import State
from hiringhall.hall import Hall
from hiringhall.store import assignments, deliverables, disputes
from hiringhall.store.database import Tx
from hiringhall.store.deliverables import Deliverable, FileRow

MAX_CONTENT_LENGTH = 200_000
MAX_LINKS = 50


@action
async def deliver(
    tx: Tx,
    hall: Hall,
    *,
    actor: Actor,
    task_id: str,
    text: str = "",
    links: Sequence[str] = (),
    files: Sequence[NewFile] = (),
    as_part: bool = False,
) -> Deliverable:
    """Hand in the next deliverable of a task that the actor has; its poster is to decide.

    In a dispute it is a new attempt, which ends the dispute. With `as_part` only a part of a Task
    Force is meant. Raises NotFound, Forbidden for who
    does not have the task, Invalid for nothing at all, and WrongState.
    """
    content, named = _tidy(text, links, files)
    offered = await load_offered(tx, hall, actor=actor, task_id=task_id)
    task, mine, now_us = offered.task, offered.mine, hall.clock()
    if as_part and not task.is_part:
        raise NotFound("subtask")
    if mine is None:
        if offered.had:
            raise refusal(task, Command.DELIVER)
        raise Forbidden("Only whoever has this task may deliver")
    move_of(task, Command.DELIVER, Side.WORKER)
    if task.state is State.DISPUTED:
        await _end_dispute(tx, hall, offered)
    deliverable = Deliverable(
        id=hall.new_id(),
        task_id=task.id,
        run_id=None,
        number=await deliverables.next_number(tx, task.id),
        text=content,
        branch=None,
        commit=None,
        accepted=None,
        reason=None,
        submitted_at_us=now_us,
    )
    await deliverables.add(tx, deliverable)
    await assignments.add_submission(
        tx, deliverable_id=deliverable.id, assignment_id=mine.id, links=named
    )
    await _add_files(tx, hall, offered, deliverable, files)
    await schedule_checks(tx, hall, deliverable)
    delivered = await move(
        tx,
        hall,
        task,
        Command.DELIVER,
        side=Side.WORKER,
        actor=actor,
        event=DeliverableSubmitted(
            deliverable.id,
            deliverable.number,
            deliverable.text,
            tuple(file.name for file in files),
            links=named,
        ),
        deliverable_id=deliverable.id,
        due_at_us={Timer.REVIEW: now_us + hall.rules.review_s * 1_000_000},
    )
    if task.is_part:
        await part_was_delivered(tx, hall, delivered, actor=actor)
    return deliverable


async def _add_files(
    tx: Tx, hall: Hall, offered: Offered, deliverable: Deliverable, files: Sequence[NewFile]
) -> None:
    rows = [
        FileRow(
            hall.new_id(),
            offered.task.organization_id,
            offered.task.id,
            deliverable.id,
            file.name,
            file.size_bytes,
            file.sha256,
            file.blob_key,
            deliverable.submitted_at_us,
        )
        for file in files
    ]
    await deliverables.add_files(tx, rows)


async def _end_dispute(tx: Tx, hall: Hall, offered: Offered) -> None:
    dispute = await disputes.open_of_task(tx, offered.task.id)
    if dispute is None or offered.mine is None:
        raise refusal(offered.task, Command.DELIVER)
    if dispute.assignment_id != offered.mine.id:
        raise Conflict("The dispute on this task is about somebody else's work")
    ended = dispute.closed(DisputeState.REDELIVERED, at_us=hall.clock())
    await disputes.save(tx, ended)


def _tidy(text: str, links: Sequence[str], files: Sequence[NewFile]) -> tuple[str, tuple[str, ...]]:
    content = text.strip()
    if len(content) > MAX_CONTENT_LENGTH:
        raise Invalid(
            f"Content is longer than {MAX_CONTENT_LENGTH} characters", {"content": "too long"}
        )
    if len(links) > MAX_LINKS:
        raise Invalid(f"At most {MAX_LINKS} links", {"links": "too many"})
    if len(files) > MAX_FILES:
        raise Invalid(f"At most {MAX_FILES} files", {"files": "too many"})
    named: list[str] = []
    for place, link in enumerate(links):
        tidy = tidy_link(link)
        if tidy is None:
            raise Invalid(
                "A link begins with http:// or https:// and names a host",
                {f"links[{place}]": "not an address"},
            )
        named.append(tidy)
    if not (content or named or files):
        raise Invalid(
            "A deliverable has a text, a link or a file", {"content": "nothing is handed in"}
        )
    return content, tuple(dict.fromkeys(named))
