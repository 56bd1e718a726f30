"""How the tables came to be what they are, step by step, on both databases."""

HEAD = "0001"
"""The newest version. Here, because importing Alembic takes longer than opening a database."""
