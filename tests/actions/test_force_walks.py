"""Any walk through a Task Force that its people and its clocks can take ends with nothing held.

Hypothesis chooses who does what next. After every step each share was paid at most once and the
escrow has what the hold says; after each walk the audit has nothing to say. If then everybody keeps
silent, the clocks alone bring every whole and every part to its end.
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
from hiringhall.actions.force import planning, steering, talking
from hiringhall.actions.market import agents, claims, disputes, post, reviewing
from hiringhall.actions.timers import fire_due
from hiringhall.domain.errors import HallError
from hiringhall.domain.escrow import HoldState
from hiringhall.domain.force import PartPlan, Reviewer
from hiringhall.domain.ledger import escrow_account
from hiringhall.domain.messages import MessageKind
from hiringhall.domain.policy import HALL, Actor
from hiringhall.domain.tasks import FINAL, Engagement, State, Task
from hiringhall.hall import Hall
from hiringhall.store import disputes as kept_disputes
from hiringhall.store import force as forces
from hiringhall.store import holds
from hiringhall.store.database import Database, Tx, open_database
from hiringhall.store.statements import Statement
from hiringhall.store.tables import timers
from tests.support.force import part, teammate
from tests.support.halls import Clock, QuietEngine, make_hall, sign_up
from tests.support.market import balance, current, draft, handed_in, is_sound

T = TypeVar("T")
HOUR_S = 3600
LONG = "All that this part was to come to, in full."

_clocks = Statement(
    select(timers.c.task_id, func.count().label("count")).group_by(timers.c.task_id),
    name="clocks_of_parts",
)

PLANS: list[tuple[PartPlan, ...]] = [
    (part("a", 5),),
    (part("a", 4), part("b", 3, "a")),
    (part("a", 1), part("b", 1), part("c", 5, "a", "b")),
    (part("a", 500), part("b", 300, "a"), part("c", 200, "b")),
]


class Village:
    """One hall with its people, for all walks of a test."""

    def __init__(self, database_url: str) -> None:
        self.runner = asyncio.Runner()
        self.clock = Clock()
        self.walked: list[Task] = []
        self.seen: set[tuple[str, State]] = set()
        self.database: Database = self.do(open_database(database_url))
        self.hall: Hall = make_hall(self.database, clock=self.clock, engine=QuietEngine())
        self.ada, self.root, olga = (
            self.do(sign_up(self.hall, name)) for name in ("ada", "root", "olga")
        )
        self.do(make_admin(self.hall, email="root@example.com"))
        self.agents: list[Actor] = [
            self.do(teammate(self.hall, olga, name)) for name in ("scout", "rival")
        ]

    def do(self, what: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(what)

    def close(self) -> None:
        self.do(self.database.close())
        self.runner.close()


def at_work() -> Callable[[Any], Any]:
    """A rule for a whole whose parts are tasks."""
    return precondition(lambda walk: bool(walk.parts))


AGENTS = st.integers(0, 1)
PARTS = st.integers(0, 3)


class Walks(RuleBasedStateMachine):
    """The walks of a village, one Task Force after another."""

    village: ClassVar[Village]

    def __init__(self) -> None:
        super().__init__()
        self.whole: Task
        self.parts: list[Task] = []

    def tries(self, what: Callable[[], Awaitable[object]]) -> None:
        """Do something, or be refused; anything else that is raised ends the test."""

        async def attempt() -> None:
            try:
                await what()
            except HallError:
                return

        self.village.do(attempt())
        self.look()

    def look(self) -> None:
        village = self.village
        self.whole = village.do(current(village.hall, self.whole))
        self.parts = village.do(
            village.database.read(lambda tx: forces.subtasks_of(tx, self.whole.id))
        )
        village.seen.add(("whole", self.whole.state))
        village.seen |= {("part", one.state) for one in self.parts}

    def one_of(self, which: int, *states: State) -> Task | None:
        found = [one for one in self.parts if not states or one.state in states]
        return found[which % len(found)] if found else None

    @initialize(then=st.sampled_from(["talk", "deliver", "revise", "reject"]))
    def first(self, then: str) -> None:
        self.begin(PLANS[1], Reviewer.BUYER, fee_on_top=False, then=then)

    @precondition(lambda walk: walk.whole.state in FINAL)
    @rule(
        plan=st.sampled_from(PLANS),
        reviewer=st.sampled_from(Reviewer),
        fee_on_top=st.booleans(),
        then=st.sampled_from(["", "plan", "confirm", "talk", "deliver", "revise", "reject"]),
    )
    def begin(
        self, plan: tuple[PartPlan, ...], reviewer: Reviewer, *, fee_on_top: bool, then: str
    ) -> None:
        """A new one, some steps on its way already: chance alone seldom goes far."""
        village = self.village
        price_cents = sum(one.share_cents for one in plan) + 3
        self.whole = village.do(
            draft(
                village.hall,
                village.ada,
                engagement=Engagement.TASK_FORCE,
                price_cents=price_cents,
                fee_on_top=fee_on_top,
            )
        )
        village.walked.append(self.whole)
        self.tries(
            lambda: post.publish_task(village.hall, actor=village.ada, task_id=self.whole.id)
        )
        if then:
            self.plans(plan, reviewer)
        if then not in ("", "plan"):
            self.decides(accepted=True)
        if then == "talk":
            for who in (0, 1):
                self.talks(0, who, MessageKind.TEXT)
        if then in ("deliver", "revise", "reject"):
            self.delivers(0, LONG)
        if then in ("revise", "reject"):
            self.judges(0, then, whole=False)

    @precondition(lambda walk: walk.whole.state in (State.OPEN, State.AWAITING_REPLY))
    @rule(plan=st.sampled_from(PLANS), reviewer=st.sampled_from(Reviewer))
    def plans(self, plan: tuple[PartPlan, ...], reviewer: Reviewer) -> None:
        self.tries(
            lambda: planning.plan_force(
                self.village.hall,
                actor=self.village.ada,
                task_id=self.whole.id,
                parts=plan,
                reviewer=reviewer,
            )
        )

    @precondition(lambda walk: walk.whole.state is State.AWAITING_REPLY)
    @rule(accepted=st.booleans())
    def decides(self, *, accepted: bool) -> None:
        self.tries(
            lambda: planning.confirm_plan(
                self.village.hall,
                actor=self.village.ada,
                task_id=self.whole.id,
                accepted=accepted,
            )
        )

    @at_work()
    @rule(which=PARTS, text=st.sampled_from([LONG, "short"]))
    def delivers(self, which: int, text: str) -> None:
        one = self.one_of(which, State.ASSIGNED, State.IN_PROGRESS, State.REVISING, State.DISPUTED)
        if one is None:
            return
        for agent in self.village.agents:
            self.tries(lambda agent=agent: handed_in(self.village.hall, agent, one, text))

    @at_work()
    @rule(which=PARTS, who=AGENTS, kind=st.sampled_from([MessageKind.TEXT, MessageKind.BLOCKER]))
    def talks(self, which: int, who: int, kind: MessageKind) -> None:
        one = self.one_of(which)
        if one is not None:
            self.tries(
                lambda: talking.post_as_agent(
                    self.village.hall,
                    actor=self.village.agents[who],
                    subtask_id=one.id,
                    text="So it is",
                    kind=kind,
                    to_channel=kind is MessageKind.BLOCKER,
                )
            )

    @at_work()
    @rule(which=PARTS, who=AGENTS)
    def gives_back(self, which: int, who: int) -> None:
        one = self.one_of(which)
        if one is not None:
            self.tries(
                lambda: claims.release_claim(
                    self.village.hall, actor=self.village.agents[who], task_id=one.id
                )
            )

    @at_work()
    @rule(which=PARTS, how=st.sampled_from(["accept", "revise", "reject"]), whole=st.booleans())
    def judges(self, which: int, how: str, *, whole: bool) -> None:
        one = self.whole if whole else self.one_of(which, State.IN_REVIEW)
        if one is None:
            return
        village = self.village
        way: Any = {
            "accept": reviewing.accept,
            "revise": reviewing.request_revision,
            "reject": reviewing.reject,
        }[how]
        said: Any = {} if how == "accept" else {"reason": "No"}
        self.tries(lambda: way(village.hall, actor=village.ada, task_id=one.id, **said))

    @at_work()
    @rule(which=PARTS, cents=st.sampled_from([0, 1, 3]), how=st.sampled_from(["agree", "decide"]))
    def settles(self, which: int, cents: int, how: str) -> None:
        one = self.one_of(which, State.DISPUTED)
        if one is None:
            return
        village = self.village

        async def find(tx: Tx) -> str:
            found = await kept_disputes.open_of_task(tx, one.id)
            return "none" if found is None else found.id

        about = village.do(village.database.read(find))
        if how == "decide":
            self.tries(
                lambda: disputes.resolve(
                    village.hall, actor=village.root, dispute_id=about, worker_cents=cents
                )
            )
            return
        for who in (village.ada, *village.agents):
            self.tries(
                lambda who=who: disputes.agree(
                    village.hall, actor=who, dispute_id=about, worker_cents=cents
                )
            )

    @at_work()
    @rule(which=PARTS)
    def drops(self, which: int) -> None:
        one = self.one_of(which, State.DRAFT, State.OPEN)
        if one is not None:
            self.tries(
                lambda: post.withdraw_task(
                    self.village.hall, actor=self.village.ada, task_id=one.id
                )
            )

    @at_work()
    @rule(which=PARTS, who=AGENTS)
    def chooses(self, which: int, who: int) -> None:
        one = self.one_of(which, State.OPEN)
        if one is not None:
            self.tries(
                lambda: steering.choose_agent(
                    self.village.hall,
                    actor=self.village.ada,
                    subtask_id=one.id,
                    agent_id=self.village.agents[who].agent_id or "",
                )
            )

    @at_work()
    @rule(cents=st.sampled_from([1, 3, 4]))
    def adds(self, cents: int) -> None:
        key = f"x{len(self.parts)}"
        self.tries(
            lambda: steering.add_parts(
                self.village.hall,
                actor=self.village.ada,
                task_id=self.whole.id,
                parts=[part(key, cents, "a")],
            )
        )

    @rule(by_admin=st.booleans())
    def withdraws(self, *, by_admin: bool) -> None:
        who = self.village.root if by_admin else self.village.ada
        self.tries(lambda: post.withdraw_task(self.village.hall, actor=who, task_id=self.whole.id))

    @rule(who=AGENTS)
    def is_suspended_for_a_while(self, who: int) -> None:
        village, agent_id = self.village, self.village.agents[who].agent_id or ""
        self.tries(lambda: agents.suspend_agent(village.hall, actor=HALL, agent_id=agent_id))
        self.tries(lambda: fire_due(village.hall))
        self.tries(lambda: agents.approve_agent(village.hall, actor=HALL, agent_id=agent_id))

    @rule(hours=st.sampled_from([0, 1, 25, 73]))
    def time_passes(self, hours: int) -> None:
        self.village.clock.advance(hours * HOUR_S)
        self.tries(lambda: fire_due(self.village.hall))

    @invariant()
    def no_cent_is_lost_and_no_share_paid_twice(self) -> None:
        if not hasattr(self, "whole"):
            return
        village = self.village

        async def find(tx: Tx) -> tuple[Any, Any]:
            return await holds.of_task(tx, self.whole.id), await holds.parts_of(tx, self.whole.id)

        hold, paid = village.do(village.database.read(find))
        left = village.do(balance(village.hall, escrow_account(self.whole.id)))
        done = {one.id: one for one in self.parts if one.state is State.DONE}
        assert {one.subtask_id for one in paid} == done.keys()
        assert all(one.share_cents <= (done[one.subtask_id].price_cents or 0) for one in paid)
        taken_cents = sum(one.paid_cents + one.fee_cents for one in paid)
        if hold is not None:
            held = hold.state is HoldState.HELD
            assert left == (hold.amount_cents - taken_cents if held else 0)
            assert held != (self.whole.state in FINAL)

    @invariant()
    def something_will_happen(self) -> None:
        """Whatever is on its way has a clock, but for parts that wait for others."""
        if not hasattr(self, "whole"):
            return
        running = {row.task_id for row in self.village.do(self.village.database.read(_running))}
        for one in (self.whole, *self.parts):
            if one.state is not State.DRAFT:
                assert (one.id in running) != (one.state in FINAL), (one.title, one.state)
        if self.whole.state in FINAL:
            assert all(one.state in FINAL for one in self.parts)

    def teardown(self) -> None:
        assert self.village.do(is_sound(self.village.hall))


async def _running(tx: Tx) -> list[Any]:
    return await tx.all(_clocks)


def test_every_walk_of_a_task_force_ends_with_nothing_held(database_url: str) -> None:
    village = Village(database_url)
    try:
        run_state_machine_as_test(
            type("Walks", (Walks,), {"village": village}),
            settings=settings(
                max_examples=25,
                stateful_step_count=25,
                deadline=None,
                suppress_health_check=[HealthCheck.too_slow],
            ),
        )
        for _ in range(30):
            village.clock.advance(5 * 24 * HOUR_S)
            village.do(fire_due(village.hall))
        ended = {village.do(current(village.hall, task)).state for task in village.walked}
        assert ended <= FINAL
        assert village.do(is_sound(village.hall))
        # The walks went somewhere: a test that is refused everything proves nothing.
        reached = {state for what, state in village.seen if what == "part"}
        assert reached == {
            State.DRAFT, State.OPEN, State.ASSIGNED, State.IN_PROGRESS, State.IN_REVIEW,
            State.REVISING, State.DISPUTED, State.DONE, State.CANCELLED,
        }  # fmt: skip
        wholes = {state for what, state in village.seen if what == "whole"}
        assert {State.IN_PROGRESS, State.IN_REVIEW, State.DONE} <= wholes
    finally:
        village.close()
