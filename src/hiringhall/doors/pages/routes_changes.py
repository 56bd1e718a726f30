"""What a delivery changed, line by line; what is said of the lines goes back to its worker.

Without a script: pressing a line's number opens a place to write at, and what was written on all
parts of a long patch goes along in the form until it is sent.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from hiringhall.actions.tasks.deciding import send_back
from hiringhall.domain.errors import NotFound
from hiringhall.domain.patches import FilePatch, Shown, comments_text, in_parts, read_patch
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Raw, Route
from hiringhall.doors.pages.line_comments import MOST_COMMENTS, comments_in, text_of
from hiringhall.doors.pages.navigation import HOME
from hiringhall.doors.pages.routes_files import attached
from hiringhall.doors.pages.saying import NOTHING_SAID, SAID, Said, refused
from hiringhall.doors.pages.task_view import AT
from hiringhall.doors.pages.typed import place
from hiringhall.doors.pages.visits import Visit, called_here, for_signed_in
from hiringhall.queries.changes import ChangesView, changes_of

LINES = 350
WEIGHT = 50_000
_HERE = f"{AT}/deliverables/{{deliverable_id}}/changes"


async def _view(visit: Visit) -> ChangesView:
    view = await changes_of(
        visit.desk.hall, actor=visit.actor, deliverable_id=visit.call.path["deliverable_id"]
    )
    if view.seen.task.id != visit.call.path["task_id"]:
        raise NotFound("deliverable")
    return view


async def show_changes(visit: Visit) -> Raw:
    """The changes, part by part."""
    return await _show(visit, await _view(visit), part=place(visit.query["part"]) or 0)


async def say(visit: Visit) -> Raw:
    """Open a place to write at, turn to another part, or send all that was written."""
    form, view = visit.form, await _view(visit)
    part, comments = place(form["part"]) or 0, comments_in(form)
    if form["line"]:
        return await _show(visit, view, part=part, opened=place(form["line"]))
    if form["go"]:
        return await _show(visit, view, part=place(form["go"]) or 0)
    text = await text_of(visit.desk, view.patch)
    said = await asyncio.to_thread(_said, text, form["overall"], comments)
    try:
        with called_here(reason="overall"):
            await send_back(
                visit.desk.hall,
                actor=visit.actor,
                deliverable_id=view.made.deliverable.id,
                reason=said,
            )
    except SAID as error:
        return await _show(visit, view, part=part, said=refused(visit, error))
    return visit.lead(f"{HOME}/tasks/{view.seen.task.id}")


async def _show(
    visit: Visit,
    view: ChangesView,
    *,
    part: int,
    opened: int | None = None,
    said: Said = NOTHING_SAID,
) -> Raw:
    text = await text_of(visit.desk, view.patch)
    files, parts = await asyncio.to_thread(_read, text)
    at = min(part, max(0, len(parts) - 1))
    shown = parts[at] if parts else []
    comments = comments_in(visit.form)
    here = {line for one in shown for line in range(one.first, one.first + len(one.lines))}
    return visit.show(
        "changes.html",
        **{**said.shown, "typed": visit.form},
        task=view.seen.task,
        made=view.made.deliverable,
        patch=view.patch,
        may_say=view.may_send_back,
        part=at,
        part_count=len(parts),
        opened=opened,
        full=len(comments) >= MOST_COMMENTS,
        comments=comments,
        elsewhere={line: said for line, said in comments.items() if line not in here},
        **_summary(files, shown, comments),
    )


def _read(text: str) -> tuple[list[FilePatch], list[list[Shown]]]:
    files = read_patch(text)
    return files, in_parts(files, most_lines=LINES, most_weight=WEIGHT)


def _said(text: str, overall: str, comments: Mapping[int, str]) -> str:
    return comments_text(overall, read_patch(text), comments)


def _summary(
    files: list[FilePatch], shown: list[Shown], comments: Mapping[int, str]
) -> dict[str, Any]:
    return {
        "shown": shown,
        "files": len(files),
        "added": sum(one.added for one in files),
        "removed": sum(one.removed for one in files),
        "written": len(comments),
    }


async def keep_patch(visit: Visit) -> Raw:
    """The whole patch, to be kept."""
    view = await _view(visit)
    if view.patch is None:
        raise NotFound("patch")
    name = f"delivery-{view.made.deliverable.number}.patch"
    return attached(await text_of(visit.desk, view.patch), name)


ROUTES: tuple[Route[Desk], ...] = (
    Route("GET", _HERE, for_signed_in(show_changes), {200: None}, "What a delivery changed"),
    Route("POST", _HERE, for_signed_in(say), {303: None}, "Say something of its lines"),
    Route("GET", f"{_HERE}.patch", for_signed_in(keep_patch), {200: None}, "A patch, to be kept"),
)
