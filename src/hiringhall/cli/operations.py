"""What an operator can have done, by name: the same table for the server and for a lone command."""

import inspect
from collections.abc import Awaitable, Callable
from typing import Any

from hiringhall.actions import accounts, budgets, roles
from hiringhall.actions.accounts import IssuedKey
from hiringhall.cli.adminsocket import error_line
from hiringhall.domain import ids
from hiringhall.domain.compute import CapScope, money
from hiringhall.domain.errors import HallError
from hiringhall.domain.roles import Role
from hiringhall.hall import Hall
from hiringhall.queries.accounts import list_keys as keys_of
from hiringhall.queries.accounts import list_users as all_users
from hiringhall.queries.budgets import Spending, spending_of, spending_of_hall
from hiringhall.store.errors import StoreError


async def create_user(
    hall: Hall,
    *,
    email: str,
    name: str,
    organization_name: str | None,
    password: str | None,
    without_organization: bool,
    is_admin: bool,
) -> dict[str, Any]:
    """Open an account; its key is in the answer and nowhere else."""
    issued = await accounts.create_user(
        hall,
        email=email,
        name=name,
        organization_name=organization_name,
        password=password,
        without_organization=without_organization,
    )
    if is_admin:
        await accounts.make_admin(hall, email=email)
    return {"email": email, "name": name, "is_admin": is_admin, **_issued(issued)}


def _issued(issued: IssuedKey | None) -> dict[str, Any]:
    if issued is None:
        return {}
    return {
        "user_id": issued.user_id,
        "organization_id": issued.organization_id,
        "organization_short_id": issued.organization_short_id,
        "key_prefix": issued.key.prefix,
        "api_key": issued.secret,
    }


async def invite(hall: Hall, *, valid_days: int) -> dict[str, Any]:
    """Make an invitation; its secret is in the answer and nowhere else."""
    secret = await accounts.invite(hall, valid_days=valid_days)
    return {"invitation": secret, "valid_days": valid_days}


async def set_password(hall: Hall, *, email: str, password: str) -> dict[str, Any]:
    """Give an account a password."""
    await accounts.set_password(hall, email=email, password=password)
    return {"email": email}


async def make_admin(hall: Hall, *, email: str, is_admin: bool) -> dict[str, Any]:
    """Let a user run the hall, or no longer."""
    await accounts.make_admin(hall, email=email, is_admin=is_admin)
    return {"email": email, "is_admin": is_admin}


async def set_plan_approval(hall: Hall, *, email: str, wanted: bool) -> dict[str, Any]:
    """Whether each task of a user's organization gets a plan to approve first."""
    await accounts.set_spec_approval(hall, email=email, wanted=wanted)
    return {"email": email, "plan_approval": wanted}


async def list_users(hall: Hall) -> dict[str, Any]:
    """Every user, with its organization's name."""
    return {
        "users": [
            {
                "id": ids.ref_of("user", user.id),
                "user_id": user.id,
                "email": user.email,
                "name": user.name,
                "organization": organization,
                "is_admin": user.is_admin,
                "created_at_us": user.created_at_us,
            }
            for user, organization in await all_users(hall)
        ]
    }


async def list_keys(hall: Hall, *, email: str) -> dict[str, Any]:
    """A user's keys by their prefixes."""
    return {
        "keys": [
            {
                "prefix": key.prefix,
                "label": key.label,
                "created_at_us": key.created_at_us,
                "used_at_us": key.used_at_us,
                "revoked_at_us": key.revoked_at_us,
            }
            for key in await keys_of(hall, email=email)
        ]
    }


async def revoke_key(hall: Hall, *, email: str, prefix: str) -> dict[str, Any]:
    """Let a user's key open nothing from now on."""
    await accounts.revoke_key(hall, email=email, prefix=prefix)
    return {"email": email, "prefix": prefix, "revoked": True}


async def set_role(
    hall: Hall, *, email: str, team: str | None, name: str, runtime: str, config: dict[str, Any]
) -> dict[str, Any]:
    """Add or change a role of a team of an organization."""
    return _role(
        await roles.set_role(
            hall, email=email, team=team, name=name, runtime=runtime, config=config
        )
    )


async def list_roles(hall: Hall, *, email: str, team: str | None) -> dict[str, Any]:
    """The roles of a team of an organization."""
    found = await roles.list_roles(hall, email=email, team=team)
    return {"roles": [_role(role) for role in found]}


async def remove_role(hall: Hall, *, email: str, team: str | None, name: str) -> dict[str, Any]:
    """Take a role away."""
    await roles.remove_role(hall, email=email, team=team, name=name)
    return {"email": email, "name": name, "removed": True}


def _role(role: Role) -> dict[str, Any]:
    return {"name": role.name, "runtime": role.runtime, "config": role.config}


async def set_cap(
    hall: Hall, *, email: str, scope: str, task_id: str | None, cap_micros: int | None
) -> dict[str, Any]:
    """Give a budget a cap of its own, or with None the hall's again."""
    await budgets.set_cap(
        hall, email=email, scope=CapScope(scope), task_id=task_id, cap_micros=cap_micros
    )
    return {"email": email, "cap_micros": cap_micros}


async def show_budget(hall: Hall, *, email: str, scope: str, task_id: str | None) -> dict[str, Any]:
    """What models have cost an organization, a team or a task."""
    return _spending(await spending_of(hall, email=email, scope=CapScope(scope), task_id=task_id))


async def show_own_budget(hall: Hall) -> dict[str, Any]:
    """What the hall itself has asked models for today."""
    return _spending(await spending_of_hall(hall))


def _spending(found: Spending) -> dict[str, Any]:
    return {
        "of": found.scope.value,
        "cap": None if found.cap_micros is None else money(found.cap_micros),
        "spent": money(found.spent_micros),
        "put_by": money(found.reserved_micros),
        "calls": found.calls,
    }


OPERATIONS: dict[str, Callable[..., Awaitable[dict[str, Any]]]] = {
    operation.__name__: operation
    for operation in (
        create_user,
        invite,
        set_password,
        make_admin,
        set_plan_approval,
        list_users,
        list_keys,
        revoke_key,
        set_role,
        list_roles,
        remove_role,
        set_cap,
        show_budget,
        show_own_budget,
    )
}


async def carry_out(hall: Hall, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """One operation on a hall; `{"value": …}`, or `{"error": …}` with the code of the refusal."""
    operation = OPERATIONS.get(name)
    if operation is None:
        return error_line("unknown_operation", f"This hall knows no operation {name!r}.")
    try:
        inspect.signature(operation).bind(hall, **arguments)
    except TypeError:
        return error_line("unknown_operation", f"This hall knows {name!r} otherwise.")
    try:
        return {"value": await operation(hall, **arguments)}
    except HallError as refusal:
        return error_line(refusal.code, refusal.message)
    except StoreError as failure:
        return error_line("store", str(failure))
