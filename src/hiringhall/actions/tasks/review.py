"""One word on what waits for a task's poster to look at: a plan, or what was handed in."""

from enum import StrEnum

from hiringhall.actions.tasks.answer import decide_plan_of
from hiringhall.actions.tasks.deciding import accept_made, reject_made, send_made_back
from hiringhall.actions.tasks.moving import load_for_change
from hiringhall.actions.transaction import action
from hiringhall.domain.errors import Invalid, NotFound, WrongState
from hiringhall.domain.policy import Actor
from hiringhall.domain.tasks import Task, Waiting
from hiringhall.hall import Hall
from hiringhall.store import deliverables, tasks
from hiringhall.store.database import Tx


class Decision(StrEnum):
    """What a poster says."""

    ACCEPT = "accept"
    REQUEST_REVISION = "request_revision"
    REJECT = "reject"


@action
async def review(
    tx: Tx,
    hall: Hall,
    *,
    actor: Actor,
    task_id: str,
    decision: Decision,
    feedback: str = "",
    rating: int | None = None,
    deliverable_id: str | None = None,
) -> Task:
    """Decide on the plan that waits, else on a deliverable, the newest unless another is named.

    What is decided on is chosen where it is decided, so that a repetition with an idempotency key
    is no word on something else. Raises NotFound, Invalid, Conflict and WrongState.
    """
    task = await load_for_change(tx, actor=actor, task_id=task_id)
    accepted = decision is Decision.ACCEPT
    if not accepted and not feedback.strip():
        raise Invalid("Say what is to be different", {"feedback": "empty"})
    if rating is not None and not accepted:
        raise Invalid("A rating is given with accept", {"rating": "not with this decision"})
    if task.waiting_for is Waiting.PLAN_DECISION:
        if deliverable_id is not None or rating is not None:
            field = "rating" if deliverable_id is None else "deliverable_id"
            raise Invalid(
                "A plan waits for your word, and no deliverable", {field: "not for a plan"}
            )
        return await decide_plan_of(tx, hall, task, actor=actor, accepted=accepted, reason=feedback)
    made_id = await _named(tx, task, deliverable_id)
    if accepted:
        await accept_made(
            tx, hall, actor=actor, deliverable_id=made_id, rating=rating, feedback=feedback
        )
    else:
        decide = reject_made if decision is Decision.REJECT else send_made_back
        await decide(tx, hall, actor=actor, deliverable_id=made_id, reason=feedback)
    after = await tasks.by_id(tx, task.id)
    assert after is not None, "it was decided on just now"
    return after


async def _named(tx: Tx, task: Task, deliverable_id: str | None) -> str:
    if deliverable_id is None:
        if task.deliverable_id is None:
            raise WrongState(
                f"Nothing was handed in yet; the task is {task.state.value}",
                state=task.state.value,
                command="review",
            )
        return task.deliverable_id
    made = await deliverables.by_id(tx, deliverable_id)
    if made is None or made.task_id != task.id:
        raise NotFound("deliverable")
    return made.id
