"""A task for the staff is posted to a team, and with a cap of its own under those above it."""

from typing import Any

import pytest

from hiringhall.actions.budgets import set_cap, set_owners_cap
from hiringhall.actions.runs import spending
from hiringhall.actions.tasks import drafts, publishing
from hiringhall.domain.compute import MOST_CAP_MICROS, CapReached, CapScope, Spender
from hiringhall.domain.errors import Invalid
from hiringhall.domain.policy import Actor
from hiringhall.domain.posting import make_posting
from hiringhall.domain.tasks import Engagement, State, Task
from hiringhall.hall import Hall
from hiringhall.queries.audit import audit_all
from hiringhall.queries.budgets import own_cap_on, spending_on
from hiringhall.queries.costs import Bound, bound_of_staff
from hiringhall.queries.seen import Wanted, posted_by
from hiringhall.store.budgets import ModelCall
from tests.support.halls import begin, member_of, sign_up
from tests.support.teams import ROLE, a_team

pytestmark = pytest.mark.anyio

UNIT = 1_000_000
SAID: dict[str, Any] = {
    "engagement": Engagement.STAFF,
    "title": "Build a page",
    "description": "With a hero.",
}


async def put(hall: Hall, actor: Actor, *, publish: bool = True, **fields: Any) -> Task:
    posting = make_posting(**{**SAID, **fields})
    return await publishing.post(
        hall, actor=actor, posting=posting, publish=publish, known_role=True
    )


async def call(hall: Hall, task: Task, micros: int) -> ModelCall | CapReached:
    run = await begin(hall)
    assert run.task_id == task.id
    made = await spending.reserve_call(
        hall,
        token=run.token,
        spender=Spender(run.id, task.id, task.team_id, task.organization_id, task.created_by),
        provider="openai",
        model="m",
        amount_micros=micros,
    )
    assert not isinstance(made, spending.OutOfCreditsToday)
    return made


async def count(hall: Hall, actor: Actor) -> int:
    return len((await posted_by(hall, actor=actor, wanted=Wanted())).items)


async def test_it_is_the_teams_with_its_roles_and_its_repository(hall: Hall) -> None:
    ada = await sign_up(hall)
    mate = await member_of(hall, ada)
    team = await a_team(hall, ada, config={"gitRepoUrl": "https://github.com/acme/rockets"})
    task = await put(hall, mate, team_id=team.id, role=ROLE)
    assert (task.team_id, task.role) == (team.id, ROLE)
    assert task.repository == "https://github.com/acme/rockets"
    usual = await put(hall, mate)
    assert usual.team_id != team.id
    # A role is looked for in the team that it is posted to.
    with pytest.raises(Invalid) as refusal:
        await put(hall, ada, role=ROLE)
    assert refusal.value.fields == {"role": "unknown"}
    assert (await audit_all(hall.database)).ok


async def test_a_team_of_others_is_not_posted_to(hall: Hall) -> None:
    ada, bob = await sign_up(hall), await sign_up(hall, "bob")
    team = await a_team(hall, ada)
    for wrong in (team.id, hall.new_id(), "no id"):
        for publish in (True, False):
            with pytest.raises(Invalid) as refusal:
                await put(hall, bob, team_id=wrong, publish=publish)
            assert refusal.value.fields == {"team_id": "unknown"}
    assert await count(hall, bob) == await count(hall, ada) == 0


async def test_a_cap_of_its_own_holds_it(hall: Hall) -> None:
    ada = await sign_up(hall)
    task = await put(hall, ada, cap_micros=2 * UNIT)
    assert (await spending_on(hall, actor=ada, task_id=task.id)).cap_micros == 2 * UNIT
    reached = await call(hall, task, 2 * UNIT + 1)
    assert isinstance(reached, CapReached)
    assert (reached.scope, reached.cap_micros) == (CapScope.TASK, 2 * UNIT)
    nothing = await put(hall, ada, cap_micros=0)
    assert (await spending_on(hall, actor=ada, task_id=nothing.id)).cap_micros == 0


async def test_the_caps_above_it_still_hold(hall: Hall) -> None:
    ada = await sign_up(hall)
    team = await a_team(hall, ada)
    await set_owners_cap(hall, actor=ada, cap_micros=3 * UNIT, team_id=team.id)
    task = await put(hall, ada, team_id=team.id, cap_micros=50 * UNIT)
    reached = await call(hall, task, 4 * UNIT)
    assert isinstance(reached, CapReached)
    assert (reached.scope, reached.cap_micros) == (CapScope.TEAM, 3 * UNIT)


@pytest.mark.parametrize("cap_micros", [-1, MOST_CAP_MICROS + 1])
async def test_what_is_no_cap_is_refused(hall: Hall, cap_micros: int) -> None:
    ada = await sign_up(hall)
    with pytest.raises(Invalid) as refusal:
        await put(hall, ada, cap_micros=cap_micros)
    assert refusal.value.fields == {"cap_micros": "out of range"}


@pytest.mark.parametrize("of_staff", [{"cap_micros": 0}, {"cap_micros": 5}, {"team_id": "0"}])
async def test_the_markets_have_neither(hall: Hall, of_staff: dict[str, Any]) -> None:
    ada = await sign_up(hall)
    with pytest.raises(Invalid) as refusal:
        await put(hall, ada, engagement=Engagement.CLAIM, price_cents=500, **of_staff)
    assert refusal.value.fields == dict.fromkeys(of_staff, "not for this engagement")


async def test_a_drafts_cap_is_changed_and_its_team_stays(hall: Hall) -> None:
    ada = await sign_up(hall)
    team = await a_team(hall, ada)
    task = await put(hall, ada, publish=False, cap_micros=5 * UNIT)

    async def change(**changes: Any) -> Task:
        return await drafts.change_draft(
            hall, actor=ada, task_id=task.id, version=task.version, changes=changes
        )

    with pytest.raises(Invalid) as refusal:
        await change(team_id=team.id)
    assert refusal.value.fields == {"team_id": "fixed"}
    same = await change(cap_micros=5 * UNIT, team_id=task.team_id)
    assert same.version == task.version
    task = await change(cap_micros=7 * UNIT)
    # Whoever began with what was there before is told.
    assert task.version == same.version + 1
    assert await own_cap_on(hall, actor=ada, task_id=task.id) == 7 * UNIT
    task = await change(title="Build two")
    assert await own_cap_on(hall, actor=ada, task_id=task.id) == 7 * UNIT
    task = await change(cap_micros=None)
    assert await own_cap_on(hall, actor=ada, task_id=task.id) is None
    task = await change(cap_micros=1)
    task = await change(engagement=Engagement.CLAIM, price_cents=500)
    assert await own_cap_on(hall, actor=ada, task_id=task.id) is None
    assert (task.state, task.engagement) == (State.DRAFT, Engagement.CLAIM)
    assert (await audit_all(hall.database)).ok


async def test_what_it_may_cost_is_the_least_that_holds(hall: Hall) -> None:
    ada = await sign_up(hall)
    team = await a_team(hall, ada)

    async def bound(cap_micros: int | None) -> Bound:
        return await bound_of_staff(hall, actor=ada, team_id=team.id, cap_micros=cap_micros)

    assert await bound(None) == Bound(None, None)
    assert await bound(5 * UNIT) == Bound(5 * UNIT, CapScope.TASK)
    await set_cap(hall, email="ada@example.com", scope=CapScope.ORGANIZATION, cap_micros=4 * UNIT)
    assert await bound(5 * UNIT) == Bound(4 * UNIT, CapScope.ORGANIZATION)
    await set_owners_cap(hall, actor=ada, cap_micros=3 * UNIT, team_id=team.id)
    task = await put(hall, ada, team_id=team.id)
    assert isinstance(await call(hall, task, UNIT), ModelCall)
    assert await bound(5 * UNIT) == Bound(2 * UNIT, CapScope.TEAM)
    assert await bound(UNIT) == Bound(UNIT, CapScope.TASK)
    # What is set below what is spent leaves nothing.
    await set_owners_cap(hall, actor=ada, cap_micros=1, team_id=team.id)
    assert await bound(None) == Bound(0, CapScope.TEAM)
