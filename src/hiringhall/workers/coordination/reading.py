"""The tools by which a worker reads: its task, all that surrounds it, and what others say."""

import msgspec

from hiringhall.domain import ids
from hiringhall.domain.errors import Invalid
from hiringhall.queries import work
from hiringhall.store.messages import FIRST
from hiringhall.workers.briefs import as_markdown
from hiringhall.workers.coordination.context import context_of, message_of, relative_of
from hiringhall.workers.coordination.desk import Desk
from hiringhall.workers.coordination.tool import (
    TEXT,
    WHOSE_THREAD,
    Nothing,
    Said,
    Tool,
    thread_named,
)

MOST_MESSAGES = 100
_THREAD_LENGTH = 200_000


class Reading(msgspec.Struct, forbid_unknown_fields=True):
    """What `read_thread` takes."""

    after: str = FIRST
    limit: int = 50
    task: str | None = None


async def _get_task(desk: Desk, _: Nothing) -> Said:
    return as_markdown(desk.brief)


async def _get_context(desk: Desk, _: Nothing) -> Said:
    return context_of(await work.work_context(desk.hall, token=desk.token))


async def _list_subtasks(desk: Desk, _: Nothing) -> Said:
    found = await work.subtasks(desk.hall, token=desk.token)
    return {"subtasks": [relative_of(one) for one in found]}


async def _read_thread(desk: Desk, given: Reading) -> Said:
    if given.after != FIRST and not ids.is_uuid(given.after):
        raise Invalid("`after` is the id of a message")
    if not 1 <= given.limit <= MOST_MESSAGES:
        raise Invalid(f"`limit` is 1 to {MOST_MESSAGES}")
    found = await work.thread(
        desk.hall,
        token=desk.token,
        after=given.after,
        most=given.limit + 1,
        of=thread_named(given.task),
    )
    shown, length = found[: given.limit], 0
    for count, one in enumerate(shown):
        length += len(one.text)
        if length > _THREAD_LENGTH:
            shown = shown[:count]
            break
    return {
        "messages": [message_of(one) for one in shown],
        "more": len(found) > len(shown),
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
        "get_context",
        "What surrounds the task: the team's goal and playbook, your role, the accept criteria, "
        "what the tasks it depends on came to, parent, siblings and subtasks, earlier solutions "
        "and what was said of them, the thread, and what is left of each budget for models.",
        Nothing,
        {},
        (),
        _get_context,
    ),
    Tool(
        "list_subtasks",
        "The tasks that yours was split into: where each stands, and what came of it.",
        Nothing,
        {},
        (),
        _list_subtasks,
    ),
    Tool(
        "read_thread",
        "Messages of the task's thread, oldest first. `after` is the id of the last that you know. "
        f"{WHOSE_THREAD}",
        Reading,
        {
            "after": TEXT,
            "limit": {"type": "integer", "minimum": 1, "maximum": MOST_MESSAGES},
            "task": TEXT,
        },
        (),
        _read_thread,
    ),
)
