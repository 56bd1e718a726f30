"""What a team used: minutes, tokens and money, each drawn and told by day and by role."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Raw, Route
from hiringhall.doors.look import word
from hiringhall.doors.look.filters import micros
from hiringhall.doors.pages.charts import HEIGHT, WIDTH, Bar, Share, bars, shares, stacks
from hiringhall.doors.pages.saying import Said, showing
from hiringhall.doors.pages.teams import TEAM, show_of_team
from hiringhall.doors.pages.visits import Visit
from hiringhall.queries.team_usage import Amounts, TeamUsage, team_usage_of
from hiringhall.queries.teams import team_view

SPANS = (7, 30, 90)
MOST_ROLES = 12
MOST_KINDS = 7
"""So many colours there are."""
USUAL = 30
_MINUTE_MS = 60_000


Measure = Callable[[Amounts], int]


@dataclass(frozen=True, slots=True)
class Kind:
    """Roles that have a colour, mostly one."""

    name: str
    style: str
    roles: list[str | None]


@dataclass(frozen=True, slots=True)
class Chart:
    """One measure by day and by role, and its highest bar of a day in words.

    `stacks` are the paths by their colours; `bars` say what a day comes to, `lines` all of it.
    """

    name: str
    stacks: list[tuple[str, str]]
    bars: list[Bar]
    shares: list[Share]
    most: str
    total: str
    lines: list[tuple[str, list[str]]]


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
        kinds=[one.name for one in _kinds(used)],
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
    measures: tuple[tuple[str, Measure, Callable[[int], str]], ...] = (
        ("minutes", lambda one: one.worked_ms, _minutes),
        ("tokens", lambda one: one.tokens, lambda value: f"{value:,}"),
        ("money", lambda one: one.cost_micros, micros),
    )
    kinds = _kinds(used)
    style_of = {role: kind.style for kind in kinds for role in kind.roles}
    found: list[Chart] = []
    for name, measure, tell in measures:
        days = [(_day(at_us), measure(one)) for at_us, one in used.days]
        table = [_by_kind(used, at_us, kinds, measure) for at_us, _ in used.days]
        drawn = zip(kinds, stacks(table), strict=True)
        by_role = [
            (_role(role), measure(one), tell(measure(one)), style_of[role])
            for role, one in used.roles
        ]
        found.append(
            Chart(
                name=name,
                stacks=[(kind.style, path) for kind, path in drawn if path],
                bars=bars([(f"{day}: {tell(value)}", value) for day, value in days]),
                shares=shares(by_role, MOST_ROLES),
                most=tell(max(value for _, value in days)),
                total=tell(measure(used.total)),
                lines=[
                    (day, [tell(one) for one in line])
                    for (day, _), line in zip(days, table, strict=True)
                    if any(line)
                ],
            )
        )
    return found


def _by_kind(used: TeamUsage, at_us: int, kinds: list[Kind], measure: Measure) -> list[int]:
    """What the roles of each colour used on a day."""
    nothing = Amounts()
    return [
        sum(measure(used.cells.get((at_us, role), nothing)) for role in kind.roles)
        for kind in kinds
    ]


def _kinds(used: TeamUsage) -> list[Kind]:
    """The roles by their colours: those that used most have one each, the others share the last."""
    ranked = sorted(
        used.roles, key=lambda one: (-one[1].cost_micros, -one[1].tokens, -one[1].worked_ms)
    )
    roles = [role for role, _ in ranked]
    own = roles if len(roles) <= MOST_KINDS else roles[: MOST_KINDS - 1]
    found = [Kind(_role(role), f"kind-{number}", [role]) for number, role in enumerate(own, 1)]
    if others := roles[len(own) :]:
        name = word("usage.other_roles", count=len(others))
        found.append(Kind(name, f"kind-{MOST_KINDS}", others))
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
