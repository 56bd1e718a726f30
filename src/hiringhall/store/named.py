"""Accounts by what an operator calls them: an address, which several may have, or an id."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, bindparam, func, or_, select

from hiringhall.store.accounts import fold_email
from hiringhall.store.database import Tx
from hiringhall.store.statements import Statement
from hiringhall.store.tables import memberships, users


@dataclass(frozen=True, slots=True)
class Named:
    """A user, and the organization that it joined first."""

    user_id: str
    email: str
    organization_id: str | None


_columns = (users.c.id, users.c.email, memberships.c.organization_id)
_joined = users.outerjoin(memberships, memberships.c.user_id == users.c.id)
# One that is reached by its keys alone keeps its address as it was written.
_by_address = Statement(
    select(*_columns)
    .select_from(_joined)
    .where(
        or_(
            users.c.email_folded == bindparam("email_folded"),
            and_(
                users.c.email_folded.is_(None),
                func.lower(users.c.email) == func.lower(bindparam("email")),
            ),
        )
    )
    .order_by(users.c.id, memberships.c.joined_at_us),
    name="named_by_address",
)
_by_id = Statement(
    select(*_columns)
    .select_from(_joined)
    .where(
        or_(users.c.id == bindparam("named"), memberships.c.organization_id == bindparam("named"))
    )
    .order_by(users.c.id, memberships.c.joined_at_us),
    name="named_by_id",
)


async def by_address(tx: Tx, email: str) -> list[Named]:
    """Every account of an address, in any letter case, oldest first."""
    rows = await tx.all(_by_address, email=email, email_folded=fold_email(email))
    return _each_once(rows)


async def by_id(tx: Tx, identifier: str) -> list[Named]:
    """The user of an id, or the members of the organization of it."""
    return _each_once(await tx.all(_by_id, named=identifier))


def _each_once(rows: Sequence[Any]) -> list[Named]:
    found: dict[str, Named] = {}
    for row in rows:
        found.setdefault(row.id, Named(row.id, row.email, row.organization_id))
    return list(found.values())
