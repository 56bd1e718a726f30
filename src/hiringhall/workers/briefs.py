"""A task's brief as files, for a worker that reads files: all that was said, in order."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from hiringhall.actions.runs.working import RunBrief
from hiringhall.domain.ids import branch_of
from hiringhall.domain.market import Terms
from hiringhall.store.deliverables import Deliverable
from hiringhall.store.plans import Plan
from hiringhall.store.questions import Exchange
from hiringhall.workers.sessions import Seen

CRITERIA = "## Accept criteria: verify each before you hand in"


def write_brief(brief: RunBrief, folder: Path) -> None:
    """Write `brief.md` for reading and `brief.json` for programs into a folder of the hall's."""
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    (folder / "brief.md").write_text(as_markdown(brief))
    (folder / "brief.json").write_text(as_json(brief))


def as_markdown(brief: RunBrief) -> str:
    """The brief as a person would read it."""
    parts = _task_parts(brief)
    parts += thread_parts(brief.exchanges, brief.plans, brief.deliverables)
    return "\n\n".join(parts) + "\n"


def news(brief: RunBrief, seen: Seen) -> list[str]:
    """What a worker has not been told yet, as sections of a text; a changed brief as a whole."""
    parts: list[str] = []
    if seen.brief not in ("", _digest(brief)):
        parts = ["## The brief has changed, and says now", *_task_parts(brief)]
    return parts + thread_parts(
        brief.exchanges[seen.exchanges :],
        brief.plans[seen.plans :],
        brief.deliverables[seen.deliverables :],
    )


def seen_of(brief: RunBrief) -> Seen:
    """How much a run has been told when its first prompt is sent."""
    return Seen(len(brief.exchanges), len(brief.plans), len(brief.deliverables), _digest(brief))


def _task_parts(brief: RunBrief) -> list[str]:
    task = brief.task
    parts = [f"# {task.title}", task.description]
    if task.accept_criteria:
        parts.append(f"{CRITERIA}\n\n{task.accept_criteria}")
    parts += [] if brief.terms is None else _terms_parts(brief.terms)
    return [part for part in parts if part]


def _terms_parts(terms: Terms) -> list[str]:
    """What a task has beside its description where it was on the market before."""
    given = [
        " ".join(filter(None, (one.name, one.url, one.text)))
        for one in (*terms.inputs, *terms.assets)
    ]
    sections = {
        "Instructions": terms.instructions,
        "Expected output": terms.expected_output,
        "Given": "\n".join(f"- {one}" for one in given),
    }
    return [f"## {title}\n\n{text}" for title, text in sections.items() if text]


def _digest(brief: RunBrief) -> str:
    return hashlib.sha256("\n\n".join(_task_parts(brief)).encode()).hexdigest()


def thread_parts(
    exchanges: Sequence[Exchange], plans: Sequence[Plan], deliverables: Sequence[Deliverable]
) -> list[str]:
    """What was said between poster and worker, as sections of a text."""
    parts: list[str] = []
    for exchange in exchanges:
        parts.append(f"## Question\n\n{exchange.question.text}")
        if exchange.reply_text is not None:
            parts.append(f"## Reply\n\n{exchange.reply_text}")
    for plan in plans:
        decided = {None: "not decided", True: "approved", False: "refused"}[plan.accepted]
        parts.append(f"## Plan ({decided})\n\n{plan.text}")
        if plan.reason:
            parts.append(f"## Why\n\n{plan.reason}")
    for deliverable in deliverables:
        parts.append(f"## Solution {deliverable.number}\n\n{deliverable.text}")
        if deliverable.accepted is False:
            parts.append(f"## Sent back\n\n{deliverable.reason or 'No reason was given.'}")
    return parts


def as_json(brief: RunBrief) -> str:
    """The brief as a program would read it."""
    return json.dumps(
        {
            "task_id": brief.task.id,
            "title": brief.task.title,
            "description": brief.task.description,
            "accept_criteria": brief.task.accept_criteria,
            "branch": branch_of(brief.task.id),
            "exchanges": [
                {"question": exchange.question.text, "reply": exchange.reply_text}
                for exchange in brief.exchanges
            ],
            "plans": [
                {"text": plan.text, "accepted": plan.accepted, "reason": plan.reason}
                for plan in brief.plans
            ],
            "deliverables": [
                {
                    "number": deliverable.number,
                    "text": deliverable.text,
                    "accepted": deliverable.accepted,
                    "reason": deliverable.reason,
                }
                for deliverable in brief.deliverables
            ],
        },
        ensure_ascii=False,
        indent=1,
    )
