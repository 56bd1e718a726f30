"""Where a task's work was saved, and what is said when a run at another node goes on with it."""

from collections.abc import Collection, Sequence

from hiringhall.actions.runs.ending import actor_of, load_fenced
from hiringhall.actions.tasks.moving import record
from hiringhall.actions.transaction import action
from hiringhall.domain.errors import Superseded
from hiringhall.domain.events import WorkBrought
from hiringhall.domain.runs import LEASED, RunToken
from hiringhall.domain.saved import Part, Saved
from hiringhall.hall import Hall
from hiringhall.store import runs, saved, tasks
from hiringhall.store.database import Tx


@action
async def save_work(tx: Tx, hall: Hall, *, token: RunToken, parts: Sequence[Saved]) -> list[str]:
    """Write down where the newest of a task's work lies, and nothing else; keys not needed now.

    A run that was stopped may still say so. Raises Superseded where another has followed it.
    """
    task = await tasks.for_change(tx, token.task_id)
    run = await runs.by_id(tx, token.run_id)
    if task is None or run is None or run.task_id != task.id:
        raise Superseded("There is no such run")
    if not token.generation == task.generation == run.generation:
        raise Superseded("Another run has taken this one's place; its work is not saved")
    before = await saved.of_task(tx, task.id)
    for one in parts:
        await saved.put(tx, one)
    there = {one.part for one in parts}
    for one in before:
        if one.part not in there:
            await saved.forget(tx, task.id, one.part)
    needed = {one.blob_key for one in parts}
    return [one.blob_key for one in before if one.blob_key and one.blob_key not in needed]


@action
async def say_brought(tx: Tx, hall: Hall, *, token: RunToken, text: str) -> None:
    """Tell the poster what a run at another node goes on with; raises Superseded."""
    task, run = await load_fenced(tx, token, states=LEASED)
    await record(tx, hall, task, actor=actor_of(run), event=WorkBrought(text), was=task)


@action
async def forget_saved(tx: Tx, hall: Hall, *, task_ids: Collection[str]) -> list[str]:
    """Forget what was saved of tasks that will not go on; the keys of its bytes."""
    keys: list[str] = []
    for task_id in task_ids:
        for one in await saved.of_task(tx, task_id):
            await saved.forget(tx, task_id, Part(one.part))
            keys += [one.blob_key] if one.blob_key else []
    return keys
