"""How a run stops without an end of its own: at a cap, with a question; or until a stated time."""

import re

from hiringhall.actions.runs.ending import actor_of, load_fenced
from hiringhall.actions.tasks.moving import move
from hiringhall.actions.transaction import action
from hiringhall.domain.compute import MICROS_PER_CENT, SHARED, CapReached, Spender, money
from hiringhall.domain.errors import Invalid
from hiringhall.domain.events import QuestionAsked, RetryScheduled
from hiringhall.domain.lifecycle import Command, Side, Timer
from hiringhall.domain.questions import (
    AskedQuestion,
    InputType,
    Question,
    QuestionKind,
    questions_text,
)
from hiringhall.domain.runs import OutcomeKind, RunState, RunToken
from hiringhall.domain.tasks import Task, Waiting
from hiringhall.hall import Hall
from hiringhall.store import budgets, questions, runs
from hiringhall.store.budgets import BudgetQuestion
from hiringhall.store.database import Tx

STOP = "Stop here"
GO_ON = "Go on"
_MOST_MICROS = 10**15
"""What one answer can add: no typing error goes past what the database counts."""


@action
async def pause_for_budget(tx: Tx, hall: Hall, *, token: RunToken, reached: CapReached) -> Task:
    """End a run at a cap, and ask the poster whether to add to it or to stop."""
    task, run = await load_fenced(tx, token)
    spender = Spender(run.id, task.id, task.team_id, task.organization_id, task.created_by)
    budget = spender.budgets()[reached.scope]
    asked, add_micros = _asked(reached)
    question = AskedQuestion(
        hall.new_id(), QuestionKind.CLARIFYING, questions_text([asked]), (asked,)
    )
    now_us = hall.clock()
    await questions.add(tx, question, task_id=task.id, run_id=run.id, at_us=now_us)
    await budgets.lock(tx, spender)
    await budgets.add_question(
        tx,
        question.id,
        BudgetQuestion(budget, reached.cap_micros, add_micros, reached.needed_micros),
    )
    because = OutcomeKind.OVER_BUDGET.value
    await runs.end(tx, run, RunState.COMPLETED, because=because, at_us=now_us)
    return await move(
        tx,
        hall,
        task,
        Command.ASK,
        side=Side.HALL,
        actor=actor_of(run),
        event=QuestionAsked(question.id, question.kind.value, question.text),
        question_id=question.id,
        waiting_for=Waiting.BUDGET_DECISION,
        waiting_reason=reached.text,
    )


@action
async def park(tx: Tx, hall: Hall, *, token: RunToken, until_us: int, reason: str) -> Task:
    """End a run that cannot go on before a time; its next begins then, and nothing has failed."""
    task, run = await load_fenced(tx, token)
    now_us = hall.clock()
    due_at_us = max(until_us, now_us)
    because = OutcomeKind.PARKED.value
    await runs.end(tx, run, RunState.COMPLETED, because=because, at_us=now_us)
    parked = await move(
        tx,
        hall,
        task,
        Command.RETRY,
        side=Side.HALL,
        actor=actor_of(run),
        event=RetryScheduled(reason, due_at_us),
        due_at_us={Timer.RETRY: due_at_us},
        waiting_reason=reason,
        waiting_until_us=due_at_us,
    )
    tx.after_commit(hall.engine.wake)
    return parked


def _asked(reached: CapReached) -> tuple[Question, int]:
    """What the poster is asked, and what a yes adds; what is not theirs to give is not offered."""
    add_micros = _addition(reached)
    if reached.scope not in SHARED:
        text, words = "Add to it, or stop?", (f"Add {money(add_micros)}", STOP)
    elif reached.is_halls:
        text = "Whoever runs this hall can raise it. Go on once it is raised, or stop?"
        words = (GO_ON, STOP)
    else:
        if reached.ceiling_micros is not None:
            add_micros = min(add_micros, reached.ceiling_micros - reached.cap_micros)
        text = "An owner of the organization can add to it. Go on once one has, or stop?"
        words = (f"Add {money(add_micros)}", GO_ON, STOP)
    return Question(InputType.SINGLE_SELECT, f"{reached.text}. {text}", words), add_micros


def _addition(reached: CapReached) -> int:
    """What a yes adds: the cap again, or what the next call needs, in whole units."""
    unit = 100 * MICROS_PER_CENT
    needed = reached.spent_micros + reached.needed_micros - reached.cap_micros
    wanted = max(reached.cap_micros, needed, unit)
    return -(-wanted // unit) * unit


_NO = frozenset({"stop", "no", "not", "don", "dont", "cancel", "end", "abort", "quit"})
_MORE = frozenset({"add", "yes", "more", "raise"})
_YES = _MORE | {"continue", "go", "ok", "okay"}


def wants_more(answer: str) -> bool:
    """Whether an answer that is no "stop" asks for more under a cap, and not just to go on."""
    return bool(set(re.findall(r"[a-z]+", answer.lower())) & _MORE or re.search(r"\d", answer))


def added_micros(answer: str, question: BudgetQuestion) -> int | None:
    """How much an answer to a question about a budget adds to it; None where it says stop.

    An amount of the poster's own is taken as it is written ("Add 2.50", "20"); a yes without one
    adds what was offered. Raises Invalid where it says neither.
    """
    words = set(re.findall(r"[a-z]+", answer.lower()))
    if words & _NO:
        return None
    plain = re.sub(r"(?<=\d)[,' ](?=\d{3}(?!\d))", "", answer)
    numbers = re.findall(r"\d[\d.,]*", plain)
    if numbers:
        written = re.fullmatch(r"(\d{1,12})(?:[.,](\d{1,2}))?", numbers[0].rstrip(".,"))
        cents = int(written[1]) * 100 + int(f"{written[2] or '':0<2}") if written else 0
        if cents:
            return min(cents * MICROS_PER_CENT, _MOST_MICROS)
    elif words & _YES:
        return question.add_micros
    raise Invalid(f"Say an amount to add, such as 'Add 5.00', or '{STOP}'", {"message": "unclear"})
