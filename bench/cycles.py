"""A settlement cycle as data: the statements it makes, and whose money moves in which cycle."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from bench.lives import somebody
from hiringhall.actions import escrow
from hiringhall.actions.market.post import post_task
from hiringhall.app import now_us
from hiringhall.domain.escrow import Share
from hiringhall.domain.market import make_offer
from hiringhall.domain.tasks import Engagement, Task
from hiringhall.hall import Hall, Rules
from hiringhall.store import tasks
from hiringhall.store.database import Body, Database, Row, Tx
from hiringhall.store.statements import Statement, Value
from tests.support.halls import QuietEngine, make_hall

PRICE_CENTS = 5_000
PAIRS = 32
"""So many organizations pay, and as many are paid: a row that all change would be the measure."""

_OPENING_CENTS = 10**12
_NEW_ID = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")


class Recorded(msgspec.Struct):
    """A statement as its driver was given it.

    In the texts of its arguments `{task}`, `{poster}` and `{worker}` stand for the ids of a cycle,
    and `{new}` for an id that was drawn.
    """

    sql: str
    arguments: list[Any]


class Prepared(msgspec.Struct):
    """What was made ready: a cycle by its transactions, and the organizations of each pair."""

    transactions: list[list[Recorded]]
    posters: list[str]
    workers: list[str]
    prototype: str
    """A task like those of the cycles."""

    def task_id(self, number: int) -> str:
        """The task of a cycle."""
        return f"cycle-{number}"


@dataclass(frozen=True, slots=True)
class Cycle:
    """The money of one task, held and released by the hall's own functions."""

    hall: Hall
    task: Task
    worker_id: str

    async def hold(self, tx: Tx) -> None:
        """The first half, in a transaction."""
        await escrow.take(tx, self.hall, self.task, fee_on_top=False)

    async def release(self, tx: Tx) -> None:
        """The second half, in another."""
        await escrow.divide(tx, self.hall, self.task, [Share(self.worker_id, PRICE_CENTS)])


def hall_on(database: Database) -> Hall:
    """A hall whose organizations have money enough."""
    rules = Rules(opening_balance_cents=_OPENING_CENTS)
    return make_hall(database, clock=now_us, engine=QuietEngine(), rules=rules)


async def prepare(database: Database) -> Prepared:
    """Open the accounts, and go through one cycle to see what it asks of the database."""
    hall = hall_on(database)
    posters = [await somebody(hall, f"payer{number}") for number in range(PAIRS)]
    workers = [await somebody(hall, f"payee{number}") for number in range(PAIRS)]
    offer = make_offer(
        title="Label these",
        description="One word for each text.",
        engagement=Engagement.CLAIM,
        price_cents=PRICE_CENTS,
    )
    first, second = [
        await post_task(hall, actor=posters[0], offer=offer, publish=False) for _ in range(2)
    ]
    cycle = Cycle(hall, first, str(workers[0].organization_id))
    names = {
        first.id: "{task}",
        first.organization_id: "{poster}",
        cycle.worker_id: "{worker}",
    }
    transactions = [
        [_named(one, names) for one in await _record(database, half)]
        for half in (cycle.hold, cycle.release)
    ]
    return Prepared(
        transactions,
        [str(actor.organization_id) for actor in posters],
        [str(actor.organization_id) for actor in workers],
        second.id,
    )


async def cycles(database: Database, prepared: Prepared, numbers: Sequence[int]) -> list[Cycle]:
    """The cycles of these numbers, whose tasks were multiplied before."""
    hall = hall_on(database)

    async def find(tx: Tx) -> Task:
        found = await tasks.by_id(tx, prepared.prototype)
        assert found is not None
        return found

    like = await database.read(find)
    return [
        Cycle(
            hall,
            replace(
                like,
                id=prepared.task_id(number),
                organization_id=prepared.posters[number % PAIRS],
            ),
            prepared.workers[number % PAIRS],
        )
        for number in numbers
    ]


def multiply(columns: Sequence[str], count: int, prepared: Prepared) -> str:
    """The statement that makes a task for each cycle, on either database."""
    cases = " ".join(f"WHEN {at} THEN '{who}'" for at, who in enumerate(prepared.posters))
    values = {
        "id": "'cycle-' || c.n",
        "organization_id": f"CASE c.n % {PAIRS} {cases} END",
    }
    chosen = ", ".join(values.get(name, f"p.{name}") for name in columns)
    return (
        f"INSERT INTO tasks ({', '.join(columns)})"  # noqa: S608
        f" WITH RECURSIVE c(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM c WHERE n < {count - 1})"
        f" SELECT {chosen} FROM c CROSS JOIN tasks p WHERE p.id = '{prepared.prototype}'"
    )


class _Recorder:
    """A transaction that writes down what it is asked, on its way to the database."""

    def __init__(self, tx: Tx, dialect: str) -> None:
        self._tx = tx
        self._dialect = dialect
        self.after_commit = tx.after_commit
        self.recorded: list[Recorded] = []

    async def one(self, statement: Statement, /, **params: Value) -> Row | None:
        self._note(statement, params)
        return await self._tx.one(statement, **params)

    async def all(self, statement: Statement, /, **params: Value) -> list[Row]:
        self._note(statement, params)
        return await self._tx.all(statement, **params)

    async def run(self, statement: Statement, /, **params: Value) -> int:
        self._note(statement, params)
        return await self._tx.run(statement, **params)

    def _note(self, statement: Statement, params: dict[str, Any]) -> None:
        plan = getattr(statement, self._dialect)
        self.recorded.append(Recorded(plan.sql, list(plan.bind(params))))


async def _record(database: Database, body: Body[None]) -> list[Recorded]:
    recorders: list[_Recorder] = []

    async def through(tx: Tx) -> None:
        recorders.append(_Recorder(tx, database.dialect))
        await body(recorders[-1])

    await database.write(through)
    return recorders[-1].recorded


def _named(one: Recorded, names: dict[str, str]) -> Recorded:
    """The statement with placeholders for what differs from cycle to cycle."""
    told = json.dumps(one.arguments)
    for found, name in names.items():
        told = told.replace(found, name)
    return Recorded(one.sql, json.loads(_NEW_ID.sub("{new}", told)))
