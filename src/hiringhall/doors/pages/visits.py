"""Who is at a page: the cookie, the sign-in behind it, and the token that each form carries."""

import contextlib
import hmac
import secrets
from collections.abc import Awaitable, Callable, Generator
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import msgspec

from hiringhall.domain import ids
from hiringhall.domain.errors import HallError, Invalid, Unauthorized
from hiringhall.domain.policy import Actor
from hiringhall.doors.browser import Browser, form_token
from hiringhall.doors.desk import Desk
from hiringhall.doors.keeping import FILES
from hiringhall.doors.kit import Call, Header, Limits, Raw
from hiringhall.doors.look import HTML, render, word
from hiringhall.doors.look.words import word_or
from hiringhall.doors.neutral import status_of
from hiringhall.doors.pages import navigation
from hiringhall.doors.pages.forms import NOTHING, SECRETS, Form, read_form, read_query
from hiringhall.doors.pages.navigation import HOME
from hiringhall.doors.pages.plain import in_words
from hiringhall.doors.pages.told import told
from hiringhall.hall import Replayed
from hiringhall.queries.members import organizations_of
from hiringhall.queries.sign_ins import MOST_US, SignIn, actor_of

_OTHER_WORDS = 409
"""The status of a form that says something else by now than it did: it is another form then."""
FILES_AGAIN = "files_again"
"""The field of a form that came with files before its sender had to sign in."""
_FOR_NONE = (
    *(f"{HOME}/settings/{one}" for one in ("organization", "password", "sign-ins/")),
    *(f"{HOME}/{one}" for one in ("again", "admin/")),
)
"""Where nobody acts for an organization: one's own account, and the hall's admins."""
_NO_STORE: Header = (b"cache-control", b"no-store")
_TO_GO_BACK_TO: Header = (b"cache-control", b"private, no-cache")


class Visit:
    """One request of a browser. `who` is None for somebody who is not signed in."""

    def __init__(self, desk: Desk, call: Call[Any, Any]) -> None:
        self.desk = desk
        self.call = call
        self.form: Form = NOTHING
        self.query: Form = NOTHING
        self.who: SignIn | None = None
        self._browser = Browser(desk, call)
        self._given = self._browser.secret
        self.secret = self._given or secrets.token_urlsafe(32)

    @property
    def actor(self) -> Actor:
        """Who acts; raises Unauthorized for nobody."""
        if self.who is None:
            raise Unauthorized("Nobody is signed in")
        return actor_of(self.who)

    @property
    def form_token(self) -> str:
        """What a form of this browser carries."""
        return form_token(self.secret)

    @property
    def form_is_ours(self) -> bool:
        """Whether the form that was sent stood on a page that this browser got from here."""
        given = self.form["csrf"].encode("utf-8", "surrogatepass")
        return self._given is not None and hmac.compare_digest(given, self.form_token.encode())

    @property
    def from_here(self) -> bool:
        """Whether the browser says that a page of this hall's address sent this."""
        return self._browser.is_from_here

    async def look(self) -> None:
        """Find out who it is, and keep whoever is seen signed in."""
        self.who = await self._browser.who()

    def renew(self, secret: str | None = None) -> None:
        """From this answer on the browser is known by another secret, or by a stranger's."""
        self.secret = secret or secrets.token_urlsafe(32)
        self._given = None

    def show(
        self,
        template: str,
        /,
        *,
        status: int = 200,
        problem: str = "",
        errors: dict[str, str] | None = None,
        typed: Form | None = None,
        is_gone_back_to: bool = False,
        once: str = "",
        **context: Any,
    ) -> Raw:
        """A page for this visitor. `typed` is what its fields begin with.

        One that is gone back to is kept by the browser with what was typed. `once` is the number
        that its form had a step before: from whichever step it is sent, it is done once.
        """
        is_the_same = status != _OTHER_WORDS and ids.is_uuid(once)
        body = render(
            template,
            who=self.who,
            nav=navigation.links(self.who),
            here=navigation.here(self.call.scope["path"]),
            form_token=self.form_token,
            once=once if is_the_same else self.desk.hall.new_id(),
            problem_said=problem,
            done_said=word_or(f"done.{self.query['done']}", ""),
            errors=_Errors(errors or {}),
            typed=typed or NOTHING,
            **context,
        )
        kept = _TO_GO_BACK_TO if is_gone_back_to else _NO_STORE
        return Raw(body, status, HTML, (*self.headers(), kept))

    def lead(self, path: str) -> Raw:
        """Send the browser to another page of ours, by GET."""
        headers = ((b"location", path.encode("ascii")), *self.headers(), _NO_STORE)
        return Raw(b"", 303, HTML, headers)

    def headers(self) -> tuple[Header, ...]:
        """What tells the browser its secret, where it has another or none."""
        if self._given is not None:
            return ()
        most_s = MOST_US // 1_000_000
        value = f"={self.secret}; Path=/; Max-Age={most_s}; HttpOnly; SameSite=Lax"
        if self._browser.is_secure:
            value += "; Secure"
        return ((b"set-cookie", self._browser.cookie + value.encode()),)


class _Errors(dict[str, str]):
    """What is wrong by field; of a field that is right, nothing."""

    def __missing__(self, key: str) -> str:
        return ""


Handler = Callable[[Visit], Awaitable[object]]
Handled = Callable[[Desk, Call[Any, Any]], Awaitable[object]]


def for_all(handler: Handler) -> Handled:
    """A page that anybody may see; what is sent to it must come from a form of ours."""

    async def handle(desk: Desk, call: Call[Any, Any]) -> object:
        visit = await _arrive(desk, call)
        if call.scope["method"] == "POST" and not visit.form_is_ours:
            return _not_sent(visit)
        return await handler(visit)

    return handle


def for_signed_in(handler: Handler, *, with_files: bool = False) -> Handled:
    """A page for who is signed in; who is not signs in first, and what they typed is kept.

    Files that came `with_files` are not: they are chosen again. A form that was sent before leads
    where it led then.
    """

    async def handle(desk: Desk, call: Call[Any, Any]) -> object:
        visit = await _arrive(desk, call, with_files=with_files)
        sends = call.scope["method"] == "POST"
        if sends and visit.form_is_ours and _is_for_another(visit):
            return await send_again(visit, kept_of(visit), status=409)
        if visit.who is not None and (not sends or visit.form_is_ours):
            try:
                return await handler(visit)
            except Replayed as again:
                return visit.lead(again.body.decode())
            except HallError as error:
                if status_of(error) not in (403, 404):
                    raise
                return _not_theirs(visit, error)
        if not sends:
            return visit.lead(f"/signin?next={_quoted(call)}")
        if not visit.form_is_ours and not visit.from_here:
            return _not_sent(visit)
        if visit.who is None:
            return show_sign_in(visit, kept=kept_of(visit), status=401)
        return await send_again(visit, kept_of(visit), status=403)

    return handle


def _not_theirs(visit: Visit, error: HallError) -> Raw:
    """What is not there for who is signed in, or not theirs to do, with the way to what is."""
    status = status_of(error)
    missing = status == 404
    return visit.show(
        "message.html",
        status=status,
        heading=word("problem.title_404" if missing else "problem.title"),
        said=word("problem.not_found") if missing else f"{in_words(error).rstrip('.')}.",
        request_id=None,
        leads_to=HOME,
        leads_name=word("nav.home"),
    )


def _is_for_another(visit: Visit) -> bool:
    """Whether a form was shown to who acted for another organization than they do by now."""
    given, path = visit.form["acts_for"], visit.call.scope["path"]
    if visit.who is None or not given or path.startswith(_FOR_NONE):
        return False
    return given != visit.who.organization_id


async def room_for_files(desk: Desk, call: Call[Any, Any]) -> Limits:
    """Who is signed in may send files, and has the time for it; others what fits a form.

    What is larger is refused by the page itself, with what was typed: a form has its files last.
    """
    visit = Visit(desk, call)
    await visit.look()
    if visit.who is None:
        return Limits(head_bytes=Limits().body_bytes)
    return replace(FILES, head_bytes=Limits().body_bytes)


async def _arrive(desk: Desk, call: Call[Any, Any], *, with_files: bool = False) -> Visit:
    visit = Visit(desk, call)
    visit.query = read_query(call)
    if call.scope["method"] == "POST":
        visit.form = read_form(call, with_files=with_files)
    await visit.look()
    return visit


def _not_sent(visit: Visit) -> Raw:
    return visit.show(
        "message.html",
        status=403,
        heading=word("problem.title"),
        said=word("problem.not_sent"),
        request_id=None,
        leads_to="/",
        leads_name=word("problem.home"),
    )


def show_sign_in(
    visit: Visit,
    *,
    status: int = 200,
    kept: str = "",
    problem: str = "",
    next_path: str = HOME,
    errors: dict[str, str] | None = None,
) -> Raw:
    """The page to sign in at; `kept` waits there to be sent after it."""
    return visit.show(
        "sign_in.html",
        status=status,
        problem=problem,
        errors=errors,
        typed=NOTHING if kept and not visit.form["email"] else visit.form,
        next=next_path,
        kept=kept,
        opens=visit.desk.hall.rules.registration.value != "closed",
    )


def kept_of(visit: Visit) -> str:
    """What was typed, for a hidden field: where it was to go, what it does, for whom, its fields.

    Of what is not kept, the names; files that came along are to be chosen again.
    """
    lost = visit.form.lost()
    again: list[tuple[str, str]] = []
    if visit.form.uploads or visit.call.is_cut:
        lost, again = [*lost, "files"], [(FILES_AGAIN, "yes")]
    return msgspec.json.encode(
        Kept(
            visit.call.scope["path"],
            [*visit.form.kept(), *again],
            visit.form["acts_for"],
            visit.call.summary,
            lost,
        )
    ).decode()


class Kept(msgspec.Struct, array_like=True):
    """What was typed and not sent, on its way through another form."""

    path: str
    fields: list[tuple[str, str]]
    acts_for: str = ""
    does: str = ""
    lost: list[str] = msgspec.field(default_factory=list[str])


async def send_again(visit: Visit, kept: str, *, status: int = 200) -> Raw:
    """What was typed before, to be looked at and sent; nothing of it is done yet.

    It is sent in the name of the organization that it was typed for, and of no other: who acts for
    another one by now is asked, and who does not belong to it can only read it.
    """
    try:
        found = msgspec.json.decode(kept, type=Kept)
    except msgspec.DecodeError:
        return visit.lead(HOME)
    if not found.path.startswith(f"{HOME}/"):
        return visit.lead(HOME)
    assert visit.who is not None, "it is for who is signed in"
    hall, actor, here = visit.desk.hall, visit.actor, visit.who.organization_id
    is_elsewhere = found.acts_for not in ("", here) and not found.path.startswith(_FOR_NONE)
    meant = None
    if is_elsewhere:
        mine = await organizations_of(hall, actor=actor)
        meant = next((one for one in mine if one.id == found.acts_for), None)
    as_meant = actor if meant is None else replace(actor, organization_id=meant.id)
    form = Form(found.fields)
    lines = await told(visit.desk, actor=as_meant, path=found.path, form=form)
    anew = {one.name for one in lines if one.name}
    return visit.show(
        "send_again.html",
        status=status,
        action=found.path,
        does=found.does,
        lines=lines,
        fields=[(name, value) for name, value in form if name not in anew],
        lost=[one for one in (*SECRETS, "files") if one in found.lost],
        is_elsewhere=is_elsewhere,
        meant=meant,
        kept=kept,
        leave=HOME,
    )


@contextlib.contextmanager
def called_here(**names: str) -> Generator[None]:
    """What is wrong with a field of an action is said of the form's, where that has another name.

    `names` are those of the form, by the action's.
    """
    try:
        yield
    except Invalid as error:
        fields = {names.get(name, name): what for name, what in error.said.items()}
        raise Invalid(error.sentence, fields) from None


def _quoted(call: Call[Any, Any]) -> str:
    query = call.scope["query_string"].decode("latin-1")
    path = quote(call.scope["path"], safe="/")
    return quote(f"{path}?{query}" if query else path, safe="/")
