"""The hall itself, for whoever runs it: who is let in, disputes, organizations, invitations."""

from hiringhall.actions import admitting
from hiringhall.actions.market import agents, disputes
from hiringhall.actions.payments.deposits import book_deposit
from hiringhall.domain import ids
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Raw, Route
from hiringhall.doors.pages.navigation import HOME
from hiringhall.doors.pages.once import only_once, only_once_with_secret
from hiringhall.doors.pages.paging import PART, address, behind
from hiringhall.doors.pages.routes_files import FILES
from hiringhall.doors.pages.saying import SAID, Said, doing, refused, showing
from hiringhall.doors.pages.typed import amount, whole_number
from hiringhall.doors.pages.visits import Visit, for_signed_in
from hiringhall.hall import Registration
from hiringhall.queries import disputes as dispute_queries
from hiringhall.queries import running, system
from hiringhall.queries.seen import task_seen

AT = f"{HOME}/admin"
AGENTS = f"{AT}/agents"
DISPUTES = f"{AT}/disputes"
DISPUTE = f"{DISPUTES}/{{dispute_id}}"
ORGANIZATIONS = f"{AT}/organizations"
INVITATIONS = f"{AT}/invitations"
_BOOKED = f"{ORGANIZATIONS}?booked=1"


async def show_agents(visit: Visit, said: Said) -> Raw:
    """Everybody's agents: who waits to be let in stands out."""
    found = await system.applicants(
        visit.desk.hall, actor=visit.actor, before=behind(visit), limit=PART + 1
    )
    return visit.show(
        "admin_agents.html",
        found=found[:PART],
        more=address(visit, before=found[PART - 1].agent.id) if len(found) > PART else "",
        **said.shown,
    )


async def _approve(visit: Visit) -> str:
    await agents.approve_agent(
        visit.desk.hall, actor=visit.actor, agent_id=visit.call.path["agent_id"]
    )
    return AGENTS


async def _suspend(visit: Visit) -> str:
    await agents.suspend_agent(
        visit.desk.hall, actor=visit.actor, agent_id=visit.call.path["agent_id"]
    )
    return AGENTS


async def show_disputes(visit: Visit, said: Said) -> Raw:
    """All disputes that wait for a word."""
    after = visit.query["after"]
    found = await dispute_queries.open_disputes(
        visit.desk.hall,
        actor=visit.actor,
        after=after if ids.is_uuid(after) else "",
        limit=PART + 1,
    )
    return visit.show(
        "admin_disputes.html",
        found=found[:PART],
        more=address(visit, after=found[PART - 1].dispute.task_id) if len(found) > PART else "",
        currency=visit.desk.hall.rules.currency,
        **said.shown,
    )


async def show_dispute(visit: Visit, said: Said) -> Raw:
    """A dispute with all there is to judge it by, for an admin alone: sides have their task."""
    hall, actor = visit.desk.hall, visit.actor
    await running.require(hall, actor=actor)
    found = await dispute_queries.dispute_view(
        hall, actor=actor, dispute_id=visit.call.path["dispute_id"]
    )
    return visit.show(
        "admin_dispute.html",
        found=found,
        dispute=found.dispute,
        hold=(await task_seen(hall, actor=actor, task_id=found.task.id)).hold,
        files={key: files[:FILES] for key, files in found.files.items()},
        link_to=visit.desk.links_below(""),
        currency=hall.rules.currency,
        **said.shown,
    )


async def _resolve(visit: Visit) -> str:
    dispute_id = visit.call.path["dispute_id"]
    leads_to = f"{DISPUTES}/{dispute_id}"
    await disputes.resolve(
        only_once(visit, leads_to),
        actor=visit.actor,
        dispute_id=dispute_id,
        worker_cents=amount(visit.form, "worker_cents"),
        reason=visit.form["reason"],
    )
    return leads_to


async def show_organizations(visit: Visit, said: Said) -> Raw:
    """Every organization with what it has; money that came in another way is booked here."""
    hall = visit.desk.hall
    found = await running.all_organizations(
        hall, actor=visit.actor, before=behind(visit), limit=PART + 1
    )
    return visit.show(
        "admin_organizations.html",
        found=found[:PART],
        more=address(visit, before=found[PART - 1].id) if len(found) > PART else "",
        currency=hall.rules.currency,
        plays=hall.plays,
        booked=visit.query["booked"],
        **said.shown,
    )


async def _book(visit: Visit) -> str:
    await book_deposit(
        only_once(visit, _BOOKED),
        actor=visit.actor,
        organization_id=visit.form["organization_id"],
        amount_cents=amount(visit.form, "amount_cents"),
    )
    return _BOOKED


async def show_invitations(visit: Visit, said: Said, secret: str = "") -> Raw:
    """Invitations that open an account; a new one is shown once."""
    hall = visit.desk.hall
    return visit.show(
        "admin_invitations.html",
        found=await system.newcomers(hall, actor=visit.actor),
        secret=secret,
        leads_to=f"{visit.desk.base_url(visit.call)}/signup?invitation={secret}",
        is_asked_for=hall.rules.registration is Registration.INVITE,
        **said.shown,
    )


async def _invite(visit: Visit) -> Raw:
    try:
        days = whole_number(visit.form, "valid_days")
        secret = await admitting.invite_newcomer(
            only_once_with_secret(visit),
            actor=visit.actor,
            valid_days=7 if days is None else days,
        )
    except SAID as error:
        return await show_invitations(visit, refused(visit, error))
    return await show_invitations(visit, Said(), secret)


async def _withdraw(visit: Visit) -> str:
    await admitting.withdraw_invitation(
        visit.desk.hall, actor=visit.actor, invitation_id=visit.call.path["invitation_id"]
    )
    return INVITATIONS


_NONE = {303: None}
_AGENT = f"{AGENTS}/{{agent_id}}"

ROUTES: tuple[Route[Desk], ...] = (
    Route("GET", AGENTS, showing(show_agents), {200: None}, "Everybody's agents"),
    Route("POST", f"{_AGENT}/approve", doing(_approve, show_agents), _NONE, "Let an agent in"),
    Route("POST", f"{_AGENT}/suspend", doing(_suspend, show_agents), _NONE, "Suspend an agent"),
    Route("GET", DISPUTES, showing(show_disputes), {200: None}, "Disputes"),
    Route("GET", DISPUTE, showing(show_dispute), {200: None}, "A dispute"),
    Route("POST", f"{DISPUTE}/resolve", doing(_resolve, show_dispute), _NONE, "Decide a dispute"),
    Route("GET", ORGANIZATIONS, showing(show_organizations), {200: None}, "Organizations"),
    Route("POST", f"{ORGANIZATIONS}/book", doing(_book, show_organizations), _NONE, "Book money"),
    Route("GET", INVITATIONS, showing(show_invitations), {200: None}, "Invitations"),
    Route("POST", INVITATIONS, for_signed_in(_invite), {200: None}, "Invite a newcomer"),
    Route(
        "POST",
        f"{INVITATIONS}/{{invitation_id}}/withdraw",
        doing(_withdraw, show_invitations),
        _NONE,
        "Take an invitation back",
    ),
)
