"""A table that only the tests of the store's engine know, with one of each kind of constraint."""

from pathlib import Path
from sqlite3 import connect

import asyncpg
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    bindparam,
    func,
    select,
    text,
    update,
)
from sqlalchemy.schema import CreateIndex, CreateTable

from hiringhall.store.database import Database, Tx
from hiringhall.store.dialects import POSTGRESQL, SQLITE
from hiringhall.store.statements import Statement, Value, any_of

samples = Table(
    "samples",
    MetaData(),
    Column("id", Text),
    Column("n", BigInteger, nullable=False),
    Column("note", Text),
    Column("data", LargeBinary),
    Column("parent", Text, ForeignKey("samples.id", name="fk_samples_parent")),
    PrimaryKeyConstraint("id", name="pk_samples"),
    UniqueConstraint("note", name="uq_samples_note"),
    CheckConstraint("n >= 0", name="ck_samples_n"),
    Index(
        "uq_samples_large",
        "n",
        unique=True,
        sqlite_where=text("n > 1000000"),
        postgresql_where=text("n > 1000000"),
    ),
)

INSERT = Statement(samples.insert(), name="samples.insert")
BY_ID = Statement(select(samples).where(samples.c.id == bindparam("id")), name="samples.by_id")
IDS = Statement(select(samples.c.id).order_by(samples.c.id), name="samples.ids")
COUNT = Statement(select(func.count().label("n")).select_from(samples), name="samples.count")
RAISE = Statement(
    update(samples)
    .where(samples.c.id == bindparam("id"), samples.c.n == bindparam("seen"))
    .values(n=samples.c.n + 1),
    name="samples.raise",
)
TAKE = Statement(
    update(samples).where(samples.c.id == bindparam("id")).values(n=7).returning(samples.c.n),
    name="samples.take",
)
AMONG = Statement(
    select(samples.c.id)
    .where(any_of(samples.c.id, "ids"), any_of(samples.c.n, "ns"), any_of(samples.c.data, "datas"))
    .order_by(samples.c.id),
    name="samples.among",
)


async def add(tx: Tx, id: str, **values: Value) -> None:  # noqa: A002
    """Insert a row; whatever is not given is null, and `n` is 0."""
    row: dict[str, Value] = {"n": 0, "note": None, "data": None, "parent": None, **values}
    await tx.run(INSERT, id=id, **row)


async def ids(database: Database) -> list[str]:
    """The ids of all rows, in order."""

    async def body(tx: Tx) -> list[str]:
        return [row.id for row in await tx.all(IDS)]

    return await database.read(body)


async def create(url: str) -> None:
    """Create the table, past the store, in a database that nobody has open."""
    dialect = SQLITE if url.startswith("sqlite") else POSTGRESQL
    script = [str(CreateTable(samples).compile(dialect=dialect))]
    script += [str(CreateIndex(index).compile(dialect=dialect)) for index in samples.indexes]
    await script_past_the_store(url, ";".join(script))


async def script_past_the_store(url: str, script: str) -> None:
    """Run statements on a connection of the test's own."""
    if url.startswith("sqlite"):
        connection = connect(sqlite_path(url), isolation_level=None)
        connection.executescript(script)
        connection.close()
    else:
        server = await asyncpg.connect(url)
        await server.execute(script)
        await server.close()


def sqlite_path(url: str) -> Path:
    """The file of a SQLite database."""
    return Path(url.removeprefix("sqlite://"))
