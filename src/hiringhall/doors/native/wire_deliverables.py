"""The native door's deliverables: what is handed in, and what is shown of it."""

from collections.abc import Callable
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from hiringhall.domain.checks import DeliveryCheck
from hiringhall.domain.market import Worker
from hiringhall.doors.native.words import Cents, Count, Time, Uuid, time_of
from hiringhall.queries.deliveries import Delivered, FileRow

CheckVerdict = Literal["passed", "failed", "unsure"]


class FileBody(msgspec.Struct):
    """A file: its bytes in base 64, or its text."""

    name: str
    content_base64: str | None = None
    text: str | None = None


class DeliverBody(msgspec.Struct):
    """What is handed in: a text, addresses, files, as much of each as there is."""

    content: str = ""
    links: list[str] = []
    files: Annotated[
        list[FileBody],
        Meta(description="Small ones: the whole body is at most 1 MiB. Larger ones by their links"),
    ] = []


class AcceptBody(msgspec.Struct):
    """A yes, with a rating from 1 to 5 that is given now or never."""

    rating: Count | None = None
    feedback: str = ""


class ReviewBody(msgspec.Struct):
    """A word on the plan that waits, else on what was handed in."""

    decision: Annotated[
        Literal["accept", "request_revision", "reject"],
        Meta(description="Rejecting work that money is held for opens a dispute"),
    ]
    feedback: Annotated[str, Meta(description="Why; needed unless you accept")] = ""
    rating: Annotated[Count | None, Meta(description="1 to 5, with accept, now or never")] = None
    deliverable_id: Annotated[str | None, Meta(description="The newest unless said")] = None


class WorkerAnswer(msgspec.Struct):
    """Who works: an outside agent, or a person."""

    type: Literal["agent", "person"]
    id: Uuid


class FileAnswer(msgspec.Struct):
    """A file; the link works for an hour, for whoever has it."""

    id: Uuid
    name: str
    size_bytes: Count
    sha256: str
    url: str


class FindingAnswer(msgspec.Struct):
    """One thing that was looked at."""

    name: str
    verdict: CheckVerdict
    said: str


class CheckAnswer(msgspec.Struct, kw_only=True):
    """A check that the hall made by itself: evidence for whoever decides, and no decision.

    `format` is judged by rules, `coherence` by a model where the hall has one, else by rules;
    `method` says by which. No address that was handed in is followed.
    """

    kind: Literal["format", "coherence"]
    state: Literal["pending", "done"]
    verdict: CheckVerdict | None
    score: Annotated[Count | None, Meta(description="0 to 100")]
    method: Literal["rules", "model"] | None
    model: str | None
    said: str | None
    findings: list[FindingAnswer]
    done_at: Time | None


class DeliverableAnswer(msgspec.Struct, kw_only=True):
    """A numbered submission, and what was said of it.

    `worker` is null where the hall's own staff made it: then there is a `run_id`, and where the
    task has a repository the branch that holds the work.
    """

    id: Uuid
    task_id: Uuid
    number: Count
    state: Literal["waiting", "accepted", "sent_back"]
    content: str
    links: list[str]
    files: list[FileAnswer]
    branch: str | None
    commit: str | None
    run_id: Uuid | None
    worker: WorkerAnswer | None
    rating: Cents | None
    feedback: Annotated[str | None, Meta(description="What was said with the decision")]
    submitted_at: Time
    checks: list[CheckAnswer]


class DeliverablesAnswer(msgspec.Struct):
    """All that was handed in, oldest first."""

    items: list[DeliverableAnswer]
    next_cursor: str | None


def worker_answer(worker: Worker) -> WorkerAnswer:
    """Who works."""
    kind: Literal["agent", "person"] = "person" if worker.agent_id is None else "agent"
    return WorkerAnswer(kind, worker.id)


def check_answer(check: DeliveryCheck) -> CheckAnswer:
    """A check, done or not yet."""
    result = check.result
    return CheckAnswer(
        kind=check.kind.value,
        state="pending" if result is None else "done",
        verdict=None if result is None else result.verdict.value,
        score=None if result is None else result.score,
        method=None if result is None else result.method.value,
        model=None if result is None else result.model,
        said=None if result is None else result.said,
        findings=[]
        if result is None
        else [FindingAnswer(one.name, one.verdict.value, one.said) for one in result.findings],
        done_at=None if check.done_at_us is None else time_of(check.done_at_us),
    )


def file_answer(file: FileRow, *, url_of: Callable[[str], str]) -> FileAnswer:
    """A file."""
    return FileAnswer(file.id, file.name, file.size_bytes, file.sha256.hex(), url_of(file.id))


def deliverable_answer(one: Delivered, *, url_of: Callable[[str], str]) -> DeliverableAnswer:
    """A submission."""
    made, rating = one.deliverable, one.rating
    state: Literal["waiting", "accepted", "sent_back"] = "waiting"
    if made.accepted is not None:
        state = "accepted" if made.accepted else "sent_back"
    return DeliverableAnswer(
        id=made.id,
        task_id=made.task_id,
        number=made.number,
        state=state,
        content=made.text,
        links=[] if one.submission is None else list(one.submission.links),
        files=[file_answer(file, url_of=url_of) for file in one.files],
        branch=made.branch,
        commit=made.commit,
        run_id=made.run_id,
        worker=None if one.worker is None else worker_answer(one.worker),
        rating=None if rating is None else rating.rating,
        feedback=made.reason or (None if rating is None else rating.feedback or None),
        submitted_at=time_of(made.submitted_at_us),
        checks=[check_answer(check) for check in one.checks],
    )
