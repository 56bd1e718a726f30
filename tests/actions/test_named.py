"""Whom an operator means: one of two accounts with an address, any team of an organization."""

from dataclasses import replace
from typing import Any

import pytest

from hiringhall.actions import accounts, registrations, roles
from hiringhall.actions.budgets import set_cap
from hiringhall.domain.compute import CapScope
from hiringhall.domain.errors import Forbidden, Invalid, NotFound
from hiringhall.domain.ids import ref_of
from hiringhall.domain.policy import Actor
from hiringhall.domain.roles import Role
from hiringhall.hall import Hall, Registration
from hiringhall.queries.accounts import list_keys, list_users
from hiringhall.queries.budgets import spending_of
from hiringhall.queries.teams import roles_of
from tests.support.halls import open_account, sign_up
from tests.support.teams import a_team

pytestmark = pytest.mark.anyio

ADDRESS = "ada@example.com"


async def two_accounts(hall: Hall) -> tuple[str, str]:
    """An account with an address, and one that registered with it again at the Agentix door."""
    await open_account(hall, "ada")
    hall = replace(hall, rules=replace(hall.rules, registration=Registration.OPEN))
    token = await registrations.begin(
        hall, name="Ada again", email="Ada@example.com", source_address="127.0.0.1"
    )
    await registrations.confirm(hall, token=token)
    assert await registrations.claim(hall, token=token) is not None
    first, second = [user.id for user, _ in await list_users(hall)]
    return first, second


async def test_one_of_two_accounts_is_named_by_its_id(hall: Hall) -> None:
    first, second = await two_accounts(hall)
    for call in (
        lambda: accounts.make_admin(hall, email=ADDRESS),
        lambda: accounts.set_password(hall, email="ADA@Example.com", password="long enough, 12"),
        lambda: accounts.set_spec_approval(hall, email=ADDRESS, wanted=True),
        lambda: list_keys(hall, email=ADDRESS),
        lambda: roles.list_roles(hall, email=ADDRESS),
        lambda: spending_of(hall, email=ADDRESS, scope=CapScope.ORGANIZATION),
    ):
        with pytest.raises(Invalid, match="Several accounts are meant") as refused:
            await call()
        for one in (first, second):
            assert ref_of("user", one) in refused.value.message
        assert "--user" in refused.value.message
    await accounts.make_admin(hall, email=ref_of("user", second))
    await accounts.make_admin(hall, email=second)
    admins = [user.id for user, _ in await list_users(hall) if user.is_admin]
    assert admins == [second]
    for unknown in (ref_of("user", hall.new_id()), hall.new_id(), "nobody@example.com", "user_x"):
        with pytest.raises(NotFound):
            await accounts.make_admin(hall, email=unknown)


async def test_an_organization_is_named_by_its_id_or_a_members(hall: Hall) -> None:
    first, _ = await two_accounts(hall)
    (key,) = await list_keys(hall, email=first)
    for name in (first, ref_of("user", first), ref_of("cust", key.organization_id or "")):
        await set_cap(hall, email=name, scope=CapScope.ORGANIZATION, cap_micros=7)
        spent = await spending_of(hall, email=name, scope=CapScope.ORGANIZATION)
        assert spent.cap_micros == 7


async def test_roles_reach_every_team(hall: Hall) -> None:
    ada, bob = await sign_up(hall), await sign_up(hall, "bob")
    team, theirs = await a_team(hall, ada, name="second"), await a_team(hall, bob, name="b")
    said: dict[str, Any] = {"runtime": "rehearsal", "config": {}}
    for number, name in enumerate((team.id, ref_of("team", team.id), "second")):
        made = await roles.set_role(hall, email=ADDRESS, team=name, name=f"r{number}", **said)
        assert made.team_id == team.id
        assert made in await roles.list_roles(hall, email=ADDRESS, team=name)
        assert made not in await roles.list_roles(hall, email=ADDRESS)
    await roles.remove_role(hall, email=ADDRESS, team="second", name="r0")
    for name in (theirs.id, "b", "nothing", ""):
        with pytest.raises(NotFound):
            await roles.set_role(hall, email=ADDRESS, team=name, name="x", **said)
    await a_team(hall, ada, name="second")
    with pytest.raises(Invalid, match="Several teams are called second"):
        await roles.set_role(hall, email=ADDRESS, team="second", name="x", **said)


@pytest.mark.parametrize(
    ("runtime", "config"),
    [("command", {"argv": ["true"]}), ("acp:generic", {"argv": ["agent"]}),
     ("rehearsal", {"environment": {"A": "b"}}), (None, {"mounts": ["/srv"]})],
)  # fmt: skip
async def test_a_customer_leaves_the_operators_roles_alone(
    hall: Hall, runtime: str | None, config: dict[str, object]
) -> None:
    ada = await sign_up(hall)
    team = await a_team(hall, ada)
    await roles.set_role(
        hall, email=ADDRESS, team=team.id, name="deploy", runtime=runtime or "rehearsal",
        config=config,
    )  # fmt: skip

    async def named(actor: Actor, name: str) -> Role:
        found = await roles_of(hall, actor=actor, team_id=team.id)
        return next(role for role in found if role.name == name)

    role = await named(ada, "deploy")
    for call in (
        lambda: roles.change_role(hall, actor=ada, role_id=role.id, system_prompt="Mine"),
        lambda: roles.change_role(hall, actor=ada, role_id=role.id, runtime=None),
        lambda: roles.change_role(hall, actor=ada, role_id=role.id, settings={"argv": None}),
        lambda: roles.delete_role(hall, actor=ada, role_id=role.id),
    ):
        with pytest.raises((Forbidden, Invalid), match="operator"):
            await call()
    assert await named(ada, "deploy") == role
    own = await named(ada, "backend-engineer")
    changed = await roles.change_role(hall, actor=ada, role_id=own.id, system_prompt="Mine")
    assert changed.system_prompt == "Mine"
    await roles.delete_role(hall, actor=ada, role_id=own.id)
