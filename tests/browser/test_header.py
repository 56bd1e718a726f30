"""The head of every page: a name of any length gives way to where one can go."""

import pytest
from playwright.async_api import ViewportSize, expect

from hiringhall.actions import accounts, members
from hiringhall.domain.members import MemberRole
from hiringhall.queries.sign_ins import actor_of, signed_in
from tests.browser.conftest import Comes
from tests.browser.people import Somebody
from tests.support.served import ServedHall

pytestmark = pytest.mark.anyio

NAME = "The organization of a workshop for wooden boats and oars " + "by the sea " * 3
DESK = ViewportSize(width=1280, height=900)
PHONE = ViewportSize(width=390, height=844)
# How many lines each link of the head takes, and where their middles are.
_LINES = """() => [...document.querySelectorAll('.top a, .top button')].map((one) => {
  const range = document.createRange();
  range.selectNodeContents(one);
  const tops = [...range.getClientRects()].filter((box) => box.width > 0 && box.height > 4);
  const box = one.getBoundingClientRect();
  return [one.textContent.trim(), Math.max(...tops.map((box) => box.bottom))
    - Math.min(...tops.map((box) => box.top)), (box.top + box.bottom) / 2];
})"""


async def _is_whole(somebody: Somebody, size: ViewportSize) -> list[float]:
    """The middles of the head's links, none of which is broken; the page is no wider than it is."""
    await somebody.page.set_viewport_size(size)
    found = await somebody.page.evaluate(_LINES)
    broken = [name for name, height, _ in found if height > 40]
    assert not broken, found
    assert await somebody.page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    return [middle for _, _, middle in found]


async def test_a_long_name_is_cut_and_no_link_is_broken(comes: Comes, hall: ServedHall) -> None:
    wim = await comes()
    await wim.signs_up("wim", Organization=NAME.strip())
    hall.do(accounts.make_admin(hall.app.hall, email=wim.email))
    await wim.opens("/app")
    middles = await _is_whole(wim, DESK)
    assert max(middles) - min(middles) < 12, "at a desk it is one row"
    name = wim.page.locator(".for")
    await expect(name).to_have_attribute("title", NAME.strip())
    await _is_whole(wim, PHONE)

    # Who belongs to two of them is led to where that is changed, by a word that is not cut.
    said: list[str] = []
    boss = await comes()
    await boss.signs_up("boss", Organization=NAME.strip())
    (cookie,) = [one for one in await boss.context.cookies() if one.get("name") == "hall"]
    who = hall.do(signed_in(hall.app.hall, secret=cookie.get("value", "")))
    asked = members.invite_member(
        hall.app.hall,
        actor=actor_of(who),
        email=wim.email,
        role=MemberRole.MEMBER,
        say=lambda secret: said.append(secret) or secret,
    )
    hall.do(asked)
    hall.do(members.join(hall.app.hall, secret=said[0], name="Wim", source_address="127.0.0.1"))
    await wim.opens("/app")
    link = wim.page.locator("a.for")
    for size in (DESK, PHONE):
        middles = await _is_whole(wim, size)
        cut = await link.evaluate(
            "(one) => [one.getBoundingClientRect().right,"
            " (() => { const range = document.createRange(); range.selectNode(one.lastChild);"
            " const box = range.getBoundingClientRect(); return box.right; })(),"
            " one.firstChild.getBoundingClientRect().width]"
        )
        assert cut[1] <= cut[0] + 1, "': change' is seen"
        assert cut[2] > 40, "and enough of the name"
        if size is DESK:
            assert max(middles) - min(middles) < 12
