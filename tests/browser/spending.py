"""A worker elsewhere that calls a model: what it costs is said, and it stops at a cap."""

from hiringhall.actions.runs import pausing, spending, working
from hiringhall.domain.compute import CapReached, Spender, Tokens
from hiringhall.domain.runs import EXTERNAL, Run
from hiringhall.hall import Hall
from hiringhall.store.budgets import ModelCall


async def begins(hall: Hall) -> Run:
    """Take the next task that is for a worker elsewhere."""
    run = await working.claim_next_run(hall, node_id="elsewhere", lease_s=3600, runtimes=[EXTERNAL])
    assert run is not None
    await working.start_run(hall, token=run.token)
    return run


async def calls(hall: Hall, run: Run, micros: int) -> bool:
    """Call a model for so much; at a cap the run stops, and whoever posted its task is asked."""
    made = await spending.reserve_call(
        hall,
        token=run.token,
        spender=Spender(run.id, run.task_id, run.team_id, run.organization_id, None),
        provider="anthropic",
        model="claude",
        amount_micros=micros,
    )
    if isinstance(made, CapReached):
        await pausing.pause_for_budget(hall, token=run.token, reached=made)
        return False
    assert isinstance(made, ModelCall)
    return await spending.settle_call(
        hall, call=made, runtime=run.runtime, cost_micros=micros, tokens=Tokens(40_000, 2_000)
    )
