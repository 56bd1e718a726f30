"""Endpoints of outgoing webhooks: kept, found, and taken in hand by one sender at a time."""

import json
from typing import Any

from sqlalchemy import bindparam, case, func, select, update

from hiringhall.domain.webhooks import Endpoint, EndpointState
from hiringhall.store.database import Tx
from hiringhall.store.statements import Statement
from hiringhall.store.tables import webhook_endpoints as endpoints

_KEPT = ("id", "organization_id", "slot", "created_by", "created_at_us")
"""What does not change."""

_insert = Statement(
    lambda insert: (
        insert(endpoints)
        .values({column.name: bindparam(column.name) for column in endpoints.columns})
        .on_conflict_do_nothing()
    ),
    name="insert_webhook",
)
_save = Statement(
    update(endpoints)
    .where(endpoints.c.id == bindparam("endpoint"))
    .values(
        {
            column.name: bindparam(f"new_{column.name}")
            for column in endpoints.columns
            if column.name not in _KEPT
        }
    ),
    name="save_webhook",
)
_by_id = Statement(
    select(endpoints).where(endpoints.c.id == bindparam("endpoint")), name="webhook_by_id"
)
_lock = Statement(
    select(endpoints).where(endpoints.c.id == bindparam("endpoint")).with_for_update(),
    name="lock_webhook",
)
_of_organization = Statement(
    select(endpoints)
    .where(endpoints.c.organization_id == bindparam("organization"))
    .where(endpoints.c.state != "deleted")
    .order_by(endpoints.c.slot),
    name="webhooks_of_organization",
)
_to_plan = Statement(
    select(endpoints)
    .where(endpoints.c.organization_id == bindparam("organization"))
    .where(endpoints.c.state == "enabled")
    # Said for SQLite, which would not see that the index of places holds them.
    .where(endpoints.c.state != "deleted")
    .order_by(endpoints.c.id)
    .with_for_update(),
    name="webhooks_to_plan",
)
_has_any = Statement(
    select(endpoints.c.id)
    .where(endpoints.c.organization_id == bindparam("organization"))
    .where(endpoints.c.state == "enabled")
    # Said for SQLite, which would not see that the index of places holds them.
    .where(endpoints.c.state != "deleted")
    .limit(1),
    name="has_webhooks",
)
_organizations = Statement(
    select(endpoints.c.organization_id)
    .where(endpoints.c.state == "enabled")
    .group_by(endpoints.c.organization_id),
    name="organizations_with_webhooks",
)
_due = Statement(
    select(endpoints)
    .where(endpoints.c.state == "enabled", endpoints.c.next_due_us <= bindparam("now_us"))
    .where(endpoints.c.lease_until_us <= bindparam("now_us"))
    .order_by(endpoints.c.next_due_us)
    .limit(1)
    .with_for_update(skip_locked=True),
    name="due_webhook",
)
_later = case(
    (endpoints.c.lease_until_us > endpoints.c.next_due_us, endpoints.c.lease_until_us),
    else_=endpoints.c.next_due_us,
)
_next_due = Statement(
    select(func.min(_later).label("due_us")).where(
        endpoints.c.state == "enabled", endpoints.c.next_due_us.is_not(None)
    ),
    name="next_due_webhook",
)


async def add(tx: Tx, endpoint: Endpoint) -> bool:
    """Write a new endpoint down; False where its place was taken at the same moment."""
    return await tx.run(_insert, **_row(endpoint)) == 1


async def save(tx: Tx, endpoint: Endpoint) -> None:
    """Write an endpoint as it is now; whoever calls has it locked."""
    row = _row(endpoint)
    await tx.run(
        _save,
        endpoint=endpoint.id,
        **{f"new_{name}": value for name, value in row.items() if name not in _KEPT},
    )


async def by_id(tx: Tx, endpoint_id: str, *, for_change: bool = False) -> Endpoint | None:
    """An endpoint as it stands; one that was removed is none."""
    row = await tx.one(_lock if for_change else _by_id, endpoint=endpoint_id)
    if row is None or row.state == EndpointState.DELETED:
        return None
    return _to_endpoint(row)


async def of_organization(tx: Tx, organization_id: str) -> list[Endpoint]:
    """An organization's endpoints, of which there are few."""
    return [
        _to_endpoint(row) for row in await tx.all(_of_organization, organization=organization_id)
    ]


async def to_plan(tx: Tx, organization_id: str) -> list[Endpoint]:
    """Those that are on, locked."""
    return [_to_endpoint(row) for row in await tx.all(_to_plan, organization=organization_id)]


async def has_any(tx: Tx, organization_id: str) -> bool:
    """Whether an organization has one that is on."""
    return await tx.one(_has_any, organization=organization_id) is not None


async def organizations(tx: Tx) -> list[str]:
    """Every organization that has one that is on."""
    return [row.organization_id for row in await tx.all(_organizations)]


async def due(tx: Tx, *, now_us: int) -> Endpoint | None:
    """One to which something is to be sent now, and that nobody has in hand; locked."""
    row = await tx.one(_due, now_us=now_us)
    return None if row is None else _to_endpoint(row)


async def next_due_us(tx: Tx) -> int | None:
    """When there may be something to send next; None where nothing waits."""
    row = await tx.one(_next_due)
    return None if row is None else row.due_us


def _row(endpoint: Endpoint) -> dict[str, Any]:
    types = None if endpoint.types is None else json.dumps(list(endpoint.types))
    row = {column.name: getattr(endpoint, column.name) for column in endpoints.columns}
    return row | {"types": types, "state": endpoint.state.value}


def _to_endpoint(row: Any) -> Endpoint:
    values: dict[str, Any] = row._asdict()
    types = values["types"]
    values["types"] = None if types is None else tuple(json.loads(types))
    values["state"] = EndpointState(values["state"])
    return Endpoint(**values)
