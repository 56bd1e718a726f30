"""Offering a task on the market: written down, its price held, and on the board; or withdrawn."""

from dataclasses import replace

from hiringhall.actions.force.following import part_has_ended
from hiringhall.actions.force.whole import withdraw_whole
from hiringhall.actions.market.desk import load_draft, load_posted
from hiringhall.actions.market.ending import end_all
from hiringhall.actions.tasks.creating import created
from hiringhall.actions.tasks.moving import move
from hiringhall.actions.transaction import action
from hiringhall.domain.errors import Conflict, Invalid, NoOrganization
from hiringhall.domain.events import TaskCancelled, TaskPublished
from hiringhall.domain.lifecycle import Command, Side, Timer, move_of
from hiringhall.domain.market import MAX_TEXT_LENGTH, AssignmentState, Offer, Terms
from hiringhall.domain.policy import Actor
from hiringhall.domain.tasks import Acceptance, State, Task, fresh_task
from hiringhall.hall import Hall
from hiringhall.store import assignments, events, posting, tasks, terms
from hiringhall.store.database import Tx


async def post_task(hall: Hall, *, actor: Actor, offer: Offer, publish: bool) -> Task:
    """Write a task for the market down as a draft, and offer it at once with `publish`.

    Offering takes its price out of what the organization has available; where that is not enough
    nothing is created. Raises NotEnoughFunds, Invalid and NoOrganization.
    """
    if offer.repository is not None:
        offer = replace(offer, repository=hall.check_repository(offer.repository))
    return await _post(hall, actor=actor, offer=offer, publish=publish)


@action
async def _post(tx: Tx, hall: Hall, *, actor: Actor, offer: Offer, publish: bool) -> Task:
    if actor.organization_id is None:
        raise NoOrganization
    desk = await posting.posting_desk(
        tx, organization_id=actor.organization_id, user_id=None, role=None, day=0
    )
    if desk is None:
        raise NoOrganization
    now_us = hall.clock()
    task = _draft(offer, actor, task_id=hall.new_id(), team_id=desk.team_id, now_us=now_us)
    agreed = offer.terms_of(task.id)
    agreed.closing_us(now_us)  # a draft, too, is refused for a deadline that has passed
    await tasks.add(tx, task)
    await terms.add(tx, agreed)
    await events.append(tx, created(task), task=task, actor=actor.label, at_us=now_us)
    tx.after_commit(lambda: hall.signals.happened(task.id, task.organization_id))
    return await offer_in(tx, hall, task, agreed, actor=actor) if publish else task


def _draft(offer: Offer, actor: Actor, *, task_id: str, team_id: str, now_us: int) -> Task:
    assert actor.organization_id is not None
    return fresh_task(
        task_id=task_id,
        organization_id=actor.organization_id,
        team_id=team_id,
        created_by=actor.user_id,
        title=offer.title,
        description=offer.description,
        engagement=offer.engagement,
        acceptance=Acceptance.POSTER,
        repository=offer.repository,
        price_cents=offer.price_cents,
        now_us=now_us,
    )


@action
async def publish_task(tx: Tx, hall: Hall, *, actor: Actor, task_id: str) -> Task:
    """Offer a draft: its price is held, and it is on the board until it is taken or closes.

    Raises NotFound, Conflict, WrongState, NotEnoughFunds, and Invalid where its deadline passed.
    """
    posted = await load_draft(tx, actor=actor, task_id=task_id)
    return await offer_in(tx, hall, posted.task, posted.terms, actor=actor)


async def offer_in(tx: Tx, hall: Hall, task: Task, agreed: Terms, *, actor: Actor) -> Task:
    """The same in this transaction, for a draft that the actor may change."""
    closes_at_us = agreed.closing_us(hall.clock())
    await terms.set_closing(tx, task.id, closes_at_us=closes_at_us)
    return await move(
        tx,
        hall,
        task,
        Command.PUBLISH,
        side=Side.POSTER,
        actor=actor,
        event=TaskPublished(),
        fee_on_top=agreed.fee_on_top,
        due_at_us={Timer.INTAKE: closes_at_us},
    )


@action
async def withdraw_task(
    tx: Tx, hall: Hall, *, actor: Actor, task_id: str, reason: str = ""
) -> Task:
    """Withdraw a task of the market, and give its poster back what was held.

    With somebody on it that takes their word (they give it back or withdraw) or the end of the
    time they have. Withdrawing it again changes nothing. Raises NotFound, Conflict, WrongState.
    """
    posted = await load_posted(tx, actor=actor, task_id=task_id)
    return await withdraw(tx, hall, posted.task, side=posted.side, actor=actor, reason=reason)


async def withdraw(
    tx: Tx, hall: Hall, task: Task, *, side: Side, actor: Actor, reason: str
) -> Task:
    """The same in this transaction, for a task that the actor may change."""
    if task.state is State.CANCELLED:
        return task
    said = reason.strip()
    if len(said) > MAX_TEXT_LENGTH:
        raise Invalid(f"Reason is longer than {MAX_TEXT_LENGTH} characters", {"reason": "too long"})
    move_of(task, Command.CANCEL, side)
    if task.is_whole:
        return await withdraw_whole(tx, hall, task, side=side, actor=actor, reason=said)
    now_us = hall.clock()
    on_it = await assignments.active(tx, task.id)
    if side is not Side.ADMIN and any(one.due_at_us > now_us for one in on_it):
        raise Conflict(
            "Somebody is working on this task; it can be cancelled when they give it back, or when "
            "their time is over"
        )
    cancelled = await move(
        tx, hall, task, Command.CANCEL, side=side, actor=actor, event=TaskCancelled(said)
    )
    await end_all(tx, hall, cancelled, AssignmentState.CLOSED)
    if task.is_part:
        await part_has_ended(tx, hall, cancelled, actor=actor)
    return cancelled
