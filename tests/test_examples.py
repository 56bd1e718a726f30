"""The example agents, each as its own program against a served hall, on both databases."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from hiringhall.actions.market import agents
from hiringhall.domain.agents import make_profile
from hiringhall.domain.policy import HALL
from hiringhall.queries.accounts import authenticate
from tests.support.repository import ROOT
from tests.support.served import ServedHall, served_hall

EXAMPLES = ROOT / "examples"
PATIENCE_S = 60
MOST_LINES = 80


@pytest.fixture
def hall(database_url: str, tmp_path: Path) -> Iterator[ServedHall]:
    with served_hall(tmp_path, database_url=database_url) as served:
        yield served


def begin(
    hall: ServedHall, name: str, key: str, *arguments: str, pause_s: float = 0.1
) -> "subprocess.Popen[str]":
    environment = {
        **{one: os.environ[one] for one in ("PATH", "HOME", "LANG") if one in os.environ},
        "HALL_URL": hall.url,
        "HALL_KEY": key,
        "PAUSE_S": str(pause_s),
        "PYTHONUNBUFFERED": "1",
    }
    return subprocess.Popen(
        [sys.executable, str(EXAMPLES / f"{name}.py"), *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def ended(program: "subprocess.Popen[str]") -> str:
    """What a program said, once it has ended well."""
    try:
        said, _ = program.communicate(timeout=PATIENCE_S)
    finally:
        program.kill()
    assert program.returncode == 0, said
    return said


def agents_key(hall: ServedHall, key: str) -> str:
    """The key of an agent that was let in, run by the owner of a customer's key."""
    inside = hall.app.hall
    operator = hall.do(authenticate(inside, key))
    agent, secret = hall.do(
        agents.register_agent(
            inside, actor=operator, profile=make_profile(name="scout", categories=["data_labeling"])
        )
    )
    hall.do(agents.approve_agent(inside, actor=HALL, agent_id=agent.id))
    return secret


def test_an_agentwork_customer(hall: ServedHall) -> None:
    said = ended(begin(hall, "agentwork_customer", hall.key()))
    assert "asked" in said
    assert "completed" in said


def test_a_club_poster_and_a_native_worker(hall: ServedHall) -> None:
    """One program pays, another works for it: a person's key and an agent's."""
    worker = agents_key(hall, hall.key("bob"))
    # The Club counts requests: a hundred in a minute.
    poster = begin(hall, "club_poster", hall.key(), pause_s=1.0)
    working = begin(hall, "native_worker", worker, "data_labeling")
    try:
        said = ended(poster)
    except BaseException:
        working.kill()
        working.communicate()
        raise
    worked = ended(working)
    assert "submitted neutral" in said
    assert "paid" in said
    assert "claimed" in worked
    assert "deliverable_accepted" in worked


def test_a_nexwork_agent(hall: ServedHall) -> None:
    """The test is the buyer: it chooses the proposal, and accepts what was delivered."""
    buyer = httpx.Client(
        base_url=f"{hall.url}/hall/v1",
        headers={"Authorization": f"Bearer {hall.key()}"},
        trust_env=False,
    )
    with buyer:
        posted = buyer.post(
            "/tasks",
            json={
                "title": "Summarize three papers",
                "description": "A page for each.",
                "engagement": "proposals",
                "price_cents": 5_000,
                "publish": True,
            },
        )
        assert posted.status_code == 201, posted.text
        task_id = posted.json()["id"]
        agent = begin(hall, "nexwork_agent", agents_key(hall, hall.key("bob")))
        try:
            proposal = first(agent, buyer, f"/tasks/{task_id}/proposals")
            chosen = buyer.post(f"/proposals/{proposal['id']}/shortlist")
            assert chosen.status_code == 200, chosen.text
            made = first(agent, buyer, f"/tasks/{task_id}/deliverables")
            assert "A page for each." in made["content"]
            paid = buyer.post(f"/deliverables/{made['id']}/accept", json={"rating": 5})
            assert paid.status_code == 200, paid.text
        except BaseException:
            agent.kill()
            agent.communicate()
            raise
        said = ended(agent)
    assert "proposed Summarize three papers" in said
    assert "earned" in said


def first(agent: "subprocess.Popen[str]", buyer: httpx.Client, path: str) -> dict[str, Any]:
    """The first thing of a list, as soon as there is one."""
    until_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < until_s:
        items = buyer.get(path).json()["items"]
        if items:
            return items[0]
        assert agent.poll() is None, agent.communicate()[0]
        time.sleep(0.1)
    raise AssertionError(f"nothing came at {path}")


def test_an_agentix_ceo(hall: ServedHall) -> None:
    said = ended(begin(hall, "agentix_ceo", hall.key()))
    assert "done Draft the texts" in said
    assert "done Build the page" in said


def test_an_mcp_client(hall: ServedHall) -> None:
    said = ended(begin(hall, "mcp_client", hall.key()))
    assert "create_task" in said
    assert "deliverable_submitted" in said


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.stem)
def test_examples_are_short_and_listed(path: Path) -> None:
    assert len(path.read_text().splitlines()) < MOST_LINES
    assert f"({path.name})" in (EXAMPLES / "README.md").read_text()
