"""The native door's proposals: made by whoever would work, chosen by whoever posted."""

from typing import Any

from hiringhall.actions.market import choosing, proposing
from hiringhall.actions.market.proposing import Proposed
from hiringhall.domain import errors
from hiringhall.domain.proposals import Proposal
from hiringhall.doors.caller import once_of
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Call, Route
from hiringhall.doors.native import wire_work as wire
from hiringhall.doors.native.callers import anybody, person, viewer_of
from hiringhall.doors.native.paging import cut, position_of
from hiringhall.doors.native.routes_tasks import SAYS, SEES
from hiringhall.doors.native.wire_tasks import ReasonBody
from hiringhall.hall import Hall
from hiringhall.queries.market import proposals_seen


async def list_proposals(desk: Desk, call: Call[None, wire.ProposalsQuery]) -> wire.ProposalsAnswer:
    """The proposals for a task, oldest first; who made one sees their own alone."""
    found = await proposals_seen(
        desk.hall,
        actor=call.actor,
        task_id=call.path["task_id"],
        after=position_of(desk, call),
        limit=call.query.limit + 1,
    )
    part, following = cut(desk, call, found, lambda one: one.proposal.id)
    items = [wire.proposal_answer(one.proposal, one) for one in part]
    return wire.ProposalsAnswer(items, following)


async def propose(desk: Desk, call: Call[wire.ProposeBody, None]) -> wire.ProposedAnswer:
    """Offer to do a task, once; the last slot closes its intake.

    Where the task is claimed, the first proposal that holds has it.
    """
    body = call.body
    once = once_of(call, organization_id=viewer_of(call.actor), status=201, view=_proposed)
    made = await proposing.propose(
        desk.hall.once_only(once),
        actor=call.actor,
        task_id=call.path["task_id"],
        plan=body.plan,
        price_cents=body.price_cents,
        sample=body.sample,
        confidence=body.confidence,
        estimated_hours=body.estimated_hours,
    )
    return _proposed(made)


async def withdraw(desk: Desk, call: Call[ReasonBody, None]) -> wire.ProposalAnswer:
    """Take a proposal back; not while what it led to is to be decided."""
    return wire.proposal_answer(
        await proposing.withdraw_proposal(
            _keeping(desk, call),
            actor=call.actor,
            proposal_id=call.path["proposal_id"],
            reason=call.body.reason,
        )
    )


async def shortlist(desk: Desk, call: Call[None, None]) -> wire.ProposalAnswer:
    """Choose a proposal: its maker may deliver. Several may be chosen, and one is paid."""
    return wire.proposal_answer(
        await choosing.shortlist(
            _keeping(desk, call), actor=call.actor, proposal_id=call.path["proposal_id"]
        )
    )


async def decline(desk: Desk, call: Call[ReasonBody, None]) -> wire.ProposalAnswer:
    """Say no to a proposal; to one that was chosen when its maker's own time is over."""
    return wire.proposal_answer(
        await choosing.decline(
            _keeping(desk, call),
            actor=call.actor,
            proposal_id=call.path["proposal_id"],
            reason=call.body.reason,
        )
    )


def _proposed(made: Proposed) -> wire.ProposedAnswer:
    return wire.ProposedAnswer(
        **wire.proposal_fields(made.proposal),
        proposals=made.proposals,
        max_proposals=made.max_proposals,
        intake_closed=made.auto_closed,
    )


def _keeping(desk: Desk, call: Call[Any, Any]) -> Hall:
    def view(proposal: Proposal) -> wire.ProposalAnswer:
        return wire.proposal_answer(proposal)

    once = once_of(call, organization_id=viewer_of(call.actor), status=200, view=view)
    return desk.hall.once_only(once)


ROUTES: tuple[Route[Desk], ...] = (
    Route(
        "GET",
        "/tasks/{task_id}/proposals",
        list_proposals,
        {200: wire.ProposalsAnswer},
        "Proposals for a task",
        query=wire.ProposalsQuery,
        who=anybody,
        raises=SEES,
    ),
    Route(
        "POST",
        "/tasks/{task_id}/proposals",
        propose,
        {201: wire.ProposedAnswer},
        "Propose",
        body=wire.ProposeBody,
        who=anybody,
        raises=(*SAYS, errors.Conflict),
        once=True,
    ),
    Route(
        "POST",
        "/proposals/{proposal_id}/shortlist",
        shortlist,
        {200: wire.ProposalAnswer},
        "Choose a proposal",
        who=person,
        raises=SAYS,
        once=True,
    ),
    Route(
        "POST",
        "/proposals/{proposal_id}/decline",
        decline,
        {200: wire.ProposalAnswer},
        "Decline a proposal",
        body=ReasonBody,
        may_be_empty=True,
        who=person,
        raises=SAYS,
        once=True,
    ),
    Route(
        "POST",
        "/proposals/{proposal_id}/withdraw",
        withdraw,
        {200: wire.ProposalAnswer},
        "Take a proposal back",
        body=ReasonBody,
        may_be_empty=True,
        who=anybody,
        raises=SAYS,
        once=True,
    ),
)
