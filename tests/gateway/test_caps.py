"""What calls cost, and the caps: put by before a call, settled after it, exact in a race."""

import asyncio
import json

import pytest

from hiringhall.actions.runs import recovery, spending
from hiringhall.actions.runs.working import RunBrief
from hiringhall.actions.timers import fire_due
from hiringhall.domain.compute import Budget, CapReached, CapScope, budget_id
from hiringhall.hall import Hall, Rules
from hiringhall.queries.audit import audit_all
from hiringhall.store import budgets, usage
from hiringhall.store.database import Database, Tx
from hiringhall.workers.gateway.stops import ProviderBusy
from hiringhall.workers.runtimes.port import OverBudget, Parked
from tests.gateway.clients import (
    DIALECTS,
    HungUp,
    agent_of,
    ask,
    begun,
    body_of,
    gateway_to,
    message_of,
)
from tests.support.halls import Clock, QuietEngine, begin, make_hall, sign_up
from tests.support.models import Break, Refuse, Turn, Usage, model_server

pytestmark = pytest.mark.anyio

USAGE = Usage(input_tokens=1000, output_tokens=100, cached_tokens=400)
COST = 600 * 3 + 400 * 3 // 10 + 100 * 15
"""What that comes to, in micros, at the tests' price."""


@pytest.fixture
def capped(database: Database, clock: Clock, engine: QuietEngine) -> Hall:
    """A hall where a task may spend 0.02 and a run 1.00."""
    rules = Rules(caps={CapScope.RUN: 1_000_000, CapScope.TASK: 20_000})
    return make_hall(database, clock=clock, engine=engine, rules=rules)


async def budget(hall: Hall, brief: RunBrief, scope: CapScope) -> Budget:
    keys = {
        CapScope.RUN: brief.run.id,
        CapScope.TASK: brief.task.id,
        CapScope.TEAM: brief.task.team_id,
        CapScope.ORGANIZATION: brief.task.organization_id,
    }

    async def look(tx: Tx) -> Budget | None:
        return await budgets.by_id(tx, budget_id(scope, keys[scope]))

    found = await hall.database.read(look)
    assert found is not None
    return found


async def spent(hall: Hall, brief: RunBrief) -> list[tuple[int, int]]:
    """What each budget has spent and put by."""
    found = [await budget(hall, brief, scope) for scope in CapScope if scope is not CapScope.OWN]
    return [(one.spent_micros, one.reserved_micros) for one in found]


async def credits_today(hall: Hall, brief: RunBrief) -> int:
    async def look(tx: Tx) -> int:
        day = hall.clock() // spending.DAY_US
        return await usage.credits_used(tx, user_id=brief.task.created_by or "", day=day)

    return await hall.database.read(look)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_call_costs_what_the_provider_says_it_used(
    hall: Hall, dialect: str, stream: bool
) -> None:
    brief = await begun(hall, await sign_up(hall))
    with model_server(Turn("Hi", usage=USAGE)) as server:
        gateway = gateway_to(hall, server)
        async with agent_of(gateway.app_for(brief)) as agent:
            assert (await ask(agent, dialect, stream=stream)).status_code == 200
        await gateway.close()
    assert await spent(hall, brief) == [(COST, 0)] * 4
    assert await credits_today(hall, brief) == 1
    assert (await audit_all(hall.database)).ok


async def test_credits_are_of_the_whole_run_and_one_at_least(hall: Hall) -> None:
    brief = await begun(hall, await sign_up(hall))
    with model_server(Turn("Hi", usage=USAGE)) as server:
        gateway = gateway_to(hall, server)
        async with agent_of(gateway.app_for(brief)) as agent:
            for _ in range(7):
                await ask(agent, "anthropic")
        await gateway.close()
    assert await spent(hall, brief) == [(7 * COST, 0)] * 4
    assert await credits_today(hall, brief) == -(-7 * COST // 10_000)


async def test_at_zero_credits_the_run_waits_for_midnight(
    database: Database, clock: Clock, engine: QuietEngine
) -> None:
    hall = make_hall(database, clock=clock, engine=engine, rules=Rules(credits_per_day=1))
    brief = await begun(hall, await sign_up(hall))
    with model_server(Turn("Hi", usage=USAGE)) as server:
        gateway = gateway_to(hall, server)
        run = gateway.app_for(brief)
        async with agent_of(run) as agent:
            await ask(agent, "anthropic")
            refused = await ask(agent, "anthropic")
        await gateway.close()
    assert refused.status_code == 402
    assert len(server.requests) == 1
    outcome = run.outcome()
    assert isinstance(outcome, Parked)
    midnight_us = (clock.now_us // spending.DAY_US + 1) * spending.DAY_US
    assert outcome.until_us == midnight_us
    assert "midnight UTC" in outcome.reason


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_at_a_cap_no_call_is_forwarded_and_the_runtime_is_told(
    capped: Hall, dialect: str
) -> None:
    brief = await begun(capped, await sign_up(capped))
    with model_server(Turn("Hi", usage=USAGE)) as server:
        gateway = gateway_to(capped, server)
        run = gateway.app_for(brief)
        async with agent_of(run) as agent:
            assert (await ask(agent, dialect, stream=True)).status_code == 200
            waiting = asyncio.ensure_future(run.stopped())
            refused = await ask(agent, dialect, stream=True, most=1200)
            again = await ask(agent, dialect, stream=True)
        await gateway.close()
    assert (refused.status_code, again.status_code) == (402, 402)
    assert refused.headers["x-should-retry"] == "false"
    assert "The task's cap of 0.02 for models is reached" in message_of(refused)
    assert len(server.requests) == 1
    reached = await waiting
    assert isinstance(reached, CapReached)
    assert (reached.scope, reached.cap_micros, reached.spent_micros) == (
        CapScope.TASK,
        20_000,
        COST,
    )
    assert run.outcome() == OverBudget(reached)
    assert await spent(capped, brief) == [(COST, 0)] * 4


async def test_what_many_call_at_once_never_goes_past_a_cap(capped: Hall) -> None:
    brief = await begun(capped, await sign_up(capped))

    async def reserve() -> object:
        return await spending.reserve_call(
            capped,
            token=brief.run.token,
            spender=run.spender,
            provider="anthropic",
            model="m",
            amount_micros=3_000,
        )

    with model_server() as server:
        run = gateway_to(capped, server).app_for(brief)
    reserved = await asyncio.gather(*(reserve() for _ in range(30)))
    assert sum(isinstance(one, budgets.ModelCall) for one in reserved) == 6
    assert await spent(capped, brief) == [(0, 18_000)] * 4
    calls = [one for one in reserved if isinstance(one, budgets.ModelCall)]

    async def settle(call: budgets.ModelCall) -> bool:
        return await spending.settle_broken_call(capped, call=call, runtime="x")

    # Twice each, at once: only one of the two counts.
    settled = await asyncio.gather(*(settle(call) for call in calls * 2))
    assert sum(settled) == 6
    assert await spent(capped, brief) == [(18_000, 0)] * 4
    assert (await audit_all(capped.database)).ok


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_broken_stream_costs_what_was_put_by(hall: Hall, dialect: str) -> None:
    brief = await begun(hall, await sign_up(hall))
    with model_server(Turn("Hello there", usage=USAGE, fault=Break(2))) as server:
        gateway = gateway_to(hall, server)
        async with agent_of(gateway.app_for(brief)) as agent:
            with pytest.raises(HungUp):
                await ask(agent, dialect, stream=True, most=1000)
        await gateway.close()
    (of_run, *_) = await spent(hall, brief)
    put_by = len(server.requests[0].body) // 3 + 1
    assert of_run == (-(-(put_by * 3_750_000 + 1000 * 15_000_000) // 1_000_000), 0)
    assert (await audit_all(hall.database)).ok


async def test_an_answer_without_figures_costs_what_was_put_by(hall: Hall) -> None:
    brief = await begun(hall, await sign_up(hall))
    with model_server(Turn("Hello", usage=None)) as server:
        gateway = gateway_to(hall, server)
        async with agent_of(gateway.app_for(brief)) as agent:
            await ask(agent, "chat", most=1000)
        await gateway.close()
    (of_run, *_) = await spent(hall, brief)
    assert of_run[0] > 15_000


async def test_what_a_client_does_not_wait_for_is_broken_off_and_settled(hall: Hall) -> None:
    brief = await begun(hall, await sign_up(hall))
    with model_server(Turn("Hello " * 50, usage=USAGE, pause_s=20)) as server:
        gateway = gateway_to(hall, server)
        run = gateway.app_for(brief)
        sent: list[dict[str, object]] = []
        first = asyncio.Event()

        async def send(message: dict[str, object]) -> None:
            sent.append(message)
            if message["type"] == "http.response.body":
                first.set()

        body = json.dumps(body_of("anthropic", stream=True)).encode()
        messages: list[dict[str, object]] = [{"type": "http.request", "body": body}]

        async def receive() -> dict[str, object]:
            if messages:
                return messages.pop()
            await first.wait()
            return {"type": "http.disconnect"}

        scope = {
            "type": "http",
            "method": "POST",
            "path": "/v1/messages",
            "query_string": b"",
            "headers": [],
        }
        await run(scope, receive, send)
        await gateway.close()
    (of_run, *_) = await spent(hall, brief)
    assert of_run[0] > 0
    assert of_run[1] == 0
    assert server.hung_up == 1


@pytest.mark.parametrize("status", [400, 404, 500, 503])
async def test_what_a_provider_refuses_costs_nothing(hall: Hall, status: int) -> None:
    brief = await begun(hall, await sign_up(hall))
    with model_server(Turn(fault=Refuse(status, message="canary-openai-key-0123456789"))) as server:
        gateway = gateway_to(hall, server)
        async with agent_of(gateway.app_for(brief)) as agent:
            answered = await ask(agent, "chat", stream=True)
        await gateway.close()
    assert answered.status_code == status
    assert message_of(answered) == "***"
    assert await spent(hall, brief) == [(0, 0)] * 4
    assert await credits_today(hall, brief) == 0


async def test_a_provider_that_is_not_there_costs_nothing(hall: Hall) -> None:
    brief = await begun(hall, await sign_up(hall))
    with model_server() as server:
        gateway = gateway_to(hall, server)
    async with agent_of(gateway.app_for(brief)) as agent:
        answered = await ask(agent, "chat")
    await gateway.close()
    assert answered.status_code == 502
    assert message_of(answered) == "The model's provider (openai) was not reached"
    assert await spent(hall, brief) == [(0, 0)] * 4


@pytest.mark.parametrize("status", [429, 529])
@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_busy_provider_parks_the_run_until_it_says(
    hall: Hall, clock: Clock, dialect: str, status: int
) -> None:
    brief = await begun(hall, await sign_up(hall))
    with model_server(Turn("Hi", fault=Refuse(status, retry_after="120"))) as server:
        gateway = gateway_to(hall, server)
        run = gateway.app_for(brief)
        async with agent_of(run) as agent:
            refused = await ask(agent, dialect, stream=True)
            again = await ask(agent, dialect, stream=True)
        await gateway.close()
    assert (refused.status_code, again.status_code) == (status, 429)
    assert refused.headers["retry-after"] == "120"
    assert int(again.headers["retry-after"]) in (119, 120)
    assert len(server.requests) == 1
    outcome = run.outcome()
    assert isinstance(outcome, Parked)
    assert 0 < outcome.until_us - clock.now_us <= 120_000_000
    assert isinstance(run.stopped_because, ProviderBusy)
    assert await spent(hall, brief) == [(0, 0)] * 4


async def test_a_provider_that_breaks_off_for_want_of_room_parks_the_run(hall: Hall) -> None:
    brief = await begun(hall, await sign_up(hall))
    with model_server(Turn("Hi", fault=Break(2, says=True))) as server:
        gateway = gateway_to(hall, server)
        run = gateway.app_for(brief)
        async with agent_of(run) as agent:
            with pytest.raises(HungUp):
                await ask(agent, "anthropic", stream=True)
        await gateway.close()
    assert isinstance(run.outcome(), Parked)


async def test_a_superseded_run_calls_no_model(hall: Hall) -> None:
    brief = await begun(hall, await sign_up(hall))
    await recovery.replace_lost_run(hall, run_id=brief.run.id)
    with model_server() as server:
        gateway = gateway_to(hall, server)
        async with agent_of(gateway.app_for(brief)) as agent:
            answered = await ask(agent, "anthropic")
        await gateway.close()
    assert answered.status_code == 403
    assert server.requests == []


async def test_what_a_dead_process_had_under_way_is_settled_at_recovery(hall: Hall) -> None:
    brief = await begun(hall, await sign_up(hall))
    with model_server() as server:
        run = gateway_to(hall, server).app_for(brief)
    call = await spending.reserve_call(
        hall,
        token=brief.run.token,
        spender=run.spender,
        provider="openai",
        model="m",
        amount_micros=7_000,
    )
    assert isinstance(call, budgets.ModelCall)
    await recovery.replace_lost_run(hall, run_id=brief.run.id)
    assert await spent(hall, brief) == [(7_000, 0)] * 4
    # Its process was only slow, and comes with its own figures: too late.
    assert not await spending.settle_broken_call(hall, call=call, runtime="x")
    assert await spent(hall, brief) == [(7_000, 0)] * 4
    assert (await audit_all(hall.database)).ok


async def test_what_nobody_settled_is_settled_a_while_after_the_runs_end(
    hall: Hall, clock: Clock
) -> None:
    brief = await begun(hall, await sign_up(hall))
    with model_server() as server:
        run = gateway_to(hall, server).app_for(brief)
    await spending.reserve_call(
        hall,
        token=brief.run.token,
        spender=run.spender,
        provider="openai",
        model="m",
        amount_micros=7_000,
    )
    await recovery.run_broke(hall, token=brief.run.token, reason="it broke")
    assert await spending.settle_left_over(hall) == 0
    clock.advance(3600)
    assert await spending.settle_left_over(hall) == 1
    assert await spent(hall, brief) == [(7_000, 0)] * 4
    await fire_due(hall)
    assert (await begin(hall)).attempts == 1
