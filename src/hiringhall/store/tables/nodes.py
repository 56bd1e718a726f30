"""The processes of the hall, where several share a database."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Table, Text

from hiringhall.store.tables.base import metadata

nodes = Table(
    "nodes",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("places", BigInteger, nullable=False),
    # The runtimes it can do, as a JSON array.
    Column("runtimes", Text, nullable=False),
    Column("default_runtime", Text),
    Column("key_check", Text, nullable=False),
    Column("files", Text, nullable=False),
    # After how long without a word it is taken for gone.
    Column("lease_s", BigInteger, nullable=False),
    Column("started_at_us", BigInteger, nullable=False),
    Column("seen_at_us", BigInteger, nullable=False),
    CheckConstraint("places >= 0", name="places"),
)
