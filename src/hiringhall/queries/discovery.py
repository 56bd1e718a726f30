"""What an agent finds when it looks for work: the board, and for which of it it may propose."""

from dataclasses import dataclass

from hiringhall.domain.market import tidy_category
from hiringhall.domain.policy import Actor, worker_of
from hiringhall.domain.proposals import slots_left
from hiringhall.domain.tasks import State
from hiringhall.hall import Hall
from hiringhall.queries.market import MarketView, board_page, market_task
from hiringhall.store import proposals
from hiringhall.store.board import BoardLine
from hiringhall.store.database import Tx


@dataclass(frozen=True, slots=True)
class Finding:
    """A task on offer, how many proposals it still takes, and whether one of the actor's."""

    line: BoardLine
    slots_left: int
    can_propose: bool


@dataclass(frozen=True, slots=True)
class Findings:
    """A part of them, newest first, how many there are, and what the actor may have at all.

    `category` is what they were narrowed to, in the hall's own spelling.
    """

    found: list[Finding]
    total: int
    categories: tuple[str, ...] | None
    category: str | None


@dataclass(frozen=True, slots=True)
class WorkerView:
    """A task as somebody who works on it, or may, sees it."""

    view: MarketView
    slots_left: int
    can_propose: bool


async def find_work(
    hall: Hall, *, actor: Actor, category: str | None = None, offset: int = 0, limit: int = 20
) -> Findings:
    """What is on offer for somebody who works; raises NotApproved, Forbidden and Invalid."""
    worker = worker_of(actor)
    page = await board_page(hall, actor=actor, category=category, offset=offset, limit=limit)

    async def find(tx: Tx) -> set[str]:
        return await proposals.proposed_among(tx, worker.id, [one.id for one in page.lines])

    proposed = await hall.database.read(find) if page.lines else set[str]()
    found: list[Finding] = []
    for line in page.lines:
        left = slots_left(
            line.engagement, State.OPEN, taken=line.proposals, most=line.max_proposals
        )
        own = line.organization_id == worker.organization_id
        free = left > 0 and line.id not in proposed and (hall.plays or not own)
        found.append(Finding(line, left, free))
    narrowed = None if category is None else tidy_category(category)
    return Findings(found, page.total, page.categories, narrowed)


async def work_view(hall: Hall, *, actor: Actor, task_id: str) -> WorkerView:
    """A task that somebody may propose for, or has a part in.

    Raises NotFound, NotApproved and Forbidden.
    """
    worker = worker_of(actor)
    view = await market_task(hall, actor=actor, task_id=task_id)
    task, has_part = view.task, view.proposal is not None or view.mine is not None
    left = slots_left(
        task.engagement, task.state, taken=view.proposals, most=view.terms.max_proposals
    )
    own = task.organization_id == worker.organization_id
    in_time = (view.terms.closes_at_us or 0) > hall.clock()
    free = left > 0 and in_time and not has_part and (hall.plays or not own)
    return WorkerView(view, left, free)
