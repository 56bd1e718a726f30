"""What a run may know beside its brief: its team, what is left of its budgets, its thread."""

from dataclasses import dataclass

from hiringhall.domain.compute import CapScope, Spender
from hiringhall.domain.errors import Superseded
from hiringhall.domain.messages import Message
from hiringhall.domain.roles import Role
from hiringhall.domain.runs import LEASED, Run, RunToken
from hiringhall.domain.tasks import FINAL, Task
from hiringhall.domain.teams import Team
from hiringhall.hall import Hall
from hiringhall.queries.budgets import Spending
from hiringhall.store import budgets, deliverables, messages, plans, questions, roles, runs, tasks
from hiringhall.store import teams as team_rows
from hiringhall.store.database import Tx
from hiringhall.store.deliverables import Deliverable, FileRow
from hiringhall.store.plans import Plan
from hiringhall.store.questions import Exchange

NEWEST_MESSAGES = 50


@dataclass(frozen=True, slots=True)
class Submission:
    """A deliverable of the task, with the names and sizes of its files."""

    deliverable: Deliverable
    files: list[FileRow]


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
        )

    return await hall.database.read(find)


async def thread(hall: Hall, *, token: RunToken, after: str, most: int) -> list[Message]:
    """Messages of a run's task from behind an id, oldest first; raises Superseded."""

    async def find(tx: Tx) -> list[Message]:
        task, _ = await _at_work(tx, token)
        return await messages.of_task(tx, task.id, after=after, most=most)

    return await hall.database.read(find)


async def _budgets(tx: Tx, hall: Hall, task: Task, run: Run) -> list[Spending]:
    spender = Spender(run.id, task.id, task.team_id, task.organization_id, task.created_by)
    found: list[Spending] = []
    for scope, budget_id in spender.budgets().items():
        found.append(await _spending(tx, hall, scope, budget_id))
    return found


async def _spending(tx: Tx, hall: Hall, scope: CapScope, budget_id: str) -> Spending:
    usual = hall.rules.caps.get(scope)
    budget = await budgets.by_id(tx, budget_id)
    if budget is None:
        return Spending(scope, usual, 0, 0, 0)
    cap = usual if budget.cap_micros is None else budget.cap_micros
    return Spending(scope, cap, budget.spent_micros, budget.reserved_micros, budget.calls)


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
