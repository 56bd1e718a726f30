"""What is decided of budgets: by the operator, by an organization's owners, by whoever posted."""

from hiringhall.actions.runs.queueing import move_and_queue
from hiringhall.actions.tasks.moving import load_for_change
from hiringhall.actions.transaction import action
from hiringhall.domain.compute import (
    MOST_CAP_MICROS,
    SHARED,
    Budget,
    CapChange,
    CapScope,
    budget_id,
    money,
)
from hiringhall.domain.errors import Forbidden, Invalid, LostRace, NoOrganization
from hiringhall.domain.events import ReplyGiven
from hiringhall.domain.lifecycle import Command, Side
from hiringhall.domain.policy import HALL, Actor
from hiringhall.domain.tasks import Task, Waiting
from hiringhall.hall import Hall
from hiringhall.queries.budgets import Spending, key_of, spending_under, team_for
from hiringhall.queries.members import owns
from hiringhall.queries.named import organization_named
from hiringhall.store import budgets, caps, questions
from hiringhall.store.budgets import BudgetQuestion
from hiringhall.store.database import Tx


@action
async def set_cap(
    tx: Tx,
    hall: Hall,
    *,
    email: str,
    scope: CapScope,
    cap_micros: int | None,
    task_id: str | None = None,
) -> None:
    """Give a budget of a user's organization a cap of its own; None: the hall's for its scope.

    It is whoever runs the hall that says so: no owner of the organization goes above it. Raises
    NotFound and NoOrganization.
    """
    key = await key_of(tx, email=email, scope=scope, task_id=task_id)
    kept = await budgets.for_change(tx, scope, key)
    await budgets.set_cap(tx, budget=kept.id, scope=scope, cap_micros=cap_micros)
    if scope in SHARED:
        organization_id = await organization_named(tx, email)
        await _note(tx, hall, HALL, kept, organization_id, is_halls=True, to=cap_micros)


@action
async def set_owners_cap(
    tx: Tx, hall: Hall, *, actor: Actor, cap_micros: int | None, team_id: str | None = None
) -> Spending:
    """Hold the actor's organization, or one of its teams, to less than the hall does, as an owner.

    With None only the hall's cap holds it. Raises NotFound, NotYours, Forbidden, and Invalid for
    one that is above the hall's.
    """
    organization_id = actor.organization_id
    if organization_id is None:
        raise NoOrganization
    scope, key = CapScope.ORGANIZATION, organization_id
    if team_id is not None:
        scope, key = CapScope.TEAM, (await team_for(tx, actor=actor, team_id=team_id)).id
    if not await owns(tx, actor):
        raise Forbidden("Only an owner of the organization says what its models may cost")
    if cap_micros is not None and not 0 <= cap_micros <= MOST_CAP_MICROS:
        raise Invalid(
            f"A cap is 0 to {MOST_CAP_MICROS} millionths of the currency",
            {"cap_micros": "out of range"},
        )
    kept, usual = await budgets.for_change(tx, scope, key), hall.rules.caps.get(scope)
    _check_below(kept.ceiling(usual), cap_micros, kept.scope, "cap_micros")
    await _set_owners(tx, hall, actor, kept, organization_id, cap_micros)
    return spending_under(scope, await budgets.by_id(tx, kept.id), usual)


async def go_on_under(
    tx: Tx, hall: Hall, *, actor: Actor, about: BudgetQuestion, more_micros: int | None
) -> None:
    """Let work go on that a team's or an organization's cap has stopped, and add to it if asked.

    An owner adds as much as the hall leaves room for; anybody's work goes on once there is room.
    The task is locked. Raises Forbidden, and Invalid where there is no room yet.
    """
    kept = await budgets.for_change(tx, about.scope, about.key)
    usual = hall.rules.caps.get(kept.scope)
    holds, ceiling = kept.holds(usual), kept.ceiling(usual)
    has_room = holds is None or kept.taken_micros + about.needed_micros <= holds
    is_owners = holds is not None and (ceiling is None or holds < ceiling)
    if more_micros is not None and is_owners and await owns(tx, actor):
        cap_micros = (kept.owners_cap_micros or 0) + more_micros
        _check_below(ceiling, cap_micros, kept.scope, "message")
        assert actor.organization_id is not None, "an owner has one"
        await _set_owners(tx, hall, actor, kept, actor.organization_id, cap_micros)
    elif not has_room:
        who = "An owner of the organization" if is_owners else "Whoever runs this hall"
        said = f"{who} raises the {kept.scope.value}'s cap: go on once it is raised, or stop here"
        if more_micros is not None:
            raise Forbidden(said)
        raise Invalid(said, {"message": "not raised"})


def _check_below(
    ceiling_micros: int | None, cap_micros: int | None, scope: CapScope, field: str
) -> None:
    if ceiling_micros is not None and cap_micros is not None and cap_micros > ceiling_micros:
        raise Invalid(
            f"This hall holds the {scope.value} to {money(ceiling_micros)}",
            {field: "above the hall's"},
        )


async def _set_owners(
    tx: Tx,
    hall: Hall,
    actor: Actor,
    kept: Budget,
    organization_id: str,
    cap_micros: int | None,
) -> None:
    if cap_micros == kept.owners_cap_micros:
        return
    await budgets.set_owners_cap(tx, kept, cap_micros)
    await _note(tx, hall, actor, kept, organization_id, is_halls=False, to=cap_micros)


async def _note(
    tx: Tx,
    hall: Hall,
    actor: Actor,
    kept: Budget,
    organization_id: str,
    *,
    is_halls: bool,
    to: int | None,
) -> None:
    """Write down who set a cap, beside the cap itself."""
    was = kept.cap_micros if is_halls else kept.owners_cap_micros
    change = CapChange(
        id=hall.new_id(),
        organization_id=organization_id,
        team_id=kept.key if kept.scope is CapScope.TEAM else None,
        is_halls=is_halls,
        was_micros=was,
        cap_micros=to,
        user_id=actor.user_id,
        at_us=hall.clock(),
    )
    await caps.add(tx, change)


@action
async def raise_task_cap(tx: Tx, hall: Hall, *, actor: Actor, task_id: str, cap_micros: int) -> int:
    """Let the models of a task of the actor's own cost more, before they stop at its cap.

    Where they have stopped at that very cap, and it leaves room now for the call that was stopped,
    its question is answered by it: the work goes on. Returns the cap. Raises NotFound, NotYours,
    and Invalid for one that is not above what holds now: to end the work, the task is cancelled.
    """
    task = await load_for_change(tx, actor=actor, task_id=task_id)
    budget = budget_id(CapScope.TASK, task.id)
    kept = await budgets.by_id(tx, budget)
    holds = hall.rules.caps.get(CapScope.TASK)
    if kept is not None and kept.cap_micros is not None:
        holds = kept.cap_micros
    if holds is None:
        raise Invalid("No cap holds this task", {"cap": "no cap holds"})
    if not holds < cap_micros <= MOST_CAP_MICROS:
        raise Invalid(f"A new cap is above {money(holds)}", {"cap": "out of range"})
    await budgets.set_cap(tx, budget=budget, scope=CapScope.TASK, cap_micros=cap_micros)
    about = await _stopped_at(tx, task)
    if about is not None and about.budget_id == budget:
        kept = await budgets.for_change(tx, CapScope.TASK, task.id)
        if kept.taken_micros + about.needed_micros <= cap_micros:
            await _go_on(tx, hall, task, actor=actor, said=f"Up to {money(cap_micros)}")
    return cap_micros


async def _stopped_at(tx: Tx, task: Task) -> BudgetQuestion | None:
    """The cap at which a task that is locked has stopped, while its question is open."""
    if task.waiting_for is not Waiting.BUDGET_DECISION or task.question_id is None:
        return None
    return await budgets.question(tx, task.question_id)


async def _go_on(tx: Tx, hall: Hall, task: Task, *, actor: Actor, said: str) -> None:
    """Answer the question that a task asks at its own cap, which was raised, and go on."""
    assert task.question_id is not None
    if not await questions.answer(tx, task.question_id, text=said, answers=(), at_us=hall.clock()):
        raise LostRace("This question was answered at the same moment")
    await move_and_queue(
        tx,
        hall,
        task,
        Command.REPLY,
        side=Side.POSTER,
        actor=actor,
        event=ReplyGiven(task.question_id, said),
    )
