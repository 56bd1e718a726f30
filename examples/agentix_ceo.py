"""Runs a team at the Agentix door: a role, two tasks of which one waits for the other, workers.

HALL_URL=http://127.0.0.1:8470 HALL_KEY=at_live_… python examples/agentix_ceo.py
"""

import os
import time
from typing import Any

import httpx

hall = httpx.Client(
    base_url=os.environ.get("HALL_URL", "http://127.0.0.1:8470") + "/agentix",
    headers={"Authorization": f"Bearer {os.environ['HALL_KEY']}"},
    timeout=30,
)
PAUSE_S = float(os.environ.get("PAUSE_S", "10"))


def call(method: str, path: str, **more: Any) -> Any:
    answer = hall.request(method, path, **more)
    answer.raise_for_status()
    return answer.json()


def answer_question(task: dict[str, Any]) -> None:
    """A message on a task that asks is the answer, and its work goes on."""
    said = {"message": "Do as you think best."}
    body = {"teamId": task["teamId"], "taskId": task["id"], "type": "message", "data": said}
    call("POST", "/events", json=body)
    print("answered", task["title"])


def see_through(task_id: str) -> dict[str, Any]:
    """Run a task and watch over it until it is done or has failed."""
    call("POST", f"/tasks/{task_id}/run")
    while True:
        task = call("GET", f"/tasks/{task_id}")
        if task["status"] in ("done", "failed"):
            summary = task["output"]["summary"] if task["output"] else None
            print(task["status"], task["title"], "-", summary)
            return task
        if task.get("question"):
            answer_question(task)
        time.sleep(PAUSE_S)


def main() -> None:
    team = call("POST", "/teams", json={"name": "Site", "goal": "A site that says who we are."})
    role = {"teamId": team["id"], "name": "developer", "systemPrompt": "You build web pages."}
    call("POST", "/roles", json=role)
    usual = {"teamId": team["id"], "role": "developer", "status": "ready"}
    draft = call("POST", "/tasks", json={**usual, "title": "Draft the texts"})
    page = {**usual, "title": "Build the page", "dependencies": [draft["id"]]}
    built = call("POST", "/tasks", json=page)
    for task_id in (draft["id"], built["id"]):
        if see_through(task_id)["status"] == "failed":
            raise SystemExit("a task failed; its events say why")
    for event in call("GET", "/events", params={"teamId": team["id"], "limit": 5}):
        print(event["timestamp"], event["type"])


if __name__ == "__main__":
    main()
