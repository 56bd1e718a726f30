"""Task Forces as an actor may see them: the plan, a part's context, and what was said."""

from dataclasses import dataclass

from hiringhall.domain import ids
from hiringhall.domain.agents import Agent, AgentState
from hiringhall.domain.errors import Conflict, Forbidden, Invalid, NotApproved, NotFound
from hiringhall.domain.force import Force, PartPlan
from hiringhall.domain.market import Assignment, AssignmentState, Terms
from hiringhall.domain.messages import Message
from hiringhall.domain.policy import Actor, ActorKind, may_see
from hiringhall.domain.tasks import FINAL, Task
from hiringhall.hall import Hall
from hiringhall.queries.admins import is_admin
from hiringhall.store import agents, assignments, deliverables, holds, messages, tasks, terms
from hiringhall.store import force as forces
from hiringhall.store.database import Tx
from hiringhall.store.deliverables import Deliverable, FileRow

MAX_PAGE = 100

_KEEPS = frozenset({AssignmentState.ACTIVE, AssignmentState.COMPLETED})
"""Who has a part, or did it."""


@dataclass(frozen=True, slots=True)
class PartView:
    """A line of the plan, the task that it became, who has or did it, and what it was paid."""

    plan: PartPlan
    task: Task | None
    agent: Agent | None
    assignment: Assignment | None
    paid_cents: int


@dataclass(frozen=True, slots=True)
class ForceView:
    """A task that is split, its plan, and how far each part is."""

    whole: Task
    force: Force
    parts: list[PartView]

    @property
    def status(self) -> str:
        """How far it is: planning, planned, working, closing, or over."""
        return _status(self.whole, self.force)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a part that another depends on has come to; no deliverable until it is accepted."""

    task: Task
    deliverable: Deliverable | None
    links: tuple[str, ...]
    files: list[FileRow]


@dataclass(frozen=True, slots=True)
class PartContext:
    """All that an agent has to know for its part."""

    whole: Task
    terms: Terms
    force: Force
    part: Task
    assignment: Assignment
    needed: list[Outcome]

    @property
    def status(self) -> str:
        """How far the whole is: planned, working, closing, or over."""
        return _status(self.whole, self.force)


@dataclass(frozen=True, slots=True)
class Thread:
    """A page of what was said, oldest first; `next_after` leads to more, where there is more.

    What was said in the thread of `whole_id` was said to all.
    """

    whole_id: str
    messages: list[Message]
    next_after: str | None


async def force_view(hall: Hall, *, actor: Actor, task_id: str) -> ForceView:
    """How a task is split, for its buyer or an admin; raises NotFound, and Conflict unplanned."""

    async def find(tx: Tx) -> ForceView:
        return await _view(tx, await _posted(tx, actor, task_id))

    return await hall.database.scan(find)


async def viewing(tx: Tx, changed: Force | Task) -> ForceView:
    """The same of a task that was just changed, for an answer kept beside the change."""
    task_id = changed.task_id if isinstance(changed, Force) else changed.id
    whole = await tasks.by_id(tx, task_id)
    assert whole is not None, "it was changed just now"
    return await _view(tx, whole)


async def _view(tx: Tx, whole: Task) -> ForceView:
    force = await forces.of_task(tx, whole.id) if whole.is_whole else None
    if force is None:
        raise Conflict("This task has no plan for a Task Force yet")
    made = {one.id: one for one in await forces.subtasks_of(tx, whole.id)}
    paid = {one.subtask_id: one.paid_cents for one in await holds.parts_of(tx, whole.id)}
    given = await assignments.of_tasks(tx, list(made))
    having = {
        task_id: next((one for one in reversed(theirs) if one.state in _KEEPS), None)
        for task_id, theirs in given.items()
    }
    named = {plan.agent_id for plan in force.parts}
    named |= {has.worker.agent_id for has in having.values() if has is not None}
    known = await agents.by_ids(tx, sorted(one for one in named if one is not None))
    parts: list[PartView] = []
    for plan in force.parts:
        task = made.get(force.subtasks.get(plan.key, ""))
        has = None if task is None else having.get(task.id)
        agent_id = plan.agent_id if has is None else has.worker.agent_id
        agent = None if agent_id is None else known.get(agent_id)
        got = 0 if task is None else paid.get(task.id, 0)
        parts.append(PartView(plan, task, agent, has, got))
    return ForceView(whole, force, parts)


async def part_context(hall: Hall, *, actor: Actor, subtask_id: str) -> PartContext:
    """What an agent has to know for its part: reading it begins nothing.

    Raises NotFound, NotApproved, and Forbidden for another agent's part.
    """

    async def find(tx: Tx) -> PartContext:
        part, assignment = await _own_part(tx, actor, subtask_id)
        assert part.parent_id is not None, "a part has a whole"
        whole = await tasks.by_id(tx, part.parent_id)
        force = await forces.of_task(tx, part.parent_id)
        agreed = await terms.of_task(tx, part.parent_id)
        assert whole is not None, "a part's whole is there"
        assert force is not None, "a whole with parts has a plan"
        assert agreed is not None, "it was funded"
        plan = force.part_of(part.id)
        keys = () if plan is None else plan.depends_on
        needed: list[Outcome] = []
        for key in keys:
            before = await tasks.by_id(tx, force.subtasks[key])
            if before is not None:
                needed.append(await _outcome(tx, before))
        return PartContext(whole, agreed, force, part, assignment, needed)

    return await hall.database.scan(find)


async def agent_thread(
    hall: Hall, *, actor: Actor, subtask_id: str, after: str | None = None, limit: int = 50
) -> Thread:
    """What was said in the channel and in an agent's own part's thread, from behind an id.

    Raises NotFound, NotApproved, Invalid, and Forbidden for another agent's part.
    """
    _check_page(after, limit)

    async def find(tx: Tx) -> Thread:
        part, _ = await _own_part(tx, actor, subtask_id)
        whole = None if part.parent_id is None else await tasks.by_id(tx, part.parent_id)
        assert whole is not None, "a part has a whole"
        return await _page(tx, whole, [whole.id, part.id], after, limit)

    return await hall.database.scan(find)


async def buyer_thread(
    hall: Hall,
    *,
    actor: Actor,
    task_id: str,
    with_parts: bool = False,
    after: str | None = None,
    limit: int = 50,
) -> Thread:
    """What was said in a task's thread, and `with_parts` in those of its parts too.

    For its poster or an admin. Raises NotFound and Invalid.
    """
    _check_page(after, limit)

    async def find(tx: Tx) -> Thread:
        task = await _posted(tx, actor, task_id)
        threads = [task.id]
        if with_parts and task.is_whole:
            threads += [one.id for one in await forces.subtasks_of(tx, task.id)]
        return await _page(tx, task, threads, after, limit)

    return await hall.database.scan(find)


def _status(whole: Task, force: Force) -> str:
    return "over" if whole.state in FINAL else force.state.value


async def _page(tx: Tx, whole: Task, threads: list[str], after: str | None, limit: int) -> Thread:
    found = await messages.of_tasks(tx, threads, after=after or messages.FIRST, most=limit + 1)
    more = len(found) > limit
    whole_id = whole.parent_id if whole.is_part and whole.parent_id else whole.id
    return Thread(whole_id, found[:limit], found[limit - 1].id if more else None)


async def _posted(tx: Tx, actor: Actor, task_id: str) -> Task:
    task = await tasks.by_id(tx, task_id) if ids.is_uuid(task_id) else None
    if task is None:
        raise NotFound("task")
    if not may_see(actor, task.organization_id) and not await is_admin(tx, actor):
        raise NotFound("task")
    return task


async def whole_id_of(hall: Hall, message: Message) -> str:
    """Which task's thread is the one of all, where a message was said."""

    async def find(tx: Tx) -> tuple[Message, str]:
        return await saying(tx, message)

    return (await hall.database.read(find))[1]


async def saying(tx: Tx, message: Message) -> tuple[Message, str]:
    """The same beside the message, in the transaction that wrote it."""
    task = await tasks.by_id(tx, message.task_id)
    whole_id = None if task is None or not task.is_part else task.parent_id
    return message, whole_id or message.task_id


async def _own_part(tx: Tx, actor: Actor, subtask_id: str) -> tuple[Task, Assignment]:
    """An agent's own part; another's of the same Task Force is Forbidden, others do not exist."""
    if actor.kind is not ActorKind.AGENT or actor.agent_id is None:
        raise Forbidden("Only an agent has a part of a Task Force")
    agent = await agents.by_id(tx, actor.agent_id)
    if agent is None or agent.state is not AgentState.APPROVED:
        raise NotApproved("unknown" if agent is None else agent.state.value)
    part = await tasks.by_id(tx, subtask_id) if ids.is_uuid(subtask_id) else None
    if part is None or not part.is_part or part.parent_id is None:
        raise NotFound("subtask")
    theirs = [
        one
        for one in await assignments.of_task(tx, part.id)
        if one.worker.agent_id == agent.id and one.state in _KEEPS
    ]
    if theirs and agent.task_force:
        return part, theirs[-1]
    if theirs or await forces.takes_part(tx, part.parent_id, agent.id):
        raise Forbidden("This subtask is not assigned to this agent, or it works in no Task Force")
    raise NotFound("subtask")


async def _outcome(tx: Tx, before: Task) -> Outcome:
    delivered = None
    if before.deliverable_id is not None:
        delivered = await deliverables.by_id(tx, before.deliverable_id)
    if delivered is None or delivered.accepted is not True:
        return Outcome(before, None, (), [])
    handed_in = await assignments.submission(tx, delivered.id)
    links = () if handed_in is None else handed_in.links
    return Outcome(before, delivered, links, await deliverables.files_of(tx, delivered.id))


def _check_page(after: str | None, limit: int) -> None:
    if not 1 <= limit <= MAX_PAGE:
        raise Invalid(f"A page has 1 to {MAX_PAGE} messages", {"limit": "out of range"})
    if after is not None and not ids.is_uuid(after):
        raise Invalid("This is no cursor", {"cursor": "unknown"})
