"""Posting and offering a task whoever is to do it: the hall's own staff, or the market."""

from hiringhall.actions.market.desk import terms_of
from hiringhall.actions.market.post import offer_in, post_task
from hiringhall.actions.runs.queueing import move_and_queue
from hiringhall.actions.tasks.moving import load_for_change
from hiringhall.actions.tasks.post import post_brief
from hiringhall.actions.transaction import action
from hiringhall.domain.events import TaskPublished
from hiringhall.domain.lifecycle import Command, Side
from hiringhall.domain.market import Offer
from hiringhall.domain.policy import Actor
from hiringhall.domain.tasks import MARKET, Brief, Task
from hiringhall.hall import Hall
from hiringhall.store.database import Tx


async def post(
    hall: Hall,
    *,
    actor: Actor,
    posting: Brief | Offer,
    publish: bool,
    require_spec_approval: bool | None = None,
    known_role: bool = False,
) -> Task:
    """Write a task down, and offer it at once with `publish`.

    A role that the team does not have makes it wait; with `known_role` it is refused.
    Raises NotEnoughFunds, OutOfCredits, Invalid and NoOrganization; nothing is created then.
    """
    if isinstance(posting, Offer):
        return await post_task(hall, actor=actor, offer=posting, publish=publish)
    return await post_brief(
        hall,
        actor=actor,
        brief=posting,
        require_spec_approval=require_spec_approval,
        publish=publish,
        known_role=known_role,
    )


@action
async def publish(tx: Tx, hall: Hall, *, actor: Actor, task_id: str) -> Task:
    """Offer a draft: on the market with its price held, or to the staff, who begin.

    Raises NotFound, WrongState, NotEnoughFunds, and Invalid where its deadline has passed.
    """
    task = await load_for_change(tx, actor=actor, task_id=task_id)
    return await publish_in(tx, hall, task, actor=actor)


async def publish_in(tx: Tx, hall: Hall, task: Task, *, actor: Actor) -> Task:
    """The same in this transaction, for a draft that the actor may change."""
    if task.engagement in MARKET:
        return await offer_in(tx, hall, task, await terms_of(tx, task), actor=actor)
    return await move_and_queue(
        tx,
        hall,
        task,
        Command.PUBLISH,
        side=Side.POSTER,
        actor=actor,
        event=TaskPublished(),
    )
