"""Budgets and the calls they hold: reserved before a call, settled once after it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, case, func, select, update

from hiringhall.domain.compute import Budget, CapScope, Spender, Tokens, budget_id
from hiringhall.domain.durations import DAY_US
from hiringhall.store.database import Tx
from hiringhall.store.rows import insert_row
from hiringhall.store.statements import Statement, any_of
from hiringhall.store.tables import (
    budget_questions,
    budgets,
    credit_days,
    model_calls,
    runs,
    tasks,
)


@dataclass(frozen=True, slots=True)
class ModelCall:
    """A call that is under way, with what was put by for it."""

    id: str
    spender: Spender
    provider: str
    model: str
    reserved_micros: int


@dataclass(frozen=True, slots=True)
class BudgetQuestion:
    """What a yes to a question about a budget means, and what the call needed that it stopped."""

    budget_id: str
    cap_micros: int
    add_micros: int
    needed_micros: int

    @property
    def scope(self) -> CapScope:
        """Of whose budget it is a question."""
        return CapScope(self.budget_id.partition(":")[0])

    @property
    def key(self) -> str:
        """Whose budget it is: the id of the task, the team, the organization."""
        return self.budget_id.partition(":")[2]


# Always locked in one order, narrow ones first: what all share is held for the shortest time.
_rank = case({scope.value: rank for rank, scope in enumerate(CapScope)}, value=budgets.c.scope)

_open = Statement(
    lambda insert: (
        insert(budgets)
        .values(
            id=bindparam("id"),
            scope=bindparam("scope"),
            cap_micros=None,
            owners_cap_micros=None,
            spent_micros=0,
            reserved_micros=0,
            calls=0,
            tokens=0,
        )
        .on_conflict_do_nothing(index_elements=["id"])
    ),
    name="open_budget",
)
_lock = Statement(
    select(budgets)
    .where(any_of(budgets.c.id, "ids"))
    .order_by(_rank, budgets.c.id)
    .with_for_update(),
    name="lock_budgets",
)
_by_ids = Statement(select(budgets).where(any_of(budgets.c.id, "ids")), name="budgets_by_id")
_by_id = Statement(select(budgets).where(budgets.c.id == bindparam("id")), name="budget_by_id")
_reserve = Statement(
    update(budgets)
    .where(any_of(budgets.c.id, "ids"))
    .values(reserved_micros=budgets.c.reserved_micros + bindparam("amount_micros")),
    name="reserve_budgets",
)
_settle = Statement(
    update(budgets)
    .where(any_of(budgets.c.id, "ids"))
    .values(
        reserved_micros=budgets.c.reserved_micros - bindparam("reserved_micros"),
        spent_micros=budgets.c.spent_micros + bindparam("cost_micros"),
        calls=budgets.c.calls + bindparam("calls"),
        tokens=budgets.c.tokens + bindparam("tokens"),
    ),
    name="settle_budgets",
)
_set_cap = Statement(
    update(budgets)
    .where(budgets.c.id == bindparam("id"))
    .values(cap_micros=bindparam("cap_micros")),
    name="set_cap",
)
_set_owners_cap = Statement(
    update(budgets)
    .where(budgets.c.id == bindparam("id"))
    .values(owners_cap_micros=bindparam("owners_cap_micros")),
    name="set_owners_cap",
)
_insert_call = Statement(insert_row(model_calls), name="insert_model_call")
_settle_call = Statement(
    update(model_calls)
    .where(model_calls.c.id == bindparam("call_id"), model_calls.c.settled_at_us.is_(None))
    .values(
        cost_micros=bindparam("cost_micros"),
        settled_at_us=bindparam("at_us"),
        settled_as=bindparam("settled_as"),
        input_tokens=bindparam("input_tokens"),
        output_tokens=bindparam("output_tokens"),
        cached_tokens=bindparam("cached_tokens"),
    ),
    name="settle_model_call",
)
_may_call = Statement(
    select(func.coalesce(credit_days.c.used, 0).label("credits_used"))
    .select_from(
        runs.outerjoin(
            credit_days,
            (credit_days.c.user_id == bindparam("user_id"))
            & (credit_days.c.day == bindparam("day")),
        )
    )
    .where(
        runs.c.id == bindparam("run_id"),
        runs.c.generation == bindparam("generation"),
        runs.c.state == "running",
    ),
    name="run_may_call",
)
# As the foreign keys of what is written next lock it, but before any budget: whoever has a task's
# row waits for its budgets, never the other way round.
_share_task = Statement(
    select(tasks.c.id)
    .where(tasks.c.id == bindparam("task_id"))
    .with_for_update(read=True, key_share=True),
    name="share_task",
)
_under_way_of_run = Statement(
    select(model_calls).where(
        model_calls.c.run_id == bindparam("run_id"), model_calls.c.settled_at_us.is_(None)
    ),
    name="calls_under_way",
)
_left_over = Statement(
    select(model_calls)
    .select_from(model_calls.outerjoin(runs, runs.c.id == model_calls.c.run_id))
    .where(
        model_calls.c.settled_at_us.is_(None),
        (runs.c.ended_at_us < bindparam("before_us"))
        | (
            model_calls.c.run_id.is_(None) & (model_calls.c.reserved_at_us < bindparam("before_us"))
        ),
    )
    .limit(bindparam("most")),
    name="calls_left_over",
)
_insert_question = Statement(insert_row(budget_questions), name="insert_budget_question")
_question = Statement(
    select(budget_questions).where(budget_questions.c.question_id == bindparam("question_id")),
    name="budget_question",
)


async def credits_of_caller(tx: Tx, spender: Spender, *, generation: int, day: int) -> int | None:
    """The credits that a run's user has used on a day; None where the run may call no model.

    It may while it is at work and none has taken its place.
    """
    row = await tx.one(
        _may_call,
        run_id=spender.run_id or "",
        generation=generation,
        user_id=spender.user_id or "",
        day=day,
    )
    return None if row is None else row.credits_used


async def lock(tx: Tx, spender: Spender) -> dict[CapScope, Budget]:
    """The budgets of a spender, nobody else's to change until this is committed."""
    wanted = spender.budgets()
    found = await _locked(tx, wanted.values())
    if len(found) < len(wanted):
        for scope, one in wanted.items():
            if scope not in found:
                await tx.run(_open, id=one, scope=scope.value)
        found = await _locked(tx, wanted.values())
    return found


async def _locked(tx: Tx, ids: Iterable[str]) -> dict[CapScope, Budget]:
    rows = await tx.all(_lock, ids=list(ids))
    return {CapScope(row.scope): _to_budget(row) for row in rows}


async def by_id(tx: Tx, budget: str) -> Budget | None:
    """A budget as it stands; None where nothing was ever counted under it."""
    row = await tx.one(_by_id, id=budget)
    return None if row is None else _to_budget(row)


async def for_change(tx: Tx, scope: CapScope, key: str) -> Budget:
    """The budget of somebody, opened where there was none, nobody else's to change meanwhile."""
    budget = budget_id(scope, key)
    await tx.run(_open, id=budget, scope=scope.value)
    return (await _locked(tx, [budget]))[scope]


async def by_ids(tx: Tx, ids: Iterable[str]) -> dict[str, Budget]:
    """Several budgets as they stand, as far as anything was ever counted under them."""
    return {row.id: _to_budget(row) for row in await tx.all(_by_ids, ids=list(ids))}


async def set_owners_cap(tx: Tx, budget: Budget, cap_micros: int | None) -> None:
    """Have owners hold a budget that is locked to this; with None the hall alone does."""
    await tx.run(_set_owners_cap, id=budget.id, owners_cap_micros=cap_micros)


async def set_cap(tx: Tx, *, budget: str, scope: CapScope, cap_micros: int | None) -> None:
    """Give a budget a cap of its own, or with None the hall's for its scope."""
    await tx.run(_open, id=budget, scope=scope.value)
    await tx.run(_set_cap, id=budget, cap_micros=cap_micros)


async def reserve(tx: Tx, call: ModelCall, *, at_us: int) -> None:
    """Put by what a call may cost, in budgets that are locked, and write the call down."""
    spender = call.spender
    await tx.run(
        _insert_call,
        id=call.id,
        run_id=spender.run_id,
        task_id=spender.task_id,
        team_id=spender.team_id,
        organization_id=spender.organization_id,
        user_id=spender.user_id,
        provider=call.provider,
        model=call.model,
        reserved_micros=call.reserved_micros,
        reserved_at_us=at_us,
        cost_micros=None,
        settled_at_us=None,
        settled_as=None,
        input_tokens=0,
        output_tokens=0,
        cached_tokens=0,
    )
    ids = list(spender.budgets().values())
    await tx.run(_reserve, ids=ids, amount_micros=call.reserved_micros)


async def share_task(tx: Tx, task_id: str) -> None:
    """Take the task's row as far as what is written about it will: always before its budgets."""
    await tx.one(_share_task, task_id=task_id)


async def settle(
    tx: Tx,
    call: ModelCall,
    *,
    cost_micros: int,
    tokens: Tokens,
    settled_as: str,
    counts: bool,
    at_us: int,
) -> bool:
    """Write down what a call cost, in budgets that are locked; False when that was done before."""
    settled = await tx.run(
        _settle_call,
        call_id=call.id,
        cost_micros=cost_micros,
        at_us=at_us,
        settled_as=settled_as,
        input_tokens=tokens.input,
        output_tokens=tokens.output,
        cached_tokens=tokens.cached,
    )
    if not settled:
        return False
    await tx.run(
        _settle,
        ids=list(call.spender.budgets().values()),
        reserved_micros=call.reserved_micros,
        cost_micros=cost_micros,
        calls=int(counts),
        tokens=tokens.input + tokens.output,
    )
    return True


async def under_way(tx: Tx, run_id: str) -> list[ModelCall]:
    """The calls of a run that are not settled yet."""
    return [_to_call(row) for row in await tx.all(_under_way_of_run, run_id=run_id)]


async def left_over(tx: Tx, *, before_us: int, most: int) -> list[ModelCall]:
    """Calls that are not settled although their run has ended a while ago, or that have none."""
    return [_to_call(row) for row in await tx.all(_left_over, before_us=before_us, most=most)]


async def add_question(tx: Tx, question_id: str, question: BudgetQuestion) -> None:
    """Remember which cap a question is about, and what a yes adds to it."""
    await tx.run(
        _insert_question,
        question_id=question_id,
        budget_id=question.budget_id,
        cap_micros=question.cap_micros,
        add_micros=question.add_micros,
        needed_micros=question.needed_micros,
    )


async def question(tx: Tx, question_id: str) -> BudgetQuestion | None:
    """Which cap a question is about; None for any other question."""
    row = await tx.one(_question, question_id=question_id)
    if row is None:
        return None
    return BudgetQuestion(row.budget_id, row.cap_micros, row.add_micros, row.needed_micros)


def _to_budget(row: Any) -> Budget:
    return Budget(
        row.id,
        CapScope(row.scope),
        row.cap_micros,
        row.owners_cap_micros,
        row.spent_micros,
        row.reserved_micros,
        row.calls,
    )


def _to_call(row: Any) -> ModelCall:
    own_day = row.reserved_at_us // DAY_US if row.run_id is None else None
    spender = Spender(
        row.run_id, row.task_id, row.team_id, row.organization_id, row.user_id, own_day
    )
    return ModelCall(row.id, spender, row.provider, row.model, row.reserved_micros)
