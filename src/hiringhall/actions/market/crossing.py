"""Crossing between the market and the hall's own staff: a task goes from one to the other."""

from dataclasses import replace
from typing import Any

from hiringhall.actions.market.desk import load_posted
from hiringhall.actions.market.ending import end_all
from hiringhall.actions.market.shown import check_shown
from hiringhall.actions.runs.queueing import choose_for, queue_run
from hiringhall.actions.tasks.moving import load_for_change, move
from hiringhall.actions.transaction import action
from hiringhall.domain.errors import Conflict, Invalid
from hiringhall.domain.escrow import Shown
from hiringhall.domain.events import TaskChanged
from hiringhall.domain.lifecycle import Command, Side, Timer, move_of
from hiringhall.domain.market import AssignmentState, Offer, make_offer
from hiringhall.domain.policy import Actor
from hiringhall.domain.tasks import Acceptance, Engagement, Task, Waiting
from hiringhall.hall import Hall
from hiringhall.store import holds, runs, terms
from hiringhall.store.database import Tx


@action
async def assign_to_staff(
    tx: Tx, hall: Hall, *, actor: Actor, task_id: str, role: str | None = None
) -> Task:
    """Give a task of the market that nobody has to the hall's own workers; its money goes back.

    What was proposed for it is closed. Its terms stay for whoever works to read, its price for
    lists. Raises NotFound, Conflict and WrongState.
    """
    posted = await load_posted(tx, actor=actor, task_id=task_id)
    task = posted.task
    move_of(task, Command.ASSIGN_TO_STAFF, posted.side)
    named = (role or "").strip() or task.role
    chosen = await choose_for(tx, hall, replace(task, role=named))
    changes: dict[str, Any] = {"engagement": Engagement.STAFF, "role": named}
    if chosen.runtime is None:
        changes |= {"waiting_for": Waiting.WORKER, "waiting_reason": chosen.hindrance}
    else:
        changes["generation"] = task.generation + 1
    given = await move(
        tx,
        hall,
        task,
        Command.ASSIGN_TO_STAFF,
        side=posted.side,
        actor=actor,
        event=TaskChanged({"engagement": Engagement.STAFF.value, "role": named}),
        **changes,
    )
    await end_all(tx, hall, given, AssignmentState.CLOSED)
    if chosen.runtime is not None:
        await queue_run(tx, hall, given, runtime=chosen.runtime, after=None)
    return given


@action
async def offer_task(
    tx: Tx,
    hall: Hall,
    *,
    actor: Actor,
    task_id: str,
    engagement: Engagement,
    price_cents: int,
    shown: Shown | None = None,
    **more: Any,
) -> Task:
    """Offer a task that no worker of the hall is on to the market, at a price that is held.

    `more` is what `make_offer` takes beside the brief. Raises NotFound, Invalid, Conflict for one
    whose money was held before and where not what was `shown` would be held, WrongState and
    NotEnoughFunds.
    """
    task = await load_for_change(tx, actor=actor, task_id=task_id)
    move_of(task, Command.OFFER, Side.POSTER)
    if task.parent_id is not None and engagement is Engagement.TASK_FORCE:
        raise Invalid("A part of a task is not split again", {"engagement": "not for a part"})
    offer = make_offer(
        title=task.title,
        description=task.description or task.title,
        engagement=engagement,
        price_cents=price_cents,
        repository=task.repository,
        **more,
    )
    check_shown(
        hall,
        shown,
        price_cents=offer.price_cents,
        fee_on_top=offer.fee_on_top,
        engagement=offer.engagement,
    )
    if await runs.live_of_task(tx, task.id) is not None:
        raise Conflict("A worker of the hall is about to begin with this task: cancel it instead")
    if await holds.of_task(tx, task.id) is not None:
        raise Conflict("This task's money was held and given back before: post it anew")
    return await _offer(tx, hall, task, offer, actor=actor)


async def _offer(tx: Tx, hall: Hall, task: Task, offer: Offer, *, actor: Actor) -> Task:
    agreed = offer.terms_of(task.id)
    closes_at_us = agreed.closing_us(hall.clock())
    await terms.put(tx, replace(agreed, closes_at_us=closes_at_us))
    return await move(
        tx,
        hall,
        task,
        Command.OFFER,
        side=Side.POSTER,
        actor=actor,
        event=TaskChanged(
            {
                "engagement": offer.engagement.value,
                "acceptance": Acceptance.POSTER.value,
                "price_cents": offer.price_cents,
            }
        ),
        fee_on_top=offer.fee_on_top,
        due_at_us={Timer.INTAKE: closes_at_us},
        engagement=offer.engagement,
        acceptance=Acceptance.POSTER,
        price_cents=offer.price_cents,
    )
