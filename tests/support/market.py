"""Funded tasks for tests of the money behind them."""

from dataclasses import replace

from hiringhall.actions.tasks.moving import move
from hiringhall.actions.transaction import action
from hiringhall.domain.events import TaskCreated, TaskPublished
from hiringhall.domain.lifecycle import Command, Side
from hiringhall.domain.policy import Actor
from hiringhall.domain.tasks import Engagement, State, Task, Waiting
from hiringhall.hall import Hall
from hiringhall.store import events, ledger, tasks
from hiringhall.store.database import Tx
from tests.support.halls import post


@action
async def _draft(tx: Tx, hall: Hall, *, like: Task, price_cents: int) -> Task:
    draft = replace(
        like,
        id=hall.new_id(),
        engagement=Engagement.CLAIM,
        state=State.DRAFT,
        waiting_for=Waiting.NOTHING,
        version=1,
        generation=0,
        price_cents=price_cents,
    )
    created = TaskCreated(
        draft.title, draft.description, "claim", "poster", price_cents=price_cents
    )
    await tasks.add(tx, draft)
    await events.append(tx, created, task=draft, actor="test", at_us=draft.created_at_us)
    return draft


@action
async def publish(tx: Tx, hall: Hall, *, actor: Actor, draft: Task, fee_on_top: bool) -> Task:
    """Offer a draft, which takes its price."""
    return await move(
        tx,
        hall,
        draft,
        Command.PUBLISH,
        side=Side.POSTER,
        actor=actor,
        event=TaskPublished(),
        fee_on_top=fee_on_top,
    )


async def draft(hall: Hall, actor: Actor, *, price_cents: int) -> Task:
    """A task for the market that is not offered yet."""
    return await _draft(hall, like=await post(hall, actor), price_cents=price_cents)


async def funded(
    hall: Hall, actor: Actor, *, price_cents: int = 5_000, fee_on_top: bool = False
) -> Task:
    """A task on offer, its price held."""
    task = await draft(hall, actor, price_cents=price_cents)
    return await publish(hall, actor=actor, draft=task, fee_on_top=fee_on_top)


async def balance(hall: Hall, account_id: str) -> int | None:
    """What an account holds, in cents."""

    async def find(tx: Tx) -> int | None:
        return await ledger.balance_cents(tx, account_id)

    return await hall.database.read(find)
