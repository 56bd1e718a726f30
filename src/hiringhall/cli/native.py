"""What the commands over the native API share: lists, amounts, texts, and how they show."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from hiringhall.cli.outcome import CommandError, Exit
from hiringhall.cli.screen import Screen, visible

if TYPE_CHECKING:
    from hiringhall.cli.client import HallClient

Item = dict[str, Any]

PAGE = 100
"""As much of a list as the native API gives at once."""

Limit = Annotated[int, typer.Option(min=1, help="At most so many.", metavar="N")]
OnceKey = Annotated[
    str | None,
    typer.Option("--idempotency-key", help="Again with the same key does nothing.", metavar="KEY"),
]
KeyTo = Annotated[
    Path | None,
    typer.Option(
        "--key-to",
        help="Where the key is stored.  [default: a file beside your own]",
        metavar="FILE",
    ),
]
PrintKey = Annotated[bool, typer.Option("--print-key", help="Print the key instead of storing it.")]
Reason = Annotated[
    str, typer.Option("--reason", "-r", help="Why, for whoever reads it.", metavar="TEXT")
]

_MOST = Decimal(10**12)


def at_native(
    screen: Screen, url: str | None, key_file: Path | None
) -> "AbstractContextManager[HallClient]":
    """A client for the native API of the hall that was meant."""
    from hiringhall.cli.tasks.common import open_hall

    return open_hall(screen, url, key_file, native=True)


def say_to(  # one call is what most commands are
    path: str,
    body: Item | None = None,
    *,
    url: str | None,
    key_file: Path | None,
    as_json: bool,
    told: Callable[[Item], str],
    idempotency_key: str | None = None,
) -> None:
    """Post to a path and tell in one line what came of it."""
    screen = Screen(as_json=as_json)
    with at_native(screen, url, key_file) as client:
        answer = client.post(path, body or {}, idempotency_key=idempotency_key)
    screen.told(answer, told(answer))


def refuse_taken(place: Path | None, option: str) -> None:
    """Refuse to write a secret over a file, before there is a secret; raises CommandError."""
    if place is not None and place.exists():
        raise CommandError(f"{place} is there already: choose another with {option}.", Exit.USAGE)


def listed(client: "HallClient", path: str, limit: int, **query: object) -> Item:
    """A list from its beginning to a limit, part by part; what it says beside goes along."""
    from urllib.parse import urlencode

    asked = {name: value for name, value in query.items() if value not in (None, "")}
    found: list[Item] = []
    cursor: str | None = None
    while True:
        more = {} if cursor is None else {"cursor": cursor}
        part = {"limit": min(limit - len(found), PAGE)}
        answer = client.get(f"{path}?{urlencode({**asked, **part, **more}, errors='replace')}")
        found += cast("list[Item]", answer.get("items") or [])
        cursor = cast("str | None", answer.get("next_cursor"))
        if cursor is None or len(found) >= limit:
            return {**answer, "items": found[:limit]}


def show_list(
    screen: Screen,
    answer: Item,
    headings: Sequence[str],
    row: Callable[[Item], Sequence[str]],
) -> None:
    """A list as a table, or all of the answer as JSON."""
    if screen.as_json:
        screen.value(answer)
        return
    screen.table(headings, (row(one) for one in answer["items"]))


def show_fields(screen: Screen, fields: Iterable[tuple[str, object]]) -> None:
    """Names and values below each other; what has no value is left out."""
    given = [(name, value) for name, value in fields if value not in (None, "", [])]
    width = max((len(name) for name, _ in given), default=0)
    for name, value in given:
        first, *more = visible(str(value)).splitlines() or [""]
        screen.say(f"{name:<{width}}  {first}")
        for line in more:
            screen.say(f"{'':<{width}}  {line}")


def amount(cents: object, currency: object = "") -> str:
    """Cents as people write them."""
    if not isinstance(cents, int):
        return "-"
    whole, rest = divmod(abs(cents), 100)
    sign = "-" if cents < 0 else ""
    return f"{sign}{whole:,}.{rest:02} {currency}".rstrip()


def cents_of(typed: str, option: str) -> int:
    """Cents out of an amount such as 12.50, exactly; raises CommandError."""
    try:
        given = Decimal(typed.strip().replace(",", ""))
    except InvalidOperation:
        given = Decimal("NaN")
    # A comparison with what is no number would raise.
    if not given.is_finite() or not 0 <= given < _MOST or given * 100 % 1:
        raise CommandError(f"{option} takes an amount such as 12.50.", Exit.USAGE)
    return int(given * 100)


def day(at: object) -> str:
    """A time to the minute, UTC."""
    return "-" if not at else str(at)[:16].replace("T", " ")


def rate(share: object) -> str:
    """A share as a percentage."""
    return "-" if not isinstance(share, int | float) else f"{share:.0%}"


def grade(average: object) -> str:
    """An average rating."""
    return "-" if not isinstance(average, int | float) else f"{average:.1f}"


def word(value: object) -> str:
    """A value in a table; a dash for none."""
    return "-" if value in (None, "") else str(value)
