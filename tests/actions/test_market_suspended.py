"""What an agent has of the market when an admin suspends it: offered anew, or decided as it is."""

import asyncio
from typing import Any

import pytest

from hiringhall.actions.market import agents, choosing, claims, disputes, reviewing
from hiringhall.actions.timers import fire_due
from hiringhall.domain.errors import Conflict, NotApproved
from hiringhall.domain.market import AssignmentState
from hiringhall.domain.policy import HALL, Actor
from hiringhall.domain.proposals import Proposal, ProposalState
from hiringhall.domain.tasks import State, Task
from hiringhall.hall import Hall
from hiringhall.queries.disputes import disputes_of
from hiringhall.queries.seen import log_of
from hiringhall.store import proposals
from tests.support.halls import Clock, sign_up
from tests.support.market import (
    agent_of,
    assignments_of,
    available,
    claimed,
    competing,
    current,
    funded,
    handed_in,
    is_sound,
)

pytestmark = pytest.mark.anyio

HOUR_S = 3_600


async def suspend(hall: Hall, agent: Actor) -> None:
    await agents.suspend_agent(hall, actor=HALL, agent_id=agent.agent_id or "")


async def let_in(hall: Hall, agent: Actor) -> None:
    await agents.approve_agent(hall, actor=HALL, agent_id=agent.agent_id or "")


async def states_of(hall: Hall, task: Task) -> list[AssignmentState]:
    return [one.state for one in await assignments_of(hall, task)]


async def proposal_now(hall: Hall, proposal: Proposal) -> Proposal:
    found = await hall.database.read(lambda tx: proposals.by_id(tx, proposal.id))
    assert found is not None
    return found


async def test_what_it_has_claimed_is_on_offer_again_with_its_money_held(hall: Hall) -> None:
    ada, olga = await sign_up(hall), await sign_up(hall, "olga")
    scout, rival = await agent_of(hall, olga), await agent_of(hall, olga, "rival")
    task = await claimed(hall, ada, scout)
    before = await available(hall, ada)
    await suspend(hall, scout)
    await fire_due(hall)
    assert (await current(hall, task)).state is State.OPEN
    assert await available(hall, ada) == before
    assert await states_of(hall, task) == [AssignmentState.LAPSED]
    *_, last = await log_of(hall, actor=ada, task_id=task.id)
    assert (last.type, last.actor) == ("claim_lapsed", "timer")
    assert "may not work any more" in str(last.data)
    await claims.claim(hall, actor=rival, task_id=task.id)
    await handed_in(hall, rival, task)
    done = await reviewing.accept(hall, actor=ada, task_id=task.id)
    assert done.state is State.DONE
    assert await is_sound(hall)


@pytest.mark.parametrize("how", ["before", "by its own clock"])
async def test_where_nobody_may_take_it_any_more_it_has_run_out(
    hall: Hall, clock: Clock, how: str
) -> None:
    ada, olga = await sign_up(hall), await sign_up(hall, "olga")
    scout = await agent_of(hall, olga)
    before = await available(hall, ada)
    task = await claimed(hall, ada, scout, expires_in_hours=1, time_limit_minutes=300)
    clock.advance(2 * HOUR_S)
    if how == "before":
        await suspend(hall, scout)
    else:
        clock.advance(4 * HOUR_S)
    await fire_due(hall)
    assert (await current(hall, task)).state is State.EXPIRED
    assert await available(hall, ada) == before
    assert await is_sound(hall)


async def test_what_it_has_handed_in_is_decided_and_paid(hall: Hall) -> None:
    ada, olga = await sign_up(hall), await sign_up(hall, "olga")
    scout = await agent_of(hall, olga)
    task = await claimed(hall, ada, scout)
    before = await available(hall, scout) or 0
    await handed_in(hall, scout, task)
    await suspend(hall, scout)
    await fire_due(hall)
    assert (await current(hall, task)).state is State.IN_REVIEW
    assert await states_of(hall, task) == [AssignmentState.ACTIVE]
    await reviewing.accept(hall, actor=ada, task_id=task.id)
    assert (await available(hall, scout) or 0) > before
    assert await is_sound(hall)


async def test_sent_back_to_one_that_is_gone_it_is_on_offer_again(hall: Hall) -> None:
    ada, olga = await sign_up(hall), await sign_up(hall, "olga")
    scout = await agent_of(hall, olga)
    task = await claimed(hall, ada, scout)
    await handed_in(hall, scout, task)
    await suspend(hall, scout)
    await fire_due(hall)
    sent = await reviewing.request_revision(hall, actor=ada, task_id=task.id, reason="Not all")
    assert sent.state is State.REVISING
    await fire_due(hall)
    assert (await current(hall, task)).state is State.OPEN
    assert await is_sound(hall)


async def test_while_it_revises_it_loses_the_task_too(hall: Hall) -> None:
    ada, olga = await sign_up(hall), await sign_up(hall, "olga")
    scout = await agent_of(hall, olga)
    task = await claimed(hall, ada, scout)
    await handed_in(hall, scout, task)
    await reviewing.request_revision(hall, actor=ada, task_id=task.id, reason="Not all")
    await suspend(hall, scout)
    await fire_due(hall)
    assert (await current(hall, task)).state is State.OPEN
    assert await is_sound(hall)


async def test_a_dispute_is_decided_as_it_is(hall: Hall) -> None:
    ada, olga = await sign_up(hall), await sign_up(hall, "olga")
    scout = await agent_of(hall, olga)
    task = await claimed(hall, ada, scout)
    await handed_in(hall, scout, task)
    await reviewing.reject(hall, actor=ada, task_id=task.id, reason="Nothing of it is right")
    await suspend(hall, scout)
    await fire_due(hall)
    assert (await current(hall, task)).state is State.DISPUTED
    (dispute,) = await disputes_of(hall, actor=ada, task_id=task.id)
    await disputes.resolve(hall, actor=HALL, dispute_id=dispute.id, worker_cents=1_000)
    assert (await current(hall, task)).state is State.DONE
    assert await is_sound(hall)


async def test_let_in_again_before_anybody_looked_it_keeps_what_it_has(hall: Hall) -> None:
    ada, olga = await sign_up(hall), await sign_up(hall, "olga")
    scout = await agent_of(hall, olga)
    task = await claimed(hall, ada, scout)
    await suspend(hall, scout)
    await let_in(hall, scout)
    await fire_due(hall)
    assert (await current(hall, task)).state is State.ASSIGNED
    await handed_in(hall, scout, task)
    await suspend(hall, scout)
    await suspend(hall, scout)
    await fire_due(hall)
    assert (await current(hall, task)).state is State.IN_REVIEW


async def test_of_several_that_were_chosen_the_others_go_on(hall: Hall) -> None:
    ada, olga = await sign_up(hall), await sign_up(hall, "olga")
    scout, rival = await agent_of(hall, olga), await agent_of(hall, olga, "rival")
    third = await agent_of(hall, olga, "third")
    task, (his, hers, late) = await competing(hall, ada, scout, rival, third)
    for one in (his, hers):
        await choosing.shortlist(hall, actor=ada, proposal_id=one.id)
    await suspend(hall, scout)
    await fire_due(hall)
    assert (await current(hall, task)).state is State.ASSIGNED
    gone = await proposal_now(hall, his)
    assert gone.state is ProposalState.DECLINED
    assert "may not work any more" in gone.reason
    # The last one, too: the poster chooses anew, and the money is still held.
    before = await available(hall, ada)
    await suspend(hall, rival)
    await fire_due(hall)
    assert (await current(hall, task)).state is State.SELECTING
    assert await available(hall, ada) == before
    await suspend(hall, third)
    with pytest.raises(Conflict, match="may not work any more"):
        await choosing.shortlist(hall, actor=ada, proposal_id=late.id)
    await let_in(hall, third)
    await choosing.shortlist(hall, actor=ada, proposal_id=late.id)
    await handed_in(hall, third, task)
    await reviewing.accept(hall, actor=ada, task_id=task.id)
    assert (await current(hall, task)).state is State.DONE
    assert await is_sound(hall)


async def test_what_one_of_them_handed_in_is_decided_whoever_goes(hall: Hall) -> None:
    ada, olga = await sign_up(hall), await sign_up(hall, "olga")
    scout, rival = await agent_of(hall, olga), await agent_of(hall, olga, "rival")
    task, (his, hers) = await competing(hall, ada, scout, rival)
    for one in (his, hers):
        await choosing.shortlist(hall, actor=ada, proposal_id=one.id)
    await handed_in(hall, scout, task)
    for one in (scout, rival):
        await suspend(hall, one)
        await fire_due(hall)
    assert (await current(hall, task)).state is State.IN_REVIEW
    assert await states_of(hall, task) == [AssignmentState.ACTIVE, AssignmentState.LAPSED]
    await reviewing.request_revision(hall, actor=ada, task_id=task.id, reason="Not all")
    await fire_due(hall)
    assert (await current(hall, task)).state is State.SELECTING
    assert await is_sound(hall)


async def together(*tries: Any) -> list[object]:
    went: list[object] = await asyncio.gather(*tries, return_exceptions=True)
    for one in went:
        assert not isinstance(one, BaseException) or isinstance(one, NotApproved), one
    return went


async def test_a_delivery_at_the_same_moment_is_handed_in_or_refused(hall: Hall) -> None:
    ada, olga = await sign_up(hall), await sign_up(hall, "olga")
    scout = await agent_of(hall, olga)
    for turn in range(12):
        task = await claimed(hall, ada, scout)
        tries = [suspend(hall, scout), handed_in(hall, scout, task)]
        went = await together(*(tries if turn % 2 else tries[::-1]))
        refused = any(isinstance(one, NotApproved) for one in went)
        await fire_due(hall)
        assert (await current(hall, task)).state is (State.OPEN if refused else State.IN_REVIEW)
        await let_in(hall, scout)
    assert await is_sound(hall)


async def test_a_claim_at_the_same_moment_does_not_stay_with_it(hall: Hall) -> None:
    ada, olga = await sign_up(hall), await sign_up(hall, "olga")
    scout = await agent_of(hall, olga)
    for turn in range(12):
        task = await funded(hall, ada)
        tries = [suspend(hall, scout), claims.claim(hall, actor=scout, task_id=task.id)]
        await together(*(tries if turn % 2 else tries[::-1]))
        await fire_due(hall)
        assert (await current(hall, task)).state is State.OPEN
        await let_in(hall, scout)
    assert await is_sound(hall)
