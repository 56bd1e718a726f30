"""A run's life while it works: taken from the queue, begun, alive, making progress."""

from collections.abc import Collection
from dataclasses import dataclass

from hiringhall.actions.runs.claiming import Round, choose_run
from hiringhall.actions.runs.ending import actor_of, load_fenced
from hiringhall.actions.tasks.moving import move, record
from hiringhall.actions.transaction import action
from hiringhall.domain.durations import DAY_US
from hiringhall.domain.events import ProgressReported, RunStarted, TaskClaimed
from hiringhall.domain.lifecycle import Command, Side
from hiringhall.domain.market import Terms
from hiringhall.domain.roles import Role
from hiringhall.domain.runs import LEASED, Run, RunState, RunToken
from hiringhall.domain.tasks import State, Task
from hiringhall.hall import Hall
from hiringhall.store import deliverables, plans, questions, roles, runs, tasks, terms, usage
from hiringhall.store.database import Tx
from hiringhall.store.deliverables import Deliverable
from hiringhall.store.plans import Plan
from hiringhall.store.questions import Exchange
from hiringhall.store.usage import UsageRecord

MAX_PROGRESS_LENGTH = 4_000


@dataclass(frozen=True, slots=True)
class RunBrief:
    """All that a run is told when it begins."""

    run: Run
    task: Task
    role: Role | None
    exchanges: list[Exchange]
    plans: list[Plan]
    deliverables: list[Deliverable]
    terms: Terms | None = None
    """What its poster had offered and asked for while it was on the market."""


@action
async def claim_next_run(
    tx: Tx,
    hall: Hall,
    *,
    node_id: str,
    lease_s: int,
    runtimes: Collection[str],
    begins: Round | None = None,
) -> Run | None:
    """Take the next queued run in hand for a node, or None when there is none that may begin.

    Which one that is `claiming` says; `begins` is kept by the node from claim to claim.
    """
    if not runtimes:
        return None
    run = await choose_run(tx, hall, runtimes, begins)
    if run is None:
        return None
    until_us = hall.clock() + lease_s * 1_000_000
    return run if await take_in_hand(tx, hall, run, node_id=node_id, until_us=until_us) else None


async def take_in_hand(tx: Tx, hall: Hall, run: Run, *, node_id: str, until_us: int) -> bool:
    """Lease a queued run to a node until a time, and claim its task; False where it was too late.

    On PostgreSQL the caller has locked the task's row.
    """
    if not await runs.lease(tx, run.id, node_id=node_id, until_us=until_us):
        return False
    task = await tasks.for_change(tx, run.task_id)
    if task is not None and task.state is State.OPEN:
        await move(
            tx,
            hall,
            task,
            Command.CLAIM,
            side=Side.WORKER,
            actor=actor_of(run),
            event=TaskClaimed(run.id),
        )
    return True


@action
async def start_run(tx: Tx, hall: Hall, *, token: RunToken) -> RunBrief:
    """Begin a run that is in hand; raises Superseded when it is not any more."""
    return await _brief_of(tx, *await begin(tx, hall, token=token))


async def begin(tx: Tx, hall: Hall, *, token: RunToken) -> tuple[Task, Run]:
    """The same within a transaction; the task and the run as they were given out."""
    task, run = await load_fenced(tx, token, states=frozenset({RunState.STARTING}))
    await runs.begin(tx, run.id, at_us=hall.clock())
    event = RunStarted(run.id, run.generation, run.runtime)
    actor = actor_of(run)
    if task.state in (State.ASSIGNED, State.REVISING):
        task = await move(tx, hall, task, Command.START, side=Side.WORKER, actor=actor, event=event)
    else:
        task = await record(tx, hall, task, actor=actor, event=event, was=task)
    return task, run


async def read_brief(hall: Hall, *, token: RunToken) -> RunBrief:
    """The brief of a run that is in hand, read again; raises Superseded."""

    async def find(tx: Tx) -> RunBrief:
        return await _brief_of(tx, *await load_fenced(tx, token, states=LEASED))

    return await hall.database.write(find)


async def _brief_of(tx: Tx, task: Task, run: Run) -> RunBrief:
    role = None
    if task.role is not None:
        role = await roles.named(tx, team_id=task.team_id, name=task.role)
    first = run.generation == 1
    return RunBrief(
        run=run,
        task=task,
        role=role,
        exchanges=[] if first else await questions.of_task(tx, task.id),
        plans=[] if first else await plans.of_task(tx, task.id),
        deliverables=[] if first else await deliverables.of_task(tx, task.id),
        terms=None if task.price_cents is None else await terms.of_task(tx, task.id),
    )


@action
async def heartbeat(tx: Tx, hall: Hall, *, token: RunToken, lease_s: int) -> None:
    """Say that a run is alive; raises Superseded when it should stop."""
    await load_fenced(tx, token, states=LEASED)
    await runs.extend_lease(tx, token.run_id, until_us=hall.clock() + lease_s * 1_000_000)


@action
async def report_progress(tx: Tx, hall: Hall, *, token: RunToken, text: str) -> None:
    """Say how far a run is; counted, so that a successor of a lost run does not say it again."""
    tidy = text.strip()[:MAX_PROGRESS_LENGTH]
    if not tidy:
        return
    task, run = await load_fenced(tx, token)
    await runs.count_step(tx, run.id)
    await record(tx, hall, task, actor=actor_of(run), event=ProgressReported(tidy), was=task)


@action
async def record_usage(
    tx: Tx, hall: Hall, *, token: RunToken, input_tokens: int, output_tokens: int, charged: int
) -> None:
    """Write down what a run used, and charge its credits to the user who posted the task."""
    task, run = await load_fenced(tx, token)
    now_us = hall.clock()
    record_of_use = UsageRecord(
        id=hall.new_id(),
        organization_id=task.organization_id,
        user_id=task.created_by,
        task_id=task.id,
        run_id=run.id,
        runtime=run.runtime,
        input_tokens=max(0, input_tokens),
        output_tokens=max(0, output_tokens),
        credits=max(0, charged),
        day=now_us // DAY_US,
        at_us=now_us,
    )
    await runs.count_step(tx, run.id)
    await usage.add(tx, record_of_use)
