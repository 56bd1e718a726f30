"""What Alembic runs for each migration: the versions, in one transaction with the triggers.

SQLite is migrated on a connection that whoever asks has opened and begun a transaction on. For
PostgreSQL only the script is written, so that no second driver is needed to run it.
"""

from alembic import context

from hiringhall.store import triggers
from hiringhall.store.tables import metadata


def run() -> None:
    """Configure the context and run the versions that are asked for."""
    connection = context.config.attributes.get("connection")
    if connection is not None:
        context.configure(
            connection=connection,
            target_metadata=metadata,
            render_as_batch=True,
            # SQLite's data definition is as transactional as the rest, given a real BEGIN.
            transactional_ddl=True,
        )
        dialect = "sqlite"
    else:
        context.configure(
            dialect_name="postgresql",
            target_metadata=metadata,
            # As parameters are written in the script: a percent sign is a percent sign.
            dialect_opts={"paramstyle": "named"},
        )
        dialect = "postgresql"
    for statement in triggers.drop(dialect):
        context.execute(statement)
    context.run_migrations()
    for statement in triggers.create(dialect):
        context.execute(statement)


run()
