"""How values are written on a page: money, times, sizes, and Markdown that can do no harm."""

import functools
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

from hiringhall.domain.ids import task_ref

_TAGS = {
    *("p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "code", "em"),
    *("strong", "s", "del", "ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td", "a"),
}
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}, "code": {"class"}}
_MOST_MARKDOWN = 400_000
"""Texts above this are shown as they are."""


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
    return Markup(clean)  # noqa: S704  it was just cleaned


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
    "machine_time": machine_time,
    "markdown": markdown,
    "micros": micros,
    "money": money,
    "size": size,
    "task_ref": task_ref,
}
