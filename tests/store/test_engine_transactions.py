"""What a transaction promises, on both databases alike."""

import asyncio
import contextvars
import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from hiringhall.store.database import Database, Tx
from hiringhall.store.errors import (
    ConstraintViolated,
    DatabaseClosed,
    InvalidValue,
    StatementError,
    StoreError,
    TransactionBroken,
    TransactionMisused,
)
from hiringhall.store.statements import Statement, Value
from tests.store.samples import (
    AMONG,
    BY_ID,
    COUNT,
    IDS,
    INSERT,
    RAISE,
    TAKE,
    add,
    ids,
    samples,
    script_past_the_store,
)

pytestmark = pytest.mark.anyio


class Refused(Exception):
    """What an action of a test raises."""


async def test_values_come_back_as_they_were_written(store: Database) -> None:
    values: dict[str, Value] = {
        "n": 2**63 - 1,
        "note": "ü\u2028 '\"\\ %s :x $1 ?",
        "data": bytes(range(256)),
        "parent": "a",
    }

    async def body(tx: Tx) -> Any:
        await add(tx, "a", **values)
        return await tx.one(BY_ID, id="a")

    row = await store.write(body)
    assert row == ("a", *values.values())
    assert row.note == values["note"]
    assert await store.read(lambda tx: tx.one(BY_ID, id="a")) == row
    assert await store.scan(lambda tx: tx.one(BY_ID, id="a")) == row


async def test_null_is_none(store: Database) -> None:
    await store.write(lambda tx: add(tx, "a"))
    row = await store.read(lambda tx: tx.one(BY_ID, id="a"))
    assert row is not None
    assert (row.note, row.data, row.parent) == (None, None, None)
    assert await store.read(lambda tx: tx.one(BY_ID, id=None)) is None


async def test_an_exception_undoes_everything(store: Database) -> None:
    async def body(tx: Tx) -> None:
        await add(tx, "a")
        raise Refused

    with pytest.raises(Refused):
        await store.write(body)
    assert await ids(store) == []


async def test_run_counts_rows(store: Database) -> None:
    await store.write(lambda tx: add(tx, "a"))
    assert await store.write(lambda tx: tx.run(RAISE, id="a", seen=0)) == 1
    assert await store.write(lambda tx: tx.run(RAISE, id="a", seen=0)) == 0


async def test_a_race_has_one_winner(store: Database) -> None:
    await store.write(lambda tx: add(tx, "a"))
    moves = (store.write(lambda tx: tx.run(RAISE, id="a", seen=0)) for _ in range(20))
    assert sorted(await asyncio.gather(*moves)) == [0] * 19 + [1]


async def test_a_returning_statement_writes(store: Database) -> None:
    await store.write(lambda tx: add(tx, "a"))
    row = await store.write(lambda tx: tx.one(TAKE, id="a"))
    assert row is not None
    assert row.n == 7
    assert await store.write(lambda tx: tx.one(TAKE, id="b")) is None


async def test_one_of_many_is_an_error(store: Database) -> None:
    async def body(tx: Tx) -> None:
        await add(tx, "a")
        await add(tx, "b")
        await tx.one(IDS)

    with pytest.raises(StatementError, match="more than one row"):
        await store.write(body)
    assert await ids(store) == []


async def test_lists(store: Database) -> None:
    async def body(tx: Tx) -> None:
        for name, n in (("a", 2**62), ("b", 1), ("c", 2)):
            await add(tx, name, n=n, data=name.encode() + b"\0\xff")

    await store.write(body)
    datas = [name + b"\0\xff" for name in (b"a", b"b", b"c")]

    async def among(ids: list[str], ns: list[int], datas: list[bytes]) -> list[str]:
        rows = await store.read(lambda tx: tx.all(AMONG, ids=ids, ns=ns, datas=datas))
        return [row.id for row in rows]

    assert await among(["a", "b", "x'y"], [2**62, 1, 2], datas) == ["a", "b"]
    assert await among(["a", "b", "c"], [2], datas) == ["c"]
    assert await among(["a", "b", "c"], [2, 1], datas[:2]) == ["b"]
    assert await among([], [1], datas) == []


@pytest.mark.parametrize("params", [{}, {"id": "a", "other": 1}, {"ID": "a"}])
async def test_parameters_are_exactly_those_declared(
    store: Database, params: dict[str, Value]
) -> None:
    with pytest.raises(StatementError, match=r"samples\.by_id"):
        await store.read(lambda tx: tx.one(BY_ID, **params))
    with pytest.raises(StatementError, match=r"samples\.raise"):
        await store.write(lambda tx: tx.run(RAISE, **params))


async def test_each_statement_has_its_method(store: Database) -> None:
    with pytest.raises(StatementError, match="returns rows"):
        await store.write(lambda tx: tx.run(TAKE, id="a"))
    for method in ("one", "all"):
        with pytest.raises(StatementError, match="returns no rows"):
            await store.write(lambda tx, m=method: getattr(tx, m)(RAISE, id="a", seen=0))


async def test_a_read_writes_nothing(store: Database) -> None:
    for way in (store.read, store.scan):
        with pytest.raises(StatementError, match="a read cannot run it"):
            await way(lambda tx: tx.one(TAKE, id="a"))
        with pytest.raises(StatementError, match="a read cannot run it"):
            await way(lambda tx: tx.run(RAISE, id="a", seen=0))
        with pytest.raises(TransactionMisused, match="commits nothing"):
            await way(_ask_to_follow)


async def _ask_to_follow(tx: Tx) -> None:
    tx.after_commit(lambda: None)


@pytest.mark.parametrize(
    ("values", "kind", "constraint", "sqlite_knows"),
    [
        ({"id": "first"}, "unique", "pk_samples", True),
        ({"note": "taken"}, "unique", "uq_samples_note", True),
        ({"n": 1_000_001}, "unique", "uq_samples_large", True),
        ({"n": -1}, "check", "ck_samples_n", True),
        ({"parent": "nobody"}, "foreign_key", "fk_samples_parent", False),
        ({"n": None}, "not_null", None, True),
    ],
)
async def test_a_violated_constraint_is_named(
    store: Database, values: dict[str, Value], kind: str, constraint: str, sqlite_knows: bool
) -> None:
    await store.write(lambda tx: add(tx, "first", note="taken", n=1_000_001))
    row: dict[str, Any] = {"id": "second", **values}
    with pytest.raises(ConstraintViolated) as caught:
        await store.write(lambda tx: add(tx, **row))
    assert caught.value.kind == kind
    named = store.dialect == "postgresql" or sqlite_knows
    assert caught.value.constraint == (constraint if named else None)
    assert await ids(store) == ["first"]


@pytest.mark.parametrize(
    "values",
    [{"n": 2**63}, {"n": -(2**63) - 1}, {"note": "\ud800"}, {"data": {}}, {"note": {}}],
)
async def test_what_no_column_holds_is_refused(store: Database, values: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue) as caught:
        await store.write(lambda tx: add(tx, "a", **values))
    assert caught.value.__suppress_context__, "the driver's own message quotes the value"
    assert await ids(store) == []


async def test_an_error_does_not_quote_the_row(store: Database) -> None:
    for values in ({"n": None}, {"n": -1}, {"data": "hush"}, {"note": "hush\ud800"}):
        bad: dict[str, Any] = {"note": "hush", **values}
        if store.dialect == "sqlite" and values == {"data": "hush"}:
            continue  # SQLite takes a text for bytes.
        with pytest.raises((ConstraintViolated, InvalidValue)) as caught:
            await store.write(lambda tx, bad=bad: add(tx, "a", **bad))
        assert "hush" not in str(caught.value)


async def test_after_an_error_nothing_more_is_done(store: Database) -> None:
    """PostgreSQL's transaction is dead and SQLite's would go on: here both are dead."""
    seen: list[type[Exception]] = []

    async def body(tx: Tx) -> None:
        await add(tx, "a")
        for n in (-1, 1):
            try:
                await add(tx, "b", n=n)
            except (ConstraintViolated, TransactionBroken) as error:
                seen.append(type(error))

    with pytest.raises(TransactionBroken) as caught:
        await store.write(body)
    assert isinstance(caught.value.__cause__, ConstraintViolated)
    assert seen == [ConstraintViolated, TransactionBroken]
    assert await ids(store) == []


async def test_a_transaction_ends_with_its_body(store: Database) -> None:
    kept: list[Tx] = []

    async def body(tx: Tx) -> None:
        kept.append(tx)

    for way in (store.write, store.read, store.scan):
        await way(body)
    for tx in kept:
        with pytest.raises(TransactionMisused, match="has ended"):
            await tx.one(BY_ID, id="a")


async def test_what_follows_a_commit_does_so_in_order_and_only_then(store: Database) -> None:
    calls: list[str] = []

    async def body(tx: Tx, name: str, *, fails: bool = False) -> None:
        await add(tx, name)
        tx.after_commit(lambda: calls.append(f"{name} first"))
        tx.after_commit(lambda: calls.append(f"{name} second"))
        assert calls == []
        if fails:
            raise Refused

    with pytest.raises(Refused):
        await store.write(lambda tx: body(tx, "a", fails=True))
    assert calls == []
    await store.write(lambda tx: body(tx, "b"))
    assert calls == ["b first", "b second"]


async def test_a_failing_follow_up_stops_nobody(
    store: Database, caplog: pytest.LogCaptureFixture
) -> None:
    calls: list[str] = []

    def fail() -> None:
        raise Refused

    async def body(tx: Tx) -> None:
        await add(tx, "a")
        tx.after_commit(fail)
        tx.after_commit(lambda: calls.append("second"))

    await store.write(body)
    assert calls == ["second"]
    assert await ids(store) == ["a"]
    assert "what was to follow a commit failed" in caplog.text


async def test_a_body_runs_in_its_callers_context(store: Database) -> None:
    who = contextvars.ContextVar[str]("who")

    async def body(_tx: Tx) -> str:
        return who.get()

    async def call(name: str, way: Callable[[Any], Any]) -> str:
        who.set(name)
        return await way(body)

    ways = (store.write, store.write, store.read, store.scan)
    names = [f"caller {i}" for i in range(len(ways))]
    assert await asyncio.gather(*map(call, names, ways)) == names


async def test_a_traceback_ends_in_the_action(store: Database) -> None:
    async def body(tx: Tx) -> None:
        await add(tx, "a", n=-1)

    for wrong in (body, _awaits_a_sleep):
        with pytest.raises(StoreError) as caught:
            await store.write(wrong)
        assert wrong.__name__ in [entry.name for entry in caught.traceback]


async def _awaits_a_sleep(_tx: Tx) -> None:
    await asyncio.sleep(0)


async def test_a_scan_sees_one_moment(store: Database, samples_url: str) -> None:
    def write_elsewhere() -> None:
        other = threading.Thread(
            target=asyncio.run,
            args=(
                script_past_the_store(samples_url, "insert into samples (id, n) values ('x', 1)"),
            ),
        )
        other.start()
        other.join()

    async def body(tx: Tx) -> list[int]:
        counts = [row.n for row in await tx.all(COUNT)]
        write_elsewhere()
        return counts + [row.n for row in await tx.all(COUNT)]

    assert await store.scan(body) == [0, 0]
    assert await ids(store) == ["x"]


async def test_a_cancelled_caller_leaves_all_or_nothing(store: Database) -> None:
    """On SQLite what was queued is done; on PostgreSQL it is undone unless COMMIT was sent."""

    async def body(tx: Tx, name: str) -> None:
        await add(tx, f"{name}1")
        await add(tx, f"{name}2")

    callers = [
        asyncio.create_task(store.write(lambda tx, i=i: body(tx, f"{i:02}-"))) for i in range(30)
    ]
    await asyncio.sleep(0.002)
    for caller in callers:
        caller.cancel()
    await asyncio.gather(*callers, return_exceptions=True)
    await store.write(lambda tx: add(tx, "last"))
    left = await ids(store)
    firsts = {row_id[:-2] for row_id in left if row_id.endswith("-1")}
    assert firsts == {row_id[:-2] for row_id in left if row_id.endswith("-2")}
    if store.dialect == "sqlite":
        assert len(left) == 61


async def test_closing_finishes_what_was_begun(store: Database) -> None:
    writes = [asyncio.create_task(store.write(lambda tx, i=i: add(tx, str(i)))) for i in range(50)]
    await asyncio.sleep(0)
    await store.close()
    outcomes = await asyncio.gather(*writes, return_exceptions=True)
    if store.dialect == "sqlite":
        assert outcomes == [None] * 50
    else:
        # Who was still waiting for a connection is told so.
        assert {type(outcome) for outcome in outcomes} <= {type(None), DatabaseClosed}
        assert outcomes.count(None) >= 1
    for way in (store.write, store.read, store.scan):
        with pytest.raises(DatabaseClosed):
            await way(lambda tx: tx.all(IDS))


async def test_a_statement_may_be_a_bare_text(store: Database) -> None:
    rename = Statement(text("UPDATE samples SET note = :note"), name="test.rename")
    notes = Statement(text("SELECT note FROM samples").columns(samples.c.note), name="test.notes")

    async def body(tx: Tx) -> list[Any]:
        await add(tx, "a")
        assert await tx.run(rename, note="x") == 1
        return await tx.all(notes)

    assert await store.write(body) == [("x",)]


async def test_an_insert_returns_what_the_database_made(store: Database) -> None:
    one = Statement(
        lambda insert: (
            insert(samples)
            .values(id="fixed", n=1)
            .on_conflict_do_update(index_elements=["id"], set_={"n": samples.c.n + 1})
            .returning(samples.c.n)
        ),
        name="test.upsert",
    )
    numbers = [await store.write(lambda tx: tx.one(one)) for _ in range(3)]
    assert [row.n for row in numbers if row] == [1, 2, 3]
    assert INSERT.sqlite.names == INSERT.postgresql.names == {c.name for c in samples.columns}
