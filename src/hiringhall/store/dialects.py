"""SQLAlchemy's two dialects, taught to write constants into the text and to take lists."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Text, bindparam, cast, literal_column
from sqlalchemy.dialects.postgresql.asyncpg import PGCompiler_asyncpg, PGDialect_asyncpg
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import BindParameter, ColumnElement
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.selectable import TableValuedAlias
from sqlalchemy.types import BigInteger, LargeBinary, NullType, TypeEngine, UserDefinedType

HEX_TO_BYTES = "hall_bytes"
"""The SQLite function that `any_of` needs for bytes; every connection defines it."""


class _SqliteCompiler(SQLiteCompiler):
    """Writes constants as literals; only parameters are left to be bound."""

    def visit_bindparam(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, bindparam: BindParameter[Any], **kwargs: Any
    ) -> str:
        return str(super().visit_bindparam(bindparam, **_literal(bindparam, kwargs)))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]

    def render_literal_value(self, value: Any, type_: TypeEngine[Any]) -> str:
        if isinstance(value, bytes):
            return f"X'{value.hex()}'"
        return super().render_literal_value(value, type_)


class _PostgresCompiler(PGCompiler_asyncpg):
    """Writes constants as literals; only parameters are left to be bound."""

    def visit_bindparam(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, bindparam: BindParameter[Any], **kwargs: Any
    ) -> str:
        return str(super().visit_bindparam(bindparam, **_literal(bindparam, kwargs)))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]

    def render_literal_value(self, value: Any, type_: TypeEngine[Any]) -> str:
        if isinstance(value, bytes):
            return f"'\\x{value.hex()}'::BYTEA"
        return super().render_literal_value(value, type_)


def _literal(bindparam: BindParameter[Any], kwargs: dict[str, Any]) -> dict[str, Any]:
    return kwargs if bindparam.required else kwargs | {"literal_binds": True}


class _SqliteDialect(SQLiteDialect_pysqlite):
    statement_compiler = _SqliteCompiler
    supports_statement_cache = True


class _PostgresDialect(PGDialect_asyncpg):
    statement_compiler = _PostgresCompiler
    supports_statement_cache = True
    # Servers run with standard_conforming_strings on: in a literal a backslash is a backslash.
    _backslash_escapes = False


SQLITE = _SqliteDialect(paramstyle="qmark")
POSTGRESQL = _PostgresDialect(paramstyle="numeric_dollar")


class _ListOf(UserDefinedType[Sequence[Any]]):
    """The type of a parameter that is a list of one column's values."""

    cache_ok = True

    def __init__(self, item: TypeEngine[Any]) -> None:
        self.item = item


class any_of(FunctionElement[Any]):  # noqa: N801  reads as SQL's own word in a statement
    """True where the column is one of a list that is given as the parameter `name`.

    `= ANY ($1::TEXT[])` on PostgreSQL, `IN (SELECT value FROM json_each(:name))` on SQLite. Its
    type is none: as a Boolean, SQLite's compiler would append `= 1`, and the index would be lost.
    """

    inherit_cache = True
    type = NullType()

    def __init__(self, column: ColumnElement[Any], name: str) -> None:
        super().__init__(column, bindparam(name, type_=_ListOf(column.type), required=True))


@compiles(any_of, "sqlite")
def _any_of_sqlite(element: any_of, compiler: SQLCompiler, **kwargs: Any) -> str:
    column, values = element.clauses
    value = f"{HEX_TO_BYTES}(value)" if isinstance(column.type, LargeBinary) else "value"
    needle, listed = compiler.process(column, **kwargs), compiler.process(values, **kwargs)
    return f"({needle} IN (SELECT {value} FROM json_each({listed})))"  # noqa: S608  compiled


@compiles(any_of, "postgresql")
def _any_of_postgresql(element: any_of, compiler: SQLCompiler, **kwargs: Any) -> str:
    column, values = element.clauses
    needle, listed = compiler.process(column, **kwargs), compiler.process(values, **kwargs)
    kind = compiler.dialect.type_compiler_instance.process(column.type)
    return f"({needle} = ANY ({listed}::{kind}[]))"


class contains(FunctionElement[Any]):  # noqa: N801  reads as SQL's own word in a statement
    """True where the text column contains the text parameter `name`, letter by letter.

    An empty text is contained in every other.
    """

    inherit_cache = True
    type = NullType()

    def __init__(self, column: ColumnElement[Any], name: str) -> None:
        super().__init__(column, bindparam(name, type_=column.type, required=True))


@compiles(contains, "sqlite")
def _contains_sqlite(element: contains, compiler: SQLCompiler, **kwargs: Any) -> str:
    column, value = element.clauses
    return f"(instr({compiler.process(column, **kwargs)}, {compiler.process(value, **kwargs)}) > 0)"


@compiles(contains, "postgresql")
def _contains_postgresql(element: contains, compiler: SQLCompiler, **kwargs: Any) -> str:
    column, value = element.clauses
    return (
        f"(strpos({compiler.process(column, **kwargs)}, {compiler.process(value, **kwargs)}) > 0)"
    )


class transaction_lock(FunctionElement[Any]):  # noqa: N801  reads as SQL's own word in a statement
    """Waits until no other transaction holds the lock of that number, then holds it to its end.

    On SQLite it is nothing: there is one writer, and it has the whole file.
    """

    inherit_cache = True
    type = NullType()

    def __init__(self, number: int) -> None:
        super().__init__(bindparam("number", number, type_=BigInteger(), unique=True))


@compiles(transaction_lock, "sqlite")
def _transaction_lock_sqlite(
    element: transaction_lock, compiler: SQLCompiler, **kwargs: Any
) -> str:
    return "NULL"


@compiles(transaction_lock, "postgresql")
def _transaction_lock_postgresql(
    element: transaction_lock, compiler: SQLCompiler, **kwargs: Any
) -> str:
    (number,) = element.clauses
    return f"pg_advisory_xact_lock({compiler.process(number, **kwargs)})::TEXT"


class rows_of(FunctionElement[Any]):  # noqa: N801  reads as SQL's own word in a statement
    """The rows of a JSON array of arrays that is given as the parameter `name`, for `FROM`.

    Each is a `value`, of which `text_at` and `integer_at` take one field.
    """

    inherit_cache = True
    type = NullType()

    def __init__(self, name: str) -> None:
        super().__init__(bindparam(name, type_=Text(), required=True))


@compiles(rows_of, "sqlite")
def _rows_of_sqlite(element: rows_of, compiler: SQLCompiler, **kwargs: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **kwargs)})"


@compiles(rows_of, "postgresql")
def _rows_of_postgresql(element: rows_of, compiler: SQLCompiler, **kwargs: Any) -> str:
    return f"json_array_elements(CAST({compiler.process(element.clauses, **kwargs)} AS JSON))"


def text_at(rows: TableValuedAlias, index: int) -> ColumnElement[str]:
    """A field of a row, as text; null where it is JSON's null."""
    return rows.c.value.op("->>", return_type=Text())(literal_column(str(index)))


def integer_at(rows: TableValuedAlias, index: int) -> ColumnElement[int]:
    """A field of a row, as an integer."""
    return cast(text_at(rows, index), BigInteger)


def list_encoder(kind: TypeEngine[Any]) -> Callable[[Sequence[Any]], str] | None:
    """How SQLite is given a list parameter of this type, as JSON; None where it is no list."""
    if not isinstance(kind, _ListOf):
        return None
    if isinstance(kind.item, LargeBinary):
        return lambda values: json.dumps([value.hex() for value in values])
    return json.dumps
