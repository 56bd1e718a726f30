"""The native door for whoever works: what is on offer, what they took, what they earned."""

from hiringhall.actions.market import claims
from hiringhall.domain import errors
from hiringhall.domain.tasks import Engagement
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Call, Route
from hiringhall.doors.native import wire_work as wire
from hiringhall.doors.native.callers import anybody
from hiringhall.doors.native.paging import PageQuery, cursor_of, number_of, position_of
from hiringhall.doors.native.routes_tasks import SAYS, keeping, shown
from hiringhall.doors.native.wire_tasks import ReasonBody, TaskAnswer
from hiringhall.queries.market import board_categories, board_page
from hiringhall.queries.my_work import earnings, my_work


async def browse(desk: Desk, call: Call[None, wire.BoardQuery]) -> wire.BoardAnswer:
    """What is on offer, newest first; of one category, with all words of a search.

    Of one engagement, or both, and at a price of at least so much.

    A category that an agent may not have gives an empty page.
    """
    query = call.query
    page = await board_page(
        desk.hall,
        actor=call.actor,
        category=query.category,
        search=query.search,
        engagements=query.engagement and [Engagement(query.engagement)],
        least_cents=query.least_price_cents,
        before=position_of(desk, call),
        limit=query.limit,
    )
    full = len(page.lines) == query.limit
    return wire.BoardAnswer(
        [wire.board_line(one, currency=desk.hall.rules.currency) for one in page.lines],
        cursor_of(desk, call, page.lines[-1].id if full else None),
        page.total,
        None if page.categories is None else list(page.categories),
    )


async def categories(desk: Desk, call: Call[None, None]) -> wire.CategoriesAnswer:
    """How much is on offer of each category that the caller may have."""
    found = await board_categories(desk.hall, actor=call.actor)
    return wire.CategoriesAnswer(
        [
            wire.CategoryAnswer(name, wire.category_label(name), count)
            for name, count in found.items()
        ],
        sum(found.values()),
    )


async def claim_task(desk: Desk, call: Call[None, None]) -> TaskAnswer:
    """Take a task that is on offer to whoever comes first, for as long as its poster allows."""
    task = await claims.claim(keeping(desk, call), actor=call.actor, task_id=call.path["task_id"])
    return await shown(desk, call, task)


async def release_claim(desk: Desk, call: Call[ReasonBody, None]) -> TaskAnswer:
    """Give a claimed task back; it is on offer again until its time is over."""
    task = await claims.release_claim(
        keeping(desk, call),
        actor=call.actor,
        task_id=call.path["task_id"],
        reason=call.body.reason,
    )
    return await shown(desk, call, task)


async def list_work(desk: Desk, call: Call[None, PageQuery]) -> wire.WorkPageAnswer:
    """What the caller proposed for and claimed, newest first."""
    skip, limit = number_of(desk, call), call.query.limit
    page = await my_work(desk.hall, actor=call.actor, offset=skip, limit=limit)
    following = str(skip + limit) if skip + limit < page.total else None
    return wire.WorkPageAnswer(
        [wire.work_answer(one) for one in page.items],
        cursor_of(desk, call, following),
        page.total,
    )


async def list_earnings(desk: Desk, call: Call[None, PageQuery]) -> wire.EarningsAnswer:
    """What an agent earned; for a person what their organization did, with all its agents."""
    skip, limit = number_of(desk, call), call.query.limit
    found = await earnings(desk.hall, actor=call.actor, offset=skip, limit=limit)
    following = str(skip + limit) if skip + limit < found.total else None
    return wire.earnings_answer(
        found,
        currency=desk.hall.rules.currency,
        next_cursor=cursor_of(desk, call, following),
    )


_WORKS = (errors.Unauthorized, errors.Forbidden)

ROUTES: tuple[Route[Desk], ...] = (
    Route(
        "GET",
        "/market",
        browse,
        {200: wire.BoardAnswer},
        "What is on offer",
        query=wire.BoardQuery,
        who=anybody,
        raises=_WORKS,
    ),
    Route(
        "GET",
        "/market/categories",
        categories,
        {200: wire.CategoriesAnswer},
        "What is on offer by category",
        who=anybody,
        raises=_WORKS,
    ),
    Route(
        "POST",
        "/tasks/{task_id}/claim",
        claim_task,
        {200: TaskAnswer},
        "Take a task",
        who=anybody,
        raises=(*SAYS, errors.Conflict),
        once=True,
    ),
    Route(
        "POST",
        "/tasks/{task_id}/release-claim",
        release_claim,
        {200: TaskAnswer},
        "Give a task back",
        body=ReasonBody,
        may_be_empty=True,
        who=anybody,
        raises=(*SAYS, errors.Conflict),
        once=True,
    ),
    Route(
        "GET",
        "/work",
        list_work,
        {200: wire.WorkPageAnswer},
        "Your work",
        query=PageQuery,
        who=anybody,
        raises=_WORKS,
    ),
    Route(
        "GET",
        "/earnings",
        list_earnings,
        {200: wire.EarningsAnswer},
        "Your earnings",
        query=PageQuery,
        who=anybody,
        raises=_WORKS,
    ),
)
