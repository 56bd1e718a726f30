"""The tool by which a worker splits its task: parts that others do, each with its own worker."""

from dataclasses import replace

import msgspec

from hiringhall.actions.runs.ending import actor_of
from hiringhall.actions.tasks.backlog import add_subtask, new_task
from hiringhall.actions.tasks.depending import MAX_DEPENDENCIES
from hiringhall.domain.tasks import State
from hiringhall.workers.coordination.desk import Desk
from hiringhall.workers.coordination.tool import TEXT, Said, Tool


class Parting(msgspec.Struct, forbid_unknown_fields=True):
    """What `create_subtask` takes; with `draft` it is not ready to be begun."""

    title: str
    description: str = ""
    accept_criteria: str = ""
    role: str = ""
    priority: int = 0
    depends_on: list[str] = []
    draft: bool = False


async def _create_subtask(desk: Desk, given: Parting) -> Said:
    new = new_task(
        title=desk.mask(given.title),
        description=desk.mask(given.description),
        accept_criteria=desk.mask(given.accept_criteria),
        role=given.role or None,
        priority=max(-1_000, min(1_000, given.priority)),
        dependencies=given.depends_on,
        column=State.DRAFT if given.draft else State.OPEN,
    )
    actor = replace(actor_of(desk.brief.run), run=desk.token)
    made = await add_subtask(desk.hall, actor=actor, parent_id=desk.token.task_id, new=new)
    return {"id": made.task.id, "title": made.task.title, "state": made.task.state.value}


TOOLS: tuple[Tool, ...] = (
    Tool(
        "create_subtask",
        "Split off a part of your task for another worker of the team. `depends_on` are ids of "
        "tasks that have to be done before it. It starts when the team's people, or the hall, run "
        "it; `list_subtasks` says how it goes.",
        Parting,
        {
            "title": TEXT,
            "description": TEXT,
            "accept_criteria": TEXT,
            "role": TEXT,
            "priority": {"type": "integer", "minimum": -1_000, "maximum": 1_000},
            "depends_on": {"type": "array", "items": TEXT, "maxItems": MAX_DEPENDENCIES},
            "draft": {"type": "boolean"},
        },
        ("title",),
        _create_subtask,
        text="title",
        most=200,
    ),
)
