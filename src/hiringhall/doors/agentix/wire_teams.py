"""The Agentix door's shapes of teams and playbooks (seed 004, "Teams")."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from hiringhall.domain.roles import Role
from hiringhall.domain.runs import Run
from hiringhall.domain.teams import MASK, SecretName, Team
from hiringhall.doors.agentix.wire import Ref, Time
from hiringhall.doors.agentix.wire_roles import RoleAnswer, role_answer
from hiringhall.doors.agentix.wire_tasks import TaskAnswer
from hiringhall.doors.agentix.wire_usage import UsageSummary, usage_summary
from hiringhall.doors.agentix.wire_workers import WorkerAnswer, worker_answer
from hiringhall.doors.agentix.words import ref, time_of
from hiringhall.queries.runs import Sums

Autonomy = Literal["supervised", "autonomous"]
Config = Annotated[
    dict[str, Any] | None,
    Meta(
        description="Free-form, put over what is there key by key; a key set to null goes. "
        "`gitRepoUrl` is the repository of tasks that name none, `githubToken` opens it, at its "
        "own host alone, goes where it goes, is sealed at rest and comes back masked, "
        "`review: true` has deliveries looked at before they are done, `pullRequest` (true or "
        "`draft`) has pull requests opened on GitHub for what workers push"
    ),
]
Sealed = Annotated[
    str | None,
    Meta(description="The team's own key for models; sealed at rest, and comes back masked"),
]


class TeamBody(msgspec.Struct, rename="camel"):
    """A team to be founded."""

    name: str
    goal: str | None = None
    autonomy: Annotated[
        str | None, Meta(description='"supervised" (what it is unless said) or "autonomous"')
    ] = None
    config: Config = None
    anthropic_api_key: Sealed = None


class TeamPatch(msgspec.Struct, rename="camel"):
    """What is to be another way; what is left out stays."""

    name: str | None = None
    goal: str | UnsetType | None = UNSET
    autonomy: str | None = None
    config: Config = None
    anthropic_api_key: Annotated[str | UnsetType | None, Meta(description="Null takes it away")] = (
        UNSET
    )


class TeamAnswer(msgspec.Struct, rename="camel"):
    """A team; secrets are masked, and not there where there are none."""

    id: Ref
    name: str
    goal: str | None
    autonomy: Autonomy
    config: dict[str, Any] | None
    created_at: Time
    anthropic_api_key: str | UnsetType = UNSET


class TeamDetails(msgspec.Struct, rename="camel"):
    """A team with what is in it."""

    id: Ref
    name: str
    goal: str | None
    autonomy: Autonomy
    config: dict[str, Any] | None
    created_at: Time
    roles: list[RoleAnswer]
    tasks: Annotated[
        list[TaskAnswer],
        Meta(description="Those that are a part of none, the newest first, at most 100"),
    ]
    workers: Annotated[list[WorkerAnswer], Meta(description="Those that have not ended")]
    usage_summary: UsageSummary
    anthropic_api_key: str | UnsetType = UNSET


class PlaybookBody(msgspec.Struct):
    """A playbook to be kept, letter by letter."""

    playbook: str


class PlaybookAnswer(msgspec.Struct, rename="camel"):
    """A team's playbook; null until one is set."""

    team_id: Ref
    playbook: str | None


class ActivityAnswer(msgspec.Struct):
    """What happens in the team's repository, in GitHub's own words."""

    commits: Annotated[list[dict[str, Any]], Meta(description="The newest first")]
    prs: Annotated[list[dict[str, Any]], Meta(description="Those that are open")]


def team_answer(team: Team) -> TeamAnswer:
    """A team by itself."""
    return TeamAnswer(
        id=ref("team", team.id),
        name=team.name,
        goal=team.goal,
        autonomy=team.autonomy.value,
        config=_shown(team),
        created_at=time_of(team.created_at_us),
        anthropic_api_key=_masked(team),
    )


def team_details(
    team: Team,
    *,
    roles: list[Role],
    tasks: list[TaskAnswer],
    workers: list[Run],
    used: Sums,
) -> TeamDetails:
    """A team with what is in it, and what it used."""
    return TeamDetails(
        id=ref("team", team.id),
        name=team.name,
        goal=team.goal,
        autonomy=team.autonomy.value,
        config=_shown(team),
        created_at=time_of(team.created_at_us),
        roles=[role_answer(role) for role in roles],
        tasks=tasks,
        workers=[worker_answer(run) for run in workers],
        usage_summary=usage_summary(used),
        anthropic_api_key=_masked(team),
    )


def _shown(team: Team) -> dict[str, Any] | None:
    token = SecretName.GITHUB_TOKEN
    masked = {token.value: MASK} if token in team.secrets else {}
    return {**(team.config or {}), **masked} or None


def _masked(team: Team) -> str | UnsetType:
    return MASK if SecretName.ANTHROPIC_API_KEY in team.secrets else UNSET
