"""Changing a draft: all that was said when it was written down, before anybody can have seen it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hiringhall.actions.tasks.moving import load_for_change, move
from hiringhall.actions.tasks.post import keep_cap, no_role
from hiringhall.actions.tasks.publishing import publish_in
from hiringhall.actions.transaction import action
from hiringhall.domain.compute import CapScope, budget_id
from hiringhall.domain.errors import Conflict, Invalid, LostRace
from hiringhall.domain.escrow import Shown
from hiringhall.domain.events import TaskChanged
from hiringhall.domain.lifecycle import Command, Side, move_of
from hiringhall.domain.market import Offer, Terms
from hiringhall.domain.policy import Actor
from hiringhall.domain.posting import posting_changed, posting_fields
from hiringhall.domain.tasks import MARKET, Acceptance, Brief, Engagement, Task
from hiringhall.hall import Hall
from hiringhall.store import budgets, holds, roles, runs, terms
from hiringhall.store.database import Tx


@action
async def change_draft(
    tx: Tx,
    hall: Hall,
    *,
    actor: Actor,
    task_id: str,
    version: int,
    changes: Mapping[str, Any],
    publish: bool = False,
    known_role: bool = False,
    shown: Shown | None = None,
) -> Task:
    """Say a draft anew, judged as it is when it is posted, and offer it at once with `publish`.

    `changes` are what `make_posting` takes; what they leave out stays. `version` is the task's that
    the change is about: where somebody else was faster, nothing of theirs is overwritten. With
    `known_role` a role that the team does not have is Invalid. Raises NotFound, Invalid,
    WrongState, LostRace, Conflict for one whose money was held before, and what publishing raises;
    nothing is changed then.
    """
    task = await load_for_change(tx, actor=actor, task_id=task_id)
    move_of(task, Command.CHANGE_DRAFT, Side.POSTER)
    if version != task.version:
        raise LostRace("Somebody changed this draft since it was read; look at it as it is now")
    agreed = await terms.of_task(tx, task.id)
    budget = await budgets.by_id(tx, budget_id(CapScope.TASK, task.id))
    cap_micros = None if budget is None else budget.cap_micros
    posting = posting_changed(posting_fields(task, agreed, cap_micros), changes)
    if posting.repository is not None and posting.repository != task.repository:
        posting = replace(posting, repository=hall.check_repository(posting.repository))
    now, offered = await _with(tx, hall, task, posting, changes, known_role=known_role)
    wanted = None if isinstance(posting, Offer) else posting.cap_micros
    capped = {} if wanted == cap_micros else {"cap_micros": wanted}
    changed = await _write(tx, hall, task, now, agreed, offered, capped, actor=actor)
    if not publish:
        return changed
    return await publish_in(tx, hall, changed, actor=actor, shown=shown)


async def _with(
    tx: Tx,
    hall: Hall,
    task: Task,
    posting: Brief | Offer,
    changes: Mapping[str, Any],
    *,
    known_role: bool,
) -> tuple[Task, Terms | None]:
    """The task as it is to be, and its terms where it is one of the market's."""
    texts = {
        "title": posting.title,
        "description": posting.description,
        "repository": posting.repository,
    }
    if isinstance(posting, Offer):
        agreed = posting.terms_of(task.id)
        agreed.closing_us(hall.clock())  # as when it was written down: no deadline in the past
        if task.engagement not in MARKET:
            await _check_crosses(tx, task, posting.engagement)
        return replace(
            task,
            **texts,
            engagement=posting.engagement,
            acceptance=Acceptance.POSTER,
            price_cents=posting.price_cents,
            role=None,
            spec_approval=False,
        ), agreed
    if posting.team_id not in (None, task.team_id):
        raise Invalid("A task stays in its team: post it anew there", {"team_id": "fixed"})
    if known_role and posting.role not in (None, task.role):
        assert posting.role is not None
        if await roles.named(tx, team_id=task.team_id, name=posting.role) is None:
            raise no_role(posting.role)
    wanted = changes.get("require_spec_approval")
    return replace(
        task,
        **texts,
        engagement=Engagement.STAFF,
        # What was the market's once, and came back, keeps its price for lists.
        price_cents=None if task.engagement in MARKET else task.price_cents,
        role=posting.role,
        spec_approval=hall.rules.spec_approval_always
        or (task.spec_approval if wanted is None else wanted),
    ), None


async def _check_crosses(tx: Tx, task: Task, engagement: Engagement) -> None:
    """As for a task of the staff that is offered to the market."""
    if task.parent_id is not None and engagement is Engagement.TASK_FORCE:
        raise Invalid("A part of a task is not split again", {"engagement": "not for a part"})
    if await runs.live_of_task(tx, task.id) is not None:
        raise Conflict("A worker of the hall is about to begin with this task: cancel it instead")
    if await holds.of_task(tx, task.id) is not None:
        raise Conflict("This task's money was held and given back before: post it anew")


async def _write(
    tx: Tx,
    hall: Hall,
    was: Task,
    now: Task,
    agreed: Terms | None,
    offered: Terms | None,
    capped: Mapping[str, int | None],
    *,
    actor: Actor,
) -> Task:
    """Write down what is another way now, with its event; where nothing is, the task stays."""
    said = _differs(was, now, _OF_TASK) | dict(capped)
    if offered is not None:
        said |= _terms_changed(agreed, offered)
    if not said:
        return was
    if offered is not None:
        await terms.put(tx, offered)
    elif was.engagement in MARKET:
        await terms.remove(tx, was.id)
    if capped:
        await keep_cap(tx, was.id, capped["cap_micros"])
    return await move(
        tx,
        hall,
        was,
        Command.CHANGE_DRAFT,
        side=Side.POSTER,
        actor=actor,
        event=TaskChanged(said),
        **{name: getattr(now, name) for name in _OF_TASK},
    )


_OF_TASK = (
    *("title", "description", "repository", "role", "spec_approval"),
    *("engagement", "acceptance", "price_cents"),
)
_OF_TERMS = (
    *("category", "instructions", "expected_output", "inputs", "assets", "tags", "deadline_us"),
    *("expires_in_us", "time_limit_min", "max_proposals", "fee_on_top"),
)


def _differs(was: object, now: object, names: tuple[str, ...]) -> dict[str, Any]:
    """What of the names is another way now, as an event says it."""
    return {
        name: getattr(now, name) for name in names if getattr(now, name) != getattr(was, name, None)
    }


def _terms_changed(was: Terms | None, now: Terms) -> dict[str, Any]:
    """What of the terms is another way now; all of them where there were none."""
    said = _differs(was, now, _OF_TERMS)
    for name in ("inputs", "assets"):
        if name in said:
            said[name] = [
                {"text": one.text, "name": one.name, "url": one.url} for one in said[name]
            ]
    return said
