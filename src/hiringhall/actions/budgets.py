"""What the operator decides of budgets: a cap of its own for an organization, a team or a task."""

from hiringhall.actions.transaction import action
from hiringhall.domain.compute import CapScope, budget_id
from hiringhall.hall import Hall
from hiringhall.queries.budgets import key_of
from hiringhall.store import budgets
from hiringhall.store.database import Tx


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
