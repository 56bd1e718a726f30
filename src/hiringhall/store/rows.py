"""How every noun writes a row: the same insert for each table, its columns as parameters."""

from collections.abc import Collection, Iterable
from enum import StrEnum

from sqlalchemy import Insert, Table, bindparam


def insert_row(table: Table, *, without: Collection[str] = ()) -> Insert:
    """An INSERT that takes each column by its name, but for those the database fills in."""
    names = [column.name for column in table.columns if column.name not in without]
    # Inline, so that PostgreSQL is not asked to return the id that nobody wants.
    return table.insert().inline().values({name: bindparam(name) for name in names})


def words_of(members: Iterable[StrEnum]) -> list[str]:
    """Domain words as a column holds them, in one order, so that a statement's text is stable."""
    return sorted(member.value for member in members)
