"""What happened, as frozen classes named in the past tense: enough to rebuild a task's row."""

from dataclasses import dataclass, field
from typing import ClassVar

Changed = str | int | list[str] | list[dict[str, str]] | None
"""What a field of a brief or of an offer is now, as JSON has it."""


@dataclass(frozen=True, slots=True)
class Happened:
    """The base of every event; `type` is its name in the log."""

    type: ClassVar[str]


@dataclass(frozen=True, slots=True)
class TaskCreated(Happened):
    """A task was written down; the fields are its brief, and where it belongs."""

    type = "task_created"
    title: str
    description: str
    engagement: str
    acceptance: str
    repository: str | None = None
    role: str | None = None
    spec_approval: bool = False
    price_cents: int | None = None
    team_id: str | None = None
    parent_id: str | None = None
    accept_criteria: str | None = None
    priority: int = 0
    dependencies: tuple[str, ...] = ()
    created_label: str | None = None


@dataclass(frozen=True, slots=True)
class TaskChanged(Happened):
    """A task's brief was worded anew; `changes` are the fields that are another way now.

    Their names are those of TaskCreated, `dependencies` among them, and of a draft's terms, and
    `cap_micros` for what its models may cost.
    """

    type = "task_changed"
    changes: dict[str, Changed]


@dataclass(frozen=True, slots=True)
class TaskPublished(Happened):
    """A task may be taken."""

    type = "task_published"


@dataclass(frozen=True, slots=True)
class WaitingChanged(Happened):
    """A task waits for something else than before; `text` is the reason in plain words."""

    type = "waiting_changed"
    text: str
    until_us: int | None = None


@dataclass(frozen=True, slots=True)
class TaskClaimed(Happened):
    """Somebody took the task: a run, by then with its repository, or whom an assignment names."""

    type = "task_claimed"
    run_id: str | None = None
    repository: str | None = None
    assignment_id: str | None = None


@dataclass(frozen=True, slots=True)
class RunStarted(Happened):
    """One of the hall's own workers began a stretch of work; the first takes the task up."""

    type = "run_started"
    run_id: str
    generation: int
    runtime: str


@dataclass(frozen=True, slots=True)
class RunEnded(Happened):
    """A run ended without an outcome of its own: broken, lost or cancelled."""

    type = "run_ended"
    run_id: str
    state: str
    text: str


@dataclass(frozen=True, slots=True)
class WorkBrought(Happened):
    """A run is at another node than its predecessor: `text` says from when its state is."""

    type = "work_brought"
    text: str


@dataclass(frozen=True, slots=True)
class ProgressReported(Happened):
    """The worker said how far it is."""

    type = "progress_reported"
    text: str


@dataclass(frozen=True, slots=True)
class MessagePosted(Happened):
    """Somebody said something in the task's thread; `sender` is on whose side they are."""

    type = "message_posted"
    message_id: str
    kind: str
    sender: str
    sender_name: str
    text: str


@dataclass(frozen=True, slots=True)
class QuestionAsked(Happened):
    """The worker needs the poster to say something."""

    type = "question_asked"
    question_id: str
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class ReplyGiven(Happened):
    """The poster answered; `said_as` is who the answer says it is from, where it says so."""

    type = "reply_given"
    question_id: str
    text: str
    said_as: str | None = None


@dataclass(frozen=True, slots=True)
class PlanProposed(Happened):
    """The worker says how it would do the task, and waits for a yes."""

    type = "plan_proposed"
    plan_id: str
    text: str


@dataclass(frozen=True, slots=True)
class PlanDecided(Happened):
    """The poster said yes or no to a plan."""

    type = "plan_decided"
    plan_id: str
    accepted: bool
    text: str = ""


@dataclass(frozen=True, slots=True)
class DeliverableSubmitted(Happened):
    """A numbered submission: text, files, branch, links."""

    type = "deliverable_submitted"
    deliverable_id: str
    number: int
    text: str
    files: tuple[str, ...] = field(default=())
    branch: str | None = None
    commit: str | None = None
    links: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class OutputWritten(DeliverableSubmitted):
    """Somebody at a board said what came of a task, which did not move by it."""

    type = "output_written"


@dataclass(frozen=True, slots=True)
class DeliverableAccepted(Happened):
    """The deliverable was accepted, and the task is done; `text` is what was said with it."""

    type = "deliverable_accepted"
    deliverable_id: str
    rating: int | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class RevisionRequested(Happened):
    """The deliverable was sent back with a reason."""

    type = "revision_requested"
    deliverable_id: str
    text: str


@dataclass(frozen=True, slots=True)
class RetryScheduled(Happened):
    """The last run broke; the next is due at a time."""

    type = "retry_scheduled"
    text: str
    until_us: int


@dataclass(frozen=True, slots=True)
class TaskMoved(Happened):
    """A person moved the task at a board; `was` is the state it was in."""

    type = "task_moved"
    was: str


@dataclass(frozen=True, slots=True)
class TaskResumed(Happened):
    """A task that had failed or was withdrawn goes on where its last run left it."""

    type = "task_resumed"


@dataclass(frozen=True, slots=True)
class TaskReopened(Happened):
    """A new round of a task that had ended; what was delivered stays."""

    type = "task_reopened"


@dataclass(frozen=True, slots=True)
class TaskCancelled(Happened):
    """The task was withdrawn."""

    type = "task_cancelled"
    text: str = ""


@dataclass(frozen=True, slots=True)
class TaskFailed(Happened):
    """The worker gave up, or every retry did."""

    type = "task_failed"
    text: str


@dataclass(frozen=True, slots=True)
class TaskExpired(Happened):
    """Nobody took the task, or its time passed; `text` says which."""

    type = "task_expired"
    text: str


@dataclass(frozen=True, slots=True)
class ProposalSubmitted(Happened):
    """Somebody offers to do the task."""

    type = "proposal_submitted"
    proposal_id: str
    price_cents: int


@dataclass(frozen=True, slots=True)
class ProposalShortlisted(Happened):
    """The poster chose a proposal; its maker may deliver."""

    type = "proposal_shortlisted"
    proposal_id: str
    assignment_id: str


@dataclass(frozen=True, slots=True)
class ProposalDeclined(Happened):
    """The poster does not want a proposal."""

    type = "proposal_declined"
    proposal_id: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class ProposalWithdrawn(Happened):
    """Whoever made a proposal took it back."""

    type = "proposal_withdrawn"
    proposal_id: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class IntakeClosed(Happened):
    """No more proposals are taken; `text` says why."""

    type = "intake_closed"
    text: str


@dataclass(frozen=True, slots=True)
class ClaimReleased(Happened):
    """Whoever had the task gave it back."""

    type = "claim_released"
    assignment_id: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class ClaimLapsed(Happened):
    """Whoever had the task did not deliver in time, and it is on offer again."""

    type = "claim_lapsed"
    assignment_id: str
    text: str


@dataclass(frozen=True, slots=True)
class DisputeOpened(Happened):
    """A side does not agree; the other, or an admin, is to speak."""

    type = "dispute_opened"
    dispute_id: str
    opened_by: str
    text: str


@dataclass(frozen=True, slots=True)
class DisputeStated(Happened):
    """A side, or an admin, said something in a dispute; an amount is what the worker should get."""

    type = "dispute_stated"
    dispute_id: str
    said_by: str
    text: str = ""
    worker_cents: int | None = None


@dataclass(frozen=True, slots=True)
class DisputeResolved(Happened):
    """A dispute is over; `worker_cents` is what the worker got of its share, `text` by whom."""

    type = "dispute_resolved"
    dispute_id: str
    worker_cents: int
    text: str


ALL: tuple[type[Happened], ...] = (
    TaskCreated,
    TaskChanged,
    TaskPublished,
    WaitingChanged,
    TaskClaimed,
    RunStarted,
    RunEnded,
    WorkBrought,
    ProgressReported,
    MessagePosted,
    QuestionAsked,
    ReplyGiven,
    PlanProposed,
    PlanDecided,
    DeliverableSubmitted,
    OutputWritten,
    DeliverableAccepted,
    RevisionRequested,
    RetryScheduled,
    TaskMoved,
    TaskResumed,
    TaskReopened,
    TaskCancelled,
    TaskFailed,
    TaskExpired,
    ProposalSubmitted,
    ProposalShortlisted,
    ProposalDeclined,
    ProposalWithdrawn,
    IntakeClosed,
    ClaimReleased,
    ClaimLapsed,
    DisputeOpened,
    DisputeStated,
    DisputeResolved,
)

BY_TYPE: dict[str, type[Happened]] = {cls.type: cls for cls in ALL}
