"""Any walk through the market that its people and its clocks can take ends with nothing held.

Hypothesis chooses who does what next; whatever is refused is refused as the hall refuses. After
each walk the audit has nothing to say, and if then everybody keeps silent, the clocks alone bring
every task that was offered to its end.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, ClassVar, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select

from hiringhall.actions.accounts import make_admin
from hiringhall.actions.market import choosing, claims, disputes, post, proposing, reviewing
from hiringhall.actions.timers import fire_due
from hiringhall.domain.errors import HallError
from hiringhall.domain.ledger import escrow_account
from hiringhall.domain.policy import Actor
from hiringhall.domain.proposals import Proposal
from hiringhall.domain.tasks import FINAL, ON_IT, Engagement, State, Task
from hiringhall.hall import Hall
from hiringhall.store import disputes as kept_disputes
from hiringhall.store import proposals as kept_proposals
from hiringhall.store.database import Database, Tx, open_database
from hiringhall.store.statements import Statement
from hiringhall.store.tables import timers
from tests.support.halls import Clock, QuietEngine, make_hall, sign_up
from tests.support.market import agent_of, balance, current, draft, handed_in, is_sound, proposed

T = TypeVar("T")
HOUR_S = 3600

_clocks = Statement(
    select(timers.c.task_id, func.count().label("count")).group_by(timers.c.task_id),
    name="clocks_of_tasks",
)


class Town:
    """One hall with its people, for all walks of a test: each walk has a task of its own."""

    def __init__(self, database_url: str) -> None:
        self.runner = asyncio.Runner()
        self.clock = Clock()
        self.walked: list[Task] = []
        self.seen: set[State] = set()
        self.database: Database = self.do(open_database(database_url))
        self.hall: Hall = make_hall(self.database, clock=self.clock, engine=QuietEngine())
        self.ada, self.bob, self.root, olga = (
            self.do(sign_up(self.hall, name)) for name in ("ada", "bob", "root", "olga")
        )
        self.do(make_admin(self.hall, email="root@example.com"))
        self.scout = self.do(agent_of(self.hall, olga))
        self.people: dict[str, Actor] = {
            "ada": self.ada,
            "bob": self.bob,
            "root": self.root,
            "scout": self.scout,
        }

    def do(self, what: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(what)

    def close(self) -> None:
        self.do(self.database.close())
        self.runner.close()


def while_in(*states: State) -> Callable[[Any], Any]:
    """A rule for tasks in some states: what comes out of turn has a rule of its own."""
    return precondition(lambda walk: walk.task.state in states)


WORKERS = st.sampled_from(["bob", "scout"])
SIDES = st.sampled_from(["ada", "bob", "scout"])
POSTERS = st.sampled_from(["ada", "root"])
ANYBODY = st.sampled_from(["ada", "bob", "root", "scout"])


class Walks(RuleBasedStateMachine):
    """The walks of a town, one task after another."""

    town: ClassVar[Town]

    def __init__(self) -> None:
        super().__init__()
        self.task: Task

    def tries(self, what: Callable[[], Awaitable[object]]) -> None:
        """Do something, or be refused; anything else that is raised ends the test."""

        async def attempt() -> None:
            try:
                await what()
            except HallError:
                return

        self.town.do(attempt())
        self.task = self.town.do(current(self.town.hall, self.task))
        self.town.seen.add(self.task.state)

    @initialize()
    def first(self) -> None:
        self.task = self.town.do(draft(self.town.hall, self.town.ada))
        self.town.walked.append(self.task)

    @while_in(State.DRAFT, *FINAL)
    @rule(
        engagement=st.sampled_from([Engagement.CLAIM, Engagement.PROPOSALS]),
        price_cents=st.sampled_from([1, 7, 1_000]),
        fee_on_top=st.booleans(),
        slots=st.integers(1, 2),
        steps=st.integers(0, 3),
        rejects=st.booleans(),
    )
    def begin(
        self,
        engagement: Engagement,
        price_cents: int,
        fee_on_top: bool,
        slots: int,
        steps: int,
        rejects: bool,
    ) -> None:
        """A new task, some steps on its way already: chance alone seldom goes far."""
        self.task = self.town.do(
            draft(
                self.town.hall,
                self.town.ada,
                engagement=engagement,
                price_cents=price_cents,
                fee_on_top=fee_on_top,
                max_proposals=slots,
            )
        )
        self.town.walked.append(self.task)
        self.tries(
            lambda: post.publish_task(self.town.hall, actor=self.town.ada, task_id=self.task.id)
        )
        if steps > 0 and engagement is Engagement.CLAIM:
            self.take("bob")
        elif steps > 0:
            self.propose("bob", 1)
            self.weigh(0, "shortlist")
        if steps > 1:
            self.deliver("bob")
        if steps > 2:
            self.refuse(rejects)

    def proposal(self, which: int) -> Proposal | None:
        made = self.town.do(
            self.town.database.read(lambda tx: kept_proposals.of_task(tx, self.task.id))
        )
        return made[which % len(made)] if made else None

    def dispute_id(self) -> str:
        async def find(tx: Tx) -> str:
            found = await kept_disputes.open_of_task(tx, self.task.id)
            return "none" if found is None else found.id

        return self.town.do(self.town.database.read(find))

    @while_in(State.OPEN)
    @rule(who=WORKERS)
    def take(self, who: str) -> None:
        self.tries(
            lambda: claims.claim(self.town.hall, actor=self.town.people[who], task_id=self.task.id)
        )

    @while_in(*ON_IT)
    @rule(who=WORKERS)
    def give_back(self, who: str) -> None:
        self.tries(
            lambda: claims.release_claim(
                self.town.hall, actor=self.town.people[who], task_id=self.task.id
            )
        )

    @while_in(State.OPEN)
    @rule(who=WORKERS, price_cents=st.sampled_from([1, 5, 900]))
    def propose(self, who: str, price_cents: int) -> None:
        self.tries(lambda: proposed(self.town.hall, self.town.people[who], self.task, price_cents))

    @while_in(State.OPEN, State.SELECTING, *ON_IT)
    @rule(which=st.integers(0, 1), how=st.sampled_from(["shortlist", "decline", "withdraw"]))
    def weigh(self, which: int, how: str) -> None:
        proposal = self.proposal(which)
        if proposal is None:
            return
        maker = self.town.bob if proposal.worker.agent_id is None else self.town.scout
        does = {
            "shortlist": lambda: choosing.shortlist(
                self.town.hall, actor=self.town.ada, proposal_id=proposal.id
            ),
            "decline": lambda: choosing.decline(
                self.town.hall, actor=self.town.ada, proposal_id=proposal.id
            ),
            "withdraw": lambda: proposing.withdraw_proposal(
                self.town.hall, actor=maker, proposal_id=proposal.id
            ),
        }[how]
        self.tries(does)

    @while_in(State.OPEN)
    @rule()
    def close_intake(self) -> None:
        self.tries(
            lambda: choosing.close_intake(self.town.hall, actor=self.town.ada, task_id=self.task.id)
        )

    @while_in(State.DISPUTED, *ON_IT)
    @rule(who=WORKERS)
    def deliver(self, who: str) -> None:
        self.tries(lambda: handed_in(self.town.hall, self.town.people[who], self.task))

    @while_in(State.IN_REVIEW)
    @rule(rating=st.sampled_from([None, 1, 5]))
    def accept(self, rating: int | None) -> None:
        self.tries(
            lambda: reviewing.accept(
                self.town.hall, actor=self.town.ada, task_id=self.task.id, rating=rating
            )
        )

    @while_in(State.IN_REVIEW)
    @rule(rejects=st.booleans())
    def refuse(self, rejects: bool) -> None:
        way = reviewing.reject if rejects else reviewing.request_revision
        self.tries(
            lambda: way(self.town.hall, actor=self.town.ada, task_id=self.task.id, reason="No")
        )

    @while_in(State.IN_REVIEW, State.REVISING)
    @rule(who=SIDES)
    def dispute(self, who: str) -> None:
        self.tries(
            lambda: disputes.open_dispute(
                self.town.hall, actor=self.town.people[who], task_id=self.task.id, reason="No"
            )
        )

    @while_in(State.DISPUTED)
    @rule(who=SIDES, cents=st.sampled_from([None, 0, 1, 5]))
    def speak(self, who: str, cents: int | None) -> None:
        about = self.dispute_id()
        if cents is None:
            self.tries(
                lambda: disputes.state_case(
                    self.town.hall, actor=self.town.people[who], dispute_id=about, text="So"
                )
            )
        else:
            self.tries(
                lambda: disputes.agree(
                    self.town.hall,
                    actor=self.town.people[who],
                    dispute_id=about,
                    worker_cents=cents,
                )
            )

    @while_in(State.DISPUTED)
    @rule(cents=st.sampled_from([0, 1, 900]))
    def decide(self, cents: int) -> None:
        about = self.dispute_id()
        self.tries(
            lambda: disputes.resolve(
                self.town.hall, actor=self.town.root, dispute_id=about, worker_cents=cents
            )
        )

    @while_in(State.OPEN, State.SELECTING, *ON_IT)
    @rule(who=POSTERS)
    def withdraw(self, who: str) -> None:
        self.tries(
            lambda: post.withdraw_task(
                self.town.hall, actor=self.town.people[who], task_id=self.task.id
            )
        )

    @rule(
        who=ANYBODY,
        what=st.sampled_from(
            [claims.claim, claims.release_claim, reviewing.accept, reviewing.request_revision]
        ),
    )
    def out_of_turn(self, who: str, what: Callable[..., Awaitable[object]]) -> None:
        self.tries(lambda: what(self.town.hall, actor=self.town.people[who], task_id=self.task.id))

    @rule(hours=st.sampled_from([1, 25, 73]))
    def time_passes(self, hours: int) -> None:
        self.town.clock.advance(hours * HOUR_S)
        self.tries(lambda: fire_due(self.town.hall))

    @invariant()
    def something_will_happen(self) -> None:
        """A task that is on its way has a clock, and what has ended holds nothing."""
        if not hasattr(self, "task") or self.task.state is State.DRAFT:
            return
        running = {row.task_id for row in self.town.do(self.town.database.read(_all_clocks))}
        ended = self.task.state in FINAL
        assert (self.task.id in running) != ended
        if ended:
            assert self.town.do(balance(self.town.hall, escrow_account(self.task.id))) == 0

    def teardown(self) -> None:
        assert self.town.do(is_sound(self.town.hall))


async def _all_clocks(tx: Tx) -> list[Any]:
    return await tx.all(_clocks)


def test_every_walk_ends_with_nothing_held(database_url: str) -> None:
    town = Town(database_url)
    try:
        run_state_machine_as_test(
            type("Walks", (Walks,), {"town": town}),
            settings=settings(
                max_examples=25,
                stateful_step_count=30,
                deadline=None,
                suppress_health_check=[HealthCheck.too_slow],
            ),
        )
        for _ in range(8):
            town.clock.advance(400 * 24 * HOUR_S)
            town.do(fire_due(town.hall))
        ended = {town.do(current(town.hall, task)).state for task in town.walked}
        assert ended <= FINAL | {State.DRAFT}
        assert town.do(is_sound(town.hall))
        # The walks went somewhere: a test that is refused everything proves nothing.
        assert set(State) - town.seen <= {State.AWAITING_REPLY, State.IN_PROGRESS, State.FAILED}
    finally:
        town.close()
