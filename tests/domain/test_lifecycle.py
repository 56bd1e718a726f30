"""The table of a task's life: no dead end, nothing leaves a final state but a new round."""

import itertools
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from hiringhall.domain.errors import WrongState
from hiringhall.domain.lifecycle import MOVES, Command, Hold, Move, Side, Timer, move_of, moves_for
from hiringhall.domain.tasks import FINAL, MARKET, Acceptance, Engagement, State, Task, Waiting

PARENT = "01890000-0000-7000-8000-000000000002"
NEW_ROUND = {Command.REOPEN, Command.RESUME, Command.BOARD_MOVE}


def a_task(**fields: object) -> Task:
    """A staff task in progress, unless told otherwise."""
    task = Task(
        id="01890000-0000-7000-8000-000000000001",
        organization_id="o",
        team_id="t",
        created_by=None,
        title="t",
        description="d",
        engagement=Engagement.STAFF,
        acceptance=Acceptance.POSTER,
        state=State.IN_PROGRESS,
        waiting_for=Waiting.NOTHING,
        waiting_reason="",
        waiting_until_us=None,
        version=1,
        generation=0,
        revisions=0,
        priority=0,
        repository=None,
        role=None,
        spec_approval=False,
        plan_approved=False,
        price_cents=None,
        question_id=None,
        deliverable_id=None,
        plan_id=None,
        created_at_us=0,
        updated_at_us=0,
        last_activity_at_us=0,
    )
    return replace(task, **fields)  # pyright: ignore[reportArgumentType]


def _moves_from(task: Task) -> Iterator[Move]:
    for command, side in itertools.product(Command, Side):
        yield from moves_for(
            command,
            state=task.state,
            waiting_for=task.waiting_for,
            engagement=task.engagement,
            acceptance=task.acceptance,
            has_hold=task.has_hold,
            side=side,
            part=task.is_part,
        )


def test_only_a_new_round_leaves_a_final_state() -> None:
    leaving = {move.command for move in MOVES if move.sources & FINAL}
    assert leaving == NEW_ROUND


def test_every_command_and_every_state_is_in_the_table() -> None:
    assert {move.command for move in MOVES} == set(Command)
    assert {move.target for move in MOVES} | {State.DRAFT} == set(State)
    assert set().union(*(move.sources for move in MOVES)) == set(State)


def test_money_never_stays_held_behind_a_final_state() -> None:
    keeps = [
        move
        for move in MOVES
        if move.target in FINAL and move.held is not False and move.hold is Hold.KEEP
    ]
    assert keeps == []


def test_a_row_for_a_hold_names_only_engagements_that_have_one() -> None:
    assert all(move.engagements <= MARKET for move in MOVES if move.held)


def test_rows_for_one_situation_differ_in_guard_or_target() -> None:
    kinds = itertools.product(Engagement, State, Waiting, (None, PARENT))
    for engagement, state, waiting, parent_id in kinds:
        price = 500 if engagement in MARKET else None
        task = a_task(
            engagement=engagement,
            state=state,
            waiting_for=waiting,
            price_cents=price,
            parent_id=parent_id,
        )
        for command, side in itertools.product(Command, Side):
            rows = [
                (move.guard, move.target)
                for move in moves_for(
                    command,
                    state=task.state,
                    waiting_for=task.waiting_for,
                    engagement=task.engagement,
                    acceptance=task.acceptance,
                    has_hold=task.has_hold,
                    side=side,
                    part=task.is_part,
                )
            ]
            assert len(rows) == len(set(rows)), (engagement, state, command, side)


@pytest.mark.parametrize("command", [Command.REPLY, Command.ACCEPT, Command.REJECT])
def test_a_command_out_of_turn_is_refused_with_a_sentence(command: Command) -> None:
    with pytest.raises(WrongState) as refused:
        move_of(a_task(state=State.DONE), command, Side.POSTER)
    assert refused.value.message.startswith("Task is completed; it cannot")
    assert (refused.value.state, refused.value.command) == ("done", command.value)


def test_a_plan_is_not_answered_by_a_reply_nor_a_question_by_a_decision() -> None:
    plan = a_task(state=State.AWAITING_REPLY, waiting_for=Waiting.PLAN_DECISION)
    question = a_task(state=State.AWAITING_REPLY, waiting_for=Waiting.REPLY)
    assert move_of(plan, Command.DECIDE_PLAN, Side.POSTER).target is State.IN_PROGRESS
    assert move_of(question, Command.REPLY, Side.POSTER).target is State.IN_PROGRESS
    with pytest.raises(WrongState):
        move_of(plan, Command.REPLY, Side.POSTER)
    with pytest.raises(WrongState):
        move_of(question, Command.DECIDE_PLAN, Side.POSTER)


def test_staff_work_in_review_can_be_cancelled_and_held_money_cannot() -> None:
    staff = a_task(state=State.IN_REVIEW)
    market = a_task(state=State.IN_REVIEW, engagement=Engagement.CLAIM, price_cents=500)
    assert move_of(staff, Command.CANCEL, Side.POSTER).target is State.CANCELLED
    with pytest.raises(WrongState):
        move_of(market, Command.CANCEL, Side.POSTER)
    assert move_of(market, Command.REJECT, Side.POSTER).target is State.DISPUTED


class Lives(RuleBasedStateMachine):
    """Walks any life that the table allows and asks at each step who could go on."""

    def __init__(self) -> None:
        super().__init__()
        self.task = a_task(state=State.DRAFT)
        self.timers: set[Timer] = set()
        self.held = False

    @initialize(
        engagement=st.sampled_from(Engagement),
        acceptance=st.sampled_from(Acceptance),
        parent_id=st.sampled_from([None, PARENT]),
    )
    def post(self, engagement: Engagement, acceptance: Acceptance, parent_id: str | None) -> None:
        priced = engagement in MARKET
        self.task = a_task(
            state=State.DRAFT,
            engagement=engagement,
            acceptance=Acceptance.POSTER if priced else acceptance,
            price_cents=500 if priced else None,
            parent_id=parent_id,
        )

    @rule(choice=st.integers(min_value=0, max_value=10_000))
    def take_any_move(self, choice: int) -> None:
        moves = list(_moves_from(self.task))
        if not moves:
            return
        move = moves[choice % len(moves)]
        self.task = replace(self.task, state=move.target, waiting_for=move.then_waits)
        if move.command is Command.OFFER:
            self.task = replace(self.task, engagement=Engagement.CLAIM, price_cents=500)
        if move.command is Command.ASSIGN_TO_STAFF:
            self.task = replace(self.task, engagement=Engagement.STAFF, price_cents=None)
        self.timers = (self.timers - move.clears) | move.sets
        self.held = {Hold.TAKE: True, Hold.KEEP: self.held}.get(move.hold, False)

    @invariant()
    def nobody_is_stuck(self) -> None:
        sides = {side for move in _moves_from(self.task) for side in move.by}
        if self.task.state not in FINAL:
            assert Side.POSTER in sides or Side.TIMER in sides, self.task.state
            assert Side.POSTER in sides or Side.WORKER in sides or self.timers, self.task.state

    @invariant()
    def no_money_is_left_behind(self) -> None:
        if self.task.state in FINAL:
            assert not self.held


TestLives = Lives.TestCase
TestLives.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
