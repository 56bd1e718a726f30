"""The board: listing and searching what is on offer, in a small hall and in a large one."""

import asyncio
import os
import random
import sqlite3
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import asyncpg

from bench.figures import Line, p50_p99, percentile
from bench.lives import prose, somebody
from bench.places import Place
from bench.processes import BenchError
from bench.scale import Plan
from hiringhall.actions.market.post import post_task
from hiringhall.app import now_us
from hiringhall.domain.market import make_offer
from hiringhall.domain.policy import Actor
from hiringhall.domain.tasks import Engagement
from hiringhall.hall import Hall
from hiringhall.queries.market import BoardPage, board_page
from hiringhall.store import tables
from hiringhall.store.database import open_database
from tests.support.halls import QuietEngine, make_hall

WITHIN = 1.2
CATEGORIES = ("research", "writing", "data_entry", "code_review")
OPEN_OF_A_MILLION = 100
"""One in so many is on offer in the large hall; in the small one all are."""

Ask = Callable[[Hall, Actor], Awaitable[BoardPage]]

ASKED: dict[str, Ask] = {
    "listing": lambda hall, actor: board_page(hall, actor=actor),
    "listing a category": lambda hall, actor: board_page(hall, actor=actor, category="writing"),
    "a page further on": lambda hall, actor: board_page(hall, actor=actor, offset=200),
    "a word that many have": lambda hall, actor: board_page(hall, actor=actor, search="labels"),
    "a word that none has": lambda hall, actor: board_page(hall, actor=actor, search="zeppelin"),
}
_LISTINGS = ("listing", "listing a category", "a page further on")
OFTENER = 10
"""A page takes a third of a millisecond, most of it the way to another thread and back: that
varies by more than what is to be seen, so pages are looked at this much oftener."""


@dataclass(frozen=True, slots=True)
class Filled:
    """A hall with a board, and who looks at it."""

    hall: Hall
    actor: Actor


def measure(plan: Plan, place: Place) -> Iterator[Line]:
    """Each question by turns to both halls; the totals are those of the kept counts."""
    small, large = plan.scale.thousand, plan.scale.million or plan.scale.thousand * 10
    plan.say(f"{place.name}: the board of {small:,} and of {large:,} tasks")
    urls = [place.make(f"board_{name}", 0).url for name in ("small", "large")]
    took = asyncio.run(_ask_both(plan, urls, (small, large)))
    for name in ASKED:
        little_ms, much_ms = ([round_[at] for round_ in took[name]] for at in (0, 1))
        ratios = [
            percentile(much, 0.5) / percentile(little, 0.5)
            for little, much in zip(little_ms, much_ms, strict=True)
        ]
        yield Line(
            f"{place.name}: the board, {name}, {large:,} tasks against {small:,}",
            median(ratios),
            "times",
            WITHIN if name in _LISTINGS else None,
            cells={
                "hall_ms": p50_p99([ms for one in much_ms for ms in one]),
                "against_ms": p50_p99([ms for one in little_ms for ms in one]),
            },
            details={"ratios": ratios},
        )


async def _ask_both(
    plan: Plan, urls: Sequence[str], sizes: tuple[int, int]
) -> dict[str, list[tuple[list[float], list[float]]]]:
    """Milliseconds for each question, by round: in the small hall, and in the large one."""
    filled = [await _fill(url, count) for url, count in zip(urls, sizes, strict=True)]
    took: dict[str, list[tuple[list[float], list[float]]]] = {name: [] for name in ASKED}
    for number in range(plan.rounds + 1):
        for name, ask in ASKED.items():
            both: tuple[list[float], list[float]] = ([], [])
            looks = plan.scale.board_pages * (OFTENER if name in _LISTINGS else 1)
            for turn in range(looks * 2):
                at = (turn + number) % 2
                begun_s = time.perf_counter()
                await ask(filled[at].hall, filled[at].actor)
                both[at].append((time.perf_counter() - begun_s) * 1000)
            if number:
                took[name].append(both)
    for one in filled:
        await one.hall.database.close()
    return took


async def _fill(url: str, count: int) -> Filled:
    """A board made of what the hall itself wrote, multiplied; its total is held to its rows."""
    database = await open_database(url)
    hall = make_hall(database, clock=now_us, engine=QuietEngine())
    actor = await somebody(hall, "buyer")
    for category in CATEGORIES:
        offer = make_offer(
            title=f"Labels for {category.replace('_', ' ')}",
            description=_text(category),
            engagement=Engagement.CLAIM,
            price_cents=100,
            category=category,
        )
        await post_task(hall, actor=actor, offer=offer, publish=True)
    on_offer = 1 if count <= 10_000 else OPEN_OF_A_MILLION
    await _execute(url, _multiply(count, on_offer, database.dialect))
    page = await board_page(hall, actor=actor)
    expected = len(CATEGORIES) + len(range(0, count, on_offer))
    if page.total != expected:
        raise BenchError(f"the board counts {page.total} tasks, and not {expected}")
    return Filled(hall, actor)


def _text(category: str) -> str:
    return prose(random.Random(category), 150)


def _multiply(count: int, on_offer: int, dialect: str) -> Iterator[str]:
    """The statements that make so many tasks of the prototypes; each n-th of them is on offer."""
    many = f"c(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM c WHERE n < {count - 1})"  # noqa: S608
    hexadecimal = "printf('%08x', c.n)" if dialect == "sqlite" else "lpad(to_hex(c.n), 8, '0')"
    own_id = f"'00000000-0000-7000-8000-0000' || {hexadecimal}"
    is_open = f"c.n % {on_offer} = 0"
    for table, changed in (
        (tables.tasks, {"id": own_id, "state": f"CASE WHEN {is_open} THEN 'open' ELSE 'done' END"}),
        (tables.terms, {"task_id": own_id}),
        (tables.board, {"task_id": own_id}),
    ):
        key, names = table.primary_key.columns[0].name, [column.name for column in table.columns]
        chosen = ", ".join(changed.get(name, f"p.{name}") for name in names)
        where = f" WHERE {is_open}" if table is tables.board else ""
        yield (
            f"CREATE TEMP TABLE like_{table.name} AS"  # noqa: S608
            f" SELECT row_number() OVER (ORDER BY p.{key}) - 1 AS nth, p.* FROM {table.name} p"
        )
        yield (
            f"INSERT INTO {table.name} ({', '.join(names)})"  # noqa: S608
            f" WITH RECURSIVE {many} SELECT {chosen} FROM c JOIN like_{table.name} p"
            f" ON p.nth = (c.n / {on_offer}) % {len(CATEGORIES)}{where}"
        )
    yield (
        "INSERT INTO board_counts (category, part, on_offer)"
        " SELECT category, substr(task_id, 36), count(*) FROM board WHERE true"
        " GROUP BY category, substr(task_id, 36) ON CONFLICT (category, part)"
        " DO UPDATE SET on_offer = excluded.on_offer"
    )
    yield "ANALYZE"


def _write_out(path: Path) -> None:
    """Have what was written to a file stand on the disk."""
    with path.open("rb") as written:
        os.fsync(written.fileno())


async def _execute(url: str, statements: Iterator[str]) -> None:
    if url.startswith("sqlite://"):
        path = url.removeprefix("sqlite://")
        connection = sqlite3.connect(path, isolation_level=None)
        for statement in statements:
            connection.execute(statement)
        # What fills it makes a log of gigabytes, which the system goes on writing to the disk while
        # the questions are put: no hall has that.
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        for part in (path, f"{path}-wal"):
            _write_out(Path(part))
        return
    server = await asyncpg.connect(url)
    for statement in statements:
        await server.execute(statement, timeout=600)
    await server.close()
