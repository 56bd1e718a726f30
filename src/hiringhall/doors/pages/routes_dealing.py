"""What is said at a task's page on the market: chosen, taken, given back, disputed."""

from collections.abc import Callable
from typing import Any

from hiringhall.actions.market import choosing, claims, disputes, proposing
from hiringhall.domain.errors import Invalid
from hiringhall.domain.proposals import make_bid
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Raw, Route
from hiringhall.doors.pages.forms import Form
from hiringhall.doors.pages.once import only_once
from hiringhall.doors.pages.people import label_of, names_for, persons
from hiringhall.doors.pages.posting import judged
from hiringhall.doors.pages.task_view import AT, found_for, page_of, saying
from hiringhall.doors.pages.typed import amount, decimal
from hiringhall.doors.pages.visits import Visit, called_here, for_signed_in
from hiringhall.queries import market


async def show_proposal(visit: Visit) -> Raw:
    """One proposal, whole, for whoever may choose, or made it."""
    hall, actor = visit.desk.hall, visit.actor
    found = await found_for(visit)
    task_id = found.task.id
    one = await market.proposal_seen(
        hall, actor=actor, task_id=task_id, proposal_id=visit.call.path["proposal_id"]
    )
    worker, made = one.proposal.worker, list[market.Candidate]()
    if one.agent is None and worker.user_id != actor.user_id:
        made = await market.candidates(hall, actor=actor, task_id=task_id)
    names = await names_for(visit, [label_of(worker)], found.task)
    return visit.show(
        "proposal.html",
        task=found.task,
        seen=found,
        one=one,
        person=persons(names, made, [worker]).get(worker.id, ""),
        currency=hall.rules.currency,
    )


async def _shortlist(visit: Visit, task_id: str) -> None:
    await choosing.shortlist(
        visit.desk.hall, actor=visit.actor, proposal_id=visit.call.path["proposal_id"]
    )


async def _decline(visit: Visit, task_id: str) -> None:
    with called_here(reason="decline_reason"):
        await choosing.decline(
            visit.desk.hall,
            actor=visit.actor,
            proposal_id=visit.call.path["proposal_id"],
            reason=visit.form["decline_reason"],
        )


async def _withdraw(visit: Visit, task_id: str) -> None:
    with called_here(reason="withdraw_reason"):
        await proposing.withdraw_proposal(
            visit.desk.hall,
            actor=visit.actor,
            proposal_id=visit.call.path["proposal_id"],
            reason=visit.form["withdraw_reason"],
        )


async def _claim(visit: Visit, task_id: str) -> None:
    await claims.claim(visit.desk.hall, actor=visit.actor, task_id=task_id)


async def _release(visit: Visit, task_id: str) -> None:
    with called_here(reason="release_reason"):
        await claims.release_claim(
            visit.desk.hall, actor=visit.actor, task_id=task_id, reason=visit.form["release_reason"]
        )


async def _propose(visit: Visit, task_id: str) -> None:
    form = visit.form
    said: dict[str, Any] = {"plan": form["plan"], "sample": form["sample"]}
    unread: dict[str, str] = {}
    readers: dict[str, Callable[[Form, str], float | None]] = {
        "price_cents": amount,
        "confidence": _share,
        "estimated_hours": decimal,
    }
    for field, read in readers.items():
        try:
            said[field] = read(form, field)
        except Invalid as error:
            unread |= error.fields
    if unread:
        readable = {name: one for name, one in said.items() if name != "price_cents"}
        judged(lambda: make_bid(**readable, price_cents=1, budget_cents=1), unread)
    await proposing.propose(visit.desk.hall, actor=visit.actor, task_id=task_id, **said)


def _share(form: Form, name: str) -> float | None:
    """A percentage as people write it, as a part of one."""
    percent = decimal(form, name)
    return None if percent is None else percent / 100


async def _dispute(visit: Visit, task_id: str) -> None:
    with called_here(reason="dispute_reason"):
        await disputes.open_dispute(
            visit.desk.hall, actor=visit.actor, task_id=task_id, reason=visit.form["dispute_reason"]
        )


async def _state(visit: Visit, task_id: str) -> None:
    with called_here(text="statement"):
        await disputes.state_case(
            only_once(visit, page_of(task_id)),
            actor=visit.actor,
            dispute_id=visit.call.path["dispute_id"],
            text=visit.form["statement"],
        )


async def _agree(visit: Visit, task_id: str) -> None:
    await disputes.agree(
        only_once(visit, page_of(task_id)),
        actor=visit.actor,
        dispute_id=visit.call.path["dispute_id"],
        worker_cents=amount(visit.form, "worker_cents"),
    )


async def _resolve(visit: Visit, task_id: str) -> None:
    with called_here(worker_cents="outcome_cents", reason="outcome_reason"):
        await disputes.resolve(
            only_once(visit, page_of(task_id)),
            actor=visit.actor,
            dispute_id=visit.call.path["dispute_id"],
            worker_cents=amount(visit.form, "outcome_cents"),
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
