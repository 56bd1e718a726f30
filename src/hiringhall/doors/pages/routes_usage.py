"""What a team used: minutes, tokens and money, drawn by day, told by role."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Raw, Route
from hiringhall.doors.look import word
from hiringhall.doors.look.filters import micros
from hiringhall.doors.pages.charts import HEIGHT, WIDTH, Bar, Share, bars, shares
from hiringhall.doors.pages.saying import Said, showing
from hiringhall.doors.pages.teams import TEAM, show_of_team
from hiringhall.doors.pages.visits import Visit
from hiringhall.queries.team_usage import Amounts, TeamUsage, team_usage_of
from hiringhall.queries.teams import team_view

SPANS = (7, 30, 90)
MOST_ROLES = 12
USUAL = 30
_MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Chart:
    """One measure by day and by role, and its highest bar of a day in words."""

    name: str
    bars: list[Bar]
    shares: list[Share]
    most: str
    total: str


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table: a day or a role, and its amounts in words."""

    name: str
    runs: str
    minutes: str
    tokens: str
    money: str


async def show_usage(visit: Visit, said: Said) -> Raw:
    """What was used in some days up to today."""
    hall, actor = visit.desk.hall, visit.actor
    team = await team_view(hall, actor=actor, team_id=visit.call.path["team_id"])
    given = visit.query["days"]
    days = next((one for one in SPANS if str(one) == given), USUAL)
    used = await team_usage_of(hall, actor=actor, team_id=team.id, days=days)
    return show_of_team(
        visit,
        "team_usage.html",
        team,
        "/usage",
        said,
        days=days,
        spans=SPANS,
        charts=_charts(used),
        by_day=[_row(_day(at_us), one) for at_us, one in used.days if one != Amounts()],
        by_role=[_row(_role(role), one) for role, one in used.roles],
        total=_row(word("usage.total"), used.total),
        first=_day(used.days[0][0]),
        last=_day(used.days[-1][0]),
        width=WIDTH,
        height=HEIGHT,
        currency=hall.rules.currency,
    )


def _charts(used: TeamUsage) -> list[Chart]:
    measures: tuple[tuple[str, Callable[[Amounts], int], Callable[[int], str]], ...] = (
        ("minutes", lambda one: one.worked_ms, _minutes),
        ("tokens", lambda one: one.tokens, lambda value: f"{value:,}"),
        ("money", lambda one: one.cost_micros, micros),
    )
    found: list[Chart] = []
    for name, measure, tell in measures:
        values = [(at_us, measure(one)) for at_us, one in used.days]
        drawn = bars([(f"{_day(at_us)}: {tell(value)}", value) for at_us, value in values])
        most = max((value for _, value in values), default=0)
        by_role = [(_role(role), measure(one), tell(measure(one))) for role, one in used.roles]
        lying = shares(by_role, MOST_ROLES)
        found.append(Chart(name, drawn, lying, tell(most), tell(measure(used.total))))
    return found


def _row(name: str, one: Amounts) -> Row:
    return Row(
        name, f"{one.runs:,}", _minutes(one.worked_ms), f"{one.tokens:,}", micros(one.cost_micros)
    )


def _role(name: str | None) -> str:
    return name or word("usage.no_role")


def _minutes(worked_ms: int) -> str:
    """Rounded up, as they are counted at the doors."""
    return f"{-(-worked_ms // _MINUTE_MS):,}"


def _day(at_us: int) -> str:
    return datetime.fromtimestamp(at_us // 1_000_000, UTC).strftime("%Y-%m-%d")


ROUTES: tuple[Route[Desk], ...] = (
    Route("GET", f"{TEAM}/usage", showing(show_usage), {200: None}, "What a team used"),
)
