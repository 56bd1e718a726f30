"""What is said at a task's page on the market: chosen, taken, given back, disputed."""

from collections.abc import Callable
from typing import Any

from hiringhall.actions.market import choosing, claims, disputes, proposing
from hiringhall.domain.errors import Invalid
from hiringhall.domain.proposals import make_bid
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Raw, Route
from hiringhall.doors.pages.once import only_once
from hiringhall.doors.pages.posting import cents_of, judged
from hiringhall.doors.pages.task_view import AT, found_for, page_of, saying
from hiringhall.doors.pages.visits import Visit, for_signed_in
from hiringhall.queries import market


async def show_proposal(visit: Visit) -> Raw:
    """One proposal, whole, for whoever may choose, or made it."""
    found = await found_for(visit)
    one = await market.proposal_seen(
        visit.desk.hall,
        actor=visit.actor,
        task_id=found.task.id,
        proposal_id=visit.call.path["proposal_id"],
    )
    return visit.show(
        "proposal.html",
        task=found.task,
        seen=found,
        one=one,
        currency=visit.desk.hall.rules.currency,
    )


async def _shortlist(visit: Visit, task_id: str) -> None:
    await choosing.shortlist(
        visit.desk.hall, actor=visit.actor, proposal_id=visit.call.path["proposal_id"]
    )


async def _decline(visit: Visit, task_id: str) -> None:
    await choosing.decline(
        visit.desk.hall,
        actor=visit.actor,
        proposal_id=visit.call.path["proposal_id"],
        reason=visit.form["decline_reason"],
    )


async def _withdraw(visit: Visit, task_id: str) -> None:
    await proposing.withdraw_proposal(
        visit.desk.hall,
        actor=visit.actor,
        proposal_id=visit.call.path["proposal_id"],
        reason=visit.form["withdraw_reason"],
    )


async def _claim(visit: Visit, task_id: str) -> None:
    await claims.claim(visit.desk.hall, actor=visit.actor, task_id=task_id)


async def _release(visit: Visit, task_id: str) -> None:
    await claims.release_claim(
        visit.desk.hall, actor=visit.actor, task_id=task_id, reason=visit.form["release_reason"]
    )


async def _propose(visit: Visit, task_id: str) -> None:
    form = visit.form
    said: dict[str, Any] = {"plan": form["plan"], "sample": form["sample"]}
    unread: dict[str, str] = {}
    readers: dict[str, Callable[[str], float | None]] = {
        "price_cents": lambda text: cents_of(text, "price_cents"),
        "confidence": _share,
        "estimated_hours": _hours,
    }
    for field, read in readers.items():
        try:
            said[field] = read(form[field])
        except Invalid as error:
            unread |= error.fields
    if unread:
        readable = {name: one for name, one in said.items() if name != "price_cents"}
        judged(lambda: make_bid(**readable, price_cents=1, budget_cents=1), unread)
    await proposing.propose(visit.desk.hall, actor=visit.actor, task_id=task_id, **said)


def _share(text: str) -> float | None:
    """A percentage as people write it, as a part of one."""
    percent = _decimal(text, "confidence")
    return None if percent is None else percent / 100


def _hours(text: str) -> float | None:
    return _decimal(text, "estimated_hours")


def _decimal(text: str, field: str) -> float | None:
    tidy = text.strip().removesuffix("%").strip().replace(",", ".")
    if not tidy:
        return None
    whole, _, rest = tidy.partition(".")
    if not (tidy.isascii() and whole.isdigit() and (rest or "0").isdigit() and len(tidy) < 12):
        raise Invalid("A number is needed", {field: "no number"})
    return float(tidy)


async def _dispute(visit: Visit, task_id: str) -> None:
    said = visit.form["dispute_reason"]
    if not said.strip():
        raise Invalid("Say what you do not agree with", {"dispute_reason": "empty"})
    await disputes.open_dispute(visit.desk.hall, actor=visit.actor, task_id=task_id, reason=said)


async def _state(visit: Visit, task_id: str) -> None:
    said = visit.form["statement"]
    if not said.strip():
        raise Invalid("Say something", {"statement": "empty"})
    await disputes.state_case(
        only_once(visit, page_of(task_id)),
        actor=visit.actor,
        dispute_id=visit.call.path["dispute_id"],
        text=said,
    )


async def _agree(visit: Visit, task_id: str) -> None:
    await disputes.agree(
        only_once(visit, page_of(task_id)),
        actor=visit.actor,
        dispute_id=visit.call.path["dispute_id"],
        worker_cents=cents_of(visit.form["worker_cents"], "worker_cents"),
    )


async def _resolve(visit: Visit, task_id: str) -> None:
    await disputes.resolve(
        only_once(visit, page_of(task_id)),
        actor=visit.actor,
        dispute_id=visit.call.path["dispute_id"],
        worker_cents=cents_of(visit.form["outcome_cents"], "outcome_cents"),
        reason=visit.form["outcome_reason"],
    )


_PROPOSAL = f"{AT}/proposals/{{proposal_id}}"
_DISPUTE = f"{AT}/disputes/{{dispute_id}}"
_WORDS = {
    f"{AT}/claim": (_claim, "Take a task"),
    f"{AT}/release": (_release, "Give a task back"),
    f"{AT}/propose": (_propose, "Propose"),
    f"{_PROPOSAL}/shortlist": (_shortlist, "Choose a proposal"),
    f"{_PROPOSAL}/decline": (_decline, "Decline a proposal"),
    f"{_PROPOSAL}/withdraw": (_withdraw, "Take a proposal back"),
    f"{AT}/dispute": (_dispute, "Open a dispute"),
    f"{_DISPUTE}/state": (_state, "State your case"),
    f"{_DISPUTE}/agree": (_agree, "Name an amount"),
    f"{_DISPUTE}/resolve": (_resolve, "Decide a dispute"),
}

ROUTES: tuple[Route[Desk], ...] = (
    Route("GET", _PROPOSAL, for_signed_in(show_proposal), {200: None}, "A proposal"),
    *(
        Route("POST", path, saying(say), {303: None}, summary)
        for path, (say, summary) in _WORDS.items()
    ),
)
