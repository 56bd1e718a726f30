"""A claimed task from its offer to its end: taken once, delivered, paid, or on offer again."""

import asyncio

import pytest

from hiringhall.actions.market import agents, claims, delivering, post, reviewing
from hiringhall.actions.tasks import answer
from hiringhall.actions.timers import fire_due
from hiringhall.domain.agents import make_profile
from hiringhall.domain.errors import (
    Conflict,
    Forbidden,
    HallError,
    Invalid,
    NotApproved,
    NotEnoughFunds,
    NotFound,
    Unauthorized,
    WrongState,
)
from hiringhall.domain.market import AssignmentState
from hiringhall.domain.policy import HALL
from hiringhall.domain.tasks import Engagement, State, Task
from hiringhall.hall import Hall
from hiringhall.payments import InsidePayments
from hiringhall.queries.agents import authenticate_agent
from hiringhall.queries.tasks import list_tasks
from hiringhall.store.database import Database
from tests.support.halls import Clock, QuietEngine, make_hall, sign_up
from tests.support.market import (
    agent_of,
    assignments_of,
    available,
    claimed,
    current,
    draft,
    funded,
    handed_in,
    is_sound,
    offer_of,
)

pytestmark = pytest.mark.anyio

OPENING = 100_000
HOUR_S = 3600


async def test_from_offer_to_payment(hall: Hall) -> None:
    ada, bob = await sign_up(hall), await sign_up(hall, "bob")
    task = await funded(hall, ada, price_cents=500, fee_on_top=True)
    assert (task.state, await available(hall, ada)) == (State.OPEN, OPENING - 550)
    assert (await claims.claim(hall, actor=bob, task_id=task.id)).state is State.ASSIGNED
    deliverable = await handed_in(hall, bob, task)
    assert (deliverable.number, (await current(hall, task)).state) == (1, State.IN_REVIEW)
    done = await reviewing.accept(hall, actor=ada, task_id=task.id, rating=5, feedback="Good!")
    assert (done.state, done.deliverable_id) == (State.DONE, deliverable.id)
    assert await available(hall, bob) == OPENING + 500
    assert await available(hall, ada) == OPENING - 550
    with pytest.raises(WrongState):
        await reviewing.accept(hall, actor=ada, task_id=task.id, rating=1)
    assert await is_sound(hall)


async def test_an_agent_works_and_its_operator_is_paid(hall: Hall) -> None:
    ada, olga = await sign_up(hall), await sign_up(hall, "olga")
    scout = await agent_of(hall, olga, categories=["data-labeling"])
    task = await claimed(hall, ada, scout, category="Data Labeling")
    await delivering.deliver(
        hall, actor=scout, task_id=task.id, links=["https://example.com/out.csv"]
    )
    await reviewing.accept(hall, actor=ada, task_id=task.id)
    assert await available(hall, scout) == OPENING + 4_500
    assert await is_sound(hall)


async def test_without_funds_nothing_is_created(hall: Hall) -> None:
    ada = await sign_up(hall)
    with pytest.raises(NotEnoughFunds):
        await funded(hall, ada, price_cents=OPENING + 1)
    assert await list_tasks(hall, actor=ada) == []
    assert await available(hall, ada) == OPENING


async def test_a_draft_is_offered_later_and_cancelled_for_nothing(hall: Hall, clock: Clock) -> None:
    ada = await sign_up(hall)
    late = clock() + HOUR_S * 1_000_000
    first, second = await draft(hall, ada), await draft(hall, ada, deadline_us=late)
    assert (first.state, await available(hall, ada)) == (State.DRAFT, OPENING)
    assert (await post.publish_task(hall, actor=ada, task_id=first.id)).state is State.OPEN
    with pytest.raises(WrongState):
        await post.publish_task(hall, actor=ada, task_id=first.id)
    clock.advance(2 * HOUR_S)
    with pytest.raises(Invalid, match="deadline"):
        await post.publish_task(hall, actor=ada, task_id=second.id)
    for task in (first, second):
        cancelled = await post.withdraw_task(hall, actor=ada, task_id=task.id)
        assert cancelled.state is State.CANCELLED
    assert await available(hall, ada) == OPENING
    assert await is_sound(hall)


async def test_nobody_took_it_and_the_money_returns(hall: Hall, clock: Clock) -> None:
    ada, bob = await sign_up(hall), await sign_up(hall, "bob")
    task = await funded(hall, ada, expires_in_hours=2)
    clock.advance(2 * HOUR_S)
    with pytest.raises(Conflict, match="over"):
        await claims.claim(hall, actor=bob, task_id=task.id)
    await fire_due(hall)
    assert (await current(hall, task)).state is State.EXPIRED
    assert await available(hall, ada) == OPENING
    assert await is_sound(hall)


async def test_a_claim_lapses_and_the_task_is_on_offer_again(hall: Hall, clock: Clock) -> None:
    ada, bob, cid = [await sign_up(hall, name) for name in ("ada", "bob", "cid")]
    task = await claimed(hall, ada, bob, time_limit_minutes=30)
    clock.advance(30 * 60)
    await fire_due(hall)
    assert (await current(hall, task)).state is State.OPEN
    with pytest.raises(WrongState):
        await handed_in(hall, bob, task)
    await claims.claim(hall, actor=cid, task_id=task.id)
    assert [one.state for one in await assignments_of(hall, task)] == [
        AssignmentState.LAPSED,
        AssignmentState.ACTIVE,
    ]
    clock.advance(24 * HOUR_S)
    await fire_due(hall)
    assert (await current(hall, task)).state is State.EXPIRED
    assert await available(hall, ada) == OPENING
    assert await is_sound(hall)


async def test_a_claim_is_given_back(hall: Hall) -> None:
    ada, bob = await sign_up(hall), await sign_up(hall, "bob")
    task = await claimed(hall, ada, bob)
    with pytest.raises(Conflict, match="Somebody is working"):
        await post.withdraw_task(hall, actor=ada, task_id=task.id)
    with pytest.raises(Conflict, match="Somebody is working"):
        await answer.cancel_task(hall, actor=ada, task_id=task.id)
    released = await claims.release_claim(hall, actor=bob, task_id=task.id)
    assert released.state is State.OPEN
    await claims.claim(hall, actor=bob, task_id=task.id)
    await handed_in(hall, bob, task)
    with pytest.raises(WrongState):
        await claims.release_claim(hall, actor=bob, task_id=task.id)
    assert await is_sound(hall)


async def test_silence_accepts(hall: Hall, clock: Clock) -> None:
    ada, bob = await sign_up(hall), await sign_up(hall, "bob")
    task = await claimed(hall, ada, bob, price_cents=1_000)
    await handed_in(hall, bob, task)
    clock.advance(71 * HOUR_S)
    await fire_due(hall)
    assert (await current(hall, task)).state is State.IN_REVIEW
    clock.advance(HOUR_S)
    await fire_due(hall)
    assert (await current(hall, task)).state is State.DONE
    assert await available(hall, bob) == OPENING + 900
    assert await is_sound(hall)


async def test_sent_back_and_delivered_anew(hall: Hall, clock: Clock) -> None:
    ada, bob = await sign_up(hall), await sign_up(hall, "bob")
    task = await claimed(hall, ada, bob)
    await handed_in(hall, bob, task)
    revising = await reviewing.request_revision(
        hall, actor=ada, task_id=task.id, reason="One word only"
    )
    assert (revising.state, revising.revisions) == (State.REVISING, 1)
    with pytest.raises(Conflict, match="Somebody is working"):
        await post.withdraw_task(hall, actor=ada, task_id=task.id)
    assert (await handed_in(hall, bob, task)).number == 2
    await answer.decide_deliverable(hall, actor=ada, task_id=task.id, accepted=True)
    assert (await current(hall, task)).state is State.DONE
    assert await is_sound(hall)


async def test_sent_back_and_never_seen_again(hall: Hall, clock: Clock) -> None:
    ada, bob = await sign_up(hall), await sign_up(hall, "bob")
    task = await claimed(hall, ada, bob, expires_in_hours=2)
    await handed_in(hall, bob, task)
    await reviewing.request_revision(hall, actor=ada, task_id=task.id)
    clock.advance(24 * HOUR_S)
    await fire_due(hall)
    assert (await current(hall, task)).state is State.EXPIRED
    assert await available(hall, ada) == OPENING
    assert await is_sound(hall)


async def test_who_may_see_claim_and_deliver(hall: Hall) -> None:
    ada, bob, olga = [await sign_up(hall, name) for name in ("ada", "bob", "olga")]
    painter = await agent_of(hall, olga, categories=["painting"])
    task = await funded(hall, ada, category="translation")
    hidden = await draft(hall, ada)
    for actor, task_id in (
        (painter, task.id),  # not its category
        (bob, hidden.id),  # not on offer
        (bob, "no-id"),
        (bob, "01890000-0000-7000-8000-000000000001"),
    ):
        with pytest.raises(NotFound):
            await claims.claim(hall, actor=actor, task_id=task_id)
    with pytest.raises(Forbidden):
        await handed_in(hall, bob, task)
    with pytest.raises(Forbidden):
        await claims.claim(hall, actor=HALL, task_id=task.id)
    await claims.claim(hall, actor=bob, task_id=task.id)
    for stranger in (painter, olga):
        with pytest.raises(NotFound):
            await handed_in(hall, stranger, task)
    with pytest.raises(Invalid, match="text, a link or a file"):
        await delivering.deliver(hall, actor=bob, task_id=task.id, text="  ")
    with pytest.raises(Invalid, match="http"):
        await delivering.deliver(hall, actor=bob, task_id=task.id, links=["javascript:alert(1)"])
    for stranger in (bob, olga):
        with pytest.raises(NotFound):
            await reviewing.accept(hall, actor=stranger, task_id=task.id)


async def test_an_agent_works_when_it_is_approved_and_no_longer(hall: Hall) -> None:
    ada, olga = await sign_up(hall), await sign_up(hall, "olga")
    profile = make_profile(name="Scout", categories=["General"])
    agent, secret = await agents.register_agent(hall, actor=olga, profile=profile)
    with pytest.raises(NotApproved) as refused:
        await authenticate_agent(hall, secret)
    assert refused.value.approval_state == "pending"
    for stranger in (ada, olga):
        with pytest.raises(Forbidden):
            await agents.approve_agent(hall, actor=stranger, agent_id=agent.id)
    await agents.approve_agent(hall, actor=HALL, agent_id=agent.id)
    scout = await authenticate_agent(hall, secret)
    task = await claimed(hall, ada, scout)
    await agents.suspend_agent(hall, actor=HALL, agent_id=agent.id)
    with pytest.raises(NotApproved):
        await authenticate_agent(hall, secret)
    with pytest.raises(NotApproved):
        await handed_in(hall, scout, task)
    with pytest.raises(NotFound):
        await agents.renew_agent_key(hall, actor=ada, agent_id=agent.id)
    _, fresh = await agents.renew_agent_key(hall, actor=olga, agent_id=agent.id)
    for lost in (secret, "nxw_", fresh[:-1], "aw_live_x"):
        with pytest.raises(Unauthorized):
            await authenticate_agent(hall, lost)


async def test_where_money_is_real_nobody_is_paid_by_their_own_organization(
    database: Database, clock: Clock, engine: QuietEngine
) -> None:
    real = make_hall(database, clock=clock, engine=engine, payments=InsidePayments("manual"))
    ada = await sign_up(real)
    scout = await agent_of(real, ada)
    task = await funded(real, ada)
    for own in (ada, scout):
        with pytest.raises(Conflict, match="its own task"):
            await claims.claim(real, actor=own, task_id=task.id)
    play = make_hall(database, clock=clock, engine=engine)
    assert (await claims.claim(play, actor=scout, task_id=task.id)).state is State.ASSIGNED


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", " "),
        ("title", "x" * 201),
        ("description", ""),
        ("price_cents", 0),
        ("price_cents", 100_000_001),
        ("engagement", Engagement.STAFF),
        ("category", "böse!"),
        ("time_limit_minutes", 0),
        ("expires_in_hours", 10_000),
        ("max_proposals", 101),
        ("tags", ["x" * 51]),
    ],
)
def test_an_offer_that_cannot_be_meant_is_refused(field: str, value: object) -> None:
    with pytest.raises(Invalid) as refused:
        offer_of(**{field: value})
    assert set(refused.value.fields) == {field}


@pytest.mark.parametrize("text", ["Data-Labeling", "data labeling", "DATA__labeling_"])
def test_a_category_has_one_form(text: str) -> None:
    assert offer_of(category=text).category == "data_labeling"


async def _race(*tries: object) -> list[Task]:
    """All at once: who wins; every other is refused, and nothing breaks."""
    went = await asyncio.gather(*tries, return_exceptions=True)  # type: ignore[arg-type]
    assert all(isinstance(one, HallError) for one in went if isinstance(one, BaseException)), went
    return [one for one in went if isinstance(one, Task)]


async def test_of_32_who_claim_at_once_one_has_it(hall: Hall) -> None:
    ada = await sign_up(hall)
    people = [await sign_up(hall, f"worker{number}") for number in range(32)]
    task = await funded(hall, ada)
    won = await _race(*(claims.claim(hall, actor=one, task_id=task.id) for one in people))
    assert len(won) == 1
    assert len(await assignments_of(hall, task)) == 1
    assert await is_sound(hall)


async def test_of_32_who_accept_or_send_back_at_once_one_is_heard(hall: Hall) -> None:
    ada, bob = await sign_up(hall), await sign_up(hall, "bob")
    task = await claimed(hall, ada, bob, price_cents=1_000)
    await handed_in(hall, bob, task)
    ways = [reviewing.accept, reviewing.request_revision] * 16
    won = await _race(*(way(hall, actor=ada, task_id=task.id) for way in ways))
    assert len(won) == 1
    paid = OPENING + 900 if won[0].state is State.DONE else OPENING
    assert await available(hall, bob) == paid
    assert await is_sound(hall)


async def test_of_32_who_claim_or_withdraw_at_once_one_is_heard(hall: Hall) -> None:
    ada, bob = await sign_up(hall), await sign_up(hall, "bob")
    task = await funded(hall, ada)
    tries = [
        *(claims.claim(hall, actor=bob, task_id=task.id) for _ in range(16)),
        *(post.withdraw_task(hall, actor=ada, task_id=task.id) for _ in range(16)),
    ]
    won = await _race(*tries)
    states = {one.state for one in won}
    assert len(states) == 1
    assert await available(hall, ada) == (OPENING if State.CANCELLED in states else OPENING - 5_000)
    assert await is_sound(hall)
