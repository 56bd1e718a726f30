"""The tools of whoever works on a task: what each takes, and what it does at the run's desk."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from hiringhall.actions.runs import working
from hiringhall.domain.errors import Forbidden, Invalid
from hiringhall.domain.questions import MAX_QUESTIONS, make_question
from hiringhall.workers.briefs import as_markdown
from hiringhall.workers.coordination.desk import Desk, HandIn
from hiringhall.workers.runtimes.port import Asked, GaveUp, Planned

_STOP = "It has reached the poster. Your work is over for now: end your turn, and do nothing more."


class Nothing(msgspec.Struct, forbid_unknown_fields=True):
    """No arguments."""


class Progress(msgspec.Struct, forbid_unknown_fields=True):
    """What `report_progress` takes."""

    text: str


class QuestionAsked(msgspec.Struct, forbid_unknown_fields=True):
    """One question of `ask`."""

    question: str
    type: str = "text"
    options: list[str] | None = None


class Ask(msgspec.Struct, forbid_unknown_fields=True):
    """What `ask` takes."""

    questions: list[QuestionAsked]


class Plan(msgspec.Struct, forbid_unknown_fields=True):
    """What `propose_plan` takes."""

    text: str


class Delivery(msgspec.Struct, forbid_unknown_fields=True):
    """What `deliver` takes."""

    text: str
    files: list[str] = []


class Failure(msgspec.Struct, forbid_unknown_fields=True):
    """What `fail` takes."""

    reason: str


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool: `does` answers with a text for the agent, and raises HallError to refuse."""

    name: str
    description: str
    takes: type[msgspec.Struct]
    properties: Mapping[str, Any]
    required: tuple[str, ...]
    does: Callable[[Desk, Any], Awaitable[str]]

    def schema(self) -> dict[str, Any]:
        """Its arguments as JSON Schema."""
        return {
            "type": "object",
            "properties": self.properties,
            "required": list(self.required),
            "additionalProperties": False,
        }

    async def call(self, desk: Desk, arguments: Mapping[str, Any]) -> str:
        """Use it; raises HallError where it is refused."""
        try:
            given = msgspec.convert(dict(arguments), self.takes)
        except msgspec.ValidationError as error:
            raise Invalid(f"{self.name} cannot take this: {error}") from error
        return await self.does(desk, given)


async def _get_task(desk: Desk, _: Nothing) -> str:
    return as_markdown(desk.brief)


async def _report_progress(desk: Desk, given: Progress) -> str:
    await working.report_progress(desk.hall, token=desk.token, text=desk.mask(given.text))
    return "The poster has been told."


async def _ask(desk: Desk, given: Ask) -> str:
    if not 1 <= len(given.questions) <= MAX_QUESTIONS:
        raise Invalid(f"Ask 1 to {MAX_QUESTIONS} questions at once")
    asked = [make_question(one.type, one.question, one.options) for one in given.questions]
    desk.submit(Asked(asked))
    return _STOP


async def _propose_plan(desk: Desk, given: Plan) -> str:
    if not awaits_plan(desk):
        raise Forbidden("Nobody has asked for a plan, or it is approved already: do the work")
    desk.submit(Planned(_some(given.text, "plan")))
    return _STOP


async def _deliver(desk: Desk, given: Delivery) -> str:
    if awaits_plan(desk):
        raise Forbidden("The poster wants to approve a plan first: use propose_plan")
    desk.submit(HandIn(_some(given.text, "solution"), tuple(given.files)))
    return _STOP


async def _fail(desk: Desk, given: Failure) -> str:
    desk.submit(GaveUp(_some(given.reason, "reason")))
    return _STOP


def awaits_plan(desk: Desk) -> bool:
    """Whether the run may do no more than propose how the task would be done."""
    task = desk.brief.task
    return task.spec_approval and not task.plan_approved


def _some(text: str, what: str) -> str:
    if not text.strip():
        raise Invalid(f"A {what} cannot be empty")
    return text


_TEXT = {"type": "string"}
_QUESTIONS = {
    "type": "array",
    "minItems": 1,
    "maxItems": MAX_QUESTIONS,
    "items": {
        "type": "object",
        "properties": {
            "question": _TEXT,
            "type": {
                "type": "string",
                "enum": ["text", "single_select", "multi_select"],
                "description": "text: answered in words; the others by choosing among options",
            },
            "options": {"type": "array", "items": _TEXT, "maxItems": 5},
        },
        "required": ["question"],
    },
}

TOOLS: tuple[Tool, ...] = (
    Tool(
        "get_task",
        "The task: title, description, and all that was said about it so far.",
        Nothing,
        {},
        (),
        _get_task,
    ),
    Tool(
        "report_progress",
        "Tell the poster in a sentence how far you are. Your work goes on.",
        Progress,
        {"text": _TEXT},
        ("text",),
        _report_progress,
    ),
    Tool(
        "ask",
        "Ask the poster what the task leaves open. It ends your work until the answers come.",
        Ask,
        {"questions": _QUESTIONS},
        ("questions",),
        _ask,
    ),
    Tool(
        "propose_plan",
        "Say how you would do the task, where its poster wants to approve that first.",
        Plan,
        {"text": _TEXT},
        ("text",),
        _propose_plan,
    ),
    Tool(
        "deliver",
        "Hand in: what you did, in a text for the poster. `files` are paths in the workspace to "
        "attach; without it all that you changed are. It ends your work.",
        Delivery,
        {"text": _TEXT, "files": {"type": "array", "items": _TEXT}},
        ("text",),
        _deliver,
    ),
    Tool(
        "fail",
        "Give the task up, because it cannot be done, with the reason. It ends your work.",
        Failure,
        {"reason": _TEXT},
        ("reason",),
        _fail,
    ),
)
