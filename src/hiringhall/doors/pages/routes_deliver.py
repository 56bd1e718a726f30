"""Handing in work on a task that one has: a text, addresses, files."""

from dataclasses import replace

from hiringhall.actions.market.delivering import deliver
from hiringhall.domain.errors import HallError, NotFound
from hiringhall.domain.tasks import State
from hiringhall.doors.desk import Desk
from hiringhall.doors.keeping import FILES, kept_files
from hiringhall.doors.kit import Raw, Route
from hiringhall.doors.look import word
from hiringhall.doors.pages.navigation import HOME
from hiringhall.doors.pages.saying import NOTHING_SAID, SAID, Said, refused
from hiringhall.doors.pages.task_view import AT, found_for
from hiringhall.doors.pages.typed import lines_of
from hiringhall.doors.pages.visits import (
    FILES_AGAIN,
    Visit,
    for_signed_in,
    room_for_files,
)
from hiringhall.queries.deliveries import newest_deliveries

_HERE = f"{AT}/deliver"
_ROOM_FOR_TEXT = 1 << 19
"""What the browser leaves of a form for what is typed, when it judges files before they go."""


async def show_form(visit: Visit) -> Raw:
    """The page to hand work in at."""
    return await _show(visit, NOTHING_SAID)


async def hand_in(visit: Visit) -> Raw:
    """Hand it in; what was typed stays where it is refused, and files are chosen again.

    What had files before a sign-in is shown first: they did not outlive it.
    """
    form, task_id = visit.form, visit.call.path["task_id"]
    await found_for(visit)
    if visit.call.is_cut:
        too_large = word("work.files_too_large", most=FILES.body_bytes >> 20)
        errors = {"files": too_large}
        return await _show(visit, Said(413, too_large, errors, typed=form))
    if form[FILES_AGAIN] and not form.uploads:
        return await _show(visit, Said(typed=form))
    try:
        given = [(one.name, one.content) for one in form.uploads if one.field == "files"]
        async with kept_files(visit.desk, given) as files:
            await deliver(
                visit.desk.hall,
                actor=visit.actor,
                task_id=task_id,
                text=form["content"],
                links=lines_of(form["links"]),
                files=files,
            )
    except SAID as error:
        return await _show(visit, _refused(visit, error))
    return visit.lead(f"{HOME}/tasks/{task_id}")


def _refused(visit: Visit, error: HallError) -> Said:
    """What is wrong with one of several is said of them all; of an address, which it is."""
    said = refused(visit, error)
    errors = {name.partition("[")[0]: what for name, what in said.errors.items()}
    if "links" in errors:
        errors["links"] = said.problem
    return replace(said, errors=errors)


async def _show(visit: Visit, said: Said) -> Raw:
    found = await found_for(visit)
    if found.mine is None:
        raise NotFound("task")
    to_mend = ""
    if found.task.state is State.REVISING:
        newest, _ = await newest_deliveries(
            visit.desk.hall, actor=visit.actor, task_id=found.task.id, most=1
        )
        to_mend = (newest[0].deliverable.reason or "") if newest else ""
    return visit.show(
        "deliver.html",
        task=found.task,
        mine=found.mine,
        to_mend=to_mend,
        most_mib=FILES.body_bytes >> 20,
        most_bytes=FILES.body_bytes - _ROOM_FOR_TEXT,
        **said.shown,
        again=bool(visit.form.uploads) or visit.call.is_cut or bool(visit.form[FILES_AGAIN]),
    )


ROUTES: tuple[Route[Desk], ...] = (
    Route("GET", _HERE, for_signed_in(show_form), {200: None}, "Hand in work"),
    Route(
        "POST",
        _HERE,
        for_signed_in(hand_in, with_files=True),
        {303: None},
        "Hand in work",
        room=room_for_files,
    ),
)
