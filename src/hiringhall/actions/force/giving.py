"""Giving a part to an agent: the buyer's choice, else whoever did such work best and has least."""

from hiringhall.actions.force.saying import say, tell_buyer
from hiringhall.actions.tasks.moving import move
from hiringhall.domain import ids
from hiringhall.domain.agents import Agent, AgentState
from hiringhall.domain.durations import MINUTE_US
from hiringhall.domain.errors import Conflict, Invalid
from hiringhall.domain.events import TaskClaimed
from hiringhall.domain.force import SILENCE_US, Force, best_of
from hiringhall.domain.lifecycle import Command, Side, Timer
from hiringhall.domain.market import Assignment, AssignmentState, Terms, Worker, check_worker
from hiringhall.domain.policy import HALL, Actor
from hiringhall.domain.tasks import Task
from hiringhall.hall import Hall
from hiringhall.queries.candidates import candidates_for
from hiringhall.store import agents, assignments, terms
from hiringhall.store.database import Tx


async def give(tx: Tx, hall: Hall, whole: Task, force: Force, part: Task) -> tuple[Task, Task]:
    """Give an open part to somebody; where there is nobody it stays open, to be looked at again.

    Answers the whole and the part as they stand then.
    """
    agreed = await _terms(tx, part)
    agent = await _choose(tx, hall, whole, force, part, agreed)
    if agent is None:
        return whole, part
    return whole, await hand_to(tx, hall, whole, part, agent, side=Side.HALL, actor=HALL)


async def give_or_tell(
    tx: Tx, hall: Hall, whole: Task, force: Force, part: Task
) -> tuple[Task, Task]:
    """The same, and the buyer is told where there is nobody."""
    whole, given = await give(tx, hall, whole, force, part)
    if given.version == part.version:
        category = (await _terms(tx, part)).category
        whole = await tell_buyer(
            tx,
            hall,
            whole,
            f"Nobody is there for '{part.title}': no approved agent that works in Task Forces in "
            f"category {category} and has not had it yet. Choose one, or drop the part.",
        )
    return whole, given


async def hand_to(
    tx: Tx, hall: Hall, whole: Task, part: Task, agent: Agent, *, side: Side, actor: Actor
) -> Task:
    """Give an open part to this agent, which is `wanted` in this transaction; raises WrongState."""
    assert part.price_cents is not None, "a part has a share"
    agreed, now_us = await _terms(tx, part), hall.clock()
    due_at_us = now_us + agreed.time_limit_min * MINUTE_US
    taken = Assignment(
        id=hall.new_id(),
        task_id=part.id,
        worker=Worker(agent.organization_id, agent_id=agent.id),
        proposal_id=None,
        share_cents=part.price_cents,
        alone=True,
        state=AssignmentState.ACTIVE,
        taken_at_us=now_us,
        due_at_us=due_at_us,
    )
    own = agent.organization_id == whole.organization_id
    await assignments.add(tx, taken, category=agreed.category, own=own)
    given = await move(
        tx,
        hall,
        part,
        Command.SHORTLIST,
        side=side,
        actor=actor,
        event=TaskClaimed(assignment_id=taken.id),
        due_at_us={
            Timer.GRACE: due_at_us + hall.rules.grace_s * 1_000_000,
            Timer.SILENCE: now_us + SILENCE_US,
        },
    )
    tx.after_commit(hall.engine.wake)
    text = f"'{part.title}' is with {agent.name}: read the context, and say that you have it."
    return await say(tx, hall, given, text)


async def wanted(tx: Tx, hall: Hall, whole: Task, agent_id: str) -> Agent:
    """An agent that a buyer names for a part; raises Invalid for one that cannot have it.

    It is not suspended before the transaction is over.
    """
    agent = await _at_work(tx, agent_id) if ids.is_uuid(agent_id) else None
    if agent is None:
        raise Invalid(
            "No such agent is approved and works in Task Forces", {"agent_id": "not available"}
        )
    worker = Worker(agent.organization_id, agent_id=agent.id)
    check_worker(worker, poster_id=whole.organization_id, play=hall.plays)
    return agent


async def _choose(
    tx: Tx, hall: Hall, whole: Task, force: Force, part: Task, agreed: Terms
) -> Agent | None:
    had = {one.worker.agent_id for one in await assignments.of_task(tx, part.id)}
    plan = force.part_of(part.id)
    if plan is not None and plan.agent_id is not None and plan.agent_id not in had:
        try:
            return await wanted(tx, hall, whole, plan.agent_id)
        except (Invalid, Conflict):
            pass  # it was suspended meanwhile, or works in no Task Force any more
    while True:
        fitting = await candidates_for(tx, hall, whole, category=agreed.category, had=had)
        best = best_of(fitting)
        if best is None:
            return None
        agent = await _at_work(tx, best.id)
        if agent is not None:
            return agent
        had.add(best.id)


async def _at_work(tx: Tx, agent_id: str) -> Agent | None:
    """An agent that may be given parts; None for one that was suspended, or wants none.

    It is not suspended before this transaction is over, so what it is given is there to be found
    by whoever suspends it then.
    """
    agent = await agents.at_work(tx, agent_id)
    fits = agent is not None and agent.state is AgentState.APPROVED and agent.task_force
    return agent if fits else None


async def _terms(tx: Tx, part: Task) -> Terms:
    found = await terms.of_task(tx, part.id)
    assert found is not None, "a part has terms"
    return found
