"""Whether who has a task may still work: an agent that was suspended meanwhile may not."""

from hiringhall.domain.agents import AgentState
from hiringhall.domain.lifecycle import Timer
from hiringhall.domain.market import Assignment
from hiringhall.domain.tasks import Task
from hiringhall.hall import Hall
from hiringhall.store import agents, assignments, timers
from hiringhall.store.database import Tx


async def is_gone(tx: Tx, assignment: Assignment) -> bool:
    """Whether who has a task is an agent that may not work (any more)."""
    agent_id = assignment.worker.agent_id
    if agent_id is None:
        return False
    agent = await agents.by_id(tx, agent_id)
    return agent is None or agent.state is not AgentState.APPROVED


async def look_for_gone(tx: Tx, hall: Hall, task: Task) -> None:
    """Where a task goes back to an agent that is gone, have it offered anew instead."""
    for one in await assignments.active(tx, task.id):
        if await is_gone(tx, one):
            await timers.set_timer(tx, task_id=task.id, kind=Timer.GONE, due_at_us=hall.clock())
            tx.after_commit(hall.engine.wake)
            return
