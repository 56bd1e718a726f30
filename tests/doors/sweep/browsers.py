"""Browsers at the pages of somebody else's things, with every field that a form of ours has."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import httpx

from hiringhall.doors import look
from hiringhall.doors.kit import Route
from hiringhall.doors.pages.door import DOOR
from tests.doors.pages.reading import Page
from tests.doors.sweep.world import World
from tests.support.repository import ROOT

UNKNOWN = "019c9000-0000-7000-8000-000000000000"

KINDS = {"part": "subtask", "sign_in": "unknown", "payout": "unknown", "file": "unknown"}
"""What a parameter is called where that is not what it is."""

NO_ID = {"column": "ready", "name": "start"}

FIELDS: dict[str, str] = {
    **dict.fromkeys(
        (
            *("title", "description", "message", "reason", "why", "feedback", "complaint", "text"),
            *("summary", "goal", "playbook", "systemPrompt", "others", "accept_criteria"),
            *("expected_output", "error", "branch", "category", "categories", "reference"),
            *("name", "organization_name", "search", "dependencies", "model", "models", "hosts"),
            *(
                "content",
                "inputs",
                "instructions",
                "overall",
                "plan",
                "sample",
                "statement",
                "tags",
            ),
            *("decline_reason", "dispute_reason", "outcome_reason", "plan_reason"),
            *("release_reason", "withdraw_reason"),
        ),
        "words",
    ),
    "amount_cents": "5",
    "seen": "{}",
    "worker_cents": "1",
    "price_cents": "10",
    "least_price_cents": "1",
    "cap": "9",
    "outcome_cents": "1",
    "confidence": "80",
    "estimated_hours": "2",
    "expires_in_hours": "24",
    "time_limit_minutes": "60",
    "max_proposals": "5",
    "deadline": "",
    "links": "",
    "files": "",
    "step": "post",
    "shown": "1100 usd claim",
    "whom": "",
    "part": "0",
    "line": "",
    "go": "",
    "send": "yes",
    "version": "1",
    "template": "",
    "use": "",
    "offered": "",
    "before": "words",
    "rating": "5",
    "valid_days": "7",
    "decision": "yes",
    "do": "yes",
    "sure": "yes",
    "review": "yes",
    "reviewer": "manager",
    "enabled": "yes",
    "check": "1",
    "plan_first": "yes",
    "fee_on_top": "yes",
    "task_force": "yes",
    "chosen": "0",
    "column": "ready",
    "state": "",
    "engagement": "staff",
    "permissions": "",
    "runtime": "rehearsal",
    "role": "member",
    "types": "",
    "thread": "",
    "next": "/app",
    "kept": "",
    "acts_for": "",
    "repository": "",
    "gitRepoUrl": "",
    "token": "first_x",
    "invitation": "join_x",
    "email": "somebody@example.com",
    "url": "https://elsewhere.example/hook",
    "once": "",
    "old": "correct horse battery",
    "new": "another horse battery",
    "password": "correct horse battery",
    "deliverable_id": "<deliverable>",
    "question_id": "<unknown>",
    "plan_id": "<unknown>",
    "agent_id": "<agent>",
    "organization_id": "<organization>",
    "parent_id": "<task>",
    "team_id": "<team>",
    "cap_micros": "2.50",
    "task": "<task>",
}
"""Every field of every form, filled in; `<task>` and the like stand for somebody's ids."""

_NAMED = (
    re.compile(r'<(?:input|textarea|select|button)[^>]*\bname="([A-Za-z_]+)"'),
    re.compile(r'(?:parts\.)?(?:field|text)\("([A-Za-z_]+)"'),
)


def fields_of_templates() -> set[str]:
    """The names of all fields that stand in a template as they are."""
    found: set[str] = set()
    for path in (ROOT / look.__path__[0] / "templates").glob("*.html"):
        for pattern in _NAMED:
            found |= set(pattern.findall(path.read_text()))
    return found - {"csrf"}


@dataclass(frozen=True, slots=True)
class Visited:
    """A page, or what a form of one does."""

    route: Route[object]

    def __str__(self) -> str:
        return f"{self.route.method} {self.route.path}"

    @property
    def is_private(self) -> bool:
        """Whether it is for people who are signed in."""
        return self.route.path.startswith("/app")

    @property
    def names_a_thing(self) -> bool:
        """Whether somebody's id stands in its address."""
        return any(one not in NO_ID for one in self.route.parameters)


def pages(method: str = "") -> Iterator[Visited]:
    """Every route of the pages, of one method or of both."""
    for route in DOOR.routes:
        if method in ("", route.method):
            yield Visited(route)  # pyright: ignore[reportArgumentType]


def theirs_of(world: World) -> list[dict[str, str]]:
    """Somebody's ids, kind by kind; each of several by turns."""
    most = max(len(listed) for listed in world.ids.values())
    return [
        {kind: listed[at % len(listed)] for kind, listed in world.ids.items()}
        | {"unknown": UNKNOWN}
        for at in range(most)
    ]


def address_of(visited: Visited, theirs: Mapping[str, str]) -> str:
    """A page's address with somebody's ids in it."""
    path = visited.route.path
    for parameter in visited.route.parameters:
        kind = parameter.removesuffix("_id")
        value = NO_ID.get(parameter) or theirs.get(KINDS.get(kind, kind), UNKNOWN)
        path = path.replace(f"{{{parameter}}}", value)
    return path


def filled(theirs: Mapping[str, str]) -> dict[str, str]:
    """The fields with somebody's ids in them."""
    found: dict[str, str] = {}
    for name, value in FIELDS.items():
        kind = value.strip("<>")
        found[name] = theirs.get(kind, UNKNOWN) if value.startswith("<") else value
    return found


async def token_of(browser: httpx.AsyncClient) -> str:
    """What this browser's forms carry."""
    answer = await browser.get("/signin", follow_redirects=True)
    return Page(answer.text).forms[0].values["csrf"]
