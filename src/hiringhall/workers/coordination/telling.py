"""The tools by which a worker says something and goes on."""

import msgspec

from hiringhall.actions import messages
from hiringhall.actions.runs import working
from hiringhall.domain.errors import Invalid
from hiringhall.domain.messages import MAX_MESSAGE_LENGTH, MAX_OF_RUN, MessageKind
from hiringhall.workers.coordination.desk import Desk
from hiringhall.workers.coordination.tool import (
    MOST_SENTENCE,
    TEXT,
    WHOSE_THREAD,
    Said,
    Tool,
    some,
    thread_named,
)

_KINDS = (MessageKind.TEXT, MessageKind.SUMMARY, MessageKind.BLOCKER)
"""What a worker may call its message; `system` is the hall's own."""


class Progress(msgspec.Struct, forbid_unknown_fields=True):
    """What `report_progress` takes."""

    text: str


class Posting(msgspec.Struct, forbid_unknown_fields=True):
    """What `post_message` takes."""

    text: str
    kind: str = MessageKind.TEXT.value
    task: str | None = None


async def _report_progress(desk: Desk, given: Progress) -> Said:
    text = desk.mask(some(given.text, "report", most=MOST_SENTENCE))
    await working.report_progress(desk.hall, token=desk.token, text=text)
    return "The poster has been told."


async def _post_message(desk: Desk, given: Posting) -> Said:
    if given.kind not in _KINDS:
        raise Invalid(f"A message's kind is one of {', '.join(_KINDS)}", {"kind": "unknown"})
    # Masked before it is measured: what is kept is what is judged.
    text = desk.mask(given.text)
    posted = await messages.post_from_run(
        desk.hall,
        token=desk.token,
        text=text,
        kind=MessageKind(given.kind),
        thread=thread_named(given.task),
    )
    return {"id": posted.id}


TOOLS: tuple[Tool, ...] = (
    Tool(
        "report_progress",
        "Tell the poster in a sentence how far you are. Your work goes on.",
        Progress,
        {"text": TEXT},
        ("text",),
        _report_progress,
        text="text",
    ),
    Tool(
        "post_message",
        "Say something in the task's thread, where all who work on it, and its poster, read it. "
        f"Nobody has to answer, and your work goes on: to ask, use `ask`. {WHOSE_THREAD}",
        Posting,
        {
            "text": {"type": "string", "maxLength": MAX_MESSAGE_LENGTH},
            "kind": {"type": "string", "enum": [one.value for one in _KINDS]},
            "task": TEXT,
        },
        ("text",),
        _post_message,
        text="text",
        most=2 * MAX_OF_RUN,
    ),
)
