"""What a task on the market has beside its brief: its terms, who may take it, who has it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from hiringhall.domain.durations import HOUR_US
from hiringhall.domain.errors import Conflict, Invalid
from hiringhall.domain.escrow import check_price
from hiringhall.domain.names import tidy_title
from hiringhall.domain.sentences import Sentence
from hiringhall.domain.tasks import (
    MARKET,
    MAX_DESCRIPTION_LENGTH,
    MAX_TITLE_LENGTH,
    Engagement,
)

GENERAL = "general"
"""The category that is open to all, and that a task has where none is named."""

MAX_TEXT_LENGTH = 50_000
MAX_LINK_LENGTH = 2_000
MAX_ITEMS = 50
MAX_TAGS = 20
MAX_CATEGORIES = 50
MAX_PROPOSALS = 100
USUAL_PROPOSALS = 10
USUAL_TIME_LIMIT_MIN = 60
MAX_TIME_LIMIT_MIN = 60 * 24 * 30
MAX_EXPIRY_H = 24 * 365
SEARCHED_LENGTH = 2_000
"""How much of a task the board's search looks at; the title and the tags come first."""

USUAL_EXPIRY_H = {
    Engagement.CLAIM: 24,
    Engagement.PROPOSALS: 24 * 7,
    Engagement.TASK_FORCE: 24 * 7,
}
"""How long a task is on offer where its poster says neither that nor a deadline."""

_LINK = re.compile(
    r"https?://([^\s/?#@:\[\]\\]+|\[[0-9a-f:.]+\])(:[1-9]\d{0,4})?([/?#]\S*)?", re.IGNORECASE
)
"""With no user before the host, which is for misleading people."""

_CATEGORY = re.compile(r"[a-z0-9]+(_[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Item:
    """Something given to whoever works: a text, or the address of a thing with its name."""

    text: str = ""
    name: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a task's poster offers and asks for, beside the brief. Times in µs UTC.

    `expires_in_us` counts from the hour at which the task is offered, `deadline_us` is an hour of
    its own; the earlier ends intake and claims. `closes_at_us` is that hour, once it is known.
    """

    task_id: str
    category: str
    instructions: str
    expected_output: str
    inputs: tuple[Item, ...]
    assets: tuple[Item, ...]
    tags: tuple[str, ...]
    deadline_us: int | None
    expires_in_us: int
    time_limit_min: int
    max_proposals: int
    fee_on_top: bool
    searched: str
    closes_at_us: int | None = None

    def closing_us(self, now_us: int) -> int:
        """When intake and claims end if the task is offered now; raises Invalid for the past."""
        closes_us = now_us + self.expires_in_us
        if self.deadline_us is not None:
            closes_us = min(closes_us, self.deadline_us)
        if closes_us <= now_us:
            raise Invalid("The deadline has passed already", {"deadline": "has passed"})
        return closes_us


@dataclass(frozen=True, slots=True)
class Offer:
    """What somebody wants to have done on the market, judged and tidied."""

    title: str
    description: str
    engagement: Engagement
    price_cents: int
    category: str
    instructions: str
    expected_output: str
    inputs: tuple[Item, ...]
    assets: tuple[Item, ...]
    tags: tuple[str, ...]
    deadline_us: int | None
    expires_in_us: int
    time_limit_min: int
    max_proposals: int
    fee_on_top: bool
    repository: str | None

    def terms_of(self, task_id: str) -> Terms:
        """The same as a task's terms."""
        return Terms(
            task_id=task_id,
            category=self.category,
            instructions=self.instructions,
            expected_output=self.expected_output,
            inputs=self.inputs,
            assets=self.assets,
            tags=self.tags,
            deadline_us=self.deadline_us,
            expires_in_us=self.expires_in_us,
            time_limit_min=self.time_limit_min,
            max_proposals=self.max_proposals,
            fee_on_top=self.fee_on_top,
            searched=searched(self),
        )


class AssignmentState(StrEnum):
    """How far somebody is with a task they took; all but `active` are the end of it."""

    ACTIVE = "active"
    COMPLETED = "completed"
    REFUSED = "refused"
    LAPSED = "lapsed"
    RELEASED = "released"
    CLOSED = "closed"


JUDGED = frozenset({AssignmentState.COMPLETED, AssignmentState.REFUSED, AssignmentState.LAPSED})
"""Ends that say something of the worker: paid, refused with a refund, time run out.

`released` was given back in time, `closed` ended through no doing of the worker's.
"""


@dataclass(frozen=True, slots=True)
class Worker:
    """Who works on the market: an agent, or a person, and the organization that is paid."""

    organization_id: str
    agent_id: str | None = None
    user_id: str | None = None

    @property
    def id(self) -> str:
        """The agent's id, or the person's."""
        return self.agent_id or self.user_id or self.organization_id


@dataclass(frozen=True, slots=True)
class Assignment:
    """Somebody who has a task: by a claim, or by a proposal that was shortlisted.

    `share_cents` is what acceptance brings before the fee where that is included. `alone` is a
    claim, beside which there is no other. Until `due_at_us` the task is not taken away.
    """

    id: str
    task_id: str
    worker: Worker
    proposal_id: str | None
    share_cents: int
    alone: bool
    state: AssignmentState
    taken_at_us: int
    due_at_us: int


def check_worker(worker: Worker, *, poster_id: str, play: bool) -> None:
    """Refuse work on one's own organization's task, but with play money.

    Whoever pays itself buys a reputation for the fee; where the money is play there is nothing
    to buy, and trying the hall out takes one account.
    """
    if worker.organization_id == poster_id and not play:
        raise Conflict("An organization cannot work on its own task")


def make_offer(
    *,
    title: str,
    description: str,
    engagement: Engagement,
    price_cents: int,
    category: str | None = None,
    instructions: str | None = None,
    expected_output: str | None = None,
    inputs: Sequence[Item] = (),
    assets: Sequence[Item] = (),
    tags: Sequence[str] = (),
    deadline_us: int | None = None,
    expires_in_hours: int | None = None,
    time_limit_minutes: int | None = None,
    max_proposals: int | None = None,
    fee_on_top: bool = False,
    repository: str | None = None,
) -> Offer:
    """Tidy what is offered; raises Invalid, which names every field that cannot be meant."""
    wrong = _Wrong()
    name = wrong.text("title", tidy_title(title), most=MAX_TITLE_LENGTH, needed=True)
    about = wrong.text("description", description.strip(), most=MAX_DESCRIPTION_LENGTH, needed=True)
    if engagement not in MARKET:
        wrong.say("engagement", "A task of the hall's own staff is not offered on the market")
    try:
        check_price(price_cents)
    except Invalid as error:
        wrong.say("price_cents", error.sentence)
    hours = wrong.count(
        "expires_in_hours", expires_in_hours, USUAL_EXPIRY_H.get(engagement, 24), MAX_EXPIRY_H
    )
    if expires_in_hours is None and deadline_us is not None:
        hours = MAX_EXPIRY_H
    offer = Offer(
        title=name,
        description=about,
        engagement=engagement,
        price_cents=price_cents,
        category=wrong.category("category", category or GENERAL),
        instructions=wrong.text("instructions", (instructions or "").strip()),
        expected_output=wrong.text("expected_output", (expected_output or "").strip()),
        inputs=wrong.items("inputs", inputs),
        assets=wrong.items("assets", assets),
        tags=wrong.tags(tags),
        deadline_us=deadline_us,
        expires_in_us=hours * HOUR_US,
        time_limit_min=wrong.count(
            "time_limit_minutes", time_limit_minutes, USUAL_TIME_LIMIT_MIN, MAX_TIME_LIMIT_MIN
        ),
        max_proposals=wrong.count("max_proposals", max_proposals, USUAL_PROPOSALS, MAX_PROPOSALS),
        fee_on_top=fee_on_top,
        repository=wrong.text("repository", (repository or "").strip(), most=2_000) or None,
    )
    wrong.raise_if_any()
    return offer


def tidy_category(text: str, field: str = "category") -> str:
    """A category as the hall keeps it: lower case, `_` for spaces and hyphens. Raises Invalid."""
    tidy = re.sub(r"[\s_-]+", "_", text.strip().lower()).strip("_")
    if not _CATEGORY.fullmatch(tidy) or len(tidy) > 60:
        raise Invalid(
            "A category is letters and digits, at most 60, with _ or - between the words",
            {field: "not a category"},
        )
    return tidy


def tidy_categories(given: Sequence[str]) -> tuple[str, ...]:
    """Categories as they are kept, each once, in the order given. Raises Invalid."""
    if len(given) > MAX_CATEGORIES:
        raise Invalid(f"At most {MAX_CATEGORIES} categories", {"categories": "too many"})
    return tuple(dict.fromkeys(tidy_category(one, "categories") for one in given))


def tidy_link(url: str) -> str | None:
    """An address that somebody may follow, or None for what is none. It is never fetched here."""
    tidy = url.strip()
    fits = len(tidy) <= MAX_LINK_LENGTH and tidy.isprintable() and _LINK.fullmatch(tidy)
    return tidy if fits else None


def folded(text: str) -> str:
    """A text in the form in which the board compares."""
    return " ".join(text.casefold().split())


def searched(offer: Offer) -> str:
    """What the board's search looks at."""
    parts = (offer.title, *offer.tags, offer.category.replace("_", " "), offer.description)
    return folded(" ".join(parts))[:SEARCHED_LENGTH]


class _Wrong:
    """Gathers what is wrong with each field, so that all of it is said at once."""

    def __init__(self) -> None:
        self._fields: dict[str, str | Sentence] = {}

    def say(self, field: str, what: str | Sentence) -> None:
        self._fields.setdefault(field, what)

    def text(
        self, field: str, tidy: str, *, most: int = MAX_TEXT_LENGTH, needed: bool = False
    ) -> str:
        label = field.replace("_", " ").capitalize()
        if needed and not tidy:
            self.say(field, f"{label} cannot be empty")
        if len(tidy) > most:
            self.say(field, f"{label} is longer than {most} characters")
        return tidy

    def count(self, field: str, given: int | None, usual: int, most: int) -> int:
        if given is None:
            return usual
        if not 1 <= given <= most:
            self.say(field, f"{field.replace('_', ' ').capitalize()} is from 1 to {most}")
        return given

    def category(self, field: str, text: str) -> str:
        try:
            return tidy_category(text)
        except Invalid as error:
            self.say(field, error.sentence)
            return GENERAL

    def items(self, field: str, given: Sequence[Item]) -> tuple[Item, ...]:
        if len(given) > MAX_ITEMS:
            self.say(field, f"At most {MAX_ITEMS} {field}")
        tidy: list[Item] = []
        for one in given:
            text = self.text(field, one.text.strip())
            name = self.text(field, " ".join(one.name.split()), most=200)
            url = one.url.strip()
            if url and tidy_link(url) is None:
                self.say(field, "An address begins with http:// or https:// and names a host")
            if not (text or url):
                self.say(field, "Each has a text or an address")
            tidy.append(Item(text, name, url))
        return tuple(tidy)

    def tags(self, given: Sequence[str]) -> tuple[str, ...]:
        if len(given) > MAX_TAGS:
            self.say("tags", f"At most {MAX_TAGS} tags")
        tidy = [self.text("tags", " ".join(one.split()), most=50) for one in given]
        return tuple(dict.fromkeys(one for one in tidy if one))

    def raise_if_any(self) -> None:
        if self._fields:
            raise Invalid(next(iter(self._fields.values())), self._fields)
