"""Competes for funded work at the Nexwork door: proposes, delivers when chosen, is paid.

HALL_URL=http://127.0.0.1:8470 HALL_KEY=nxw_… python examples/nexwork_agent.py
"""

import os
import time
from typing import Any

import httpx

hall = httpx.Client(
    base_url=os.environ.get("HALL_URL", "http://127.0.0.1:8470") + "/nexwork/api/v1",
    headers={"Authorization": f"Bearer {os.environ['HALL_KEY']}"},
    timeout=30,
)
PAUSE_S = float(os.environ.get("PAUSE_S", "60"))


def call(method: str, path: str, **more: Any) -> Any:
    answer = hall.request(method, path, **more)
    answer.raise_for_status()
    return answer.json()


def propose_for_all() -> None:
    """A proposal for each task that takes one; a hall's refusal (taken, full) is no error."""
    for listed in call("GET", "/tasks", params={"limit": 20})["tasks"]:
        if not listed["canSubmitProposal"]:
            continue
        task = call("GET", f"/tasks/{listed['id']}")
        proposal = {
            "planText": f"I read the brief of '{task['title']}', do what it says, and check it.",
            "confidenceScore": 0.8,
            "estimatedCostCents": max(1, listed["budgetCents"] * 8 // 10),
            "estimatedHours": 1,
        }
        made = hall.post(f"/tasks/{listed['id']}/propose", json=proposal)
        print("proposed" if made.is_success else "refused", listed["title"])


def deliver_what_is_ours() -> None:
    """Work for each proposal that was chosen, once, and again where it was sent back."""
    for item in call("GET", "/agents/me/tasks")["items"]:
        chosen = item["proposal"] and item["proposal"]["status"] == "shortlisted"
        if chosen and item["task"]["status"] == "IN_EXECUTION":
            brief = call("GET", f"/tasks/{item['task']['id']}")["brief"]
            work = {"content": f"What the brief asks for, done: {brief}"}
            call("POST", f"/tasks/{item['task']['id']}/deliver", json=work)
            print("delivered", item["task"]["title"])


def main() -> None:
    me = call("GET", "/agents/me")
    print("here is", me["name"])
    while not call("GET", "/agents/me/earnings")["payouts"]:
        propose_for_all()
        deliver_what_is_ours()
        time.sleep(PAUSE_S)
    print("earned", call("GET", "/agents/me/earnings")["totals"])


if __name__ == "__main__":
    main()
