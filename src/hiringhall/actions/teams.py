"""Teams: founded with their first roles, changed, and given a playbook."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hiringhall.actions.transaction import action
from hiringhall.domain import ids
from hiringhall.domain.errors import Invalid, NoOrganization, NotFound
from hiringhall.domain.first_roles import FIRST_ROLES
from hiringhall.domain.meanwhile import still_meant
from hiringhall.domain.names import tidy_name
from hiringhall.domain.policy import Actor, check_sees
from hiringhall.domain.roles import Role
from hiringhall.domain.sentences import Field, sentence
from hiringhall.domain.teams import (
    MASK,
    Autonomy,
    SecretName,
    Team,
    autonomy_of,
    merge_config,
    repository_of,
    secret_place,
    tidy_goal,
    tidy_playbook,
    tidy_secret,
    token_origin,
)
from hiringhall.hall import Hall
from hiringhall.store import roles, teams
from hiringhall.store.database import Tx

KEEP: Any = object()
"""Stands for what a change does not speak of, where None says something."""


_OF_CONFIG = "config."
"""What a part of a team's config is called among all that can be changed of it."""


async def create_team(
    hall: Hall,
    *,
    actor: Actor,
    name: str,
    goal: str | None = None,
    autonomy: str | None = None,
    config: dict[str, Any] | None = None,
    anthropic_api_key: str | None = None,
) -> Team:
    """Found a team in the actor's organization, with three roles to begin with; raises Invalid."""
    if actor.organization_id is None:
        raise NoOrganization
    now_us = hall.clock()
    team = Team(
        id=hall.new_id(),
        organization_id=actor.organization_id,
        name=tidy_name(name, "name"),
        is_default=False,
        goal=tidy_goal(goal),
        autonomy=Autonomy.SUPERVISED if autonomy is None else autonomy_of(autonomy),
        config=None,
        playbook=None,
        created_at_us=now_us,
        updated_at_us=now_us,
    )
    team, secrets = _configured(hall, team, config, anthropic_api_key)
    return await _found(hall, team=team, secrets=secrets)


@action
async def _found(tx: Tx, hall: Hall, *, team: Team, secrets: dict[SecretName, str | None]) -> Team:
    await teams.add(tx, team)
    await _keep_secrets(tx, hall, team, secrets)
    for first in FIRST_ROLES:
        role = Role(
            id=hall.new_id(),
            team_id=team.id,
            name=first.name,
            runtime=None,
            config={"system_prompt": first.system_prompt, "timeout_s": first.timeout_s},
            created_at_us=team.created_at_us,
            updated_at_us=team.created_at_us,
        )
        await roles.add(tx, role)
    return replace(team, secrets=_names_after(team, secrets))


@action
async def change_team(
    tx: Tx,
    hall: Hall,
    *,
    actor: Actor,
    team_id: str,
    name: str | None = None,
    goal: str | None = KEEP,
    autonomy: str | None = None,
    config: dict[str, Any] | None = None,
    anthropic_api_key: str | None = KEEP,
    seen: Mapping[str, str] | None = None,
) -> Team:
    """Change what is named; `config` is put over what is there, key by key, and null takes away.

    `seen` are the marks of `said_of` as it was read: what somebody else has changed since is not
    overwritten. Raises NotFound, NotYours, Invalid, and LostRace where both changed the same.
    """
    was = team = await _load(tx, actor, team_id)
    wanted: dict[str, Any] = {_OF_CONFIG + key: value for key, value in (config or {}).items()}
    if name is not None:
        wanted["name"] = tidy_name(name, "name")
    if goal is not KEEP:
        wanted["goal"] = tidy_goal(goal)
    if autonomy is not None:
        wanted["autonomy"] = autonomy_of(autonomy)
    meant = still_meant(wanted, said_of(team), seen or {})
    given = {key.removeprefix(_OF_CONFIG): meant[key] for key in meant if _OF_CONFIG in key}
    team = replace(
        team,
        name=meant.get("name", team.name),
        goal=meant.get("goal", team.goal),
        autonomy=meant.get("autonomy", team.autonomy),
        updated_at_us=hall.clock(),
    )
    team, secrets = _configured(hall, team, given, anthropic_api_key)
    await teams.change(tx, team)
    if team.max_workers != was.max_workers:
        tx.after_commit(hall.engine.wake)
    if (team.autonomy, team.max_workers) != (was.autonomy, was.max_workers):
        tx.after_commit(lambda: hall.engine.look_at(team.id))
    await _keep_secrets(tx, hall, team, secrets)
    return replace(team, secrets=_names_after(team, secrets))


def said_of(team: Team) -> dict[str, Any]:
    """What a change of a team can say anew, as it stands: for the marks of whoever reads it."""
    config = {_OF_CONFIG + key: value for key, value in (team.config or {}).items()}
    return {"name": team.name, "goal": team.goal, "autonomy": team.autonomy, **config}


@action
async def set_playbook(
    tx: Tx,
    hall: Hall,
    *,
    actor: Actor,
    team_id: str,
    playbook: str,
    seen: Mapping[str, str] | None = None,
) -> None:
    """Give a team another playbook; raises NotFound, NotYours and Invalid.

    `seen` is the mark of the one that was read: LostRace where it is another by now.
    """
    tidy = tidy_playbook(playbook)
    team = await _load(tx, actor, team_id)
    if not still_meant({"playbook": tidy}, {"playbook": team.playbook}, seen or {}):
        return
    await teams.set_playbook(tx, team.id, tidy, at_us=hall.clock())


async def _load(tx: Tx, actor: Actor, team_id: str) -> Team:
    team = await teams.by_id(tx, team_id, for_change=True) if ids.is_uuid(team_id) else None
    check_sees(actor, None if team is None else team.organization_id, "team")
    if team is None:
        raise NotFound("team")
    return team


def _configured(
    hall: Hall, team: Team, change: dict[str, Any] | None, anthropic_api_key: str | None
) -> tuple[Team, dict[SecretName, str | None]]:
    merged = merge_config(team.config, change or {})
    secrets = dict(merged.secrets)
    if anthropic_api_key is not KEEP and anthropic_api_key != MASK:
        name = SecretName.ANTHROPIC_API_KEY
        secrets[name] = tidy_secret(name.value, anthropic_api_key)
    repository = repository_of(merged.config)
    if repository is not None and repository != team.repository:
        merged.config["gitRepoUrl"] = hall.check_repository(repository)
    _drop_token(team, merged.config, secrets)
    _check_token_stays(hall, team, merged.config, secrets)
    return replace(team, config=merged.config or None), secrets


def _drop_token(team: Team, config: dict[str, Any], secrets: dict[SecretName, str | None]) -> None:
    """With a repository that is taken away goes the token that opened it."""
    if team.repository is not None and repository_of(config) is None:
        secrets.setdefault(SecretName.GITHUB_TOKEN, None)


def _check_token_stays(
    hall: Hall, team: Team, config: dict[str, Any], secrets: dict[SecretName, str | None]
) -> None:
    """Whoever may change a team could else have its token sent to a host of their own."""
    name = SecretName.GITHUB_TOKEN
    if name not in team.secrets or name in secrets:
        return
    usual = hall.github.origin
    if token_origin(team.config, usual=usual) != token_origin(config, usual=usual):
        raise Invalid(
            sentence(
                Field("gitRepoUrl"),
                " moves to another host, which the ",
                Field("githubToken"),
                " that is kept was not given for: send the ",
                Field("githubToken"),
                " for the new one along (null for none)",
            ),
            {"githubToken": "needed again"},
        )


async def _keep_secrets(
    tx: Tx, hall: Hall, team: Team, secrets: dict[SecretName, str | None]
) -> None:
    for name, secret in secrets.items():
        place = secret_place(team.id, name)
        sealed = None if secret is None else hall.sealer.seal(secret, place=place)
        await teams.keep_secret(
            tx, team_id=team.id, name=name, sealed=sealed, at_us=team.updated_at_us
        )


def _names_after(team: Team, secrets: dict[SecretName, str | None]) -> frozenset[SecretName]:
    given = {name for name, secret in secrets.items() if secret is not None}
    return (team.secrets - secrets.keys()) | given
