"""The tools that end a run: it asks, proposes a plan, hands in, or gives up."""

import msgspec

from hiringhall.actions.runs.outcomes import MAX_FILES
from hiringhall.domain.criteria import as_text, read_criteria, unchecked
from hiringhall.domain.errors import Forbidden, Invalid
from hiringhall.domain.questions import MAX_QUESTIONS, make_question
from hiringhall.queries.work import criteria_of
from hiringhall.workers.coordination.desk import Desk, HandIn
from hiringhall.workers.coordination.tool import (
    MOST_NAME,
    MOST_SENTENCE,
    STOP,
    TEXT,
    Tool,
    some,
)
from hiringhall.workers.runtimes.port import Asked, GaveUp, Planned


class QuestionAsked(msgspec.Struct, forbid_unknown_fields=True):
    """One question of `ask`."""

    question: str
    type: str = "text"
    options: list[str] | None = None


class Ask(msgspec.Struct, forbid_unknown_fields=True):
    """What `ask` takes: questions; or one `text`, with options to choose one or `several` of."""

    questions: list[QuestionAsked] = []
    text: str = ""
    options: list[str] = []
    several: bool = False


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


def awaits_plan(desk: Desk) -> bool:
    """Whether the run may do no more than propose how the task would be done."""
    task = desk.brief.task
    return task.spec_approval and not task.plan_approved


async def _ask(desk: Desk, given: Ask) -> str:
    questions = given.questions + ([_one(given)] if given.text else [])
    if not 1 <= len(questions) <= MAX_QUESTIONS:
        raise Invalid(f"Ask 1 to {MAX_QUESTIONS} questions at once")
    for one in questions:
        for text in (one.question, *(one.options or ())):
            some(text, "question", most=MOST_SENTENCE)
    await desk.hand_over(
        Asked([make_question(one.type, one.question, one.options) for one in questions])
    )
    return STOP


def _one(given: Ask) -> QuestionAsked:
    """The question that a script asks in one line."""
    if not given.options:
        return QuestionAsked(given.text)
    kind = "multi_select" if given.several else "single_select"
    return QuestionAsked(given.text, kind, given.options)


async def _propose_plan(desk: Desk, given: Plan) -> str:
    if not awaits_plan(desk):
        raise Forbidden("Nobody has asked for a plan, or it is approved already: do the work")
    await desk.hand_over(Planned(some(given.text, "plan")))
    return STOP


async def _deliver(desk: Desk, given: Delivery) -> str:
    if awaits_plan(desk):
        raise Forbidden("The poster wants to approve a plan first: use propose_plan")
    if len(given.files) > MAX_FILES or any(len(name) > MOST_NAME for name in given.files):
        raise Invalid(f"A deliverable has at most {MAX_FILES} files, with names that can be read")
    text = some(given.text, "solution")
    criteria = read_criteria(desk.brief.task.accept_criteria)
    if criteria:
        checks = await criteria_of(desk.hall, token=desk.token)
        left = unchecked(criteria, checks)
        if left and not desk.reminded:
            desk.reminded = True
            listed = "\n".join(left)
            raise Forbidden(
                f"These accept criteria are not checked:\n{listed}\nLook at each, say with "
                "check_criterion whether it is met, and deliver again."
            )
        text = f"{text.rstrip()}\n\n{as_text(criteria, checks)}"
    await desk.hand_over(HandIn(text, tuple(given.files)))
    return STOP


async def _fail(desk: Desk, given: Failure) -> str:
    await desk.hand_over(GaveUp(some(given.reason, "reason", most=MOST_SENTENCE)))
    return STOP


_QUESTIONS = {
    "type": "array",
    "minItems": 1,
    "maxItems": MAX_QUESTIONS,
    "items": {
        "type": "object",
        "properties": {
            "question": TEXT,
            "type": {
                "type": "string",
                "enum": ["text", "single_select", "multi_select"],
                "description": "text: answered in words; the others by choosing among options",
            },
            "options": {"type": "array", "items": TEXT, "maxItems": 5},
        },
        "required": ["question"],
    },
}

TOOLS: tuple[Tool, ...] = (
    Tool(
        "ask",
        "Ask the poster what the task leaves open. It ends your work until the answers come.",
        Ask,
        {"questions": _QUESTIONS},
        ("questions",),
        _ask,
        text="text",
    ),
    Tool(
        "propose_plan",
        "Say how you would do the task, where its poster wants to approve that first.",
        Plan,
        {"text": TEXT},
        ("text",),
        _propose_plan,
        text="text",
    ),
    Tool(
        "deliver",
        "Hand in: what you did, in a text for the poster. `files` are paths in the workspace to "
        "attach; without it all that you changed are. It ends your work.",
        Delivery,
        {"text": TEXT, "files": {"type": "array", "items": TEXT}},
        ("text",),
        _deliver,
        text="text",
    ),
    Tool(
        "fail",
        "Give the task up, because it cannot be done, with the reason. It ends your work.",
        Failure,
        {"reason": TEXT},
        ("reason",),
        _fail,
        text="reason",
    ),
)
