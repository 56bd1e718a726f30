"""What a team used over some days: minutes, tokens and money, by day and by role."""

from dataclasses import dataclass

from hiringhall.domain.errors import Invalid
from hiringhall.domain.policy import Actor
from hiringhall.hall import Hall
from hiringhall.queries.teams import team_view
from hiringhall.store import team_usage
from hiringhall.store.database import Tx
from hiringhall.store.team_usage import DAY_US, Used

__all__ = ["DAY_US", "MOST_DAYS", "Amounts", "TeamUsage", "team_usage_of"]

MOST_DAYS = 90


@dataclass(frozen=True, slots=True)
class Amounts:
    """What was used: runs begun, milliseconds of work, calls of models, tokens, micros of money."""

    runs: int = 0
    worked_ms: int = 0
    calls: int = 0
    tokens: int = 0
    cost_micros: int = 0

    def plus(self, other: "Amounts") -> "Amounts":
        """Both together."""
        return Amounts(
            self.runs + other.runs,
            self.worked_ms + other.worked_ms,
            self.calls + other.calls,
            self.tokens + other.tokens,
            self.cost_micros + other.cost_micros,
        )


@dataclass(frozen=True, slots=True)
class TeamUsage:
    """By day (µs of its first moment), oldest first and each one there; by role, None last.

    `cells` has what was used on a day in a role, where anything was.
    """

    days: list[tuple[int, Amounts]]
    roles: list[tuple[str | None, Amounts]]
    cells: dict[tuple[int, str | None], Amounts]
    total: Amounts


async def team_usage_of(hall: Hall, *, actor: Actor, team_id: str, days: int) -> TeamUsage:
    """What a team used today and in the days before, so many in all.

    Raises NotFound, NotYours and Invalid.
    """
    if not 1 <= days <= MOST_DAYS:
        raise Invalid(f"days is 1 to {MOST_DAYS}", {"days": "range"})
    team = await team_view(hall, actor=actor, team_id=team_id)
    now_us = hall.clock()
    today = now_us // DAY_US
    first = today - days + 1

    async def find(tx: Tx) -> list[Used]:
        from_us, until_us = first * DAY_US, (today + 1) * DAY_US
        return await team_usage.used(tx, team.id, from_us=from_us, until_us=until_us, now_us=now_us)

    lines = [
        (
            one.day,
            one.role,
            Amounts(one.runs, one.worked_ms, one.calls, one.tokens, one.cost_micros),
        )
        for one in await hall.database.scan(find)
    ]
    by_day = dict.fromkeys(range(first, today + 1), Amounts())
    by_role: dict[str | None, Amounts] = {}
    cells: dict[tuple[int, str | None], Amounts] = {}
    total = Amounts()
    for day, role, amounts in lines:
        by_day[day] = by_day.get(day, Amounts()).plus(amounts)
        by_role[role] = by_role.get(role, Amounts()).plus(amounts)
        at = day * DAY_US, role
        cells[at] = cells.get(at, Amounts()).plus(amounts)
        total = total.plus(amounts)
    roles = sorted(by_role.items(), key=_by_name)
    found = [(day * DAY_US, by_day[day]) for day in sorted(by_day)]
    return TeamUsage(found, roles, cells, total)


def _by_name(line: tuple[str | None, Amounts]) -> tuple[bool, str]:
    return line[0] is None, line[0] or ""
