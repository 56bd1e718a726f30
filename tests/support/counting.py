"""A database that counts the statements of what is read through it."""

from dataclasses import dataclass, field, replace
from typing import Any

from hiringhall.hall import Hall
from hiringhall.store.database import Body, Database, Row, Tx
from hiringhall.store.statements import Statement


@dataclass
class _CountingTx:
    tx: Tx
    names: list[str]

    async def one(self, statement: Statement, /, **params: Any) -> Row | None:
        self.names.append(statement.name)
        return await self.tx.one(statement, **params)

    async def all(self, statement: Statement, /, **params: Any) -> list[Row]:
        self.names.append(statement.name)
        return await self.tx.all(statement, **params)

    async def run(self, statement: Statement, /, **params: Any) -> int:
        self.names.append(statement.name)
        return await self.tx.run(statement, **params)

    def after_commit(self, call: Any, /) -> None:
        self.tx.after_commit(call)


@dataclass
class CountingDatabase:
    """Hands everything on; `names` are the statements that were run, in their order."""

    database: Database
    names: list[str] = field(default_factory=list[str])

    @property
    def dialect(self) -> Any:
        return self.database.dialect

    async def write(self, body: Body[Any], /) -> Any:
        return await self.database.write(self._counted(body))

    async def read(self, body: Body[Any], /) -> Any:
        return await self.database.read(self._counted(body))

    async def scan(self, body: Body[Any], /) -> Any:
        return await self.database.scan(self._counted(body))

    async def close(self) -> None:
        await self.database.close()

    def _counted(self, body: Body[Any]) -> Body[Any]:
        async def counted(tx: Tx) -> Any:
            return await body(_CountingTx(tx, self.names))

        return counted


def counting(hall: Hall) -> tuple[Hall, list[str]]:
    """The same hall, and the names of the statements that are run through it from now on."""
    database = CountingDatabase(hall.database)
    return replace(hall, database=database), database.names
