"""What happens in a team's repository, asked of GitHub when the page is; or why it says nothing."""

from dataclasses import dataclass
from typing import Any, cast

from hiringhall.domain.errors import Invalid, Unreachable
from hiringhall.domain.market import tidy_link
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Raw, Route
from hiringhall.doors.look import word
from hiringhall.doors.pages.plain import in_words
from hiringhall.doors.pages.saying import Said, showing
from hiringhall.doors.pages.teams import TEAM, show_of_team
from hiringhall.doors.pages.told import label_of
from hiringhall.doors.pages.visits import Visit
from hiringhall.queries.github import github_activity
from hiringhall.queries.teams import team_view

MOST_TITLE = 200


@dataclass(frozen=True, slots=True)
class Line:
    """A commit or a pull request: what it is called, whose it is, and where it can be read."""

    name: str
    title: str
    who: str
    when: str
    link: str | None
    is_draft: bool = False


async def show_github(visit: Visit, said: Said) -> Raw:
    """Recent commits and open pull requests; what hinders is said, and who can mend it."""
    hall, actor = visit.desk.hall, visit.actor
    team = await team_view(hall, actor=actor, team_id=visit.call.path["team_id"])
    commits: list[Line] = []
    pulls: list[Line] = []
    hindrance, is_ours = "", False
    try:
        found = await github_activity(hall, actor=actor, team_id=team.id)
        commits = [_commit(one) for one in found.commits]
        pulls = [_pull(one) for one in found.pulls]
    except (Invalid, Unreachable) as error:
        hindrance, is_ours = _hindrance(error).rstrip("."), isinstance(error, Invalid)
    return show_of_team(
        visit,
        "team_github.html",
        team,
        "/github",
        said,
        commits=commits,
        pulls=pulls,
        hindrance=hindrance,
        is_ours=is_ours,
    )


def _hindrance(error: Invalid | Unreachable) -> str:
    fields = error.fields if isinstance(error, Invalid) else {}
    if fields and set(fields.values()) == {"missing"}:
        labels = [f"“{label_of(name)}”" for name in fields]
        return word("github.missing", what=" and ".join(labels))
    return in_words(error)


def _commit(item: dict[str, Any]) -> Line:
    message, author = _text(item, "commit", "message"), _text(item, "commit", "author", "name")
    return Line(
        name=_text(item, "sha")[:10],
        title=(message.splitlines() or [""])[0][:MOST_TITLE],
        who=author[:MOST_TITLE],
        when=_text(item, "commit", "author", "date")[:10],
        link=tidy_link(_text(item, "html_url")),
    )


def _pull(item: dict[str, Any]) -> Line:
    number = item.get("number")
    return Line(
        name=f"#{number}" if isinstance(number, int) else "",
        title=_text(item, "title")[:MOST_TITLE],
        who=_text(item, "user", "login")[:MOST_TITLE],
        when=_text(item, "created_at")[:10],
        link=tidy_link(_text(item, "html_url")),
        is_draft=item.get("draft") is True,
    )


def _text(item: object, *path: str) -> str:
    """A text inside of what somebody else's service sent; nothing where it is of another shape."""
    for name in path:
        item = cast("dict[str, object]", item).get(name) if isinstance(item, dict) else None
    return item if isinstance(item, str) else ""


ROUTES: tuple[Route[Desk], ...] = (
    Route("GET", f"{TEAM}/github", showing(show_github), {200: None}, "A team's repository"),
)
