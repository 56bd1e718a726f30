"""Stopping a run by its own name: its task is withdrawn with it, and can be resumed."""

from hiringhall.actions.tasks.answer import cancel_in
from hiringhall.actions.tasks.moving import load_for_change
from hiringhall.actions.transaction import action
from hiringhall.domain import ids
from hiringhall.domain.errors import NotFound, WrongState
from hiringhall.domain.policy import Actor, check_sees
from hiringhall.domain.runs import LIVE, Run
from hiringhall.hall import Hall
from hiringhall.store import runs
from hiringhall.store.database import Tx


@action
async def stop_run(tx: Tx, hall: Hall, *, actor: Actor, run_id: str, reason: str = "") -> Run:
    """Stop a run that is queued or at work; raises NotFound, and WrongState once it has ended.

    A task whose worker was stopped is cancelled, and `resume` goes on from there.
    """
    found = await runs.by_id(tx, run_id) if ids.is_uuid(run_id) else None
    check_sees(actor, None if found is None else found.organization_id, "run")
    if found is None:
        raise NotFound("run")
    task = await load_for_change(tx, actor=actor, task_id=found.task_id)
    run = await runs.by_id(tx, run_id) or found
    if run.state not in LIVE:
        raise WrongState(f"This run is {run.state.value}", state=run.state.value, command="cancel")
    said = reason.strip() or "Its worker was stopped"
    await cancel_in(tx, hall, task, actor=actor, reason=said)
    return await runs.by_id(tx, run_id) or run
