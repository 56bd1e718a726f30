"""A Task Force from its plan to its end: given, talked in, reviewed, given anew, assembled."""

import pytest

from hiringhall.actions.force import planning, talking
from hiringhall.actions.market import agents, claims, delivering, post
from hiringhall.actions.timers import fire_due
from hiringhall.domain.errors import Forbidden, Invalid, NotFound, WrongState
from hiringhall.domain.force import Reviewer
from hiringhall.domain.messages import MessageKind
from hiringhall.domain.policy import HALL
from hiringhall.domain.tasks import State, Waiting
from hiringhall.hall import Hall
from hiringhall.queries.force import buyer_thread, part_context
from hiringhall.store import agents as agent_rows
from tests.support.force import (
    LONG,
    TWO,
    accepts,
    confirmed,
    delivers,
    part,
    planned,
    subtask,
    teammate,
    view_of,
    who_has,
)
from tests.support.halls import Clock, sign_up
from tests.support.market import agent_of, available, current, is_sound

pytestmark = pytest.mark.anyio

OPENING = 100_000
DAY_S = 24 * 3600


async def test_from_outline_to_the_last_cent(hall: Hall) -> None:
    ada, olga = await sign_up(hall), await sign_up(hall, "olga")
    scout = await teammate(hall, olga)
    task = await planned(hall, ada)
    whole = await current(hall, task)
    assert (whole.state, whole.waiting_for) == (State.AWAITING_REPLY, Waiting.PLAN_DECISION)
    whole = await planning.confirm_plan(hall, actor=ada, task_id=task.id)
    find, write = await subtask(hall, whole, "find"), await subtask(hall, whole, "write")
    assert (find.state, write.state) == (State.ASSIGNED, State.DRAFT)
    assert await who_has(hall, find) == scout.agent_id
    await delivers(hall, scout, find)
    assert (await accepts(hall, ada, find)).state is State.DONE
    assert await available(hall, olga) == OPENING + 1_800
    write = await subtask(hall, whole, "write")
    assert write.state is State.ASSIGNED
    await delivers(hall, scout, write)
    await accepts(hall, ada, write, rating=4)
    whole = await current(hall, whole)
    assert whole.state is State.IN_REVIEW
    assert await is_sound(hall)
    await accepts(hall, ada, whole, rating=5)
    assert await available(hall, ada) == OPENING - 3_500
    assert [one.paid_cents for one in (await view_of(hall, ada, whole)).parts] == [1_800, 1_350]
    assert await is_sound(hall)


async def test_it_goes_on_by_itself_where_the_manager_accepts_by_rule(hall: Hall) -> None:
    ada, olga = await sign_up(hall), await sign_up(hall, "olga")
    scout = await teammate(hall, olga)
    whole = await confirmed(hall, ada, reviewer=Reviewer.MANAGER)
    for key in ("find", "write"):
        await delivers(hall, scout, await subtask(hall, whole, key))
        await fire_due(hall)
        assert (await subtask(hall, whole, key)).state is State.DONE
    assert (await current(hall, whole)).state is State.IN_REVIEW
    find = await subtask(hall, whole, "find")
    said = await buyer_thread(hall, actor=ada, task_id=find.id)
    assert any("nobody has read it" in one.text for one in said.messages)
    assert await is_sound(hall)


async def test_what_is_nothing_is_sent_back_twice_and_then_the_buyers_to_decide(
    hall: Hall,
) -> None:
    ada, olga = await sign_up(hall), await sign_up(hall, "olga")
    scout = await teammate(hall, olga)
    whole = await confirmed(hall, ada, reviewer=Reviewer.MANAGER)
    find = await subtask(hall, whole, "find")
    for text, state in (
        ("short", State.REVISING),
        (find.description, State.REVISING),
        ("short", State.IN_REVIEW),
    ):
        await delivers(hall, scout, find, text)
        await fire_due(hall)
        assert (await subtask(hall, whole, "find")).state is state
    seen = await current(hall, whole)
    assert (seen.waiting_for, "decision" in seen.waiting_reason) == (Waiting.POSTER, True)
    assert await is_sound(hall)


async def test_the_best_of_the_category_with_the_least_to_do_gets_it(hall: Hall) -> None:
    ada, olga = await sign_up(hall), await sign_up(hall, "olga")
    await agent_of(hall, olga, "alone", categories=["research"])  # works in no Task Force
    await teammate(hall, olga, "painter", categories=["painting"])
    first = await teammate(hall, olga, "first", categories=["research"])
    second = await teammate(hall, olga, "second", categories=["research"])
    parts = [part("a", 10), part("b", 10)]
    whole = await confirmed(hall, ada, parts, category="research", price_cents=20)
    one, other = await subtask(hall, whole, "a"), await subtask(hall, whole, "b")
    # Of equals whoever came first; then the other, who has less to do.
    assert await who_has(hall, one) == first.agent_id
    assert await who_has(hall, other) == second.agent_id
    await delivers(hall, second, other)
    await accepts(hall, ada, other, rating=5)
    await claims.release_claim(hall, actor=first, task_id=one.id)
    later = await confirmed(hall, ada, [part("c", 10)], category="research", price_cents=10)
    assert await who_has(hall, await subtask(hall, later, "c")) in (
        first.agent_id,
        second.agent_id,
    )
    assert await is_sound(hall)


async def test_the_first_word_begins_a_part_and_reading_does_not(hall: Hall) -> None:
    ada, olga = await sign_up(hall), await sign_up(hall, "olga")
    scout = await teammate(hall, olga)
    whole = await confirmed(hall, ada)
    find = await subtask(hall, whole, "find")
    await part_context(hall, actor=scout, subtask_id=find.id)
    assert (await subtask(hall, whole, "find")).state is State.ASSIGNED
    await talking.post_as_agent(
        hall, actor=scout, subtask_id=find.id, text="I have it", to_channel=True
    )
    assert (await subtask(hall, whole, "find")).state is State.IN_PROGRESS
    with pytest.raises(Invalid):
        await talking.post_as_agent(
            hall, actor=scout, subtask_id=find.id, text="x", kind=MessageKind.SYSTEM
        )
    assert await is_sound(hall)


@pytest.mark.parametrize(
    ("text", "kind"),
    [("Blocked on pricing confirmation", MessageKind.TEXT), ("Which?", MessageKind.BLOCKER)],
)
async def test_a_blocker_is_told_to_the_buyer(hall: Hall, text: str, kind: MessageKind) -> None:
    ada, olga = await sign_up(hall), await sign_up(hall, "olga")
    scout = await teammate(hall, olga)
    whole = await confirmed(hall, ada)
    find = await subtask(hall, whole, "find")
    said = await talking.post_as_agent(hall, actor=scout, subtask_id=find.id, text=text, kind=kind)
    assert said.kind is kind
    seen = await current(hall, whole)
    assert (seen.waiting_for, text in seen.waiting_reason) == (Waiting.POSTER, True)
    await talking.post_as_buyer(hall, actor=ada, task_id=find.id, text="Leave them out")
    assert (await current(hall, whole)).waiting_for is Waiting.NOTHING
    assert await is_sound(hall)


async def test_a_days_silence_is_told_to_the_buyer_until_the_agent_speaks(
    hall: Hall, clock: Clock
) -> None:
    ada, olga = await sign_up(hall), await sign_up(hall, "olga")
    scout = await teammate(hall, olga)
    whole = await confirmed(hall, ada)
    find = await subtask(hall, whole, "find")
    clock.advance(DAY_S + 60)
    await fire_due(hall)
    seen = await current(hall, whole)
    assert (seen.waiting_for, "nothing for a day" in seen.waiting_reason) == (
        Waiting.POSTER,
        True,
    )
    assert await who_has(hall, find) == scout.agent_id
    await talking.post_as_agent(hall, actor=scout, subtask_id=find.id, text="Here I am")
    assert (await current(hall, whole)).waiting_for is Waiting.NOTHING
    assert await is_sound(hall)


@pytest.mark.parametrize("how", ["gives back", "lets its time pass", "is suspended"])
async def test_a_part_whose_agent_goes_is_given_to_another(
    hall: Hall, clock: Clock, how: str
) -> None:
    ada, olga = await sign_up(hall), await sign_up(hall, "olga")
    scout = await teammate(hall, olga)
    whole = await confirmed(hall, ada)
    rival = await teammate(hall, olga, "rival")
    find = await subtask(hall, whole, "find")
    if how == "gives back":
        await claims.release_claim(hall, actor=scout, task_id=find.id, reason="Too much")
    elif how == "is suspended":
        await agents.suspend_agent(hall, actor=HALL, agent_id=scout.agent_id or "")
        await fire_due(hall)
    else:
        clock.advance(DAY_S + 2 * 3600)
        await fire_due(hall)
    find = await subtask(hall, whole, "find")
    assert (find.state, await who_has(hall, find)) == (State.ASSIGNED, rival.agent_id)
    await delivers(hall, rival, find)
    await accepts(hall, ada, find)
    assert (await subtask(hall, whole, "write")).state is State.ASSIGNED
    assert await is_sound(hall)


async def test_what_depends_on_a_dropped_part_goes_on_without_it(hall: Hall) -> None:
    ada = await sign_up(hall)
    whole = await confirmed(hall, ada)
    find = await subtask(hall, whole, "find")
    assert find.state is State.OPEN
    scout = await teammate(hall, await sign_up(hall, "olga"))
    await post.withdraw_task(hall, actor=ada, task_id=find.id, reason="I have a list")
    write = await subtask(hall, whole, "write")
    assert (write.state, await who_has(hall, write)) == (State.ASSIGNED, scout.agent_id)
    context = await part_context(hall, actor=scout, subtask_id=write.id)
    assert [(one.task.state, one.deliverable) for one in context.needed] == [
        (State.CANCELLED, None)
    ]
    with pytest.raises(WrongState):
        await post.withdraw_task(hall, actor=ada, task_id=write.id)
    await delivers(hall, scout, write)
    await accepts(hall, ada, write)
    assert (await current(hall, whole)).state is State.IN_REVIEW
    assert await is_sound(hall)


async def test_anothers_part_is_forbidden_and_a_foreign_one_does_not_exist(hall: Hall) -> None:
    ada, olga = await sign_up(hall), await sign_up(hall, "olga")
    scout, rival = await teammate(hall, olga), await teammate(hall, olga, "rival")
    stranger = await teammate(hall, await sign_up(hall, "sam"), "stranger", categories=["x"])
    whole = await confirmed(hall, ada, [part("a", 10), part("b", 10)], price_cents=20)
    one = await subtask(hall, whole, "a")
    assert (await who_has(hall, one), await who_has(hall, await subtask(hall, whole, "b"))) == (
        scout.agent_id,
        rival.agent_id,
    )
    for agent, refusal in ((rival, Forbidden), (stranger, NotFound)):
        with pytest.raises(refusal):
            await part_context(hall, actor=agent, subtask_id=one.id)
        with pytest.raises(refusal):
            await delivering.deliver(hall, actor=agent, task_id=one.id, text=LONG)
        with pytest.raises(refusal):
            await talking.post_as_agent(hall, actor=agent, subtask_id=one.id, text="x")
        with pytest.raises(refusal):
            await claims.claim(hall, actor=agent, task_id=one.id)
    assert await is_sound(hall)


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [part("a", 1), part("a", 1)],
        [part("a", 1, "b"), part("b", 1, "a")],
        [part("a", 1, "c")],
        [part("a", 1, "a")],
        [part("../a", 1)],
        [part("a", 0)],
        [part("a", 1, title=" ")],
        [part("a", 1, agent_id="nobody")],
        [part(f"p{number}", 1) for number in range(21)],
    ],
)
async def test_a_plan_that_cannot_be_meant_is_refused(hall: Hall, parts: list[object]) -> None:
    ada = await sign_up(hall)
    with pytest.raises(Invalid):
        await planned(hall, ada, parts)  # pyright: ignore[reportArgumentType]
    assert await available(hall, ada) == OPENING - 5_000
    assert await is_sound(hall)


async def test_a_plan_may_be_made_anew_until_it_has_its_yes(hall: Hall) -> None:
    ada = await sign_up(hall)
    task = await planned(hall, ada)
    await planning.plan_force(hall, actor=ada, task_id=task.id, parts=[part("only", 5_000)])
    await planning.confirm_plan(hall, actor=ada, task_id=task.id, accepted=False, reason="No")
    assert (await current(hall, task)).state is State.OPEN
    await planning.plan_force(hall, actor=ada, task_id=task.id, parts=TWO)
    whole = await planning.confirm_plan(hall, actor=ada, task_id=task.id)
    assert [one.plan.key for one in (await view_of(hall, ada, whole)).parts] == ["find", "write"]
    with pytest.raises(WrongState):
        await planning.plan_force(hall, actor=ada, task_id=task.id, parts=TWO)
    assert await is_sound(hall)


async def test_of_many_agents_those_with_least_to_do_are_weighed(hall: Hall) -> None:
    ada, olga = await sign_up(hall), await sign_up(hall, "olga")
    named = {"categories": ["market_data"]}
    busy = [await teammate(hall, olga, f"busy {number}", **named) for number in range(3)]
    await teammate(hall, olga, "near", categories=["market", "market_data_feeds", "marketxdata"])
    fields = {"category": "market_data", "price_cents": 30}
    parts = [part(key, 10) for key in ("a", "b", "c")]
    first = await confirmed(hall, ada, parts, **fields)
    has = {await who_has(hall, await subtask(hall, first, one.key)) for one in parts}
    assert has == {one.agent_id for one in busy}, "each has one before anybody has two"
    idle = await teammate(hall, olga, "idle", **named)
    second = await confirmed(hall, ada, parts, **fields)
    assert await who_has(hall, await subtask(hall, second, "a")) == idle.agent_id

    async def found(not_of: str | None, most: int = 9) -> list[str]:
        found = await hall.database.scan(
            lambda tx: agent_rows.idlest_for(tx, "market_data", not_of=not_of, most=most)
        )
        return [one.name for one in found]

    assert set(await found(None)) == {"idle", *(f"busy {number}" for number in range(3))}
    assert len(await found(None, most=2)) == 2
    assert await found(olga.organization_id) == []
