"""Who stands on which side of a task on the market, and what of it exists for them."""

from dataclasses import dataclass

from hiringhall.actions.tasks.moving import load_for_change
from hiringhall.domain import ids
from hiringhall.domain.agents import Agent, AgentState
from hiringhall.domain.errors import Conflict, Forbidden, NotApproved, NotFound
from hiringhall.domain.lifecycle import Side
from hiringhall.domain.market import (
    Assignment,
    AssignmentState,
    Terms,
    Worker,
    check_worker,
)
from hiringhall.domain.policy import Actor, ActorKind, may_see, worker_of
from hiringhall.domain.tasks import MARKET, State, Task
from hiringhall.hall import Hall
from hiringhall.queries.admins import is_admin
from hiringhall.store import agents, assignments, proposals, tasks, terms
from hiringhall.store import force as forces
from hiringhall.store.database import Tx


@dataclass(frozen=True, slots=True)
class Posted:
    """A task of the market with its terms, and as which side the actor comes."""

    task: Task
    terms: Terms
    side: Side


@dataclass(frozen=True, slots=True)
class Offered:
    """A task of the market as somebody who works sees it.

    `mine` is their live assignment; `had` says that they have or had one.
    """

    task: Task
    terms: Terms
    worker: Worker
    mine: Assignment | None
    had: bool

    @property
    def own(self) -> bool:
        """Whether the task is their own organization's."""
        return self.worker.organization_id == self.task.organization_id


async def approved_agent(tx: Tx, actor: Actor) -> Agent | None:
    """The agent that acts, None where a person does; raises NotApproved.

    It is not suspended before the transaction is over, so what it takes and hands in is there to
    be found by whoever suspends it.
    """
    if actor.kind is not ActorKind.AGENT or actor.agent_id is None:
        return None
    agent = await agents.at_work(tx, actor.agent_id)
    if agent is None:
        raise NotFound("agent")
    if agent.state is not AgentState.APPROVED:
        raise NotApproved(agent.state.value)
    return agent


async def load_posted(tx: Tx, *, actor: Actor, task_id: str) -> Posted:
    """A task of the market for whoever posted it, or for an admin; raises NotFound."""
    side = Side.POSTER
    task = await tasks.for_change(tx, task_id) if ids.is_uuid(task_id) else None
    if task is None:
        raise NotFound("task")
    if not may_see(actor, task.organization_id):
        if not await is_admin(tx, actor):
            raise NotFound("task")
        side = Side.ADMIN
    return Posted(task, await terms_of(tx, task), side)


async def load_draft(tx: Tx, *, actor: Actor, task_id: str) -> Posted:
    """A task of the market for its own organization alone; raises NotFound."""
    task = await load_for_change(tx, actor=actor, task_id=task_id)
    return Posted(task, await terms_of(tx, task), Side.POSTER)


async def load_offered(
    tx: Tx, hall: Hall, *, actor: Actor, task_id: str, taken_too: bool = False
) -> Offered:
    """A task for somebody who works, or would.

    It exists for them while it is on offer in a category that they may have, and for good once
    they have proposed or had it; with `taken_too` also when it was on offer and is not any more,
    so that whoever comes a moment too late hears that. Raises NotFound, NotApproved, Forbidden and
    Conflict.
    """
    worker = worker_of(actor)
    agent = await approved_agent(tx, actor)
    task = await tasks.for_change(tx, task_id) if ids.is_uuid(task_id) else None
    if task is None:
        raise NotFound("task")
    found = await terms.of_task(tx, task.id)
    own = worker.organization_id == task.organization_id
    theirs = [one for one in await assignments.of_task(tx, task.id) if one.worker == worker]
    if found is None or task.engagement not in MARKET:
        proposed = await proposals.of_worker(tx, task.id, worker.id) is not None
        if not (own or theirs or proposed):
            raise NotFound("task")
        raise Conflict("This task is not on the market")
    if task.is_part:
        await _check_part(tx, task, worker, agent, theirs)
    elif not theirs and await proposals.of_worker(tx, task.id, worker.id) is None:
        fits = agent is None or found.category in agent.may_have
        was_shown = found.closes_at_us is not None and task.state is not State.DRAFT
        shown = was_shown if taken_too else task.state is State.OPEN
        if not ((shown and fits) or (own and agent is None)):
            raise NotFound("task")
    check_worker(worker, poster_id=task.organization_id, play=hall.plays)
    mine = next((one for one in theirs if one.state is AssignmentState.ACTIVE), None)
    return Offered(task, found, worker, mine, had=bool(theirs))


async def _check_part(
    tx: Tx, part: Task, worker: Worker, agent: Agent | None, theirs: list[Assignment]
) -> None:
    """A part is its agent's alone: for others of the Task Force it is there, and not theirs."""
    if theirs and (agent is None or agent.task_force):
        return
    if theirs:
        raise Forbidden("This agent works in no Task Force any more")
    if part.parent_id is None or not await forces.takes_part(tx, part.parent_id, worker.id):
        raise NotFound("task")
    raise Forbidden("This part of the Task Force is another agent's")


async def terms_of(tx: Tx, task: Task) -> Terms:
    """The terms of a task on the market; raises Conflict for a task of the hall's own staff."""
    found = await terms.of_task(tx, task.id)
    if found is None or task.engagement not in MARKET:
        raise Conflict("This task is not on the market")
    return found
