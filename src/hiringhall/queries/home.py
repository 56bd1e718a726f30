"""Where a person begins: what waits for them, what is under way, their money, what happened."""

from dataclasses import dataclass

from hiringhall.domain.agents import Agent
from hiringhall.domain.durations import DAY_US
from hiringhall.domain.errors import NoOrganization
from hiringhall.domain.feed import FeedEvent
from hiringhall.domain.ledger import available_account
from hiringhall.domain.market import AssignmentState
from hiringhall.domain.policy import Actor
from hiringhall.domain.tasks import Task
from hiringhall.hall import Hall
from hiringhall.queries.seen import CLOCKS
from hiringhall.store import agents, feed, holds, inbox, ledger, posted, timers, work
from hiringhall.store.database import Tx
from hiringhall.store.feed import NEWEST, Part
from hiringhall.store.work import Work

MOST_WAITING = 100
MOST_UNDER_WAY = 30
MOST_EVENTS = 15
MOST_WORK = 20
MOST_FAILED = 5
MOST_AGENTS = 20
FAILED_LATELY_US = 7 * DAY_US
"""How long a failed task is among what to look at."""


@dataclass(frozen=True, slots=True)
class HomeEvent:
    """Something that happened, with the title of its task."""

    event: FeedEvent
    title: str | None


@dataclass(frozen=True, slots=True)
class Home:
    """What an organization's people see first; of each list only the newest.

    `mine` is what the person themselves has to do for others.
    """

    waiting: list[Task]
    under_way: list[Task]
    proposals: dict[str, int]
    available_cents: int
    held_cents: int
    events: list[HomeEvent]
    mine: list[Work]
    decides_until_us: dict[str, int]
    """When the clock decides on what waits, in the poster's place, by task."""
    failed: list[Task]
    """What failed lately: it may be tried again."""
    held_back: list[Agent]
    """The organization's agents that may not work: who waits for an admin, who is suspended."""


async def home(hall: Hall, *, actor: Actor) -> Home:
    """All of it, as it was at one moment; raises NoOrganization."""
    organization_id = actor.organization_id
    if organization_id is None:
        raise NoOrganization

    async def find(tx: Tx) -> Home:
        waiting = await inbox.waiting(tx, organization_id=organization_id, most=MOST_WAITING)
        under_way = await inbox.under_way(tx, organization_id=organization_id, most=MOST_UNDER_WAY)
        recent = await feed.newest(tx, Part(organization_id), before=NEWEST, most=MOST_EVENTS)
        named = list(dict.fromkeys(one.task_id for one in recent if one.task_id is not None))
        titles = {task.id: task.title for task in await posted.by_ids(tx, named)}
        return Home(
            waiting,
            under_way,
            await posted.proposal_counts(tx, [one.id for one in (*waiting, *under_way)]),
            await ledger.balance_cents(tx, available_account(organization_id)) or 0,
            await holds.held_cents(tx, organization_id),
            [HomeEvent(one, titles.get(one.task_id or "")) for one in recent],
            await _at_work(tx, actor.user_id),
            await timers.of_tasks(
                tx,
                [one.id for one in waiting if one.has_hold and one.state in CLOCKS],
                kinds=frozenset(CLOCKS.values()),
            ),
            await inbox.failed(
                tx,
                organization_id=organization_id,
                since_us=hall.clock() - FAILED_LATELY_US,
                most=MOST_FAILED,
            ),
            await agents.held_back(tx, organization_id=organization_id, most=MOST_AGENTS),
        )

    return await hall.database.scan(find)


async def _at_work(tx: Tx, user_id: str | None) -> list[Work]:
    """What somebody has of the market, of the newest that they took."""
    if user_id is None:
        return []
    taken = await work.page(tx, worker_id=user_id, skip=0, most=MOST_WORK)
    return [one for one in taken if one.assignment_state is AssignmentState.ACTIVE]
