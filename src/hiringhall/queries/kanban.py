"""A team's board, its tasks and its workers, as people at the pages look at them."""

from collections.abc import Sequence
from dataclasses import dataclass

from hiringhall.domain.board import COLUMN_OF
from hiringhall.domain.errors import NotFound
from hiringhall.domain.policy import Actor
from hiringhall.domain.runs import LIVE, Run
from hiringhall.domain.tasks import State
from hiringhall.domain.teams import Team
from hiringhall.hall import Hall
from hiringhall.queries.boards import task_details
from hiringhall.queries.teams import team_view
from hiringhall.store import kanban, workers
from hiringhall.store.boards import Details
from hiringhall.store.database import Tx
from hiringhall.store.kanban import Card
from hiringhall.store.workers import NEWEST

__all__ = ["COLUMNS", "Card", "Column", "Kanban", "Working", "kanban_of", "sheet_of", "working"]

COLUMNS = (
    State.DRAFT,
    State.OPEN,
    State.IN_PROGRESS,
    State.IN_REVIEW,
    State.DONE,
    State.FAILED,
)
"""The columns of a board from left to right."""

MOST_CARDS = 20
"""How many cards of a column the board shows."""


@dataclass(frozen=True, slots=True)
class Column:
    """The foremost cards of a column, and how many tasks hang there."""

    state: State
    cards: list[Card]
    there: int


@dataclass(frozen=True, slots=True)
class Kanban:
    """A team's board; `live` are the runs under way, by task."""

    team: Team
    columns: list[Column]
    live: dict[str, Run]


@dataclass(frozen=True, slots=True)
class Working:
    """A run with the title of its task."""

    run: Run
    title: str


async def kanban_of(hall: Hall, *, actor: Actor, team_id: str) -> Kanban:
    """A team's board; raises NotFound and NotYours."""
    team = await team_view(hall, actor=actor, team_id=team_id)

    async def find(tx: Tx) -> Kanban:
        there = await kanban.counts(tx, team.id)
        cards = await kanban.foremost(tx, team.id, most=MOST_CARDS)
        live = await workers.live_of_team(tx, team.id, list(LIVE))
        columns = [_column(state, cards, there) for state in COLUMNS]
        return Kanban(team, columns, {run.task_id: run for run in live})

    return await hall.database.scan(find)


def _column(state: State, cards: Sequence[Card], there: dict[State, int]) -> Column:
    hanging = [one for one in cards if COLUMN_OF[one.state] is state]
    hanging.sort(key=lambda one: (one.priority, one.id), reverse=True)
    count = sum(many for one, many in there.items() if COLUMN_OF[one] is state)
    return Column(state, hanging[:MOST_CARDS], count)


async def sheet_of(
    hall: Hall, *, actor: Actor, team_id: str, task_id: str
) -> tuple[Details, dict[str, str]]:
    """A task of a team with all that belongs to it, and what it depends on is called.

    Raises NotFound and NotYours.
    """
    found = await task_details(hall, actor=actor, task_id=task_id)
    if found.task.team_id != team_id:
        raise NotFound("task")

    async def find(tx: Tx) -> dict[str, str]:
        return await kanban.titles(tx, found.dependencies)

    return found, await hall.database.scan(find)


async def working(
    hall: Hall,
    *,
    actor: Actor,
    team_id: str,
    live: bool,
    before: str | None = None,
    limit: int = 50,
) -> list[Working]:
    """A team's runs with their tasks' titles, newest first, from behind an id.

    Those under way, or all. Raises NotFound and NotYours.
    """
    team = await team_view(hall, actor=actor, team_id=team_id)

    async def find(tx: Tx) -> list[Working]:
        if live:
            live_ones = await workers.live_of_team(tx, team.id, list(LIVE))
            found = [one for one in live_ones if before is None or one.id < before][:limit]
        else:
            found = await workers.of_team(tx, team.id, before=before or NEWEST, most=limit)
        called = await kanban.titles(tx, [one.task_id for one in found])
        return [Working(one, called.get(one.task_id, "")) for one in found]

    return await hall.database.scan(find)
