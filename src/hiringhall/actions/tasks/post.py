"""Posting a task: written down, offered, and its first run queued in one transaction."""

from dataclasses import replace

from hiringhall.actions.credits import refuse_used_up
from hiringhall.actions.runs.queueing import choose_runtime, queue_run
from hiringhall.actions.tasks.creating import created
from hiringhall.actions.transaction import action
from hiringhall.domain.compute import CapScope, budget_id
from hiringhall.domain.durations import DAY_US
from hiringhall.domain.errors import Invalid, NoOrganization
from hiringhall.domain.events import TaskPublished, WaitingChanged
from hiringhall.domain.policy import HALL, Actor
from hiringhall.domain.tasks import (
    Acceptance,
    Brief,
    Engagement,
    State,
    Task,
    Waiting,
    fresh_task,
    make_brief,
)
from hiringhall.hall import Hall
from hiringhall.store import budgets, events, posting, tasks
from hiringhall.store.database import Tx
from hiringhall.store.events import Entry
from hiringhall.store.posting import PostingDesk


async def create_task(
    hall: Hall,
    *,
    actor: Actor,
    title: str,
    description: str,
    repository: str | None = None,
    role: str | None = None,
    require_spec_approval: bool | None = None,
) -> Task:
    """Post a task for the hall's own staff in the organization's default team.

    Where nobody can work on it, it waits, and an event says why. Raises Invalid and
    OutOfCredits.
    """
    brief = make_brief(title=title, description=description, repository=repository, role=role)
    return await post_brief(
        hall, actor=actor, brief=brief, require_spec_approval=require_spec_approval
    )


async def post_brief(
    hall: Hall,
    *,
    actor: Actor,
    brief: Brief,
    require_spec_approval: bool | None = None,
    publish: bool = True,
    known_role: bool = False,
) -> Task:
    """The same for a brief that was judged; without `publish` it stays a draft.

    With `known_role` a role that the team does not have is Invalid.
    """
    if brief.repository is not None:
        brief = replace(brief, repository=hall.check_repository(brief.repository))
    return await _post(
        hall,
        actor=actor,
        brief=brief,
        require_spec_approval=require_spec_approval,
        publish=publish,
        known_role=known_role,
    )


@action
async def _post(
    tx: Tx,
    hall: Hall,
    *,
    actor: Actor,
    brief: Brief,
    require_spec_approval: bool | None,
    publish: bool,
    known_role: bool,
) -> Task:
    now_us = hall.clock()
    organization_id = actor.organization_id
    if organization_id is None:
        raise NoOrganization
    desk = await _desk(tx, hall, actor, organization_id, brief=brief, now_us=now_us)
    if known_role and brief.role is not None and not desk.has_role:
        raise no_role(brief.role)
    chosen = choose_runtime(
        hall.staffing,
        role=brief.role,
        is_there=desk.has_role,
        role_runtime=desk.role_runtime,
    )
    waits = chosen.runtime is None
    wanted = require_spec_approval
    if wanted is None:
        wanted = desk.spec_approval
    # Built and written once, as it stands after its first events.
    task = fresh_task(
        task_id=hall.new_id(),
        organization_id=organization_id,
        team_id=desk.team_id,
        created_by=actor.user_id,
        title=brief.title,
        description=brief.description,
        engagement=Engagement.STAFF,
        acceptance=Acceptance.POSTER,
        state=State.OPEN,
        waiting_for=Waiting.WORKER if waits else Waiting.NOTHING,
        waiting_reason=chosen.hindrance,
        version=3 if waits else 2,
        generation=0 if waits else 1,
        repository=brief.repository or desk.repository,
        role=brief.role,
        spec_approval=wanted or hall.rules.spec_approval_always,
        now_us=now_us,
    )
    tx.after_commit(lambda: hall.signals.happened(task.id, organization_id))
    if brief.cap_micros is not None:
        await keep_cap(tx, task.id, brief.cap_micros)
    if not publish:
        return await _put_aside(tx, task, actor=actor.label)
    await tasks.add(tx, task)
    await _tell(tx, task, actor=actor.label)
    if chosen.runtime is None:
        event = WaitingChanged(chosen.hindrance)
        await events.append(tx, event, task=task, actor=HALL.label, at_us=now_us)
    else:
        await queue_run(tx, hall, task, runtime=chosen.runtime, after=None)
    return task


async def keep_cap(tx: Tx, task_id: str, cap_micros: int | None) -> None:
    """Write down what the models of a task may cost; None: what the hall lets each task have."""
    budget = budget_id(CapScope.TASK, task_id)
    await budgets.set_cap(tx, budget=budget, scope=CapScope.TASK, cap_micros=cap_micros)


def no_role(name: str) -> Invalid:
    """What is said of a role that a team does not have."""
    return Invalid(f"Role '{name}' does not exist in this team", {"role": "unknown"})


async def _desk(
    tx: Tx, hall: Hall, actor: Actor, organization_id: str, *, brief: Brief, now_us: int
) -> PostingDesk:
    """What posting has to know; raises OutOfCredits where the poster has none left today.

    A team that is not one of the organization's is Invalid: whoever belongs to the organization
    posts to any of its teams.
    """
    day = now_us // DAY_US
    desk = await posting.posting_desk(
        tx,
        organization_id=organization_id,
        user_id=actor.user_id,
        role=brief.role,
        day=day,
        team_id=brief.team_id,
    )
    if desk is None and brief.team_id is not None:
        raise Invalid("There is no such team in your organization", {"team_id": "unknown"})
    if desk is None:
        raise NoOrganization
    refuse_used_up(hall, used=desk.credits_used)
    return desk


async def _put_aside(tx: Tx, task: Task, *, actor: str) -> Task:
    """Write it down as a draft, which nobody works on."""
    draft = replace(
        task,
        state=State.DRAFT,
        waiting_for=Waiting.NOTHING,
        waiting_reason="",
        version=1,
        generation=0,
    )
    await tasks.add(tx, draft)
    await events.append(tx, created(draft), task=draft, actor=actor, at_us=draft.created_at_us)
    return draft


async def _tell(tx: Tx, task: Task, *, actor: str) -> None:
    """The first two events: it was written down as a draft, and published."""
    await events.append_pair(
        tx,
        Entry(created(task), 1, actor, State.DRAFT, Waiting.NOTHING),
        Entry(TaskPublished(), 2, actor, State.OPEN, Waiting.NOTHING),
        task=task,
        at_us=task.created_at_us,
    )
