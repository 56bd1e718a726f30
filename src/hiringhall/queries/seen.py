"""A task as whoever asks may see it: its poster, who works on it or may, an admin of the hall."""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from hiringhall.domain import ids
from hiringhall.domain.disputes import REVISIONS_BEFORE
from hiringhall.domain.errors import Forbidden, NotFound
from hiringhall.domain.escrow import Hold
from hiringhall.domain.lifecycle import Command, Side, Timer, commands_of
from hiringhall.domain.logged import LoggedEvent
from hiringhall.domain.market import Assignment, AssignmentState, Terms, folded
from hiringhall.domain.policy import Actor, may_see
from hiringhall.domain.proposals import Proposal
from hiringhall.domain.questions import AskedQuestion
from hiringhall.domain.runs import Run
from hiringhall.domain.tasks import FINAL, MARKET, QUESTIONED, Engagement, State, Task, Waiting
from hiringhall.hall import Hall
from hiringhall.queries.admins import is_admin
from hiringhall.queries.market import MAX_WORDS, board_page, may_have, part_in, works
from hiringhall.store import (
    assignments,
    events,
    offered,
    plans,
    posted,
    questions,
    tasks,
    timers,
    work,
)
from hiringhall.store.database import Tx
from hiringhall.store.plans import Plan
from hiringhall.store.posted import Text, Wanted
from hiringhall.store.tasks import NEWEST

__all__ = [
    "Seen",
    "Wanted",
    "offered_to",
    "posted_by",
    "question_asked",
    "seeing",
    "task_seen",
    "worked_on_by",
]

LOOKED_THROUGH = 2_000
"""How many tasks one page of a search looks at: it may be short, and still lead on."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A task with what belongs to it; of question, plan and error what its state is about.

    `mine` and `proposal` are the actor's own part in it as somebody who works. Lists leave out
    all that one task alone is asked for.
    """

    task: Task
    terms: Terms | None
    hold: Hold | None
    proposals: int
    is_poster: bool
    question: AskedQuestion | None = None
    plan: Plan | None = None
    error: str | None = None
    proposal: Proposal | None = None
    mine: Assignment | None = None
    delivered: int = 0
    decides_until_us: int | None = None
    """When the clock decides in the poster's place: accepts a delivery, or chooses nobody."""

    @property
    def is_followed(self) -> bool:
        """Whether what goes on in it is the actor's to hear: its poster's, or of who has a part."""
        return self.is_poster or self.proposal is not None or self.mine is not None

    @property
    def standing(self) -> str:
        """A mark of how it stands for the actor: with another one it is to be shown anew.

        What others propose and deliver is in it for its poster, and for an admin: nobody else is
        shown a task that is not on offer and that they have no part in.
        """
        task = self.task
        parts: list[object] = [task.state, task.waiting_for, task.generation, self.delivered]
        parts.append(task.version if task.state is State.DISPUTED else 0)
        parts += [None if one is None else one.state for one in (self.proposal, self.mine)]
        if self.is_poster or not (self.is_followed or task.is_on_offer):
            parts += [task.question_id, task.deliverable_id, task.plan_id, self.proposals]
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]

    @property
    def can(self) -> list[str]:
        """What the actor can do to it as it stands, conditions beside its state left out."""
        has_it = self.mine is not None and self.mine.state is AssignmentState.ACTIVE
        found = commands_of(self.task, Side.POSTER) if self.is_poster else []
        if has_it:
            found += [one for one in commands_of(self.task, Side.WORKER) if one in _FOR_WORKERS]
        elif self.task.is_on_offer and not self.is_poster:
            found += _FOR_TAKERS.get(self.task.engagement, []) if self.proposal is None else []
        if self.task.state is not State.IN_REVIEW and self.task.revisions < REVISIONS_BEFORE:
            found = [one for one in found if one != Command.DISPUTE]
        return list(dict.fromkeys(found))


_FOR_WORKERS = frozenset({Command.RELEASE_CLAIM, Command.DELIVER, Command.DISPUTE})
_FOR_TAKERS = {
    Engagement.CLAIM: [Command.CLAIM.value, "propose"],
    Engagement.PROPOSALS: ["propose"],
}


@dataclass(frozen=True, slots=True)
class SeenPage:
    """A part of a list; `next_position` is where the next begins, None at the end."""

    items: list[Seen]
    next_position: str | None


async def task_seen(hall: Hall, *, actor: Actor, task_id: str) -> Seen:
    """A task for whoever it exists for; raises NotFound and NotApproved."""

    async def find(tx: Tx) -> Seen:
        task = await tasks.by_id(tx, task_id) if ids.is_uuid(task_id) else None
        if task is None:
            raise NotFound("task")
        return await _see(tx, actor, task)

    return await hall.database.scan(find)


async def question_asked(
    hall: Hall, *, actor: Actor, task_id: str, question_id: str
) -> AskedQuestion | None:
    """A question that was once asked of the task's poster, answered or not; None for no such.

    Raises NotFound and NotApproved where the task does not exist for the actor.
    """
    seen = await task_seen(hall, actor=actor, task_id=task_id)

    async def find(tx: Tx) -> AskedQuestion | None:
        asked = await questions.of_task(tx, task_id) if seen.is_poster else []
        return next((one.question for one in asked if one.question.id == question_id), None)

    return await hall.database.scan(find)


def seeing(actor: Actor) -> Callable[[Tx, Task | Run], Awaitable[Seen]]:
    """The same of a task that was just changed, for an answer that is kept beside the change.

    Of a run that was queued, its task.
    """

    async def read(tx: Tx, made: Task | Run) -> Seen:
        task_id = made.id if isinstance(made, Task) else made.task_id
        task = await tasks.by_id(tx, task_id)
        assert task is not None, "it was changed just now"
        return await _see(tx, actor, task)

    return read


async def log_of(
    hall: Hall, *, actor: Actor, task_id: str, after: int = 0, limit: int = 100
) -> list[LoggedEvent]:
    """A part of a task's log, oldest first, from behind a number: for its poster or an admin.

    Raises NotFound, and Forbidden for who works on it: what others proposed stands there, too.
    """
    seen = await task_seen(hall, actor=actor, task_id=task_id)

    async def find(tx: Tx) -> list[LoggedEvent]:
        if not seen.is_poster and not await is_admin(tx, actor):
            raise Forbidden("The log of a task is for whoever posted it")
        return await events.of_task(tx, task_id, after=after, most=limit)

    return await hall.database.scan(find)


async def posted_by(
    hall: Hall,
    *,
    actor: Actor,
    wanted: Wanted,
    search: str = "",
    before: str | None = None,
    limit: int = 20,
) -> SeenPage:
    """The organization's tasks that are wanted, newest first, from behind an id.

    With a search, those whose title or description has all of its words.
    """
    words = folded(search).split()[:MAX_WORDS]

    organization_id, behind = actor.organization_id or "", before or NEWEST

    async def find(tx: Tx) -> SeenPage:
        if words:
            wanted_ids, position = await _with_words(
                tx, organization_id, wanted, words, before=behind, limit=limit
            )
            found = await posted.by_ids(tx, wanted_ids)
        else:
            found = await posted.page(
                tx, organization_id=organization_id, wanted=wanted, before=behind, most=limit + 1
            )
            has_more = len(found) > limit
            found = found[:limit]
            position = found[-1].id if has_more else None
        return SeenPage(await _see_all(tx, actor, found), position)

    return await hall.database.scan(find)


async def _with_words(
    tx: Tx,
    organization_id: str,
    wanted: Wanted,
    words: Sequence[str],
    *,
    before: str,
    limit: int,
) -> tuple[list[str], str | None]:
    """The ids of tasks with all of some words, and behind which the next part begins, if any.

    Case is folded here: neither database does that for more than the Latin alphabet's A to Z.
    """
    found: list[str] = []
    position, left = before, LOOKED_THROUGH
    while left > 0 and len(found) <= limit:
        most = min(left, 200)
        texts = await posted.texts(
            tx, organization_id=organization_id, wanted=wanted, before=position, most=most
        )
        left -= len(texts)
        found += [one.task_id for one in texts if _has_words(one, words)]
        if len(texts) < most:
            return found[:limit], found[limit - 1] if len(found) > limit else None
        position = texts[-1].task_id
    return (found[:limit], found[limit - 1]) if len(found) > limit else (found, position)


async def offered_to(
    hall: Hall,
    *,
    actor: Actor,
    wanted: Wanted,
    search: str = "",
    before: str | None = None,
    limit: int = 20,
) -> SeenPage:
    """What is on offer to the actor and wanted, newest first, from behind an id.

    All of it is open; `wanted.team_id` is no matter here. Raises NotApproved and Invalid.
    """
    page = await board_page(
        hall,
        actor=actor,
        category=wanted.category,
        search=search,
        engagements=None if MARKET.issubset(wanted.engagements) else wanted.engagements,
        before=before,
        limit=limit,
    )
    if State.OPEN not in wanted.states:
        return SeenPage([], None)
    on_offer = [line.id for line in page.lines]

    async def find(tx: Tx) -> list[Seen]:
        return await _see_all(tx, actor, await posted.by_ids(tx, on_offer))

    found = await hall.database.scan(find)
    return SeenPage(found, on_offer[-1] if len(on_offer) == limit else None)


async def worked_on_by(
    hall: Hall, *, worker_id: str, actor: Actor, skip: int = 0, limit: int = 20
) -> SeenPage:
    """What somebody proposed for or claimed, newest first, from behind so many."""

    async def find(tx: Tx) -> SeenPage:
        lines = await work.page(tx, worker_id=worker_id, skip=skip, most=limit)
        on_it = list(dict.fromkeys(line.task_id for line in lines))
        found = await _see_all(tx, actor, await posted.by_ids(tx, on_it))
        return SeenPage(found, str(skip + limit) if len(lines) == limit else None)

    return await hall.database.scan(find)


def _has_words(one: Text, words: Sequence[str]) -> bool:
    # No word has a space in it, so that the text's may stay as they are.
    text = f"{one.title} {one.description}".casefold()
    return all(word in text for word in words)


async def _see(tx: Tx, actor: Actor, task: Task) -> Seen:
    """The task with all that the actor may know of it; raises NotFound and NotApproved."""
    (plain,) = await _see_all(tx, actor, [task])
    proposal, mine = await part_in(tx, actor, task)
    if not plain.is_poster and proposal is None and mine is None:
        await _check_known(tx, actor, plain)
    delivered = 0
    if mine is not None:
        handed_in = await assignments.submissions_of(tx, task.id)
        delivered = sum(one.assignment_id == mine.id for one in handed_in)
    return Seen(
        task,
        plain.terms,
        plain.hold,
        plain.proposals,
        plain.is_poster,
        question=await _question(tx, task) if plain.is_poster or mine is not None else None,
        plan=await _plan(tx, task) if plain.is_poster else None,
        error=await _error(tx, task),
        proposal=proposal,
        mine=mine,
        delivered=delivered,
        decides_until_us=await _decides_until(tx, task),
    )


CLOCKS = {State.IN_REVIEW: Timer.REVIEW, State.SELECTING: Timer.GRACE}
"""The clock of a task that waits for its poster, by where it stands."""


async def _decides_until(tx: Tx, task: Task) -> int | None:
    kind = CLOCKS.get(task.state) if task.has_hold else None
    return None if kind is None else await timers.due_at(tx, task_id=task.id, kind=kind)


async def _check_known(tx: Tx, actor: Actor, seen: Seen) -> None:
    """Raise NotFound where a task that the actor has no part in does not exist for them."""
    if seen.terms is not None:
        categories = await may_have(tx, actor)
        fits = categories is None or seen.terms.category in categories
        if seen.task.is_on_offer and works(actor) and fits:
            return
    if not await is_admin(tx, actor):
        raise NotFound("task")


async def _see_all(tx: Tx, actor: Actor, found: Sequence[Task]) -> list[Seen]:
    counts = await posted.proposal_counts(tx, [task.id for task in found])
    return [
        Seen(
            one.task,
            one.terms,
            one.hold,
            counts.get(one.task.id, 0),
            may_see(actor, one.task.organization_id),
        )
        for one in await offered.of_tasks(tx, found)
    ]


async def _question(tx: Tx, task: Task) -> AskedQuestion | None:
    if task.waiting_for not in QUESTIONED or task.question_id is None:
        return None
    return await questions.by_id(tx, task.question_id)


async def _plan(tx: Tx, task: Task) -> Plan | None:
    if task.waiting_for is not Waiting.PLAN_DECISION:
        return None
    return next((one for one in await plans.of_task(tx, task.id) if one.id == task.plan_id), None)


async def _error(tx: Tx, task: Task) -> str | None:
    """Why it ended without being done, in the words of the log."""
    if task.state not in FINAL or task.state is State.DONE:
        return None
    ends = await events.of_task_typed(
        tx, task.id, ("task_cancelled", "task_failed", "task_expired")
    )
    return str(ends[-1].data.get("text") or "") or None if ends else None
