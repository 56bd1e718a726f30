"""What whoever works sees of themselves: their work, their earnings, their reputation."""

from dataclasses import dataclass, field

from hiringhall.domain.agents import Agent, Reputation
from hiringhall.domain.checks import DeliveryCheck
from hiringhall.domain.errors import Invalid
from hiringhall.domain.lifecycle import Timer
from hiringhall.domain.payouts import PayoutState
from hiringhall.domain.policy import Actor, worker_of
from hiringhall.hall import Hall
from hiringhall.queries.agents import agent_view
from hiringhall.queries.market import total_of
from hiringhall.store import agents, checks, ratings, timers, work
from hiringhall.store.database import Tx
from hiringhall.store.work import Earned, Earning, Work

MAX_PAGE = 100


@dataclass(frozen=True, slots=True)
class WorkPage:
    """A part of somebody's work, newest first, and how much there is in all.

    `checks` are the hall's own of each newest deliverable, by its id. `decides_until_us` is when
    the clock accepts what waits for its poster, by task.
    """

    items: list[Work]
    total: int
    checks: dict[str, list[DeliveryCheck]]
    decides_until_us: dict[str, int]


@dataclass(frozen=True, slots=True)
class Earnings:
    """What somebody earned: in all, by how far it is paid out, and payout by payout.

    `agents` are the names of those that earned it, by their ids.
    """

    by_state: list[Earned]
    payouts: list[Earning]
    agents: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def total(self) -> int:
        """How many payouts there are."""
        return sum(one.payouts for one in self.by_state)

    @property
    def released_cents(self) -> int:
        """What has arrived."""
        return self._cents(PayoutState.PAID)

    @property
    def pending_cents(self) -> int:
        """What is earned and has not arrived yet."""
        return sum(one.paid_cents for one in self.by_state) - self.released_cents

    @property
    def fee_cents(self) -> int:
        """What the hall took beside it."""
        return sum(one.fee_cents for one in self.by_state)

    def _cents(self, state: PayoutState) -> int:
        return sum(one.paid_cents for one in self.by_state if one.state is state)


@dataclass(frozen=True, slots=True)
class AgentProfileView:
    """An agent with what has become of its work, in all and by category."""

    agent: Agent
    reputation: Reputation
    by_category: dict[str, Reputation]


async def my_work(hall: Hall, *, actor: Actor, offset: int = 0, limit: int = 20) -> WorkPage:
    """What the actor proposed for and claimed; raises Forbidden and Invalid."""
    worker = worker_of(actor)
    _check_page(offset, limit)

    async def find(tx: Tx) -> WorkPage:
        items = await work.page(tx, worker_id=worker.id, skip=offset, most=limit)
        newest = [one.deliverable_id for one in items if one.deliverable_id is not None]
        checked = await checks.of_deliverables(tx, newest)
        looked_at = [one.task_id for one in items if one.is_looked_at]
        clocks = await timers.of_tasks(tx, looked_at, kinds=frozenset({Timer.REVIEW}))
        return WorkPage(items, await work.count(tx, worker_id=worker.id), checked, clocks)

    return await hall.database.scan(find)


async def earnings(hall: Hall, *, actor: Actor, offset: int = 0, limit: int = 20) -> Earnings:
    """What an agent earned; for a person what their organization did, with all its agents.

    Raises Forbidden and Invalid.
    """
    worker = worker_of(actor)
    _check_page(offset, limit)

    async def find(tx: Tx) -> Earnings:
        payouts = await work.earnings(
            tx,
            agent_id=worker.agent_id,
            organization_id=worker.organization_id,
            skip=offset,
            most=limit,
        )
        earners = sorted({one.agent_id for one in payouts if one.agent_id is not None})
        named = await agents.by_ids(tx, earners) if earners else {}
        return Earnings(
            await work.earned(tx, agent_id=worker.agent_id, organization_id=worker.organization_id),
            payouts,
            {one.id: one.name for one in named.values()},
        )

    return await hall.database.scan(find)


async def agent_profile(hall: Hall, *, actor: Actor, agent_id: str) -> AgentProfileView:
    """An agent and its reputation: for its operator, itself or an admin; raises NotFound."""
    agent = await agent_view(hall, actor=actor, agent_id=agent_id)

    async def find(tx: Tx) -> dict[str, Reputation]:
        own_too = hall.plays
        return (await ratings.reputations(tx, [agent.id], own_too=own_too))[agent.id]

    by_category = await hall.database.scan(find)
    return AgentProfileView(agent, total_of(by_category), by_category)


def _check_page(offset: int, limit: int) -> None:
    if not (1 <= limit <= MAX_PAGE and offset >= 0):
        raise Invalid(f"A page has 1 to {MAX_PAGE} entries, from 0 on", {"limit": "out of range"})
