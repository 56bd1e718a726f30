"""Posting and offering a task whoever is to do it: the hall's own staff, or the market."""

from hiringhall.actions.market.desk import terms_of
from hiringhall.actions.market.post import offer_in, post_task
from hiringhall.actions.market.shown import check_shown
from hiringhall.actions.runs.queueing import move_and_queue
from hiringhall.actions.tasks.moving import load_for_change
from hiringhall.actions.tasks.post import post_brief
from hiringhall.actions.transaction import action
from hiringhall.domain.escrow import Shown
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
    shown: Shown | None = None,
) -> Task:
    """Write a task down, and offer it at once with `publish`.

    A role that the team does not have makes it wait; with `known_role` it is refused. `shown` is
    what the poster was told that it holds: where that is another amount by now, Conflict.
    Raises NotEnoughFunds, OutOfCredits, Invalid and NoOrganization; nothing is created then.
    """
    if isinstance(posting, Offer):
        if publish:
            check_shown(
                hall,
                shown,
                price_cents=posting.price_cents,
                fee_on_top=posting.fee_on_top,
                engagement=posting.engagement,
            )
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
async def publish(
    tx: Tx, hall: Hall, *, actor: Actor, task_id: str, shown: Shown | None = None
) -> Task:
    """Offer a draft: on the market with its price held, or to the staff, who begin.

    Raises NotFound, Conflict where not what was `shown` would be held, WrongState, NotEnoughFunds,
    and Invalid where its deadline has passed.
    """
    task = await load_for_change(tx, actor=actor, task_id=task_id)
    return await publish_in(tx, hall, task, actor=actor, shown=shown)


async def publish_in(
    tx: Tx, hall: Hall, task: Task, *, actor: Actor, shown: Shown | None = None
) -> Task:
    """The same in this transaction, for a draft that the actor may change."""
    if task.engagement in MARKET:
        terms = await terms_of(tx, task)
        check_shown(
            hall,
            shown,
            price_cents=task.price_cents or 0,
            fee_on_top=terms.fee_on_top,
            engagement=task.engagement,
        )
        return await offer_in(tx, hall, task, terms, actor=actor)
    return await move_and_queue(
        tx,
        hall,
        task,
        Command.PUBLISH,
        side=Side.POSTER,
        actor=actor,
        event=TaskPublished(),
    )
