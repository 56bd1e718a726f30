"""Teams with tasks on their boards, for tests."""

from typing import Any

from hiringhall.actions.tasks.backlog import add_subtask, new_task, post_in_team
from hiringhall.actions.teams import create_team
from hiringhall.domain.policy import Actor
from hiringhall.domain.tasks import State, Task
from hiringhall.domain.teams import Team
from hiringhall.hall import Hall
from hiringhall.queries.boards import Details, task_details

ROLE = "backend-engineer"


async def a_team(hall: Hall, actor: Actor, **fields: Any) -> Team:
    """A team with its first roles."""
    said: dict[str, Any] = {"name": "my-project", **fields}
    return await create_team(hall, actor=actor, **said)


async def put_up(hall: Hall, actor: Actor, team: Team, **fields: Any) -> Task:
    """A task that is ready to be run."""
    said: dict[str, Any] = {"title": "Add rate limiting", "role": ROLE, "column": State.OPEN}
    new = new_task(**{**said, **fields})
    return (await post_in_team(hall, actor=actor, team_id=team.id, new=new)).task


async def put_under(hall: Hall, actor: Actor, parent: Task, **fields: Any) -> Task:
    """A subtask."""
    said: dict[str, Any] = {"title": "Write tests", **fields}
    new = new_task(**said)
    return (await add_subtask(hall, actor=actor, parent_id=parent.id, new=new)).task


async def details(hall: Hall, actor: Actor, task: Task) -> Details:
    """The task with all that belongs to it now."""
    return await task_details(hall, actor=actor, task_id=task.id)
