"""People at the pages: each with a browser of their own, which keeps cookies and fills in forms."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from hiringhall.doors.front import Front
from tests.doors.conftest import BASE_URL
from tests.doors.pages.reading import Page, PageForm

PASSWORD = "correct horse battery"


@dataclass
class Person:
    """Somebody with a browser."""

    http: httpx.AsyncClient
    email: str = ""

    async def get(self, path: str, status: int = 200, **more: Any) -> Page:
        answer = await self.http.get(path, headers={"Accept": "text/html"}, **more)
        return page_of(answer, status)

    async def send(
        self, form: PageForm, status: int = 303, *, to: str = "", **typed: Any
    ) -> httpx.Response:
        """Send a form as it stands, with what was typed."""
        fields = {**form.values, **typed}
        answer = await self.http.post(to or form.action, data=fields)
        assert answer.status_code == status, answer.text
        return answer

    async def sends(
        self, path: str, action: str, status: int = 303, **typed: Any
    ) -> httpx.Response:
        """Open a page, fill in one of its forms, and send it."""
        return await self.send((await self.get(path)).form(action), status, **typed)

    async def signs_up(self, who: str = "ada", **typed: Any) -> "Person":
        self.email = f"{who}@example.com"
        fields: dict[str, Any] = {
            "name": who.capitalize(),
            "email": self.email,
            "password": PASSWORD,
            **typed,
        }
        answer = await self.sends("/signup", "/signup", **fields)
        assert answer.headers["location"] == "/app"
        return self

    async def signs_in(self, **typed: Any) -> httpx.Response:
        fields: dict[str, Any] = {"email": self.email, "password": PASSWORD, **typed}
        return await self.sends("/signin", "/signin", **fields)


def led_to(answer: httpx.Response) -> str:
    """The page that a form leads to, whatever that page is to say of it."""
    return answer.headers["location"].partition("?")[0]


def page_of(answer: httpx.Response, status: int = 200) -> Page:
    """A page of the hall, with what every one of them must say."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    return Page(answer.text)


@pytest.fixture
async def browser(front: Front) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(front.app)
    async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
        yield client


@pytest.fixture
def person(browser: httpx.AsyncClient) -> Person:
    """Somebody nobody knows."""
    return Person(browser)


@pytest.fixture
async def ada(person: Person) -> Person:
    """Somebody with an account, who is signed in."""
    return await person.signs_up()


@pytest.fixture
async def other(front: Front) -> AsyncIterator[Person]:
    """Somebody else, at another browser."""
    transport = httpx.ASGITransport(front.app)
    async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
        yield Person(client)


@pytest.fixture
async def bob(other: Person) -> Person:
    """Somebody else with an account, who is signed in."""
    return await other.signs_up("bob")


@pytest.fixture
async def third(front: Front) -> AsyncIterator[Person]:
    """A third one, at a browser of their own, whom nobody knows yet."""
    transport = httpx.ASGITransport(front.app)
    async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
        yield Person(client)
