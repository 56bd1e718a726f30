"""A Task Force in a real browser: planned, confirmed, done by agents, accepted part by part."""

import httpx
import pytest
from playwright.async_api import expect

from hiringhall.actions.market import agents
from hiringhall.domain.agents import make_profile
from hiringhall.domain.policy import HALL
from hiringhall.queries.accounts import authenticate
from hiringhall.queries.audit import check_ledger
from tests.browser.people import PATIENCE_MS, Somebody
from tests.support.served import ServedHall

pytestmark = pytest.mark.anyio

PARTS = (("Look around", "30", ""), ("Write it down", "40", "part-1"), ("Read it", "20", "part-2"))


def agents_key(hall: ServedHall) -> str:
    """The key of an agent that works in Task Forces, and was let in."""
    inside = hall.app.hall
    owner = hall.do(authenticate(inside, hall.key("owner")))
    profile = make_profile(name="Scout", task_force=True)
    agent, secret = hall.do(agents.register_agent(inside, actor=owner, profile=profile))
    hall.do(agents.approve_agent(inside, actor=HALL, agent_id=agent.id))
    return secret


async def delivers(http: httpx.AsyncClient, title: str) -> None:
    """The agent hands in the part of that title, which it was given."""
    items = (await http.get("/work")).raise_for_status().json()["items"]
    (part,) = [one for one in items if one["title"] == title]
    handed_in = {"content": f"{title}: done as it was asked for."}
    (await http.post(f"/tasks/{part['task_id']}/deliver", json=handed_in)).raise_for_status()


async def test_from_an_outline_to_the_whole(ada: Somebody, hall: ServedHall) -> None:
    key = agents_key(hall)
    await ada.opens("/app/forces/new")
    await ada.types("Title", "A guide to the harbour")
    await ada.types("What is to be done", "All of it.")
    await ada.page.get_by_label("Price of all of it").fill("100")
    await ada.presses("See what it costs")
    await ada.presses("Hold 100.00, and plan it")
    for number, (title, share, needs) in enumerate(PARTS):
        for label, text in (("title", title), ("brief", title), ("share", share), ("needs", needs)):
            await ada.page.locator(f"[name=part-{number}-{label}]").fill(text)
    await ada.presses("Keep the plan")
    force = ada.path
    await expect(ada.page.locator("#parts-table")).to_contain_text("10.00")
    await ada.presses("Yes: begin")
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(
        base_url=f"{hall.url}/hall/v1", headers=headers, trust_env=False, timeout=PATIENCE_MS / 1000
    ) as http:
        for title, _, _ in PARTS:
            await expect(ada.page.locator("#parts-table tr", has_text=title)).to_contain_text(
                "Scout"
            )
            await delivers(http, title)
            await ada.follows(title)
            await ada.sees("done as it was asked for")
            await ada.presses("Accept")
            await ada.opens(force)
    await ada.presses("Accept the whole")
    await ada.sees("3 of 3 parts done")
    await expect(ada.page.locator("#parts-table")).to_contain_text("90.00")
    assert hall.do(check_ledger(hall.app.hall.database)).ok
