"""Before anybody is signed in: the first page, signing up, in and out, and the first admin."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

import msgspec

from hiringhall.actions import signing_in
from hiringhall.actions.signing_in import NewAccount
from hiringhall.domain.errors import (
    EmailTaken,
    Forbidden,
    HallError,
    Invalid,
    InvalidCredentials,
    NoOrganization,
    RegistrationClosed,
    TooManyAttempts,
)
from hiringhall.doors.caller import client_address
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Call, Door, Raw, Route, encode_json
from hiringhall.doors.look import word
from hiringhall.doors.pages.forms import Form, local
from hiringhall.doors.pages.plain import in_words, said_of
from hiringhall.doors.pages.visits import (
    HOME,
    Visit,
    for_all,
    send_again,
    show_sign_in,
)
from hiringhall.hall import Registration
from hiringhall.queries.sign_ins import has_admin, signed_in

_VARY = (b"vary", b"Accept")


class DoorLinks(msgspec.Struct):
    """Where a door is, and where it describes itself."""

    path: str
    docs: str
    openapi: str


class ToolsLink(msgspec.Struct):
    """Where tools are, which describe themselves by their protocol."""

    path: str
    protocol: str = "Model Context Protocol, streamable HTTP"


class WelcomeAnswer(msgspec.Struct):
    """What is at this address, by links that begin at its root."""

    name: str
    version: str
    doors: dict[str, DoorLinks]
    tools: ToolsLink
    health: str = "/healthz"
    readiness: str = "/readyz"


def first_page(doors: Mapping[str, Door[Any]], *, tools: str, version: str) -> Route[Desk]:
    """The route `/`: a page for who asks for HTML, as browsers do; data for everybody else.

    `doors` are told by where they are, `tools` is where the tools are.
    """
    links = {
        door.name: DoorLinks(path, f"{path}/docs", f"{path}/openapi.json")
        for path, door in doors.items()
    }
    lines = [
        {"title": door.title, **msgspec.to_builtins(links[door.name])} for door in doors.values()
    ]
    told = WelcomeAnswer("Hiringhall", version, links, ToolsLink(tools))
    data = Raw(encode_json(told), headers=(_VARY,))

    async def show_page(visit: Visit) -> Raw:
        if visit.who is not None:
            return visit.lead(HOME)
        return visit.show(
            "start.html", doors=lines, tools=tools, version=version, opens=_opens(visit)
        )

    page = for_all(show_page)

    async def show(desk: Desk, call: Call[None, None]) -> object:
        if b"text/html" not in call.headers.get(b"accept", b"").lower():
            return data
        shown = await page(desk, call)
        if isinstance(shown, Raw):
            return Raw(shown.body, shown.status, shown.content_type, (*shown.headers, _VARY))
        return shown

    return Route("GET", "/", show, {200: None}, "Welcome")


def _opens(visit: Visit) -> bool:
    return visit.desk.hall.rules.registration is not Registration.CLOSED


async def show_signing_in(visit: Visit) -> Raw:
    """The page to sign in at."""
    to = local(visit.query["next"], HOME)
    return visit.lead(to) if visit.who is not None else show_sign_in(visit, next_path=to)


async def sign_in(visit: Visit) -> Raw:
    """Sign in, and go on with what was asked for, or to what was typed before."""
    form = visit.form
    to = local(form["next"], HOME)
    try:
        secret = await signing_in.sign_in(
            visit.desk.hall,
            email=form["email"],
            password=form["password"],
            source_address=client_address(visit.call.scope, visit.desk.trusted_proxies),
        )
    except (InvalidCredentials, TooManyAttempts, NoOrganization) as error:
        known = isinstance(error, InvalidCredentials)
        return show_sign_in(
            visit,
            status=429 if isinstance(error, TooManyAttempts) else 401,
            kept=form["kept"],
            next_path=to,
            problem="" if known else in_words(error),
            errors={"password": word("wrong.credentials")} if known else None,
        )
    await _enter(visit, secret)
    return await send_again(visit, form["kept"]) if form["kept"] else visit.lead(to)


async def _enter(visit: Visit, secret: str) -> None:
    """The browser is known by the new secret alone; what it was known by before is over."""
    if visit.who is not None:
        await signing_in.sign_out(visit.desk.hall, secret=visit.secret)
    visit.renew(secret)
    visit.who = await signed_in(visit.desk.hall, secret=secret)


async def sign_out(visit: Visit) -> Raw:
    """End the sign-in here."""
    await signing_in.sign_out(visit.desk.hall, secret=visit.secret)
    visit.renew()
    left = visit.lead("/")
    # What the browser keeps of pages to go back to is nobody's any more.
    return replace(left, headers=(*left.headers, (b"clear-site-data", b'"cache"')))


async def show_signing_up(visit: Visit) -> Raw:
    """The page to open an account at; an invitation may stand in its address."""
    if visit.who is not None:
        return visit.lead(HOME)
    if not _opens(visit):
        return visit.show(
            "message.html",
            status=403,
            heading=word("sign_up.title"),
            said=word("problem.closed"),
            request_id=None,
            leads_to="/signin",
            leads_name=word("sign_in.do"),
        )
    return _show_sign_up(visit, typed=visit.query)


async def sign_up(visit: Visit) -> Raw:
    """Open an account, and be signed in."""

    async def open_it(account: NewAccount, source_address: str) -> str:
        return await signing_in.sign_up(
            visit.desk.hall,
            account=account,
            source_address=source_address,
            invitation=visit.form["invitation"].strip() or None,
        )

    return await _open_account(visit, open_it, _show_sign_up, where="invitation")


async def show_setup(visit: Visit) -> Raw:
    """The page that makes the first admin, by the token that the server printed."""
    if await has_admin(visit.desk.hall):
        return visit.show(
            "message.html",
            heading=word("setup.done"),
            said=word("setup.done_said"),
            request_id=None,
            leads_to="/signin" if visit.who is None else HOME,
            leads_name=word("sign_in.do" if visit.who is None else "nav.home"),
        )
    if visit.who is not None:
        return visit.show("become_admin.html", typed=visit.query)
    return _show_setup(visit, typed=visit.query)


async def set_up(visit: Visit) -> Raw:
    """Make the first admin: of a new account, or of the one that is signed in."""
    token = visit.form["token"].strip()
    if visit.who is not None:
        try:
            await signing_in.become_first_admin(
                visit.desk.hall, user_id=visit.who.user_id, token=token
            )
        except Forbidden as error:
            return visit.show(
                "become_admin.html", status=403, errors={"token": in_words(error)}, typed=visit.form
            )
        return visit.lead(HOME)

    async def open_it(account: NewAccount, source_address: str) -> str:
        return await signing_in.make_first_admin(
            visit.desk.hall, account=account, token=token, source_address=source_address
        )

    return await _open_account(visit, open_it, _show_setup, where="token")


async def _open_account(
    visit: Visit,
    open_it: Callable[[NewAccount, str], Awaitable[str]],
    show: Callable[..., Raw],
    *,
    where: str,
) -> Raw:
    form = visit.form
    account = NewAccount(form["name"], form["email"], form["password"], form["organization_name"])
    address = client_address(visit.call.scope, visit.desk.trusted_proxies)
    try:
        secret = await open_it(account, address)
    except HallError as error:
        status, errors = _refused(error, where)
        problem = "" if errors else in_words(error)
        return show(visit, status=status, typed=form, errors=errors, problem=problem)
    await _enter(visit, secret)
    return visit.lead(HOME)


def _refused(error: HallError, where: str) -> tuple[int, dict[str, str]]:
    """The status of a refusal, and which field it is about; raises what is none of ours."""
    match error:
        case Invalid():
            return 400, said_of(error)
        case EmailTaken():
            return 409, {"email": word("wrong.email_taken")}
        case RegistrationClosed() | Forbidden():
            return 403, {where: in_words(error)}
        case TooManyAttempts():
            return 429, {}
        case _:
            raise error


def _show_sign_up(visit: Visit, **more: Any) -> Raw:
    return visit.show(
        "sign_up.html",
        heading=word("sign_up.title"),
        about=word("sign_up.about"),
        button=word("sign_up.do"),
        action="/signup",
        asks_invitation=visit.desk.hall.rules.registration is Registration.INVITE,
        asks_token=False,
        **more,
    )


def _show_setup(visit: Visit, *, typed: Form, **more: Any) -> Raw:
    return visit.show(
        "sign_up.html",
        heading=word("setup.title"),
        about=word("setup.about"),
        button=word("setup.do"),
        action="/setup",
        asks_invitation=False,
        asks_token=True,
        typed=typed,
        **more,
    )


ROUTES: tuple[Route[Desk], ...] = (
    Route("GET", "/signin", for_all(show_signing_in), {200: None}, "Sign in"),
    Route("POST", "/signin", for_all(sign_in), {303: None}, "Sign in"),
    Route("POST", "/signout", for_all(sign_out), {303: None}, "Sign out"),
    Route("GET", "/signup", for_all(show_signing_up), {200: None}, "Open an account"),
    Route("POST", "/signup", for_all(sign_up), {303: None}, "Open an account"),
    Route("GET", "/setup", for_all(show_setup), {200: None}, "The first admin"),
    Route("POST", "/setup", for_all(set_up), {303: None}, "Make the first admin"),
)
