"""What is decided of budgets: caps of their own, by the operator, and by whoever posted a task."""

from hiringhall.actions.tasks.moving import load_for_change
from hiringhall.actions.transaction import action
from hiringhall.domain.compute import CapScope, budget_id, money
from hiringhall.domain.errors import Invalid
from hiringhall.domain.policy import Actor
from hiringhall.hall import Hall
from hiringhall.queries.budgets import key_of
from hiringhall.store import budgets
from hiringhall.store.database import Tx

MOST_CAP_MICROS = 10**15
"""No typing error goes past what the database counts."""


@action
async def set_cap(
    tx: Tx,
    hall: Hall,
    *,
    email: str,
    scope: CapScope,
    cap_micros: int | None,
    task_id: str | None = None,
) -> None:
    """Give a budget of a user's organization a cap of its own; None: the hall's for its scope.

    Raises NotFound and NoOrganization.
    """
    key = await key_of(tx, email=email, scope=scope, task_id=task_id)
    await budgets.set_cap(tx, budget=budget_id(scope, key), scope=scope, cap_micros=cap_micros)


@action
async def raise_task_cap(tx: Tx, hall: Hall, *, actor: Actor, task_id: str, cap_micros: int) -> int:
    """Let the models of a task of the actor's own cost more, before they stop at its cap.

    Returns the cap. Raises NotFound, NotYours, and Invalid for one that is not above what holds
    now: to end the work, the task is cancelled.
    """
    task = await load_for_change(tx, actor=actor, task_id=task_id)
    budget = budget_id(CapScope.TASK, task.id)
    kept = await budgets.by_id(tx, budget)
    holds = hall.rules.caps.get(CapScope.TASK)
    if kept is not None and kept.cap_micros is not None:
        holds = kept.cap_micros
    if holds is None:
        raise Invalid("No cap holds this task", {"cap": "no cap holds"})
    if not holds < cap_micros <= MOST_CAP_MICROS:
        raise Invalid(f"A new cap is above {money(holds)}", {"cap": "out of range"})
    await budgets.set_cap(tx, budget=budget, scope=CapScope.TASK, cap_micros=cap_micros)
    return cap_micros
