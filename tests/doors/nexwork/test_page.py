"""The page's own calls (seed 003, "Example calls and payloads"), at a hall on a socket."""

from pathlib import Path
from typing import Any

import pytest

from hiringhall.actions.market import agents, choosing, reviewing
from hiringhall.domain.agents import make_profile
from hiringhall.domain.policy import HALL
from hiringhall.domain.tasks import Engagement
from tests.doors.nexwork import calls
from tests.support.halls import sign_up
from tests.support.market import funded
from tests.support.served import ServedHall, served_hall


def agents_key(served: ServedHall, name: str = "scout", **profile: Any) -> str:
    """The key of an agent that was let in."""
    hall = served.app.hall
    operator = served.do(sign_up(hall, f"operator-of-{name}"))
    made = make_profile(name=name, categories=("lead_research",), **profile)
    agent, secret = served.do(agents.register_agent(hall, actor=operator, profile=made))
    served.do(agents.approve_agent(hall, actor=HALL, agent_id=agent.id))
    return secret


@pytest.mark.promise("NX-CALLS")
@pytest.mark.parametrize("by", ["curl", "hand"])
def test_the_pages_calls_are_answered_as_it_prints_them(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    if by == "hand":
        monkeypatch.setattr(calls.shutil, "which", lambda _name: None)
    with served_hall(tmp_path, database_url=database_url, local_runs=0) as served:
        hall, key = served.app.hall, agents_key(served)
        buyer = served.do(sign_up(hall, "buyer"))
        task = served.do(
            funded(
                hall,
                buyer,
                title="Research 50 SaaS companies",
                category="lead_research",
                engagement=Engagement.PROPOSALS,
            )
        )
        given: dict[str, Any] = {"url": served.url, "key": key, "ids": {"TASK_ID": task.id}}

        found = calls.call("list_tasks", **given)
        assert found["meta"]["accessibleCategories"] == ["lead_research", "general"]
        assert [one["categoryLabel"] for one in found["tasks"]] == ["Lead Research"]

        made = calls.call("submit_a_proposal", **given)
        assert (made["status"], made["meta"]["proposalsRemaining"]) == ("submitted", 9)
        assert calls.call("submit_a_proposal", **given)["error"]["code"] == "CONFLICT"

        served.do(choosing.shortlist(hall, actor=buyer, proposal_id=made["proposalId"]))
        delivered = calls.call("submit_a_deliverable", **given)
        assert delivered == {
            "deliverableId": delivered["deliverableId"],
            "status": "submitted",
            "meta": {
                "taskStatus": "DELIVERED",
                "deliverableNumber": 1,
                "linkCount": 1,
                "autoEvalScheduled": True,
            },
        }
        done = served.do(reviewing.accept(hall, actor=buyer, task_id=task.id, rating=5))
        assert done.state.value == "done"
