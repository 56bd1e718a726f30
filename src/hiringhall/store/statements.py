"""A statement is declared once with SQLAlchemy Core and run as plain text by either driver.

SQLAlchemy compiles each statement once per dialect, on first use, and takes no part in running
it. What a statement says beside its parameters (`state = 'open'`, `LIMIT 20`) stands in the text
as a literal, so that both planners can match it with partial indexes.
"""

import keyword
import sys
from collections import namedtuple
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from operator import itemgetter
from typing import Any, Literal, Protocol, TypeAlias
from weakref import WeakSet

from sqlalchemy import ClauseElement, TableClause
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.sql import visitors
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.elements import TextClause
from sqlalchemy.types import Float, Integer, LargeBinary, NullType, Numeric, String, TypeEngine

from hiringhall.store.dialects import (
    POSTGRESQL,
    SQLITE,
    any_of,
    contains,
    list_encoder,
)
from hiringhall.store.errors import InvalidValue, StatementError

__all__ = [
    "InsertOf",
    "Plan",
    "Row",
    "Statement",
    "Value",
    "any_of",
    "contains",
    "declared",
]

Scalar: TypeAlias = str | int | float | bytes | None
Value: TypeAlias = Scalar | Sequence[str] | Sequence[int] | Sequence[bytes]
Parameters: TypeAlias = dict[str, Any]
Row: TypeAlias = Any
"""A named tuple, one type per statement, its fields named by the columns' labels."""


class InsertOf(Protocol):
    """The dialect's own `insert`, which both know `on_conflict_do_nothing` and `…_do_update`."""

    def __call__(self, table: TableClause, /) -> postgresql.Insert: ...


@dataclass(frozen=True, slots=True)
class Plan:
    """A statement as one driver takes it."""

    name: str
    sql: str
    names: frozenset[str]
    """The parameters, each of which must be given."""
    count: int
    """How many they are. As many as these and each of them found: then they are these."""
    bind: Callable[[Parameters], tuple[Any, ...]]
    """Makes the driver's arguments of the parameters; a `KeyError` where one is missing."""
    row: Callable[[Any], Row] | None
    """Makes a named tuple of the driver's row; None for a statement that returns no rows."""
    writes: bool
    element: ClauseElement

    def refuse(self, params: Parameters) -> StatementError | None:
        """What to raise for parameters that are not exactly `names`."""
        if params.keys() == self.names:
            return None
        missing = sorted(self.names - params.keys())
        unknown = sorted(params.keys() - self.names)
        wrong = [f"lacks {', '.join(missing)}"] if missing else []
        wrong += [f"knows no {', '.join(unknown)}"] if unknown else []
        return StatementError(f"statement {self.name} {' and '.join(wrong)}")

    def refuse_rows(self) -> StatementError:
        """What to raise where rows are asked of a statement that has none, or the reverse."""
        if self.row is not None:
            return StatementError(f"statement {self.name} returns rows: use one() or all()")
        return StatementError(
            f"statement {self.name} returns no rows (a text() needs .columns(…)): use run()"
        )

    def refuse_many(self) -> StatementError:
        """What to raise where one row was expected and there are more."""
        return StatementError(f"statement {self.name} returned more than one row")


class Statement:
    """One SQL statement, declared at module level.

    `build` is a Core expression, or a function that is given the dialect's `insert` and returns
    one (upserts differ by dialect only in their class). Parameters are `bindparam("name")`s
    without a value. Anything wrong with it is a `StatementError` when it is first compiled.
    """

    def __init__(
        self, build: ClauseElement | Callable[[InsertOf], ClauseElement], *, name: str
    ) -> None:
        self.name = name
        # Where it is declared, so that a test can tell the hall's statements from its own.
        self.module: str = sys._getframe(1).f_globals["__name__"]  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        self._build = build
        _declared.add(self)

    @cached_property
    def sqlite(self) -> Plan:
        """The statement for `sqlite3`: its parameters are given in order.

        By name they would read better in a trace, but the driver looks each name up again every
        time: measured on the insert of a task, 1.7 times the CPU.
        """
        element = self._element(sqlite.insert)
        compiled = self._compile(element, "sqlite")
        encoders = {
            bind.key: encode
            for bind in compiled.bind_names
            if (encode := list_encoder(bind.type)) is not None
        }

        in_order = _in_order(compiled.positiontup or [])

        def with_lists(params: Parameters) -> tuple[Any, ...]:
            try:
                encoded = {name: encode(params[name]) for name, encode in encoders.items()}
            except (TypeError, AttributeError, ValueError):
                told = f"statement {self.name}: a list holds what its column cannot"
                raise InvalidValue(told) from None
            return in_order(params | encoded)

        return self._plan(element, compiled, with_lists if encoders else in_order)

    @cached_property
    def postgresql(self) -> Plan:
        """The statement for `asyncpg`: numbered parameters, given in order."""
        element = self._element(postgresql.insert)
        compiled = self._compile(element, "postgresql")
        return self._plan(element, compiled, _in_order(compiled.positiontup or []))

    def _element(self, insert: Any) -> ClauseElement:
        if isinstance(self._build, ClauseElement):
            return self._build
        try:
            return self._build(insert)
        except SQLAlchemyError as error:
            raise StatementError(f"statement {self.name} cannot be built: {error}") from error

    def _compile(
        self, element: ClauseElement, dialect: Literal["sqlite", "postgresql"]
    ) -> SQLCompiler:
        try:
            compiled = element.compile(dialect=SQLITE if dialect == "sqlite" else POSTGRESQL)
        except SQLAlchemyError as error:
            raise StatementError(
                f"statement {self.name} does not compile for {dialect}: {error}"
            ) from error
        assert isinstance(compiled, SQLCompiler)
        return compiled

    def _plan(
        self,
        element: ClauseElement,
        compiled: SQLCompiler,
        bind: Callable[[Parameters], tuple[Any, ...]],
    ) -> Plan:
        if compiled.post_compile_params or compiled.literal_execute_params:
            raise StatementError(
                f"statement {self.name} has a list left to be expanded: "
                'use any_of(column, "name") instead of in_(bindparam(…))'
            )
        for bind_name in compiled.bind_names.values():
            if not bind_name.isidentifier():
                raise StatementError(f"statement {self.name}: {bind_name!r} is no parameter name")
        names = frozenset(compiled.bind_names.values())
        return Plan(
            name=self.name,
            sql=str(compiled),
            names=names,
            count=len(names),
            bind=bind,
            row=self._row_maker(compiled),
            # A bare text says nothing of itself, so it is taken for the worse.
            writes=isinstance(element, TextClause)
            or any(isinstance(part, UpdateBase) for part in visitors.iterate(element)),
            element=element,
        )

    def _row_maker(self, compiled: SQLCompiler) -> Callable[[Any], Row] | None:
        columns = compiled._result_columns  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        if not columns:
            return None
        labels = [str(column.keyname) for column in columns]
        for column, label in zip(columns, labels, strict=True):
            self._check_label(label, labels)
            self._check_type(label, column.type)
        row_type: Any = namedtuple(f"{self.name}_row".replace(".", "_"), labels)  # noqa: PYI024  # pyright: ignore[reportUntypedNamedTuple]
        # The constructor of `tuple` itself: named tuples' own is a Python function.
        return partial(tuple.__new__, row_type)  # pyright: ignore[reportUnknownMemberType]

    def _check_label(self, label: str, labels: list[str]) -> None:
        bad = not label.isidentifier() or keyword.iskeyword(label) or label.startswith("_")
        if bad or labels.count(label) > 1:
            raise StatementError(
                f"statement {self.name}: column {label!r} cannot name a field: give it a label"
            )

    def _check_type(self, label: str, kind: TypeEngine[Any]) -> None:
        exact = isinstance(kind, Numeric) and not isinstance(kind, Float)
        if exact or not isinstance(kind, (Integer, String, LargeBinary, Float, NullType)):
            raise StatementError(
                f"statement {self.name}: column {label!r} is {kind!r}, which the two databases "
                "hand back differently: use integers, texts and bytes (case() for a comparison)"
            )


_declared: WeakSet[Statement] = WeakSet()


def declared() -> list[Statement]:
    """Every statement of the modules imported so far, by name."""
    return sorted(_declared, key=lambda statement: statement.name)


def _in_order(order: Sequence[str]) -> Callable[[Parameters], tuple[Any, ...]]:
    if not order:
        return lambda _params: ()
    if len(order) == 1:
        (only,) = order
        return lambda params: (params[only],)
    return itemgetter(*order)
