"""The board: what is on offer now, kept beside its counts by the transition of each task."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    and_,
    bindparam,
    cast,
    delete,
    func,
    literal_column,
    select,
    update,
)

from hiringhall.domain.tasks import Engagement, Task
from hiringhall.store.database import Tx
from hiringhall.store.statements import Statement, any_of, contains
from hiringhall.store.tables import board, board_counts, proposals, terms


@dataclass(frozen=True, slots=True)
class BoardLine:
    """A task on offer as the board shows it."""

    id: str
    organization_id: str
    title: str
    description: str
    engagement: Engagement
    category: str
    tags: tuple[str, ...]
    price_cents: int
    time_limit_min: int
    max_proposals: int
    proposals: int
    closes_at_us: int
    created_at_us: int


@dataclass(frozen=True, slots=True)
class Sought:
    """What somebody looks for on the board; unset fields leave it open.

    Of some categories, with every one of some words, of some engagements, at so much at least.
    """

    categories: Sequence[str] | None = None
    words: Sequence[str] = ()
    engagements: Sequence[Engagement] | None = None
    least_cents: int = 0

    @property
    def is_choosy(self) -> bool:
        """Whether how it is done or paid matters."""
        return self.engagements is not None or self.least_cents > 0

    @property
    def looks(self) -> bool:
        """Whether each line has to be looked at: no count is kept of what is sought."""
        return bool(self.words) or self.is_choosy


NEWEST = "g"
"""A cursor above every id: UUIDs are hexadecimal."""

_OF_TERMS = (
    *("task_id", "category", "closes_at_us", "tags"),
    *("time_limit_min", "max_proposals", "searched"),
)
_OF_TASK = (
    *("organization_id", "title", "description"),
    *("engagement", "price_cents", "created_at_us"),
)
_put = Statement(
    board.insert()
    .inline()
    .from_select(
        [*_OF_TERMS, *_OF_TASK],
        select(
            *(terms.c[name] for name in _OF_TERMS),
            *(bindparam(name, type_=board.c[name].type) for name in _OF_TASK),
        ).where(terms.c.task_id == bindparam("task"), terms.c.closes_at_us.is_not(None)),
    ),
    name="put_on_board",
)
_remove = Statement(delete(board).where(board.c.task_id == bindparam("task")), name="off_the_board")
_category = Statement(
    select(terms.c.category).where(terms.c.task_id == bindparam("task")), name="category_of_task"
)
_count = Statement(
    update(board_counts)
    .where(board_counts.c.category == bindparam("of"), board_counts.c.part == bindparam("in_part"))
    .values(on_offer=board_counts.c.on_offer + bindparam("more", type_=BigInteger)),
    name="count_on_board",
)
_open_count = Statement(
    lambda insert: (
        insert(board_counts)
        .values({column.name: bindparam(column.name) for column in board_counts.columns})
        .on_conflict_do_nothing(index_elements=["category", "part"])
    ),
    name="open_board_count",
)


MAX_WORDS = 8
"""How many words a search has."""

# One by one: a list would make a query of each row, which costs half as much again. Those that are
# not used are empty.
_WORDS = tuple(f"word_{number}" for number in range(MAX_WORDS))
_has_words = and_(*(contains(board.c.searched, name) for name in _WORDS))
_behind = board.c.task_id < bindparam("before")
_ahead = board.c.closes_at_us > bindparam("now_us")
# The sum keeps the planner from the index of the clock: nearly all of a board is ahead of it, and
# a page wants the newest, which the order of the ids has. (PostgreSQL, whose plan is made before
# it knows how few are asked for, would sort the whole board of a small hall.)
_ahead_in_order = board.c.closes_at_us + literal_column("0") > bindparam("now_us")
_kinds: dict[str, list[Any]] = {
    "all": [],
    # One category alone is the most that people ask for, and an index has its order.
    "of_category": [board.c.category == bindparam("category")],
    "of_categories": [any_of(board.c.category, "categories")],
    "with_words": [_has_words],
    "of_category_with_words": [
        board.c.category == bindparam("category"),
        _has_words,
    ],
    "of_categories_with_words": [
        any_of(board.c.category, "categories"),
        _has_words,
    ],
}
_CHOOSY = "_choosy"
_chosen = [
    any_of(board.c.engagement, "engagements"),
    board.c.price_cents >= bindparam("least_cents", type_=BigInteger),
]
_kinds |= {kind + _CHOOSY: [*conditions, *_chosen] for kind, conditions in _kinds.items()}


def _lines(*conditions: Any) -> Any:
    """The page is cut out of the board alone, and only then are the proposals counted beside it.

    PostgreSQL plans a statement anew each time where that seems better than the plan it has, as it
    does where few rows are asked for; that takes as long as reading the page. Behind a SELECT the
    numbers tell it nothing, so it keeps its plan.
    """
    most, skip = (
        select(bindparam(name, type_=BigInteger)).scalar_subquery() for name in ("most", "skip")
    )
    cut = (
        select(*(column for column in board.c if column.name != "searched"))
        .where(_ahead_in_order, _behind, *conditions)
        .order_by(board.c.task_id.desc())
        .limit(most)
        .offset(skip)
        .subquery("cut")
    )
    standing = (
        select(func.count())
        .where(proposals.c.task_id == cut.c.task_id, proposals.c.state != "withdrawn")
        .scalar_subquery()
    )
    return select(*cut.c, standing.label("proposal_count")).order_by(cut.c.task_id.desc())


_pages = {
    kind: Statement(_lines(*conditions), name=f"board_page_{kind}")
    for kind, conditions in _kinds.items()
}
_found = {
    kind: Statement(
        select(func.count().label("count")).select_from(board).where(_ahead, *conditions),
        name=f"board_found_{kind}",
    )
    for kind, conditions in _kinds.items()
    if "words" in kind or kind.endswith(_CHOOSY)
}


def _total(*, narrowed: bool) -> Any:
    """The kept counts, less what is over and has not been taken off yet."""
    counted = select(func.coalesce(func.sum(board_counts.c.on_offer), 0))
    over = select(func.count()).where(board.c.closes_at_us <= bindparam("now_us"))
    if narrowed:
        counted = counted.where(any_of(board_counts.c.category, "categories"))
        over = over.where(any_of(board.c.category, "categories"))
    return select(
        cast(counted.scalar_subquery() - over.scalar_subquery(), BigInteger).label("count")
    )


_totals = {
    False: Statement(_total(narrowed=False), name="board_total"),
    True: Statement(_total(narrowed=True), name="board_total_of_categories"),
}


_over = (
    select(board.c.category, func.count().label("many"))
    .where(board.c.closes_at_us <= bindparam("now_us"))
    .group_by(board.c.category)
    .subquery("over")
)
# The kept counts, as for a total; what is over is found by its index, and is soon taken off.
_left = func.sum(board_counts.c.on_offer) - func.coalesce(func.max(_over.c.many), 0)
_of_each = {
    narrowed: Statement(
        select(board_counts.c.category, cast(_left, BigInteger).label("on_offer"))
        .select_from(board_counts.outerjoin(_over, _over.c.category == board_counts.c.category))
        .where(*([any_of(board_counts.c.category, "categories")] if narrowed else ()))
        .group_by(board_counts.c.category)
        .having(_left > 0)
        .order_by(board_counts.c.category)
        .limit(1_000),
        name="board_by_category" + "_of_some" * narrowed,
    )
    for narrowed in (False, True)
}


async def by_category(tx: Tx, *, now_us: int, categories: Sequence[str] | None) -> dict[str, int]:
    """How much is on offer of each category that has any; of some, or all (None)."""
    given = {} if categories is None else {"categories": list(categories)}
    rows = await tx.all(_of_each[categories is not None], now_us=now_us, **given)
    return {row.category: row.on_offer for row in rows}


async def follow(tx: Tx, *, was: Task, now: Task) -> None:
    """Put a task on the board as it opens, and take it off as it is taken or ends.

    What stays on it is worded as it was: money is held for it, and that keeps its words.
    """
    if now.is_on_offer == was.is_on_offer:
        return
    if now.is_on_offer:
        moved, more = await tx.run(_put, task=now.id, **_shown(now)), 1
    else:
        moved, more = await tx.run(_remove, task=now.id), -1
    if moved != 1:
        return
    row = await tx.one(_category, task=now.id)
    assert row is not None, "what is on the board has terms"
    part = now.id[-1]
    if await tx.run(_count, of=row.category, in_part=part, more=more) != 1:
        await tx.run(_open_count, category=row.category, part=part, on_offer=0)
        await tx.run(_count, of=row.category, in_part=part, more=more)


def _shown(task: Task) -> dict[str, Any]:
    """What the board shows of a task itself, by column."""
    return {name: getattr(task, name) for name in _OF_TASK} | {"engagement": task.engagement.value}


async def page(
    tx: Tx, sought: Sought, *, now_us: int, before: str, skip: int, most: int
) -> list[BoardLine]:
    """What is on offer and sought, newest first."""
    kind, given = _kind(sought)
    rows = await tx.all(_pages[kind], now_us=now_us, before=before, skip=skip, most=most, **given)
    return [_to_line(row) for row in rows]


async def total(tx: Tx, sought: Sought, *, now_us: int) -> int:
    """How much is on offer: from the kept counts, but where each line has to be looked at."""
    if sought.looks:
        kind, given = _kind(sought)
        statement = _found[kind]
    else:
        among = sought.categories
        statement = _totals[among is not None]
        given = {} if among is None else {"categories": list(among)}
    row = await tx.one(statement, now_us=now_us, **given)
    return 0 if row is None else row.count


def _kind(sought: Sought) -> tuple[str, dict[str, Any]]:
    """Which of the kinds asks for that, and with what."""
    kind, given = "all", dict[str, Any]()
    if sought.categories is not None and len(sought.categories) == 1:
        kind, given = "of_category", {"category": sought.categories[0]}
    elif sought.categories is not None:
        kind, given = "of_categories", {"categories": list(sought.categories)}
    if sought.words:
        kind = "with_words" if kind == "all" else f"{kind}_with_words"
        given |= dict.fromkeys(_WORDS, "") | dict(zip(_WORDS, sought.words, strict=False))
    if sought.is_choosy:
        kind += _CHOOSY
        among = Engagement if sought.engagements is None else sought.engagements
        given |= {
            "engagements": [one.value for one in among],
            "least_cents": sought.least_cents,
        }
    return kind, given


def _to_line(row: Any) -> BoardLine:
    return BoardLine(
        id=row.task_id,
        organization_id=row.organization_id,
        title=row.title,
        description=row.description,
        engagement=Engagement(row.engagement),
        category=row.category,
        tags=tuple(json.loads(row.tags)),
        price_cents=row.price_cents,
        time_limit_min=row.time_limit_min,
        max_proposals=row.max_proposals,
        proposals=row.proposal_count,
        closes_at_us=row.closes_at_us,
        created_at_us=row.created_at_us,
    )
