"""What a task costs before it is posted: what is held, what the worker gets, what is left."""

from dataclasses import dataclass

from hiringhall.domain.compute import Budget, CapScope, budget_id
from hiringhall.domain.errors import NoOrganization
from hiringhall.domain.escrow import Hold
from hiringhall.domain.ledger import available_account
from hiringhall.domain.market import Offer, Terms
from hiringhall.domain.policy import Actor
from hiringhall.domain.tasks import State, Task
from hiringhall.hall import Hall
from hiringhall.store import budgets, ledger
from hiringhall.store.database import Tx


@dataclass(frozen=True, slots=True)
class Cost:
    """The money of a task for the market, in cents, as it would be held now."""

    price_cents: int
    fee_cents: int
    hold_cents: int
    payout_cents: int
    fee_on_top: bool
    available_cents: int

    @property
    def missing_cents(self) -> int:
        """What has to come in first; 0 where it is enough."""
        return max(0, -self.left_cents)

    @property
    def left_cents(self) -> int:
        """What is available then; below zero where it is not enough."""
        return self.available_cents - self.hold_cents


async def cost_of(hall: Hall, *, actor: Actor, price_cents: int, fee_on_top: bool) -> Cost:
    """What a task of a price would cost the actor's organization; raises NoOrganization."""
    organization_id = actor.organization_id
    if organization_id is None:
        raise NoOrganization

    async def find(tx: Tx) -> int:
        return await ledger.balance_cents(tx, available_account(organization_id)) or 0

    hold = Hold("", organization_id, price_cents, hall.rules.fee_basis_points, fee_on_top)
    return Cost(
        price_cents,
        hold.fee_of(price_cents),
        hold.amount_cents,
        hold.payout_cents,
        fee_on_top,
        await hall.database.read(find),
    )


async def cost_of_offer(hall: Hall, *, actor: Actor, offer: Offer) -> Cost:
    """The same of what is to be offered."""
    return await cost_of(
        hall, actor=actor, price_cents=offer.price_cents, fee_on_top=offer.fee_on_top
    )


async def cost_of_draft(
    hall: Hall, *, actor: Actor, task: Task, terms: Terms | None
) -> Cost | None:
    """What offering a draft as it stands would cost; None for what holds no money."""
    if task.state is not State.DRAFT or task.price_cents is None or terms is None:
        return None
    return await cost_of(
        hall, actor=actor, price_cents=task.price_cents, fee_on_top=terms.fee_on_top
    )


def check_in_time(hall: Hall, offer: Offer) -> None:
    """Refuse what could not be offered now; raises Invalid where its deadline has passed."""
    offer.terms_of("").closing_us(hall.clock())


@dataclass(frozen=True, slots=True)
class Bound:
    """What the models of a task may cost before it stops and asks, and whose cap that is.

    With a team's or an organization's it is what is left under it. None: no cap holds.
    """

    most_micros: int | None
    scope: CapScope | None


async def bound_of_staff(
    hall: Hall, *, actor: Actor, team_id: str | None, cap_micros: int | None
) -> Bound:
    """What a new task for the hall's own workers may cost, with a cap of its own or without.

    A team that is not the organization's holds nothing. Raises NoOrganization.
    """
    organization_id = actor.organization_id
    if organization_id is None:
        raise NoOrganization
    shared = {CapScope.ORGANIZATION: budget_id(CapScope.ORGANIZATION, organization_id)}
    if team_id is not None:
        shared = {CapScope.TEAM: budget_id(CapScope.TEAM, team_id), **shared}

    async def find(tx: Tx) -> dict[str, Budget]:
        return await budgets.by_ids(tx, shared.values())

    kept = await hall.database.read(find)
    usual = hall.rules.caps
    of_task = usual.get(CapScope.TASK) if cap_micros is None else cap_micros
    bounds = [] if of_task is None else [(of_task, CapScope.TASK)]
    for scope, budget in shared.items():
        found = kept.get(budget)
        holds = usual.get(scope) if found is None else found.holds(usual.get(scope))
        if holds is not None:
            taken = 0 if found is None else found.taken_micros
            bounds.append((max(0, holds - taken), scope))
    return Bound(*min(bounds, key=lambda one: one[0], default=(None, None)))
