"""A Task Force: one task split among several agents, as its plan says, its price with it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from hiringhall.domain.agents import Agent, Reputation
from hiringhall.domain.checks import CheckResult, Verdict
from hiringhall.domain.durations import MINUTE_US
from hiringhall.domain.errors import Invalid
from hiringhall.domain.market import (
    MAX_TEXT_LENGTH,
    MAX_TIME_LIMIT_MIN,
    MAX_TITLE_LENGTH,
    tidy_category,
)
from hiringhall.domain.names import tidy_title
from hiringhall.domain.sentences import Cents, Sentence, sentence

MAX_PARTS = 20
LEAST_TEXT_LENGTH = 20
"""A delivery without a link or a file that says less than this is none."""

LOOK_AGAIN_US = 60 * MINUTE_US
"""How soon the manager looks anew for somebody who can do a part."""

SILENCE_US = 24 * 60 * MINUTE_US
"""After how long without a word from an agent its buyer is told."""

MAX_OF_WORKER = 500
"""Messages that an agent may post for one part."""

MANAGER_REVISIONS = 2
"""How often the manager sends a part back by itself; then its buyer decides."""

MAX_FAULT = 4_000
"""How much an agent is told of what a model found, in characters."""

_BLOCKED = re.compile(r"\W*block(ed|er|ing)\b", re.IGNORECASE)
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}")


class ForceState(StrEnum):
    """How far a Task Force is.

    The manager plans it, its plan waits for a yes, it works, it begins nothing more.
    """

    PLANNING = "planning"
    PLANNED = "planned"
    WORKING = "working"
    CLOSING = "closing"


class Reviewer(StrEnum):
    """Who accepts a part: the manager, by a model's reading or by rule, or the buyer."""

    MANAGER = "manager"
    BUYER = "buyer"


@dataclass(frozen=True, slots=True)
class PartPlan:
    """A part as the plan has it. `key` is its name in the plan, `depends_on` are others' keys.

    `share_cents` is its part of the whole's price; `agent_id` whom the buyer wants for it,
    `category` and `time_limit_min` where they are not the whole's.
    """

    key: str
    title: str
    brief: str
    share_cents: int
    depends_on: tuple[str, ...] = ()
    agent_id: str | None = None
    category: str | None = None
    time_limit_min: int | None = None


@dataclass(frozen=True, slots=True)
class Force:
    """What a task has beside its row where it is split. Times in µs UTC.

    `planned_by` is `poster` or `manager`. `subtasks` are the tasks that the parts became, by key.
    """

    task_id: str
    state: ForceState
    reviewer: Reviewer
    planned_by: str
    parts: tuple[PartPlan, ...]
    subtasks: Mapping[str, str] = field(default_factory=dict[str, str])

    def part_of(self, subtask_id: str) -> PartPlan | None:
        """The plan's line for a task that came of it."""
        for one in self.parts:
            if self.subtasks.get(one.key) == subtask_id:
                return one
        return None

    @property
    def share_cents(self) -> int:
        """What all parts have of the price together."""
        return sum(one.share_cents for one in self.parts)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An agent that could do a part: what became of its work there and in all, and its load."""

    agent: Agent
    in_category: Reputation
    in_all: Reputation
    load: int

    @property
    def worth(self) -> float:
        """How much speaks for it: work accepted and liked, the category's twice, less its load."""
        told = self.in_category.plus(self.in_all)
        ended = told.completed + told.refused + told.lapsed
        accepted = (told.completed + 1) / (ended + 2)
        liked = (told.rating_sum + 4) / (told.ratings + 1)
        return accepted * liked / (1 + self.load)


class WrongPart(Invalid):
    """A part of a plan that cannot be meant: which one, by its key, and what of it."""

    def __init__(self, key: str, field: str, what: str) -> None:
        message = f"Part '{key}' {what}"
        super().__init__(message, {"subtasks": message})
        self.key = key
        self.field = field


def best_of(candidates: Sequence[Candidate]) -> Agent | None:
    """Whom to give a part; of equals whoever registered first."""
    ranked = sorted(candidates, key=lambda one: (-one.worth, one.agent.id))
    return ranked[0].agent if ranked else None


def make_plan(
    parts: Sequence[PartPlan],
    *,
    price_cents: int,
    after: Sequence[str] = (),
    free_cents: int | None = None,
) -> tuple[PartPlan, ...]:
    """Judge and tidy a plan; its shares come to the price at most. Raises Invalid.

    `after` are the keys that are there already, and `free_cents` what they leave of the price.
    """
    if not 1 <= len(parts) + len(after) <= MAX_PARTS or not parts:
        raise _wrong(f"A Task Force has 1 to {MAX_PARTS} parts")
    tidy = tuple(_tidy(one) for one in parts)
    keys = [one.key for one in tidy]
    if len(set(keys) | set(after)) < len(keys) + len(after):
        raise _wrong("Each part has a key of its own")
    for one in tidy:
        unknown = set(one.depends_on) - set(keys) - set(after)
        if unknown or one.key in one.depends_on:
            raise WrongPart(one.key, "depends_on", "depends on what is no other part of the plan")
    _check_order(tidy)
    most_cents = price_cents if free_cents is None else free_cents
    shares = sum(one.share_cents for one in tidy)
    if shares > most_cents:
        raise _wrong(
            sentence(
                "The shares come to ",
                Cents(shares),
                ", and there are ",
                Cents(most_cents, unit=False),
            )
        )
    return tidy


def _tidy(part: PartPlan) -> PartPlan:
    key = part.key.strip()
    if not _KEY.fullmatch(key):
        raise _wrong("A key is up to 60 letters, digits, _ and -, the first no sign")
    title, brief = tidy_title(part.title), part.brief.strip()
    if not title or len(title) > MAX_TITLE_LENGTH:
        raise WrongPart(key, "title", f"has a title of up to {MAX_TITLE_LENGTH} characters")
    if not brief or len(brief) > MAX_TEXT_LENGTH:
        raise WrongPart(key, "brief", f"has a brief of up to {MAX_TEXT_LENGTH} characters")
    if part.share_cents < 1:
        raise WrongPart(key, "share_cents", "has a share of at least 1 cent")
    limit = part.time_limit_min
    if limit is not None and not 1 <= limit <= MAX_TIME_LIMIT_MIN:
        raise WrongPart(key, "time_limit_min", f"has 1 to {MAX_TIME_LIMIT_MIN} minutes")
    return PartPlan(
        key=key,
        title=title,
        brief=brief,
        share_cents=part.share_cents,
        depends_on=tuple(dict.fromkeys(one.strip() for one in part.depends_on)),
        agent_id=part.agent_id or None,
        category=None if part.category is None else tidy_category(part.category),
        time_limit_min=limit,
    )


def _check_order(parts: Sequence[PartPlan]) -> None:
    """Refuse parts that wait for each other."""
    if len(in_order(parts)) < len(parts):
        raise _wrong("Parts cannot wait for each other in a circle")


def in_order(parts: Sequence[PartPlan]) -> list[PartPlan]:
    """Parts behind what they depend on; those that wait for each other are left out."""
    known = {one.key for one in parts}
    done: dict[str, PartPlan] = {}
    left = list(parts)
    while left:
        ready = [one for one in left if not (set(one.depends_on) & known) - done.keys()]
        if not ready:
            break
        done.update({one.key: one for one in ready})
        left = [one for one in left if one.key not in done]
    return list(done.values())


def longest_us(parts: Sequence[PartPlan], *, usual_min: int, beside_us: int) -> int:
    """How long the whole may take: its longest chain, each part with what comes beside its time."""
    ends_us: dict[str, int] = {}
    for one in in_order(parts):
        own_us = (one.time_limit_min or usual_min) * MINUTE_US + beside_us
        before_us = max((ends_us.get(key, 0) for key in one.depends_on), default=0)
        ends_us[one.key] = before_us + own_us
    return max(ends_us.values(), default=0)


def plan_text(parts: Sequence[PartPlan], *, price_cents: int) -> str:
    """A plan as a person reads it before saying yes."""
    lines = [
        f"{number}. {one.title} ({one.share_cents} of {price_cents} cents"
        + (f", after {', '.join(one.depends_on)}" if one.depends_on else "")
        + f")\n{one.brief}"
        for number, one in enumerate(in_order(parts), 1)
    ]
    left_cents = price_cents - sum(one.share_cents for one in parts)
    if left_cents:
        lines.append(f"{left_cents} cents are nobody's share, and go back at the end.")
    return "\n\n".join(lines)


def fault_by_rule(*, text: str, attached: int, brief: str, sent_back: Sequence[str]) -> str | None:
    """Why a delivery is none, as far as that can be said without reading it; None for no fault.

    `attached` counts its links and files, `sent_back` are earlier texts that were sent back.
    """
    said = " ".join(text.split())
    if attached:
        return None
    if len(said) < LEAST_TEXT_LENGTH:
        return f"It says less than {LEAST_TEXT_LENGTH} characters, and has no link and no file"
    if said == " ".join(brief.split()):
        return "It repeats the brief"
    if any(said == " ".join(one.split()) for one in sent_back):
        return "It is what was sent back before"
    return None


def fault_by_reading(result: CheckResult) -> str:
    """Why a delivery is sent back that a model found wanting, as its agent is told."""
    wrong = [one for one in result.findings if one.verdict is Verdict.FAILED]
    told = [result.said, *(f"{one.name}: {one.said}" for one in wrong)]
    return " ".join(one if one.endswith(".") else f"{one}." for one in told)[:MAX_FAULT].rstrip(".")


def holds_up(text: str) -> bool:
    """Whether a message is about what holds a part up: it begins with that word."""
    return _BLOCKED.match(text) is not None


def assembled(titles_and_texts: Sequence[tuple[str, str]]) -> str:
    """What the parts delivered, as one text."""
    return "\n\n".join(f"# {title}\n\n{text}".rstrip() for title, text in titles_and_texts)


def _wrong(message: str | Sentence) -> Invalid:
    return Invalid(message, {"subtasks": message})
