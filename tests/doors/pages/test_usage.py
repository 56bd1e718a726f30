"""What a team used, by day and by role at once: in colours, in figures, on a page that is light."""

from datetime import UTC, datetime, timedelta

import pytest

from hiringhall.domain.policy import Actor
from hiringhall.domain.teams import Team
from hiringhall.hall import Hall
from hiringhall.store.database import Database, Tx
from hiringhall.store.rows import insert_row
from hiringhall.store.statements import Statement
from hiringhall.store.tables import runs
from tests.doors.pages.conftest import Person
from tests.doors.pages.test_teams import actor, at
from tests.support.halls import Clock
from tests.support.teams import a_team, put_up

pytestmark = pytest.mark.anyio

INSERT = Statement(insert_row(runs), name="insert_run_of_before")
DAY_US = 86_400_000_000
MINUTE_US = 60_000_000


async def worked(
    database: Database, hall: Hall, me: Actor, team: Team, *, days: int, roles: int
) -> None:
    """On each of some days each role worked: the first a minute, the second two, and so on."""
    task = await put_up(hall, me, team)
    now_us = hall.clock()

    async def write(tx: Tx) -> None:
        for number in range(days * roles):
            day, role = divmod(number, roles)
            begun_us = now_us - day * DAY_US - 60 * MINUTE_US
            row = {
                "id": hall.new_id(),
                "task_id": task.id,
                "organization_id": team.organization_id,
                "team_id": team.id,
                "generation": 100 + number,
                "state": "completed",
                "runtime": "rehearsal",
                "role": f"role {role + 1}",
                "queued_at_us": begun_us,
                "started_at_us": begun_us,
                "ended_at_us": begun_us + (role + 1) * MINUTE_US,
                **dict.fromkeys(("turn", "steps_done", "priority", "attempts", "losses"), 0),
            }
            await tx.run(INSERT, **(dict.fromkeys(runs.columns.keys()) | row))

    await database.write(write)


async def test_each_days_roles_are_drawn_and_told(
    ada: Person, hall: Hall, database: Database
) -> None:
    me = await actor(hall, ada)
    team = await a_team(hall, me, name="Rockets")
    await worked(database, hall, me, team, days=2, roles=3)
    page = await ada.get(at(team, "/usage?days=7"))
    paths = {
        one.attributes["class"]: one.attributes["d"] for one in page.elements if one.tag == "path"
    }
    # Whoever worked most stands on the ground and has the first colour; two days, one bar each.
    assert list(paths) == ["kind-1", "kind-2", "kind-3"]
    assert [path.count("V140z") for path in paths.values()] == [2, 0, 0]
    assert [path.count("V0h") for path in paths.values()] == [0, 0, 2]
    named = [
        one.attributes["class"]
        for one in page.elements
        if one.tag == "rect" and "class" in one.attributes
    ]
    assert named == list(paths)
    today = datetime.fromtimestamp(hall.clock() // 1_000_000, UTC).date()
    for day in (today, today - timedelta(days=1)):
        assert f'<th scope="row">{day}</th><td>3</td><td>2</td><td>1</td>' in page.text
    assert "Minutes of work by day and role" in page.words
    assert "other roles" not in page.words
    page.runs_nothing()


async def test_ninety_busy_days_of_ten_roles_fit_a_page(
    ada: Person, hall: Hall, database: Database, clock: Clock
) -> None:
    me = await actor(hall, ada)
    team = await a_team(hall, me, name="Rockets")
    await worked(database, hall, me, team, days=90, roles=10)
    page = await ada.get(at(team, "/usage?days=90"))
    assert "4 other roles" in page.words
    drawn = [one.attributes["class"] for one in page.elements if one.tag == "path"]
    assert drawn == [f"kind-{number}" for number in range(1, 8)]
    assert len(page.text) < 150_000
