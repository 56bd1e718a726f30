"""What a worker may know of its task's surroundings, as data of a bounded size."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from hiringhall.domain.compute import money
from hiringhall.domain.ids import branch_of
from hiringhall.domain.messages import Message
from hiringhall.queries.budgets import Spending
from hiringhall.queries.work import Submission, WorkContext
from hiringhall.store.questions import Exchange

T = TypeVar("T")

MOST_TEXT = 20_000
"""Characters of one text; what is longer is cut, and says so."""
MOST_OF_A_KIND = 50
MOST_FILES = 200


def context_of(found: WorkContext) -> dict[str, Any]:
    """All of it; nothing is longer or more than a worker can read."""
    task, run, team, role = found.task, found.run, found.team, found.role
    return {
        "task": {
            "id": task.id,
            "title": task.title,
            "description": cut(task.description),
            "state": task.state.value,
            "repository": task.repository,
            "branch": branch_of(task.id),
            "priority": task.priority,
            "revisions": task.revisions,
        },
        "run": {"id": run.id, "turn": run.turn, "runtime": run.runtime},
        "team": None
        if team is None
        else {
            "id": team.id,
            "name": team.name,
            "goal": cut(team.goal or ""),
            "playbook": cut(team.playbook or ""),
        },
        "role": None if role is None else {"name": role.name, "prompt": cut(role.system_prompt)},
        "exchanges": [_exchange(one) for one in newest(found.exchanges)],
        "plans": [
            {"text": cut(one.text), "accepted": one.accepted, "reason": cut(one.reason or "")}
            for one in newest(found.plans)
        ],
        "deliverables": [submission_of(one) for one in newest(found.submissions)],
        "budgets": [_budget(one) for one in found.budgets],
        "thread": [message_of(one) for one in found.messages],
    }


def message_of(message: Message) -> dict[str, Any]:
    """A message of a thread."""
    return {
        "id": message.id,
        "sender": message.sender.value,
        "name": message.sender_name,
        "kind": message.kind.value,
        "text": message.text,
        "at": time_of(message.at_us),
    }


def submission_of(submission: Submission) -> dict[str, Any]:
    """A deliverable with the decision on it."""
    one = submission.deliverable
    return {
        "number": one.number,
        "text": cut(one.text),
        "branch": one.branch,
        "files": [file.name for file in submission.files[:MOST_FILES]],
        "accepted": one.accepted,
        "reason": cut(one.reason or ""),
    }


def cut(text: str) -> str:
    """A text as much of it as is told, with a word about the rest."""
    rest = len(text) - MOST_TEXT
    return text if rest <= 0 else f"{text[:MOST_TEXT]}\n[… {rest} more characters]"


def newest(many: Sequence[T]) -> Sequence[T]:
    """The last of them, as many as are told."""
    return many[-MOST_OF_A_KIND:]


def time_of(at_us: int) -> str:
    """A time in UTC, to the second."""
    return f"{datetime.fromtimestamp(at_us // 1_000_000, UTC).isoformat()[:19]}Z"


def _exchange(exchange: Exchange) -> dict[str, Any]:
    reply = exchange.reply_text
    return {
        "question": cut(exchange.question.text),
        "reply": None if reply is None else cut(reply),
    }


def _budget(spending: Spending) -> dict[str, Any]:
    cap, used = spending.cap_micros, spending.spent_micros + spending.reserved_micros
    return {
        "scope": spending.scope.value,
        "cap": None if cap is None else money(cap),
        "spent": money(spending.spent_micros),
        "left": None if cap is None else money(max(0, cap - used)),
    }
