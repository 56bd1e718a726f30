"""The money of a Task Force: each part paid once out of the whole's hold, the rest given back."""

import asyncio
from typing import Any

import pytest

from hiringhall.actions.force import planning, steering
from hiringhall.actions.market import disputes, post, reviewing
from hiringhall.actions.timers import fire_due
from hiringhall.domain.errors import Conflict, HallError, Invalid
from hiringhall.domain.escrow import PaidPart
from hiringhall.domain.ledger import escrow_account
from hiringhall.domain.policy import Actor
from hiringhall.domain.tasks import Engagement, State, Task
from hiringhall.hall import Hall
from hiringhall.queries.force import buyer_thread
from hiringhall.store import disputes as kept_disputes
from hiringhall.store import holds
from hiringhall.store.database import Database, Tx
from hiringhall.store.errors import ConstraintViolated
from tests.support.force import (
    TWO,
    accepts,
    confirmed,
    delivers,
    part,
    planned,
    subtask,
    teammate,
    view_of,
)
from tests.support.halls import Clock, sign_up
from tests.support.market import available, balance, current, funded, is_sound

pytestmark = pytest.mark.anyio

OPENING = 100_000
DAY_S = 24 * 3600


async def half_done(hall: Hall, **fields: Any) -> tuple[Actor, Actor, Task]:
    """Buyer, agent, and a whole of which the first of two parts is accepted."""
    ada, olga = await sign_up(hall), await sign_up(hall, "olga")
    scout = await teammate(hall, olga)
    whole = await confirmed(hall, ada, **fields)
    find = await subtask(hall, whole, "find")
    await delivers(hall, scout, find)
    await accepts(hall, ada, find)
    return ada, scout, await current(hall, whole)


async def test_the_fee_on_top_is_rounded_over_all_parts(hall: Hall) -> None:
    """Three parts of 5 cents: one by one the fee would be 1 cent each, of 15 it is 2."""
    ada, olga = await sign_up(hall), await sign_up(hall, "olga")
    scout = await teammate(hall, olga)
    parts = [part(key, 5) for key in ("a", "b", "c")]
    whole = await confirmed(hall, ada, parts, price_cents=15, fee_on_top=True)
    assert await available(hall, ada) == OPENING - 17
    for key in ("a", "b", "c"):
        one = await subtask(hall, whole, key)
        await delivers(hall, scout, one)
        await accepts(hall, ada, one)
    assert await available(hall, olga) == OPENING + 15
    assert await balance(hall, escrow_account(whole.id)) == 0
    await accepts(hall, ada, whole)
    assert await available(hall, ada) == OPENING - 17
    assert await is_sound(hall)


async def test_the_manager_tells_what_was_paid_as_people_write_it(hall: Hall) -> None:
    ada, _, whole = await half_done(hall)

    async def parts(tx: Tx) -> list[PaidPart]:
        return await holds.parts_of(tx, whole.id)

    (paid,) = await hall.database.read(parts)
    thread = await buyer_thread(hall, actor=ada, task_id=whole.id, with_parts=True, limit=100)
    said = "\n".join(one.text for one in thread.messages)
    assert f"{paid.paid_cents / 100:.2f} USD is paid for it" in said
    assert f"after a fee of {paid.fee_cents / 100:.2f}." in said
    assert "cents is paid" not in said


async def test_what_is_held_falls_with_each_part(hall: Hall) -> None:
    ada, _, whole = await half_done(hall)
    held = await hall.database.read(lambda tx: holds.held_cents(tx, ada.organization_id or ""))
    assert held == 3_000 == await balance(hall, escrow_account(whole.id))
    assert await is_sound(hall)


@pytest.mark.parametrize("shares", [(2_500, 2_501), (5_001,)])
async def test_shares_beyond_the_price_are_refused(hall: Hall, shares: tuple[int, ...]) -> None:
    ada = await sign_up(hall)
    parts = [part(f"p{number}", cents) for number, cents in enumerate(shares)]
    with pytest.raises(Invalid, match="5000"):
        await planned(hall, ada, parts)
    assert await is_sound(hall)


async def test_a_whole_that_is_turned_down_keeps_its_parts_paid(hall: Hall) -> None:
    ada, scout, whole = await half_done(hall)
    write = await subtask(hall, whole, "write")
    await delivers(hall, scout, write)
    await accepts(hall, ada, write)
    no = await reviewing.reject(hall, actor=ada, task_id=whole.id, reason="Not what I meant")
    assert no.state is State.CANCELLED
    assert await available(hall, ada) == OPENING - 3_500
    assert await is_sound(hall)


async def test_a_whole_is_withdrawn_when_nobody_has_a_part_in_time(
    hall: Hall, clock: Clock
) -> None:
    ada, _, whole = await half_done(hall)
    with pytest.raises(Conflict, match="with an agent"):
        await post.withdraw_task(hall, actor=ada, task_id=whole.id)
    clock.advance(2 * 3600)  # the agent's hour is over, its grace is not
    gone = await post.withdraw_task(hall, actor=ada, task_id=whole.id, reason="Enough")
    assert gone.state is State.CANCELLED
    assert (await subtask(hall, whole, "write")).state is State.CANCELLED
    assert await available(hall, ada) == OPENING - 2_000
    assert await is_sound(hall)


async def test_a_plan_that_nobody_confirms_expires_with_all_its_money(
    hall: Hall, clock: Clock
) -> None:
    ada = await sign_up(hall)
    task = await planned(hall, ada)
    clock.advance(8 * DAY_S)
    await fire_due(hall)
    assert (await current(hall, task)).state is State.EXPIRED
    assert await available(hall, ada) == OPENING
    assert await is_sound(hall)


async def test_a_whole_that_nobody_works_on_ends_by_its_clock(hall: Hall, clock: Clock) -> None:
    ada = await sign_up(hall)
    whole = await confirmed(hall, ada)
    for _ in range(40):
        clock.advance(DAY_S)
        await fire_due(hall)
    assert (await current(hall, whole)).state is State.EXPIRED
    assert await available(hall, ada) == OPENING
    assert await is_sound(hall)


async def test_what_is_done_when_its_time_is_over_is_handed_in(hall: Hall, clock: Clock) -> None:
    ada, _, whole = await half_done(hall)
    for _ in range(40):
        clock.advance(DAY_S)
        await fire_due(hall)
    # Handed in by the manager, and accepted by the buyer's silence.
    assert (await current(hall, whole)).state is State.DONE
    assert await available(hall, ada) == OPENING - 2_000
    assert await is_sound(hall)


async def test_a_disputed_part_is_paid_in_part_and_the_rest_goes_back(hall: Hall) -> None:
    ada, scout, whole = await half_done(hall)
    write = await subtask(hall, whole, "write")
    await delivers(hall, scout, write)
    await reviewing.reject(hall, actor=ada, task_id=write.id, reason="No")
    about = await _dispute_of(hall, write)
    await disputes.agree(hall, actor=ada, dispute_id=about, worker_cents=500)
    await disputes.agree(hall, actor=scout, dispute_id=about, worker_cents=500)
    assert (await subtask(hall, whole, "write")).state is State.DONE
    await accepts(hall, ada, await current(hall, whole))
    assert await available(hall, ada) == OPENING - 2_500
    paid = [one.paid_cents for one in (await view_of(hall, ada, whole)).parts]
    assert paid == [1_800, 450]
    assert await is_sound(hall)


async def test_a_part_that_is_not_paid_for_goes_to_another_agent(hall: Hall) -> None:
    ada, scout, whole = await half_done(hall)
    write = await subtask(hall, whole, "write")
    await delivers(hall, scout, write)
    await disputes.open_dispute(hall, actor=scout, task_id=write.id, reason="They will not pay")
    about = await _dispute_of(hall, write)
    rival = await teammate(hall, await sign_up(hall, "rita"), "rival")
    await disputes.agree(hall, actor=ada, dispute_id=about, worker_cents=0)
    await disputes.agree(hall, actor=scout, dispute_id=about, worker_cents=0)
    write = await subtask(hall, whole, "write")
    assert write.state is State.ASSIGNED
    await delivers(hall, rival, write)
    await accepts(hall, ada, write)
    assert await available(hall, rival) == OPENING + 1_350
    assert await is_sound(hall)


async def test_further_parts_take_what_is_left_and_no_more(hall: Hall) -> None:
    ada, scout, whole = await half_done(hall)
    write = await subtask(hall, whole, "write")
    await delivers(hall, scout, write)
    await accepts(hall, ada, write)
    for cents in (1_501, 5_000):
        with pytest.raises(Invalid, match="1500"):
            await steering.add_parts(hall, actor=ada, task_id=whole.id, parts=[part("more", cents)])
    await steering.add_parts(
        hall, actor=ada, task_id=whole.id, parts=[part("more", 1_500, "write")], reason="More"
    )
    assert (await current(hall, whole)).state is State.REVISING
    more = await subtask(hall, whole, "more")
    await delivers(hall, scout, more)
    await accepts(hall, ada, more)
    whole = await current(hall, whole)
    assert whole.state is State.IN_REVIEW
    await accepts(hall, ada, whole, rating=3)
    assert await available(hall, ada) == OPENING - 5_000
    assert await is_sound(hall)


async def test_a_part_is_accepted_once_however_many_say_so(hall: Hall) -> None:
    ada, scout, whole = await half_done(hall)
    write = await subtask(hall, whole, "write")
    await delivers(hall, scout, write)

    async def accept() -> bool:
        try:
            await accepts(hall, ada, write)
        except HallError:
            return False
        return True

    said = await asyncio.gather(*(accept() for _ in range(8)))
    assert said.count(True) == 1
    assert await available(hall, scout) == OPENING + 1_800 + 1_350
    assert await is_sound(hall)


async def test_parts_of_one_whole_end_at_the_same_moment(hall: Hall) -> None:
    ada, olga = await sign_up(hall), await sign_up(hall, "olga")
    keys = [f"p{number}" for number in range(5)]
    scout = await teammate(hall, olga)
    whole = await confirmed(hall, ada, [part(key, 1_000) for key in keys])
    made = [await subtask(hall, whole, key) for key in keys]
    await asyncio.gather(*(delivers(hall, scout, one) for one in made))
    await asyncio.gather(*(accepts(hall, ada, one) for one in made))
    assert (await current(hall, whole)).state is State.IN_REVIEW
    assert await available(hall, olga) == OPENING + 4_500
    assert await is_sound(hall)


async def test_the_database_pays_a_part_once_and_never_behind_the_hold(
    hall: Hall, database: Database
) -> None:
    ada, _, whole = await half_done(hall)
    find, write = await subtask(hall, whole, "find"), await subtask(hall, whole, "write")

    async def pay(part_id: str) -> None:
        async def write_down(tx: Tx) -> None:
            await holds.add_part(tx, whole.id, PaidPart(part_id, 1, 1, 0), at_us=1)

        await database.write(write_down)

    with pytest.raises(ConstraintViolated):
        await pay(find.id)
    settled = await funded(hall, ada)
    await post.withdraw_task(hall, actor=ada, task_id=settled.id)

    async def behind(tx: Tx) -> None:
        await holds.add_part(tx, settled.id, PaidPart(write.id, 1, 1, 0), at_us=1)

    with pytest.raises(ConstraintViolated):
        await database.write(behind)
    assert await is_sound(hall)


async def test_a_plan_is_for_a_funded_task_force_alone(hall: Hall) -> None:
    ada = await sign_up(hall)
    claim = await funded(hall, ada)
    with pytest.raises(Conflict):
        await planning.plan_force(hall, actor=ada, task_id=claim.id, parts=TWO)
    task = await funded(hall, ada, engagement=Engagement.TASK_FORCE)
    with pytest.raises(Invalid):
        await planning.make_and_keep_plan(hall, actor=ada, task_id=task.id)
    assert await is_sound(hall)


async def _dispute_of(hall: Hall, task: Task) -> str:
    async def find(tx: Tx) -> str:
        found = await kept_disputes.open_of_task(tx, task.id)
        assert found is not None
        return found.id

    return await hall.database.read(find)
