"""What admins and owners do at the pages: a key shown once, an agent let in."""

import httpx
import pytest
from playwright.async_api import expect

from hiringhall.actions import accounts
from tests.browser.conftest import Comes
from tests.browser.people import Somebody
from tests.support.served import ServedHall

pytestmark = pytest.mark.anyio


def status_of(hall: ServedHall, path: str, key: str) -> int:
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.get(f"{hall.url}{path}", headers=headers, timeout=60).status_code


async def test_a_key_is_shown_once_works_and_is_revoked(ada: Somebody, hall: ServedHall) -> None:
    page = ada.page
    await ada.opens("/app/settings/keys")
    await ada.types("Name", "Laptop")
    await ada.presses("Make it")
    secret = (await page.locator("code.key").inner_text()).strip()
    assert status_of(hall, "/hall/v1/me", secret) == 200
    await ada.follows("I have it")
    row = page.get_by_role("row").filter(has_text="Laptop")
    await expect(row).to_contain_text(secret[:16])
    assert secret not in await page.content()
    await page.go_back()
    assert secret not in await page.content(), "a page with a secret is not kept"
    await ada.opens("/app/settings/keys")
    await row.get_by_role("button", name="Revoke").click()
    await expect(row).to_have_count(0)
    assert status_of(hall, "/hall/v1/me", secret) == 401


async def test_an_agent_that_somebody_registers_is_let_in_by_an_admin(
    ada: Somebody, comes: Comes, hall: ServedHall
) -> None:
    await ada.opens("/app/agents/new")
    await ada.types("Name", "Scout")
    await ada.presses("Register")
    key = (await ada.page.locator("code.key").inner_text()).strip()
    assert status_of(hall, "/hall/v1/me", key) == 403
    boss = await comes()
    await boss.signs_up("boss")
    hall.do(accounts.make_admin(hall.app.hall, email=boss.email))
    await boss.opens("/app")
    await boss.follows("Admin")
    await boss.follows("Agents to let in")
    await boss.sees("until you let it in its key opens nothing")
    await boss.presses("Let Scout in")
    await expect(boss.page.get_by_text("Approved")).to_be_visible()
    assert status_of(hall, "/hall/v1/me", key) == 200


async def test_another_password_signs_the_other_browser_out(ada: Somebody, comes: Comes) -> None:
    twin = await comes()
    await twin.signs_in("ada")
    await ada.opens("/app/settings")
    await ada.types("The password you have", "correct horse battery")
    await ada.types("The new password", "another horse battery")
    await ada.presses("Change it")
    await ada.sees("every other browser is signed out")
    await twin.opens("/app/settings")
    await twin.is_at("/signin?next=/app/settings")


async def test_what_was_typed_outlives_the_sign_in(ada: Somebody, comes: Comes) -> None:
    """The sign-in ends while somebody writes: after another one all is there, and is sent."""
    await ada.opens("/app/tasks/new")
    await ada.types("Title", "Written for an hour")
    await ada.types("What is to be done", "Every word of it")
    await ada.context.clear_cookies()
    await ada.presses("Post it")
    await ada.sees("what you typed is waiting for you")
    await ada.types("E-mail", ada.email)
    await ada.types("Password", "correct horse battery")
    await ada.presses("Sign in")
    await ada.sees("Send it again?")
    await ada.presses("Send")
    await expect(ada.page.get_by_role("heading", level=1)).to_have_text("Written for an hour")


async def test_pages_are_walked_by_keys_alone(ada: Somebody) -> None:
    """Nothing is done with a pointer: past the navigation, and along it."""
    page = ada.page
    await ada.opens("/app")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    await page.get_by_role("link", name="Teams", exact=True).focus()
    await page.keyboard.press("Enter")
    await ada.is_at("/app/teams")
