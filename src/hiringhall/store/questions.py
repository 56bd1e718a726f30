"""Questions that workers asked, and the replies to them."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select, update

from hiringhall.domain.questions import (
    Answer,
    AskedQuestion,
    QuestionKind,
    answers_from_json,
    answers_to_json,
    questions_from_json,
    questions_to_json,
)
from hiringhall.store.database import Tx
from hiringhall.store.rows import insert_row
from hiringhall.store.statements import Statement
from hiringhall.store.tables import questions


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question with its reply; `reply_text` is None until there is one."""

    question: AskedQuestion
    reply_text: str | None
    answers: tuple[Answer, ...]


_insert = Statement(insert_row(questions), name="insert_question")
_by_id = Statement(
    select(questions).where(questions.c.id == bindparam("question_id")), name="question_by_id"
)
_of_task = Statement(
    select(questions)
    .where(questions.c.task_id == bindparam("task_id"))
    .order_by(questions.c.asked_at_us, questions.c.id),
    name="questions_of_task",
)
_answer = Statement(
    update(questions)
    .where(questions.c.id == bindparam("question_id"), questions.c.answered_at_us.is_(None))
    .values(
        reply_text=bindparam("reply_text"),
        answers=bindparam("answers"),
        answered_at_us=bindparam("answered_at_us"),
    ),
    name="answer_question",
)


async def add(
    tx: Tx, question: AskedQuestion, *, task_id: str, run_id: str | None, at_us: int
) -> None:
    """Write down what a worker asked."""
    await tx.run(
        _insert,
        id=question.id,
        task_id=task_id,
        run_id=run_id,
        kind=question.kind.value,
        text=question.text,
        questions=questions_to_json(question.questions),
        asked_at_us=at_us,
        reply_text=None,
        answers=None,
        answered_at_us=None,
    )


async def by_id(tx: Tx, question_id: str) -> AskedQuestion | None:
    """A question as it was asked."""
    row = await tx.one(_by_id, question_id=question_id)
    return None if row is None else _to_question(row)


async def answer(
    tx: Tx,
    question_id: str,
    *,
    text: str,
    answers: tuple[Answer, ...],
    at_us: int,
) -> bool:
    """Keep the reply; False when there was one already."""
    return (
        await tx.run(
            _answer,
            question_id=question_id,
            reply_text=text,
            answers=answers_to_json(answers) if answers else None,
            answered_at_us=at_us,
        )
        == 1
    )


async def of_task(tx: Tx, task_id: str) -> list[Exchange]:
    """All that was asked and answered on a task, oldest first."""
    return [
        Exchange(
            _to_question(row),
            row.reply_text,
            answers_from_json(row.answers) if row.answers else (),
        )
        for row in await tx.all(_of_task, task_id=task_id)
    ]


def _to_question(row: Any) -> AskedQuestion:
    return AskedQuestion(
        row.id, QuestionKind(row.kind), row.text, questions_from_json(row.questions)
    )
