"""Runs that are done elsewhere: leased, kept alive, and reported by whoever does them."""

from dataclasses import dataclass

from hiringhall.actions.runs import outcomes, working
from hiringhall.actions.runs.service_keys import give_key
from hiringhall.actions.transaction import action
from hiringhall.domain import ids
from hiringhall.domain.errors import Forbidden, Invalid, LostRace, NotFound, Superseded, WrongState
from hiringhall.domain.lifecycle import Timer
from hiringhall.domain.policy import Actor, may_see
from hiringhall.domain.roles import Role
from hiringhall.domain.runs import EXTERNAL, Run, RunState
from hiringhall.domain.tasks import Task
from hiringhall.hall import Hall
from hiringhall.store import deliverables, roles, runs, tasks, timers
from hiringhall.store.database import Tx
from hiringhall.store.timers import DueTimer

USUAL_LEASE_S = 120
LEAST_LEASE_S = 10
MOST_LEASE_S = 3_600
MAX_BRANCH_LENGTH = 250
NODE = "external"
"""The node of such runs: no server is called so, and none takes them for its own at its start."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A run in somebody's hand until a time; `service_key` is there when it was just taken."""

    run: Run
    task: Task
    system_prompt: str | None
    until_us: int
    service_key: str | None


async def lease_run(
    hall: Hall, *, actor: Actor, run_id: str, lease_s: int = USUAL_LEASE_S
) -> Lease:
    """Take a run that is done elsewhere in hand, or keep it there, for so many seconds from now.

    Taking it begins it and gives its service key, this once. Whoever does not renew in time has
    lost it, and the next run goes on in its place. Where its role's timeout is over, it ends as
    failed.

    Raises:
        NotFound: the run is not there, or not for the actor.
        Forbidden: a run's key came for another run.
        WrongState: the hall's own workers do it.
        Superseded: it has ended, or its time was over just now.
        Invalid: the lease is too short or too long.
    """
    if not LEAST_LEASE_S <= lease_s <= MOST_LEASE_S:
        raise Invalid(f"lease_s is {LEAST_LEASE_S} to {MOST_LEASE_S} seconds", {"lease_s": "range"})
    lease = await _lease(hall, actor=actor, run_id=run_id, lease_s=lease_s)
    if lease is None:
        raise Superseded("The time that its role gives this run is over; it has ended as failed")
    return lease


@action
async def _lease(tx: Tx, hall: Hall, *, actor: Actor, run_id: str, lease_s: int) -> Lease | None:
    """The lease; None where the run was ended because its time is over."""
    run, task = await _load(tx, actor, run_id)
    role = None
    if task.role is not None:
        role = await roles.named(tx, team_id=task.team_id, name=task.role)
    now_us = hall.clock()
    until_us = now_us + lease_s * 1_000_000
    secret = None
    if run.state is RunState.QUEUED:
        if not await working.take_in_hand(tx, hall, run, node_id=NODE, until_us=until_us):
            raise LostRace("Somebody else took this run at the same moment")
        secret = await give_key(tx, hall, token=run.token)
        task, _ = await working.begin(tx, hall, token=run.token)
        if role is not None and role.timeout_s is not None:
            await _end_at(tx, hall, task, now_us + role.timeout_s * 1_000_000)
    elif run.state is not RunState.RUNNING:
        raise Superseded(f"This run is {run.state.value}")
    elif role is not None and _is_over(run, role.timeout_s, now_us):
        await outcomes.fail(tx, hall, token=run.token, reason=_too_long(role))
        return None
    else:
        await runs.extend_lease(tx, run.id, until_us=until_us)
    there = await runs.by_id(tx, run.id)
    assert there is not None
    prompt = None if role is None else role.system_prompt or None
    return Lease(there, task, prompt, until_us, secret)


async def _load(tx: Tx, actor: Actor, run_id: str) -> tuple[Run, Task]:
    """A run that this actor may take or keep, behind its task's lock."""
    if actor.run is not None and actor.run.run_id != run_id:
        raise Forbidden("A service key renews the lease of its own run, and of no other")
    run = await runs.by_id(tx, run_id) if ids.is_uuid(run_id) else None
    if run is None or not may_see(actor, run.organization_id):
        raise NotFound("run")
    if run.runtime != EXTERNAL:
        raise WrongState(
            "The hall's own workers do this run; only those of the runtime 'external' are leased",
            state=run.state.value,
            command="lease",
        )
    task = await tasks.for_change(tx, run.task_id)
    run = await runs.by_id(tx, run_id)
    if task is None or run is None:
        raise NotFound("run")
    return run, task


async def _end_at(tx: Tx, hall: Hall, task: Task, due_at_us: int) -> None:
    """Have the hall itself end the run of a task at an hour, whoever is silent by then."""
    await timers.set_timer(tx, task_id=task.id, kind=Timer.ROLE_LIMIT, due_at_us=due_at_us)
    tx.after_commit(hall.engine.wake)


@action
async def role_time_is_over(tx: Tx, hall: Hall, *, timer: DueTimer) -> None:
    """The time that a role gives a run elsewhere is over: it ends as failed.

    Where the role gives more by now, it is looked at again then.
    """
    task = await tasks.for_change(tx, timer.task_id)
    if not await timers.take(tx, timer):
        return
    run = None if task is None else await runs.live_of_task(tx, task.id)
    if task is None or run is None or run.runtime != EXTERNAL or task.role is None:
        return
    role = await roles.named(tx, team_id=task.team_id, name=task.role)
    begun_us = run.started_at_us
    if role is None or role.timeout_s is None or begun_us is None:
        return
    if _is_over(run, role.timeout_s, hall.clock()):
        await outcomes.fail(tx, hall, token=run.token, reason=_too_long(role))
    else:
        await _end_at(tx, hall, task, begun_us + role.timeout_s * 1_000_000)


def _too_long(role: Role) -> str:
    return f"It took longer than the {role.timeout_s} seconds that its role gives it"


def _is_over(run: Run, timeout_s: int | None, now_us: int) -> bool:
    begun_us = run.started_at_us
    if timeout_s is None or begun_us is None:
        return False
    return now_us >= begun_us + timeout_s * 1_000_000


@action
async def complete_run(
    tx: Tx, hall: Hall, *, actor: Actor, completed: bool, summary: str, branch: str | None = None
) -> None:
    """Take the report of a run that was done elsewhere: its task is delivered, or has failed.

    The same report again changes nothing.

    Raises:
        Forbidden: the hall's own workers do this run, and it sees itself what they made.
        Superseded: the run ended another way, or another has taken its place.
        Invalid: there is no summary, or the branch is no name.
    """
    token, organization_id = actor.run, actor.organization_id
    if token is None or organization_id is None:
        raise Forbidden("A run reports with its own service key")
    said = hall.mask(organization_id, _summary(summary))
    named = _branch(None if branch is None else hall.mask(organization_id, branch))
    await tasks.for_change(tx, token.task_id)
    run = await runs.by_id(tx, token.run_id)
    if run is None:
        raise Superseded("There is no such run")
    if run.runtime != EXTERNAL:
        raise Forbidden("The hall itself takes in what its own workers made")
    if await _is_told(tx, run, completed=completed, summary=said, branch=named):
        return
    if completed:
        await outcomes.hand_in(tx, hall, token=token, text=said, branch=named)
    else:
        await outcomes.fail(tx, hall, token=token, reason=said)


async def _is_told(tx: Tx, run: Run, *, completed: bool, summary: str, branch: str | None) -> bool:
    """Whether a run ended by this very report."""
    if run.state is RunState.COMPLETED and completed:
        made = await deliverables.of_task(tx, run.task_id)
        return any((one.run_id, one.text, one.branch) == (run.id, summary, branch) for one in made)
    if run.state is RunState.FAILED and not completed:
        return await runs.ended_because(tx, run.id) == summary
    return False


def _summary(summary: str) -> str:
    tidy = summary.strip()
    if not tidy:
        raise Invalid("summary cannot be empty", {"summary": "empty"})
    return tidy


def _branch(branch: str | None) -> str | None:
    tidy = (branch or "").strip()
    if len(tidy) > MAX_BRANCH_LENGTH or not tidy.isprintable() or " " in tidy:
        raise Invalid("git_branch is the name of a branch", {"git_branch": "not a name"})
    return tidy or None
