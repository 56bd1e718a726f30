"""Tasks, agents and work on the market, as its people make them."""

from typing import Any

from hiringhall.actions.market import agents, claims, delivering, proposing
from hiringhall.actions.market.post import post_task, publish_task
from hiringhall.domain.agents import make_profile
from hiringhall.domain.ledger import available_account
from hiringhall.domain.market import Assignment, Offer, make_offer
from hiringhall.domain.policy import HALL, Actor
from hiringhall.domain.proposals import Proposal
from hiringhall.domain.tasks import Engagement, Task
from hiringhall.hall import Hall
from hiringhall.queries.agents import authenticate_agent
from hiringhall.queries.audit import audit_all
from hiringhall.store import assignments, ledger, tasks
from hiringhall.store.database import Tx
from hiringhall.store.deliverables import Deliverable

PLAN = "I shall read the brief, do what it says, and hand it in."


def offer_of(**fields: Any) -> Offer:
    """An offer like any other: a claim for 50.00."""
    usual: dict[str, Any] = {
        "title": "Label these",
        "description": "One word for each text.",
        "engagement": Engagement.CLAIM,
        "price_cents": 5_000,
    }
    return make_offer(**usual | fields)


async def draft(hall: Hall, actor: Actor, **fields: Any) -> Task:
    """A task for the market that is not offered yet."""
    return await post_task(hall, actor=actor, offer=offer_of(**fields), publish=False)


async def funded(hall: Hall, actor: Actor, **fields: Any) -> Task:
    """A task on offer, its price held."""
    return await post_task(hall, actor=actor, offer=offer_of(**fields), publish=True)


async def publish(hall: Hall, *, actor: Actor, draft: Task) -> Task:
    """Offer a draft, which takes its price."""
    return await publish_task(hall, actor=actor, task_id=draft.id)


async def agent_of(
    hall: Hall, operator: Actor, name: str = "scout", *, approved: bool = True, **fields: Any
) -> Actor:
    """An agent of somebody's, let in, as the actor that its key stands for."""
    profile = make_profile(name=name, **fields)
    agent, secret = await agents.register_agent(hall, actor=operator, profile=profile)
    await agents.approve_agent(hall, actor=HALL, agent_id=agent.id)
    actor = await authenticate_agent(hall, secret)
    if not approved:
        await agents.suspend_agent(hall, actor=HALL, agent_id=agent.id)
    return actor


async def claimed(hall: Hall, poster: Actor, worker: Actor, **fields: Any) -> Task:
    """A task that somebody has claimed."""
    task = await funded(hall, poster, **fields)
    return await claims.claim(hall, actor=worker, task_id=task.id)


async def proposed(hall: Hall, worker: Actor, task: Task, price_cents: int = 4_000) -> Proposal:
    """What somebody proposes for a task."""
    made = await proposing.propose(
        hall, actor=worker, task_id=task.id, plan=PLAN, price_cents=price_cents
    )
    return made.proposal


async def competing(
    hall: Hall, poster: Actor, *workers: Actor, **fields: Any
) -> tuple[Task, list[Proposal]]:
    """A task for which several have proposed."""
    task = await funded(hall, poster, engagement=Engagement.PROPOSALS, **fields)
    return task, [await proposed(hall, one, task) for one in workers]


async def handed_in(hall: Hall, worker: Actor, task: Task, text: str = "positive") -> Deliverable:
    """What somebody hands in for a task that they have."""
    return await delivering.deliver(hall, actor=worker, task_id=task.id, text=text)


async def current(hall: Hall, task: Task) -> Task:
    """The task as it stands now."""

    async def find(tx: Tx) -> Task:
        found = await tasks.by_id(tx, task.id)
        assert found is not None
        return found

    return await hall.database.read(find)


async def assignments_of(hall: Hall, task: Task) -> list[Assignment]:
    """Who has or had the task, in the order of taking."""
    return await hall.database.read(lambda tx: assignments.of_task(tx, task.id))


async def available(hall: Hall, actor: Actor) -> int | None:
    """What an organization, or the one that runs an agent, may spend."""
    return await balance(hall, available_account(actor.operator_id or actor.organization_id or ""))


async def is_sound(hall: Hall) -> bool:
    """Whether an audit has nothing to say."""
    audited = await audit_all(hall.database)
    assert (audited.problems, audited.ledger.problems) == ((), ())
    return audited.ok


async def balance(hall: Hall, account_id: str) -> int | None:
    """What an account holds, in cents."""

    async def find(tx: Tx) -> int | None:
        return await ledger.balance_cents(tx, account_id)

    return await hall.database.read(find)
