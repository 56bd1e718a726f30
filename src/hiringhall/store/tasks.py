"""Tasks: written once, then changed only by comparing with the row that was read."""

from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import and_, bindparam, case, select, update

from hiringhall.domain.errors import LostRace
from hiringhall.domain.questions import AskedQuestion, QuestionKind, questions_from_json
from hiringhall.domain.tasks import (
    HANDED_IN,
    QUESTIONED,
    Acceptance,
    Engagement,
    State,
    Task,
    Waiting,
)
from hiringhall.store.database import Tx
from hiringhall.store.deliverables import links_of, told
from hiringhall.store.rows import insert_row, words_of
from hiringhall.store.statements import Statement
from hiringhall.store.tables import deliverables, plans, questions, submissions, tasks


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a task stands: what is asked for most, and less than half of the row."""

    id: str
    organization_id: str
    title: str
    state: State
    waiting_for: Waiting
    waiting_reason: str
    waiting_until_us: int | None
    question_id: str | None
    deliverable_id: str | None
    plan_id: str | None
    last_activity_at_us: int


@dataclass(frozen=True, slots=True)
class TaskRow:
    """Where a task stands, with the one thing that its poster is to say something about.

    `question` is there while a reply is awaited, `deliverable_text` while it is in review or
    disputed, `plan_text` while the plan is to be decided.
    """

    task: Standing
    question: AskedQuestion | None
    deliverable_text: str | None
    plan_text: str | None


@dataclass(frozen=True, slots=True)
class TaskLine:
    """A task as a list shows it."""

    id: str
    title: str
    state: State
    waiting_for: Waiting
    created_at_us: int


_BRIEF = (
    *("title", "description", "accept_criteria", "role", "priority", "repository"),
    "spec_approval",
)
"""What its poster may word anew, and what a run finds out."""

_WAY = ("engagement", "acceptance", "price_cents")
"""How its worker is found, which its poster may choose anew."""

_CHANGING = (
    "state",
    "waiting_for",
    "waiting_reason",
    "waiting_until_us",
    "version",
    "generation",
    "revisions",
    "plan_approved",
    "question_id",
    "deliverable_id",
    "plan_id",
    "updated_at_us",
    "last_activity_at_us",
)

_insert = Statement(insert_row(tasks), name="insert_task")
_by_id = Statement(select(tasks).where(tasks.c.id == bindparam("task_id")), name="task_by_id")
_task_id = bindparam("task_id", type_=tasks.c.id.type)
_asked = tasks.alias("asked")
_its_whole = select(_asked.c.parent_id).where(
    _asked.c.id == _task_id, _asked.c.engagement == Engagement.TASK_FORCE.value
)
# A part's whole before the part: whoever has the whole may wait for a part, never the reverse.
_for_change = Statement(
    select(tasks)
    .where(tasks.c.id.in_([_task_id, _its_whole.scalar_subquery()]))
    .order_by(case((tasks.c.id == _task_id, 1), else_=0))
    .with_for_update(of=tasks),
    name="task_for_change",
)
_as_it_was = (
    update(tasks)
    .where(
        tasks.c.id == bindparam("task_id"),
        tasks.c.version == bindparam("was_version"),
        tasks.c.state == bindparam("was_state"),
    )
    .values({name: bindparam(name) for name in _CHANGING})
)
_save = Statement(_as_it_was, name="save_task")
# Apart, because its texts may be long, and most moves leave them alone.
_save_all = Statement(
    _as_it_was.values({name: bindparam(name) for name in (*_BRIEF, *_WAY)}),
    name="save_task_and_brief",
)
# Only what the state is about is looked up: each text is two more walks down an index, and on a
# large hall each ends on a page that nobody has in memory.
_view = Statement(
    select(
        *(tasks.c[field.name] for field in fields(Standing)),
        questions.c.kind.label("question_kind"),
        questions.c.text.label("question_text"),
        questions.c.questions.label("question_list"),
        deliverables.c.text.label("deliverable_text"),
        submissions.c.links.label("deliverable_links"),
        plans.c.text.label("plan_text"),
    )
    .select_from(
        tasks.outerjoin(
            questions,
            and_(
                questions.c.id == tasks.c.question_id,
                tasks.c.waiting_for.in_(words_of(QUESTIONED)),
            ),
        )
        .outerjoin(
            deliverables,
            and_(
                deliverables.c.id == tasks.c.deliverable_id,
                tasks.c.state.in_(words_of(HANDED_IN)),
            ),
        )
        .outerjoin(submissions, submissions.c.deliverable_id == deliverables.c.id)
        .outerjoin(
            plans,
            and_(plans.c.id == tasks.c.plan_id, tasks.c.waiting_for == Waiting.PLAN_DECISION.value),
        )
    )
    .where(tasks.c.id == bindparam("task_id")),
    name="task_view",
)
_list = Statement(
    select(tasks.c.id, tasks.c.title, tasks.c.state, tasks.c.waiting_for, tasks.c.created_at_us)
    .where(
        tasks.c.organization_id == bindparam("organization_id"), tasks.c.id < bindparam("before")
    )
    .order_by(tasks.c.id.desc())
    .limit(bindparam("most")),
    name="list_tasks",
)
_waiting_for_worker = Statement(
    select(tasks.c.id)
    .where(tasks.c.waiting_for == "worker", tasks.c.id > bindparam("after"))
    .order_by(tasks.c.id)
    .limit(bindparam("most")),
    name="tasks_waiting_for_worker",
)
_waiting_in_team = Statement(
    select(tasks.c.id)
    .where(
        tasks.c.waiting_for == "worker",
        tasks.c.id > bindparam("after"),
        tasks.c.team_id == bindparam("team_id"),
    )
    .order_by(tasks.c.id)
    .limit(bindparam("most")),
    name="tasks_of_a_team_waiting_for_worker",
)

NEWEST = "g"
"""A cursor above every id: UUIDs are hexadecimal."""


async def add(tx: Tx, task: Task) -> None:
    """Write a new task down."""
    await tx.run(
        _insert,
        id=task.id,
        organization_id=task.organization_id,
        team_id=task.team_id,
        created_by=task.created_by,
        created_at_us=task.created_at_us,
        parent_id=task.parent_id,
        created_label=task.created_label,
        **_changing(task),
        **_brief(task),
    )


async def save(tx: Tx, *, was: Task, now: Task) -> None:
    """Change a task by compare-and-set; raises LostRace when it is not what was read."""
    brief = _brief(now)
    rewritten = brief if brief != _brief(was) else {}
    changed = await tx.run(
        _save_all if rewritten else _save,
        task_id=was.id,
        was_version=was.version,
        was_state=was.state.value,
        **_changing(now),
        **rewritten,
    )
    if changed != 1:
        raise LostRace("The task changed at the same moment; read it and try again")


async def by_id(tx: Tx, task_id: str) -> Task | None:
    """A task as it stands."""
    row = await tx.one(_by_id, task_id=task_id)
    return None if row is None else to_task(row)


async def for_change(tx: Tx, task_id: str) -> Task | None:
    """A task that is about to be changed: on PostgreSQL it is locked, a part behind its whole."""
    found = await tx.all(_for_change, task_id=task_id)
    return to_task(found[-1]) if found and found[-1].id == task_id else None


async def view(tx: Tx, task_id: str) -> TaskRow | None:
    """Where a task stands with what its poster is to decide, in one statement."""
    row = await tx.one(_view, task_id=task_id)
    if row is None:
        return None
    standing = Standing(
        row.id,
        row.organization_id,
        row.title,
        State(row.state),
        Waiting(row.waiting_for),
        row.waiting_reason,
        row.waiting_until_us,
        row.question_id,
        row.deliverable_id,
        row.plan_id,
        row.last_activity_at_us,
    )
    question = None
    if row.question_kind is not None:
        question = AskedQuestion(
            row.question_id,
            QuestionKind(row.question_kind),
            row.question_text,
            questions_from_json(row.question_list),
        )
    handed_in = row.deliverable_text
    if handed_in is not None:
        handed_in = told(handed_in, links_of(row.deliverable_links))
    return TaskRow(standing, question, handed_in, row.plan_text)


async def page(tx: Tx, *, organization_id: str, before: str, most: int) -> list[TaskLine]:
    """An organization's tasks, newest first, from behind `before` (see NEWEST)."""
    rows = await tx.all(_list, organization_id=organization_id, before=before, most=most)
    return [
        TaskLine(row.id, row.title, State(row.state), Waiting(row.waiting_for), row.created_at_us)
        for row in rows
    ]


async def waiting_for_worker(
    tx: Tx, *, after: str, most: int, team_id: str | None = None
) -> list[str]:
    """Ids of tasks that wait because nobody can work on them, oldest first; all, or a team's."""
    if team_id is None:
        rows = await tx.all(_waiting_for_worker, after=after, most=most)
    else:
        rows = await tx.all(_waiting_in_team, after=after, most=most, team_id=team_id)
    return [row.id for row in rows]


def _changing(task: Task) -> dict[str, Any]:
    return {
        "state": task.state.value,
        "waiting_for": task.waiting_for.value,
        "waiting_reason": task.waiting_reason,
        "waiting_until_us": task.waiting_until_us,
        "version": task.version,
        "generation": task.generation,
        "revisions": task.revisions,
        "plan_approved": int(task.plan_approved),
        "question_id": task.question_id,
        "deliverable_id": task.deliverable_id,
        "plan_id": task.plan_id,
        "updated_at_us": task.updated_at_us,
        "last_activity_at_us": task.last_activity_at_us,
    }


def _brief(task: Task) -> dict[str, Any]:
    brief = {name: getattr(task, name) for name in _BRIEF}
    return brief | {
        "engagement": task.engagement.value,
        "acceptance": task.acceptance.value,
        "spec_approval": int(task.spec_approval),
        "price_cents": task.price_cents,
    }


def to_task(row: Any) -> Task:
    """A task out of a row that has all columns of the table."""
    return Task(
        id=row.id,
        organization_id=row.organization_id,
        team_id=row.team_id,
        created_by=row.created_by,
        title=row.title,
        description=row.description,
        engagement=Engagement(row.engagement),
        acceptance=Acceptance(row.acceptance),
        state=State(row.state),
        waiting_for=Waiting(row.waiting_for),
        waiting_reason=row.waiting_reason,
        waiting_until_us=row.waiting_until_us,
        version=row.version,
        generation=row.generation,
        revisions=row.revisions,
        priority=row.priority,
        repository=row.repository,
        role=row.role,
        spec_approval=bool(row.spec_approval),
        plan_approved=bool(row.plan_approved),
        price_cents=row.price_cents,
        question_id=row.question_id,
        deliverable_id=row.deliverable_id,
        plan_id=row.plan_id,
        created_at_us=row.created_at_us,
        updated_at_us=row.updated_at_us,
        last_activity_at_us=row.last_activity_at_us,
        parent_id=row.parent_id,
        accept_criteria=row.accept_criteria,
        created_label=row.created_label,
    )
