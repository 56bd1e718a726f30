"""A statement is compiled once for each database, and says at once what is wrong with it."""

import importlib
import pkgutil
import sqlite3
from collections import Counter
from contextlib import closing
from typing import Any

import asyncpg
import pytest
from sqlalchemy import (
    BigInteger,
    Boolean,
    DateTime,
    Numeric,
    bindparam,
    cast,
    delete,
    func,
    insert,
    literal,
    select,
    text,
    union_all,
    update,
)

import hiringhall.store
from hiringhall.store.dialects import HEX_TO_BYTES
from hiringhall.store.errors import InvalidValue, StatementError
from hiringhall.store.statements import Plan, Statement, any_of, declared
from tests.store.samples import samples, sqlite_path


def plans(build: Any) -> tuple[Plan, Plan]:
    statement = Statement(build, name="test.statement")
    return statement.sqlite, statement.postgresql


def test_constants_stand_in_the_text() -> None:
    """So that a partial index on `n = 5` is found, which it is not for a parameter."""
    sqlite, postgresql = plans(
        select(samples.c.id)
        .where(samples.c.n == 5, samples.c.note == "it's 100% \\ :x", samples.c.data == b"\x00'")
        .where(samples.c.id.in_(["a", "b"]), samples.c.parent.is_(None))
        .limit(20)
    )
    assert sqlite.names == postgresql.names == frozenset()
    for plan, data in ((sqlite, "X'0027'"), (postgresql, "'\\x0027'::BYTEA")):
        words = " ".join(plan.sql.split())
        assert "n = 5 AND samples.note = 'it''s 100% \\ :x'" in words
        assert f"data = {data} AND samples.id IN ('a', 'b') AND samples.parent IS NULL" in words
        assert "LIMIT 20" in words


def test_parameters_are_given_in_order() -> None:
    sqlite, postgresql = plans(
        update(samples)
        .where(samples.c.id == bindparam("id"), samples.c.n < bindparam("n"))
        .values(n=bindparam("n"), note=bindparam("note"))
    )
    assert sqlite.names == postgresql.names == {"id", "n", "note"}
    given = {"id": "a", "n": 1, "note": None}
    # The same one is given as often as SQLite asks for it, and once to PostgreSQL.
    assert sqlite.bind(given) == (1, None, "a", 1)
    assert sqlite.sql.count("?") == 4
    assert postgresql.bind(given) == (1, None, "a")
    assert "$1::BIGINT" in postgresql.sql


@pytest.mark.parametrize("count", [0, 1, 2])
def test_arguments_are_a_tuple_however_many(count: int) -> None:
    columns = [samples.c.id, samples.c.note][:count]
    conditions = [column == bindparam(column.name) for column in columns]
    for plan in plans(select(samples.c.id).where(*conditions)):
        assert plan.bind({"id": 1, "note": 2}) == (1, 2)[:count]


def test_rows_are_named_by_their_labels() -> None:
    for plan in plans(select(samples.c.id, func.count().label("times")).group_by(samples.c.id)):
        assert plan.row is not None
        row = plan.row(("a", 3))
        assert (row.id, row.times, row) == ("a", 3, ("a", 3))


def test_what_writes_is_known() -> None:
    moved = update(samples).values(n=1).returning(samples.c.id).cte("moved")
    for build, writes in (
        (select(samples.c.id), False),
        (union_all(select(samples.c.id), select(samples.c.note)), False),
        (insert(samples), True),
        (delete(samples), True),
        (lambda into: into(samples), True),
        (text("VACUUM"), True),
        (text("SELECT id FROM samples").columns(samples.c.id), False),
    ):
        assert [plan.writes for plan in plans(build)] == [writes, writes]
    assert Statement(select(moved.c.id), name="test.moved").postgresql.writes


_a_text: Any = "a text where a column is wanted"


@pytest.mark.parametrize(
    ("build", "complaint"),
    [
        (select(samples.c.id).where(samples.c.id.in_(bindparam("ids", expanding=True))), "any_of"),
        (select(samples.c.n == 1), "Boolean"),
        (select(cast(samples.c.n, Boolean).label("n")), "Boolean"),
        (select(cast(samples.c.n, Numeric).label("n")), "Numeric"),
        (select(cast(samples.c.n, DateTime).label("n")), "DateTime"),
        (select(samples.c.id.label("not a name")), "label"),
        (select(samples.c.id.label("class")), "label"),
        (select(samples.c.id, samples.c.note.label("id")), "label"),
        (select(samples.c.id).where(samples.c.id == bindparam("a b")), "parameter name"),
        (update(samples).values(nothing=1), "does not compile"),
        (lambda into: into(samples).values(n=select(_a_text)), "cannot be built"),
    ],
)
def test_what_cannot_be_meant_is_refused(build: Any, complaint: str) -> None:
    statement = Statement(build, name="test.wrong")
    for dialect in ("sqlite", "postgresql"):
        with pytest.raises(StatementError, match=complaint) as caught:
            getattr(statement, dialect)
        assert "test.wrong" in str(caught.value)


def test_a_list_parameter_uses_the_index() -> None:
    """As a Boolean the condition would be compared with 1, and the index be left alone."""
    statement = Statement(select(samples.c.n).where(any_of(samples.c.id, "ids")), name="test.list")
    with closing(sqlite3.connect(":memory:")) as connection:
        samples.metadata.create_all(_engine(connection), tables=[samples])
        explained = connection.execute(
            f"EXPLAIN QUERY PLAN {statement.sqlite.sql}", ("[]",)
        ).fetchall()
    assert any("SEARCH samples USING INDEX" in str(step) for step in explained), explained


def test_a_list_of_something_else_is_refused() -> None:
    statement = Statement(
        select(samples.c.n).where(any_of(samples.c.data, "datas"), any_of(samples.c.id, "ids")),
        name="test.lists",
    )
    for datas, ids in ((["text"], []), ([], [b"bytes"]), (None, [])):
        with pytest.raises(InvalidValue, match=r"test\.lists"):
            statement.sqlite.bind({"datas": datas, "ids": ids})


def test_a_statement_is_compiled_once() -> None:
    statement = Statement(select(literal(1).label("one")), name="test.once")
    assert statement.sqlite is statement.sqlite
    assert statement.postgresql is statement.postgresql


# The statements of the hall itself.


def the_halls() -> list[Statement]:
    for module in pkgutil.iter_modules(hiringhall.store.__path__, "hiringhall.store."):
        importlib.import_module(module.name)
    found = [statement for statement in declared() if statement.module.startswith("hiringhall.")]
    assert len(found) > 20
    return found


def test_statements_have_names_of_their_own() -> None:
    counted = Counter(statement.name for statement in the_halls())
    assert [name for name, times in counted.items() if times > 1] == []


def test_every_statement_is_one_that_sqlite_takes(sqlite_url: str) -> None:
    with closing(sqlite3.connect(sqlite_path(sqlite_url))) as connection:
        connection.create_function(HEX_TO_BYTES, 1, bytes.fromhex, deterministic=True)
        for statement in the_halls():
            plan = statement.sqlite
            connection.execute(f"EXPLAIN {plan.sql}", plan.bind(dict.fromkeys(plan.names, "")))
            assert statement.postgresql.names == plan.names, statement.name


@pytest.mark.anyio
async def test_every_statement_is_one_that_postgresql_takes(postgres_url: str) -> None:
    """And it hands back integers, texts and bytes, as SQLite does: no Decimal, no bool."""
    same = {"int8", "int4", "int2", "text", "varchar", "bytea", "float8"}
    connection = await asyncpg.connect(postgres_url)
    differing: dict[str, str] = {}
    for statement in the_halls():
        prepared = await connection.prepare(statement.postgresql.sql)
        for column in prepared.get_attributes():
            if column.type.name not in same:
                differing[f"{statement.name}.{column.name}"] = column.type.name
    await connection.close()
    assert differing == {}


def _engine(connection: sqlite3.Connection) -> Any:
    from sqlalchemy import create_engine
    from sqlalchemy.pool import StaticPool

    return create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool)


def test_big_integers_stay_integers() -> None:
    for plan in plans(select(cast(func.sum(samples.c.n), BigInteger).label("total"))):
        assert "CAST(sum(samples.n) AS BIGINT)" in plan.sql
