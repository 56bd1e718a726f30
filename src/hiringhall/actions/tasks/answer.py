"""What the poster says to a task: a reply, a decision on a plan or a deliverable, or enough."""

from collections.abc import Sequence

from hiringhall.actions.budgets import go_on_under
from hiringhall.actions.force.planning import decide_force
from hiringhall.actions.market import reviewing
from hiringhall.actions.market.post import withdraw
from hiringhall.actions.runs.ending import cancel_live_run
from hiringhall.actions.runs.pausing import added_micros, wants_more
from hiringhall.actions.runs.queueing import move_and_queue
from hiringhall.actions.tasks.deciding import decide_staff
from hiringhall.actions.tasks.moving import load_for_change, move, record
from hiringhall.actions.transaction import action
from hiringhall.domain.compute import SHARED, CapScope, budget_id
from hiringhall.domain.errors import Invalid, LostRace
from hiringhall.domain.events import (
    PlanDecided,
    ReplyGiven,
    TaskCancelled,
)
from hiringhall.domain.lifecycle import Command, Side, move_of, refusal
from hiringhall.domain.policy import Actor
from hiringhall.domain.questions import Answer, check_answers, reply_text
from hiringhall.domain.tasks import MARKET, State, Task, Waiting
from hiringhall.hall import Hall
from hiringhall.store import budgets, plans, questions, runs
from hiringhall.store.budgets import BudgetQuestion
from hiringhall.store.database import Tx

MAX_TEXT_LENGTH = 200_000


@action
async def reply(
    tx: Tx,
    hall: Hall,
    *,
    actor: Actor,
    task_id: str,
    text: str | None = None,
    answers: Sequence[Answer] | None = None,
    question_id: str | None = None,
    every: bool = False,
) -> Task:
    """Answer the question a task waits on; structured answers go before a text.

    `question_id` is the one that is meant, where it is known; with `every` no question of several
    may be left out, as where a person was shown all of them. Raises NotFound, Invalid, WrongState,
    and LostRace where another is open by now.
    """
    return await give_reply(
        tx,
        hall,
        actor=actor,
        task_id=task_id,
        text=text,
        answers=answers,
        question_id=question_id,
        every=every,
    )


async def give_reply(
    tx: Tx,
    hall: Hall,
    *,
    actor: Actor,
    task_id: str,
    text: str | None = None,
    answers: Sequence[Answer] | None = None,
    said_as: str | None = None,
    question_id: str | None = None,
    every: bool = False,
) -> Task:
    """The same, within a transaction; `said_as` is who the answer says it is from."""
    task = await load_for_change(tx, actor=actor, task_id=task_id)
    plain = _tidy(text, "message")
    _check_open(task, question_id)
    if answers is None and not plain:
        raise Invalid("Message cannot be empty", {"message": "empty"})
    move_of(task, Command.REPLY, Side.POSTER)
    asked = None if task.question_id is None else await questions.by_id(tx, task.question_id)
    if asked is None:
        raise refusal(task, Command.REPLY)
    given = tuple(answers or ())
    if answers is not None:
        check_answers(asked, given, every=every)
        plain = _tidy(reply_text(asked, given), "answers")
    if not await questions.answer(tx, asked.id, text=plain, answers=given, at_us=hall.clock()):
        raise LostRace("This question was answered at the same moment")
    replied = ReplyGiven(asked.id, plain, said_as)
    if task.waiting_for is Waiting.BUDGET_DECISION:
        about = await budgets.question(tx, asked.id)
        if about is not None:
            return await _decide_budget(tx, hall, task, actor=actor, about=about, replied=replied)
    return await move_and_queue(
        tx, hall, task, Command.REPLY, side=Side.POSTER, actor=actor, event=replied
    )


def _check_open(task: Task, question_id: str | None) -> None:
    """Who names a question is told that it is over before what their answer is lacking."""
    if question_id is None:
        return
    move_of(task, Command.REPLY, Side.POSTER)
    if question_id != task.question_id:
        raise LostRace("This question was answered already; another one is open now")


async def _decide_budget(
    tx: Tx, hall: Hall, task: Task, *, actor: Actor, about: BudgetQuestion, replied: ReplyGiven
) -> Task:
    """Add to the cap that a run has reached and go on, or stop the task."""
    add_micros = added_micros(replied.text, about)
    if add_micros is None:
        task = await record(tx, hall, task, actor=actor, event=replied, was=task)
        return await move(
            tx,
            hall,
            task,
            Command.CANCEL,
            side=Side.POSTER,
            actor=actor,
            event=TaskCancelled("Stopped at its budget"),
            waiting_for=Waiting.NOTHING,
        )
    goes_on = await move_and_queue(
        tx, hall, task, Command.REPLY, side=Side.POSTER, actor=actor, event=replied
    )
    if about.scope in SHARED:
        more = add_micros if wants_more(replied.text) else None
        await go_on_under(tx, hall, actor=actor, about=about, more_micros=more)
    else:
        await _raise_cap(tx, task, about, add_micros)
    return goes_on


async def _raise_cap(tx: Tx, task: Task, about: BudgetQuestion, add_micros: int) -> None:
    """Add to a cap; a run's own is over with the run, so its successor gets what was added."""
    if about.scope is CapScope.RUN:
        successor = await runs.live_of_task(tx, task.id)
        if successor is not None:
            budget = budget_id(CapScope.RUN, successor.id)
            await budgets.set_cap(tx, budget=budget, scope=about.scope, cap_micros=add_micros)
        return
    kept = await budgets.by_id(tx, about.budget_id)
    # Another answer may have raised it meanwhile: what this one adds comes on top.
    cap_micros = about.cap_micros
    if kept is not None and kept.cap_micros is not None:
        cap_micros = kept.cap_micros
    await budgets.set_cap(
        tx, budget=about.budget_id, scope=about.scope, cap_micros=cap_micros + add_micros
    )


@action
async def decide_plan(
    tx: Tx,
    hall: Hall,
    *,
    actor: Actor,
    task_id: str,
    accepted: bool,
    reason: str | None = None,
    plan_id: str | None = None,
) -> Task:
    """Say yes or no to the plan a task waits on; `plan_id` is the one that is meant, where known.

    Raises NotFound, Invalid, WrongState, and LostRace where another plan waits by now.
    """
    task = await load_for_change(tx, actor=actor, task_id=task_id)
    return await decide_plan_of(
        tx, hall, task, actor=actor, accepted=accepted, reason=reason, plan_id=plan_id
    )


async def decide_plan_of(
    tx: Tx,
    hall: Hall,
    task: Task,
    *,
    actor: Actor,
    accepted: bool,
    reason: str | None = None,
    plan_id: str | None = None,
) -> Task:
    """The same, within a transaction."""
    said = _tidy(reason, "reason")
    if plan_id not in (None, task.plan_id):
        raise LostRace("This plan was made anew; look at the one that waits now")
    if task.is_whole:
        return await decide_force(tx, hall, task, actor=actor, accepted=accepted, reason=said)
    move_of(task, Command.DECIDE_PLAN, Side.POSTER)
    decided = task.plan_id
    if decided is None or not await plans.decide(
        tx, decided, accepted=accepted, reason=said or None, at_us=hall.clock()
    ):
        raise refusal(task, Command.DECIDE_PLAN)
    return await move_and_queue(
        tx,
        hall,
        task,
        Command.DECIDE_PLAN,
        side=Side.POSTER,
        actor=actor,
        event=PlanDecided(decided, accepted, said),
        plan_approved=accepted,
    )


@action
async def decide_deliverable(
    tx: Tx,
    hall: Hall,
    *,
    actor: Actor,
    task_id: str,
    accepted: bool,
    reason: str | None = None,
) -> Task:
    """Accept the deliverable that waits for a decision, or send it back with a reason.

    On the market a no is a dispute. Raises NotFound, Invalid and WrongState.
    """
    task = await load_for_change(tx, actor=actor, task_id=task_id)
    said = _tidy(reason, "reason")
    if task.engagement in MARKET:
        decide = reviewing.accept_in if accepted else reviewing.reject_in
        return await decide(tx, hall, task, side=Side.POSTER, actor=actor, feedback=said)
    return await decide_staff(tx, hall, task, actor=actor, accepted=accepted, said=said)


@action
async def cancel_task(tx: Tx, hall: Hall, *, actor: Actor, task_id: str, reason: str = "") -> Task:
    """Withdraw a task and stop who works on it; cancelling it again changes nothing.

    Raises NotFound, and WrongState once the task is done.
    """
    task = await load_for_change(tx, actor=actor, task_id=task_id)
    return await cancel_in(tx, hall, task, actor=actor, reason=reason)


async def cancel_in(tx: Tx, hall: Hall, task: Task, *, actor: Actor, reason: str = "") -> Task:
    """The same, within a transaction."""
    if task.engagement in MARKET:
        return await withdraw(tx, hall, task, side=Side.POSTER, actor=actor, reason=reason)
    if task.state is State.CANCELLED:
        return task
    cancelled = await move(
        tx,
        hall,
        task,
        Command.CANCEL,
        side=Side.POSTER,
        actor=actor,
        event=TaskCancelled(_tidy(reason, "reason")),
        waiting_for=Waiting.NOTHING,
    )
    await cancel_live_run(tx, hall, cancelled, because="the task was cancelled")
    return cancelled


def _tidy(text: str | None, field: str) -> str:
    tidy = (text or "").strip()
    if len(tidy) > MAX_TEXT_LENGTH:
        raise Invalid(
            f"{field.capitalize()} is longer than {MAX_TEXT_LENGTH} characters", {field: "too long"}
        )
    return tidy
