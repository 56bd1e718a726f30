"""The one table of a task's life: which command leads from where to where, by whom."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from hiringhall.domain.errors import WrongState
from hiringhall.domain.tasks import MARKET, QUESTIONED, Acceptance, Engagement, State, Task, Waiting


class Command(StrEnum):
    """Everything that can be done to a task's state."""

    PUBLISH = "publish"
    CLOSE_INTAKE = "close_intake"
    SHORTLIST = "shortlist"
    DECLINE = "decline"
    CLAIM = "claim"
    RELEASE_CLAIM = "release_claim"
    LAPSE = "lapse"
    START = "start"
    ASK = "ask"
    REPLY = "reply"
    PROPOSE_PLAN = "propose_plan"
    DECIDE_PLAN = "decide_plan"
    DELIVER = "deliver"
    REQUEST_REVISION = "request_revision"
    ACCEPT = "accept"
    REJECT = "reject"
    DISPUTE = "dispute"
    RESOLVE = "resolve"
    CANCEL = "cancel"
    EXPIRE = "expire"
    FAIL = "fail"
    RETRY = "retry"
    RESUME = "resume"
    REOPEN = "reopen"
    BOARD_MOVE = "board_move"
    ASSIGN_TO_STAFF = "assign_to_staff"
    OFFER = "offer"
    CHANGE_DRAFT = "change_draft"


class Side(StrEnum):
    """In which part somebody acts on a task."""

    POSTER = "poster"
    WORKER = "worker"
    MANAGER = "manager"
    ADMIN = "admin"
    TIMER = "timer"
    HALL = "hall"


class Hold(StrEnum):
    """What a move does to the money held for a task."""

    KEEP = "keep"
    TAKE = "take"
    RELEASE = "release"
    REFUND = "refund"
    SPLIT = "split"


class Timer(StrEnum):
    """The clocks of a task; each runs at most once at a time."""

    INTAKE = "intake"
    CLAIM_LIMIT = "claim_limit"
    GRACE = "grace"
    REVIEW = "review"
    DISPUTE = "dispute"
    RETRY = "retry"
    MANAGER = "manager"
    SILENCE = "silence"
    ROLE_LIMIT = "role_limit"
    GONE = "gone"
    """Whoever has it may not work any more."""


class Guard(StrEnum):
    """A condition beyond state, engagement and hold; whoever moves must have checked it."""

    NONE = ""
    LAST_SHORTLISTED = "no shortlisted proposal is left"
    AGREED_OR_LAPSED = "the worker agrees, or its own time has lapsed"
    THREE_REVISIONS = "three revisions were asked for"
    WORKER_PAID = "the worker is paid something"
    ALL_REFUNDED = "the poster gets everything back"
    NO_LIVE_WORKER = "no worker is on it"


STAFF = frozenset({Engagement.STAFF})
ANY = frozenset(Engagement)
POSTER_SIDE = frozenset({Side.POSTER, Side.MANAGER, Side.ADMIN})
WORKER_SIDE = frozenset({Side.WORKER, Side.HALL})


@dataclass(frozen=True, slots=True)
class Move:
    """One row of the table.

    `held` says whether the row is for tasks with a hold, without one, or for both (None);
    `waiting` lists what a task may be waiting for (empty: anything). `part` is about Task Forces
    alone: whether the row is for their parts, for the whole, or for both (None).
    """

    command: Command
    sources: frozenset[State]
    target: State
    by: frozenset[Side]
    engagements: frozenset[Engagement] = ANY
    held: bool | None = None
    acceptance: Acceptance | None = None
    waiting: frozenset[Waiting] = frozenset()
    then_waits: Waiting = Waiting.NOTHING
    guard: Guard = Guard.NONE
    hold: Hold = Hold.KEEP
    part: bool | None = None
    sets: frozenset[Timer] = frozenset()
    clears: frozenset[Timer] = frozenset()


def _states(*states: State) -> frozenset[State]:
    return frozenset(states)


_ON_IT = _states(State.ASSIGNED, State.IN_PROGRESS, State.AWAITING_REPLY, State.REVISING)
_DELIVERS = _states(State.ASSIGNED, State.IN_PROGRESS, State.REVISING)
_ENDED = _states(State.DONE, State.FAILED, State.CANCELLED, State.EXPIRED)
_BOARD = _states(*State) - _states(State.DISPUTED, State.SELECTING)
_CLOCKS = frozenset(Timer)
_INTAKE_ON = frozenset({Timer.INTAKE})
_PLAN = frozenset({Waiting.PLAN_DECISION})
_INTAKE = frozenset({Engagement.PROPOSALS})
_CLAIMED = frozenset({Engagement.CLAIM})
_ALONE = _CLAIMED | _INTAKE
_FORCE = frozenset({Engagement.TASK_FORCE})
_OTHERS = ANY - _FORCE
_EITHER = frozenset({Side.POSTER, Side.WORKER})
_JUDGES = frozenset({Side.POSTER, Side.WORKER, Side.ADMIN, Side.TIMER})
_OWNERS = frozenset({Side.POSTER, Side.ADMIN})
_BY_ITSELF = frozenset({Side.TIMER, Side.HALL})

C, S, T = Command, State, Timer

MOVES: tuple[Move, ...] = (
    Move(C.PUBLISH, _states(S.DRAFT), S.OPEN, POSTER_SIDE | {Side.HALL}, STAFF),
    Move(C.PUBLISH, _states(S.DRAFT), S.OPEN, POSTER_SIDE | {Side.HALL}, MARKET, part=False,
         hold=Hold.TAKE, sets=_INTAKE_ON),
    Move(C.PUBLISH, _states(S.DRAFT), S.OPEN, frozenset({Side.MANAGER, Side.HALL}), _FORCE,
         part=True, sets=_INTAKE_ON),
    Move(C.CLOSE_INTAKE, _states(S.OPEN), S.SELECTING,
         frozenset({Side.POSTER, Side.TIMER, Side.HALL}), _INTAKE, clears=frozenset({T.INTAKE}),
         sets=frozenset({T.GRACE})),
    Move(C.SHORTLIST, _states(S.OPEN, S.SELECTING, S.ASSIGNED), S.ASSIGNED,
         POSTER_SIDE | {Side.HALL}, _INTAKE, clears=frozenset({T.INTAKE}),
         sets=frozenset({T.GRACE})),
    Move(C.SHORTLIST, _states(S.IN_PROGRESS), S.IN_PROGRESS, POSTER_SIDE | {Side.HALL}, _INTAKE,
         sets=frozenset({T.GRACE})),
    Move(C.SHORTLIST, _states(S.OPEN), S.ASSIGNED, POSTER_SIDE | {Side.HALL}, _FORCE, part=True,
         clears=_INTAKE_ON, sets=frozenset({T.GRACE, T.SILENCE})),
    Move(C.DECLINE, _DELIVERS, S.SELECTING, POSTER_SIDE | {Side.WORKER, Side.TIMER}, _INTAKE,
         guard=Guard.LAST_SHORTLISTED, sets=frozenset({T.GRACE})),
    Move(C.CLAIM, _states(S.OPEN), S.ASSIGNED, WORKER_SIDE, STAFF),
    Move(C.CLAIM, _states(S.OPEN), S.ASSIGNED, WORKER_SIDE, _CLAIMED,
         sets=frozenset({T.CLAIM_LIMIT})),
    Move(C.RELEASE_CLAIM, _ON_IT, S.OPEN, frozenset({Side.WORKER}), _CLAIMED,
         clears=_CLOCKS, sets=_INTAKE_ON),
    Move(C.LAPSE, _ON_IT, S.OPEN, frozenset({Side.TIMER}), _CLAIMED,
         clears=_CLOCKS, sets=_INTAKE_ON),
    Move(C.RELEASE_CLAIM, _ON_IT, S.OPEN, frozenset({Side.WORKER}), _FORCE, part=True,
         clears=_CLOCKS, sets=_INTAKE_ON),
    Move(C.LAPSE, _ON_IT, S.OPEN, _BY_ITSELF, _FORCE, part=True,
         clears=_CLOCKS, sets=_INTAKE_ON),
    Move(C.START, _states(S.ASSIGNED, S.REVISING), S.IN_PROGRESS, WORKER_SIDE),
    Move(C.ASK, _DELIVERS, S.AWAITING_REPLY, WORKER_SIDE, then_waits=Waiting.REPLY),
    Move(C.REPLY, _states(S.AWAITING_REPLY), S.IN_PROGRESS, POSTER_SIDE, waiting=QUESTIONED),
    Move(C.PROPOSE_PLAN, _DELIVERS, S.AWAITING_REPLY, WORKER_SIDE, _OTHERS,
         then_waits=Waiting.PLAN_DECISION),
    Move(C.PROPOSE_PLAN, _states(S.OPEN, S.AWAITING_REPLY), S.AWAITING_REPLY,
         POSTER_SIDE | {Side.HALL}, _FORCE, part=False, then_waits=Waiting.PLAN_DECISION,
         clears=_INTAKE_ON, sets=frozenset({T.GRACE})),
    Move(C.DECIDE_PLAN, _states(S.AWAITING_REPLY), S.IN_PROGRESS, POSTER_SIDE, _OTHERS,
         waiting=_PLAN),
    Move(C.DECIDE_PLAN, _states(S.AWAITING_REPLY), S.IN_PROGRESS, POSTER_SIDE, _FORCE, part=False,
         waiting=_PLAN, sets=frozenset({T.GRACE})),
    Move(C.DECIDE_PLAN, _states(S.AWAITING_REPLY), S.OPEN, POSTER_SIDE, _FORCE, part=False,
         waiting=_PLAN, then_waits=Waiting.POSTER, clears=frozenset({T.GRACE}), sets=_INTAKE_ON),
    Move(C.DELIVER, _DELIVERS, S.IN_REVIEW, WORKER_SIDE, held=False,
         acceptance=Acceptance.POSTER),
    Move(C.DELIVER, _DELIVERS | {S.DISPUTED}, S.IN_REVIEW, WORKER_SIDE, MARKET, held=True,
         acceptance=Acceptance.POSTER, clears=_CLOCKS, sets=frozenset({T.REVIEW})),
    Move(C.DELIVER, _DELIVERS, S.DONE, WORKER_SIDE, held=False,
         acceptance=Acceptance.ON_DELIVERY, clears=_CLOCKS),
    Move(C.REQUEST_REVISION, _states(S.IN_REVIEW), S.REVISING, POSTER_SIDE, held=False),
    Move(C.REQUEST_REVISION, _states(S.IN_REVIEW), S.REVISING, POSTER_SIDE, MARKET, held=True,
         clears=frozenset({T.REVIEW}), sets=frozenset({T.GRACE})),
    Move(C.ACCEPT, _states(S.IN_REVIEW), S.DONE, POSTER_SIDE, held=False, clears=_CLOCKS),
    Move(C.ACCEPT, _states(S.IN_REVIEW), S.DONE, POSTER_SIDE | {Side.TIMER}, MARKET, held=True,
         hold=Hold.RELEASE, clears=_CLOCKS),
    Move(C.REJECT, _states(S.IN_REVIEW), S.REVISING, POSTER_SIDE, held=False),
    Move(C.REJECT, _states(S.IN_REVIEW), S.DISPUTED, POSTER_SIDE, MARKET, held=True, part=True,
         clears=_CLOCKS, sets=frozenset({T.DISPUTE})),
    Move(C.REJECT, _states(S.IN_REVIEW), S.CANCELLED, POSTER_SIDE, _FORCE, held=True, part=False,
         hold=Hold.REFUND, clears=_CLOCKS),
    Move(C.DISPUTE, _states(S.IN_REVIEW), S.DISPUTED, _EITHER, MARKET, held=True, part=True,
         clears=_CLOCKS, sets=frozenset({T.DISPUTE})),
    Move(C.DISPUTE, _ON_IT, S.DISPUTED, _EITHER, MARKET, held=True, part=True,
         guard=Guard.THREE_REVISIONS, clears=_CLOCKS, sets=frozenset({T.DISPUTE})),
    Move(C.RESOLVE, _states(S.DISPUTED), S.DONE, _JUDGES, MARKET, held=True, part=True,
         guard=Guard.WORKER_PAID, hold=Hold.SPLIT, clears=_CLOCKS),
    Move(C.RESOLVE, _states(S.DISPUTED), S.CANCELLED, _JUDGES, _ALONE, held=True,
         guard=Guard.ALL_REFUNDED, hold=Hold.REFUND, clears=_CLOCKS),
    Move(C.RESOLVE, _states(S.DISPUTED), S.OPEN, _JUDGES, _FORCE, held=True, part=True,
         guard=Guard.ALL_REFUNDED, clears=_CLOCKS, sets=_INTAKE_ON),
    Move(C.CANCEL, _states(S.DRAFT, S.OPEN, S.SELECTING), S.CANCELLED,
         frozenset({Side.POSTER, Side.MANAGER, Side.ADMIN}), held=False, clears=_CLOCKS),
    Move(C.CANCEL, _states(S.DRAFT, S.OPEN, S.SELECTING), S.CANCELLED,
         _OWNERS, MARKET, held=True, part=False, hold=Hold.REFUND, clears=_CLOCKS),
    Move(C.CANCEL, _states(S.DRAFT, S.OPEN), S.CANCELLED, _OWNERS | {Side.HALL}, _FORCE,
         held=True, part=True, hold=Hold.REFUND, clears=_CLOCKS),
    Move(C.CANCEL, _ON_IT | {S.IN_REVIEW}, S.CANCELLED, POSTER_SIDE, held=False, clears=_CLOCKS),
    Move(C.CANCEL, _ON_IT, S.CANCELLED, _OWNERS | {Side.HALL}, MARKET, held=True, part=False,
         guard=Guard.AGREED_OR_LAPSED, hold=Hold.REFUND, clears=_CLOCKS),
    Move(C.EXPIRE, _states(S.OPEN, S.SELECTING) | _ON_IT, S.EXPIRED, _BY_ITSELF,
         MARKET, held=True, part=False, hold=Hold.REFUND, clears=_CLOCKS),
    Move(C.FAIL, _states(S.OPEN) | _ON_IT, S.FAILED, WORKER_SIDE, held=False, clears=_CLOCKS),
    Move(C.FAIL, _ON_IT, S.FAILED, WORKER_SIDE, MARKET, held=True, part=False,
         hold=Hold.REFUND, clears=_CLOCKS),
    Move(C.RETRY, _DELIVERS, S.IN_PROGRESS, frozenset({Side.HALL}), STAFF,
         then_waits=Waiting.UNTIL, sets=frozenset({T.RETRY})),
    Move(C.RESUME, _states(S.FAILED, S.CANCELLED), S.OPEN, POSTER_SIDE, STAFF, held=False,
         then_waits=Waiting.POSTER, guard=Guard.NO_LIVE_WORKER),
    Move(C.REOPEN, _ENDED, S.OPEN, POSTER_SIDE, held=False,
         then_waits=Waiting.POSTER, guard=Guard.NO_LIVE_WORKER),
    Move(C.ASSIGN_TO_STAFF, _states(S.DRAFT, S.OPEN, S.SELECTING), S.OPEN, _OWNERS, MARKET,
         held=True, part=False, hold=Hold.REFUND, clears=_CLOCKS),
    Move(C.OFFER, _states(S.DRAFT, S.OPEN), S.OPEN, frozenset({Side.POSTER}), STAFF, held=False,
         guard=Guard.NO_LIVE_WORKER, hold=Hold.TAKE, clears=_CLOCKS, sets=_INTAKE_ON),
    Move(C.CHANGE_DRAFT, _states(S.DRAFT), S.DRAFT, frozenset({Side.POSTER}), part=False),
    *(
        Move(C.BOARD_MOVE, _BOARD - {target}, target, POSTER_SIDE, STAFF, held=False,
             then_waits=Waiting.POSTER if target in (S.OPEN, S.IN_PROGRESS) else Waiting.NOTHING,
             guard=Guard.NO_LIVE_WORKER, clears=_CLOCKS)
        for target in (S.DRAFT, S.OPEN, S.IN_PROGRESS, S.IN_REVIEW, S.DONE, S.FAILED)
    ),
)  # fmt: skip
"""The whole table; `docs/lifecycle.md` is printed from it."""

_BY_COMMAND: dict[Command, tuple[Move, ...]] = {
    command: tuple(move for move in MOVES if move.command is command) for command in Command
}

_SAYS: dict[State, str] = {
    State.DRAFT: "not offered yet",
    State.OPEN: "waiting to be taken",
    State.SELECTING: "choosing among proposals",
    State.ASSIGNED: "taken and about to begin",
    State.IN_PROGRESS: "being worked on",
    State.AWAITING_REPLY: "waiting for a reply",
    State.IN_REVIEW: "waiting for a decision on its solution",
    State.REVISING: "being revised",
    State.DISPUTED: "disputed",
    State.DONE: "completed",
    State.FAILED: "failed",
    State.CANCELLED: "cancelled",
    State.EXPIRED: "expired",
}


def moves_for(
    command: Command,
    *,
    state: State,
    waiting_for: Waiting,
    engagement: Engagement,
    acceptance: Acceptance,
    has_hold: bool,
    side: Side,
    part: bool = False,
) -> Iterable[Move]:
    """Every row that fits; more than one only where a guard or the target tells them apart."""
    force = engagement is Engagement.TASK_FORCE
    for move in _BY_COMMAND[command]:
        if (
            state in move.sources
            and side in move.by
            and engagement in move.engagements
            and move.held in (None, has_hold)
            and move.acceptance in (None, acceptance)
            and (not move.waiting or waiting_for in move.waiting)
            and (not force or move.part in (None, part))
        ):
            yield move


def move_of(task: Task, command: Command, side: Side, *, target: State | None = None) -> Move:
    """The row by which a side may give a command to a task now.

    `target` chooses where a command leads to several states (resolve, board_move). Raises
    WrongState with a sentence when no row fits.
    """
    for move in moves_for(
        command,
        state=task.state,
        waiting_for=task.waiting_for,
        engagement=task.engagement,
        acceptance=task.acceptance,
        has_hold=task.has_hold,
        side=side,
        part=task.is_part,
    ):
        if target is None or move.target is target:
            return move
    raise refusal(task, command)


def refusal(task: Task, command: Command) -> WrongState:
    """Why a command does not fit a task now, as a sentence for whoever gave it."""
    return WrongState(
        f"Task is {_SAYS[task.state]}; it cannot {_VERBS[command]} now",
        state=task.state.value,
        command=command.value,
        cannot=_VERBS[command],
        can={side.value: commands_of(task, side) for side in (Side.POSTER, Side.WORKER)},
    )


def commands_of(task: Task, side: Side) -> list[str]:
    """What a side can do to a task as it stands, conditions beside its state left out."""
    return [
        command.value
        for command in Command
        if command is not Command.BOARD_MOVE
        and any(
            moves_for(
                command,
                state=task.state,
                waiting_for=task.waiting_for,
                engagement=task.engagement,
                acceptance=task.acceptance,
                has_hold=task.has_hold,
                side=side,
                part=task.is_part,
            )
        )
    ]


_VERBS: dict[Command, str] = {
    **{command: f"be given '{command.value}'" for command in Command},
    Command.PUBLISH: "be published",
    Command.CLAIM: "be claimed",
    Command.START: "be started",
    Command.ASK: "take a question",
    Command.REPLY: "take a reply",
    Command.PROPOSE_PLAN: "take a plan",
    Command.DECIDE_PLAN: "take a decision on a plan",
    Command.DELIVER: "take a solution",
    Command.ACCEPT: "be accepted",
    Command.REJECT: "be rejected",
    Command.REQUEST_REVISION: "be sent back",
    Command.CANCEL: "be cancelled",
    Command.SHORTLIST: "have a proposal chosen",
    Command.DECLINE: "have a proposal declined",
    Command.CLOSE_INTAKE: "have its intake closed",
    Command.RELEASE_CLAIM: "be given back",
    Command.DISPUTE: "be disputed",
    Command.RESOLVE: "have a dispute resolved",
    Command.FAIL: "be given up",
    Command.RESUME: "be resumed",
    Command.REOPEN: "be opened again",
    Command.BOARD_MOVE: "be moved there",
    Command.ASSIGN_TO_STAFF: "be given to the hall's own staff",
    Command.OFFER: "be offered on the market",
    Command.CHANGE_DRAFT: "be changed as a draft",
}
