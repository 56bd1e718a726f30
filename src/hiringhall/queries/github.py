"""What happens in a team's repository, as GitHub tells it."""

from hiringhall.domain.errors import Invalid
from hiringhall.domain.policy import Actor
from hiringhall.domain.sentences import Field, sentence
from hiringhall.domain.teams import SecretName
from hiringhall.github import Activity
from hiringhall.hall import Hall
from hiringhall.queries.teams import opened_secret, team_view


async def github_activity(hall: Hall, *, actor: Actor, team_id: str) -> Activity:
    """Recent commits and open pull requests of a team's repository.

    Raises NotFound, NotYours, Invalid for what the team can mend, and Unreachable.
    """
    team = await team_view(hall, actor=actor, team_id=team_id)
    token = await opened_secret(hall, team_id=team.id, name=SecretName.GITHUB_TOKEN)
    missing = [
        name
        for name, there in (("gitRepoUrl", team.repository), ("githubToken", token))
        if not there
    ]
    if missing or team.repository is None or token is None:
        first, *second = (Field(name) for name in missing)
        both = [first, *(piece for one in second for piece in (" and ", one))]
        raise Invalid(
            sentence("Set ", *both, " in the team's config first"),
            dict.fromkeys(missing, "missing"),
        )
    return await hall.github.activity(team.repository, token=token)
