"""Two sides disagree: they settle it, an admin does, or silence does."""

import pytest

from hiringhall.actions.accounts import make_admin
from hiringhall.actions.market import choosing, disputes, post, reviewing
from hiringhall.actions.tasks import answer
from hiringhall.actions.timers import fire_due
from hiringhall.domain.disputes import Dispute, DisputeState, Party
from hiringhall.domain.errors import Conflict, Forbidden, Invalid, NotFound, WrongState
from hiringhall.domain.market import AssignmentState
from hiringhall.domain.policy import Actor
from hiringhall.domain.tasks import State, Task
from hiringhall.hall import Hall
from hiringhall.queries.disputes import dispute_view, disputes_of, open_disputes
from tests.support.halls import Clock, sign_up
from tests.support.market import (
    agent_of,
    assignments_of,
    available,
    claimed,
    competing,
    current,
    handed_in,
    is_sound,
)

pytestmark = pytest.mark.anyio

OPENING = 100_000
DAYS_3_S = 72 * 3600


async def rejected(hall: Hall, ada: Actor, bob: Actor) -> tuple[Task, Dispute]:
    """A task for 10.00 whose deliverable was rejected."""
    task = await claimed(hall, ada, bob, price_cents=1_000)
    await handed_in(hall, bob, task)
    await reviewing.reject(hall, actor=ada, task_id=task.id, reason="Not what I asked for")
    (dispute,) = await disputes_of(hall, actor=ada, task_id=task.id)
    return task, dispute


async def ends(hall: Hall, ada: Actor, bob: Actor, *, paid: int, back: int) -> bool:
    """Whether the worker got so much and the poster so much back, and all is sound."""
    assert await available(hall, bob) == OPENING + paid
    assert await available(hall, ada) == OPENING - 1_000 + back
    return await is_sound(hall)


async def test_both_sides_agree(hall: Hall) -> None:
    ada, bob = await sign_up(hall), await sign_up(hall, "bob")
    task, dispute = await rejected(hall, ada, bob)
    assert (dispute.opened_by, dispute.state) == (Party.POSTER, DisputeState.OPEN)
    await disputes.state_case(hall, actor=bob, dispute_id=dispute.id, text="But it is!")
    await disputes.agree(hall, actor=ada, dispute_id=dispute.id, worker_cents=300)
    await disputes.agree(hall, actor=bob, dispute_id=dispute.id, worker_cents=600)
    settled = await disputes.agree(hall, actor=ada, dispute_id=dispute.id, worker_cents=600)
    assert (settled.state, settled.outcome_cents) == (DisputeState.AGREED, 600)
    assert (await current(hall, task)).state is State.DONE
    with pytest.raises(Conflict, match="over"):
        await disputes.agree(hall, actor=bob, dispute_id=dispute.id, worker_cents=600)
    assert await ends(hall, ada, bob, paid=540, back=400)


async def test_both_sides_agree_on_nothing(hall: Hall) -> None:
    ada, bob = await sign_up(hall), await sign_up(hall, "bob")
    task, dispute = await rejected(hall, ada, bob)
    for side in (ada, bob):
        await disputes.agree(hall, actor=side, dispute_id=dispute.id, worker_cents=0)
    assert (await current(hall, task)).state is State.CANCELLED
    assert [one.state for one in await assignments_of(hall, task)] == [AssignmentState.REFUSED]
    assert await ends(hall, ada, bob, paid=0, back=1_000)


async def test_an_admin_decides_by_the_evidence(hall: Hall) -> None:
    ada, bob, root = [await sign_up(hall, name) for name in ("ada", "bob", "root")]
    await make_admin(hall, email="root@example.com")
    task, dispute = await rejected(hall, ada, bob)
    assert [one.dispute.id for one in await open_disputes(hall, actor=root)] == [dispute.id]
    seen = await dispute_view(hall, actor=root, dispute_id=dispute.id)
    assert [one.text for one in seen.deliverables] == ["positive"]
    assert {"task_claimed", "dispute_opened"} <= {one.type for one in seen.evidence}
    for worker_cents in (-1, 1_001):
        with pytest.raises(Invalid):
            await disputes.resolve(
                hall, actor=root, dispute_id=dispute.id, worker_cents=worker_cents
            )
    for side in (ada, bob):
        with pytest.raises(Forbidden):
            await disputes.resolve(hall, actor=side, dispute_id=dispute.id, worker_cents=1)
    with pytest.raises(Conflict, match="no side"):
        await disputes.agree(hall, actor=root, dispute_id=dispute.id, worker_cents=1)
    await disputes.resolve(hall, actor=root, dispute_id=dispute.id, worker_cents=500)
    assert (await current(hall, task)).state is State.DONE
    assert await open_disputes(hall, actor=root) == []
    assert await ends(hall, ada, bob, paid=450, back=500)


async def test_a_dispute_is_not_ended_by_what_another_hands_in(hall: Hall) -> None:
    ada, bob, eve = [await sign_up(hall, name) for name in ("ada", "bob", "eve")]
    task, proposals = await competing(hall, ada, bob, eve, price_cents=5_000)
    for proposal in proposals:
        await choosing.shortlist(hall, actor=ada, proposal_id=proposal.id)
    await handed_in(hall, bob, task)
    await reviewing.reject(hall, actor=ada, task_id=task.id, reason="Not what I asked for")
    (dispute,) = await disputes_of(hall, actor=ada, task_id=task.id)
    with pytest.raises(Conflict, match="somebody else's work"):
        await handed_in(hall, eve, task)
    assert (await current(hall, task)).state is State.DISPUTED
    await handed_in(hall, bob, task, "better")
    (ended,) = await disputes_of(hall, actor=ada, task_id=task.id)
    assert (ended.id, ended.state) == (dispute.id, DisputeState.REDELIVERED)


async def test_a_silent_worker_is_not_paid(hall: Hall, clock: Clock) -> None:
    ada, bob = await sign_up(hall), await sign_up(hall, "bob")
    task, _ = await rejected(hall, ada, bob)
    clock.advance(DAYS_3_S)
    await fire_due(hall)
    assert (await current(hall, task)).state is State.CANCELLED
    assert await ends(hall, ada, bob, paid=0, back=1_000)


async def test_a_silent_poster_pays(hall: Hall, clock: Clock) -> None:
    ada, bob = await sign_up(hall), await sign_up(hall, "bob")
    task = await claimed(hall, ada, bob, price_cents=1_000)
    await handed_in(hall, bob, task)
    await disputes.open_dispute(hall, actor=bob, task_id=task.id, reason="She wants it for free")
    clock.advance(DAYS_3_S)
    await fire_due(hall)
    assert (await current(hall, task)).state is State.DONE
    assert await ends(hall, ada, bob, paid=900, back=0)


async def test_where_both_spoke_the_clock_begins_anew_and_halves(hall: Hall, clock: Clock) -> None:
    ada, bob = await sign_up(hall), await sign_up(hall, "bob")
    task, dispute = await rejected(hall, ada, bob)
    clock.advance(DAYS_3_S - 10)
    await disputes.state_case(hall, actor=bob, dispute_id=dispute.id, text="It is right")
    await disputes.state_case(hall, actor=ada, dispute_id=dispute.id, text="It is wrong")
    clock.advance(DAYS_3_S - 10)
    await disputes.state_case(hall, actor=bob, dispute_id=dispute.id, text="It still is right")
    await fire_due(hall)
    assert (await current(hall, task)).state is State.DISPUTED
    clock.advance(20)
    await fire_due(hall)
    assert (await current(hall, task)).state is State.DONE
    assert await ends(hall, ada, bob, paid=450, back=500)


async def test_another_attempt_ends_the_dispute(hall: Hall) -> None:
    ada, bob = await sign_up(hall), await sign_up(hall, "bob")
    task, dispute = await rejected(hall, ada, bob)
    await handed_in(hall, bob, task, "negative")
    assert (await current(hall, task)).state is State.IN_REVIEW
    (over,) = await disputes_of(hall, actor=bob, task_id=task.id)
    assert (over.id, over.state) == (dispute.id, DisputeState.REDELIVERED)
    await answer.decide_deliverable(hall, actor=ada, task_id=task.id, accepted=False, reason="No")
    assert (await current(hall, task)).state is State.DISPUTED
    await handed_in(hall, bob, task, "neutral")
    await reviewing.accept(hall, actor=ada, task_id=task.id)
    assert await ends(hall, ada, bob, paid=900, back=0)


async def test_after_three_revisions_either_side_may_dispute(hall: Hall) -> None:
    ada, bob = await sign_up(hall), await sign_up(hall, "bob")
    task = await claimed(hall, ada, bob, price_cents=1_000)
    for _ in range(3):
        with pytest.raises(Conflict, match="revisions"):
            await disputes.open_dispute(hall, actor=bob, task_id=task.id, reason="Enough")
        await handed_in(hall, bob, task)
        await reviewing.request_revision(hall, actor=ada, task_id=task.id)
    await disputes.open_dispute(hall, actor=bob, task_id=task.id, reason="Enough")
    assert (await current(hall, task)).state is State.DISPUTED
    assert await is_sound(hall)


async def test_who_has_no_part_in_it_sees_nothing(hall: Hall) -> None:
    ada, bob, eve = [await sign_up(hall, name) for name in ("ada", "bob", "eve")]
    mallory = await agent_of(hall, eve)
    task, dispute = await rejected(hall, ada, bob)
    for stranger in (eve, mallory):
        with pytest.raises(NotFound):
            await dispute_view(hall, actor=stranger, dispute_id=dispute.id)
        with pytest.raises(NotFound):
            await disputes_of(hall, actor=stranger, task_id=task.id)
        with pytest.raises(NotFound):
            await disputes.state_case(hall, actor=stranger, dispute_id=dispute.id, text="Hm")
        with pytest.raises(NotFound):
            await disputes.open_dispute(hall, actor=stranger, task_id=task.id, reason="Hm")
        with pytest.raises(Forbidden):
            await open_disputes(hall, actor=stranger)
    with pytest.raises(WrongState):
        await post.withdraw_task(hall, actor=ada, task_id=task.id)
