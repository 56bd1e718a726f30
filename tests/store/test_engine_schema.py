"""Tables come to be by migration, on both databases, and are what `tables` declares."""

import asyncio
import re
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import BigInteger, create_engine, text
from sqlalchemy.pool import StaticPool
from sqlalchemy.schema import CreateIndex, CreateTable

from hiringhall.store import schema, triggers
from hiringhall.store.database import Database, open_database
from hiringhall.store.dialects import POSTGRESQL
from hiringhall.store.errors import (
    ConstraintViolated,
    DatabaseInUse,
    DatabaseUnavailable,
    SchemaMismatch,
    StoreError,
)
from hiringhall.store.migrations import HEAD
from hiringhall.store.statements import Statement
from hiringhall.store.tables import metadata
from tests.store.samples import add, create, ids, script_past_the_store, sqlite_path

pytestmark = pytest.mark.anyio

REGENERATE = "tables and the migrations differ: python -m hiringhall.store.migrations.new"
_WORDS = {"autonomy": "'supervised'"}
NEWER = "UPDATE alembic_version SET version_num = '9999'"


def test_the_newest_version_is_known() -> None:
    assert ScriptDirectory.from_config(schema.config()).get_current_head() == HEAD


async def test_sqlite_is_migrated_to_what_is_declared(sqlite_url: str) -> None:
    """Alembic's own comparison is blind to the text of CHECKs and of partial indexes."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as created:
        metadata.create_all(
            create_engine("sqlite://", creator=lambda: created, poolclass=StaticPool)
        )
        for statement in triggers.create("sqlite"):
            created.execute(statement)
        with closing(sqlite3.connect(sqlite_path(sqlite_url))) as migrated:
            assert _sqlite_shape(migrated) == _sqlite_shape(created), REGENERATE


def _sqlite_shape(connection: sqlite3.Connection) -> dict[str, list[str]]:
    rows = connection.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    return {
        f"{kind} {name}": sorted(_clauses(sql))
        for kind, name, sql in rows
        if name not in {"alembic_version", "sqlite_sequence"}
    }


def _clauses(sql: str) -> Iterable[str]:
    """A definition cut at its outermost commas, because their order does not matter."""
    head, _, rest = re.sub(r'[\s"]+', " ", sql).partition("(")
    body, _, tail = rest.rpartition(")")
    yield f"{head.strip()} … {tail.strip()}"
    depth, clause = 0, ""
    for letter in f"{body},":
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            yield clause.strip()
            clause = ""
        else:
            clause += letter


_POSTGRES_SHAPE = (
    "SELECT table_name || '.' || column_name, concat(data_type, is_nullable, column_default)"
    " FROM information_schema.columns WHERE table_schema = 'public'",
    "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
    " WHERE connamespace = 'public'::regnamespace AND contype <> 't'",
    "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
    "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
)


async def test_postgresql_is_migrated_to_what_is_declared(postgres_url: str) -> None:
    migrated = await _postgres_shape(postgres_url)
    await _empty(postgres_url)
    connection = await asyncpg.connect(postgres_url)
    for table in metadata.sorted_tables:
        await connection.execute(str(CreateTable(table).compile(dialect=POSTGRESQL)))
        for index in table.indexes:
            await connection.execute(str(CreateIndex(index).compile(dialect=POSTGRESQL)))
    for statement in triggers.create("postgresql"):
        await connection.execute(statement)
    await connection.close()
    assert migrated == await _postgres_shape(postgres_url), REGENERATE


async def _postgres_shape(url: str) -> dict[str, str]:
    connection = await asyncpg.connect(url)
    shape = {
        str(name): str(definition)
        for question in _POSTGRES_SHAPE
        for name, definition in await connection.fetch(question)
        if not str(name).startswith("alembic_version")
    }
    await connection.close()
    return shape


async def _empty(url: str) -> None:
    if url.startswith("sqlite"):
        sqlite_path(url).unlink()
    else:
        await script_past_the_store(url, "DROP SCHEMA public CASCADE; CREATE SCHEMA public")


async def test_an_empty_database_is_filled_and_an_old_one_left_alone(database_url: str) -> None:
    await _empty(database_url)
    for _ in range(2):
        database = await open_database(database_url)
        await database.close()
    await create(database_url)
    database = await open_database(database_url)
    await database.write(lambda tx: add(tx, "a"))
    assert await ids(database) == ["a"]
    await database.close()


async def test_opening_a_database_of_this_version_imports_no_alembic(database_url: str) -> None:
    script = (
        "import asyncio, sys\n"
        "from hiringhall.store.database import open_database\n"
        "async def main():\n"
        "    await (await open_database(sys.argv[1])).close()\n"
        "asyncio.run(main())\n"
        "assert not [name for name in sys.modules if name.startswith(('alembic', 'mako'))]\n"
        "assert 'sqlalchemy.orm' not in sys.modules\n"
    )
    await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", script, database_url], check=True, timeout=120
    )


async def test_processes_that_start_at_once_migrate_once(postgres_url: str) -> None:
    await _empty(postgres_url)
    databases = await asyncio.gather(*(open_database(postgres_url) for _ in range(4)))
    for database in databases:
        await database.close()


async def test_a_newer_database_is_refused(database_url: str) -> None:
    await script_past_the_store(database_url, NEWER)
    with pytest.raises(SchemaMismatch, match="a newer hall made them"):
        await open_database(database_url)
    with pytest.raises(SchemaMismatch, match="version 9999"):
        await open_database(database_url, read_only=True)
    await script_past_the_store(database_url, NEWER.replace("9999", HEAD))
    await (await open_database(database_url)).close()


async def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    tables, no_database = tmp_path / "photos.db", tmp_path / "letter.txt"
    await script_past_the_store(f"sqlite://{tables}", "CREATE TABLE photos (id)")
    with pytest.raises(SchemaMismatch, match="database of something else"):
        await open_database(f"sqlite://{tables}")
    no_database.write_text("Dear Sir or Madam, " * 100)
    with pytest.raises(StoreError, match="not a database"):
        await open_database(f"sqlite://{no_database}")
    for url in ("sqlite://hall.db", "mysql://localhost/hall", "hall.db"):
        with pytest.raises(StoreError):
            await open_database(url)


async def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "a b%20?c.db"
    database = await open_database(f"sqlite://{path}")
    with pytest.raises(DatabaseInUse):
        await open_database(f"sqlite://{path}")
    for file in path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    assert {file.name for file in path.parent.iterdir()} >= {path.name, f"{path.name}-wal"}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    await database.close()
    await (await open_database(f"sqlite://{path}")).close()


async def test_reading_only_changes_nothing(samples_url: str, tmp_path: Path) -> None:
    with pytest.raises((SchemaMismatch, StoreError)):
        await open_database(f"sqlite://{tmp_path}/none.db", read_only=True)
    owner = await open_database(samples_url)
    await owner.write(lambda tx: add(tx, "a"))
    reader = await open_database(samples_url, read_only=True)
    assert await ids(reader) == ["a"]
    with pytest.raises(StoreError, match="reading only"):
        await reader.write(lambda tx: add(tx, "b"))
    await owner.write(lambda tx: add(tx, "b"))
    assert await ids(reader) == ["a", "b"]
    await reader.close()
    await owner.close()
    alone = await open_database(samples_url, read_only=True)
    assert await ids(alone) == ["a", "b"]
    await alone.close()


_EVENT = (
    "INSERT INTO events (id, organization_id, task_id, number, type, actor, state, waiting_for,"
    " data, at_us) VALUES (1, 'o', 't', 1, 'posted', 'user', 'open', 'nothing', '{}', 1)"
)


async def test_events_are_written_once(database: Database, database_url: str) -> None:
    attacks = ["UPDATE events SET data = 'x'", "DELETE FROM events"]
    if database.dialect == "sqlite":
        attacks += [
            _EVENT.replace("INSERT", "INSERT OR REPLACE"),
            "REPLACE INTO events SELECT * FROM events",
        ]
    else:
        attacks += ["TRUNCATE events", "TRUNCATE tasks CASCADE"]
    await _insert_event(database_url)
    for attack in attacks:
        statement = Statement(text(attack), name="test.attack")
        with pytest.raises(ConstraintViolated, match="events is append-only") as caught:
            await database.write(lambda tx, statement=statement: tx.run(statement))
        assert caught.value.kind == "trigger"


async def _insert_event(url: str) -> None:
    """With no task to belong to, which is not what is tested."""
    off = (
        "PRAGMA foreign_keys = OFF"
        if url.startswith("sqlite")
        else ("SET session_replication_role = replica")
    )
    await script_past_the_store(url, f"{off}; {_EVENT}")


@pytest.fixture
def next_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file for a version after the newest, which `schema` then takes for a part of the hall."""
    own = Path(schema.__file__).parent / "migrations" / "versions"
    config = schema.config

    def with_next(version: str | None = None, **options: Any) -> Config:
        settings = config(version, **options)
        settings.set_main_option("version_locations", f"{own}:{tmp_path}")
        return settings

    monkeypatch.setattr(schema, "config", with_next)
    return tmp_path / "9998_next.py"


_NEXT = f"""
from alembic import op
import sqlalchemy as sa
revision, down_revision = "9998", "{HEAD}"
def upgrade():
"""


def _migrate(url: str) -> None:
    with closing(sqlite3.connect(sqlite_path(url), isolation_level=None)) as connection:
        schema.migrate_sqlite(connection, HEAD)


def _ask(url: str, question: str) -> list[Any]:
    with closing(sqlite3.connect(sqlite_path(url))) as connection:
        return [row[0] for row in connection.execute(question)]


_TRIGGERS = "SELECT name FROM sqlite_master WHERE type = 'trigger' ORDER BY name"


def test_a_recreated_table_keeps_its_triggers_and_its_references(
    sqlite_url: str, next_version: Path
) -> None:
    before = _ask(sqlite_url, _TRIGGERS)
    assert {"events_refuse_delete", "events_refuse_update"} <= set(before)
    with closing(sqlite3.connect(sqlite_path(sqlite_url), isolation_level=None)) as connection:
        # A row that another refers to: it must survive that its table is dropped and made anew.
        for table in (metadata.tables["organizations"], metadata.tables["teams"]):
            row = [
                "0" if isinstance(column.type, BigInteger) else _WORDS.get(column.name, "'x'")
                for column in table.columns
            ]
            connection.execute(f"INSERT INTO {table.name} VALUES ({', '.join(row)})")  # noqa: S608  our own
    next_version.write_text(
        _NEXT
        + "    for table in ('organizations', 'tasks', 'events'):\n"
        + "        with op.batch_alter_table(table, recreate='always') as batch:\n"
        + "            batch.add_column(sa.Column('mood', sa.Text()))\n"
    )
    _migrate(sqlite_url)
    assert _ask(sqlite_url, "SELECT version_num FROM alembic_version") == ["9998"]
    assert _ask(sqlite_url, _TRIGGERS) == before
    assert _ask(sqlite_url, "SELECT organization_id FROM teams") == ["x"]
    assert "mood" in _ask(sqlite_url, "SELECT name FROM pragma_table_info('events')")
    assert _ask(sqlite_url, "SELECT DISTINCT \"table\" FROM pragma_foreign_key_list('events')") == [
        "tasks"
    ]


@pytest.mark.parametrize("fault", ["op.execute('SELECT nonsense')", "op.execute(ORPHAN)"])
def test_a_migration_that_fails_on_sqlite_leaves_nothing(
    sqlite_url: str, next_version: Path, fault: str
) -> None:
    before = _ask(sqlite_url, "SELECT sql FROM sqlite_master")
    next_version.write_text(
        f"ORPHAN = {_EVENT!r}\n{_NEXT}"
        "    op.create_table('moods', sa.Column('id', sa.Text(), primary_key=True))\n"
        "    with op.batch_alter_table('events', recreate='always') as batch:\n"
        "        batch.add_column(sa.Column('mood', sa.Text()))\n"
        f"    {fault}\n"
    )
    with pytest.raises(StoreError, match=r"nonsense|refer to none"):
        _migrate(sqlite_url)
    assert _ask(sqlite_url, "SELECT sql FROM sqlite_master") == before
    assert _ask(sqlite_url, "SELECT version_num FROM alembic_version") == [HEAD]


async def test_a_migration_that_fails_on_postgresql_leaves_nothing(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _empty(postgres_url)
    script = schema.postgres_script
    monkeypatch.setattr(schema, "postgres_script", lambda version: script(version) + "SELECT 1/0;")
    with pytest.raises(StoreError, match="division by zero"):
        await open_database(postgres_url)
    assert await _postgres_shape(postgres_url) == {}


async def test_an_unreachable_server_is_not_waited_for() -> None:
    with pytest.raises(DatabaseUnavailable):
        await open_database("postgresql://127.0.0.1:1/hall")
