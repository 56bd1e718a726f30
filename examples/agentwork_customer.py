"""Has a task done at the Agentwork door: posts it, answers its questions, takes the solution.

HALL_URL=http://127.0.0.1:8470 HALL_KEY=aw_live_… python examples/agentwork_customer.py
"""

import json
import os
import time
from typing import Any

import httpx

hall = httpx.Client(
    base_url=os.environ.get("HALL_URL", "http://127.0.0.1:8470") + "/agentwork/api/v1",
    headers={"Authorization": f"Bearer {os.environ['HALL_KEY']}"},
    timeout=30,
)
PAUSE_S = float(os.environ.get("PAUSE_S", "10"))


def call(method: str, path: str, **more: Any) -> Any:
    answer = hall.request(method, path, **more)
    answer.raise_for_status()
    return answer.json()


def answers_to(question: dict[str, Any]) -> dict[str, Any]:
    """The first option wherever there are options; a program of yours would know better."""
    if question["type"] != "CLARIFYING_QUESTIONS":
        return {"message": "Do as you think best."}
    asked = json.loads(question["content"])["questions"]
    chosen: list[dict[str, Any]] = []
    for index, one in enumerate(asked):
        first = one["options"][0] if one.get("options") else "As you think best."
        many = one["type"] == "multi_select"
        chosen.append({"question_index": index, "selected": [first] if many else first})
    return {"answers": chosen}


def main() -> None:
    task = {"title": "Landing page", "description": "A hero, a pricing table and a footer."}
    task_id = call("POST", "/tasks/", json=task)["task_id"]
    print("posted", task_id)
    while True:
        now = call("GET", f"/tasks/{task_id}")
        if now["status"] == "awaiting_reply":
            print("asked", now["question"]["content"])
            call("POST", f"/tasks/{task_id}/message", json=answers_to(now["question"]))
        elif now["status"] == "awaiting_solution_approval":
            call("POST", f"/tasks/{task_id}/solution-status", json={"status": "CONFIRMED"})
        elif now["status"] in ("completed", "cancelled"):
            break
        else:
            time.sleep(PAUSE_S)
    result = call("GET", f"/tasks/{task_id}/result")
    print(now["status"], result["result_text"])
    for file in result["files"]:
        print("file", file["name"])


if __name__ == "__main__":
    main()
