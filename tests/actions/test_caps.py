"""What an organization's owners hold its models to, under what the hall holds them to."""

import pytest
from sqlalchemy import update

from hiringhall.actions.budgets import set_cap, set_owners_cap
from hiringhall.actions.runs import pausing, spending
from hiringhall.actions.tasks import answer
from hiringhall.actions.teams import create_team
from hiringhall.domain.compute import CapReached, CapScope, Spender
from hiringhall.domain.errors import (
    Forbidden,
    Invalid,
    NoOrganization,
    NotFound,
    NotYours,
)
from hiringhall.domain.policy import HALL, Actor
from hiringhall.domain.questions import Answer
from hiringhall.domain.runs import Run
from hiringhall.domain.tasks import State, Task, Waiting
from hiringhall.hall import Hall, Rules
from hiringhall.queries.audit import audit_all
from hiringhall.queries.budgets import (
    cap_changes_of,
    spending_in,
    spending_of_organization,
    spending_of_team,
)
from hiringhall.store.budgets import ModelCall
from hiringhall.store.database import Database
from hiringhall.store.errors import ConstraintViolated
from hiringhall.store.statements import Statement
from hiringhall.store.tables import cap_changes
from tests.support.halls import (
    Clock,
    QuietEngine,
    begin,
    make_hall,
    member_of,
    post,
    sign_up,
    view,
)

pytestmark = pytest.mark.anyio

UNIT = 1_000_000
ADDRESS = "ada@example.com"
FORGE = Statement(update(cap_changes).values(cap_micros=9), name="forge_cap_change")


def hall_of(database: Database, clock: Clock, engine: QuietEngine, **caps: int) -> Hall:
    held = {CapScope(scope): units * UNIT for scope, units in caps.items()}
    rules = Rules(caps=held, credits_per_day=1_000_000)
    return make_hall(database, clock=clock, engine=engine, rules=rules)


@pytest.fixture
def capped(database: Database, clock: Clock, engine: QuietEngine) -> Hall:
    """A hall that holds a team to 20.00 and an organization to 30.00."""
    return hall_of(database, clock, engine, team=20, organization=30)


async def call(hall: Hall, task: Task, run: Run, micros: int) -> ModelCall | CapReached:
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


async def stopped(hall: Hall, actor: Actor, micros: int) -> Task:
    """A task whose run wanted a call of so many micros, and stopped for it."""
    task = await post(hall, actor)
    run = await begin(hall)
    reached = await call(hall, task, run, micros)
    assert isinstance(reached, CapReached)
    await pausing.pause_for_budget(hall, token=run.token, reached=reached)
    return task


async def asked(hall: Hall, actor: Actor, task: Task) -> tuple[str, tuple[str, ...]]:
    row = await view(hall, actor, task)
    assert row.question is not None
    (question,) = row.question.questions
    return question.question, question.options


async def holds(hall: Hall, actor: Actor) -> int | None:
    return (await spending_of_organization(hall, actor=actor)).cap_micros


async def test_the_smaller_of_both_caps_holds(capped: Hall) -> None:
    ada = await sign_up(capped)
    assert await holds(capped, ada) == 30 * UNIT
    said = await set_owners_cap(capped, actor=ada, cap_micros=5 * UNIT)
    assert (said.cap_micros, said.owners_cap_micros, said.ceiling_micros) == (
        5 * UNIT,
        5 * UNIT,
        30 * UNIT,
    )
    # Whoever runs the hall goes below it, and above it again: the owners' stays what it was.
    await set_cap(capped, email=ADDRESS, scope=CapScope.ORGANIZATION, cap_micros=2 * UNIT)
    assert await holds(capped, ada) == 2 * UNIT
    with pytest.raises(Invalid, match=r"holds the organization to 2\.00") as refusal:
        await set_owners_cap(capped, actor=ada, cap_micros=2 * UNIT + 1)
    assert refusal.value.fields == {"cap_micros": "above the hall's"}
    await set_cap(capped, email=ADDRESS, scope=CapScope.ORGANIZATION, cap_micros=None)
    assert await holds(capped, ada) == 5 * UNIT
    await set_owners_cap(capped, actor=ada, cap_micros=None)
    assert await holds(capped, ada) == 30 * UNIT
    assert (await audit_all(capped.database)).ok


async def test_where_the_hall_has_none_the_owners_alone_hold(hall: Hall) -> None:
    ada = await sign_up(hall)
    await set_owners_cap(hall, actor=ada, cap_micros=10**15)
    for wrong in (-1, 10**15 + 1):
        with pytest.raises(Invalid) as refusal:
            await set_owners_cap(hall, actor=ada, cap_micros=wrong)
        assert refusal.value.fields == {"cap_micros": "out of range"}
    assert await holds(hall, ada) == 10**15


async def test_only_an_owner_sets_a_cap_and_only_their_own(capped: Hall) -> None:
    ada, bob = await sign_up(capped), await sign_up(capped, "bob")
    mate = await member_of(capped, ada)
    team = await create_team(capped, actor=ada, name="Second")
    for team_id in (None, team.id):
        with pytest.raises(Forbidden):
            await set_owners_cap(capped, actor=mate, cap_micros=1, team_id=team_id)
    with pytest.raises(NotYours):
        await set_owners_cap(capped, actor=bob, cap_micros=1, team_id=team.id)
    with pytest.raises(NotYours):
        await spending_of_team(capped, actor=bob, team_id=team.id)
    for unknown in ("no id", capped.new_id()):
        with pytest.raises(NotFound):
            await set_owners_cap(capped, actor=ada, cap_micros=1, team_id=unknown)
    with pytest.raises(NoOrganization):
        await set_owners_cap(capped, actor=HALL, cap_micros=1)
    await set_owners_cap(capped, actor=ada, cap_micros=1, team_id=team.id)
    whole, teams = await spending_in(capped, actor=mate)
    assert (whole.cap_micros, [one.spending.cap_micros for one in teams]) == (
        30 * UNIT,
        [20 * UNIT, 1],
    )
    assert await cap_changes_of(capped, actor=bob) == []


async def test_who_set_which_cap_is_written_down_for_good(capped: Hall) -> None:
    ada = await sign_up(capped)
    team = await create_team(capped, actor=ada, name="Second")
    await set_owners_cap(capped, actor=ada, cap_micros=3, team_id=team.id)
    await set_owners_cap(capped, actor=ada, cap_micros=3, team_id=team.id)
    await set_cap(capped, email=ADDRESS, scope=CapScope.ORGANIZATION, cap_micros=7)
    await set_owners_cap(capped, actor=ada, cap_micros=None, team_id=team.id)
    found = await cap_changes_of(capped, actor=ada)
    assert [
        (one.team, one.who, one.change.is_halls, one.change.was_micros, one.change.cap_micros)
        for one in found
    ] == [
        ("Second", "Ada", False, 3, None),
        (None, None, True, None, 7),
        ("Second", "Ada", False, None, 3),
    ]
    assert await cap_changes_of(capped, actor=ada, limit=1) == found[:1]
    assert await cap_changes_of(capped, actor=ada, before=found[0].change.id) == found[1:]


async def test_an_owner_adds_to_their_cap_as_far_as_the_hall_lets_them(capped: Hall) -> None:
    ada = await sign_up(capped)
    await set_owners_cap(
        capped, actor=ada, cap_micros=18 * UNIT, team_id=(await a_team(capped, ada))
    )
    task = await stopped(capped, ada, 19 * UNIT)
    text, options = await asked(capped, ada, task)
    assert "The team's cap of 18.00 for models is reached" in text
    # No more than there is under the hall's own is offered.
    assert options == ("Add 2.00", "Go on", "Stop here")
    with pytest.raises(Invalid, match=r"holds the team to 20\.00"):
        await answer.reply(capped, actor=ada, task_id=task.id, text="Add 2.01")
    with pytest.raises(Invalid, match="go on once it is raised"):
        await answer.reply(capped, actor=ada, task_id=task.id, text="go on")
    assert (await view(capped, ada, task)).task.waiting_for is Waiting.BUDGET_DECISION
    answered = await answer.reply(
        capped, actor=ada, task_id=task.id, answers=[Answer(0, "Add 2.00")]
    )
    assert answered.state is State.IN_PROGRESS
    assert isinstance(await call(capped, task, await begin(capped), 19 * UNIT), ModelCall)
    (change,) = (await cap_changes_of(capped, actor=ada))[:1]
    assert (change.change.was_micros, change.change.cap_micros) == (18 * UNIT, 20 * UNIT)
    assert (await audit_all(capped.database)).ok


async def a_team(hall: Hall, actor: Actor) -> str:
    """The id of the team that tasks are in which name none."""
    _, (team, *_) = await spending_in(hall, actor=actor)
    return team.id


async def test_a_member_goes_on_once_an_owner_has_raised_it(capped: Hall) -> None:
    ada = await sign_up(capped)
    mate = await member_of(capped, ada)
    await set_owners_cap(capped, actor=ada, cap_micros=UNIT)
    task = await stopped(capped, mate, 4 * UNIT)
    with pytest.raises(Forbidden, match="An owner of the organization raises"):
        await answer.reply(capped, actor=mate, task_id=task.id, text="Add 50.00")
    assert await holds(capped, mate) == UNIT
    # Raised, and not by enough.
    await set_owners_cap(capped, actor=ada, cap_micros=3 * UNIT)
    with pytest.raises(Invalid):
        await answer.reply(capped, actor=mate, task_id=task.id, text="Go on")
    await set_owners_cap(capped, actor=ada, cap_micros=5 * UNIT)
    answered = await answer.reply(capped, actor=mate, task_id=task.id, answers=[Answer(0, "Go on")])
    assert answered.state is State.IN_PROGRESS
    assert await holds(capped, mate) == 5 * UNIT
    assert isinstance(await call(capped, task, await begin(capped), 4 * UNIT), ModelCall)


async def test_the_halls_cap_is_raised_by_nobody_but_who_runs_it(capped: Hall) -> None:
    ada = await sign_up(capped)
    task = await stopped(capped, ada, 21 * UNIT)
    text, options = await asked(capped, ada, task)
    assert "Whoever runs this hall can raise it" in text
    assert options == ("Go on", "Stop here")
    with pytest.raises(Forbidden, match="Whoever runs this hall raises the team's cap"):
        await answer.reply(capped, actor=ada, task_id=task.id, text="Add 5.00")
    with pytest.raises(Invalid):
        await answer.reply(capped, actor=ada, task_id=task.id, text="Go on")
    await set_cap(capped, email=ADDRESS, scope=CapScope.TEAM, cap_micros=25 * UNIT)
    await answer.reply(capped, actor=ada, task_id=task.id, text="yes")
    assert isinstance(await call(capped, task, await begin(capped), 21 * UNIT), ModelCall)
    other = await stopped(capped, ada, 31 * UNIT)
    ended = await answer.reply(capped, actor=ada, task_id=other.id, text="Stop here")
    assert ended.state is State.CANCELLED


async def test_a_change_is_never_changed(capped: Hall, database: Database) -> None:
    await set_owners_cap(capped, actor=await sign_up(capped), cap_micros=3)
    with pytest.raises(ConstraintViolated):
        await database.write(lambda tx: tx.run(FORGE))
