"""A task's row can be made again of its log: the first event says all of its brief."""

import pytest

from hiringhall.domain.tasks import Engagement, Task
from hiringhall.hall import Hall
from hiringhall.store import events, tasks
from hiringhall.store.database import Tx
from tests.support.force import confirmed, subtask
from tests.support.halls import post, sign_up
from tests.support.market import draft
from tests.support.teams import a_team, put_under, put_up

pytestmark = pytest.mark.anyio

SAID = (
    *("title", "description", "engagement", "acceptance", "repository", "role", "spec_approval"),
    *("price_cents", "team_id", "parent_id", "accept_criteria", "priority", "created_label"),
)
REPOSITORY = "https://git.example/o/r"


async def first_event(hall: Hall, task_id: str) -> tuple[Task, dict[str, object]]:
    async def find(tx: Tx) -> tuple[Task, dict[str, object]]:
        task = await tasks.by_id(tx, task_id)
        assert task is not None
        first, *_ = await events.of_task(tx, task_id)
        assert first.type == "task_created"
        return task, first.data

    return await hall.database.read(find)


async def test_the_first_event_says_what_the_row_says(hall: Hall) -> None:
    ada = await sign_up(hall)
    team = await a_team(hall, ada)
    parent = await put_up(
        hall, ada, team, description="All of it.", accept_criteria="It runs", priority=3
    )
    whole = await confirmed(hall, ada, repository=REPOSITORY)
    part = await subtask(hall, whole, "find")
    posted = [
        await post(hall, ada, repository=REPOSITORY, require_spec_approval=True),
        parent,
        await put_under(hall, ada, parent),
        await draft(hall, ada, engagement=Engagement.CLAIM, repository=REPOSITORY),
        part,
    ]
    for one in posted:
        task, told = await first_event(hall, one.id)
        # What is as it usually is may be left out.
        usual: dict[str, object] = {"spec_approval": False, "priority": 0}
        said = {name: told.get(name, usual.get(name)) for name in SAID}
        assert said == {name: getattr(task, name) for name in SAID}
    assert part.repository == REPOSITORY
