"""The market as an actor may see it: the board, a task with its terms, proposals, deliveries."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from hiringhall.domain import ids
from hiringhall.domain.agents import Agent, AgentState, Reputation
from hiringhall.domain.checks import DeliveryCheck
from hiringhall.domain.errors import Invalid, NotApproved, NotFound
from hiringhall.domain.escrow import MAX_PRICE_CENTS
from hiringhall.domain.market import (
    Assignment,
    AssignmentState,
    Terms,
    Worker,
    folded,
    tidy_category,
)
from hiringhall.domain.policy import Actor, ActorKind, may_see, worker_of
from hiringhall.domain.proposals import Proposal
from hiringhall.domain.sentences import Cents, sentence
from hiringhall.domain.tasks import Engagement, State, Task
from hiringhall.hall import Hall
from hiringhall.queries.admins import is_admin
from hiringhall.store import (
    agents,
    assignments,
    board,
    proposals,
    ratings,
    tasks,
    terms,
)
from hiringhall.store.assignments import Submission
from hiringhall.store.board import MAX_WORDS, NEWEST, BoardLine, Sought
from hiringhall.store.database import Tx
from hiringhall.store.deliverables import Deliverable, FileRow
from hiringhall.store.ratings import Rating

MAX_PAGE = 100
MOST_COMPARED = 200
"""How many proposals stand side by side: twice as many as a task can have slots."""


@dataclass(frozen=True, slots=True)
class BoardPage:
    """A part of what is on offer, and how much there is in all.

    `categories` are those that the actor may have; None for whoever may have all.
    """

    lines: list[BoardLine]
    total: int
    categories: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class MarketView:
    """A task of the market, and what the actor has to do with it.

    `is_poster` says that it is their organization's, `mine` and `proposal` are their own.
    """

    task: Task
    terms: Terms
    proposals: int
    is_poster: bool
    proposal: Proposal | None
    mine: Assignment | None
    delivered: int

    @property
    def can_deliver(self) -> bool:
        """Whether they may hand something in now."""
        has_it = self.mine is not None and self.mine.state is AssignmentState.ACTIVE
        return has_it and self.task.state in _DELIVERS


@dataclass(frozen=True, slots=True)
class Candidate:
    """A proposal as a buyer weighs it: with whoever made it and what became of their work."""

    proposal: Proposal
    agent: Agent | None
    reputation: Reputation


@dataclass(frozen=True, slots=True)
class Delivered:
    """Something handed in, with its addresses, its files, who made it and what was said of it.

    `checks` are what the hall itself looked at, or is about to.
    """

    deliverable: Deliverable
    submission: Submission | None
    worker: Worker | None
    files: list[FileRow]
    rating: Rating | None
    checks: list[DeliveryCheck]
    agent_name: str | None = None


_DELIVERS = frozenset({State.ASSIGNED, State.IN_PROGRESS, State.REVISING, State.DISPUTED})


async def board_page(
    hall: Hall,
    *,
    actor: Actor,
    category: str | None = None,
    search: str = "",
    engagements: Sequence[Engagement] | None = None,
    least_cents: int = 0,
    before: str | None = None,
    offset: int = 0,
    limit: int = 20,
) -> BoardPage:
    """What is on offer, newest first; of one category, with all words of a search.

    Of some engagements, or all (None), at a price of at least `least_cents`.

    A category that an agent may not have gives an empty page. Raises NotApproved and Invalid.
    """
    wanted = None if category is None else tidy_category(category)
    if not (1 <= limit <= MAX_PAGE and offset >= 0):
        raise Invalid(f"A page has 1 to {MAX_PAGE} tasks, from 0 on", {"limit": "out of range"})
    if not 0 <= least_cents <= MAX_PRICE_CENTS:
        raise Invalid(
            sentence("A price has ", Cents(0, unit=False), " to ", Cents(MAX_PRICE_CENTS)),
            {"least_price_cents": "out of range"},
        )
    words = tuple(dict.fromkeys(folded(search).split()))[:MAX_WORDS]

    async def find(tx: Tx) -> BoardPage:
        allowed = await may_have(tx, actor)
        if wanted is None:
            among = allowed
        else:
            among = (wanted,) if allowed is None or wanted in allowed else ()
        sought = Sought(among, words, engagements, least_cents)
        now_us = hall.clock()
        lines = await board.page(
            tx, sought, now_us=now_us, before=before or NEWEST, skip=offset, most=limit
        )
        if sought.looks and before is None and len(lines) < limit and (lines or not offset):
            # All that there is was just read: what finds little need not look twice.
            return BoardPage(lines, offset + len(lines), allowed)
        total = await board.total(tx, sought, now_us=now_us)
        return BoardPage(lines, total, allowed)

    return await hall.database.scan(find)


async def market_task(hall: Hall, *, actor: Actor, task_id: str) -> MarketView:
    """A task of the market for its poster, for who works on it or may, or for an admin.

    Raises NotFound and NotApproved.
    """

    async def find(tx: Tx) -> MarketView:
        task = await tasks.by_id(tx, task_id) if ids.is_uuid(task_id) else None
        agreed = None if task is None else await terms.of_task(tx, task.id)
        if task is None or agreed is None:
            raise NotFound("task")
        allowed = await may_have(tx, actor)
        proposal, mine = await part_in(tx, actor, task)
        is_poster = may_see(actor, task.organization_id)
        fits = allowed is None or agreed.category in allowed
        on_offer = (
            task.is_on_offer and (agreed.closes_at_us or 0) > hall.clock() and works(actor) and fits
        )
        known = is_poster or on_offer or proposal is not None or mine is not None
        if not known and not await is_admin(tx, actor):
            raise NotFound("task")
        delivered = 0
        if mine is not None:
            handed_in = await assignments.submissions_of(tx, task.id)
            delivered = sum(one.assignment_id == mine.id for one in handed_in)
        count = await proposals.count(tx, task.id)
        return MarketView(task, agreed, count, is_poster, proposal, mine, delivered)

    return await hall.database.read(find)


async def board_categories(hall: Hall, *, actor: Actor) -> dict[str, int]:
    """How much is on offer by category, of those that the actor may have; raises NotApproved."""

    async def find(tx: Tx) -> dict[str, int]:
        allowed = await may_have(tx, actor)
        return await board.by_category(tx, now_us=hall.clock(), categories=allowed)

    return await hall.database.scan(find)


async def proposals_seen(
    hall: Hall, *, actor: Actor, task_id: str, after: str | None = None, limit: int = 100
) -> list[Candidate]:
    """A part of the proposals for a task for its poster or an admin, else the actor's own.

    Oldest first, from behind an id. Raises NotFound and NotApproved.
    """
    view = await market_task(hall, actor=actor, task_id=task_id)
    if await _chooses(hall, actor, view):
        return await _candidates(
            hall,
            lambda tx: proposals.page(tx, task_id, after=after or proposals.FIRST, most=limit),
        )
    own = view.proposal
    is_behind = own is not None and own.id > (after or proposals.FIRST)
    return [Candidate(own, None, Reputation())] if own is not None and is_behind else []


async def candidates(hall: Hall, *, actor: Actor, task_id: str) -> list[Candidate]:
    """The proposals for a task to choose among, for its poster or an admin; raises NotFound.

    Oldest first, and those that were withdrawn behind; at most MOST_COMPARED.
    """
    view = await market_task(hall, actor=actor, task_id=task_id)
    if not await _chooses(hall, actor, view):
        raise NotFound("task")
    return await _candidates(hall, lambda tx: proposals.foremost(tx, task_id, most=MOST_COMPARED))


async def _chooses(hall: Hall, actor: Actor, view: MarketView) -> bool:
    """Whether somebody chooses among the proposals, or looks after who does."""

    async def sees_all(tx: Tx) -> bool:
        return view.is_poster or await is_admin(tx, actor)

    return await hall.database.read(sees_all)


async def proposal_seen(hall: Hall, *, actor: Actor, task_id: str, proposal_id: str) -> Candidate:
    """One proposal for a task, for its poster, for an admin, or for whoever made it.

    Raises NotFound and NotApproved.
    """
    view = await market_task(hall, actor=actor, task_id=task_id)

    async def find(tx: Tx) -> Candidate:
        made = await proposals.by_id(tx, proposal_id) if ids.is_uuid(proposal_id) else None
        if made is None or made.task_id != view.task.id:
            raise NotFound("proposal")
        if view.is_poster or await is_admin(tx, actor):
            (weighed,) = await _weighed(tx, [made], own_too=hall.plays)
            return weighed
        if view.proposal is None or view.proposal.id != made.id:
            raise NotFound("proposal")
        return Candidate(made, None, Reputation())

    return await hall.database.scan(find)


async def _candidates(
    hall: Hall, look: Callable[[Tx], Awaitable[list[Proposal]]]
) -> list[Candidate]:
    async def find(tx: Tx) -> list[Candidate]:
        return await _weighed(tx, await look(tx), own_too=hall.plays)

    return await hall.database.scan(find)


async def _weighed(tx: Tx, made: list[Proposal], *, own_too: bool) -> list[Candidate]:
    makers = sorted({one.worker.id for one in made})
    known = await agents.by_ids(tx, makers)
    found = await ratings.reputations(tx, makers, own_too=own_too)
    return [
        Candidate(one, known.get(one.worker.id), total_of(found[one.worker.id])) for one in made
    ]


def total_of(by_category: dict[str, Reputation]) -> Reputation:
    """A reputation over all categories."""
    total = Reputation()
    for one in by_category.values():
        total = total.plus(one)
    return total


async def may_have(tx: Tx, actor: Actor) -> tuple[str, ...] | None:
    """The categories of tasks that exist for an actor; None for all. Raises NotApproved."""
    if actor.kind is not ActorKind.AGENT or actor.agent_id is None:
        return None
    agent = await agents.by_id(tx, actor.agent_id)
    if agent is None:
        raise NotFound("agent")
    if agent.state is not AgentState.APPROVED:
        raise NotApproved(agent.state.value)
    return agent.may_have


async def part_in(tx: Tx, actor: Actor, task: Task) -> tuple[Proposal | None, Assignment | None]:
    """What an actor has to do with a task as somebody who works; the newest assignment."""
    if not works(actor):
        return None, None
    worker = worker_of(actor)
    proposal = await proposals.of_worker(tx, task.id, worker.id)
    theirs = [one for one in await assignments.of_task(tx, task.id) if one.worker == worker]
    return proposal, theirs[-1] if theirs else None


def works(actor: Actor) -> bool:
    """Whether the actor is somebody who takes tasks of the market."""
    return actor.kind is ActorKind.AGENT or (
        actor.kind is ActorKind.USER
        and actor.organization_id is not None
        and actor.user_id is not None
    )
