"""`hiringhall events`: what has happened, and what happens now, from a place on that is kept."""

import os
import re
import tempfile
import time
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from hiringhall.cli.native import Item, at_native
from hiringhall.cli.options import Json, KeyFile, Url
from hiringhall.cli.outcome import CommandError, Exit
from hiringhall.cli.screen import Screen, one_line

if TYPE_CHECKING:
    from hiringhall.cli.client import HallClient

PAGE = 200
USUAL = 50
NOW = "now"

_PLACE = re.compile(r"[0-9]{1,18}", re.ASCII)

After = Annotated[
    str | None,
    typer.Option(
        help="Begin behind this event's number; now: with what happens from now on.  "
        "[default: the beginning; with --follow: now]",
        metavar="SEQ",
    ),
]
Types = Annotated[
    list[str] | None, typer.Option("--type", help="Only of this type. Repeatable.", metavar="TYPE")
]
PlaceFile = Annotated[
    Path | None,
    typer.Option(
        "--place",
        help="Begin where this file says, and keep the place in it: nothing is missed between "
        "two calls, and nothing comes twice.",
        metavar="FILE",
    ),
]


def events(  # the options of one command
    after: After = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with what happens, until Ctrl-C.")
    ] = False,
    task: Annotated[str | None, typer.Option(help="Only of this task.", metavar="TASK")] = None,
    team: Annotated[str | None, typer.Option(help="Only of this team.", metavar="TEAM")] = None,
    types: Types = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Stop after so many.  [default: 50]", metavar="N")
    ] = None,
    timeout: Annotated[
        float | None,
        typer.Option(min=0, help="With --follow: stop after so long.", metavar="SECONDS"),
    ] = None,
    place: PlaceFile = None,
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """List what has happened in your organization, oldest first, or follow what happens.

    When piped: one line an event, with its number, time, type, task, the task's state, who did it,
    what it says. With --json and --follow: one event a line.

    Example: hiringhall events --follow --type deliverable_submitted --place ~/.hall-place
    """
    screen = Screen(as_json=as_json)
    given = {"task_id": task, "team_id": team, "type": ",".join(types or [])}
    query = {name: value for name, value in given.items() if value}
    begin = _beginning(after, place, follow=follow)
    if timeout is not None and not follow:
        raise CommandError("--timeout goes with --follow.", Exit.USAGE)
    with at_native(screen, url, key_file) as client:
        if follow:
            until_s = None if timeout is None else time.monotonic() + timeout
            found = _following(client, screen, query, begin, until_s)
        else:
            found = _pages(client, query, begin, limit or USUAL)
            if as_json:
                _show_whole(screen, found, begin, place)
                return
        _show(screen, found, limit=limit, place=place)


Told = tuple[Item | None, Item | None, str]
"""An event or a gap, where there is one, and the place behind it."""


def _beginning(after: str | None, place: Path | None, *, follow: bool) -> str:
    if after is not None and place is not None and place.exists():
        raise CommandError("Say where to begin once: by --after, or by --place.", Exit.USAGE)
    if place is not None and place.exists():
        try:
            kept = place.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            kept = ""
        if not _PLACE.fullmatch(kept):
            raise CommandError(f"{place} holds no place in a feed.", Exit.USAGE)
        return kept
    wanted = (after or (NOW if follow else "0")).strip()
    if wanted != NOW and not _PLACE.fullmatch(wanted):
        raise CommandError("--after takes an event's number, or now.", Exit.USAGE)
    return wanted


def _pages(client: "HallClient", query: dict[str, str], begin: str, limit: int) -> Generator[Told]:
    from urllib.parse import urlencode

    after, left = begin, limit
    while left > 0:
        asked = {**query, "after": after, "limit": str(min(left, PAGE))}
        answer = client.get(f"/events?{urlencode(asked, errors='replace')}")
        behind = str(answer["next_cursor"])
        if answer.get("gap") is not None:
            yield None, cast("Item", answer["gap"]), behind
        items = cast("list[Item]", answer.get("items") or [])
        for one in items:
            yield one, None, str(one["seq"])
        left -= len(items)
        if left > 0:
            # What a filter leaves out moves the place, too.
            yield None, None, behind
        if behind == after:
            return
        after = behind


def _following(
    client: "HallClient", screen: Screen, query: dict[str, str], begin: str, until_s: float | None
) -> Generator[Told]:
    from hiringhall.cli.following import Follower

    if begin == NOW:
        # A number, before anything is waited for: the connection may break before the first event.
        begin = str(client.get(f"/events?after={NOW}&limit=1")["next_cursor"])
        yield None, None, begin
    follower = Follower(client, query, begin, screen.note, until_s)
    for block in follower.follow():
        behind = block.place or follower.place
        if block.name == "gap":
            yield None, block.data, behind
        else:
            yield block.data, None, behind


def _show(screen: Screen, found: Generator[Told], *, limit: int | None, place: Path | None) -> None:
    """Print what is found, and keep the place of what was printed."""
    at: str | None = None
    shown = 0
    try:
        for event, gap, behind in found:
            if gap is not None:
                _show_gap(screen, gap)
            if event is not None:
                _show_event(screen, event)
                shown += 1
            at = behind
            if place is not None:
                _keep(place, at)
            if limit is not None and shown >= limit:
                return
    finally:
        found.close()
        if at is not None and place is None and not screen.as_json:
            screen.note(f"Go on with: hiringhall events --after {one_line(at, 20)}")


def _show_whole(screen: Screen, found: Generator[Told], begin: str, place: Path | None) -> None:
    """Print pages as one answer, in the API's own shape, and keep the place behind them."""
    items: list[Item] = []
    answer: Item = {"items": items, "next_cursor": begin, "gap": None}
    for event, gap, behind in found:
        if event is not None:
            items.append(event)
        answer["gap"] = gap or answer["gap"]
        answer["next_cursor"] = behind
    if place is not None:
        _keep(place, str(answer["next_cursor"]))
    screen.value(answer)


def _show_event(screen: Screen, event: Item) -> None:
    if screen.as_json:
        screen.value(event)
        return
    said = "; ".join(
        f"{name}: {value}" for name, value in event["data"].items() if value not in (None, "", [])
    )
    cells = (
        str(event["seq"]),
        str(event["at"])[:19].replace("T", " "),
        str(event["type"]),
        str(event["task_id"] or "-"),
        str(event["state"] or "-"),
        str(event["actor"]),
        one_line(said, 300),
    )
    screen.line(cells)


def _show_gap(screen: Screen, gap: Item) -> None:
    if screen.as_json:
        screen.value({"gap": gap})
        return
    screen.note(
        f"A gap: the feed ends at {gap['newest']}, before {gap['asked']}. "
        "What was known of events behind it is no longer so."
    )


def _keep(place: Path, at: str) -> None:
    """Write a place whole or not at all: a reader that is killed finds the one before."""
    try:
        descriptor, temporary = tempfile.mkstemp(dir=place.parent, prefix=".place-")
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(f"{at}\n")
        Path(temporary).replace(place)
    except OSError as error:
        raise CommandError(f"{place} cannot be written: {error.strerror}.") from None
