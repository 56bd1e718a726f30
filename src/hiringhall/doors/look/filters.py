"""How values are written on a page: money, times, sizes, and Markdown that can do no harm."""

import functools
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup, escape

from hiringhall.domain.ids import task_ref

_TAGS = {
    *("p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "code", "em"),
    *("strong", "s", "del", "ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td", "a"),
}
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}, "code": {"class"}}
_MOST_MARKDOWN = 400_000
"""Texts above this are shown as they are."""
MOST_SHOWN = 12_000
MOST_MADE = 30_000
_HIDDEN = re.compile(
    "\r(?!\n)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]"
)
"""Control characters, and those of Unicode that show a text in another order, or not at all."""

_MARKS = re.compile(r"\*\*|__|~~|`+|^ {0,3}(?:#{1,6}|>|[-*+]) +", re.MULTILINE)
_TICKED = re.compile(r"`([^`\n]+)`")
_LINKS = re.compile(r"\[([^\]\n]*)\]\([^)\n]*\)")


@functools.cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(
        ["table", "strikethrough"]
    )


def markdown(text: str) -> Markup:
    """Somebody's Markdown as HTML: no markup of their own, no pictures, links that tell nobody."""
    if len(text) > _MOST_MARKDOWN:
        return Markup("<pre>{}</pre>").format(text)
    made = _parser().render(text)
    clean = nh3.clean(
        made,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )
    # What is wider than the page is scrolled, with keys too.
    for wide in ("pre", "table"):
        clean = clean.replace(f"<{wide}>", f'<{wide} tabindex="0">')
    return Markup(clean)  # noqa: S704  it was just cleaned


def prose(text: str, room: int = MOST_MADE) -> Markup:
    """The same within what a page has room for: the beginning of it, as Markdown or as it is."""
    begins = text[:MOST_SHOWN]
    made = markdown(begins)
    if len(made.encode()) <= room:
        return made
    # Markdown can say much in few letters: what swells is shown as it was written.
    return printout(begins, room)


def printout(text: str, room: int = MOST_MADE) -> Markup:
    """What a program printed, as it printed it, within what a page has room for."""
    begins = text[:MOST_SHOWN]
    while len(escape(begins).encode()) > room:
        begins = begins[: len(begins) // 2]
    return Markup('<pre class="plain" tabindex="0">\n{}</pre>').format(begins)


def in_short(text: str, most: int = 400, lines: int = 6) -> str:
    """The beginning of a text, where that is not all of it with a sign that it goes on."""
    begins = "\n".join(text[:most].split("\n")[:lines]).rstrip()
    return begins if begins == text.rstrip() else f"{begins} …"


def gist(text: str, most: int) -> str:
    """The beginning of a Markdown text on one line, less its marks: for lists."""
    begins = text[: 2 * most]
    said = " ".join(_MARKS.sub("", _LINKS.sub(r"\1", begins)).split())
    return said if len(said) <= most and begins == text else f"{said[:most].rstrip()}…"


def is_long(text: str) -> bool:
    """Whether `prose` leaves some of a text out."""
    return len(text) > MOST_SHOWN


def visible(text: str) -> str:
    """A text in which nothing hides: what turns or hides letters is written out."""
    return _HIDDEN.sub(lambda found: f"<U+{ord(found[0]):04X}>", text)


def ticked(text: str) -> Markup:
    """A text of the hall's own in which what stands between backticks is code."""
    pieces = _TICKED.split(text)
    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if at % 2 else escape(piece)
        for at, piece in enumerate(pieces)
    )


def sentence(text: str) -> str:
    """A text that ends as a sentence does, with a gap for the next."""
    tidy = text.strip()
    return f"{tidy} " if tidy.endswith((".", "!", "?", "…")) else f"{tidy}. "


def tail(identifier: str) -> str:
    """The end of an id, which tells two things of one name apart."""
    return identifier[-6:]


def money(cents: int) -> str:
    """Cents as 1,234.56."""
    return f"{cents / 100:,.2f}" if abs(cents) < 10**15 else f"{cents // 100:,}"


def micros(amount: int) -> str:
    """Micros of the currency as 0.1234."""
    return f"{amount / 1_000_000:,.4f}"


def at(time_us: int) -> str:
    """A time as people read it, in UTC."""
    return _moment(time_us).strftime("%Y-%m-%d %H:%M UTC")


def machine_time(time_us: int) -> str:
    """A time for `<time datetime>`, which the page's script writes in the reader's own zone."""
    return _moment(time_us).strftime("%Y-%m-%dT%H:%M:%SZ")


def size(size_bytes: int) -> str:
    """A size in words."""
    value = float(size_bytes)
    for unit in ("B", "kB", "MB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"


def _moment(time_us: int) -> datetime:
    return datetime.fromtimestamp(time_us // 1_000_000, UTC)


ALL: dict[str, Callable[..., Any]] = {
    "at": at,
    "gist": gist,
    "in_short": in_short,
    "is_long": is_long,
    "machine_time": machine_time,
    "markdown": markdown,
    "micros": micros,
    "money": money,
    "printout": printout,
    "prose": prose,
    "sentence": sentence,
    "size": size,
    "task_ref": task_ref,
    "tail": tail,
    "ticked": ticked,
    "visible": visible,
}
