"""Opens what a team keeps sealed, for the step of a run that needs it, and has it looked for.

A team's token goes to one origin, its own repository's: a task may name any repository, and whoever
posts it could else have the token sent to a server of theirs.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from hiringhall.actions.runs import working
from hiringhall.domain.runs import RunToken
from hiringhall.domain.teams import PullRequests, SecretName, origin_of, token_origin
from hiringhall.github import GitHub
from hiringhall.hall import Hall
from hiringhall.queries.teams import opened_secret, team_of_task
from hiringhall.sealing import CannotOpen
from hiringhall.workers.git.errors import NoAccess
from hiringhall.workers.masking import LiveSecrets


@dataclass(frozen=True, slots=True)
class Keys:
    """What one task's runs get at repositories with, and what must not be in their work.

    `token` is for the repositories of `origin` alone; `live` are all secrets that a run could have
    got hold of. `pull_requests` is whether the team wants them, at `github`.
    """

    token: str | None = field(default=None, repr=False)
    origin: str = ""
    live: Sequence[str] = field(default=(), repr=False)
    pull_requests: PullRequests = PullRequests.NONE
    github: GitHub | None = None

    def token_for(self, repository: str | None) -> str | None:
        """The token, where the repository is of the origin that it was given for."""
        fits = repository is not None and self.origin and origin_of(repository) == self.origin
        return self.token if fits else None


class Access(Protocol):
    """Opens a team's secrets."""

    async def keys(self, task_id: str) -> Keys:
        """A task's keys as they are now; raises NoAccess where they cannot be opened."""
        ...

    async def hold(self, token: RunToken) -> None:
        """Have a run's place for as long as a lease from now on; raises Superseded."""
        ...


class TeamAccess:
    """Opens them for a hall, once that is composed: places of work are made before it."""

    def __init__(self, secrets: LiveSecrets, *, lease_s: int) -> None:
        self._secrets = secrets
        self._lease_s = lease_s
        self.hall: Hall | None = None

    async def keys(self, task_id: str) -> Keys:
        """Open all that the task's team keeps; from then on it is among the live secrets."""
        hall = self.hall
        assert hall is not None, "a run began before the hall was composed"
        team = await team_of_task(hall, task_id=task_id)
        if team is None:
            return Keys()
        opened: dict[SecretName, str | None] = {}
        try:
            for name in sorted(team.secrets):
                opened[name] = await opened_secret(hall, team_id=team.id, name=name)
                self._secrets.hold(opened[name], organization_id=team.organization_id)
        except CannotOpen as error:
            raise NoAccess(
                f"The team's secrets cannot be opened ({error}): give its githubToken and "
                "anthropicApiKey anew, or give the hall its former secret key back."
            ) from error
        return Keys(
            token=opened.get(SecretName.GITHUB_TOKEN),
            origin=token_origin(team.config, usual=hall.github.origin),
            live=self._secrets.of(team.organization_id),
            pull_requests=team.pull_requests,
            github=hall.github,
        )

    async def hold(self, token: RunToken) -> None:
        """Renew the run's lease, which nobody can who was followed by another."""
        assert self.hall is not None, "a run began before the hall was composed"
        await working.heartbeat(self.hall, token=token, lease_s=self._lease_s)
