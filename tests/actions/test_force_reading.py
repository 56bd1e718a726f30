"""Parts of Task Forces accepted or sent back by what a model read of them."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hiringhall.actions.market.checking import finish_check, take_check
from hiringhall.actions.timers import fire_due
from hiringhall.blobs import LocalBlobs
from hiringhall.domain.checks import CheckKind, CheckMethod, CheckResult, Verdict
from hiringhall.domain.force import Reviewer
from hiringhall.domain.policy import Actor
from hiringhall.domain.tasks import State, Task, Waiting
from hiringhall.hall import Hall
from hiringhall.queries.force import buyer_thread
from hiringhall.workers.checking import Checker
from hiringhall.workers.gateway import Gateway, PriceTable
from tests.gateway.clients import PRICE
from tests.support.asking import asking
from tests.support.force import LONG, accepts, confirmed, delivers, part, subtask, teammate
from tests.support.halls import sign_up
from tests.support.market import available, current, is_sound
from tests.support.models import Refuse, Turn, model_server

pytestmark = pytest.mark.anyio

OPENING = 100_000


@pytest.fixture
def reading(hall: Hall) -> Hall:
    """A hall whose manager goes by a model's reading."""
    return replace(hall, rules=replace(hall.rules, manager_has_model=True))


@pytest.fixture
def checker(reading: Hall, tmp_path: Path) -> Checker:
    """Checks, by rules as long as no model is given to it."""
    gateway = Gateway(reading, endpoints={}, prices=PriceTable({}, PRICE))
    return Checker(reading, LocalBlobs(tmp_path / "blobs"), gateway)


def said(verdict: str, summary: str = "So it is.", *findings: dict[str, str]) -> Turn:
    """A model's word on a delivery."""
    told = {"verdict": verdict, "score": 50, "summary": summary, "findings": list(findings)}
    return Turn(json.dumps(told))


async def at_work(hall: Hall, **fields: Any) -> tuple[Actor, Actor, Task]:
    """A buyer, an agent and a Task Force of one part that the manager decides on."""
    buyer, operator = await sign_up(hall, "buyer"), await sign_up(hall, "operator")
    agent = await teammate(hall, operator)
    given: dict[str, Any] = {"reviewer": Reviewer.MANAGER, **fields}
    return buyer, agent, await confirmed(hall, buyer, [part("only", 2_000)], **given)


async def read_by(checker: Checker, *turns: Turn) -> None:
    """All that waits is looked at by a model that says so, and then by the manager."""
    with model_server(*turns) as server:
        async with asking(checker, server) as asker:
            while await asker.check_next():
                pass
    await fire_due(checker.hall)


async def channel(hall: Hall, buyer: Actor, whole: Task) -> str:
    """All that was said in a Task Force."""
    found = await buyer_thread(hall, actor=buyer, task_id=whole.id, with_parts=True, limit=100)
    return "\n".join(one.text for one in found.messages)


async def test_what_a_model_finds_good_is_accepted_and_paid(
    reading: Hall, checker: Checker
) -> None:
    buyer, agent, whole = await at_work(reading)
    await delivers(reading, agent, await subtask(reading, whole, "only"))
    await fire_due(reading)
    waits = await subtask(reading, whole, "only")
    assert waits.state is State.IN_REVIEW, "nobody has read it yet"
    await read_by(checker, said("passed", "All ten are there."))
    assert (await subtask(reading, whole, "only")).state is State.DONE
    assert (await current(reading, whole)).state is State.IN_REVIEW
    told = await channel(reading, buyer, whole)
    assert "Read by claude-test: All ten are there." in told
    assert "nobody has read it" not in told
    assert await available(reading, buyer) == OPENING - 5_000
    assert await is_sound(reading)


async def test_what_a_model_finds_wanting_is_sent_back_twice_and_then_the_buyers(
    reading: Hall, checker: Checker
) -> None:
    buyer, agent, whole = await at_work(reading)
    lacks = said(
        "failed",
        "Pricing is missing",
        {"name": "pricing", "verdict": "failed", "said": "No price of any company."},
        {"name": "count", "verdict": "passed", "said": "Ten are there."},
    )
    for number, state in enumerate((State.REVISING, State.REVISING, State.IN_REVIEW)):
        only = await subtask(reading, whole, "only")
        await delivers(reading, agent, only, f"{LONG} Attempt {number}")
        await read_by(checker, lacks)
        only = await subtask(reading, whole, "only")
        assert (only.state, only.revisions) == (state, min(number + 1, 2))
    told = await channel(reading, buyer, whole)
    assert "once more. Pricing is missing. pricing: No price of any company." in told
    assert "Ten are there" not in told
    seen = await current(reading, whole)
    assert (seen.waiting_for, "decision" in seen.waiting_reason) == (Waiting.POSTER, True)
    await accepts(reading, buyer, await subtask(reading, whole, "only"))
    assert await is_sound(reading)


@pytest.mark.parametrize(
    "turn",
    [
        said("unsure", "Links cannot be opened"),
        Turn("It is wonderful, pay at once"),
        Turn('{"verdict": "accepted", "score": 100}'),
        Turn("", fault=Refuse(401, times=9)),
    ],
    ids=["unsure", "prose", "another word", "no key"],
)
async def test_what_no_model_can_say_is_the_buyers_to_decide(
    reading: Hall, checker: Checker, clock: Any, turn: Turn
) -> None:
    buyer, agent, whole = await at_work(reading)
    await delivers(reading, agent, await subtask(reading, whole, "only"))
    for _ in range(3):
        await read_by(checker, turn)
        clock.advance(120)
    only = await subtask(reading, whole, "only")
    assert only.state is State.IN_REVIEW
    seen = await current(reading, whole)
    assert (seen.waiting_for, "decision" in seen.waiting_reason) == (Waiting.POSTER, True)
    assert (await accepts(reading, buyer, only)).state is State.DONE
    assert await is_sound(reading)


async def test_what_is_nothing_by_its_form_is_sent_back_before_anybody_reads_it(
    reading: Hall, checker: Checker
) -> None:
    _, agent, whole = await at_work(reading)
    await delivers(reading, agent, await subtask(reading, whole, "only"), "short")
    await fire_due(reading)
    assert (await subtask(reading, whole, "only")).state is State.REVISING
    await read_by(checker, said("passed"))
    assert (await subtask(reading, whole, "only")).state is State.REVISING


@pytest.mark.parametrize("verdict", ["passed", "failed"])
async def test_a_buyer_who_reviews_decides_whatever_a_model_says(
    reading: Hall, checker: Checker, verdict: str
) -> None:
    buyer, agent, whole = await at_work(reading, reviewer=Reviewer.BUYER)
    only = await subtask(reading, whole, "only")
    await delivers(reading, agent, only)
    await read_by(checker, said(verdict))
    assert (await subtask(reading, whole, "only")).state is State.IN_REVIEW
    assert (await accepts(reading, buyer, only)).state is State.DONE


async def test_what_was_said_of_an_earlier_delivery_decides_nothing_of_a_later_one(
    reading: Hall, clock: Any
) -> None:
    """A check that was slow ends when its delivery was sent back and another is there."""
    _, agent, whole = await at_work(reading)
    only = await subtask(reading, whole, "only")
    await delivers(reading, agent, only, "short")
    slow = [await take_check(reading), await take_check(reading)]
    await fire_due(reading)
    await delivers(reading, agent, await subtask(reading, whole, "only"))
    await fire_due(reading)
    passed = CheckResult(Verdict.PASSED, 90, CheckMethod.MODEL, "It fits.", model="claude-test")
    for todo in slow:
        assert todo is not None
        assert await finish_check(reading, check=todo.check, result=passed)
    await fire_due(reading)
    assert (await subtask(reading, whole, "only")).state is State.IN_REVIEW
    while (todo := await take_check(reading)) is not None:
        assert todo.check.kind in CheckKind
        await finish_check(reading, check=todo.check, result=passed)
    await fire_due(reading)
    assert (await subtask(reading, whole, "only")).state is State.DONE
    assert await is_sound(reading)
