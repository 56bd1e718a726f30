"""Checks of what was handed in: written down with the delivery, taken, and done once."""

from dataclasses import dataclass, replace

from hiringhall.actions.force.looking import part_was_checked
from hiringhall.actions.transaction import action
from hiringhall.domain.checks import CheckKind, CheckResult, DeliveryCheck
from hiringhall.domain.compute import Spender
from hiringhall.domain.tasks import Task
from hiringhall.hall import Hall
from hiringhall.signals import CHECKS
from hiringhall.store import assignments, checks, deliverables, tasks, terms
from hiringhall.store.database import Tx
from hiringhall.store.deliverables import Deliverable, FileRow

LOST_AFTER_US = 300_000_000
"""How long a check may be in somebody's hand before it is taken for lost."""
AGAIN_AFTER_US = 20_000_000
"""How long until a model that did not answer is asked anew; each time as much longer."""


@dataclass(frozen=True, slots=True)
class CheckToDo:
    """A check that was taken, with all it looks at, and who pays where a model is asked."""

    check: DeliveryCheck
    task: Task
    brief: str
    expected_output: str
    deliverable: Deliverable
    links: tuple[str, ...]
    files: list[FileRow]
    spender: Spender


async def schedule_checks(tx: Tx, hall: Hall, deliverable: Deliverable) -> None:
    """Have a deliverable checked, in the transaction that hands it in."""
    now_us = hall.clock()
    for kind in CheckKind:
        check = DeliveryCheck(
            deliverable_id=deliverable.id,
            task_id=deliverable.task_id,
            kind=kind,
            attempts=0,
            due_at_us=now_us,
            made_at_us=now_us,
        )
        await checks.add(tx, check)
    tx.after_commit(lambda: hall.signals.notify(CHECKS))


async def take_check(hall: Hall) -> CheckToDo | None:
    """Take the check that has waited longest, for a while; None where none is due."""

    async def look(tx: Tx) -> bool:
        return await checks.is_due(tx, now_us=hall.clock())

    # Whoever has nothing to do asks without a word to the writer.
    return await _take(hall) if await hall.database.read(look) else None


@action
async def _take(tx: Tx, hall: Hall) -> CheckToDo | None:
    now_us = hall.clock()
    due = await checks.next_due(tx, now_us=now_us)
    if due is None:
        return None
    taken = replace(due, attempts=due.attempts + 1, due_at_us=now_us + LOST_AFTER_US)
    if not await checks.put_off(tx, due, attempts=taken.attempts, until_us=taken.due_at_us):
        return None
    task = await tasks.by_id(tx, due.task_id)
    deliverable = await deliverables.by_id(tx, due.deliverable_id)
    agreed = await terms.of_task(tx, due.task_id)
    assert task is not None, "what is checked is a task's"
    assert deliverable is not None, "what is checked was handed in"
    handed_in = await assignments.submission(tx, deliverable.id)
    said = (task.description, "" if agreed is None else agreed.instructions)
    return CheckToDo(
        check=taken,
        task=task,
        brief="\n\n".join(one for one in said if one),
        expected_output="" if agreed is None else agreed.expected_output,
        deliverable=deliverable,
        links=() if handed_in is None else handed_in.links,
        files=await deliverables.files_of(tx, deliverable.id),
        spender=Spender(None, task.id, task.team_id, task.organization_id, None),
    )


@action
async def check_again(tx: Tx, hall: Hall, *, check: DeliveryCheck) -> None:
    """It could not be done: it is due again in a while, later each time."""
    until_us = hall.clock() + AGAIN_AFTER_US * check.attempts
    await checks.put_off(tx, check, attempts=check.attempts, until_us=until_us)


@action
async def finish_check(tx: Tx, hall: Hall, *, check: DeliveryCheck, result: CheckResult) -> bool:
    """Write down what a check came to; False when another had done it before.

    Where the manager goes by it, it looks next.
    """
    task = None
    if hall.rules.manager_has_model and check.kind is CheckKind.COHERENCE:
        # Locked before the check is, so that whoever looks at the task meanwhile sees all of this
        # or nothing. What no manager goes by makes nobody wait who has the task in hand.
        task = await tasks.for_change(tx, check.task_id)
    if not await checks.finish(tx, check, result, at_us=hall.clock()):
        return False
    if task is not None and task.is_part:
        await part_was_checked(tx, hall, task, deliverable_id=check.deliverable_id)
    return True
