"""Writes the next migration from what has changed in `tables`, for a person to read and mend.

    python -m hiringhall.store.migrations.new "Agents have a reputation"
    python -m hiringhall.store.migrations.new --first     while nothing has been released

Alembic sees neither the text of a CHECK nor that of a partial index, nor an index on an
expression: the test that compares created tables with migrated ones does.
"""

import re
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

from alembic import autogenerate, command
from alembic.operations import ops
from alembic.script import Script, ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from hiringhall.store import schema
from hiringhall.store.migrations import HEAD
from hiringhall.store.tables import metadata

_FOLDER = Path(__file__).parent


def main(wanted: str) -> None:
    """Write the file and raise HEAD to it."""
    if wanted == "--first":
        written, revision = _first(), "0001"
    else:
        revision = f"{int(HEAD) + 1:04}"
        written = _next(wanted, revision)
    head = _FOLDER / "__init__.py"
    head.write_text(re.sub(r'(?m)^HEAD = ".*"', f'HEAD = "{revision}"', head.read_text()))
    subprocess.run([sys.executable, "-m", "ruff", "format", "--quiet", written], check=True)
    sys.stdout.write(f"{written}: read it, mend it, run the tests of the store\n")


def _first() -> str:
    """Everything that `tables` declares, as one step from nothing."""
    steps: list[ops.MigrateOperation] = []
    for table in metadata.sorted_tables:
        steps.append(ops.CreateTableOp.from_table(table))
        indexes = sorted(table.indexes, key=lambda index: str(index.name))
        steps.extend(ops.CreateIndexOp.from_index(index) for index in indexes)
    for old in (_FOLDER / "versions").glob("[0-9]*.py"):
        old.unlink()
    config = schema.config()
    script = ScriptDirectory.from_config(config).generate_revision(
        "0001",
        "The first tables.",
        head="base",
        upgrades=re.sub(
            r"(?m)^ *# ###.*\n?", "", autogenerate.render_python_code(ops.UpgradeOps(steps))
        ).strip(),
    )
    assert script is not None
    return script.path


def _next(message: str, revision: str) -> str:
    """What Alembic finds changed between the last version and `tables`."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    schema.migrate_sqlite(connection, None)
    engine = create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool)
    config = schema.config(HEAD)
    with engine.connect() as alembic_connection:
        config.attributes["connection"] = alembic_connection
        script: Any = command.revision(
            config, f"{message.rstrip('.')}.", autogenerate=True, rev_id=revision
        )
    return cast("Script", script).path


if __name__ == "__main__":
    main(" ".join(sys.argv[1:]))
