"""How a run ends of its own accord: it asks, proposes a plan, delivers, or gives up."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hiringhall.actions.runs.ending import actor_of, load_fenced
from hiringhall.actions.tasks.moving import move
from hiringhall.actions.transaction import action
from hiringhall.domain.errors import Invalid
from hiringhall.domain.events import (
    DeliverableSubmitted,
    Happened,
    PlanProposed,
    QuestionAsked,
    TaskFailed,
)
from hiringhall.domain.lifecycle import Command, Side
from hiringhall.domain.questions import (
    MAX_QUESTIONS,
    AskedQuestion,
    Question,
    QuestionKind,
    questions_text,
)
from hiringhall.domain.runs import OutcomeKind, Run, RunState, RunToken
from hiringhall.domain.tasks import Acceptance, Task, Waiting
from hiringhall.hall import Hall
from hiringhall.store import attachments, deliverables, patches, plans, questions, runs
from hiringhall.store.database import Tx
from hiringhall.store.deliverables import Deliverable, FileRow
from hiringhall.store.patches import PatchRow

MAX_FILES = 1_000


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file that a run hands in; its bytes lie under `blob_key` already."""

    name: str
    size_bytes: int
    sha256: bytes
    blob_key: str


@dataclass(frozen=True, slots=True)
class NewPatch:
    """What a run changed in a repository; its bytes lie under `blob_key` already.

    `files` is how many differ; where it `is_cut` it ends in the middle.
    """

    files: int
    size_bytes: int
    sha256: bytes
    blob_key: str
    is_cut: bool


@action
async def ask(tx: Tx, hall: Hall, *, token: RunToken, asked: Sequence[Question]) -> Task:
    """Ask the poster typed questions; the run ends, and the reply starts the next."""
    if not 1 <= len(asked) <= MAX_QUESTIONS:
        raise Invalid(f"A worker asks 1 to {MAX_QUESTIONS} questions at once")
    task, run = await load_fenced(tx, token)
    question = AskedQuestion(
        hall.new_id(), QuestionKind.CLARIFYING, questions_text(asked), tuple(asked)
    )
    return await _ask(tx, hall, task, run, question)


@action
async def message_customer(tx: Tx, hall: Hall, *, token: RunToken, text: str) -> Task:
    """Say something to the poster in plain text that wants an answer; the run ends."""
    task, run = await load_fenced(tx, token)
    question = AskedQuestion(hall.new_id(), QuestionKind.TO_CUSTOMER, _some(text, "message"))
    return await _ask(tx, hall, task, run, question)


@action
async def propose_plan(tx: Tx, hall: Hall, *, token: RunToken, text: str) -> Task:
    """Propose how to do the task, where the poster wants to approve that; the run ends."""
    task, run = await load_fenced(tx, token)
    plan_id = hall.new_id()
    said = _some(text, "plan")
    await plans.add(
        tx, plan_id=plan_id, task_id=task.id, run_id=run.id, text=said, at_us=hall.clock()
    )
    return await _end(
        tx,
        hall,
        task,
        run,
        Command.PROPOSE_PLAN,
        outcome=OutcomeKind.PLANNED,
        event=PlanProposed(plan_id, said),
        plan_id=plan_id,
    )


@action
async def deliver(
    tx: Tx,
    hall: Hall,
    *,
    token: RunToken,
    text: str,
    files: Sequence[NewFile] = (),
    branch: str | None = None,
    commit: str | None = None,
    links: Sequence[str] = (),
    patch: NewPatch | None = None,
) -> Task:
    """Hand in the task's next deliverable, with what was attached before; the run ends."""
    return await hand_in(
        tx,
        hall,
        token=token,
        text=text,
        files=files,
        branch=branch,
        commit=commit,
        links=links,
        patch=patch,
    )


async def hand_in(
    tx: Tx,
    hall: Hall,
    *,
    token: RunToken,
    text: str,
    files: Sequence[NewFile] = (),
    branch: str | None = None,
    commit: str | None = None,
    links: Sequence[str] = (),
    patch: NewPatch | None = None,
) -> Task:
    """The same, within a transaction."""
    task, run = await load_fenced(tx, token)
    files = await _with_attached(tx, task.id, files)
    if len(files) > MAX_FILES:
        raise Invalid(f"A deliverable has at most {MAX_FILES} files")
    now_us = hall.clock()
    deliverable = Deliverable(
        id=hall.new_id(),
        task_id=task.id,
        run_id=run.id,
        number=await deliverables.next_number(tx, task.id),
        text=_some(text, "solution"),
        branch=branch,
        commit=commit,
        accepted=None,
        reason=None,
        submitted_at_us=now_us,
    )
    await _write(tx, hall, task, deliverable, files, patch)
    await attachments.forget(tx, task.id)
    if task.acceptance is Acceptance.ON_DELIVERY:
        await deliverables.decide(tx, deliverable.id, accepted=True, reason=None, at_us=now_us)
    return await _end(
        tx,
        hall,
        task,
        run,
        Command.DELIVER,
        outcome=OutcomeKind.DELIVERED,
        event=DeliverableSubmitted(
            deliverable.id,
            deliverable.number,
            deliverable.text,
            tuple(file.name for file in files),
            branch,
            commit,
            tuple(links),
        ),
        deliverable_id=deliverable.id,
    )


@action
async def give_up(tx: Tx, hall: Hall, *, token: RunToken, reason: str) -> Task:
    """Say that the task cannot be done; the run and the task end as failed."""
    return await fail(tx, hall, token=token, reason=reason)


async def fail(tx: Tx, hall: Hall, *, token: RunToken, reason: str) -> Task:
    """The same, within a transaction."""
    task, run = await load_fenced(tx, token)
    said = reason.strip() or "The worker gave up without a reason"
    await attachments.forget(tx, task.id)
    await runs.end(tx, run, RunState.FAILED, because=said, at_us=hall.clock())
    return await move(
        tx,
        hall,
        task,
        Command.FAIL,
        side=Side.WORKER,
        actor=actor_of(run),
        event=TaskFailed(said),
        waiting_for=Waiting.NOTHING,
    )


async def _write(
    tx: Tx,
    hall: Hall,
    task: Task,
    deliverable: Deliverable,
    files: Sequence[NewFile],
    patch: NewPatch | None,
) -> None:
    """Write a deliverable down, with its files and what it changed."""
    await deliverables.add(tx, deliverable)
    rows = [
        FileRow(
            hall.new_id(),
            task.organization_id,
            task.id,
            deliverable.id,
            file.name,
            file.size_bytes,
            file.sha256,
            file.blob_key,
            deliverable.submitted_at_us,
        )
        for file in files
    ]
    await deliverables.add_files(tx, rows)
    if patch is None:
        return
    kept = PatchRow(
        deliverable.id,
        patch.files,
        patch.size_bytes,
        patch.sha256,
        patch.blob_key,
        patch.is_cut,
    )
    await patches.add(tx, kept)


async def _with_attached(tx: Tx, task_id: str, files: Sequence[NewFile]) -> list[NewFile]:
    """All files of a deliverable; of two of a name the attached one, for it was chosen."""
    attached = {
        one.name: NewFile(one.name, one.size_bytes, one.sha256, one.blob_key)
        for one in await attachments.of_task(tx, task_id)
    }
    return [*(file for file in files if file.name not in attached), *attached.values()]


async def _ask(tx: Tx, hall: Hall, task: Task, run: Run, question: AskedQuestion) -> Task:
    await questions.add(tx, question, task_id=task.id, run_id=run.id, at_us=hall.clock())
    return await _end(
        tx,
        hall,
        task,
        run,
        Command.ASK,
        outcome=OutcomeKind.ASKED,
        event=QuestionAsked(question.id, question.kind.value, question.text),
        question_id=question.id,
    )


async def _end(
    tx: Tx,
    hall: Hall,
    task: Task,
    run: Run,
    command: Command,
    *,
    outcome: OutcomeKind,
    event: Happened,
    **changes: Any,
) -> Task:
    await runs.end(tx, run, RunState.COMPLETED, because=outcome.value, at_us=hall.clock())
    return await move(
        tx, hall, task, command, side=Side.WORKER, actor=actor_of(run), event=event, **changes
    )


def _some(text: str, what: str) -> str:
    tidy = text.strip()
    if not tidy:
        raise Invalid(f"A {what} cannot be empty")
    return tidy
