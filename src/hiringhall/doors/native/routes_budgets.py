"""The native door's budgets: what an organization's models may cost, and its teams'."""

from hiringhall.actions.budgets import set_owners_cap
from hiringhall.domain import errors
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Call, Route
from hiringhall.doors.native import wire_budgets as wire
from hiringhall.doors.native.callers import person
from hiringhall.doors.native.paging import PageQuery, cut, position_of
from hiringhall.doors.native.routes_tasks import SEES
from hiringhall.queries import budgets


async def get_budget(desk: Desk, call: Call[None, None]) -> wire.SharedBudgetAnswer:
    """What your organization's models have cost, and the caps that hold them."""
    found = await budgets.spending_of_organization(desk.hall, actor=call.actor)
    return wire.shared_answer(found, desk.hall.rules.currency)


async def set_budget(desk: Desk, call: Call[wire.CapBody, None]) -> wire.SharedBudgetAnswer:
    """Hold your organization's models to less than the hall does, as an owner; null ends that."""
    found = await set_owners_cap(desk.hall, actor=call.actor, cap_micros=call.body.cap_micros)
    return wire.shared_answer(found, desk.hall.rules.currency)


async def get_team_budget(desk: Desk, call: Call[None, None]) -> wire.SharedBudgetAnswer:
    """What a team's models have cost, and the caps that hold them."""
    found = await budgets.spending_of_team(
        desk.hall, actor=call.actor, team_id=call.path["team_id"]
    )
    return wire.shared_answer(found, desk.hall.rules.currency)


async def set_team_budget(desk: Desk, call: Call[wire.CapBody, None]) -> wire.SharedBudgetAnswer:
    """Hold a team's models to less than the hall does, as an owner; null ends that."""
    found = await set_owners_cap(
        desk.hall,
        actor=call.actor,
        cap_micros=call.body.cap_micros,
        team_id=call.path["team_id"],
    )
    return wire.shared_answer(found, desk.hall.rules.currency)


async def list_changes(desk: Desk, call: Call[None, PageQuery]) -> wire.CapChangesPage:
    """How the caps of your organization and of its teams were set, newest first."""
    found = await budgets.cap_changes_of(
        desk.hall,
        actor=call.actor,
        before=position_of(desk, call),
        limit=call.query.limit + 1,
    )
    part, cursor = cut(desk, call, found, lambda one: one.change.id)
    return wire.CapChangesPage([wire.change_answer(one) for one in part], cursor)


_OWN = (errors.Unauthorized, errors.Forbidden, errors.NoOrganization)
_TEAM = "/teams/{team_id}/budget"

ROUTES: tuple[Route[Desk], ...] = (
    Route(
        "GET",
        "/budget",
        get_budget,
        {200: wire.SharedBudgetAnswer},
        "What models cost",
        who=person,
        raises=_OWN,
    ),
    Route(
        "PUT",
        "/budget",
        set_budget,
        {200: wire.SharedBudgetAnswer},
        "Cap what models may cost",
        body=wire.CapBody,
        who=person,
        raises=_OWN,
    ),
    Route(
        "GET",
        "/budget/changes",
        list_changes,
        {200: wire.CapChangesPage},
        "Who set which cap",
        query=PageQuery,
        who=person,
        raises=_OWN,
    ),
    Route(
        "GET",
        _TEAM,
        get_team_budget,
        {200: wire.SharedBudgetAnswer},
        "What a team's models cost",
        who=person,
        raises=SEES,
    ),
    Route(
        "PUT",
        _TEAM,
        set_team_budget,
        {200: wire.SharedBudgetAnswer},
        "Cap what a team's models may cost",
        body=wire.CapBody,
        who=person,
        raises=(*SEES, errors.NoOrganization),
    ),
)
