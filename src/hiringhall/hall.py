"""The hall as actions and queries are given it: everything they reach for, handed in."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from hiringhall.domain.addresses import Networks
from hiringhall.domain.compute import MICROS_PER_CENT, CapScope
from hiringhall.domain.hosts import Pattern
from hiringhall.domain.runs import EXTERNAL
from hiringhall.engine.port import Engine
from hiringhall.github import GitHub
from hiringhall.mail import Mail
from hiringhall.passwords import Passwords
from hiringhall.payments import Payments
from hiringhall.sealing import Sealer
from hiringhall.signals import Signals
from hiringhall.store.database import Database, Tx


@dataclass(frozen=True, slots=True)
class Once:
    """An idempotency key as one request carries it.

    `render` turns the action's value into status and body, which are kept for repetitions; with
    `read` it is given what that finds of the value, in the action's own transaction.
    With `holds_secret` nothing is kept but the key, and a repetition is refused.
    """

    organization_id: str
    route: str
    key: str
    body_sha256: bytes
    render: Callable[[Any], tuple[int, bytes]]
    holds_secret: bool = False
    read: Callable[[Tx, Any], Awaitable[Any]] | None = None


class Replayed(Exception):
    """Not a refusal: the request came before, and this was its answer."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(f"replayed with status {status}")
        self.status = status
        self.body = body


class Registration(StrEnum):
    """Who may open an account."""

    OPEN = "open"
    INVITE = "invite"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Rules:
    """What the operator has decided, as far as actions ask for it.

    On the market: `selection_s` is how long a poster has to choose among proposals, `grace_s` what
    a worker has beyond its time, `review_s` after how long silence accepts a delivery, `dispute_s`
    after how long silence decides a dispute.

    Throttles are attempts in a window: registrations and sign-ins each hour for an address,
    registrations that wait for a person's word each hour for an e-mail, failed sign-ins each
    quarter of an hour for an e-mail, requests of one agent each minute (None: any number).
    `caps` hold what models cost, in micros of the currency, where a budget has no cap of its own;
    a scope that is not named is not held.
    `credit_micros` is what a credit is worth of it. `team_runs` is how many runs of one team are at
    work at once, of which a team may have less; None: as many as there are places.
    With `manager_has_model` the manager of Task Forces plans by a model and goes by what one read.
    `customers_hosts` bound what roles of customers may open of the network; webhooks go to
    `webhook_networks` although they are private. All money is in `currency`.
    """

    registration: Registration = Registration.OPEN
    spec_approval_always: bool = False
    selection_s: int = 72 * 3600
    grace_s: int = 24 * 3600
    review_s: int = 72 * 3600
    dispute_s: int = 72 * 3600
    credits_per_day: int = 100
    opening_balance_cents: int = 100_000
    fee_basis_points: int = 1_000
    currency: str = "usd"
    registrations_per_hour: int = 60
    registrations_per_email: int = 5
    sign_ins_per_hour: int = 60
    sign_ins_per_email: int = 10
    agent_requests_per_minute: int | None = None
    idempotency_hours: int = 24
    caps: Mapping[CapScope, int] = field(default_factory=dict[CapScope, int])
    credit_micros: int = MICROS_PER_CENT
    team_runs: int | None = None
    manager_has_model: bool = False
    customers_hosts: tuple[Pattern, ...] = ()
    webhook_networks: Networks = ()


@dataclass(slots=True)
class Elsewhere:
    """What other nodes of the hall can do, as they said last."""

    runtimes: frozenset[str] = frozenset()
    default_runtime: str | None = None


@dataclass(frozen=True, slots=True)
class Staffing:
    """Which of the hall's own workers are there.

    `default_runtime` does what no role says otherwise; `hindrances` says of each runtime that
    cannot work here why, in a sentence that says what to do. A runtime not named here is unknown.
    `elsewhere` is kept by whoever knows of other nodes.
    """

    default_runtime: str | None
    no_default_because: str
    hindrances: Mapping[str, str]
    elsewhere: Elsewhere = field(default_factory=Elsewhere)

    @property
    def usual_runtime(self) -> str | None:
        """What does what no role says otherwise, here or on another node."""
        return self.default_runtime or self.elsewhere.default_runtime

    def hindrance(self, runtime: str) -> str:
        """Why a runtime cannot work now; empty when it can, here or on another node."""
        if runtime in self.elsewhere.runtimes:
            return ""
        known = self.hindrances.get(runtime)
        if known is None:
            return f"This hall has no runtime '{runtime}'; it has {', '.join(self.hindrances)}"
        return known

    @property
    def ready(self) -> tuple[str, ...]:
        """The runtimes that can work here; those who work elsewhere are not among them."""
        return tuple(
            name
            for name, hindrance in self.hindrances.items()
            if not hindrance and name != EXTERNAL
        )


LookUp = Callable[[str, int], Awaitable[list[str]]]
"""From a name and a port to network addresses; may raise OSError and UnicodeError."""


@dataclass(frozen=True, slots=True)
class Hall:
    """One hall. `clock` gives microseconds UTC, `new_id` a fresh UUIDv7.

    `check_role` refuses a runtime or its settings, `check_repository` an address where the hall
    does not go (else it is answered in the hall's own spelling); both raise Invalid. `mask` takes
    live secrets out of what a worker of an organization said: every action that keeps a worker's
    words asks it, where no runtime has done so before. `look_up` finds a name's network addresses,
    where one is judged before anything is sent to it.
    """

    database: Database
    clock: Callable[[], int]
    new_id: Callable[[], str]
    random: Callable[[int], bytes]
    signals: Signals
    engine: Engine
    staffing: Staffing
    rules: Rules
    passwords: Passwords
    sealer: Sealer
    mail: Mail
    github: GitHub
    payments: Payments
    check_role: Callable[[str, Mapping[str, Any]], None]
    check_repository: Callable[[str], str]
    mask: Callable[[str, str], str]
    look_up: LookUp | None = None
    once: Once | None = None

    @property
    def plays(self) -> bool:
        """Whether its money is play money, which never leaves the hall."""
        return self.payments.name == "play"

    def once_only(self, once: Once | None) -> "Hall":
        """This hall for one request that carries an idempotency key."""
        return self if once is None else replace(self, once=once)
