"""What the tables refuse or keep by trigger: as data, because a migration may have to drop them.

Recreating a table, which is how SQLite alters one, drops its triggers without a word; so each
migration drops all of them first and creates them again, in its own transaction.
"""

from collections.abc import Iterator, Mapping
from typing import Literal

APPEND_ONLY = (
    "events",
    "feed",
    "reported_events",
    "ledger_transfers",
    "holds",
    "hold_parts",
    "cap_changes",
)
"""Tables whose rows are never changed or removed: UPDATE, DELETE and TRUNCATE are refused."""

UNLESS: Mapping[str, str] = {"holds": "OLD.state = 'held'"}
"""When a row of such a table may be changed after all: a hold is settled, once."""

_REFUSE = "hall_refuse"
_KEEP = "hall_keep_balances"
_KEPT = "ledger_transfers_keep_balances"

_OPEN = "hall_hold_open"
_WHILE_HELD = "hold_parts_while_held"
_HELD = "SELECT 1 FROM holds WHERE holds.task_id = NEW.task_id AND holds.state = 'held'"
"""A part is paid out of a hold that is not settled yet, and never behind it."""

_BALANCES = (
    "UPDATE ledger_accounts SET balance_cents = balance_cents - NEW.amount_cents"
    " WHERE id = NEW.debit_account_id AND balance_cents IS NOT NULL",
    "UPDATE ledger_accounts SET balance_cents = balance_cents + NEW.amount_cents"
    " WHERE id = NEW.credit_account_id AND balance_cents IS NOT NULL",
)
"""What a transfer does to the accounts that keep a balance: no code can move money without it."""


def drop(dialect: Literal["sqlite", "postgresql"]) -> Iterator[str]:
    """The statements that drop every trigger, where it is there."""
    names = [(name, table) for table in APPEND_ONLY for name in _names(dialect, table)]
    for name, table in [*names, (_KEPT, "ledger_transfers"), (_WHILE_HELD, "hold_parts")]:
        on = f" ON {table}" if dialect == "postgresql" else ""
        yield f"DROP TRIGGER IF EXISTS {name}{on}"


def create(dialect: Literal["sqlite", "postgresql"]) -> Iterator[str]:
    """The statements that create every trigger."""
    return _for_postgres() if dialect == "postgresql" else _for_sqlite()


def _for_postgres() -> Iterator[str]:
    yield (
        f"CREATE OR REPLACE FUNCTION {_REFUSE}() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME"
        " USING ERRCODE = 'integrity_constraint_violation',"
        " CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME; END $$"
    )
    for table in APPEND_ONLY:
        for name in _names("postgresql", table):
            what = name.rpartition("_")[2].upper()
            each = "STATEMENT" if what == "TRUNCATE" else "ROW"
            yield (
                f"CREATE TRIGGER {name} BEFORE {what} ON {table}"
                f" FOR EACH {each}{_when(table, what)} EXECUTE FUNCTION {_REFUSE}()"
            )
    yield (
        f"CREATE OR REPLACE FUNCTION {_KEEP}() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN {'; '.join(_BALANCES)}; RETURN NULL; END $$"
    )
    yield (
        f"CREATE TRIGGER {_KEPT} AFTER INSERT ON ledger_transfers"
        f" FOR EACH ROW EXECUTE FUNCTION {_KEEP}()"
    )
    # The lock lets nobody settle the hold between this look and the commit.
    yield (
        f"CREATE OR REPLACE FUNCTION {_OPEN}() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN PERFORM 1 FROM ({_HELD} FOR SHARE) AS held; IF NOT FOUND THEN"
        " RAISE EXCEPTION 'the hold is settled' USING"
        " ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;"
        " END IF; RETURN NEW; END $$"
    )
    yield (
        f"CREATE TRIGGER {_WHILE_HELD} BEFORE INSERT ON hold_parts"
        f" FOR EACH ROW EXECUTE FUNCTION {_OPEN}()"
    )


def _for_sqlite() -> Iterator[str]:
    for table in APPEND_ONLY:
        for name in _names("sqlite", table):
            what = name.rpartition("_")[2].upper()
            # ABORT undoes the statement alone; ROLLBACK would take its neighbours along.
            yield (
                f"CREATE TRIGGER {name} BEFORE {what} ON {table}{_when(table, what)}"
                f" BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
    yield (
        f"CREATE TRIGGER {_KEPT} AFTER INSERT ON ledger_transfers BEGIN {'; '.join(_BALANCES)}; END"
    )
    yield (
        f"CREATE TRIGGER {_WHILE_HELD} BEFORE INSERT ON hold_parts WHEN NOT EXISTS ({_HELD})"
        " BEGIN SELECT RAISE(ABORT, 'the hold is settled'); END"
    )


def _when(table: str, what: str) -> str:
    allowed = UNLESS.get(table)
    return f" WHEN (NOT ({allowed}))" if allowed is not None and what == "UPDATE" else ""


def _names(dialect: Literal["sqlite", "postgresql"], table: str) -> Iterator[str]:
    yield f"{table}_refuse_update"
    yield f"{table}_refuse_delete"
    if dialect == "postgresql":
        yield f"{table}_refuse_truncate"
