"""What a run may know beside its brief: its team, what is left of its budgets, its thread."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypedDict

from hiringhall.domain.compute import Spender
from hiringhall.domain.criteria import Check
from hiringhall.domain.errors import NotFound, Superseded
from hiringhall.domain.messages import Message
from hiringhall.domain.roles import Role
from hiringhall.domain.runs import LEASED, Run, RunToken
from hiringhall.domain.tasks import FINAL, Task, are_close
from hiringhall.domain.teams import Team
from hiringhall.hall import Hall
from hiringhall.queries.budgets import Spending, spending_under
from hiringhall.store import (
    attachments,
    budgets,
    criteria,
    deliverables,
    dependencies,
    messages,
    plans,
    questions,
    roles,
    runs,
    tasks,
)
from hiringhall.store import subtasks as subtask_rows
from hiringhall.store import teams as team_rows
from hiringhall.store.database import Tx
from hiringhall.store.deliverables import Deliverable, FileRow
from hiringhall.store.plans import Plan
from hiringhall.store.questions import Exchange

NEWEST_MESSAGES = 50
MOST_RELATIVES = 100


@dataclass(frozen=True, slots=True)
class Submission:
    """A deliverable of the task, with the names and sizes of its files."""

    deliverable: Deliverable
    files: list[FileRow]


@dataclass(frozen=True, slots=True)
class Relative:
    """Another task of the team, with the newest that came of it."""

    task: Task
    newest: Submission | None


@dataclass(frozen=True, slots=True)
class WorkContext:
    """All that a run may know of where its task stands."""

    task: Task
    run: Run
    team: Team | None
    role: Role | None
    exchanges: list[Exchange]
    plans: list[Plan]
    submissions: list[Submission]
    budgets: list[Spending]
    messages: list[Message]
    checks: dict[int, Check]
    parent: Relative | None
    dependencies: list[Relative]
    siblings: list[Relative]
    subtasks: list[Relative]


async def prove(hall: Hall, *, token: RunToken) -> None:
    """Raises Superseded where a run may not write any more, with the reason."""

    async def find(tx: Tx) -> None:
        await _at_work(tx, token)

    await hall.database.read(find)


async def work_context(hall: Hall, *, token: RunToken) -> WorkContext:
    """Where the task of a run stands; raises Superseded."""

    async def find(tx: Tx) -> WorkContext:
        task, run = await _at_work(tx, token)
        role = None
        if task.role is not None:
            role = await roles.named(tx, team_id=task.team_id, name=task.role)
        submitted = [
            Submission(one, await deliverables.files_of(tx, one.id))
            for one in await deliverables.of_task(tx, task.id)
        ]
        family = await _family(tx, task)
        return WorkContext(
            task=task,
            run=run,
            team=await team_rows.by_id(tx, task.team_id),
            role=role,
            exchanges=await questions.of_task(tx, task.id),
            plans=await plans.of_task(tx, task.id),
            submissions=submitted,
            budgets=await _budgets(tx, hall, task, run),
            messages=await messages.newest_of_task(tx, task.id, most=NEWEST_MESSAGES),
            checks=await criteria.of_round(tx, task.id, round_=task.revisions),
            **family,
        )

    return await hall.database.read(find)


async def subtasks(hall: Hall, *, token: RunToken) -> list[Relative]:
    """The tasks that a run's own was split into, oldest first; raises Superseded."""

    async def find(tx: Tx) -> list[Relative]:
        task, _ = await _at_work(tx, token)
        return [await _relative(tx, one) for one in await _children(tx, task, task.id)]

    return await hall.database.read(find)


async def attached_names(hall: Hall, *, task_id: str) -> set[str]:
    """The names of files that wait for a task's next deliverable."""

    async def find(tx: Tx) -> set[str]:
        return {one.name for one in await attachments.of_task(tx, task_id)}

    return await hall.database.read(find)


async def criteria_of(hall: Hall, *, token: RunToken) -> dict[int, Check]:
    """What was found of the accept criteria in this round; raises Superseded."""

    async def find(tx: Tx) -> dict[int, Check]:
        task, _ = await _at_work(tx, token)
        return await criteria.of_round(tx, task.id, round_=task.revisions)

    return await hall.database.read(find)


async def thread(
    hall: Hall, *, token: RunToken, after: str, most: int, of: str | None = None
) -> list[Message]:
    """Messages of a run's task, its parent or a subtask from behind an id, oldest first.

    Raises Superseded, and NotFound for a task that is none of these.
    """

    async def find(tx: Tx) -> list[Message]:
        task, _ = await _at_work(tx, token)
        if of is not None and of != task.id:
            other = await tasks.by_id(tx, of)
            if other is None or not are_close(task, other):
                raise NotFound("task")
            task = other
        return await messages.of_task(tx, task.id, after=after, most=most)

    return await hall.database.read(find)


class _Family(TypedDict):
    parent: Relative | None
    dependencies: list[Relative]
    siblings: list[Relative]
    subtasks: list[Relative]


async def _family(tx: Tx, task: Task) -> _Family:
    """The tasks beside a task: all of them its own team's."""
    parent = None if task.parent_id is None else await tasks.by_id(tx, task.parent_id)
    if parent is not None and parent.team_id != task.team_id:
        parent = None
    before = (await dependencies.of_tasks(tx, [task.id])).get(task.id, [])
    needed = [one for needed_id in before if (one := await tasks.by_id(tx, needed_id))]
    beside = [] if parent is None else await _children(tx, task, parent.id)
    below = await _children(tx, task, task.id)
    return {
        "parent": None if parent is None else await _relative(tx, parent),
        "dependencies": [await _relative(tx, one) for one in _of_team(task, needed)],
        "siblings": [await _relative(tx, one) for one in beside if one.id != task.id],
        "subtasks": [await _relative(tx, one) for one in below],
    }


async def _children(tx: Tx, task: Task, parent_id: str) -> list[Task]:
    return _of_team(task, await subtask_rows.of_parent(tx, parent_id, most=MOST_RELATIVES))


def _of_team(task: Task, found: Iterable[Task]) -> list[Task]:
    return [one for one in found if one.team_id == task.team_id]


async def _relative(tx: Tx, task: Task) -> Relative:
    if task.deliverable_id is None:
        return Relative(task, None)
    deliverable = await deliverables.by_id(tx, task.deliverable_id)
    if deliverable is None:
        return Relative(task, None)
    return Relative(task, Submission(deliverable, await deliverables.files_of(tx, deliverable.id)))


async def _budgets(tx: Tx, hall: Hall, task: Task, run: Run) -> list[Spending]:
    spender = Spender(run.id, task.id, task.team_id, task.organization_id, task.created_by)
    found: list[Spending] = []
    for scope, budget_id in spender.budgets().items():
        kept = await budgets.by_id(tx, budget_id)
        found.append(spending_under(scope, kept, hall.rules.caps.get(scope)))
    return found


async def _at_work(tx: Tx, token: RunToken) -> tuple[Task, Run]:
    """The task and the run of a token, or Superseded."""
    task = await tasks.by_id(tx, token.task_id)
    run = await runs.by_id(tx, token.run_id)
    if task is None or run is None or run.task_id != task.id:
        raise Superseded("There is no such run")
    if task.state in FINAL:
        raise Superseded(f"The task is {task.state.value}; this run's word counts no more")
    if token.generation != task.generation or run.generation != task.generation:
        raise Superseded("Another run has taken this one's place; this one's word counts no more")
    if run.state not in LEASED:
        raise Superseded(f"This run is {run.state.value}; its word counts no more")
    return task, run
