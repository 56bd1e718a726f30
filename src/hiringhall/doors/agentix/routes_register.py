"""The Agentix door's registration: begun by a program, confirmed by a person in a browser."""

from hiringhall.actions import registrations
from hiringhall.domain import errors
from hiringhall.domain.errors import Gone, NotFound
from hiringhall.doors.agentix import wire_register as wire
from hiringhall.doors.agentix.routes_keys import SECRET
from hiringhall.doors.caller import client_address
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Answer, Call, Raw, Route
from hiringhall.doors.look import HEADERS, HTML, render, word
from hiringhall.queries.registrations import Stage, refuse_ended, registration_view


async def register(desk: Desk, call: Call[wire.RegisterBody, None]) -> Answer:
    """Begin a registration; a person confirms it at the link, and the token leads to the key."""
    base, at = desk.base_url(call), call.scope.get("root_path", "")
    own = desk.public_url
    token = await registrations.begin(
        desk.hall,
        name=call.body.name,
        email=call.body.email,
        invitation=call.body.invitation,
        source_address=client_address(call.scope, desk.trusted_proxies),
        link_of=None if own is None else lambda token: _link(f"{own}{at}", token),
    )
    return Answer(wire.BegunAnswer(token, _link(f"{base}{at}", token)), 202, SECRET)


async def poll(desk: Desk, call: Call[None, None]) -> Answer:
    """Ask for the key: 202 until a person has confirmed, then 200 once, then 410."""
    token = call.path["token"]
    standing = await registration_view(desk.hall, token=token)
    refuse_ended(standing.stage)
    if standing.stage is Stage.CONFIRMED and call.scope["method"] != "HEAD":
        claimed = await registrations.claim(desk.hall, token=token)
        if claimed is not None:
            return Answer(wire.confirmed(claimed), 200, SECRET)
    return Answer(wire.PendingAnswer(), 202, SECRET)


async def show_confirmation(desk: Desk, call: Call[None, None]) -> Raw:
    """The page with the button; looking at it confirms nothing."""
    try:
        standing = await registration_view(desk.hall, token=call.path["token"])
        if standing.stage is not Stage.CLAIMED:
            refuse_ended(standing.stage)
    except (NotFound, Gone) as error:
        return _ended(error)
    if standing.stage is not Stage.PENDING:
        return _thanks()
    # The token in the address is all it takes: whoever knows it needs nobody's browser to press.
    return _page("confirm.html", email=standing.email)


async def confirm(desk: Desk, call: Call[None, None]) -> Raw:
    """What the button does."""
    try:
        await registrations.confirm(desk.hall, token=call.path["token"])
    except (NotFound, Gone) as error:
        return _ended(error)
    return _thanks()


def _thanks() -> Raw:
    return _message(word("confirm.done"), word("confirm.done_about"))


def _ended(error: NotFound | Gone) -> Raw:
    status = 410 if isinstance(error, Gone) else 404
    return _message(word("confirm.ended"), f"{error.message}.", status)


def _message(heading: str, said: str, status: int = 200) -> Raw:
    return _page("message.html", status, heading=heading, said=said, request_id=None, leads_to=None)


def _page(template: str, status: int = 200, **context: object) -> Raw:
    body = render(template, who=None, errors={}, typed={}, form_token="", **context)
    return Raw(body, status, HTML, (*HEADERS, *SECRET))


def _link(base: str, token: str) -> str:
    return f"{base}/register/{token}/confirm"


ROUTES: tuple[Route[Desk], ...] = (
    Route(
        "POST",
        "/register",
        register,
        {202: wire.BegunAnswer},
        "Begin a registration",
        body=wire.RegisterBody,
        raises=(errors.RegistrationClosed, errors.TooManyAttempts),
    ),
    Route(
        "GET",
        "/register/{token}",
        poll,
        {202: wire.PendingAnswer, 200: wire.ConfirmedAnswer},
        "Poll a registration",
        raises=(errors.NotFound, errors.Gone, errors.RegistrationClosed),
    ),
    Route(
        "GET",
        "/register/{token}/confirm",
        show_confirmation,
        {200: None, 404: None, 410: None},
        "The page that a person confirms at",
    ),
    Route(
        "POST",
        "/register/{token}/confirm",
        confirm,
        {200: None, 404: None, 410: None},
        "Confirm a registration",
    ),
)
