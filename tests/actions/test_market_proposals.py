"""A competition from its first proposal to the one that is paid, and what ends it without."""

import asyncio

import pytest

from hiringhall.actions.market import choosing, claims, delivering, post, proposing, reviewing
from hiringhall.actions.timers import fire_due
from hiringhall.domain.errors import Conflict, Forbidden, HallError, Invalid, NotFound, WrongState
from hiringhall.domain.market import AssignmentState
from hiringhall.domain.proposals import ProposalState
from hiringhall.domain.tasks import Engagement, State
from hiringhall.hall import Hall
from hiringhall.queries.deliveries import deliveries_of
from hiringhall.queries.market import candidates, market_task
from tests.support.halls import Clock, sign_up
from tests.support.market import (
    PLAN,
    agent_of,
    assignments_of,
    available,
    competing,
    current,
    funded,
    handed_in,
    is_sound,
    proposed,
)

pytestmark = pytest.mark.anyio

OPENING = 100_000
HOUR_S = 3600


async def test_the_chosen_is_paid_what_it_asked_and_the_rest_returns(hall: Hall) -> None:
    ada, bob, cid = [await sign_up(hall, name) for name in ("ada", "bob", "cid")]
    task, (bobs, cids) = await competing(hall, ada, bob, cid)
    assert await available(hall, ada) == OPENING - 5_000
    await choosing.shortlist(hall, actor=ada, proposal_id=bobs.id)
    assert (await current(hall, task)).state is State.ASSIGNED
    with pytest.raises(Forbidden):
        await handed_in(hall, cid, task)
    await handed_in(hall, bob, task)
    await reviewing.accept(hall, actor=ada, task_id=task.id, rating=4)
    assert await available(hall, bob) == OPENING + 3_600
    assert await available(hall, ada) == OPENING - 4_000
    made = {one.proposal.id: one for one in await candidates(hall, actor=ada, task_id=task.id)}
    assert made[bobs.id].proposal.state is ProposalState.ACCEPTED
    assert made[cids.id].proposal.state is ProposalState.CLOSED
    assert (made[bobs.id].reputation.average, made[bobs.id].reputation.completed) == (4.0, 1)
    assert await is_sound(hall)


async def test_of_several_chosen_one_is_accepted(hall: Hall) -> None:
    ada, bob, cid = [await sign_up(hall, name) for name in ("ada", "bob", "cid")]
    task, proposals = await competing(hall, ada, bob, cid)
    for one in proposals:
        await choosing.shortlist(hall, actor=ada, proposal_id=one.id)
    first = await handed_in(hall, bob, task)
    with pytest.raises(WrongState):
        await handed_in(hall, cid, task)
    await reviewing.request_revision(hall, actor=ada, task_id=task.id)
    second = await handed_in(hall, cid, task, "better")
    with pytest.raises(Conflict, match="decided"):
        await reviewing.accept(hall, actor=ada, task_id=task.id, deliverable_id=first.id)
    await reviewing.accept(hall, actor=ada, task_id=task.id, deliverable_id=second.id)
    assert [one.state for one in await assignments_of(hall, task)] == [
        AssignmentState.CLOSED,
        AssignmentState.COMPLETED,
    ]
    assert len(await deliveries_of(hall, actor=ada, task_id=task.id)) == 2
    (bobs,) = await deliveries_of(hall, actor=bob, task_id=task.id)
    assert bobs.deliverable.id == first.id
    assert await is_sound(hall)


async def test_the_last_slot_closes_the_intake(hall: Hall) -> None:
    ada = await sign_up(hall)
    people = [await sign_up(hall, f"worker{number}") for number in range(3)]
    task = await funded(hall, ada, engagement=Engagement.PROPOSALS, max_proposals=2)
    first = await proposing.propose(
        hall, actor=people[0], task_id=task.id, plan=PLAN, price_cents=1
    )
    assert (first.proposals, first.auto_closed) == (1, False)
    with pytest.raises(Conflict, match="already"):
        await proposed(hall, people[0], task)
    last = await proposing.propose(hall, actor=people[1], task_id=task.id, plan=PLAN, price_cents=1)
    assert (last.proposals, last.auto_closed, last.task.state) == (2, True, State.SELECTING)
    with pytest.raises(Conflict, match="no proposals"):
        await proposed(hall, people[2], task)
    with pytest.raises(NotFound):
        await market_task(hall, actor=people[2], task_id=task.id)
    assert (await market_task(hall, actor=people[0], task_id=task.id)).proposals == 2
    assert await is_sound(hall)


async def test_what_was_withdrawn_leaves_its_slot_free(hall: Hall) -> None:
    ada, bob, cid = [await sign_up(hall, name) for name in ("ada", "bob", "cid")]
    task, (bobs,) = await competing(hall, ada, bob, max_proposals=2)
    taken_back = await proposing.withdraw_proposal(hall, actor=bob, proposal_id=bobs.id)
    assert taken_back.state is ProposalState.WITHDRAWN
    with pytest.raises(Conflict, match="already"):
        await proposed(hall, bob, task)
    await proposed(hall, cid, task)
    assert (await current(hall, task)).state is State.OPEN
    with pytest.raises(Conflict):
        await choosing.shortlist(hall, actor=ada, proposal_id=bobs.id)


async def test_the_intake_ends_with_its_time(hall: Hall, clock: Clock) -> None:
    ada, bob = await sign_up(hall), await sign_up(hall, "bob")
    wanted, (bobs,) = await competing(hall, ada, bob, expires_in_hours=1)
    unwanted, _ = await competing(hall, ada, expires_in_hours=1)
    clock.advance(HOUR_S)
    with pytest.raises(Conflict, match="over"):
        await proposed(hall, bob, unwanted)
    await fire_due(hall)
    assert (await current(hall, unwanted)).state is State.EXPIRED
    assert (await current(hall, wanted)).state is State.SELECTING
    await choosing.shortlist(hall, actor=ada, proposal_id=bobs.id)
    clock.advance(25 * HOUR_S)
    await fire_due(hall)
    assert (await current(hall, wanted)).state is State.EXPIRED
    assert [one.state for one in await assignments_of(hall, wanted)] == [AssignmentState.LAPSED]
    assert await available(hall, ada) == OPENING
    assert await is_sound(hall)


async def test_a_poster_who_does_not_choose_has_the_money_back(hall: Hall, clock: Clock) -> None:
    ada, bob = await sign_up(hall), await sign_up(hall, "bob")
    task, (bobs,) = await competing(hall, ada, bob)
    await choosing.close_intake(hall, actor=ada, task_id=task.id)
    declined = await choosing.decline(hall, actor=ada, proposal_id=bobs.id, reason="Too dear")
    assert (declined.state, declined.reason) == (ProposalState.DECLINED, "Too dear")
    clock.advance(72 * HOUR_S)
    await fire_due(hall)
    assert (await current(hall, task)).state is State.EXPIRED
    assert await available(hall, ada) == OPENING
    assert await is_sound(hall)


async def test_the_chosen_is_not_sent_away_before_its_time_is_over(
    hall: Hall, clock: Clock
) -> None:
    ada, bob = await sign_up(hall), await sign_up(hall, "bob")
    task, (bobs,) = await competing(hall, ada, bob, time_limit_minutes=60)
    await choosing.shortlist(hall, actor=ada, proposal_id=bobs.id)
    with pytest.raises(Conflict, match="is working"):
        await choosing.decline(hall, actor=ada, proposal_id=bobs.id)
    with pytest.raises(Conflict, match="is working"):
        await post.withdraw_task(hall, actor=ada, task_id=task.id)
    clock.advance(HOUR_S)
    await choosing.decline(hall, actor=ada, proposal_id=bobs.id)
    assert (await current(hall, task)).state is State.SELECTING
    await post.withdraw_task(hall, actor=ada, task_id=task.id)
    assert await available(hall, ada) == OPENING
    assert await is_sound(hall)


async def test_the_chosen_steps_back_and_another_is_chosen(hall: Hall) -> None:
    ada, bob, cid = [await sign_up(hall, name) for name in ("ada", "bob", "cid")]
    task, (bobs, cids) = await competing(hall, ada, bob, cid)
    await choosing.shortlist(hall, actor=ada, proposal_id=bobs.id)
    with pytest.raises(Conflict, match="withdraw"):
        await claims.release_claim(hall, actor=bob, task_id=task.id)
    await proposing.withdraw_proposal(hall, actor=bob, proposal_id=bobs.id)
    assert (await current(hall, task)).state is State.SELECTING
    await choosing.shortlist(hall, actor=ada, proposal_id=cids.id)
    await handed_in(hall, cid, task)
    with pytest.raises(WrongState):
        await proposing.withdraw_proposal(hall, actor=cid, proposal_id=cids.id)
    await reviewing.accept(hall, actor=ada, task_id=task.id)
    assert await is_sound(hall)


async def test_whose_work_is_disputed_does_not_step_back_and_others_may(hall: Hall) -> None:
    ada, bob, cid = [await sign_up(hall, name) for name in ("ada", "bob", "cid")]
    task, (bobs, cids) = await competing(hall, ada, bob, cid)
    for one in (bobs, cids):
        await choosing.shortlist(hall, actor=ada, proposal_id=one.id)
    await handed_in(hall, bob, task)
    await reviewing.reject(hall, actor=ada, task_id=task.id, reason="No")
    with pytest.raises(WrongState):
        await proposing.withdraw_proposal(hall, actor=bob, proposal_id=bobs.id)
    await proposing.withdraw_proposal(hall, actor=cid, proposal_id=cids.id)
    assert (await current(hall, task)).state is State.DISPUTED
    assert await is_sound(hall)


async def test_a_claim_is_won_by_the_first_proposal_at_its_price(hall: Hall) -> None:
    ada, olga, cid = [await sign_up(hall, name) for name in ("ada", "olga", "cid")]
    scout = await agent_of(hall, olga)
    task = await funded(hall, ada, price_cents=5_000)
    with pytest.raises(Invalid, match="budget"):
        await proposed(hall, scout, task, price_cents=5_001)
    won = await proposing.propose(hall, actor=scout, task_id=task.id, plan=PLAN, price_cents=4_000)
    assert (won.task.state, won.proposal.state) == (State.ASSIGNED, ProposalState.SHORTLISTED)
    with pytest.raises(Conflict, match="no proposals"):
        await proposed(hall, cid, task)
    assert (await market_task(hall, actor=scout, task_id=task.id)).can_deliver
    await delivering.deliver(hall, actor=scout, task_id=task.id, text="Here")
    await reviewing.accept(hall, actor=ada, task_id=task.id)
    assert await available(hall, olga) == OPENING + 3_600
    assert await available(hall, ada) == OPENING - 4_000
    assert await is_sound(hall)


async def test_strangers_neither_see_nor_choose(hall: Hall) -> None:
    ada, bob, eve = [await sign_up(hall, name) for name in ("ada", "bob", "eve")]
    task, (bobs,) = await competing(hall, ada, bob)
    for stranger in (bob, eve):
        with pytest.raises(NotFound):
            await choosing.shortlist(hall, actor=stranger, proposal_id=bobs.id)
        with pytest.raises(NotFound):
            await choosing.decline(hall, actor=stranger, proposal_id=bobs.id)
        with pytest.raises(NotFound):
            await candidates(hall, actor=stranger, task_id=task.id)
    for stranger in (ada, eve):
        with pytest.raises(NotFound):
            await proposing.withdraw_proposal(hall, actor=stranger, proposal_id=bobs.id)


async def test_of_32_who_want_the_last_slot_one_has_it(hall: Hall) -> None:
    ada = await sign_up(hall)
    people = [await sign_up(hall, f"worker{number}") for number in range(32)]
    task = await funded(hall, ada, engagement=Engagement.PROPOSALS, max_proposals=1)
    went = await asyncio.gather(
        *(proposed(hall, one, task) for one in people), return_exceptions=True
    )
    refused = [one for one in went if isinstance(one, BaseException)]
    assert len(refused) == 31
    assert all(isinstance(one, HallError) for one in refused), refused
    assert (await current(hall, task)).state is State.SELECTING
    assert await is_sound(hall)
