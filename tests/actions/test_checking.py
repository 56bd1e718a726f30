"""Checks of deliveries: written with them, done once by whoever takes them, seen by the buyer."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from hiringhall.actions.market import checking, delivering
from hiringhall.actions.market.checking import LOST_AFTER_US, finish_check, take_check
from hiringhall.actions.runs import spending
from hiringhall.actions.runs.outcomes import NewFile
from hiringhall.blobs import LocalBlobs
from hiringhall.domain.checks import (
    GIVEN_UP,
    MOST_ATTEMPTS,
    MOST_TAKEN,
    CheckKind,
    CheckMethod,
    DeliveryCheck,
    Verdict,
)
from hiringhall.domain.compute import CapScope, budget_id
from hiringhall.domain.policy import Actor
from hiringhall.domain.tasks import Task
from hiringhall.hall import Hall
from hiringhall.queries.audit import audit_all
from hiringhall.queries.deliveries import deliveries_of
from hiringhall.store import budgets
from hiringhall.store.budgets import ModelCall
from hiringhall.store.database import Database, Tx
from hiringhall.workers.checking import Checker
from hiringhall.workers.gateway import Gateway, PriceTable
from tests.gateway.clients import PRICE
from tests.support.asking import asking
from tests.support.force import accepts, confirmed, delivers, subtask, teammate
from tests.support.halls import PATIENCE_S, Clock, QuietEngine, make_hall, sign_up
from tests.support.market import claimed, is_sound
from tests.support.models import Refuse, Turn, Usage, model_server

pytestmark = pytest.mark.anyio

TEXT = "Label: positive. One word for each of the texts, as asked."
ANSWER = json.dumps({"verdict": "passed", "score": 90, "summary": "It fits.", "findings": []})
USAGE = Usage(input_tokens=1_000, output_tokens=100)
COST = 1_000 * 3 + 100 * 15


@pytest.fixture
def checker(hall: Hall, tmp_path: Path) -> Checker:
    """Checks by rules."""
    gateway = Gateway(hall, endpoints={}, prices=PriceTable({}, PRICE))
    return Checker(hall, LocalBlobs(tmp_path / "blobs"), gateway)


async def delivered(hall: Hall, text: str = TEXT, **more: object) -> tuple[Actor, Task]:
    """A claimed task, handed in; its buyer."""
    buyer, worker = await sign_up(hall, "buyer"), await sign_up(hall, "worker")
    task = await claimed(hall, buyer, worker)
    await delivering.deliver(hall, actor=worker, task_id=task.id, text=text, **more)  # pyright: ignore[reportArgumentType]
    return buyer, task


async def shown(hall: Hall, buyer: Actor, task: Task) -> dict[CheckKind, DeliveryCheck]:
    """The checks of the only deliverable, as its buyer sees them."""
    (one,) = await deliveries_of(hall, actor=buyer, task_id=task.id)
    return {check.kind: check for check in one.checks}


async def test_a_delivery_is_checked_in_the_background_and_the_buyer_sees_it(
    hall: Hall, checker: Checker
) -> None:
    buyer, task = await delivered(hall)
    waiting = await shown(hall, buyer, task)
    assert [(kind, one.result) for kind, one in waiting.items()] == [
        (CheckKind.FORMAT, None),
        (CheckKind.COHERENCE, None),
    ]
    assert await checker.check_next()
    assert await checker.check_next()
    assert not await checker.check_next()
    done = await shown(hall, buyer, task)
    for check in done.values():
        assert check.result is not None
        assert (check.result.verdict, check.result.method) == (Verdict.PASSED, CheckMethod.RULES)
    assert await is_sound(hall)


async def test_files_that_are_not_there_are_seen(hall: Hall, checker: Checker) -> None:
    key, lost = hall.new_id(), hall.new_id()
    stored = await checker.blobs.put(key, b"hello")
    files = [
        NewFile("there.txt", stored.size_bytes, stored.sha256, key),
        NewFile("lost.txt", 7, stored.sha256, lost),
    ]
    buyer, task = await delivered(hall, files=files)
    while await checker.check_next():
        pass
    result = (await shown(hall, buyer, task))[CheckKind.FORMAT].result
    assert result is not None
    assert result.verdict is Verdict.FAILED
    assert "lost.txt" in result.said
    assert "there.txt" not in result.said


@pytest.mark.parametrize("speaks", ["anthropic", "openai"])
async def test_a_model_judges_coherence_and_is_paid_for_by_the_buyers_task(
    hall: Hall, checker: Checker, speaks: str
) -> None:
    buyer, task = await delivered(hall)
    with model_server(Turn(ANSWER, usage=USAGE)) as server:
        async with asking(checker, server, speaks) as with_model:
            while await with_model.check_next():
                pass
    (request,) = server.requests
    assert TEXT in request.body.decode()
    result = (await shown(hall, buyer, task))[CheckKind.COHERENCE].result
    assert result is not None
    assert (result.method, result.score, result.said) == (CheckMethod.MODEL, 90, "It fits.")
    assert await spent(hall, task) == [(COST, 0)] * 3
    assert (await audit_all(hall.database)).ok


async def spent(hall: Hall, task: Task) -> list[tuple[int, int]]:
    """What the budgets of a task, its team and its organization have spent and put by."""

    async def look(tx: Tx) -> list[tuple[int, int]]:
        keys = {
            CapScope.TASK: task.id,
            CapScope.TEAM: task.team_id,
            CapScope.ORGANIZATION: task.organization_id,
        }
        found = [await budgets.by_id(tx, budget_id(scope, key)) for scope, key in keys.items()]
        return [(one.spent_micros, one.reserved_micros) for one in found if one is not None]

    return await hall.database.read(look)


async def test_a_model_that_does_not_answer_is_asked_again_and_then_rules_judge(
    hall: Hall, checker: Checker, clock: Clock
) -> None:
    buyer, task = await delivered(hall)
    nonsense = Turn("I would rather not", usage=USAGE, fault=Refuse(500))
    with model_server(nonsense) as server:
        async with asking(checker, server) as with_model:
            for attempt in (1, 2, 3):
                while await with_model.check_next():
                    pass
                check = (await shown(hall, buyer, task))[CheckKind.COHERENCE]
                assert check.attempts == attempt
                assert (check.result is None) == (attempt < 3)
                clock.advance(checking.AGAIN_AFTER_US * 3 // 1_000_000)
    assert len(server.requests) == 3
    result = (await shown(hall, buyer, task))[CheckKind.COHERENCE].result
    assert result is not None
    assert result.method is CheckMethod.RULES
    assert result.said.startswith("By rules, which count words and understand nothing (")
    assert await spent(hall, task) == [(2 * COST, 0)] * 3
    assert (await audit_all(hall.database)).ok


async def test_a_cap_holds_the_halls_own_questions_too(
    database: Database, clock: Clock, engine: QuietEngine, tmp_path: Path
) -> None:
    hall = make_hall(database, clock=clock, engine=engine)
    capped = replace(hall, rules=replace(hall.rules, caps={CapScope.TASK: 1}))
    buyer, task = await delivered(capped)
    gateway = Gateway(capped, endpoints={}, prices=PriceTable({}, PRICE))
    with model_server(Turn(ANSWER)) as server:
        checker = Checker(capped, LocalBlobs(tmp_path / "blobs"), gateway)
        async with asking(checker, server) as with_model:
            while await with_model.check_next():
                pass
    assert server.requests == []
    result = (await shown(capped, buyer, task))[CheckKind.COHERENCE].result
    assert result is not None
    assert "cap of 0.000001 for models is reached" in result.said


async def test_what_a_dead_process_had_in_hand_is_done_by_another(
    hall: Hall, checker: Checker, clock: Clock
) -> None:
    buyer, task = await delivered(hall)
    lost = [await take_check(hall), await take_check(hall)]
    assert None not in lost
    assert await take_check(hall) is None
    assert not await checker.check_next()
    clock.advance(LOST_AFTER_US // 1_000_000 + 1)
    while await checker.check_next():
        pass
    done = await shown(hall, buyer, task)
    assert all(one.result is not None and one.attempts == 2 for one in done.values())
    first = lost[0]
    assert first is not None
    late = done[first.check.kind].result
    assert late is not None
    again = replace(late, said="Too late")
    assert await finish_check(hall, check=first.check, result=again) is False
    assert await shown(hall, buyer, task) == done


async def all_die(hall: Hall, clock: Clock, times: int) -> None:
    """So often processes take all checks in hand, and end."""
    for _ in range(times):
        while await take_check(hall) is not None:
            pass
        clock.advance(LOST_AFTER_US // 1_000_000 + 1)


async def test_what_many_die_of_costs_no_more_and_comes_to_an_end(
    hall: Hall, checker: Checker, clock: Clock
) -> None:
    """A model is asked so often and no more, whoever asked; then rules judge."""
    buyer, task = await delivered(hall)
    await all_die(hall, clock, MOST_ATTEMPTS)
    with model_server(Turn(ANSWER)) as server:
        async with asking(checker, server) as asker:
            while await asker.check_next():
                pass
        assert server.requests == []
    done = await shown(hall, buyer, task)
    coherence = done[CheckKind.COHERENCE].result
    assert coherence is not None
    assert coherence.method is CheckMethod.RULES


async def test_a_check_that_all_die_of_is_given_up(
    hall: Hall, checker: Checker, clock: Clock
) -> None:
    buyer, task = await delivered(hall)
    await all_die(hall, clock, MOST_TAKEN)
    while await checker.check_next():
        pass
    assert [one.result for one in (await shown(hall, buyer, task)).values()] == [GIVEN_UP] * 2
    clock.advance(LOST_AFTER_US // 1_000_000 + 1)
    assert not await checker.check_next()


async def test_what_a_task_force_hands_in_is_checked_part_by_part_and_as_a_whole(
    hall: Hall, checker: Checker
) -> None:
    buyer, operator = await sign_up(hall, "buyer"), await sign_up(hall, "operator")
    agent = await teammate(hall, operator)
    whole = await confirmed(hall, buyer)
    for key in ("find", "write"):
        part = await subtask(hall, whole, key)
        await delivers(hall, agent, part)
        await accepts(hall, buyer, part)
    while await checker.check_next():
        pass
    for task in (await subtask(hall, whole, "find"), whole):
        for check in (await shown(hall, buyer, task)).values():
            assert check.result is not None
            assert check.result.method is CheckMethod.RULES
    assert await is_sound(hall)


async def test_many_who_look_at_once_do_each_check_once(hall: Hall, checker: Checker) -> None:
    await delivered(hall)
    taken = await asyncio.gather(*(take_check(hall) for _ in range(16)))
    kinds = [one.check.kind for one in taken if one is not None]
    assert len(kinds) == len(set(kinds))
    while (more := await take_check(hall)) is not None:
        kinds.append(more.check.kind)
    assert sorted(kinds) == sorted(CheckKind)


async def test_what_was_put_by_for_a_call_that_was_lost_is_settled(
    hall: Hall, clock: Clock
) -> None:
    _, task = await delivered(hall)
    todo = await take_check(hall)
    assert todo is not None
    call = await spending.reserve_errand(
        hall, spender=todo.spender, provider="anthropic", model="m", amount_micros=700
    )
    assert isinstance(call, ModelCall)
    assert await spent(hall, task) == [(0, 700)] * 3
    assert await spending.settle_left_over(hall) == 0
    clock.advance(spending.LEFT_OVER_US // 1_000_000 + 1)
    assert await spending.settle_left_over(hall) == 1
    assert await spent(hall, task) == [(700, 0)] * 3
    assert (await audit_all(hall.database)).ok


async def test_the_background_hears_of_a_delivery_at_once(hall: Hall, checker: Checker) -> None:
    work = asyncio.create_task(checker.keep_checking(look_every_s=3_600))
    try:
        await asyncio.sleep(0)
        buyer, task = await delivered(hall)
        async with asyncio.timeout(PATIENCE_S):
            while None in [one.result for one in (await shown(hall, buyer, task)).values()]:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


async def test_a_provider_that_refuses_the_key_is_not_asked_again(
    hall: Hall, checker: Checker
) -> None:
    buyer, task = await delivered(hall)
    with model_server(Turn(ANSWER, fault=Refuse(401, times=9))) as server:
        async with asking(checker, server) as with_model:
            while await with_model.check_next():
                pass
    assert len(server.requests) == 1
    result = (await shown(hall, buyer, task))[CheckKind.COHERENCE].result
    assert result is not None
    assert result.method is CheckMethod.RULES
    assert await spent(hall, task) == [(0, 0)] * 3
