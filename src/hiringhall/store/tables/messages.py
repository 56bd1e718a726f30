"""What is said on a task beside its course."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Table, Text

from hiringhall.domain.messages import MessageKind, Sender
from hiringhall.store.tables.base import metadata, one_of

messages = Table(
    "messages",
    metadata,
    Column("id", Text, primary_key=True),
    Column("task_id", Text, ForeignKey("tasks.id"), nullable=False),
    Column("organization_id", Text, nullable=False),
    Column("sender", Text, nullable=False),
    # A run, an agent or a user, as the sender says.
    Column("sender_id", Text),
    Column("sender_name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    one_of("sender", Sender),
    one_of("kind", MessageKind),
    Index(None, "task_id", "id"),
    Index(None, "sender_id"),
)
