"""What a poster has on the market: one task, or a part of the list, with what came of each."""

from collections.abc import Sequence
from dataclasses import replace

from hiringhall.domain import ids
from hiringhall.domain.escrow import Hold
from hiringhall.domain.market import Offer
from hiringhall.domain.policy import Actor, check_sees
from hiringhall.domain.tasks import State, Task
from hiringhall.hall import Hall
from hiringhall.store import offered, tasks
from hiringhall.store.database import Tx
from hiringhall.store.offered import Offering


async def offering(hall: Hall, *, actor: Actor, task_id: str) -> Offering:
    """A task of the actor's organization, with a price or without; raises NotFound, NotYours."""

    async def find(tx: Tx) -> list[Offering]:
        task = await tasks.by_id(tx, task_id) if ids.is_uuid(task_id) else None
        return [] if task is None else await offered.of_tasks(tx, [task])

    found = await hall.database.read(find)
    check_sees(actor, found[0].task.organization_id if found else None, "task")
    return found[0]


async def read_offering(tx: Tx, task: Task) -> Offering:
    """The same of a task that was just changed, for an answer kept beside the change."""
    (found,) = await offered.of_tasks(tx, [task])
    return found


async def offerings(
    hall: Hall, *, actor: Actor, states: Sequence[State], page: int, limit: int
) -> tuple[list[Offering], int]:
    """A page, counted from 1, of the organization's tasks with a price, and how many there are."""

    async def find(tx: Tx) -> tuple[list[Offering], int]:
        return await offered.page(
            tx,
            organization_id=actor.organization_id or "",
            states=states,
            skip=(page - 1) * limit,
            most=limit,
        )

    return await hall.database.scan(find)


def just_offered(hall: Hall, task: Task, offer: Offer) -> Offering:
    """The same for a task that was offered at this moment, without looking."""
    assert task.price_cents is not None, "what is offered has a price"
    hold = Hold(
        task.id,
        task.organization_id,
        task.price_cents,
        hall.rules.fee_basis_points,
        offer.fee_on_top,
    )
    agreed = offer.terms_of(task.id)
    agreed = replace(agreed, closes_at_us=agreed.closing_us(task.created_at_us))
    return Offering(task, agreed, hold, None, [], None)
