"""From the hall's words to the Agentwork door's: statuses, times, questions, tasks."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from hiringhall.actions.accounts import IssuedKey
from hiringhall.domain.questions import Answer, AskedQuestion, QuestionKind
from hiringhall.domain.tasks import State, Task, Waiting
from hiringhall.doors.agentwork.wire import (
    CreatedAnswer,
    CreditsAnswer,
    ExchangedAnswer,
    GivenAnswer,
    LineAnswer,
    QuestionAnswer,
    RegisteredAnswer,
    SolutionAnswer,
    Status,
    SuccessAnswer,
    TaskAnswer,
)
from hiringhall.queries.accounts import Credits
from hiringhall.queries.tasks import TaskLine, TaskRow

TITLE_LENGTH = 70
"""Longer titles are cut at this door (seed 000: "truncated to ~70 chars")."""

STATUS_OF_STATE: Mapping[State, Status] = {
    State.DRAFT: "processing",
    State.OPEN: "processing",
    State.SELECTING: "processing",
    State.ASSIGNED: "processing",
    State.IN_PROGRESS: "processing",
    State.AWAITING_REPLY: "awaiting_reply",
    State.IN_REVIEW: "awaiting_solution_approval",
    State.REVISING: "processing",
    State.DISPUTED: "awaiting_solution_approval",
    State.DONE: "completed",
    State.FAILED: "cancelled",
    State.CANCELLED: "cancelled",
    State.EXPIRED: "cancelled",
}


def status_of(state: State, waiting_for: Waiting) -> Status:
    """The door's word for where a task stands: a total function, and the only one."""
    if state is State.AWAITING_REPLY and waiting_for is Waiting.PLAN_DECISION:
        return "awaiting_spec_approval"
    return STATUS_OF_STATE[state]


def title_of(title: str) -> str:
    """A title as long as this door's are; other doors' may be longer."""
    return title if len(title) <= TITLE_LENGTH else title[:TITLE_LENGTH].rstrip()


def time_of(at_us: int) -> str:
    """A time as this door writes it: UTC, to the second, no zone."""
    return datetime.fromtimestamp(at_us // 1_000_000, UTC).isoformat()[:19]


def registered(issued: IssuedKey) -> RegisteredAnswer:
    """A new account."""
    return RegisteredAnswer(
        issued.secret,
        issued.key.prefix,
        issued.organization_id,
        issued.organization_short_id,
        issued.user_id,
    )


def exchanged(issued: IssuedKey) -> ExchangedAnswer:
    """A new key."""
    return ExchangedAnswer(
        issued.secret, issued.key.prefix, issued.organization_id, issued.organization_short_id
    )


def created(task: Task) -> CreatedAnswer:
    """A task just made."""
    return CreatedAnswer(task.id, status_of(task.state, task.waiting_for))


def success(task: Task) -> SuccessAnswer:
    """A task after a word from its poster."""
    return SuccessAnswer(success=True, status=status_of(task.state, task.waiting_for))


def task_answer(row: TaskRow) -> TaskAnswer:
    """A task; of question, solution and plan only what its status is about."""
    task = row.task
    status = status_of(task.state, task.waiting_for)
    answer = TaskAnswer(
        task.id, title_of(task.title), status, time_of(task.last_activity_at_us), None, None
    )
    if status == "awaiting_reply" and row.question is not None:
        answer.question = _question(row.question)
    elif status == "awaiting_solution_approval" and task.deliverable_id is not None:
        answer.solution = SolutionAnswer(task.deliverable_id, row.deliverable_text or "")
    elif status == "awaiting_spec_approval" and task.plan_id is not None:
        answer.spec = SolutionAnswer(task.plan_id, row.plan_text or "")
    return answer


def _question(asked: AskedQuestion) -> QuestionAnswer:
    if asked.kind is QuestionKind.TO_CUSTOMER:
        return QuestionAnswer(asked.id, asked.text, "TO_CUSTOMER")
    items = [
        {"type": one.type.value, "question": one.question, "options": list(one.options) or None}
        for one in asked.questions
    ]
    content = json.dumps({"type": "clarifying_questions", "questions": items}, ensure_ascii=False)
    return QuestionAnswer(asked.id, content, "CLARIFYING_QUESTIONS")


def line(task: TaskLine) -> LineAnswer:
    """A task of the list."""
    status = status_of(task.state, task.waiting_for)
    return LineAnswer(task.id, title_of(task.title), status, time_of(task.created_at_us))


def credits_answer(credit: Credits) -> CreditsAnswer:
    """The day's credits."""
    return CreditsAnswer(credit.limit, credit.used, credit.left, time_of(credit.resets_at_us))


def given_answers(answers: Sequence[GivenAnswer] | None) -> list[Answer] | None:
    """Structured answers as the hall takes them."""
    if answers is None:
        return None
    return [
        Answer(
            one.question_index,
            one.selected if isinstance(one.selected, str) else tuple(one.selected),
        )
        for one in answers
    ]
