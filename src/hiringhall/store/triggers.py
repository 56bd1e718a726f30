"""What the tables refuse by trigger: kept as data, because a migration may have to drop them.

Recreating a table, which is how SQLite alters one, drops its triggers without a word; so each
migration drops all of them first and creates them again, in its own transaction.
"""

from collections.abc import Iterator
from typing import Literal

APPEND_ONLY = ("events", "ledger_transfers")
"""Tables whose rows are written once: UPDATE, DELETE and TRUNCATE are refused."""

_REFUSE = "hall_refuse"


def drop(dialect: Literal["sqlite", "postgresql"]) -> Iterator[str]:
    """The statements that drop every trigger, where it is there."""
    for table in APPEND_ONLY:
        for name in _names(dialect, table):
            on = f" ON {table}" if dialect == "postgresql" else ""
            yield f"DROP TRIGGER IF EXISTS {name}{on}"


def create(dialect: Literal["sqlite", "postgresql"]) -> Iterator[str]:
    """The statements that create every trigger."""
    if dialect == "postgresql":
        yield (
            f"CREATE OR REPLACE FUNCTION {_REFUSE}() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME"
            " USING ERRCODE = 'integrity_constraint_violation',"
            " CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME; END $$"
        )
    for table in APPEND_ONLY:
        for name in _names(dialect, table):
            what = name.rpartition("_")[2].upper()
            if dialect == "postgresql":
                each = "STATEMENT" if what == "TRUNCATE" else "ROW"
                yield (
                    f"CREATE TRIGGER {name} BEFORE {what} ON {table}"
                    f" FOR EACH {each} EXECUTE FUNCTION {_REFUSE}()"
                )
            else:
                # ABORT undoes the statement alone; ROLLBACK would take its neighbours along.
                yield (
                    f"CREATE TRIGGER {name} BEFORE {what} ON {table}"
                    f" BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                )


def _names(dialect: Literal["sqlite", "postgresql"], table: str) -> Iterator[str]:
    yield f"{table}_refuse_update"
    yield f"{table}_refuse_delete"
    if dialect == "postgresql":
        yield f"{table}_refuse_truncate"
