"""What a worker may know of its task's surroundings, as data of a bounded size."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from hiringhall.domain.compute import money
from hiringhall.domain.criteria import read_criteria
from hiringhall.domain.ids import branch_of
from hiringhall.domain.messages import Message
from hiringhall.queries.budgets import Spending
from hiringhall.queries.work import Relative, Submission, WorkContext
from hiringhall.store.questions import Exchange

T = TypeVar("T")

MOST_TEXT = 20_000
"""Characters of one text; what is longer is cut, and says so."""
MOST_OF_A_KIND = 50
MOST_OF_RELATIVE = 2_000
"""Characters of each text of a sibling or a subtask: there may be a hundred."""
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
            "accept_criteria": _criteria(found),
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
        "parent": None if found.parent is None else relative_of(found.parent, most=MOST_TEXT),
        "dependencies": [relative_of(one, most=MOST_TEXT) for one in found.dependencies],
        "siblings": [relative_of(one) for one in found.siblings],
        "subtasks": [relative_of(one) for one in found.subtasks],
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


def submission_of(submission: Submission, *, most: int = MOST_TEXT) -> dict[str, Any]:
    """A deliverable with the decision on it."""
    one = submission.deliverable
    return {
        "number": one.number,
        "text": cut(one.text, most),
        "branch": one.branch,
        "files": [file.name for file in submission.files[:MOST_FILES]],
        "accepted": one.accepted,
        "reason": cut(one.reason or ""),
    }


def relative_of(relative: Relative, *, most: int = MOST_OF_RELATIVE) -> dict[str, Any]:
    """Another task, and the newest that came of it."""
    task, newest_ = relative.task, relative.newest
    return {
        "id": task.id,
        "title": task.title,
        "description": cut(task.description, most),
        "role": task.role,
        "state": task.state.value,
        "waiting_for": task.waiting_for.value,
        "branch": branch_of(task.id),
        "output": None if newest_ is None else submission_of(newest_, most=most),
    }


def cut(text: str, most: int = MOST_TEXT) -> str:
    """A text as much of it as is told, with a word about the rest."""
    rest = len(text) - most
    return text if rest <= 0 else f"{text[:most]}\n[… {rest} more characters]"


def newest(many: Sequence[T]) -> Sequence[T]:
    """The last of them, as many as are told."""
    return many[-MOST_OF_A_KIND:]


def time_of(at_us: int) -> str:
    """A time in UTC, to the second."""
    return f"{datetime.fromtimestamp(at_us // 1_000_000, UTC).isoformat()[:19]}Z"


def _criteria(found: WorkContext) -> list[dict[str, Any]]:
    criteria = read_criteria(found.task.accept_criteria)
    checks = [found.checks.get(number) for number in range(1, len(criteria) + 1)]
    return [
        {
            "number": number,
            "text": text,
            "met": None if check is None else check.met,
            "evidence": "" if check is None else check.evidence,
        }
        for number, (text, check) in enumerate(zip(criteria, checks, strict=True), 1)
    ]


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
