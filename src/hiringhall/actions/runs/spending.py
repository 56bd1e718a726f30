"""What a run spends on models: put by before a call, settled after it, each in one transaction."""

from dataclasses import dataclass, replace

from hiringhall.actions.transaction import action
from hiringhall.domain.compute import (
    Budget,
    CapReached,
    CapScope,
    Spender,
    Tokens,
    credits_of,
)
from hiringhall.domain.durations import DAY_US
from hiringhall.domain.errors import Superseded
from hiringhall.domain.runs import Run, RunToken
from hiringhall.hall import Hall
from hiringhall.store import budgets, usage
from hiringhall.store.budgets import ModelCall
from hiringhall.store.database import Tx
from hiringhall.store.usage import UsageRecord

LEFT_OVER_US = 600_000_000
"""How long a run has to be over before what it did not settle is settled for it."""
PAGE = 100


@dataclass(frozen=True, slots=True)
class OutOfCreditsToday:
    """A call was not let through: the user's credits are used up until midnight UTC."""

    until_us: int

    @property
    def text(self) -> str:
        """For whoever waits."""
        return "Today's credits are used up; the work goes on at midnight UTC"


@action
async def reserve_call(
    tx: Tx,
    hall: Hall,
    *,
    token: RunToken,
    spender: Spender,
    provider: str,
    model: str,
    amount_micros: int,
) -> ModelCall | CapReached | OutOfCreditsToday:
    """Put by what a call may cost in each of the run's budgets, or say which of them is too small.

    Raises Superseded when the run may not call a model any more.
    """
    now_us = hall.clock()
    day = now_us // DAY_US
    used = await budgets.credits_of_caller(tx, spender, generation=token.generation, day=day)
    if used is None:
        raise Superseded("This run is over; it calls no model any more")
    if spender.user_id is not None and used >= hall.rules.credits_per_day:
        return OutOfCreditsToday((day + 1) * DAY_US)
    return await _put_by(tx, hall, spender, provider, model, amount_micros, at_us=now_us)


@action
async def reserve_errand(
    tx: Tx, hall: Hall, *, spender: Spender, provider: str, model: str, amount_micros: int
) -> ModelCall | CapReached:
    """The same for a call that the hall itself makes on behalf of a task, with no run."""
    assert spender.run_id is None, "a run's calls are its own"
    await budgets.share_task(tx, spender.task_id)
    now_us = hall.clock()
    asking = replace(spender, own_day=now_us // DAY_US)
    return await _put_by(tx, hall, asking, provider, model, amount_micros, at_us=now_us)


async def _put_by(
    tx: Tx,
    hall: Hall,
    spender: Spender,
    provider: str,
    model: str,
    amount_micros: int,
    *,
    at_us: int,
) -> ModelCall | CapReached:
    locked = await budgets.lock(tx, spender)
    for scope in CapScope:
        if scope not in locked:
            continue
        reached = _reached(locked[scope], hall.rules.caps.get(scope), amount_micros)
        if reached is not None:
            return reached
    call = ModelCall(hall.new_id(), spender, provider, model, amount_micros)
    await budgets.reserve(tx, call, at_us=at_us)
    return call


def _reached(budget: Budget, usual_micros: int | None, amount_micros: int) -> CapReached | None:
    """Why an amount cannot be put by, if it cannot."""
    cap_micros, taken_micros = budget.holds(usual_micros), budget.taken_micros
    if cap_micros is None or taken_micros + amount_micros <= cap_micros:
        return None
    ceiling_micros = budget.ceiling(usual_micros)
    return CapReached(budget.scope, cap_micros, taken_micros, amount_micros, ceiling_micros)


@action
async def settle_call(
    tx: Tx, hall: Hall, *, call: ModelCall, runtime: str, cost_micros: int, tokens: Tokens
) -> bool:
    """Write down what a call came to; False when it was settled before."""
    return await _settle(
        tx,
        hall,
        call,
        runtime=runtime,
        cost_micros=cost_micros,
        tokens=tokens,
        settled_as="used",
    )


@action
async def settle_broken_call(tx: Tx, hall: Hall, *, call: ModelCall, runtime: str) -> bool:
    """A call broke off, so that nobody knows what it used: all that was put by counts as spent."""
    return await _settle(
        tx,
        hall,
        call,
        runtime=runtime,
        cost_micros=call.reserved_micros,
        tokens=Tokens(),
        settled_as="broken",
    )


@action
async def release_call(tx: Tx, hall: Hall, *, call: ModelCall) -> bool:
    """The provider refused a call, or was not reached: it costs nothing."""
    await budgets.lock(tx, call.spender)
    return await budgets.settle(
        tx,
        call,
        cost_micros=0,
        tokens=Tokens(),
        settled_as="refused",
        counts=False,
        at_us=hall.clock(),
    )


async def settle_lost(tx: Tx, hall: Hall, run: Run) -> None:
    """Settle what a lost run had under way at what was put by; the caller holds the task's row."""
    for call in await budgets.under_way(tx, run.id):
        await _settle(
            tx,
            hall,
            call,
            runtime=run.runtime,
            cost_micros=call.reserved_micros,
            tokens=Tokens(),
            settled_as="lost",
        )


async def settle_left_over(hall: Hall) -> int:
    """Settle calls that nobody settled although their run is long over; how many."""

    async def look(tx: Tx) -> list[ModelCall]:
        before_us = hall.clock() - LEFT_OVER_US
        return await budgets.left_over(tx, before_us=before_us, most=PAGE)

    found = await hall.database.scan(look)
    for call in found:
        await settle_broken_call(hall, call=call, runtime="")
    return len(found)


async def _settle(
    tx: Tx,
    hall: Hall,
    call: ModelCall,
    *,
    runtime: str,
    cost_micros: int,
    tokens: Tokens,
    settled_as: str,
) -> bool:
    spender = call.spender
    await budgets.share_task(tx, spender.task_id)
    of_run = (await budgets.lock(tx, spender)).get(CapScope.RUN)
    now_us = hall.clock()
    if not await budgets.settle(
        tx,
        call,
        cost_micros=cost_micros,
        tokens=tokens,
        settled_as=settled_as,
        counts=True,
        at_us=now_us,
    ):
        return False
    if of_run is None or spender.run_id is None:
        return True  # nobody's credits: it stands in the budgets of task, team and organization
    credit_micros = hall.rules.credit_micros
    spent_micros, calls = of_run.spent_micros, of_run.calls
    before = credits_of(spent_micros, calls=calls, credit_micros=credit_micros)
    after = credits_of(spent_micros + cost_micros, calls=calls + 1, credit_micros=credit_micros)
    await usage.add(
        tx,
        UsageRecord(
            id=hall.new_id(),
            organization_id=spender.organization_id,
            user_id=spender.user_id,
            task_id=spender.task_id,
            run_id=spender.run_id,
            runtime=runtime,
            input_tokens=tokens.input,
            output_tokens=tokens.output,
            credits=after - before,
            day=now_us // DAY_US,
            at_us=now_us,
        ),
    )
    return True
