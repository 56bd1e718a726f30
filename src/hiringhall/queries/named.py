"""Whom an operator means: a user by address or id, an organization by one of its members."""

from hiringhall.domain import ids
from hiringhall.domain.errors import Invalid, NoOrganization, NotFound
from hiringhall.store import named, teams
from hiringhall.store.database import Tx
from hiringhall.store.named import Named

SHOWN = 10


async def user_named(tx: Tx, name: str) -> str:
    """The id of the user that is meant by an address or an id (`user_…`, or as it is kept).

    Raises NotFound, and Invalid where several have the address: it names them.
    """
    found = await _found(tx, name)
    if len(found) > 1:
        raise Invalid(
            f"Several accounts are meant by {name.strip()}: {_listed(found)}; "
            "name one by its id (--user)",
            {"email": "several"},
        )
    return found[0].user_id


async def organization_named(tx: Tx, name: str) -> str:
    """The id of the organization that is meant: by its own id (`cust_…`), or a member's name.

    Raises NotFound, NoOrganization, and Invalid where several are meant.
    """
    found = await _found(tx, name)
    if len({one.organization_id for one in found}) > 1:
        raise Invalid(
            f"Several accounts are meant by {name.strip()}: {_listed(found)}; "
            "name one by its id (--user), or the organization (--organization)",
            {"email": "several"},
        )
    organization_id = found[0].organization_id
    if organization_id is None:
        raise NoOrganization
    return organization_id


async def team_named(tx: Tx, name: str, *, team: str | None) -> str:
    """The id of a team of the organization that is meant: its first one, unless `team` names it.

    A team is named by its id (`team_…`, or as it is kept), or by its name where that is one
    team's alone. Raises what `organization_named` does.
    """
    organization_id = await organization_named(tx, name)
    if team is None:
        found = await teams.default_team_id(tx, organization_id)
        if found is None:
            raise NotFound("team")
        return found
    wanted = team.strip()
    identifier = ids.id_of_ref("team", wanted) or wanted
    there = await teams.of_organization(tx, organization_id)
    meant = [one for one in there if one.id == identifier]
    meant = meant or [one for one in there if one.name == wanted]
    if not meant:
        raise NotFound("team")
    if len(meant) > 1:
        listed = ", ".join(ids.ref_of("team", one.id) for one in meant[:SHOWN])
        raise Invalid(f"Several teams are called {wanted}: {listed}; name one by its id")
    return meant[0].id


async def _found(tx: Tx, name: str) -> list[Named]:
    tidy = name.strip()
    identifier = ids.id_of_ref("user", tidy) or ids.id_of_ref("cust", tidy) or tidy
    if ids.is_uuid(identifier):
        found = await named.by_id(tx, identifier)
    else:
        found = await named.by_address(tx, tidy)
    if not found:
        raise NotFound("user")
    return found


def _listed(found: list[Named]) -> str:
    """Each with its ids, as they may be given back."""
    return ", ".join(
        ids.ref_of("user", one.user_id)
        + (
            " (no organization)"
            if one.organization_id is None
            else f" (organization {ids.ref_of('cust', one.organization_id)})"
        )
        for one in found[:SHOWN]
    )
